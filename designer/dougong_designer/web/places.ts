// What canvases of places have in common: what is chosen stands in the address, the palette is searched, things are dragged
// and named by keys, one menu serves them all and remembers whose it is; and when the canvas comes again, all of that
// goes on, with the focus where the last act wants it.
import { isTyping } from "../../../runtime/dougong_runtime/pages/web/behaviour";
import { whenFree } from "../../../runtime/dougong_runtime/pages/web/carrying";
import { type Placing, pathOf, register } from "./placing";

export interface Canvas extends Omit<Placing, "words"> {
  /** What ids begin with: `vw` for `#vw`, `#vw-state`, `#vw-find` and `#vw-menu`. */
  id: string;
  /** Parts of the page below the canvas that come alone, by the ends of their ids. */
  apart: string[];
  /** Event that tells the page's parts that something else is chosen. */
  chosen: string;
  /** The place from which the menu moves a thing that stands in one. */
  menuOf: (thing: HTMLElement) => string;
  /** What a key does with a thing; false where it does nothing. */
  key: (thing: HTMLElement, event: KeyboardEvent) => boolean;
}

export interface Places {
  all: () => HTMLElement[];
  choose: (at: string) => void;
  /** What is focused when the canvas comes again. */
  focusNext: (selector: string) => void;
  /** The place from which the open menu moves its thing; empty for the palette's. */
  menuFrom: () => string;
  /** The page's parts are asked for again; the focus goes there. */
  refresh: (focus: string) => void;
  end: () => void;
}

export function places(root: HTMLElement, signal: AbortSignal, canvas: Canvas): Places {
  let focused = "";
  let forget = (): void => undefined;
  const part = <T extends HTMLElement>(end: string): T | null => document.querySelector<T>(`#${canvas.id}-${end}`);
  const told = (): unknown => document.body.dispatchEvent(new CustomEvent(canvas.chosen));
  const all = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-put]")];

  const choose = (at: string): void => {
    const box = part("state")?.querySelector<HTMLInputElement>("[name=at]");
    if (box) box.value = at;
    const url = new URL(location.href);
    if (at) url.searchParams.set("at", at);
    else url.searchParams.delete("at");
    history.replaceState(history.state, "", url);
    told();
  };
  const find = (): void => {
    const text = part<HTMLInputElement>("find")?.value.trim().toLowerCase() ?? "";
    root.querySelectorAll<HTMLElement>(".vp-i").forEach((item) => {
      const { words = "" } = item.querySelector<HTMLElement>("[data-words]")?.dataset ?? {};
      const { path = "" } = item.querySelector<HTMLElement>("[data-path]")?.dataset ?? {};
      item.hidden = text !== "" && !`${words} ${path}`.toLowerCase().includes(text);
    });
  };
  const ready = (): void => {
    forget();
    const { put = "", before = "", instead = "", shut = "" } = root.dataset;
    forget = register(root, { words: { put, before, instead, shut }, why: canvas.why, dropped: canvas.dropped });
  };
  const renew = (isCanvas: boolean): void => {
    whenFree(ready);
    find();
    const target = focused && isCanvas ? root.querySelector<HTMLElement>(focused) : null;
    if (!target) return;
    target.focus({ preventScroll: true });
    focused = "";
  };

  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (isTyping(target) || event.ctrlKey || event.metaKey) return;
    const thing = target.closest<HTMLElement>("[data-put]");
    if (!thing || !root.contains(thing)) return;
    if (event.key === "m") thing.querySelector<HTMLElement>("[data-more]")?.click();
    else if (!canvas.key(thing, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  // The menu is one for all; it remembers whose it is.
  const onMenu = (event: Event): void => {
    const opener = (event.target as HTMLElement).closest<HTMLElement>(`[aria-controls=${canvas.id}-menu]`);
    const menu = part("menu");
    const owner = opener?.closest<HTMLElement>("[data-put]");
    if (opener && menu) menu.dataset.from = owner ? canvas.menuOf(owner) : "";
  };
  const onSwap = (event: Event): void => {
    const { target } = event;
    if (!root.isConnected || !(target instanceof Element)) return;
    if (!canvas.apart.some((end) => target.id === `${canvas.id}-${end}`)) renew(target.id === canvas.id);
  };
  document.addEventListener("htmx:after:swap", onSwap, { signal });
  document.addEventListener("keydown", onKey, { signal, capture: true });
  document.addEventListener("click", onMenu, { signal });
  root.addEventListener("input", (event) => (event.target as HTMLElement).id === `${canvas.id}-find` && find(), { signal });
  const focusNext = (selector: string): void => {
    focused = selector;
  };
  renew(true);
  return {
    all,
    choose,
    focusNext,
    menuFrom: () => part("menu")?.dataset.from ?? "",
    refresh: (focus) => {
      focusNext(focus);
      told();
    },
    end: () => forget(),
  };
}

/** The thing of a path that stands in a place, by what tells a thing's place. */
export const standing = (things: HTMLElement[], path: string, place: string, of: (thing: HTMLElement) => string): HTMLElement | undefined =>
  things.find((one) => pathOf(one) === path && of(one) === place);
