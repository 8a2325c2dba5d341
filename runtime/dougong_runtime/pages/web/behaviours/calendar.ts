// A calendar: entries are dragged to another day or hour and stretched at their end, or lifted by Space and moved by the
// arrows; ← and → turn the page; a click on a free place begins a new record there.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";
import { announce, isTyping } from "../behaviour";
import { picture, post, renewed, say } from "./lift";
import { pull } from "./pull";

const ASK = "#board-ask";
const HOUR_PX = 48;
const STEP_MINUTES = 15;
const DAY_MS = 86_400_000;
const FIRST_HOUR_SEEN = 8;

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  const movable = root.dataset.movable !== undefined;
  const address = (act: string): string => `${root.dataset.base}/${act}?${root.dataset.query}`;
  const cells = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(".cd")];
  const daysBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
  const dayAt = (x: number, y: number): HTMLElement | null =>
    (document.elementsFromPoint(x, y).find((e) => e.matches("[data-day]") && root.contains(e)) as HTMLElement | undefined) ?? null;

  const shift = async (entry: HTMLElement, days: number, minutes: number, edge: string): Promise<void> => {
    if (days === 0 && minutes === 0) return;
    const values = {
      record: entry.dataset.record ?? "",
      version: entry.dataset.version ?? "",
      days: String(days),
      minutes: String(minutes),
      edge,
    };
    entry.classList.add("ghost");
    if (!(await post(entry, address("shift"), values, ASK))) entry.classList.remove("ghost");
  };

  // --- days: dragged from cell to cell -----------------------------------------------------------------------------
  let grabbed = "";
  let ends: (() => void)[] = [];
  const forget = (): void => ends.splice(0).forEach((end) => end());
  const over = (day: HTMLElement | null): void => cells().forEach((c) => c.classList.toggle("over", c === day));
  const register = (): void => {
    forget();
    if (!movable) return;
    for (const entry of root.querySelectorAll<HTMLElement>(".cd .cev[data-record]")) {
      ends.push(
        draggable({
          element: entry,
          getInitialData: ({ input }) => {
            grabbed = dayAt(input.clientX, input.clientY)?.dataset.day ?? entry.dataset.first ?? "";
            return { edge: "both" };
          },
          onGenerateDragPreview: (args) => picture(args, "cev-picture"),
          onDragStart: () => entry.classList.add("ghost"),
          onDrop: ({ location }) => {
            entry.classList.remove("ghost");
            over(null);
            const to = (location.current.dropTargets[0]?.element as HTMLElement | undefined)?.dataset.day;
            if (to) void shift(entry, daysBetween(grabbed, to), 0, "both");
          },
        }),
      );
      const edge = entry.querySelector<HTMLElement>(".edge");
      if (edge) {
        ends.push(
          draggable({
            element: edge,
            onDragStart: () => entry.classList.add("ghost"),
            onDrop: ({ location }) => {
              entry.classList.remove("ghost");
              over(null);
              const to = (location.current.dropTargets[0]?.element as HTMLElement | undefined)?.dataset.day;
              if (to) void shift(entry, daysBetween(entry.dataset.last ?? to, to), 0, "end");
            },
          }),
        );
      }
    }
    for (const cell of cells()) {
      ends.push(
        dropTargetForElements({
          element: cell,
          canDrop: ({ source }) => root.contains(source.element),
          onDragEnter: () => over(cell),
          onDragLeave: () => over(null),
        }),
      );
    }
    for (const entry of root.querySelectorAll<HTMLElement>(".calh-col .cev[data-record]")) ends.push(hours(entry));
  };

  // --- hours: pulled up, down and to other days ----------------------------------------------------------------------
  const hours = (entry: HTMLElement): (() => void) => {
    const column = entry.closest<HTMLElement>("[data-day]")!;
    const box = entry.closest<SVGElement>("foreignObject")!;
    const height = Number(box.getAttribute("height"));
    const columns = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(".calh-col")];
    const moved = (dx: number, dy: number): { days: number; minutes: number } => {
      const all = columns();
      const width = column.offsetWidth;
      const at = all.indexOf(column);
      const days = Math.min(Math.max(Math.round(dx / width), -at), all.length - 1 - at);
      return { days, minutes: Math.round(((dy / HOUR_PX) * 60) / STEP_MINUTES) * STEP_MINUTES };
    };
    return pull(entry, {
      move: (dx, dy, handle) => {
        const { days, minutes } = moved(dx, dy);
        column.classList.add("busy");
        entry.classList.add("lifted");
        const y = (minutes / 60) * HOUR_PX;
        if (handle === "end") box.setAttribute("height", String(Math.max(HOUR_PX / 4, height + y)));
        else entry.style.setProperty("transform", `translate(${days * column.offsetWidth}px, ${y}px)`);
      },
      end: (dx, dy, handle, cancelled) => {
        const { days, minutes } = moved(dx, dy);
        const reset = (): void => {
          column.classList.remove("busy");
          entry.classList.remove("lifted");
          entry.removeAttribute("style"); // an empty one would be copied by a swap, which the page's policy forbids
          box.setAttribute("height", String(height));
        };
        if (cancelled) reset();
        else void shift(entry, handle === "end" ? 0 : days, minutes, handle === "end" ? "end" : "both").then(reset);
      },
    });
  };

  // --- keys ------------------------------------------------------------------------------------------------------
  let lifted: { entry: HTMLElement; days: number; minutes: number; edge: string } | undefined;
  const settle = (): void => {
    lifted?.entry.classList.remove("lifted");
    lifted = undefined;
    over(null);
  };
  const carry = (by: number, minutes: number, edge: string): void => {
    if (!lifted) return;
    if (lifted.edge !== edge) Object.assign(lifted, { days: 0, minutes: 0, edge });
    lifted.days += by;
    lifted.minutes += minutes;
    const from = (edge === "end" ? lifted.entry.dataset.last : lifted.entry.dataset.first) ?? lifted.entry.closest<HTMLElement>("[data-day]")?.dataset.day;
    const on = new Date(Date.parse(from ?? "") + lifted.days * DAY_MS).toISOString().slice(0, 10);
    const cell = root.querySelector<HTMLElement>(`[data-day="${on}"]`);
    over(cell);
    const hour = lifted.minutes ? ` ${lifted.minutes > 0 ? "+" : "−"}${Math.abs(lifted.minutes)} min` : "";
    announce(say(edge === "end" ? root.dataset.overEnd : root.dataset.over, { day: (cell?.dataset.label ?? on) + hour }));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const entry = (event.target as HTMLElement).closest<HTMLElement>(".cev[data-record]");
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (lifted) {
      const withHours = lifted.entry.matches(".tall") && Math.abs(step ?? 0) === 7;
      if (step) carry(withHours ? 0 : step, withHours ? Math.sign(step) * STEP_MINUTES : 0, event.shiftKey ? "end" : "both");
      else if (event.key === " " || event.key === "Enter") {
        const { entry: of, days, minutes, edge } = lifted;
        settle();
        void shift(of, days, minutes, edge);
      } else if (event.key === "Escape") {
        announce(say(root.dataset.cancelled, { name: lifted.entry.dataset.title ?? "" }));
        settle();
      } else return;
    } else if (entry && event.key === " " && movable) {
      lifted = { entry, days: 0, minutes: 0, edge: "both" };
      entry.classList.add("lifted");
      announce(say(root.dataset.lifted, { name: entry.dataset.title ?? "" }));
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      if ((event.target as HTMLElement).closest("[role=menu],.tools")) return;
      document.querySelector<HTMLElement>(event.key === "ArrowLeft" ? "[data-earlier]" : "[data-later]")?.click();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // --- clicks ----------------------------------------------------------------------------------------------------
  const narrow = matchMedia("(max-width: 640px)");
  const openDay = (day: string): void => {
    void htmx.ajax("GET", `${address("day")}&day=${day}`, { source: root, target: ASK, swap: "innerHTML" });
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const day = target.closest<HTMLElement>("[data-day]");
    if (!day || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (narrow.matches && root.dataset.span === "month") {
      event.preventDefault();
      openDay(day.dataset.day ?? "");
    } else if (target.closest(".more[data-opens-day]")) {
      event.preventDefault();
      openDay(day.dataset.day ?? "");
    } else if (!target.closest("a,button") && day.dataset.new) {
      const at = day.matches(".calh-col") ? Math.floor(((event.clientY - day.getBoundingClientRect().top) / HOUR_PX) * 2) : -1;
      const hour = at < 0 ? "" : `&at=${String(Math.floor(at / 2)).padStart(2, "0")}:${at % 2 ? "30" : "00"}`;
      location.assign(day.dataset.new + hour);
    }
  };
  let focused: string | undefined;
  const done = renewed(
    root,
    register,
    () => (focused = document.activeElement?.closest<HTMLElement>("[data-record]")?.id),
    () => focused && document.getElementById(focused)?.focus({ preventScroll: true }),
  );
  const body = root.querySelector("[data-hours]");
  if (body) body.scrollTop = FIRST_HOUR_SEEN * HOUR_PX - 24;
  register();
  document.addEventListener("keydown", onKey, { signal, capture: true });
  root.addEventListener("click", onClick, { signal });
  return () => {
    forget();
    done();
  };
}
