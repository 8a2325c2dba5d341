// Texts with formulas in braces (`data-braced="<entity>"`, `data-pointer`): inside braces what may follow is offered as it
// is typed, as in the formula editor, and what is wrong is said below with its remedy. The text stays an ordinary input.
import { float } from "../../../../runtime/dougong_runtime/pages/web/behaviours/menu";
import { type Fix, type Offered, type Where, appShown, check, complete, mended } from "../formula/asking";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** A formula in a text: its characters, the braces left out. */
interface Piece {
  start: number;
  end: number;
  isClosed: boolean;
}

const ASK_AFTER_MS = 150;
const CHECK_AFTER_MS = 300;
const PIECES_MAX = 20;
const QUOTES: Record<string, string> = { "'": "'", '"': '"', "“": "”", "‘": "’" };

/** The formulas of a text, as linking reads it: `{{` and `}}` are braces, quotation marks hide them. */
export function piecesOf(text: string): Piece[] {
  const found: Piece[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (/^(\{\{|\}\})/.test(text.slice(at, at + 2))) at += 1;
    else if (text[at] === "{") {
      const start = at + 1;
      let quote = "";
      for (at = start; at < text.length; at += 1) {
        const letter = text[at] ?? "";
        if (quote) {
          if (letter === "\\") at += 1;
          else if (letter === quote) quote = "";
        } else if (letter === "}") break;
        else quote = QUOTES[letter] ?? "";
      }
      found.push({ start, end: Math.min(at, text.length), isClosed: at < text.length });
    }
  }
  return found;
}

const isBraced = (target: EventTarget | null): target is Field =>
  target instanceof HTMLElement && target.matches("input[data-braced], textarea[data-braced]");
const where = (field: Field): Where => ({
  app: appShown(),
  at: field.dataset.pointer ?? "",
  entity: field.dataset.braced ?? "",
  place: "message",
});
/** The server counts characters, the input UTF-16 units. */
const letters = (text: string): number => Array.from(text).length;
const units = (text: string, count: number): number => Array.from(text).slice(0, count).join("").length;
const zh = document.documentElement.lang.startsWith("zh");

let field: Field | undefined;
let list: HTMLElement | undefined;
let stop: (() => void) | undefined;
let offered: { found: Offered; piece: Piece } | undefined;
let asking = 0;
let checking = 0;
/** Inputs that were written into, of which nobody has been told yet. */
const owed = new WeakSet<Field>();

function close(): void {
  stop?.();
  stop = undefined;
  list?.remove();
  list = undefined;
  offered = undefined;
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
}

const options = (): HTMLElement[] => [...(list?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
const chosen = (): number => options().findIndex((one) => one.getAttribute("aria-selected") === "true");

function choose(at: number): void {
  options().forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
  const one = options()[at];
  if (one) field?.setAttribute("aria-activedescendant", one.id);
  one?.scrollIntoView({ block: "nearest" });
}

function show(box: Field): void {
  const items = offered?.found.items ?? [];
  list?.remove();
  stop?.();
  list = document.createElement("div");
  list.className = "menu br-list";
  list.id = "br-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", zh ? "可填的内容" : "What may follow");
  items.forEach((item, n) => {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.id = `br-${n}`;
    option.setAttribute("aria-selected", "false");
    const [label, name] = [document.createElement("span"), document.createElement("code")];
    label.textContent = zh ? item.label.zh : item.label.en;
    name.textContent = item.insert.trim();
    option.append(label, name);
    list?.append(option);
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const at = options().indexOf((event.target as HTMLElement).closest<HTMLElement>("[role=option]")!);
    if (at >= 0) take(at);
  });
  (box.closest("dialog, aside, main") ?? document.body).append(list);
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  stop = float(box, list, true);
  choose(0);
}

async function offer(box: Field): Promise<void> {
  const text = box.value;
  const cursor = box.selectionStart ?? 0;
  const piece = piecesOf(text).find((one) => one.start <= cursor && cursor <= one.end);
  if (!piece) {
    close();
    return;
  }
  const found = await complete(where(box), text.slice(piece.start, piece.end), letters(text.slice(piece.start, cursor)));
  if (box !== field || document.activeElement !== box || text !== box.value) return;
  if (!found?.items.length) {
    close();
    return;
  }
  offered = { found, piece };
  show(box);
}

function write(box: Field, text: string, cursor: number): void {
  box.value = text;
  box.setSelectionRange(cursor, cursor);
  owed.add(box);
  void examine(box);
}

function take(at: number): void {
  const item = offered?.found.items[at];
  if (!item || !field || !offered) return;
  const [box, { found, piece }] = [field, offered];
  const formula = box.value.slice(piece.start, piece.end);
  const from = piece.start + units(formula, found.start);
  const to = piece.start + units(formula, found.end);
  const closing = piece.isClosed ? "" : "}";
  close();
  write(box, box.value.slice(0, from) + item.insert + box.value.slice(to) + closing, from + item.insert.length - units(item.insert, item.after));
}

/** What is wrong in a text's formulas, below it. */
async function examine(box: Field): Promise<void> {
  const text = box.value;
  const pieces = piecesOf(text).slice(0, PIECES_MAX);
  const found = await Promise.all(pieces.map((one) => (one.isClosed ? check(where(box), text.slice(one.start, one.end)) : undefined)));
  if (text !== box.value || !box.isConnected) return;
  const wrong = document.createElement("ul");
  wrong.className = "fx-wrong";
  wrong.dataset.bracedWrong = "";
  wrong.setAttribute("hx-morph-skip", "");
  const add = (says: string, act?: () => void, words = ""): void => {
    const [line, said] = [document.createElement("li"), document.createElement("span")];
    said.textContent = says;
    line.append(said);
    if (act) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn ghost sm";
      button.textContent = words;
      button.addEventListener("click", act);
      line.append(button);
    }
    wrong.append(line);
  };
  pieces.forEach((piece, n) => {
    const formula = text.slice(piece.start, piece.end);
    if (!piece.isClosed) {
      add(zh ? "这个 { 没有对应的 }。" : "This { is never closed.", () => put(box, `${text}}`), "}");
      return;
    }
    for (const { detail, fix } of found[n]?.problems ?? []) {
      const whole = (one: Fix): string => text.slice(0, piece.start) + mended(formula, one) + text.slice(piece.end);
      if (fix) add(detail, () => put(box, whole(fix)), fix.text || "⌫");
      else add(detail);
    }
  });
  const before = box.parentElement?.querySelector(":scope > [data-braced-wrong]");
  if (wrong.childElementCount) {
    if (before) before.replaceWith(wrong);
    else box.after(wrong);
  } else before?.remove();
}

function put(box: Field, text: string): void {
  write(box, text, text.length);
  box.focus();
}

function onKey(event: KeyboardEvent): void {
  const box = event.target;
  if (!isBraced(box)) return;
  if (event.key === " " && event.ctrlKey) void offer(box);
  else if (!list) return;
  else if (event.key === "Escape") close();
  else if (event.key === "Enter" || event.key === "Tab") take(chosen());
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const last = options().length - 1;
    const to = chosen() + (event.key === "ArrowDown" ? 1 : -1);
    choose(to < 0 ? last : to > last ? 0 : to);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

export function connect(): void {
  document.addEventListener("focusin", (event) => {
    if (!isBraced(event.target)) return;
    field = event.target;
    void examine(field);
  });
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!isBraced(box)) return;
    field = box;
    window.clearTimeout(asking);
    window.clearTimeout(checking);
    asking = window.setTimeout(() => void offer(box), ASK_AFTER_MS);
    checking = window.setTimeout(() => void examine(box), CHECK_AFTER_MS);
  });
  document.addEventListener("change", (event) => {
    if (isBraced(event.target)) owed.delete(event.target);
  });
  document.addEventListener("focusout", (event) => {
    const box = event.target;
    if (!isBraced(box)) return;
    window.clearTimeout(asking);
    close();
    // What a script puts in is no change to a browser.
    if (owed.has(box)) box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("keydown", onKey, true);
}
