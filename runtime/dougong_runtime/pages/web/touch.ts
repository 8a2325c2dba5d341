// Drags by finger. Browsers begin them late, not everywhere and not always: here a finger that rests on a thing that can be
// dragged tells it and its places the same events as a mouse does, so nobody who takes a drop has to know of fingers.
import { type Grip, holding, type Point } from "./hold";

const OVER_MS = 40;
const EDGE_PX = 44;
const SCROLL_PX = 10;
const TYPED = "input, textarea, select, [contenteditable]";

let carrying = false;

const under = ({ x, y }: Point): Element =>
  document.elementsFromPoint(x, y).find((one) => !one.hasAttribute("data-pdnd-honey-pot")) ?? document.documentElement;

/** Near its edge, what is below the finger scrolls on. */
function scroll(from: Element, { x, y }: Point): void {
  const way = (at: number, start: number, end: number): number => (at < start + EDGE_PX ? -SCROLL_PX : at > end - EDGE_PX ? SCROLL_PX : 0);
  for (let box: Element | null = from; box; box = box.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(box);
    const isPage = box === document.scrollingElement;
    const { left, right, top, bottom } = isPage ? new DOMRect(0, 0, innerWidth, innerHeight) : box.getBoundingClientRect();
    const [wasLeft, wasTop] = [box.scrollLeft, box.scrollTop];
    if (isPage || /auto|scroll/.test(overflowX)) box.scrollLeft += way(x, left, right);
    if (isPage || /auto|scroll/.test(overflowY)) box.scrollTop += way(y, top, bottom);
    if (box.scrollLeft !== wasLeft || box.scrollTop !== wasTop) return;
  }
}

/** A picture of what is carried, below the finger. */
function pictured(image: Element, at: Point, offset: Point): { follow: (to: Point) => void; end: () => void } {
  const picture = document.createElement("div");
  picture.className = "drag-touch";
  picture.inert = true;
  const { width, height } = image.getBoundingClientRect();
  picture.style.setProperty("inline-size", `${width}px`);
  picture.style.setProperty("block-size", `${height}px`);
  // What a behaviour has drawn to be photographed stands in a layer of its own, which is no part of the picture.
  const copy = image.cloneNode(true) as Element;
  picture.append(...(image.matches("[popover]") ? copy.childNodes : [copy]));
  picture.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
  const follow = ({ x, y }: Point): void => picture.style.setProperty("translate", `${x - offset.x}px ${y - offset.y}px`);
  document.body.append(picture);
  follow(at);
  return { follow, end: () => picture.remove() };
}

function lift(target: Element, start: Point): Grip | undefined {
  const source = target.closest<HTMLElement>("[draggable=true]");
  if (!source || target.closest(TYPED)) return undefined;
  let at = start;
  let drawn: { image: Element; offset: Point } | undefined;
  const data = new DataTransfer();
  data.setDragImage = (image, x, y) => {
    drawn = { image, offset: { x, y } };
  };
  const tell = (type: string, to: EventTarget): boolean => {
    const { x: clientX, y: clientY } = at;
    return to.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, composed: true, clientX, clientY, dataTransfer: data, view: window }));
  };
  if (!tell("dragstart", source)) return undefined;
  carrying = true;
  const box = source.getBoundingClientRect();
  let picture: ReturnType<typeof pictured> | undefined;
  // Those who draw a picture of their own have done so by then.
  queueMicrotask(() => {
    const { image, offset } = drawn ?? { image: source, offset: { x: start.x - box.left, y: start.y - box.top } };
    picture = pictured(image, at, offset);
  });
  // Places are asked again and again, as by a mouse that rests: some change while a hand lingers.
  let taken = false;
  const over = (): void => {
    taken = !tell("dragover", under(at));
  };
  const beat = window.setInterval(() => {
    // What was taken hold of at an edge stays there until it is carried.
    if (at !== start) scroll(under(at), at);
    over();
  }, OVER_MS);
  return {
    move: (to) => {
      at = to;
      picture?.follow(to);
    },
    end: (to, cancelled) => {
      window.clearInterval(beat);
      at = to;
      picture?.end();
      over();
      if (taken && !cancelled) tell("drop", under(at));
      tell("dragend", source.isConnected ? source : document.body);
      carrying = false;
    },
  };
}

holding(document, lift);
// While a browser drags, no pointer moves: who sees one move takes the drag for lost.
window.addEventListener("pointermove", (event) => carrying && event.stopImmediatePropagation(), true);
// The browser's own drag by a long press would take the finger away.
let byFinger = false;
window.addEventListener("pointerdown", (event) => (byFinger = event.pointerType === "touch"), true);
window.addEventListener(
  "dragstart",
  (event) => {
    if (!event.isTrusted || !byFinger) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
