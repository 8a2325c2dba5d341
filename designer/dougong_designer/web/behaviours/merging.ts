// A merge by keys: 1 takes the draft's value of the conflict that has the focus, 2 the new version's, and goes on to
// the next.
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

export const connect: Connect = (element, signal) => {
  const conflicts = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>("[data-conflict]")];
  const onKey = (event: KeyboardEvent): void => {
    if ((event.key !== "1" && event.key !== "2") || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = conflicts();
    const open = all.find((one) => !one.querySelector("input:checked"));
    const here = all.find((one) => one.contains(document.activeElement)) ?? open ?? all[0];
    const input = here?.querySelector<HTMLInputElement>(`input[data-side="${event.key}"]`);
    if (!here || !input) return;
    event.preventDefault();
    input.checked = true;
    const next = all[all.indexOf(here) + 1];
    (next?.querySelector<HTMLInputElement>("input:checked") ?? next?.querySelector<HTMLInputElement>("input"))?.focus();
    if (!next) element.querySelector<HTMLButtonElement>("button[type=submit]")?.focus();
  };
  document.addEventListener("keydown", onKey, { signal });
};
