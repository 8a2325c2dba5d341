// A toast stays ten seconds, waits while it is hovered or focused, goes once its undo is asked for, and takes its mark
// out of the address. At most three stand at once; the oldest goes first.
import { behaviour } from "../behaviour";

const STAYS_MS = 10_000;
const AT_ONCE = 3;

behaviour("toast", (toast) => {
  let timer = 0;
  const start = (): void => {
    timer = window.setTimeout(() => toast.remove(), STAYS_MS);
  };
  const wait = (): void => clearTimeout(timer);
  const url = new URL(location.href);
  for (const mark of ["done", "undo"]) url.searchParams.delete(mark);
  if (url.href !== location.href) history.replaceState(history.state, "", url);
  const standing = toast.parentElement?.querySelectorAll("[data-toast]") ?? [];
  [...standing].slice(0, -AT_ONCE).forEach((old) => old.remove());
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("focusout", start);
  // Not before the answer is put in its place: nothing is, once the form that asked is gone.
  toast.addEventListener("htmx:finally:request", () => toast.remove());
  start();
  return wait;
});
