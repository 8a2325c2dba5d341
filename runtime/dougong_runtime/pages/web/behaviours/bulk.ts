// The selection of a list: boxes, Shift ranges, Ctrl A, all that match; and the bar that says what can be done with it.
import { announce, isTyping } from "../behaviour";

export function connect(element: HTMLElement): () => void {
  const bar = element as HTMLFormElement;
  const list = (): HTMLElement | null => document.getElementById("list");
  const ids = bar.querySelector<HTMLInputElement>("[data-ids]")!;
  const frozen = bar.querySelector<HTMLInputElement>("[data-selection]")!;
  const words = bar.querySelector<HTMLElement>("[data-count]")!;
  const all = bar.querySelector<HTMLElement>("[data-choose-all]")!;
  let last: HTMLInputElement | undefined;
  let said = "";

  const boxes = (): HTMLInputElement[] => [...(list()?.querySelectorAll<HTMLInputElement>("tbody input[data-select]") ?? [])];
  const say = (n: string): void => {
    const text = (bar.dataset.chosenWords ?? "{n}").replace("{n}", n);
    if (words.textContent !== text) words.textContent = text;
    if (said !== text) announce((said = text));
  };
  /** Put the bar in agreement with the boxes. */
  const count = (): void => {
    if (frozen.value) {
      boxes().forEach((b) => (b.checked = true));
    }
    const chosen = boxes().filter((b) => b.checked);
    ids.value = frozen.value ? "" : chosen.map((b) => b.value).join(",");
    bar.hidden = chosen.length === 0;
    const head = list()?.querySelector<HTMLInputElement>("input[data-select-all]");
    const whole = chosen.length > 0 && chosen.length === boxes().length;
    if (head) {
      head.checked = whole;
      head.indeterminate = chosen.length > 0 && !whole;
      head.classList.toggle("part", head.indeterminate);
    }
    all.hidden = !whole || frozen.value !== "" || !list()?.querySelector("tr.more");
    if (bar.hidden) said = "";
    else if (!frozen.value) say(chosen.length.toLocaleString("en-US"));
  };
  const thaw = (): void => {
    frozen.value = "";
  };
  const clear = (): void => {
    thaw();
    boxes().forEach((b) => (b.checked = false));
    count();
  };
  const choose = (on: boolean): void => {
    thaw();
    boxes().forEach((b) => (b.checked = on));
    count();
  };

  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const box = target.closest<HTMLInputElement>("input[data-select]");
    if (box) {
      thaw();
      const among = boxes();
      if (event.shiftKey && last && among.includes(last)) {
        const [from, to] = [among.indexOf(last), among.indexOf(box)].sort((a, b) => a - b);
        among.slice(from, to! + 1).forEach((b) => (b.checked = box.checked));
      }
      last = box;
      count();
    } else if (target.closest("input[data-select-all]")) {
      choose((target.closest("input[data-select-all]") as HTMLInputElement).checked);
    } else if (target.closest("[data-bulk-clear]")) {
      clear();
      list()?.focus();
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.altKey || document.querySelector("dialog[open]")) return;
    const row = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("#list tr[data-record]");
    const box = row?.querySelector<HTMLInputElement>("input[data-select]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") choose(true);
    else if (event.ctrlKey || event.metaKey) return;
    else if (event.key === " " && box && event.target !== box) {
      if (event.shiftKey && last) box.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
      else box.click();
    } else if (event.key === "Escape" && !bar.hidden && !event.defaultPrevented) clear();
    else return;
    event.preventDefault();
  };
  const onSwap = (): void => {
    const found = bar.querySelector<HTMLElement>("[data-frozen]");
    if (found && found.dataset.frozen !== frozen.value) {
      frozen.value = found.dataset.frozen ?? "";
      const n = found.dataset.frozenCount ?? "";
      found.replaceWith(found.textContent ?? "");
      count();
      say(n);
      return;
    }
    if (document.querySelector("#bulk-place [data-bulk-over]")) {
      document.getElementById("bulk-place")?.replaceChildren();
      clear();
      list()?.focus();
      return;
    }
    // What a job has taken on is no longer chosen.
    if (document.querySelector("#bulk-place .bulk-job:not([data-met])")) {
      document.querySelector<HTMLElement>("#bulk-place .bulk-job")!.dataset.met = "";
      if (document.querySelector("#bulk-place .bulk-job[data-state=queued]")) return clear();
    }
    count();
  };
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:after:swap", onSwap);
  count();
  return () => {
    document.removeEventListener("click", onClick);
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("htmx:after:swap", onSwap);
  };
}
