// Where a block would go on a page: beside or between others, on twelve columns.
import { fill, rows, type Target } from "./layout_drop";

const SIDE = 0.3;

export function blockTarget(desk: HTMLElement, x: number, y: number, nested: boolean, itself?: HTMLElement): Target | undefined {
  const w = desk.dataset;
  const rect = (e: Element): DOMRect => e.getBoundingClientRect();
  const lists = [...desk.querySelectorAll<HTMLElement>("[data-parts]")].filter((l) => !itself?.contains(l));
  const within = (l: HTMLElement): boolean => {
    const box = rect(l.closest(".lo-tab") ?? l);
    return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  };
  const inner = nested ? lists.filter((l) => l.dataset.parts !== "" && within(l)).pop() : undefined;
  const tab = [...desk.querySelectorAll<HTMLElement>("[data-tab]")].find((t) => {
    const box = rect(t);
    return nested && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  });
  if (tab) {
    const box = rect(tab);
    const line = { left: box.left, top: box.bottom, length: box.width, upright: false };
    return { into: tab.dataset.tab!, before: "", width: 0, said: fill(w.wTab, { where: tab.dataset.word ?? "" }), line };
  }
  const list = inner ?? lists.find((l) => l.dataset.parts === "");
  if (!list) return undefined;
  const into = list.dataset.parts!;
  const blocks = [...list.querySelectorAll<HTMLElement>(":scope > [data-part]")];
  const next = (b: HTMLElement): string => blocks[blocks.indexOf(b) + 1]?.dataset.part ?? "";
  const over = blocks.find((b) => {
    const box = rect(b);
    return x >= box.left - 6 && x <= box.right + 6 && y >= box.top - 6 && y <= box.bottom + 6;
  });
  if (over) {
    const box = rect(over);
    const isAfter = x > box.left + box.width / 2;
    const part = (x - box.left) / box.width;
    if (part < SIDE || part > 1 - SIDE || rect(over).width < rect(list).width * 0.9) {
      const line = { left: isAfter ? box.right + 4 : box.left - 4, top: box.top, length: box.height, upright: true };
      const said = fill(isAfter ? w.wRight : w.wLeft, { what: over.dataset.word ?? "" });
      return { into, before: isAfter ? next(over) : over.dataset.part!, width: 0, said, line };
    }
  }
  const frame = rect(list);
  const lines = rows(blocks);
  const at = lines.findIndex((line) => y < rect(line[0]!).top + rect(line[0]!).height / 2);
  const below = at === -1 ? undefined : lines[at]![0]!;
  const last = lines[lines.length - 1];
  const top = below ? rect(below).top - 6 : last ? Math.max(...last.map((b) => rect(b).bottom)) + 4 : frame.top + 8;
  return { into, before: below?.dataset.part ?? "", width: 0, said: w.wHere ?? "", line: { left: frame.left, top, length: frame.width, upright: false } };
}
