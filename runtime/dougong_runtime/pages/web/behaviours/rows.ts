// Rows of a form: Enter adds one below, Ctrl Backspace removes one (with undo), Alt ↑↓ moves one where there is an order.
import { announce, connectAll, disconnectAll } from "../behaviour";

const BOX = "input:not([type=hidden]),select,textarea";
const STAYS_MS = 10_000;

export function connect(list: HTMLElement): () => void {
  const body = list.querySelector<HTMLElement>("[data-body]");
  const blank = list.querySelector<HTMLTemplateElement>("template[data-blank]");
  const removed = list.querySelector<HTMLElement>("[data-removed]");
  if (!body || !removed) return () => undefined;
  let made = 0;

  const all = (): HTMLElement[] => [...body.querySelectorAll<HTMLElement>(":scope > [data-row]")];
  const changed = (): void => {
    all().forEach((row, n) => {
      row.querySelector("[data-n]")!.textContent = String(n + 1);
      const order = list.dataset.order && row.querySelector<HTMLInputElement>(`[name$=".${list.dataset.order}"]`);
      if (order) order.value = String(n + 1);
    });
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const enter = (row: HTMLElement | undefined): void => {
    (row?.querySelector<HTMLElement>(BOX) ?? list.querySelector<HTMLElement>("[data-add]"))?.focus();
  };
  const add = (after?: HTMLElement): void => {
    if (!blank) return;
    made += 1;
    const holder = document.createElement("tbody");
    holder.innerHTML = blank.innerHTML.replaceAll("__n__", `n${Date.now().toString(36).slice(-8)}${made.toString(36)}`);
    const row = holder.firstElementChild as HTMLElement;
    if (after) after.after(row);
    else body.append(row);
    connectAll(row);
    changed();
    enter(row);
  };
  const remove = (row: HTMLElement): void => {
    const rows = all();
    const at = rows.indexOf(row);
    const next = rows[at + 1] ?? rows[at - 1];
    const id = row.querySelector<HTMLInputElement>('input[name$=".id"]:not([data-picked])');
    const key = row.dataset.row ?? "";
    let mark: HTMLInputElement | undefined;
    if (id && id.name === `${list.dataset.rows}.${key}.id`) {
      mark = document.createElement("input");
      mark.type = "hidden";
      mark.name = `${list.dataset.rows}.removed`;
      mark.value = `${id.value}:${row.querySelector<HTMLInputElement>(`input[name="${CSS.escape(`${list.dataset.rows}.${key}.version`)}"]`)?.value ?? ""}`;
      removed.append(mark);
    }
    disconnectAll(row);
    row.remove();
    changed();
    enter(next);
    offer(() => {
      mark?.remove();
      const before = all()[at];
      if (before) before.before(row);
      else body.append(row);
      connectAll(row);
      changed();
      enter(row);
    });
  };
  const offer = (undo: () => void): void => {
    const region = document.getElementById("toasts");
    if (!region) return;
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.dataset.toast = "";
    const said = document.createElement("span");
    said.textContent = list.dataset.saidRemoved ?? "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn ghost lit";
    button.textContent = list.dataset.saidUndo ?? "";
    button.addEventListener("click", () => {
      toast.remove();
      undo();
    });
    toast.append(said, button);
    region.append(toast);
    window.setTimeout(() => toast.remove(), STAYS_MS);
  };
  const move = (row: HTMLElement, by: -1 | 1): void => {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement as HTMLElement | null;
    if (by < 0) other.before(row);
    else other.after(row);
    changed();
    focused?.focus();
    announce(`${row.querySelector("[data-n]")?.textContent ?? ""}`);
  };
  const rowOf = (event: Event): HTMLElement | null => (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
  const onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    const row = rowOf(event);
    if (target.closest("[data-add]")) add();
    else if (row && target.closest("[data-remove-row]")) remove(row);
    else if (row && target.closest("[data-up]")) move(row, -1);
    else if (row && target.closest("[data-down]")) move(row, 1);
  };
  const onKey = (event: KeyboardEvent): void => {
    const row = rowOf(event);
    if (!row || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    const open = target.getAttribute("aria-expanded") === "true";
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && /^(INPUT|SELECT)$/.test(target.tagName) && !open) {
      event.preventDefault();
      add(row);
    } else if (event.key === "Backspace" && (event.ctrlKey || event.metaKey)) {
      if (!row.querySelector("[data-remove-row]")) return;
      event.preventDefault();
      remove(row);
    } else if (list.dataset.order && event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      move(row, event.key === "ArrowUp" ? -1 : 1);
    }
  };
  list.addEventListener("click", onClick);
  list.addEventListener("keydown", onKey);
  return () => {
    list.removeEventListener("click", onClick);
    list.removeEventListener("keydown", onKey);
  };
}
