// While something is carried or pulled, what can be taken hold of and what takes it stays as it is: made ready anew under a
// hand, a thing is lost on its way. Parts of a page come again at any time, after an act or another's; they wait until it
// is put down.
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";

/** That a thing can be dragged, and that a place takes it: what comes again takes no such mark away, of which the server knows nothing. */
const MARK = /^(draggable$|data-drop-target-for)/;
htmx.registerExtension("carried", {
  htmx_before_morph_attr: (_element: Element, { attrName, newValue }: { attrName: string; newValue: string | null }) =>
    newValue !== null || !MARK.test(attrName),
});

const waiting = new Set<() => void>();
let carried = 0;

/** Something is in somebody's hand, until the function that this gives is called. */
export function carry(): () => void {
  let held = true;
  carried++;
  return () => {
    if (!held) return;
    held = false;
    carried--;
    // After those who take what is put down.
    queueMicrotask(() => {
      if (carried) return;
      const due = [...waiting];
      waiting.clear();
      due.forEach((ready) => ready());
    });
  };
}

/** Do it now, or once when what is carried has been put down. */
export function whenFree(ready: () => void): void {
  if (carried) waiting.add(ready);
  else ready();
}

let put = (): void => undefined;
monitorForElements({
  // The first that is told of a drag, while the browser begins it.
  onGenerateDragPreview: () => {
    put = carry();
  },
  onDrop: () => put(),
});
