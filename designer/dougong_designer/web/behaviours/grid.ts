// Blocks on twelve columns: dragged to another cell, stretched at their corner; Alt and arrows move the chosen one,
// Alt, Shift and arrows stretch it. What is dropped from the palette becomes a block where it falls.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { type Connect, announce } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { whenFree } from "../../../../runtime/dougong_runtime/pages/web/carrying";
import { send } from "../act";

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

const COLUMNS = 12;
const GAP = 8;
const ROW = 40;
const WIDTH = 6;
const HEIGHT = 4;

export const connect: Connect = (root, signal) => {
  const cells = (): HTMLElement => root.querySelector<HTMLElement>("[data-cells]")!;
  const blocks = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-placed]")];
  const boxOf = (block: HTMLElement): Box => ({
    x: Number(block.dataset.x),
    y: Number(block.dataset.y),
    w: Number(block.dataset.w),
    h: Number(block.dataset.h),
  });
  const within = ({ x, y, w, h }: Box): Box => {
    const wide = Math.min(Math.max(w, 1), COLUMNS);
    return { w: wide, h: Math.min(Math.max(h, 1), COLUMNS), x: Math.min(Math.max(x, 0), COLUMNS - wide), y: Math.max(y, 0) };
  };
  const lay = (element: HTMLElement, { x, y, w, h }: Box): void => {
    element.style.setProperty("grid-area", `${y + 1} / ${x + 1} / span ${h} / span ${w}`);
  };
  const texts = (box: Box): Record<string, string> => Object.fromEntries(Object.entries(box).map(([name, n]) => [name, String(n)]));
  const put = (block: HTMLElement, box: Box): void => {
    const to = within(box);
    const now = boxOf(block);
    if (to.x === now.x && to.y === now.y && to.w === now.w && to.h === now.h) return;
    void send("grid", { at: block.dataset.node ?? "", ...texts(to) });
    announce(`${block.querySelector("b")?.textContent ?? ""} ${to.x + 1}, ${to.y + 1}, ${to.w} × ${to.h}`);
  };

  // --- the mouse -----------------------------------------------------------------------------------------------
  const cellAt = (clientX: number, clientY: number): { x: number; y: number } => {
    const { left, top, width } = cells().getBoundingClientRect();
    return {
      x: Math.floor((clientX - left) / ((width + GAP) / COLUMNS)),
      y: Math.max(0, Math.floor((clientY - top) / (ROW + GAP))),
    };
  };
  const ghost = (box: Box | null): void => {
    const element = root.querySelector<HTMLElement>("[data-ghost]");
    if (!element) return;
    element.hidden = box === null;
    if (box) lay(element, within(box));
  };
  const goal = (source: HTMLElement, grabbed: { x: number; y: number }, clientX: number, clientY: number): Box => {
    const cell = cellAt(clientX, clientY);
    if (source.dataset.placed === undefined) return within({ x: cell.x - 1, y: cell.y, w: WIDTH, h: HEIGHT });
    const { w, h } = boxOf(source);
    return within({ x: cell.x - grabbed.x, y: cell.y - grabbed.y, w, h });
  };
  let ends: (() => void)[] = [];
  const register = (): void => {
    ends.splice(0).forEach((end) => end());
    for (const source of root.querySelectorAll<HTMLElement>("[data-placed], [data-kind-key]")) {
      ends.push(
        draggable({
          element: source,
          canDrag: ({ input }) => !document.elementFromPoint(input.clientX, input.clientY)?.closest("[data-stretch]"),
          getInitialData: ({ input }) => {
            const cell = cellAt(input.clientX, input.clientY);
            const { x, y } = boxOf(source);
            return { grid: root, grabbed: { x: cell.x - x, y: cell.y - y } };
          },
          onDragStart: () => source.classList.add("dragged"),
          onDrop: () => {
            source.classList.remove("dragged");
            ghost(null);
          },
        }),
      );
    }
    ends.push(
      dropTargetForElements({
        element: cells(),
        canDrop: ({ source }) => source.data.grid === root,
        onDrag: ({ source, location }) => {
          const { clientX, clientY } = location.current.input;
          ghost(goal(source.element, source.data.grabbed as Box, clientX, clientY));
        },
        onDragLeave: () => ghost(null),
        onDrop: ({ source, location }) => {
          const { clientX, clientY } = location.current.input;
          const to = goal(source.element, source.data.grabbed as Box, clientX, clientY);
          ghost(null);
          if (source.element.dataset.placed !== undefined) put(source.element, to);
          else add(source.element, to);
        },
      }),
    );
  };
  const add = (item: HTMLElement, to: Box): void => {
    const { kindKey = "", given = "" } = item.dataset;
    void send("grid", { list: cells().dataset.list ?? "", kind: kindKey, given, ...texts(to) });
  };
  const onPalette = (event: Event): void => {
    const item = (event.target as HTMLElement).closest<HTMLElement>("[data-kind-key]");
    if (!item) return;
    const lowest = Math.max(0, ...blocks().map((b) => boxOf(b).y + boxOf(b).h));
    add(item, { x: 0, y: lowest, w: WIDTH, h: HEIGHT });
  };
  const onStretch = (event: PointerEvent): void => {
    const grip = (event.target as HTMLElement).closest<HTMLElement>("[data-stretch]");
    const block = grip?.closest<HTMLElement>("[data-placed]");
    if (!grip || !block) return;
    event.preventDefault();
    event.stopPropagation();
    const was = boxOf(block);
    let now = was;
    grip.setPointerCapture(event.pointerId);
    const onMove = (move: PointerEvent): void => {
      const cell = cellAt(move.clientX, move.clientY);
      now = within({ ...was, w: Math.min(cell.x - was.x + 1, COLUMNS - was.x), h: cell.y - was.y + 1 });
      ghost(now);
    };
    const onUp = (): void => {
      grip.removeEventListener("pointermove", onMove);
      ghost(null);
      put(block, now);
    };
    grip.addEventListener("pointermove", onMove);
    grip.addEventListener("pointerup", onUp, { once: true });
    grip.addEventListener("pointercancel", onUp, { once: true });
  };

  // --- the keyboard --------------------------------------------------------------------------------------------
  const STEPS: Record<string, [number, number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const onKey = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const block = (event.target as HTMLElement).closest<HTMLElement>("[data-placed]");
    if (!event.altKey || !step || !block) return;
    event.preventDefault();
    const { x, y, w, h } = boxOf(block);
    if (event.shiftKey) put(block, { x, y, w: Math.min(w + step[0], COLUMNS - x), h: h + step[1] });
    else put(block, { x: x + step[0], y: step[1] === 0 ? y : beyond(block, step[1]), w, h });
  };
  // Blocks close up: a block goes past its neighbour, not by one row.
  const beyond = (block: HTMLElement, by: number): number => {
    const mine = boxOf(block);
    const beside = blocks().filter((b) => b !== block).map(boxOf).filter((o) => o.x < mine.x + mine.w && mine.x < o.x + o.w);
    if (by < 0) return Math.max(-1, ...beside.filter((o) => o.y < mine.y).map((o) => o.y));
    const below = beside.filter((o) => o.y >= mine.y + mine.h).map((o) => o.y + 1);
    return below.length > 0 ? Math.min(...below) : mine.y;
  };

  const watch = new MutationObserver(() => whenFree(register));
  watch.observe(root, { childList: true, subtree: true });
  root.addEventListener("click", onPalette, { signal });
  root.addEventListener("pointerdown", onStretch, { signal });
  root.addEventListener("keydown", onKey, { signal });
  register();
  return () => {
    watch.disconnect();
    ends.splice(0).forEach((end) => end());
  };
};
