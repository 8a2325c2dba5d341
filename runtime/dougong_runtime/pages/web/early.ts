// What somebody does with a part of the page before its code has come is done when it has: not by the browser meanwhile,
// which knows no more of it than the markup says, and not never. A part is the element whose behaviour is on its way. While a
// page comes, it is what that stands in and says `data-as-one`: behaviours that act all over a frame are waited for all over it.
// What is typed is in its box already, and behaviours look there.
const PATIENCE_MS = 10_000;
/** Parts, and for how many behaviours each waits. */
const awaited = new Map<Element, number>();

interface Deed {
  type: string;
  target: Element;
  again(): void;
}
let deeds: Deed[] = [];

/** Code for an element is on its way; what is given back is called when it has come, or has failed to. Where it does not
 * come at all, the browser does what it can. */
export function awaits(element: Element): () => void {
  const whole = document.readyState === "complete" ? null : element.closest("[data-as-one]");
  const part = whole ?? element;
  awaited.set(part, (awaited.get(part) ?? 0) + 1);
  const come = (): void => {
    if (!timer) return;
    window.clearTimeout(timer);
    timer = 0;
    const left = (awaited.get(part) ?? 1) - 1;
    if (left) awaited.set(part, left);
    else awaited.delete(part);
    if (!left) release();
  };
  let timer = window.setTimeout(come, PATIENCE_MS);
  return come;
}

function isAwaited(target: Element): boolean {
  for (const part of awaited.keys()) if (part.contains(target)) return true;
  return false;
}

/** In the order in which they were done; what has gone from the page meanwhile is done no more. */
function release(): void {
  const due = deeds.filter((deed) => !isAwaited(deed.target));
  deeds = deeds.filter((deed) => !due.includes(deed));
  for (const deed of due) if (deed.target.isConnected) deed.again();
}

/** A box to tick turns at once, as what is typed stands at once; that it has changed is told later. */
function isTicked(target: Element): boolean {
  const control = target.closest("label")?.control ?? target;
  return control instanceof HTMLInputElement && /^(checkbox|radio)$/.test(control.type);
}

function again(event: Event, target: Element): () => void {
  if (event instanceof SubmitEvent) return () => (target as HTMLFormElement).requestSubmit(event.submitter);
  const made = event instanceof MouseEvent ? MouseEvent : Event;
  return () => target.dispatchEvent(new made(event.type, { bubbles: true, cancelable: event.cancelable, composed: event.composed }));
}

function hold(event: Event): void {
  const target = event.target;
  if (!awaited.size || !event.isTrusted || !(target instanceof Element) || !isAwaited(target)) return;
  if (event.type === "click" && isTicked(target)) return;
  // With a key held down a click is the browser's own: another tab, a selection.
  if (event instanceof MouseEvent && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  // Who does the same once more, since nothing seems to happen, means it once.
  deeds = deeds.filter((deed) => deed.type !== event.type || deed.target !== target);
  deeds.push({ type: event.type, target, again: again(event, target) });
}

for (const type of ["click", "change", "submit"]) window.addEventListener(type, hold, { capture: true });
