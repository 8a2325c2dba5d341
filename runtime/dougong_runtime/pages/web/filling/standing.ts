// How a form stands: which fields show, which are needed or fixed, and its computed figures. Asked of the server.
export interface Placed {
  show: boolean;
  required: boolean;
  readonly: boolean;
}

export interface Standing {
  fields: Record<string, Placed>;
  sections: Record<string, boolean>;
  values: Record<string, string>;
  totals: Record<string, string>;
  fills: Record<string, string>;
}

function place(form: HTMLElement, name: string, state: Placed): void {
  const field = form.querySelector<HTMLElement>(`[data-placed="${CSS.escape(name)}"]`);
  if (!field) return;
  field.hidden = !state.show;
  field.querySelectorAll<HTMLInputElement>("input,select,textarea,button").forEach((control) => {
    if (control.type === "hidden") {
      control.disabled = !state.show;
      return;
    }
    control.disabled = !state.show || (state.readonly && /^(SELECT|BUTTON)$|checkbox|radio/.test(control.tagName + control.type));
    if ("readOnly" in control) control.readOnly = state.readonly;
    if (control.name === name) control.setAttribute("aria-required", String(state.required));
  });
  field.toggleAttribute("data-readonly", state.readonly);
  field.querySelector("[data-label]")?.classList.toggle("req", state.required);
  const said = field.querySelector<HTMLElement>("[data-required-words]");
  if (said) said.hidden = !state.required;
}

function write(place: Element | null, text: string): void {
  if (place && place.textContent?.trim() !== text) place.textContent = text;
}

// A default that follows from other fields stands in its box until one writes something else there, or empties it.
function fill(form: HTMLElement, name: string, text: string): void {
  const box = form.querySelector<HTMLInputElement>(`input[name="${CSS.escape(name)}"]`);
  if (!box || box === document.activeElement || box.dataset.emptied !== undefined) return;
  if (box.value !== "" && box.value !== box.dataset.filled) return;
  if (box.value !== text) {
    box.value = text;
    box.dispatchEvent(new Event("dougong:filled", { bubbles: true }));
  }
  box.dataset.filled = text;
}

/** Note that somebody empties a box, which then stays empty. */
export function emptied(box: EventTarget | null): void {
  if (box instanceof HTMLInputElement && box.dataset.filled !== undefined && box.value === "") box.dataset.emptied = "";
}

/** What is asked with the form: the boxes that still hold their default. */
export function withFilled(form: HTMLFormElement, data: FormData): FormData {
  form.querySelectorAll<HTMLInputElement>("input[data-filled]").forEach((box) => {
    if (box.value === box.dataset.filled) data.append("_filled", box.name);
  });
  return data;
}

/** Show a form as it stands now. */
export function stand(form: HTMLElement, now: Standing): void {
  for (const [name, state] of Object.entries(now.fields)) place(form, name, state);
  for (const [id, show] of Object.entries(now.sections)) {
    const section = form.querySelector<HTMLElement>(`#${CSS.escape((form.dataset.prefix ?? "") + id)}`);
    if (section) section.hidden = !show;
  }
  for (const [name, text] of Object.entries(now.values))
    write(form.querySelector(`[data-placed="${CSS.escape(name)}"] .ro`), text);
  form.querySelectorAll<HTMLElement>("[data-total]").forEach((cell) => {
    const text = now.totals[cell.dataset.total ?? ""];
    if (text !== undefined) write(cell, text);
  });
  for (const [name, text] of Object.entries(now.fills)) fill(form, name, text);
  form.dispatchEvent(new CustomEvent("dougong:conditions", { bubbles: true }));
}
