// The dialog in which both sides of a conflict are chosen from: all of one side at a stroke.
export function connect(dialog: HTMLElement): () => void {
  const onClick = (event: Event): void => {
    const side = (event.target as HTMLElement).closest<HTMLElement>("[data-all]")?.dataset.all;
    if (!side) return;
    dialog.querySelectorAll<HTMLInputElement>(`input[type=radio][value="${side}"]`).forEach((radio) => {
      radio.checked = true;
    });
  };
  dialog.addEventListener("click", onClick);
  return () => dialog.removeEventListener("click", onClick);
}
