// `data-opens="id"` opens that <dialog> (a click, or a key elsewhere); a dialog with `data-open` opens as it arrives.
import { behaviour } from "../behaviour";

document.addEventListener("click", (event) => {
  const opener = (event.target as HTMLElement).closest<HTMLElement>("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens ?? "");
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
  }
  const closer = (event.target as HTMLElement).closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});

const BOX = ":is(input:not([type=hidden]),select,textarea)";

behaviour("dialog", (element) => {
  const dialog = element as HTMLDialogElement;
  const onClick = (event: Event): void => {
    if (event.target === dialog) dialog.close();
  };
  dialog.addEventListener("click", onClick);
  if (dialog.dataset.open !== undefined) {
    // Where the markup says `autofocus` the browser puts the focus; what is wrong, or is to be filled in at once, goes before.
    dialog.showModal();
    const wrong = dialog.querySelector<HTMLElement>(`${BOX}[aria-invalid=true]`);
    (wrong ?? dialog.querySelector<HTMLElement>(`[data-first] ${BOX}`))?.focus();
  }
  return () => dialog.removeEventListener("click", onClick);
});
