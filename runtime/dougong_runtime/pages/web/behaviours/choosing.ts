// Rows of a form chosen by ticks: all at once, a count of them, and a bar that shows while there are any.
import type { Connect } from "../behaviour";

export const connect: Connect = (form) => {
  const every = form.querySelector<HTMLInputElement>("[data-choose-all]");
  const bar = form.querySelector<HTMLElement>("[data-chosen]");
  const words = form.querySelector<HTMLElement>("[data-chosen-words]");
  const boxes = (): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>("tbody .check")];

  const show = (): void => {
    const all = boxes();
    const chosen = all.filter((box) => box.checked).length;
    if (every) {
      every.checked = chosen > 0 && chosen === all.length;
      every.indeterminate = chosen > 0 && chosen < all.length;
    }
    if (bar) bar.hidden = chosen === 0;
    if (words) words.textContent = (words.dataset.chosenWords ?? "{n}").replace("{n}", String(chosen));
  };
  const onChange = (event: Event): void => {
    if (event.target === every && every) for (const box of boxes()) box.checked = every.checked;
    show();
  };
  // The button of one row is for that row alone, whatever else is ticked.
  const onClick = (event: Event): void => {
    if (!(event.target as Element).closest("[data-alone]")) return;
    for (const box of boxes()) box.checked = false;
  };
  form.addEventListener("change", onChange);
  form.addEventListener("click", onClick);
  show();
  return () => {
    form.removeEventListener("change", onChange);
    form.removeEventListener("click", onClick);
  };
};
