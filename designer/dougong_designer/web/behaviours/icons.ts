// Any input of the studio whose value is an icon's name (`data-icons`) offers the icons: typing narrows them, the arrows
// walk, Enter or a click takes one. What is typed stays allowed.
import { float } from "../../../../runtime/dougong_runtime/pages/web/behaviours/menu";

const COLUMNS = 8;
let list: HTMLElement | undefined;
let input: HTMLInputElement | undefined;
let stop: (() => void) | undefined;

const options = (): HTMLElement[] => [...(list?.querySelectorAll<HTMLElement>("[data-icon]") ?? [])].filter((one) => !one.hidden);
const active = (): HTMLElement | undefined => options().find((one) => one.getAttribute("aria-selected") === "true");

async function offered(): Promise<HTMLElement | undefined> {
  if (list) return list;
  const { studio } = document.querySelector<HTMLElement>("[data-studio]")?.dataset ?? {};
  const answer = await fetch(`${studio}/icons`, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } }).catch(() => undefined);
  if (!answer?.ok) return undefined;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector<HTMLElement>(".icon-list");
  if (!found) return undefined;
  list = document.adoptNode(found);
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    take((event.target as HTMLElement).closest<HTMLElement>("[data-icon]"));
  });
  return list;
}

function select(one: HTMLElement | undefined): void {
  for (const other of list?.querySelectorAll("[data-icon]") ?? []) other.setAttribute("aria-selected", String(other === one));
  if (one) input?.setAttribute("aria-activedescendant", one.id);
  else input?.removeAttribute("aria-activedescendant");
  one?.scrollIntoView({ block: "nearest" });
}

function narrow(): void {
  const text = input?.value.trim().toLowerCase() ?? "";
  const all = [...(list?.querySelectorAll<HTMLElement>("[data-icon]") ?? [])];
  // A name that is whole is what was chosen: then all are there to choose another.
  const whole = all.find((one) => one.dataset.icon === text);
  for (const one of all) one.hidden = !whole && text !== "" && !one.dataset.icon?.includes(text);
  select(whole);
}

function take(one: HTMLElement | null | undefined): void {
  if (!one || !input) return;
  input.value = one.dataset.icon ?? "";
  input.dispatchEvent(new Event("change", { bubbles: true }));
  close();
}

async function open(box: HTMLInputElement): Promise<void> {
  const found = await offered();
  if (!found || document.activeElement !== box) return;
  close();
  input = box;
  // Within the same landmark, or the dialog that lies over all else.
  (box.closest("dialog, aside, main") ?? document.body).append(found);
  found.hidden = false;
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", "icon-list");
  box.setAttribute("aria-expanded", "true");
  stop = float(box, found);
  narrow();
}

function close(): void {
  stop?.();
  stop = undefined;
  if (list) list.hidden = true;
  input?.setAttribute("aria-expanded", "false");
  input = undefined;
}

function onKey(event: KeyboardEvent): void {
  if (event.target !== input || !input) return;
  const all = options();
  const at = all.indexOf(active()!);
  const by = { ArrowDown: COLUMNS, ArrowUp: -COLUMNS, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && at >= 0) take(all[at]);
  else if (by && (Math.abs(by) > 1 || at >= 0)) select(all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function connect(): void {
  const boxOf = (target: EventTarget | null): HTMLInputElement | undefined =>
    target instanceof HTMLInputElement && target.matches("[data-icons]") ? target : undefined;
  document.addEventListener("focusin", (event) => {
    const box = boxOf(event.target);
    if (box) void open(box);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === input) close();
  });
  document.addEventListener("input", (event) => {
    if (event.target === input) narrow();
  });
  document.addEventListener("keydown", onKey, true);
  const { activeElement } = document;
  const box = boxOf(activeElement);
  if (box) void open(box);
}
