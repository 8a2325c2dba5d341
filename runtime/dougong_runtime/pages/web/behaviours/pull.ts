// A thing pulled with the pointer, freely rather than from place to place; `[data-edge]` inside it pulls that edge.
// Esc lets it go back. A pull of a few pixels is still a click. A finger takes hold by resting, and scrolls otherwise.
import { carry } from "../carrying";
import { type Grip, holding, type Point } from "../hold";

const FIRM_PX = 4;

export interface Pulled {
  move: (dx: number, dy: number, edge: string) => void;
  end: (dx: number, dy: number, edge: string, cancelled: boolean) => void;
}

export function pull(element: HTMLElement | SVGElement, pulled: Pulled): () => void {
  let from: { x: number; y: number; edge: string; moved: boolean } | undefined;
  let put = (): void => undefined;

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    from = { x: event.clientX, y: event.clientY, edge: edgeOf(event.target as Element), moved: false };
    element.setPointerCapture(event.pointerId);
    put = carry();
    // Whatever becomes of the thing meanwhile; and after it has been told itself.
    for (const type of ["pointerup", "pointercancel"]) window.addEventListener(type, put, { once: true });
  };
  const onMove = (event: PointerEvent): void => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < FIRM_PX) return;
    from.moved = true;
    pulled.move(dx, dy, from.edge);
  };
  const finish = (event: PointerEvent, cancelled: boolean): void => {
    const was = from;
    from = undefined;
    if (!was?.moved) return;
    pulled.end(event.clientX - was.x, event.clientY - was.y, was.edge, cancelled);
    if (!cancelled) window.addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", stop, true), 0);
  };
  const stop = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  const onUp = (event: Event): void => finish(event as PointerEvent, false);
  const onCancel = (event: Event): void => finish(event as PointerEvent, true);
  const onKey = (event: Event): void => {
    if (!from?.moved || (event as KeyboardEvent).key !== "Escape") return;
    pulled.end(0, 0, from.edge, true);
    from = undefined;
    stop(event);
  };
  const life = new AbortController();
  const { signal } = life;
  element.addEventListener("pointerdown", onDown as EventListener, { signal });
  element.addEventListener("pointermove", onMove as EventListener, { signal });
  element.addEventListener("pointerup", onUp, { signal });
  element.addEventListener("pointercancel", onCancel, { signal });
  document.addEventListener("keydown", onKey, { signal, capture: true });
  const take = (target: Element, at: Point): Grip => {
    const edge = edgeOf(target);
    put = carry();
    pulled.move(0, 0, edge);
    return {
      move: ({ x, y }) => pulled.move(x - at.x, y - at.y, edge),
      end: ({ x, y }, cancelled) => {
        pulled.end(x - at.x, y - at.y, edge, cancelled);
        put();
      },
    };
  };
  holding(element, take, signal);
  return () => {
    life.abort();
    put();
  };
}

const edgeOf = (target: Element): string => target.closest<HTMLElement>("[data-edge]")?.dataset.edge ?? "";
