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
  const id = button.getAttribute("aria-controls") ?? "";
  const beside = button.nextElementSibling as HTMLElement | null;
  const menu = beside?.id === id ? beside : document.getElementById(id);
  if (!menu) return;
  let stop: (() => void) | undefined;
  const items = (): HTMLElement[] =>
    [...menu.querySelectorAll<HTMLElement>("a[href],button,input,select,textarea")].filter((e) => e.offsetParent !== null);

  const close = (back = true): void => {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    stop?.();
    stop = undefined;
    if (back) button.focus();
  };
  const open = (): void => {
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    stop?.();
    stop = float(button, menu);
    (menu.querySelector<HTMLElement>("[autofocus]") ?? items()[0])?.focus();
  };
  const onButton = (): void => (menu.hidden ? open() : close());
  const onOutside = (event: Event): void => {
    const target = event.target as Node;
    if (!menu.hidden && !menu.contains(target) && !button.contains(target)) close(false);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (menu.hidden) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (menu.getAttribute("role") === "menu" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
    }
  };
  const onRequest = (event: Event): void => {
    if ((event.target as HTMLElement).closest("[data-close]")) close();
  };
  button.addEventListener("click", onButton);
  menu.addEventListener("click", onRequest);
  document.addEventListener("pointerdown", onOutside);
  document.addEventListener("keydown", onKey, true);
  return () => {
    close(false);
    button.removeEventListener("click", onButton);
    menu.removeEventListener("click", onRequest);
    document.removeEventListener("pointerdown", onOutside);
    document.removeEventListener("keydown", onKey, true);
  };
});
