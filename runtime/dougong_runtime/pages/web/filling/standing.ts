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

/** Show a form as it stands now. */
export function stand(form: HTMLElement, now: Standing): void {
  for (const [name, state] of Object.entries(now.fields)) place(form, name, state);
  for (const [id, show] of Object.entries(now.sections)) {
    const section = document.getElementById(id);
    if (section) section.hidden = !show;
  }
  for (const [name, text] of Object.entries(now.values))
    write(form.querySelector(`[data-placed="${CSS.escape(name)}"] .ro`), text);
  form.querySelectorAll<HTMLElement>("[data-total]").forEach((cell) => {
    const text = now.totals[cell.dataset.total ?? ""];
    if (text !== undefined) write(cell, text);
  });
  form.dispatchEvent(new CustomEvent("dougong:conditions", { bubbles: true }));
}
