// A list: arrows and j k walk the rows, Enter opens, Space selects, Shift takes a range; the bulk bar counts.
import { announce, behaviour, isTyping } from "../behaviour";

behaviour("list", (list) => {
  const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>("tbody tr[data-record]")];
  const current = (): number => rows().findIndex((r) => r.contains(document.activeElement));
  const go = (at: number): void => {
    const row = rows()[at];
    row?.querySelector<HTMLElement>("a[href]")?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  let last: HTMLInputElement | undefined;

  const boxes = (): HTMLInputElement[] => [...list.querySelectorAll<HTMLInputElement>("tbody input[data-select]")];
  const count = (): void => {
    const chosen = boxes().filter((b) => b.checked);
    const bar = document.querySelector<HTMLElement>("[data-bulk]");
    if (bar) {
      bar.hidden = chosen.length === 0;
      const words = bar.querySelector<HTMLElement>("[data-count]");
      if (words) words.textContent = (words.dataset.words ?? "{n}").replace("{n}", String(chosen.length));
      if (words && chosen.length) announce(words.textContent ?? "");
    }
    const all = list.querySelector<HTMLInputElement>("input[data-select-all]");
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes().length;
      all.classList.toggle("part", chosen.length > 0 && !all.checked);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const at = current();
    if (event.key === "ArrowDown" || event.key === "j") go(Math.min(at + 1, rows().length - 1));
    else if (event.key === "ArrowUp" || event.key === "k") go(Math.max(at - 1, 0));
    else if (event.key === " " && at >= 0) rows()[at]?.querySelector<HTMLInputElement>("input[data-select]")?.click();
    else if (event.key === "Escape" && boxes().some((b) => b.checked)) clear();
    else return;
    event.preventDefault();
  };
  const clear = (): void => {
    boxes().forEach((b) => (b.checked = false));
    count();
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const box = target.closest<HTMLInputElement>("input[data-select]");
    if (box) {
      if (event.shiftKey && last) {
        const all = boxes();
        const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
        all.slice(from, to! + 1).forEach((b) => (b.checked = box.checked));
      }
      last = box;
      count();
      return;
    }
    if (target.closest("input[data-select-all]")) {
      boxes().forEach((b) => (b.checked = (target as HTMLInputElement).checked));
      count();
      return;
    }
    const row = target.closest<HTMLElement>("tr[data-record]");
    if (!row || target.closest("a,button,input,label") || getSelection()?.toString()) return;
    row.querySelector<HTMLAnchorElement>("a[data-opens-record]")?.click();
  };
  const onClear = (event: Event): void => {
    if ((event.target as HTMLElement).closest("[data-bulk-clear]")) clear();
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClear);
  list.addEventListener("click", onClick);
  return () => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("click", onClear);
    list.removeEventListener("click", onClick);
  };
});
