// A dialog of an act on many records: what it is asked for stands first, and the field that was just chosen keeps the focus.
let chosen = false;

export function connect(dialog: HTMLElement): () => void {
  const onChange = (event: Event): void => {
    chosen = (event.target as HTMLElement).id === "bulk-field";
  };
  const first = dialog.querySelector<HTMLElement>(chosen ? "#bulk-field" : ".err:not([hidden]) ~ * input, [aria-invalid=true]");
  (first ?? dialog.querySelector<HTMLElement>("h2"))?.focus();
  chosen = false;
  dialog.addEventListener("change", onChange);
  return () => dialog.removeEventListener("change", onChange);
}
