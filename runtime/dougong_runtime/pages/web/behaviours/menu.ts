// A button that opens the floating thing named by `aria-controls`; arrows move inside, Esc and a click outside close.
import { autoUpdate, computePosition, flip, offset, shift, size } from "@floating-ui/dom";
import { behaviour } from "../behaviour";

/** Keep `floating` beside `anchor` until the returned function is called. */
export function float(anchor: HTMLElement, floating: HTMLElement, sameWidth = false): () => void {
  // On a phone a sheet rises from below instead; its place is the style sheet's.
  if (floating.dataset.sheet !== undefined && matchMedia("(max-width: 640px)").matches) {
    for (const name of ["left", "top", "max-block-size", "inline-size"]) floating.style.removeProperty(name);
    return () => undefined;
  }
  return autoUpdate(anchor, floating, () => {
    void computePosition(anchor, floating, {
      strategy: "fixed",
      placement: "bottom-start",
      middleware: [
        offset(4),
        flip({ padding: 8 }),
        shift({ padding: 8 }),
        size({
          padding: 8,
          apply: ({ availableHeight, rects }) => {
            floating.style.setProperty("max-block-size", `${Math.max(160, availableHeight)}px`);
            if (sameWidth) floating.style.setProperty("inline-size", `${rects.reference.width}px`);
          },
        }),
      ],
    }).then(({ x, y }) => {
      floating.style.setProperty("left", `${x}px`);
      floating.style.setProperty("top", `${y}px`);
    });
  });
}

behaviour("menu", (button) => {
  // Asked each time: a fragment may have made another button of this one.
  const menuOf = (): HTMLElement | null => document.getElementById(button.getAttribute("aria-controls") ?? "");
  let opened: HTMLElement | undefined;
  let stop: (() => void) | undefined;
  const items = (menu: HTMLElement): HTMLElement[] =>
    [...menu.querySelectorAll<HTMLElement>("a[href],button,input,select,textarea")].filter((e) => e.offsetParent !== null);
  const isOpen = (): boolean => opened !== undefined && opened.isConnected && !opened.hidden;

  const close = (back = true): void => {
    const was = isOpen();
    if (opened) opened.hidden = true;
    opened = undefined;
    stop?.();
    stop = undefined;
    button.setAttribute("aria-expanded", "false");
    if (was && back) button.focus();
  };
  const open = (): void => {
    const menu = menuOf();
    if (!menu) return;
    stop?.();
    opened = menu;
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    stop = float(button, menu);
    (menu.querySelector<HTMLElement>("[autofocus]") ?? items(menu)[0])?.focus();
  };
  const onButton = (): void => (isOpen() ? close() : open());
  const onOutside = (event: Event): void => {
    const target = event.target as Node;
    if (isOpen() && !opened?.contains(target) && !button.contains(target)) close(false);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!opened || !isOpen()) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (opened.getAttribute("role") === "menu" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const all = items(opened);
      const at = all.indexOf(document.activeElement as HTMLElement);
      all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
    }
  };
  const onInside = (event: Event): void => {
    const target = event.target as HTMLElement;
    if (isOpen() && opened?.contains(target) && target.closest("[data-close]")) close();
  };
  button.addEventListener("click", onButton);
  document.addEventListener("click", onInside);
  document.addEventListener("pointerdown", onOutside);
  document.addEventListener("keydown", onKey, true);
  return () => {
    close(false);
    button.removeEventListener("click", onButton);
    document.removeEventListener("click", onInside);
    document.removeEventListener("pointerdown", onOutside);
    document.removeEventListener("keydown", onKey, true);
  };
});
