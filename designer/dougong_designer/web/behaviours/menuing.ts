// The menu's canvas: items dragged between groups, groups among each other, and the same by keys and menus.
import { announce, isTyping } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { say } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";
import { send } from "../act";
import { pathOf, placeOf, register } from "../placing";

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  let focused = "";
  const post = (act: string, values: Record<string, string>): void => void send(`menu/${act}`, values);
  const all = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-put]")];
  const placeAround = (one: HTMLElement): string => placeOf(one.parentElement);
  const at = (place: string, path: string): HTMLElement | undefined => all().find((one) => pathOf(one) === path && placeAround(one) === place);
  const idOf = (place: string, path: string): string => (place === "groups" ? `#mg-${path}` : `#mi-${place}-${path.replace(":", "-")}`);

  const choose = (what: string): void => {
    const box = document.querySelector<HTMLInputElement>("#mn-state [name=at]");
    if (box) box.value = what;
    const url = new URL(location.href);
    if (what) url.searchParams.set("at", what);
    else url.searchParams.delete("at");
    history.replaceState(history.state, "", url);
    document.body.dispatchEvent(new CustomEvent("menu-chosen"));
  };
  const put = (path: string, place: string, before: string, from: string): void => {
    focused = `${idOf(place, path)} .mg-a`;
    post("put", { path, place, before, from });
  };
  const step = (one: HTMLElement, by: 1 | -1): void => {
    const [path, place] = [pathOf(one), placeAround(one)];
    // At its group's end it goes on into the next, where it is found by its path.
    focused = place === "groups" ? `#mg-${path} .mg-a` : `[data-put="${path}"] .mg-a`;
    announce(say(root.dataset.moved, { field: one.dataset.words ?? "" }));
    post("move", { path, place, steps: String(by) });
  };
  const take = (one: HTMLElement): void => {
    const near = [one.nextElementSibling, one.previousElementSibling].find((e) => e instanceof HTMLElement && e.id);
    focused = near ? `#${near.id} .mg-a` : "[data-new-group]";
    announce(say(root.dataset.taken, { field: one.dataset.words ?? "" }));
    post("take", { path: pathOf(one), place: placeAround(one) });
  };
  const find = (): void => {
    const text = root.querySelector<HTMLInputElement>("#mn-find")?.value.trim().toLowerCase() ?? "";
    root.querySelectorAll<HTMLElement>(".vp-i").forEach((item) => {
      const { words = "", path = "" } = item.querySelector<HTMLElement>("[data-words]")?.dataset ?? {};
      item.hidden = text !== "" && !`${words} ${path}`.toLowerCase().includes(text);
    });
  };

  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (isTyping(target) || event.ctrlKey || event.metaKey) return;
    const one = target.closest<HTMLElement>("[data-put]");
    if (!one || !root.contains(one)) return;
    const { key, altKey } = event;
    if (altKey && (key === "ArrowUp" || key === "ArrowDown")) step(one, key === "ArrowUp" ? -1 : 1);
    else if (!altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      const every = all();
      every[every.indexOf(one) + (key === "ArrowDown" ? 1 : -1)]?.querySelector<HTMLElement>(".mg-a")?.focus();
    } else if (key === "Delete" || key === "Backspace") take(one);
    else if (key === "m") one.querySelector<HTMLElement>("[data-more]")?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    const chosen = target.closest<HTMLElement>("[data-choose]");
    const done = target.closest<HTMLElement>("[data-do]");
    if (chosen) {
      event.preventDefault();
      choose(chosen.dataset.choose ?? "");
    } else if (target.closest("[data-new-group]")) {
      focused = ".mg-s:last-of-type .mg-a";
      post("group", {});
    } else if (done) {
      const { do: act = "", path = "", place = "", steps = "" } = done.dataset;
      const from = document.querySelector<HTMLElement>("#mn-menu")?.dataset.from ?? "";
      const one = at(place, path);
      if (act === "put") put(path, place, "", from);
      else if (act === "move" && one) step(one, steps === "-1" ? -1 : 1);
      else if (act === "take" && one) take(one);
      else if (act === "group") {
        focused = `[data-put="${path}"] .mg-a`;
        post("group", { path, from });
      }
    }
    // The menu is one for all; it remembers whose it is.
    const opener = target.closest<HTMLElement>("[aria-controls=mn-menu]");
    const menu = document.querySelector<HTMLElement>("#mn-menu");
    const owner = opener?.closest<HTMLElement>("[data-put]");
    if (opener && menu) menu.dataset.from = owner && owner.dataset.kind !== "group" ? placeAround(owner) : "";
  };
  const onInput = (event: Event): void => {
    if ((event.target as HTMLElement).id === "mn-find") find();
  };

  let forget = (): void => undefined;
  const renew = (isCanvas: boolean): void => {
    forget();
    const { put: end = "", before = "", instead = "", shut = "" } = root.dataset;
    forget = register(root, {
      words: { put: end, before, instead, shut },
      why: () => "",
      dropped: (drop) => put(drop.path, drop.place, drop.before, drop.place === "groups" ? "" : drop.from),
    });
    find();
    const target = focused && isCanvas ? root.querySelector<HTMLElement>(focused) : null;
    if (target) {
      target.focus({ preventScroll: true });
      focused = "";
    }
  };
  const onSwap = (event: Event): void => {
    const { target } = event;
    if (root.isConnected && target instanceof Element && target.id !== "mn-menu" && target.id !== "mn-side") renew(target.id === "mn");
  };
  document.addEventListener("htmx:after:swap", onSwap, { signal });
  document.addEventListener("keydown", onKey, { signal, capture: true });
  document.addEventListener("click", onClick, { signal });
  root.addEventListener("input", onInput, { signal });
  renew(true);
  return () => forget();
}
