// Copies what stands in the box beside it, and says so.
import { announce } from "../behaviour";

export function connect(box: HTMLElement): () => void {
  const input = box.querySelector<HTMLInputElement>("input");
  const button = box.querySelector<HTMLElement>("[data-copy]");
  const onClick = (): void => {
    if (!input) return;
    input.select();
    const done = navigator.clipboard?.writeText(input.value) ?? Promise.reject(new Error("no clipboard"));
    void done.catch(() => document.execCommand("copy")).then(() => announce(box.dataset.said ?? ""));
  };
  button?.addEventListener("click", onClick);
  return () => button?.removeEventListener("click", onClick);
}
