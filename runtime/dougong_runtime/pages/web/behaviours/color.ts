// A colour typed, or chosen in the system's own dialog; either follows the other.
export function connect(box: HTMLElement): (() => void) | undefined {
  const text = box.querySelector<HTMLInputElement>("input[type=text]")!;
  const pick = box.querySelector<HTMLInputElement>("input[type=color]")!;
  const follow = (): void => {
    const short = text.value.trim().match(/^#?([0-9a-f])([0-9a-f])([0-9a-f])$/i);
    const whole = short ? `#${short.slice(1).map((c) => c + c).join("")}` : text.value.trim().replace(/^#?/, "#");
    if (/^#[0-9a-f]{6}$/i.test(whole)) pick.value = whole.toLowerCase();
  };
  text.addEventListener("input", follow);
  pick.addEventListener("input", () => {
    text.value = pick.value;
    text.dispatchEvent(new Event("change", { bubbles: true }));
  });
  follow();
  return undefined;
}
