// The formula dialog: the editor in place of its text box, functions and fields put in by a click, what it gives below.
import { announce } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { type Fix, type Where, part } from "../formula/asking";
import { type Editor, edit } from "../formula/editor";

const LOOK_AFTER_MS = 450;

export const connect: Connect = (element) => {
  const form = element.querySelector<HTMLFormElement>("form[data-formula-editor]");
  const box = form?.querySelector<HTMLTextAreaElement>("textarea[name=text]");
  const shown = element.querySelector<HTMLElement>("[data-formula-look]");
  if (!form || !box || !shown) return;
  const { app = "", at = "", entity = "", place = "" } = form.dataset;
  const where: Where = { app, at, entity, place };
  let timer = 0;

  const look = async (): Promise<void> => {
    const text = box.value;
    const html = await part("formula/look", where, { text });
    if (html === undefined || text !== box.value) return;
    shown.innerHTML = html;
    const said = shown.querySelector("[data-said]")?.textContent ?? "";
    if (said) announce(said);
  };
  const changed = (text: string): void => {
    box.value = text;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void look(), LOOK_AFTER_MS);
  };
  const editor: Editor = edit(box, where, changed, take);

  function take(): void {
    element.dispatchEvent(new CustomEvent("formula-taken", { detail: box?.value ?? "" }));
  }
  const onClick = (event: Event): void => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-insert], [data-fix], [data-formula-take]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.insert !== undefined) editor.insert(button.dataset.insert, Number(button.dataset.after ?? 0));
    else if (button.dataset.fix) editor.mend(JSON.parse(button.dataset.fix) as Fix);
    else take();
  };
  const find = element.querySelector<HTMLInputElement>("[data-find]");
  const onFind = (): void => {
    const sought = find?.value.trim().toLowerCase() ?? "";
    element.querySelectorAll<HTMLElement>("[data-insert]").forEach((one) => {
      one.hidden = sought !== "" && !(one.textContent ?? "").toLowerCase().includes(sought);
    });
    element.querySelectorAll<HTMLDetailsElement>("details[data-family]").forEach((family) => {
      const some = family.querySelector("[data-insert]:not([hidden])") !== null;
      family.hidden = !some;
      if (sought) family.open = true;
    });
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    take();
  };
  element.addEventListener("click", onClick);
  find?.addEventListener("input", onFind);
  form.addEventListener("submit", onSubmit);
  editor.focus();
  return () => {
    window.clearTimeout(timer);
    element.removeEventListener("click", onClick);
    find?.removeEventListener("input", onFind);
    form.removeEventListener("submit", onSubmit);
    editor.end();
  };
};
