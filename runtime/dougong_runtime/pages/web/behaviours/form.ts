// A record's form: conditions answered by the server while one types, unsaved work guarded, Ctrl Enter saves.
import { announce, behaviour } from "../behaviour";

interface Placed {
  show: boolean;
  required: boolean;
  readonly: boolean;
}

function apply(form: HTMLFormElement, name: string, state: Placed): void {
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

behaviour("record-form", (element) => {
  const form = element as HTMLFormElement;
  const guard = form.dataset.guard !== undefined;
  let changed = form.dataset.changed !== undefined;
  let timer: number | undefined;
  let asked = 0;
  let leaving = false;

  const ask = async (): Promise<void> => {
    const url = form.dataset.conditions;
    if (!url) return;
    const mine = ++asked;
    const answer = await fetch(url, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-CSRF-Token": document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "" },
    });
    if (mine !== asked || !answer.ok) return;
    const { fields, sections } = (await answer.json()) as { fields: Record<string, Placed>; sections: Record<string, boolean> };
    for (const [name, state] of Object.entries(fields)) apply(form, name, state);
    for (const [id, show] of Object.entries(sections)) {
      const section = document.getElementById(id);
      if (section) section.hidden = !show;
    }
    form.dispatchEvent(new CustomEvent("dougong:conditions", { bubbles: true }));
  };
  const soon = (wait: number): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), wait);
  };
  const onInput = (): void => {
    changed = true;
    soon(80);
  };
  const onChange = (): void => {
    changed = true;
    soon(0);
  };
  const onSubmit = (): void => {
    leaving = true;
    announce(form.dataset.saving ?? "");
    form.querySelectorAll<HTMLButtonElement>("button[type=submit]").forEach((b) => b.setAttribute("aria-disabled", "true"));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      form.requestSubmit();
    }
  };
  const onLeave = (event: BeforeUnloadEvent): void => {
    if (guard && changed && !leaving) event.preventDefault();
  };
  form.addEventListener("input", onInput);
  form.addEventListener("change", onChange);
  form.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  addEventListener("beforeunload", onLeave);
  const summary = form.querySelector<HTMLElement>("[data-summary]");
  const first = form.dataset.fresh === undefined ? null : form.querySelector<HTMLElement>("[data-placed]:not([hidden]) :is(input, select, textarea):not([type=hidden], :disabled)");
  (summary ?? first)?.focus({ preventScroll: summary === null });
  return () => {
    clearTimeout(timer);
    document.removeEventListener("keydown", onKey);
    removeEventListener("beforeunload", onLeave);
  };
});

document.addEventListener("click", (event) => {
  const link = (event.target as HTMLElement).closest<HTMLElement>("[data-goes-to]");
  if (!link) return;
  const field = document.querySelector<HTMLElement>(
    `[data-placed="${CSS.escape(link.dataset.goesTo ?? "")}"] :is(input:not([type=hidden]),select,textarea)`,
  );
  if (!field) return;
  event.preventDefault();
  field.closest<HTMLElement>("[role=tabpanel][hidden]")?.dispatchEvent(new CustomEvent("dougong:show", { bubbles: true }));
  field.focus();
});
