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

behaviour("dialog", (element) => {
  const dialog = element as HTMLDialogElement;
  const onClick = (event: Event): void => {
    if (event.target === dialog) dialog.close();
  };
  dialog.addEventListener("click", onClick);
  if (dialog.dataset.open !== undefined) dialog.showModal();
  return () => dialog.removeEventListener("click", onClick);
});
