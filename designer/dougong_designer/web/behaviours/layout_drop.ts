// Where something that is dragged over a form's or page's canvas would go, and the mark that says so.
export interface Target {
  into: string;
  /** Id or field's name of what shall stand behind it; "" for the end. */
  before: string;
  /** Columns that a field takes there; 0: as it does. */
  width: number;
  said: string;
  line: { left: number; top: number; length: number; upright: boolean };
}

const SIDE = 0.28;
const rect = (e: Element): DOMRect => e.getBoundingClientRect();
const holds = (box: DOMRect, x: number, y: number, by = 0): boolean =>
  x >= box.left - by && x <= box.right + by && y >= box.top - by && y <= box.bottom + by;
export const fill = (words: string | undefined, facts: Record<string, string>): string =>
  (words ?? "").replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? "");

/** Cells of a grid by rows, as they stand on the screen. */
export function rows(cells: HTMLElement[]): HTMLElement[][] {
  const made: HTMLElement[][] = [];
  for (const cell of cells) {
    const last = made[made.length - 1];
    if (last && Math.abs(rect(last[0]!).top - rect(cell).top) < 8) last.push(cell);
    else made.push([cell]);
  }
  return made;
}

/** Where a field would go. */
export function fieldTarget(desk: HTMLElement, x: number, y: number): Target | undefined {
  const w = desk.dataset;
  const tab = [...desk.querySelectorAll<HTMLElement>("[data-tab]")].find((t) => holds(rect(t), x, y));
  if (tab) {
    const box = rect(tab);
    const line = { left: box.left, top: box.bottom, length: box.width, upright: false };
    return { into: tab.dataset.tab!, before: "", width: 0, said: fill(w.wTab, { where: tab.dataset.word ?? "" }), line };
  }
  const grids = [...desk.querySelectorAll<HTMLElement>("[data-fields]")];
  const grid = grids.find((g) => holds(rect(g), x, y, 8)) ?? grids.find((g) => holds(rect(g.closest(".lo-part,.lo-tab") ?? g), x, y));
  if (!grid) return undefined;
  return inGrid(desk, grid, x, y);
}

function inGrid(desk: HTMLElement, grid: HTMLElement, x: number, y: number): Target {
  const w = desk.dataset;
  const into = grid.dataset.fields!;
  const columns = Number(grid.dataset.columns ?? "1");
  const frame = rect(grid);
  const cells = [...grid.querySelectorAll<HTMLElement>(":scope > [data-spot]")];
  if (!cells.length) {
    const line = { left: frame.left, top: frame.top + 8, length: frame.width, upright: false };
    return { into, before: "", width: 1, said: fill(w.wInto, { where: grid.dataset.word ?? "" }), line };
  }
  const after = (cell: HTMLElement): string => cells[cells.indexOf(cell) + 1]?.dataset.name ?? "";
  const over = cells.find((c) => holds(rect(c), x, y, 6));
  if (over && columns > 1) {
    const box = rect(over);
    const part = (x - box.left) / box.width;
    const upright = { top: box.top, length: box.height, upright: true };
    const facts = { what: over.dataset.word ?? "" };
    if (part > 1 - SIDE) return { into, before: after(over), width: 1, said: fill(w.wRight, facts), line: { left: box.right + 4, ...upright } };
    if (part < SIDE) return { into, before: over.dataset.name!, width: 1, said: fill(w.wLeft, facts), line: { left: box.left - 4, ...upright } };
  }
  const lines = rows(cells);
  const at = lines.findIndex((line) => y < middle(line));
  const below = at === -1 ? undefined : lines[at]!;
  const above = lines[(at === -1 ? lines.length : at) - 1];
  const top = below ? Math.min(...below.map((c) => rect(c).top)) - 6 : Math.max(...above!.map((c) => rect(c).bottom)) + 6;
  // A last row with room left takes it beside what stands there; between rows it takes a whole one.
  const roomy = !below && above!.length < columns && !above![0]!.classList.contains("wide") && y < Math.max(...above!.map((c) => rect(c).bottom));
  if (roomy && x > rect(above![above!.length - 1]!).right) {
    const box = rect(above![above!.length - 1]!);
    const line = { left: box.right + 4, top: box.top, length: box.height, upright: true };
    return { into, before: "", width: 1, said: fill(w.wRight, { what: above![above!.length - 1]!.dataset.word ?? "" }), line };
  }
  const said = columns > 1 ? (w.wRow ?? "") : fill(below ? w.wAbove : w.wBelow, { what: (below ?? above)![0]!.dataset.word ?? "" });
  return { into, before: below?.[0]?.dataset.name ?? "", width: columns, said, line: { left: frame.left, top, length: frame.width, upright: false } };
}

function middle(line: HTMLElement[]): number {
  const top = Math.min(...line.map((c) => rect(c).top));
  return (top + Math.max(...line.map((c) => rect(c).bottom))) / 2;
}

/** Where a part (or a block of one column) would go: between the others, at the top or in an open tab. */
export function partTarget(desk: HTMLElement, x: number, y: number, nested: boolean, itself?: HTMLElement): Target | undefined {
  const w = desk.dataset;
  const inside = (list: HTMLElement): boolean => !itself?.contains(list);
  const lists = [...desk.querySelectorAll<HTMLElement>("[data-parts]")].filter(inside);
  const inner = nested
    ? lists.filter((l) => l.dataset.parts !== "" && holds(rect(l.closest(".lo-tab") ?? l), x, y)).pop()
    : undefined;
  const list = inner ?? lists.find((l) => l.dataset.parts === "");
  if (!list) return undefined;
  const parts = [...list.querySelectorAll<HTMLElement>(":scope > [data-part]")];
  const frame = rect(list);
  const next = parts.find((p) => y < rect(p).top + rect(p).height / 2);
  const top = next ? rect(next).top : parts.length ? rect(parts[parts.length - 1]!).bottom : frame.top + 8;
  const before = next ? next.dataset.part! : "";
  return { into: list.dataset.parts!, before, width: 0, said: w.wHere ?? "", line: { left: frame.left, top, length: frame.width, upright: false } };
}

/** Where a tab would go among tabs. */
export function tabTarget(desk: HTMLElement, x: number, y: number): Target | undefined {
  const tabs = [...desk.querySelectorAll<HTMLElement>("[data-tab]")];
  const over = tabs.find((t) => holds(rect(t), x, y, 10));
  if (!over) return undefined;
  const box = rect(over);
  const isAfter = x > box.left + box.width / 2;
  const mine = tabs.filter((t) => t.dataset.tabsOf === over.dataset.tabsOf);
  const next = isAfter ? mine[mine.indexOf(over) + 1] : over;
  const line = { left: isAfter ? box.right : box.left, top: box.top, length: box.height, upright: true };
  return { into: over.dataset.tabsOf!, before: next?.dataset.tab ?? "", width: 0, said: desk.dataset.wHere ?? "", line };
}

/** Show where it would go, or nothing. */
export function mark(desk: HTMLElement, target: Target | undefined): void {
  const sign = desk.querySelector<HTMLElement>("[data-mark]");
  if (!sign) return;
  sign.hidden = !target;
  if (!target) return;
  const { left, top, length, upright } = target.line;
  const set = (name: string, value: number): void => sign.style.setProperty(name, `${Math.round(value)}px`);
  sign.classList.toggle("upright", upright);
  set("left", left);
  set("top", top);
  set("inline-size", upright ? 3 : length);
  set("block-size", upright ? length : 3);
  sign.querySelector("span")!.textContent = target.said;
}
