// A view's canvas: fields dragged into its places, or put there by keys and menus; every act is posted, and the canvas
// comes back as the draft then is.
import { announce, isTyping } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { say } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";
import { send } from "../act";
import { pathOf, placeOf, register } from "../placing";

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  const address = root.dataset.send ?? "";
  const reasons = JSON.parse(root.dataset.reasons || "{}") as Record<string, string>;
  const state = document.querySelector<HTMLFormElement>("#vw-state");
  const input = (name: string): HTMLInputElement | null => state?.querySelector<HTMLInputElement>(`[name=${name}]`) ?? null;
  let focused = "";
  const post = (act: string, values: Record<string, string>): void => void send(`${address}/${act}`, values);
  const tokens = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-put]")];
  const tokenAt = (place: string, path: string): HTMLElement | undefined => tokens().find((t) => pathOf(t) === path && placeOf(t) === place);

  // --- what is shown: the chosen thing, and references that are unfolded; both stay when the canvas comes again --------
  const choose = (at: string): void => {
    const box = input("at");
    if (box) box.value = at;
    const url = new URL(location.href);
    if (at) url.searchParams.set("at", at);
    else url.searchParams.delete("at");
    history.replaceState(history.state, "", url);
    document.body.dispatchEvent(new CustomEvent("view-chosen"));
  };
  const unfold = (path: string): void => {
    const box = input("open");
    if (!box) return;
    const open = box.value.split(",").filter(Boolean);
    box.value = (open.includes(path) ? open.filter((p) => p !== path && !p.startsWith(`${path}.`)) : [...open, path]).join(",");
    focused = `[data-along="${path}"]`;
    document.body.dispatchEvent(new CustomEvent("view-chosen"));
  };
  const find = (): void => {
    const text = root.querySelector<HTMLInputElement>("#vw-find")?.value.trim().toLowerCase() ?? "";
    root.querySelectorAll<HTMLElement>(".vp-i").forEach((item) => {
      const words = `${item.querySelector<HTMLElement>("[data-words]")?.dataset.words} ${item.querySelector<HTMLElement>("[data-path]")?.dataset.path}`;
      item.hidden = text !== "" && !words.toLowerCase().includes(text);
    });
  };

  // --- acts ---------------------------------------------------------------------------------------------------------
  const why = (element: HTMLElement, place: string): string => {
    const found = (element.dataset.unfit ?? "").split(" ").find((part) => part.startsWith(`${place}:`));
    return found ? (reasons[found.slice(place.length + 1)] ?? "") : "";
  };
  const put = (path: string, place: string, before: string, from: string): void => {
    focused = `#vt-${place}-${path.replaceAll(".", "-")} .vt-a`;
    post("put", { path, place, before, from });
  };
  const step = (token: HTMLElement, by: number): void => {
    const [path, place] = [pathOf(token), placeOf(token)];
    focused = `#vt-${place}-${path.replaceAll(".", "-")} .vt-a`;
    announce(say(root.dataset.moved, { field: token.dataset.words ?? "" }));
    post("move", { path, place, steps: String(by) });
  };
  const take = (token: HTMLElement): void => {
    const [path, place] = [pathOf(token), placeOf(token)];
    const near = (token.nextElementSibling ?? token.previousElementSibling) as HTMLElement | null;
    focused = near ? `#${near.id} .vt-a` : `#vs-${place} .add`;
    announce(say(root.dataset.taken, { field: token.dataset.words ?? "" }));
    post("take", { path, place });
  };
  // To the next place up or down that takes it.
  const shift = (token: HTMLElement, by: -1 | 1): void => {
    const places = [...root.querySelectorAll<HTMLElement>("[data-drop]")];
    let at = places.findIndex((p) => p.dataset.drop === placeOf(token)) + by;
    while (places[at] && why(token, places[at]!.dataset.drop ?? "")) at += by;
    const to = places[at]?.dataset.drop;
    if (!to) return;
    announce(say(to ? root.dataset.put : "", { place: places[at]!.dataset.words ?? "" }));
    put(pathOf(token), to, "", placeOf(token));
  };
  const walk = (token: HTMLElement, key: string): void => {
    const all = tokens();
    const at = all.indexOf(token);
    let to: HTMLElement | undefined;
    if (key === "ArrowLeft" || key === "ArrowRight") to = all[at + (key === "ArrowRight" ? 1 : -1)];
    else {
      const by = key === "ArrowDown" ? 1 : -1;
      for (let n = at + by; all[n] && !to; n += by) if (placeOf(all[n]!) !== placeOf(token)) to = all[n];
    }
    to?.querySelector<HTMLElement>(".vt-a")?.focus();
  };

  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (isTyping(target) || event.ctrlKey || event.metaKey) return;
    const token = target.closest<HTMLElement>("[data-put]");
    if (!token || !root.contains(token)) return;
    const { key, altKey } = event;
    if (altKey && (key === "ArrowLeft" || key === "ArrowRight")) step(token, key === "ArrowLeft" ? -1 : 1);
    else if (altKey && (key === "ArrowUp" || key === "ArrowDown")) shift(token, key === "ArrowUp" ? -1 : 1);
    else if (!altKey && key.startsWith("Arrow")) walk(token, key);
    else if (key === "Delete" || key === "Backspace") take(token);
    else if (key === "m") token.querySelector<HTMLElement>("[data-more]")?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    const chosen = target.closest<HTMLElement>("[data-choose]");
    const along = target.closest<HTMLElement>("[data-along]");
    const kind = target.closest<HTMLElement>("[data-type]");
    const done = target.closest<HTMLElement>("[data-do]");
    const turned = target.closest<HTMLElement>("[data-turn]");
    if (target.closest("[aria-disabled=true]")) event.preventDefault();
    else if (chosen) {
      event.preventDefault();
      choose(chosen.dataset.choose ?? "");
    } else if (along) unfold(along.dataset.along ?? "");
    else if (kind && root.contains(kind)) {
      if (kind.getAttribute("aria-pressed") !== "true") post("type", { type: kind.dataset.type ?? "" });
    } else if (turned) post("turn", { path: pathOf(turned.closest<HTMLElement>("[data-put]")!) });
    else if (done) {
      const { do: act = "", path = "", place = "", steps = "" } = done.dataset;
      const menu = document.querySelector<HTMLElement>("#vw-menu");
      const from = menu?.dataset.from ?? "";
      const token = tokenAt(place, path);
      if (act === "put") put(path, place, "", from);
      else if (act === "move" && token) step(token, Number(steps));
      else if (act === "take" && token) take(token);
      else if (act === "turn") post("turn", { path });
    }
    // The menu is one for all; it remembers whose it is.
    const opener = target.closest<HTMLElement>("[aria-controls=vw-menu]");
    const menu = document.querySelector<HTMLElement>("#vw-menu");
    if (opener && menu) menu.dataset.from = opener.closest("[data-put]") ? placeOf(opener) : "";
  };
  const onInput = (event: Event): void => {
    if ((event.target as HTMLElement).id === "vw-find") find();
  };

  // --- the canvas comes again ---------------------------------------------------------------------------------------
  let forget = (): void => undefined;
  const renew = (isCanvas: boolean): void => {
    forget();
    const { put: end = "", before = "", instead = "", shut = "" } = root.dataset;
    forget = register(root, {
      words: { put: end, before, instead, shut },
      why,
      dropped: (drop) => put(drop.path, drop.place, drop.before, drop.from),
    });
    find();
    if (focused && isCanvas) {
      const target = root.querySelector<HTMLElement>(focused);
      if (target) {
        target.focus({ preventScroll: true });
        focused = "";
      }
    }
  };
  const onSwap = (event: Event): void => {
    const { target } = event;
    if (!root.isConnected || !(target instanceof Element)) return;
    if (target.id === "vw-data" || target.id === "vw-menu") return;
    renew(target.id === "vw");
  };
  document.addEventListener("htmx:after:swap", onSwap, { signal });
  document.addEventListener("keydown", onKey, { signal, capture: true });
  document.addEventListener("click", onClick, { signal });
  root.addEventListener("input", onInput, { signal });
  renew(true);
  return () => forget();
}
