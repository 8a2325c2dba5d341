// A view's canvas: fields dragged into its places, or put there by keys and menus; every act is posted, and the canvas
// comes back as the draft then is.
import { announce } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { say } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";
import { send } from "../act";
import { places, standing } from "../places";
import { pathOf, placeOf } from "../placing";

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  const address = root.dataset.send ?? "";
  const reasons = JSON.parse(root.dataset.reasons || "{}") as Record<string, string>;
  const post = (act: string, values: Record<string, string>): void => void send(`${address}/${act}`, values);

  // References that are unfolded stay so when the canvas comes again.
  const unfold = (path: string): void => {
    const box = document.querySelector<HTMLInputElement>("#vw-state [name=open]");
    if (!box) return;
    const open = box.value.split(",").filter(Boolean);
    box.value = (open.includes(path) ? open.filter((p) => p !== path && !p.startsWith(`${path}.`)) : [...open, path]).join(",");
    view.refresh(`[data-along="${path}"]`);
  };

  // --- acts ---------------------------------------------------------------------------------------------------------
  const why = (element: HTMLElement, place: string): string => {
    const found = (element.dataset.unfit ?? "").split(" ").find((part) => part.startsWith(`${place}:`));
    return found ? (reasons[found.slice(place.length + 1)] ?? "") : "";
  };
  const put = (path: string, place: string, before: string, from: string): void => {
    view.focusNext(`#vt-${place}-${path.replaceAll(".", "-")} .vt-a`);
    post("put", { path, place, before, from });
  };
  const step = (token: HTMLElement, by: number): void => {
    const [path, place] = [pathOf(token), placeOf(token)];
    view.focusNext(`#vt-${place}-${path.replaceAll(".", "-")} .vt-a`);
    announce(say(root.dataset.moved, { field: token.dataset.words ?? "" }));
    post("move", { path, place, steps: String(by) });
  };
  const take = (token: HTMLElement): void => {
    const [path, place] = [pathOf(token), placeOf(token)];
    const near = (token.nextElementSibling ?? token.previousElementSibling) as HTMLElement | null;
    view.focusNext(near ? `#${near.id} .vt-a` : `#vs-${place} .add`);
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
    const all = view.all();
    const at = all.indexOf(token);
    let to: HTMLElement | undefined;
    if (key === "ArrowLeft" || key === "ArrowRight") to = all[at + (key === "ArrowRight" ? 1 : -1)];
    else {
      const by = key === "ArrowDown" ? 1 : -1;
      for (let n = at + by; all[n] && !to; n += by) if (placeOf(all[n]!) !== placeOf(token)) to = all[n];
    }
    to?.querySelector<HTMLElement>(".vt-a")?.focus();
  };

  const key = (token: HTMLElement, { key, altKey }: KeyboardEvent): boolean => {
    if (altKey && (key === "ArrowLeft" || key === "ArrowRight")) step(token, key === "ArrowLeft" ? -1 : 1);
    else if (altKey && (key === "ArrowUp" || key === "ArrowDown")) shift(token, key === "ArrowUp" ? -1 : 1);
    else if (!altKey && key.startsWith("Arrow")) walk(token, key);
    else if (key === "Delete" || key === "Backspace") take(token);
    else return false;
    return true;
  };
  const view = places(root, signal, {
    id: "vw",
    apart: ["data", "menu"],
    chosen: "view-chosen",
    menuOf: placeOf,
    key,
    why,
    dropped: (drop) => put(drop.path, drop.place, drop.before, drop.from),
  });

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
      view.choose(chosen.dataset.choose ?? "");
    } else if (along) unfold(along.dataset.along ?? "");
    else if (kind && root.contains(kind)) {
      if (kind.getAttribute("aria-pressed") !== "true") post("type", { type: kind.dataset.type ?? "" });
    } else if (turned) post("turn", { path: pathOf(turned.closest<HTMLElement>("[data-put]")!) });
    else if (done) {
      const { do: act = "", path = "", place = "", steps = "" } = done.dataset;
      const token = standing(view.all(), path, place, placeOf);
      if (act === "put") put(path, place, "", view.menuFrom());
      else if (act === "move" && token) step(token, Number(steps));
      else if (act === "take" && token) take(token);
      else if (act === "turn") post("turn", { path });
    }
  };
  document.addEventListener("click", onClick, { signal });
  return view.end;
}
