// A box that narrows the list below it as one types: items say in `data-words` what they are found by.
export function connect(part: HTMLElement): () => void {
  const box = part.querySelector<HTMLInputElement>("[data-find]");
  const narrow = (): void => {
    const words = (box?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    part.querySelectorAll<HTMLElement>("[data-words]").forEach((item) => {
      item.hidden = !words.every((w) => item.dataset.words?.includes(w));
    });
  };
  box?.addEventListener("input", narrow);
  // What was typed before this was here counts as well, also for those who go by what is hidden.
  if (box?.value) box.dispatchEvent(new Event("input", { bubbles: true }));
  return () => box?.removeEventListener("input", narrow);
}
