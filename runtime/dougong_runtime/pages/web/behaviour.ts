// What attaches a behaviour to markup: an element names one or more in `data-behaviour`; each is connected when the
// markup arrives (page load, htmx swap) and disconnected when it goes. The server's HTML is the state.
export type Connect = (element: HTMLElement) => void | (() => void);

const known = new Map<string, Connect>();
const connected = new WeakMap<Element, Map<string, (() => void) | undefined>>();

export function behaviour(name: string, connect: Connect): void {
  known.set(name, connect);
}

/** A behaviour whose code is fetched when markup that names it is first met. */
export function lazily(name: string, load: () => Promise<{ connect: Connect }>): void {
  known.set(name, (element) => {
    let end: (() => void) | undefined;
    let gone = false;
    void load().then(({ connect }) => {
      if (!gone) end = connect(element) ?? undefined;
    });
    return () => {
      gone = true;
      end?.();
    };
  });
}

function each(root: Element, visit: (element: HTMLElement) => void): void {
  if (root.matches?.("[data-behaviour]")) visit(root as HTMLElement);
  root.querySelectorAll?.<HTMLElement>("[data-behaviour]").forEach(visit);
}

export function connectAll(root: Element): void {
  each(root, (element) => {
    const mine = connected.get(element) ?? new Map<string, (() => void) | undefined>();
    for (const name of (element.dataset.behaviour ?? "").split(/\s+/).filter(Boolean)) {
      const connect = known.get(name);
      if (!connect || mine.has(name)) continue;
      mine.set(name, connect(element) ?? undefined);
    }
    connected.set(element, mine);
  });
}

export function disconnectAll(root: Element): void {
  each(root, (element) => {
    connected.get(element)?.forEach((end) => end?.());
    connected.delete(element);
  });
}

/** Say something to those who hear the page rather than see it. */
export function announce(text: string): void {
  const region = document.querySelector("[data-announce]");
  if (region) region.textContent = text;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button|submit)$/.test(target.type))
  );
}
