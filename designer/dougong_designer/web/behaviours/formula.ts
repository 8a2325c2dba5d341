// Inputs whose value is a formula (`data-formula="<entity>"`, `data-pointer`): a button that opens the editor, and below
// the formula as it reads, with labels for names and what is wrong with it. The input stays what is sent.
import htmx from "htmx.org";
import { type Fix, type Where, appShown, mended, part } from "../formula/asking";

type Field = HTMLInputElement | HTMLTextAreaElement;

const told = new WeakMap<Field, string>();

function whereOf(field: Field): Where {
  const { pointer = "", formula = "", place = "" } = field.dataset;
  return { app: appShown(), at: pointer, entity: formula, place };
}

function set(field: Field, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** The tools behind a field; made again where a swap has taken them away. */
function tools(field: Field): HTMLElement {
  const next = field.nextElementSibling;
  if (next instanceof HTMLElement && next.matches("[data-formula-tools]")) return next;
  const made = document.createElement("div");
  made.className = "fx-tools";
  made.dataset.formulaTools = "";
  made.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-formula-open], [data-fix]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.fix) set(field, mended(field.value, JSON.parse(button.dataset.fix) as Fix));
    else void open(field);
  });
  field.after(made);
  told.delete(field);
  return made;
}

async function tell(field: Field): Promise<void> {
  const place = tools(field);
  const text = field.value;
  if (told.get(field) === text) return;
  told.set(field, text);
  const html = await part("/line", whereOf(field), text);
  if (html === undefined || told.get(field) !== text || !place.isConnected) return;
  place.innerHTML = html;
  const wrong = place.querySelector("[data-wrong]");
  if (wrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

async function open(field: Field): Promise<void> {
  const html = await part("", whereOf(field), field.value);
  if (html === undefined) return;
  const holder = document.createElement("div");
  holder.innerHTML = html;
  const dialog = holder.querySelector("dialog");
  if (!dialog) return;
  document.body.append(dialog);
  dialog.addEventListener("formula-taken", (event) => {
    set(field, (event as CustomEvent<string>).detail);
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    field.focus();
  });
  htmx.process(dialog);
}

const all = (): NodeListOf<Field> => document.querySelectorAll<Field>("input[data-formula], textarea[data-formula]");

let waiting = 0;
const look = (): void => {
  waiting = 0;
  all().forEach((field) => void tell(field));
};
export function watch(): void {
  new MutationObserver(() => {
    if (!waiting) waiting = requestAnimationFrame(look);
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLElement;
    if (field.matches("[data-formula]")) void tell(field as Field);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target as HTMLElement;
    if (event.altKey && event.key === "Enter" && field.matches("[data-formula]")) {
      event.preventDefault();
      void open(field as Field);
    }
  });
  look();
}
