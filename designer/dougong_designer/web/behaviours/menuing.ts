// The menu's canvas: items dragged between groups, groups among each other, and the same by keys and menus.
import { announce } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { say } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";
import { send } from "../act";
import { places, standing } from "../places";
import { pathOf, placeOf } from "../placing";

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  const post = (act: string, values: Record<string, string>): void => void send(`menu/${act}`, values);
  const placeAround = (one: HTMLElement): string => placeOf(one.parentElement);
  const idOf = (place: string, path: string): string => (place === "groups" ? `#mg-${path}` : `#mi-${place}-${path.replace(":", "-")}`);

  const put = (path: string, place: string, before: string, from: string): void => {
    menu.focusNext(`${idOf(place, path)} .mg-a`);
    post("put", { path, place, before, from });
  };
  const step = (one: HTMLElement, by: 1 | -1): void => {
    const [path, place] = [pathOf(one), placeAround(one)];
    // At its group's end it goes on into the next, where it is found by its path.
    menu.focusNext(place === "groups" ? `#mg-${path} .mg-a` : `[data-put="${path}"] .mg-a`);
    announce(say(root.dataset.moved, { field: one.dataset.words ?? "" }));
    post("move", { path, place, steps: String(by) });
  };
  const take = (one: HTMLElement): void => {
    const near = [one.nextElementSibling, one.previousElementSibling].find((e) => e instanceof HTMLElement && e.id);
    menu.focusNext(near ? `#${near.id} .mg-a` : "[data-new-group]");
    announce(say(root.dataset.taken, { field: one.dataset.words ?? "" }));
    post("take", { path: pathOf(one), place: placeAround(one) });
  };
  const key = (one: HTMLElement, { key, altKey }: KeyboardEvent): boolean => {
    if (altKey && (key === "ArrowUp" || key === "ArrowDown")) step(one, key === "ArrowUp" ? -1 : 1);
    else if (!altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      const every = menu.all();
      every[every.indexOf(one) + (key === "ArrowDown" ? 1 : -1)]?.querySelector<HTMLElement>(".mg-a")?.focus();
    } else if (key === "Delete" || key === "Backspace") take(one);
    else return false;
    return true;
  };
  const menu = places(root, signal, {
    id: "mn",
    apart: ["menu", "side"],
    chosen: "menu-chosen",
    menuOf: (one) => (one.dataset.kind === "group" ? "" : placeAround(one)),
    key,
    why: () => "",
    dropped: (drop) => put(drop.path, drop.place, drop.before, drop.place === "groups" ? "" : drop.from),
  });

  const onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    const chosen = target.closest<HTMLElement>("[data-choose]");
    const done = target.closest<HTMLElement>("[data-do]");
    if (chosen) {
      event.preventDefault();
      menu.choose(chosen.dataset.choose ?? "");
    } else if (target.closest("[data-new-group]")) {
      menu.focusNext(".mg-s:last-of-type .mg-a");
      post("group", {});
    } else if (done) {
      const { do: act = "", path = "", place = "", steps = "" } = done.dataset;
      const one = standing(menu.all(), path, place, placeAround);
      if (act === "put") put(path, place, "", menu.menuFrom());
      else if (act === "move" && one) step(one, steps === "-1" ? -1 : 1);
      else if (act === "take" && one) take(one);
      else if (act === "group") {
        menu.focusNext(`[data-put="${path}"] .mg-a`);
        post("group", { path, from: menu.menuFrom() });
      }
    }
  };
  document.addEventListener("click", onClick, { signal });
  return menu.end;
}
