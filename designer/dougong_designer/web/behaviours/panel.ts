// The property panel: it fetches itself again when the draft has changed, never under somebody's hands. What was typed
// and not yet saved stays; what is shown and not being edited follows the draft.
import htmx from "htmx.org";
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const controls = (panel: HTMLElement): Control[] => [...panel.querySelectorAll<Control>("input:not([type=hidden]),textarea,select")];

function isDirty(control: Control): boolean {
  if (control instanceof HTMLSelectElement) return [...control.options].some((o) => o.selected !== o.defaultSelected);
  if (control instanceof HTMLInputElement && control.type === "checkbox") return control.checked !== control.defaultChecked;
  return control.value !== control.defaultValue;
}

function reset(control: Control): void {
  if (control instanceof HTMLSelectElement) {
    const at = [...control.options].findIndex((o) => o.defaultSelected);
    control.selectedIndex = Math.max(at, 0);
  } else if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = control.defaultChecked;
  else control.value = control.defaultValue;
}

export const connect: Connect = (panel, signal) => {
  let waiting = false;
  let timer: number | undefined;
  const busy = (): boolean =>
    panel.querySelector("[aria-invalid=true]") !== null ||
    panel.querySelector(".htmx-request") !== null ||
    controls(panel).some((one) => one === document.activeElement && isDirty(one));
  const again = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (!panel.isConnected) return;
      waiting = busy();
      if (waiting) return;
      const base = document.querySelector<HTMLElement>("[data-studio]")?.dataset.studio ?? "";
      const path = `${base}/panel?at=${encodeURIComponent(panel.dataset.at ?? "")}`;
      void htmx.ajax("GET", path, { target: panel, swap: "outerMorph", source: panel });
    }, 60);
  };
  const left = (): void => {
    if (waiting) again();
  };
  // A field that is chosen below a message's texts goes in where the caret was last, in the language it was in.
  let last: HTMLInputElement | HTMLTextAreaElement | undefined;
  const onFocus = (event: Event): void => {
    const control = event.target;
    if ((control instanceof HTMLInputElement && control.type === "text") || control instanceof HTMLTextAreaElement) last = control;
  };
  const onFill = (event: Event): void => {
    const select = event.target;
    if (!(select instanceof HTMLSelectElement) || select.dataset.fill === undefined) return;
    event.stopPropagation();
    const form = select.closest("form");
    const into = last && form?.contains(last) ? last : form?.querySelector<HTMLTextAreaElement | HTMLInputElement>("textarea, input[type=text]");
    if (!into || !select.value) return;
    into.setRangeText(`{${select.value}}`, into.selectionStart ?? into.value.length, into.selectionEnd ?? into.value.length, "end");
    select.selectedIndex = 0;
    into.focus();
    into.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const settled = (): void => {
    for (const one of controls(panel)) if (one !== document.activeElement && isDirty(one)) reset(one);
  };
  document.body.addEventListener("draft-changed", again, { signal });
  panel.addEventListener("focusout", left, { signal });
  panel.addEventListener("focusin", onFocus, { signal });
  // Before the form hears of it, for which it would be an act of its own.
  panel.addEventListener("change", onFill, { signal, capture: true });
  panel.addEventListener("htmx:after:swap", settled, { signal });
  document.addEventListener("htmx:after:swap", settled, { signal });
  return () => window.clearTimeout(timer);
};
