// A small form, menu or refusal that stands beside the card it is about; Esc and a click outside close it, and focus
// goes back to the card.
import { float } from "./menu";

export function connect(asked: HTMLElement): () => void {
  const card = document.getElementById(`c-${asked.dataset.of}`);
  const anchor = card ?? document.getElementById("list");
  const stop = anchor ? float(anchor, asked) : undefined;
  const items = (): HTMLElement[] => [
    ...asked.querySelectorAll<HTMLElement>("a[href],button:not([type=hidden]),input:not([type=hidden]),select,textarea"),
  ].filter((e) => e.offsetParent !== null);

  const close = (): void => {
    const back = card?.querySelector<HTMLElement>("a[href]");
    asked.remove();
    back?.focus({ preventScroll: true });
  };
  const onOutside = (event: Event): void => {
    if (!asked.contains(event.target as Node)) asked.remove();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else if (asked.getAttribute("role") === "menu" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const all = items();
      const at = all.indexOf(document.activeElement as HTMLElement);
      all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    if (target.closest("[data-dismiss]")) close();
    else if (target.closest("[aria-disabled=true]")) event.preventDefault();
  };
  asked.addEventListener("click", onClick);
  document.addEventListener("pointerdown", onOutside);
  document.addEventListener("keydown", onKey, true);
  const first =
    asked.getAttribute("role") === "menu"
      ? items().find((b) => b.getAttribute("aria-disabled") !== "true")
      : (asked.querySelector<HTMLElement>("input:not([type=hidden]),select,textarea") ?? asked.querySelector<HTMLElement>("#ask-title"));
  (first ?? items()[0])?.focus({ preventScroll: true });
  return () => {
    stop?.();
    asked.removeEventListener("click", onClick);
    document.removeEventListener("pointerdown", onOutside);
    document.removeEventListener("keydown", onKey, true);
  };
}
