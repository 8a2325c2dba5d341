// The frame: it remembers the revision that is shown.
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

export const connect: Connect = (element) => {
  const changed = (event: Event): void => {
    const { revision } = (event as CustomEvent<{ revision?: number }>).detail ?? {};
    if (revision) element.dataset.revision = String(revision);
  };
  document.body.addEventListener("draft-changed", changed);
  return () => document.body.removeEventListener("draft-changed", changed);
};
