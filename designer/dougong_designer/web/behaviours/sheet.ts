// The columns of a spreadsheet: a column that is left out fades, and a reference asks to what.
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

export const connect: Connect = (root, signal) => {
  const onChange = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const row = input.closest<HTMLElement>("[data-column]");
    if (!row) return;
    if (input.dataset.take !== undefined) row.classList.toggle("left", !input.checked);
    if (input.dataset.type !== undefined) {
      const to = row.querySelector<HTMLSelectElement>("[data-to]");
      if (!to) return;
      to.hidden = to.disabled = input.value !== "reference" && input.value !== "references";
    }
  };
  root.addEventListener("change", onChange, { signal });
};
