// A matrix walked by arrows: each cell is a button or a choice, one of them in the tab order; Home and End go to a row's
// ends. Choices keep their own arrows while Alt is not held.
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

const CELL = "[data-cell]";

export const connect: Connect = (table, signal) => {
  const rows = (): HTMLElement[][] =>
    [...table.querySelectorAll<HTMLElement>("tbody tr")]
      .map((row) => [...row.querySelectorAll<HTMLElement>(CELL)])
      .filter((cells) => cells.length > 0);

  const onKey = (event: KeyboardEvent): void => {
    const from = (event.target as HTMLElement).closest<HTMLElement>(CELL);
    if (!from || event.ctrlKey || event.metaKey) return;
    const choosing = from instanceof HTMLSelectElement && !event.altKey;
    const lines = rows();
    const line = lines.findIndex((cells) => cells.includes(from));
    const at = lines[line]?.indexOf(from) ?? -1;
    let to: HTMLElement | undefined;
    if (event.key === "ArrowRight") to = lines[line]?.[at + 1];
    else if (event.key === "ArrowLeft") to = lines[line]?.[at - 1];
    else if (event.key === "Home") to = lines[line]?.[0];
    else if (event.key === "End") to = lines[line]?.at(-1);
    else if (!choosing && event.key === "ArrowDown") to = lines[line + 1]?.[Math.min(at, (lines[line + 1]?.length ?? 1) - 1)];
    else if (!choosing && event.key === "ArrowUp") to = lines[line - 1]?.[Math.min(at, (lines[line - 1]?.length ?? 1) - 1)];
    if (!to) return;
    event.preventDefault();
    to.focus();
  };
  table.addEventListener("keydown", onKey, { signal });
};
