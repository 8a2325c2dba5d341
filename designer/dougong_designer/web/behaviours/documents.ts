// The tree of documents: what was folded stays folded, what was typed to narrow it stays in force when it is drawn
// again, and each document has one menu of what is done with it as a whole.
import htmx from "htmx.org";
import { float } from "../../../../runtime/dougong_runtime/pages/web/behaviours/menu";
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { send, studio } from "../act";

export const connect: Connect = (tree) => {
  const menu = document.getElementById("s-tree-menu");
  let opener: HTMLElement | undefined;
  let stop: (() => void) | undefined;
  // Opening as it is drawn tells itself as well: only what a person did is remembered.
  const known = new Map([...tree.querySelectorAll<HTMLDetailsElement>("[data-group]")].map((g) => [g.dataset.group, g.open]));

  const close = (back: boolean): void => {
    if (!menu || !opener) return;
    menu.hidden = true;
    stop?.();
    opener.setAttribute("aria-expanded", "false");
    if (back) opener.focus();
    opener = undefined;
  };
  const open = (button: HTMLElement): void => {
    if (!menu) return;
    close(false);
    opener = button;
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    stop = float(button, menu);
    menu.querySelector<HTMLElement>("button")?.focus();
  };
  const run = (what: string, key: string): void => {
    const address = `${studio()?.dataset.studio ?? ""}/document/${what}`;
    if (what === "duplicate") void send(`document/${what}`, { key });
    else void htmx.ajax("GET", `${address}?key=${encodeURIComponent(key)}`, { target: "#s-dialogs", swap: "innerHTML", source: "#s-dialogs" });
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const button = target.closest<HTMLElement>("[data-tree-menu]");
    const chosen = target.closest<HTMLElement>("#s-tree-menu [data-do]");
    if (button) {
      if (button === opener) close(true);
      else open(button);
    } else if (chosen && opener) {
      const key = opener.dataset.treeMenu ?? "";
      close(true);
      run(chosen.dataset.do ?? "", key);
    } else if (opener && !menu?.contains(target)) close(false);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!opener || !menu) return;
    const items = [...menu.querySelectorAll<HTMLElement>("button")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape") close(true);
    else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(at + items.length - 1) % items.length]?.focus();
    else if (event.key === "Tab") {
      close(true);
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onToggle = (event: Event): void => {
    const group = event.target as HTMLDetailsElement;
    const kind = group.dataset?.group;
    if (!kind || group.dataset.drawn !== undefined || known.get(kind) === group.open) return;
    known.set(kind, group.open);
    void send("fold", { kind, open: group.open ? "1" : "" });
  };
  const box = tree.querySelector<HTMLInputElement>("[data-find]");
  /** Groups with something that was looked for are open while one looks. */
  const narrowed = (): void => {
    const words = (box?.value ?? "").trim();
    tree.toggleAttribute("data-narrowed", words !== "");
    tree.querySelectorAll<HTMLDetailsElement>("[data-group]").forEach((group) => {
      const found = group.querySelector("[data-words]:not([hidden])") !== null;
      group.hidden = words !== "" && !found;
      if (words === "" && group.dataset.drawn === undefined) return;
      if (words === "") {
        group.open = group.dataset.drawn === "1";
        window.setTimeout(() => delete group.dataset.drawn);
      } else {
        group.dataset.drawn ??= group.open ? "1" : "";
        group.open = found;
      }
    });
  };
  const onInput = (): void => window.setTimeout(narrowed) as unknown as void;
  const onSwap = (): void => {
    if (box?.value) box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  tree.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey, true);
  tree.addEventListener("toggle", onToggle, true);
  box?.addEventListener("input", onInput);
  tree.addEventListener("htmx:after:swap", onSwap);
  // What was typed before this was here counts as well.
  onSwap();
  const onShown = (event: Event): void => {
    const shown = (event.target as HTMLElement).querySelector?.<HTMLInputElement>("[data-shown]");
    if (shown) shown.value = studio()?.dataset.keyShown ?? "";
  };
  document.addEventListener("submit", onShown, true);
  return () => {
    close(false);
    document.removeEventListener("click", onClick);
    document.removeEventListener("keydown", onKey, true);
    document.removeEventListener("submit", onShown, true);
    tree.removeEventListener("toggle", onToggle, true);
    box?.removeEventListener("input", onInput);
    tree.removeEventListener("htmx:after:swap", onSwap);
  };
};
