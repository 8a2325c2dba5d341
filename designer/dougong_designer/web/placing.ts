// Things that are dragged into places: `[data-palette]` and `[data-put]` are lifted, `[data-drop]` takes them. A place
// says before the drop what will happen, or why it does not; what is dropped is told to who connects it.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { say } from "../../../runtime/dougong_runtime/pages/web/behaviours/lift";

export interface Drop {
  /** What was dropped: `data-path` of the palette, `data-put` of what stands in a place. */
  path: string;
  place: string;
  /** The neighbour before which it was dropped; empty for the end. */
  before: string;
  /** The place that it came from; empty for the palette. */
  from: string;
}

export interface Words {
  put: string;
  before: string;
  instead: string;
  shut: string;
}

export interface Placing {
  words: Words;
  /** Why a thing does not fit a place; empty where it does. */
  why(element: HTMLElement, place: string): string;
  dropped(drop: Drop): void;
}

export const pathOf = (element: HTMLElement): string => element.dataset.put ?? element.dataset.path ?? "";
export const placeOf = (element: Element | null): string => element?.closest<HTMLElement>("[data-drop]")?.dataset.drop ?? "";

const LIFTED = "[data-put],[data-palette]";

/** Register everything below `root`; gives the function that forgets it all. Call again when the markup has changed. */
export function register(root: HTMLElement, placing: Placing): () => void {
  const ends: (() => void)[] = [];
  const drops = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-drop]")];
  const willOf = (place: HTMLElement): HTMLElement | undefined =>
    [...place.querySelectorAll<HTMLElement>("[data-will]")].find((one) => one.closest("[data-drop]") === place);
  const clear = (place?: HTMLElement): void => {
    for (const one of place ? [place] : drops()) {
      one.classList.remove("over");
      one.querySelectorAll(".drop-before").forEach((e) => e.classList.remove("drop-before"));
      const will = willOf(one);
      if (will) will.hidden = true;
    }
  };
  const shut = (element: HTMLElement | null): void => {
    for (const one of drops()) {
      const why = element && one.dataset.drop !== placeOf(element) ? placing.why(element, one.dataset.drop ?? "") : "";
      one.classList.toggle("shut", why !== "");
      one.classList.toggle("open", element !== null && why === "");
    }
  };
  // The neighbour before which it would stand: the first that begins after the pointer, line by line.
  const before = (place: HTMLElement, x: number, y: number, lifted: HTMLElement): HTMLElement | undefined => {
    if (place.dataset.many === undefined) return undefined;
    const upright = place.dataset.flow === "y";
    return [...place.querySelectorAll<HTMLElement>("[data-put]")].find((one) => {
      if (one === lifted || one.closest("[data-drop]") !== place) return false;
      const box = one.getBoundingClientRect();
      if (upright) return y < box.top + box.height / 2;
      return y < box.top || (y <= box.bottom && x < box.left + box.width / 2);
    });
  };
  for (const one of root.querySelectorAll<HTMLElement>(LIFTED)) {
    ends.push(
      draggable({
        element: one,
        dragHandle: one.querySelector<HTMLElement>(":scope > .handle") ?? undefined,
        getInitialData: () => ({ root, kind: one.dataset.kind ?? "" }),
        onDragStart: () => {
          one.classList.add("lifted");
          shut(one);
        },
        onDrop: () => {
          one.classList.remove("lifted");
          shut(null);
          clear();
        },
      }),
    );
  }
  for (const place of drops()) {
    const name = place.dataset.drop ?? "";
    ends.push(
      dropTargetForElements({
        element: place,
        canDrop: ({ source }) => source.data.root === root && source.data.kind === (place.dataset.takes ?? ""),
        onDrag: ({ location, source }) => {
          if (location.current.dropTargets[0]?.element !== place) return clear(place);
          const lifted = source.element as HTMLElement;
          const { clientX, clientY } = location.current.input;
          clear(place);
          place.classList.add("over");
          const field = lifted.dataset.words ?? "";
          const words = { field, place: place.dataset.words ?? "" };
          const why = placing.why(lifted, name);
          const next = why ? undefined : before(place, clientX, clientY, lifted);
          next?.classList.add("drop-before");
          const will = willOf(place);
          if (!will) return;
          will.hidden = false;
          if (why) will.textContent = say(placing.words.shut, { ...words, why });
          else if (place.dataset.many === undefined) will.textContent = say(placing.words.instead, words);
          else will.textContent = say(next ? placing.words.before : placing.words.put, { ...words, field: next?.dataset.words ?? "" });
        },
        onDragLeave: () => clear(place),
        onDrop: ({ location, source }) => {
          if (location.current.dropTargets[0]?.element !== place) return;
          const lifted = source.element as HTMLElement;
          const { clientX, clientY } = location.current.input;
          const next = before(place, clientX, clientY, lifted);
          if (placing.why(lifted, name)) return;
          placing.dropped({ path: pathOf(lifted), place: name, before: next ? pathOf(next) : "", from: lifted.dataset.put ? placeOf(lifted) : "" });
        },
      }),
    );
  }
  return () => ends.splice(0).forEach((end) => end());
}
