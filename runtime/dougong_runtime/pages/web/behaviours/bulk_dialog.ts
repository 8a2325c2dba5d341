// A dialog of an act on many records: what it is asked for stands first, and the field that was just chosen keeps the focus.
let chosen = false;

export function connect(dialog: HTMLElement): () => void {
  const onChange = (event: Event): void => {
    chosen = (event.target as HTMLElement).id === "bulk-field";
  };
  const wrong = dialog.querySelector<HTMLElement>("[aria-invalid=true]");
  const next = dialog.querySelector<HTMLElement>("[data-first] :is(input:not([type=hidden]),select,textarea)");
  const first = chosen ? dialog.querySelector<HTMLElement>("#bulk-field") : (wrong ?? next);
  (first ?? dialog.querySelector<HTMLElement>("h2"))?.focus();
  chosen = false;
  dialog.addEventListener("change", onChange);
  return () => dialog.removeEventListener("change", onChange);
}
