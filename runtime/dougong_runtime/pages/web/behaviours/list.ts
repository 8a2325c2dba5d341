// A list: arrows and j k walk the rows, Enter opens. What is chosen of it is the affair of bulk.ts.
import { behaviour, isTyping } from "../behaviour";

behaviour("list", (list) => {
  const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>("tbody tr[data-record]")];
  const current = (): number => rows().findIndex((r) => r.contains(document.activeElement));
  const go = (at: number): void => {
    const row = rows()[at];
    row?.querySelector<HTMLElement>("a[href]")?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const at = current();
    if (event.key === "ArrowDown" || event.key === "j") go(Math.min(at + 1, rows().length - 1));
    else if (event.key === "ArrowUp" || event.key === "k") go(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>("tr[data-record]");
    if (!row || target.closest("a,button,input,label") || getSelection()?.toString()) return;
    row.querySelector<HTMLAnchorElement>("a[data-opens-record]")?.click();
  };
  document.addEventListener("keydown", onKey);
  list.addEventListener("click", onClick);
  return () => {
    document.removeEventListener("keydown", onKey);
    list.removeEventListener("click", onClick);
  };
});
