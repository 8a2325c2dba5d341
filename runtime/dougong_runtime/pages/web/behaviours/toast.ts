// A toast stays ten seconds, waits while it is hovered or focused, and takes its mark out of the address.
import { behaviour } from "../behaviour";

const STAYS_MS = 10_000;

behaviour("toast", (toast) => {
  let timer = 0;
  const start = (): void => {
    timer = window.setTimeout(() => toast.remove(), STAYS_MS);
  };
  const wait = (): void => clearTimeout(timer);
  const url = new URL(location.href);
  for (const mark of ["done", "undo"]) url.searchParams.delete(mark);
  history.replaceState(history.state, "", url);
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("focusout", start);
  start();
  return wait;
});
