// A button that opens the browser's own way of printing.
export function connect(button: HTMLElement): () => void {
  const onClick = (): void => window.print();
  button.addEventListener("click", onClick);
  return () => button.removeEventListener("click", onClick);
}
