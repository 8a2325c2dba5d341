// What is under somebody's hand is not redrawn: while a button is down on the canvas (a drag, a resize), news of the draft
// and answers that would swap parts of the page wait until it is let go, and then everything shows the latest.
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { whenAnswered } from "../act";

const NEWS = "draft-changed";
const OF_NEWS = [NEWS, "draft-shown"];

export const connect: Connect = (studio, signal) => {
  let down = false;
  let dragging = false;
  let waiting: Event | undefined;

  const onDown = (event: PointerEvent): void => {
    down = event.button === 0 && studio.contains(event.target as Node);
  };
  // A drag takes the pointer away (`pointercancel`); it is over when the browser says so.
  const onDrag = (): void => {
    dragging = down;
  };
  const release = (event: Event): void => {
    if (!down || (dragging && event.type !== "dragend")) return;
    down = dragging = false;
    const news = waiting;
    waiting = undefined;
    // After those who take the drop: their own act comes first, and what it is answered tells of the news as well.
    if (news) window.setTimeout(() => void whenAnswered().then(() => document.body.dispatchEvent(news)), 0);
  };
  const onNews = (event: Event): void => {
    if (!down || event.target !== document.body) return;
    event.stopImmediatePropagation();
    waiting = new CustomEvent(NEWS, { detail: (event as CustomEvent).detail, bubbles: true });
  };
  // What the hand itself asks for (a tab that opens under a drag) is swapped as ever.
  const onSwap = (event: Event): void => {
    const { ctx } = (event as CustomEvent<{ ctx?: { sourceEvent?: Event } }>).detail ?? {};
    if (!down || !OF_NEWS.includes(ctx?.sourceEvent?.type ?? "") || !studio.contains(event.target as Node)) return;
    event.preventDefault();
    waiting ??= new CustomEvent(NEWS, { detail: {}, bubbles: true });
  };
  const ends = ["pointerup", "pointercancel", "dragend"] as const;
  document.addEventListener("pointerdown", onDown, { signal, capture: true });
  document.addEventListener("dragstart", onDrag, { signal, capture: true });
  for (const name of ends) document.addEventListener(name, release, { signal, capture: true });
  document.addEventListener(NEWS, onNews, { signal, capture: true });
  document.addEventListener("htmx:before:swap", onSwap, { signal, capture: true });
};
