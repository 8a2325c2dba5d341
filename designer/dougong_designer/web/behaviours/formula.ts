// Inputs whose value is a formula (`data-formula="<entity>"`, `data-pointer`): below each stands what can be done without
// typing. A condition that rows can say is shown as rows in the input's place; any other as it reads, with labels for
// names and remedies for what is wrong. The input stays what is sent: rows and the editor write into it.
import htmx from "htmx.org";
import { type Fix, type Where, appShown, mended, part } from "../formula/asking";
import { send } from "../act";

type Field = HTMLInputElement | HTMLTextAreaElement;

interface Tools {
  place: HTMLElement;
  /** The text that the tools were drawn for. */
  told?: string;
  asText: boolean;
  /** Before the ids in it: a page has several. */
  prefix: string;
}

const NO_FORM = "formula-tools";
const COUNT_AFTER_MS = 250;
const NAMING = ["for", "aria-labelledby", "aria-describedby", "aria-controls"];
const known = new WeakMap<Field, Tools>();
let drawn = 0;

function whereOf(field: Field): Where {
  const { pointer, formula = "", place = "" } = field.dataset;
  const at = pointer ?? field.closest<HTMLElement>("[data-at]")?.dataset.at ?? "";
  return { app: appShown(), at, entity: formula, place };
}

function set(field: Field, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function make(field: Field): Tools {
  const place = document.createElement("div");
  place.className = "fx-tools";
  place.dataset.formulaTools = "";
  place.setAttribute("hx-morph-skip", "");
  const made: Tools = { place, asText: false, prefix: `fx${(drawn += 1)}-` };
  // What happens to the rows is nobody's business around: the input's own change is.
  place.addEventListener("input", (event) => event.stopPropagation());
  place.addEventListener("change", (event) => {
    event.stopPropagation();
    void build(field, "");
  });
  place.addEventListener("keydown", (event) => {
    const isText = event.target instanceof HTMLInputElement;
    if (event.key === "Enter" && isText && !event.defaultPrevented) {
      event.preventDefault();
      void build(field, "");
    }
  });
  place.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("button");
    if (!button) return;
    const { fix, rowsDo: act, formulaMode: mode } = button.dataset;
    if (fix) set(field, mended(field.value, JSON.parse(fix) as Fix));
    else if (act !== undefined) void build(field, act);
    else if (button.dataset.formulaOpen !== undefined) void open(field);
    else if (mode !== undefined) {
      made.asText = mode === "text";
      made.told = undefined;
      void tell(field).then(() => (made.asText ? field.focus() : undefined));
    }
  });
  known.set(field, made);
  return made;
}

/** The tools behind a field, put back where a swap has taken them away, the focus in them too. */
function tools(field: Field): Tools {
  const mine = known.get(field) ?? make(field);
  if (field.nextElementSibling !== mine.place) {
    const focused = mine.place.dataset.focused;
    field.after(mine.place);
    htmx.process(mine.place);
    if (focused !== undefined && document.activeElement === document.body) again(mine.place, focused);
  }
  return mine;
}

/** Ids as they are nowhere else on the page, and what refers to them. */
function name({ place, prefix }: Tools): void {
  place.querySelectorAll("[id]").forEach((one) => (one.id = prefix + one.id));
  for (const naming of NAMING) {
    place.querySelectorAll(`[${naming}]`).forEach((one) => {
      const ids = (one.getAttribute(naming) ?? "").split(/\s+/).filter(Boolean);
      one.setAttribute(naming, ids.map((id) => prefix + id).join(" "));
    });
  }
}

/** The focus where it was, or at the first thing there is. */
function again(place: HTMLElement, id: string): void {
  const same = id ? place.querySelector<HTMLElement>(`#${CSS.escape(id)}`) : null;
  (same ?? place.querySelector<HTMLElement>("select, input:not([type=hidden]), button"))?.focus();
}

function draw(field: Field, mine: Tools, html: string): void {
  const within = mine.place.contains(document.activeElement);
  const focused = document.activeElement?.id ?? "";
  mine.place.innerHTML = html;
  mine.place.querySelectorAll("[name]").forEach((one) => one.setAttribute("form", NO_FORM));
  name(mine);
  htmx.process(mine.place);
  if (within) again(mine.place, focused);
  const built = mine.place.querySelector<HTMLElement>("[data-built]");
  field.tabIndex = built ? -1 : 0;
  const label = field.labels?.[0]?.textContent?.trim() ?? field.getAttribute("aria-label");
  if (built && label) built.setAttribute("aria-label", label);
  if (mine.place.querySelector("[data-wrong]")) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  if (built) window.setTimeout(() => void count(field, mine), COUNT_AFTER_MS);
}

async function tell(field: Field): Promise<void> {
  const mine = tools(field);
  const text = field.value;
  if (mine.told === text) return;
  mine.told = text;
  const more = { mode: mine.asText ? "text" : "", expect: field.dataset.expect ?? "" };
  const html = await part("condition/line", whereOf(field), { text, ...more });
  if (html !== undefined && mine.told === text) draw(field, mine, html);
}

async function build(field: Field, act: string): Promise<void> {
  const mine = tools(field);
  const given: [string, string][] = [["do", act]];
  mine.place.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input[name], select[name], textarea[name]").forEach((one) => {
    if (!(one instanceof HTMLInputElement && /^(checkbox|radio)$/.test(one.type) && !one.checked)) given.push([one.name, one.value]);
  });
  const html = await part("condition", whereOf(field), { text: field.value }, given);
  if (html === undefined) return;
  draw(field, mine, html);
  const built = mine.place.querySelector<HTMLElement>("[data-built]");
  const now = built ? (built.dataset.formulaNow ?? "") : "";
  if (built && built.dataset.whole === undefined) return;
  mine.told = now;
  if (now !== field.value) set(field, now);
}

async function count(field: Field, mine: Tools): Promise<void> {
  const shown = mine.place.querySelector<HTMLElement>("[data-formula-count]:not([hidden])");
  const now = mine.place.querySelector<HTMLElement>("[data-built]")?.dataset.formulaNow ?? "";
  if (!shown || !now) return;
  const html = await part("condition/count", whereOf(field), { text: now });
  if (html !== undefined && shown.isConnected) shown.textContent = new DOMParser().parseFromString(html, "text/html").body.textContent;
}

async function open(field: Field): Promise<void> {
  const html = await part("formula", whereOf(field), { text: field.value });
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
    (isBehind(field) ? tools(field).place.querySelector<HTMLElement>("select, button") : field)?.focus();
  });
  htmx.process(dialog);
}

/** An input that saves itself: one act, against the value that was seen. */
async function save(field: Field): Promise<void> {
  const seen = field.dataset.formulaSeen ?? "";
  if (field.value === seen) return;
  field.dataset.formulaSeen = field.value;
  await send("formula/save", { at: whereOf(field).at, text: field.value, seen });
}

/** Whether rows stand in the field's place: it is then out of sight, and what would go to it goes to them. */
const isBehind = (field: Field): boolean => known.get(field)?.place.querySelector("[data-built]") != null;

const isField = (target: EventTarget | null): target is Field =>
  target instanceof HTMLElement && target.matches("input[data-formula], textarea[data-formula]");

export function connect(): void {
  const seen = new WeakSet<Field>();
  // What is not in sight (folded away, far below) is asked about when it comes to be.
  const inSight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting && isField(target)) void tell(target);
  }, { rootMargin: "400px 0px" });
  const look = (): void =>
    document.querySelectorAll<Field>("input[data-formula], textarea[data-formula]").forEach((field) => {
      if (known.get(field)?.told !== undefined) void tell(field);
      if (seen.has(field)) return;
      seen.add(field);
      inSight.observe(field);
    });
  let waiting = 0;
  new MutationObserver(() => {
    // What a swap took away goes back at once, so that the focus is not lost; what is new waits for the frame.
    document.querySelectorAll<Field>("[data-formula]").forEach((field) => {
      if (isField(field) && known.has(field)) tools(field);
    });
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      look();
    });
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("focusin", (event) => {
    if (isField(event.target) && isBehind(event.target)) {
      known.get(event.target)?.place.querySelector<HTMLElement>("select, button")?.focus();
      return;
    }
    const place = (event.target as HTMLElement).closest<HTMLElement>("[data-formula-tools]");
    if (place) place.dataset.focused = (event.target as HTMLElement).id;
    // Who goes elsewhere is not fetched back.
    document.querySelectorAll<HTMLElement>("[data-focused]").forEach((other) => other !== place && delete other.dataset.focused);
  });
  document.addEventListener("change", (event) => {
    if (!isField(event.target)) return;
    void tell(event.target);
    if (event.target.dataset.formulaSeen !== undefined) void save(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!event.altKey || event.key !== "Enter" || !isField(field)) return;
    event.preventDefault();
    void open(field);
  });
  look();
}
