// A finger that rests on a thing for a moment takes hold of it: from then on its moves carry the thing and scroll nothing.
// A finger that moves at once scrolls as ever, one that is lifted soon is a tap, and a second finger is neither.
export interface Point {
  x: number;
  y: number;
}

/** What a hand does with a thing that it has taken hold of. */
export interface Grip {
  move: (at: Point) => void;
  end: (at: Point, cancelled: boolean) => void;
}

/** Shorter than the press after which browsers begin a drag or a menu of their own. */
const HOLD_MS = 300;
const STILL_PX = 8;

const nothing = (): void => undefined;

/**
 * Tell `take` where a finger has rested on something within `root`; what it gives follows that finger until it is lifted.
 * `take` gives undefined where nothing is to be held there, and the finger goes on as if nobody had asked.
 */
export function holding(root: Document | Element, take: (target: Element, at: Point) => Grip | undefined, signal?: AbortSignal): void {
  let pressed: AbortController | undefined;
  const onStart = (event: TouchEvent): void => {
    pressed?.abort();
    const [touch] = event.changedTouches;
    const { target } = event;
    if (event.touches.length !== 1 || !touch || !(target instanceof Element)) return;
    const press = (pressed = new AbortController());
    const start: Point = { x: touch.clientX, y: touch.clientY };
    let at = start;
    let grip: Grip | undefined;
    const timer = window.setTimeout(() => {
      grip = take(target, start);
      if (!grip) press.abort();
    }, HOLD_MS);
    const end = (cancelled: boolean): void => {
      const held = grip;
      grip = undefined;
      press.abort();
      held?.end(at, cancelled);
    };
    press.signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      if (grip) end(true);
    });
    const mine = (event: TouchEvent): Touch | undefined => [...event.changedTouches].find((one) => one.identifier === touch.identifier);
    const onMove = (event: TouchEvent): void => {
      const moved = mine(event);
      if (!moved) return;
      at = { x: moved.clientX, y: moved.clientY };
      if (grip) {
        event.preventDefault();
        grip.move(at);
      } else if (Math.hypot(at.x - start.x, at.y - start.y) > STILL_PX) press.abort();
    };
    const onEnd = (event: TouchEvent): void => {
      if (!mine(event)) return;
      // No click follows what was carried.
      if (grip && event.cancelable) event.preventDefault();
      end(event.type === "touchcancel");
    };
    // At what was touched: its events go on there even when a swap has taken it out of the page.
    const heard = { signal: press.signal, passive: false };
    target.addEventListener("touchmove", onMove as EventListener, heard);
    target.addEventListener("touchend", onEnd as EventListener, heard);
    target.addEventListener("touchcancel", onEnd as EventListener, heard);
    // A long press is the hand's own: no drag or menu of the browser beside it.
    window.addEventListener("contextmenu", (event) => grip && event.preventDefault(), { signal: press.signal, capture: true });
  };
  root.addEventListener("touchstart", onStart as EventListener, { passive: true, signal });
  // Browsers ask at the finger's first touch whether somebody may hold back its scrolling.
  root.addEventListener("touchmove", nothing, { passive: false, signal });
  signal?.addEventListener("abort", () => pressed?.abort());
}
