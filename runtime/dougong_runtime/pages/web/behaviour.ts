// What attaches a behaviour to markup: an element names one or more in `data-behaviour`; each is connected when the
// markup arrives (page load, htmx swap) and disconnected when it goes. The server's HTML is the state.
// What it hears by `signal` it hears no longer when the markup goes; whatever else there is to end, it gives back.
import { awaits } from "./early";

export type Connect = (element: HTMLElement, signal: AbortSignal) => void | (() => void);

const known = new Map<string, Connect>();
const connected = new WeakMap<Element, Map<string, AbortController>>();

function begin(connect: Connect, element: HTMLElement): AbortController {
  const life = new AbortController();
  const end = connect(element, life.signal);
  if (end) life.signal.addEventListener("abort", end);
  return life;
}

export function behaviour(name: string, connect: Connect): void {
  known.set(name, connect);
}

let coming = 0;
function count(by: 1 | -1): void {
  coming += by;
  document.documentElement.toggleAttribute("data-connecting", coming > 0);
}

/** While code is on its way the page says so: a program that drives it waits. */
export async function whileComing(code: Promise<unknown>): Promise<void> {
  count(1);
  try {
    await code;
  } finally {
    count(-1);
  }
}

/** A behaviour whose code is fetched when markup that names it is first met. */
export function lazily(name: string, load: () => Promise<{ connect: Connect }>): void {
  let here: Connect | undefined;
  known.set(name, (element, signal) => {
    if (here) return here(element, signal);
    const come = awaits(element);
    const code = load().then(({ connect }) => {
      here = connect;
      if (signal.aborted) return;
      const life = begin(connect, element);
      signal.addEventListener("abort", () => life.abort());
    });
    void whileComing(code).finally(come);
  });
}

function each(root: Element, visit: (element: HTMLElement) => void): void {
  if (root.matches?.("[data-behaviour]")) visit(root as HTMLElement);
  root.querySelectorAll?.<HTMLElement>("[data-behaviour]").forEach(visit);
}

export function connectAll(root: Element): void {
  each(root, (element) => {
    const mine = connected.get(element) ?? new Map<string, AbortController>();
    for (const name of (element.dataset.behaviour ?? "").split(/\s+/).filter(Boolean)) {
      const connect = known.get(name);
      if (!connect || mine.has(name)) continue;
      mine.set(name, begin(connect, element));
    }
    connected.set(element, mine);
  });
}

export function disconnectAll(root: Element): void {
  each(root, (element) => {
    connected.get(element)?.forEach((life) => life.abort());
    connected.delete(element);
  });
}

/** Say something to those who hear the page rather than see it. */
export function announce(text: string): void {
  const region = document.querySelector("[data-announce]");
  if (region) region.textContent = text;
}

/** The focus for a thing whose turn has come by an answer: only where what had it has gone, never from somebody who has gone on. */
export function focusNext(thing: HTMLElement | null | undefined): void {
  if (document.activeElement === document.body) thing?.focus();
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button|submit)$/.test(target.type)) &&
    // The box of what was just closed has the focus until the page is drawn again.
    target.checkVisibility()
  );
}
