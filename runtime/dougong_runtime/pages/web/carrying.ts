// While something is carried, what can be dragged and what takes it stays as it is: made ready anew under a hand, a thing
// is lost on its way. Parts of a page come again at any time, after an act or another's; they wait until it is put down.
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";

const waiting = new Set<() => void>();
let carrying = false;

monitorForElements({
  // The first that is told of a drag, while the browser begins it.
  onGenerateDragPreview: () => {
    carrying = true;
  },
  onDrop: () => {
    carrying = false;
    // After those who take the drop.
    queueMicrotask(() => {
      const due = [...waiting];
      waiting.clear();
      due.forEach((ready) => ready());
    });
  },
});

/** Do it now, or once when what is carried has been put down. */
export function whenFree(ready: () => void): void {
  if (carrying) waiting.add(ready);
  else ready();
}
