// The canvas of an entity: what is chosen stands in the address, inputs save as they change, and what larger acts would
// do is asked of the server first. The server's HTML is the state: an act's answer brings it along, and it is morphed in;
// what others do is fetched.
import htmx from "htmx.org";
import { announce, focusNext, isTyping } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { say } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";
import { painted, send } from "../act";
import { dragging } from "./entity_drag";

const narrow = (): boolean => matchMedia("(max-width: 899px)").matches;
type Values = Record<string, string>;
type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function connect(root: HTMLElement, signal: AbortSignal): () => void {
  const base = root.dataset.base ?? "";
  const panel = (): HTMLElement | null => document.querySelector<HTMLElement>("#s-prop");
  const state = (name: string): HTMLInputElement => root.querySelector<HTMLInputElement>(`#ent-state [name=${name}]`)!;
  const rows = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-field-id]")];
  const rowOf = (id: string): HTMLElement | undefined => rows().find((row) => row.dataset.fieldId === id);
  const canvas = (): HTMLElement | null => root.querySelector<HTMLElement>("#ent-canvas");
  /** The revision of the fields that are on the screen: their rows need not be sent again. */
  const shown = (): string => (canvas()?.dataset.tabShown === "fields" ? (canvas()?.dataset.revision ?? "") : "");
  const act = (name: string, values: Values): Promise<unknown> =>
    send(`${root.dataset.act}/${name}?${query({ shown: shown() })}`, values);
  const get = (path: string, target: string, swap: string, source = target): Promise<unknown> =>
    Promise.resolve(htmx.ajax("GET", `${base}/${path}`, { target, swap, source }));
  const query = (more: Values = {}): string =>
    new URLSearchParams({ tab: state("tab").value, at: state("at").value, side: state("side").value, ...more }).toString();

  // --- what is chosen ------------------------------------------------------------------------------------------
  const remember = (): void => {
    const url = new URL(location.href);
    for (const name of ["tab", "at", "side"]) {
      const { value } = state(name);
      if (value && !(name === "tab" && value === "fields")) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    history.replaceState(history.state, "", url);
  };
  const mark = (): void => {
    for (const row of rows()) {
      const on = row.dataset.fieldId === state("at").value;
      row.toggleAttribute("aria-selected", on);
      if (on) row.setAttribute("aria-selected", "true");
      const link = row.querySelector("[data-choose]");
      if (on) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  };
  const showPanel = (morph = false): Promise<unknown> =>
    get(`part/panel?${query()}`, "#ent-panel", morph ? "outerMorph" : "outerHTML", "#s-prop").then(settled);
  const showCanvas = (): Promise<unknown> => get(`part/canvas?${query()}`, "#ent-canvas", "outerMorph").then(settled);
  const choose = async (id: string, focus = false): Promise<void> => {
    wantsFind = false;
    state("at").value = id;
    const { value } = state("side");
    state("side").value = id && ["properties", "access", "uses"].includes(value) ? value : "";
    mark();
    remember();
    if (focus) rowOf(id)?.querySelector<HTMLElement>("[data-choose]")?.focus();
    rowOf(id)?.scrollIntoView({ block: "nearest" });
    await showPanel();
    // Something else is shown from its beginning.
    panel()?.scrollTo(0, 0);
  };
  // The palette comes with the answer to this or to a later request, whichever is not overtaken: its box takes the focus then.
  let wantsFind = false;
  const findNext = (): void => {
    const box = wantsFind ? panel()?.querySelector<HTMLElement>("[data-palette-find]") : null;
    if (!box) return;
    wantsFind = false;
    box.focus();
  };
  const turn = async (side: string): Promise<void> => {
    if (!["properties", "access", "uses"].includes(side)) state("at").value = "";
    state("side").value = side;
    mark();
    remember();
    wantsFind = side === "palette";
    await showPanel();
  };

  // --- numbers that are counted apart: who uses what needs the draft linked --------------------------------------
  let counts: { fields: Record<string, number>; entity: number } | undefined;
  let waiting = 0;
  const fillCounts = (): void => {
    if (!counts) return;
    for (const place of document.querySelectorAll<HTMLElement>("[data-uses]")) {
      const n = counts.fields[place.dataset.uses ?? ""];
      const text = n === undefined ? "" : n ? String(n) : "—";
      // What is put into a page is laid out again, be it what was there.
      if (place.textContent !== text) place.textContent = text;
    }
    const whole = root.querySelector<HTMLElement>("[data-entity-uses]");
    if (whole) whole.textContent = String(counts.entity);
  };
  const count = (): void => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      void fetch(`${base}/part/uses`, { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : undefined))
        .then((found) => {
          counts = found ?? counts;
          fillCounts();
        })
        .catch(() => undefined);
    }, 350);
  };

  // --- moving --------------------------------------------------------------------------------------------------
  const move = async (id: string, before: string): Promise<void> => {
    await act("move", { at: id, before });
    const all = rows();
    const place = all.findIndex((row) => row.dataset.fieldId === id);
    announce(say(root.dataset.moved, { what: all[place]?.dataset.label ?? "", n: String(place + 1), all: String(all.length) }));
  };
  const step = (id: string, by: -1 | 1): Promise<void> | undefined => {
    const all = rows();
    const place = all.findIndex((row) => row.dataset.fieldId === id);
    const to = place + by;
    if (place < 0 || to < 0 || to >= all.length) return undefined;
    return move(id, (by < 0 ? all[to] : all[to + 1])?.dataset.fieldId ?? "");
  };
  const askPlace = (id: string): void => {
    const dialog = root.querySelector<HTMLDialogElement>("#ent-move");
    const select = dialog?.querySelector("select");
    if (!dialog || !select) return;
    const others = rows().filter((row) => row.dataset.fieldId !== id);
    const label = rowOf(id)?.dataset.label ?? "";
    dialog.querySelector("h2")!.textContent = say(root.dataset.moveTitle, { what: label });
    select.replaceChildren(
      new Option(root.dataset.moveFirst, others[0]?.dataset.fieldId ?? ""),
      ...others.map((row, n) => new Option(say(root.dataset.moveAfter, { what: row.dataset.label ?? "" }), others[n + 1]?.dataset.fieldId ?? "")),
    );
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "do") void move(id, select.value);
      rowOf(id)?.querySelector<HTMLElement>("[data-choose]")?.focus();
    };
    dialog.showModal();
  };

  // --- adding --------------------------------------------------------------------------------------------------
  const add = (type: string, before: string): void => {
    if (type !== "reference" && type !== "references") {
      void act("add", { type, before });
      return;
    }
    const dialog = root.querySelector<HTMLDialogElement>("#ent-to");
    const select = dialog?.querySelector("select");
    if (!dialog || !select) return;
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "do") void act("add", { type, before, to: select.value });
    };
    dialog.showModal();
  };
  const find = (input: HTMLInputElement): void => {
    const words = input.value.trim().toLowerCase();
    let any = false;
    for (const group of panel()?.querySelectorAll<HTMLElement>("[data-palette-group]") ?? []) {
      let some = false;
      for (const item of group.querySelectorAll<HTMLElement>("[data-palette]")) {
        item.hidden = words !== "" && !(item.dataset.found ?? "").includes(words);
        some ||= !item.hidden;
      }
      group.hidden = !some;
      any ||= some;
    }
    panel()?.querySelector("[data-palette-none]")?.toggleAttribute("hidden", any);
  };

  // --- asking and saving ---------------------------------------------------------------------------------------
  const ask = (path: string, values: Values): Promise<unknown> =>
    get(`ask/${path}?${new URLSearchParams(values)}`, "#ent-ask", "innerHTML");
  const valuesOf = (element: HTMLElement): Values => {
    const holder = element.closest<HTMLElement>("[data-values]");
    return holder ? (JSON.parse(holder.dataset.values ?? "{}") as Values) : {};
  };
  let saving: Control | undefined;
  const wrong = (control: Control, text: string): void => {
    const around = control.closest<HTMLElement>(".field, .opt, .tog, label") ?? control;
    const next = around.nextElementSibling;
    const place = next instanceof HTMLElement && next.matches("[data-wrong-of]") ? next : document.createElement("span");
    if (!text) {
      control.removeAttribute("aria-invalid");
      if (place.isConnected) place.remove();
      return;
    }
    control.setAttribute("aria-invalid", "true");
    place.className = "err";
    place.dataset.wrongOf = "";
    place.textContent = text;
    around.after(place);
  };
  const save = (control: Control): void => {
    if (control.dataset.renames) {
      const to = control.value.trim();
      if (to && control instanceof HTMLInputElement && to !== control.defaultValue) void ask(control.dataset.renames, { at: control.dataset.at ?? "", to });
      return;
    }
    if (control.dataset.retypes !== undefined) {
      void ask("retype", { at: control.dataset.at ?? "", type: control.value });
      return;
    }
    const holder = control.closest<HTMLElement>("[data-saves]");
    if (!holder) return;
    const several = control.closest<HTMLElement>("[data-several]");
    const property = several?.dataset.several ?? control.name;
    if (!property) return;
    let { value } = control;
    if (several) {
      value = [...several.querySelectorAll<HTMLInputElement>("input:checked")].map((box) => box.value).join(",");
    } else if (control instanceof HTMLInputElement && control.type === "checkbox") value = control.checked ? "true" : "";
    saving = control;
    wrong(control, "");
    void act(holder.dataset.saves ?? "", { ...valuesOf(control), property, value });
  };
  const fieldOf = (form: HTMLFormElement): Values =>
    Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  const mine = (target: EventTarget | null): target is HTMLElement =>
    target instanceof Element && (root.contains(target) || panel()?.contains(target) === true);

  // --- events --------------------------------------------------------------------------------------------------
  let menuOf = "";
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    if (!mine(target)) return;
    const on = <T extends HTMLElement>(selector: string): T | null => target.closest<T>(selector);
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    let found: HTMLElement | null;
    if ((found = on("[data-menu-of]"))) menuOf = found.dataset.menuOf ?? "";
    else if ((found = on("[data-hue-of]"))) menuOf = found.dataset.hueOf ?? "";
    else if ((found = on("[data-option-menu]"))) menuOf = found.dataset.optionMenu ?? "";
    else if ((found = on("[data-row-do]"))) rowDo(found.dataset.rowDo ?? "", found.dataset.of ?? menuOf);
    else if ((found = on("[data-option-do]"))) optionDo(found.dataset.optionDo ?? "", menuOf);
    else if ((found = on("[data-hue]"))) void act("option", { ...optionValues(menuOf), property: "color", value: found.dataset.hue ?? "" });
    else if ((found = on("[data-choose]")) && plain) {
      event.preventDefault();
      void choose(found.dataset.choose ?? "");
    } else if ((found = on("[data-tab]")) && plain) {
      event.preventDefault();
      state("tab").value = found.dataset.tab ?? "fields";
      remember();
      void showCanvas();
    } else if ((found = on("[data-side]")) && plain) {
      event.preventDefault();
      void turn(found.dataset.side ?? "");
    } else if ((found = on("[data-palette]"))) {
      if (found.getAttribute("aria-disabled") !== "true") add(found.dataset.palette ?? "", "");
    } else if ((found = on("[data-do]"))) void act(found.dataset.do ?? "", valuesOf(found));
    else if ((found = on("[data-asks]"))) void ask(found.dataset.asks ?? "", {});
    else if ((found = on("[data-field-id]")) && !on("a,button,input") && !getSelection()?.toString()) {
      void choose(found.dataset.fieldId ?? "", true);
    }
  };
  const rowDo = (what: string, id: string): void => {
    if (what === "up") void step(id, -1);
    else if (what === "down") void step(id, 1);
    else if (what === "move") askPlace(id);
    else if (what === "duplicate") void act("duplicate", { at: id });
    else if (what === "retire") void ask("retire", { at: id });
  };
  const options = (): HTMLElement[] => [...(panel()?.querySelectorAll<HTMLElement>("[data-option]") ?? [])];
  const optionValues = (id: string): Values => {
    const found = options().find((one) => one.dataset.option === id);
    return found ? valuesOf(found) : {};
  };
  const optionDo = (what: string, id: string): void => {
    const all = options();
    const place = all.findIndex((one) => one.dataset.option === id);
    if (place < 0) return;
    if (what === "remove") void act("option-remove", optionValues(id));
    else {
      const to = what === "up" ? place - 1 : place + 2;
      if (to >= 0 && place + (what === "up" ? -1 : 1) < all.length)
        void act("option-move", { ...optionValues(id), before: all[to]?.dataset.option ?? "" });
    }
  };
  const onChange = (event: Event): void => {
    const target = event.target;
    if (mine(target) && target.matches("input,select,textarea") && !target.matches("[data-adds],[data-palette-find]")) {
      if (!target.closest("[data-quick],[data-sends],dialog")) save(target as unknown as Control);
    }
  };
  const onInput = (event: Event): void => {
    const target = event.target;
    if (mine(target) && target.matches("[data-palette-find]")) find(target as HTMLInputElement);
  };
  const onSubmit = (event: SubmitEvent): void => {
    const form = event.target as HTMLFormElement;
    if (!mine(form)) return;
    if (form.dataset.quick !== undefined) {
      event.preventDefault();
      const input = form.querySelector<HTMLInputElement>("[name=text]")!;
      const text = input.value;
      if (!text.trim()) return;
      saving = input;
      input.value = "";
      void act("quick", { text }).then(() => focusNext(input));
    } else if (form.dataset.sends) {
      event.preventDefault();
      form.closest("dialog")?.close();
      void act(form.dataset.sends, fieldOf(form));
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (!mine(target)) return;
    if (narrow()) return;
    const arrow = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    const adds = target.closest<HTMLInputElement>("[data-adds]");
    if (adds && event.key === "Enter") {
      event.preventDefault();
      const value = adds.value.trim();
      if (value) void act(adds.dataset.adds ?? "", { ...valuesOf(adds), value }).then(() => focusNext(adds));
      adds.value = "";
      return;
    }
    const option = target.closest<HTMLElement>("[data-option]");
    if (option && arrow && event.altKey) {
      event.preventDefault();
      optionDo(arrow < 0 ? "up" : "down", option.dataset.option ?? "");
      return;
    }
    const row = target.closest<HTMLElement>("[data-field-id]");
    if (!row || isTyping(target) || event.ctrlKey || event.metaKey) return;
    const id = row.dataset.fieldId ?? "";
    if (arrow && event.altKey) void step(id, arrow);
    else if (arrow) {
      const all = rows();
      const next = all[all.indexOf(row) + arrow];
      if (next) void choose(next.dataset.fieldId ?? "", true);
    } else if (event.key === "Delete") void ask("retire", { at: id });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  // --- what comes back -----------------------------------------------------------------------------------------
  const drags = dragging(root, panel, { move, add, option: (id, before) => void act("option-move", { ...optionValues(id), before }) });
  const settled = (): void => {
    mark();
    findNext();
    fillCounts();
    if (narrow()) drags.end();
    else drags.register();
  };
  let chosenNext: string | undefined;
  const onChanged = (event: Event): void => {
    saving = undefined;
    const { revision } = (event as CustomEvent<{ revision?: number }>).detail ?? {};
    const isDrawn = String(revision) === canvas()?.dataset.revision && !canvas()?.querySelector("tr:empty[data-as-it-was]");
    void Promise.resolve(isDrawn ? settled() : showCanvas()).then(painted).then(async () => {
      const next = chosenNext;
      chosenNext = undefined;
      if (next !== undefined && state("tab").value === "fields") await choose(next);
      else await showPanel(true);
    });
    count();
  };
  const onChosen = (event: Event): void => {
    const { at = "" } = (event as CustomEvent<{ at?: string }>).detail ?? {};
    chosenNext = at;
    if (state("tab").value !== "fields") state("at").value = at;
  };
  const onRefused = (): void => {
    const control = saving;
    // The toast that tells why is put into the page a moment later; the input says the same.
    window.setTimeout(() => {
      const text = [...document.querySelectorAll("#toasts [data-toast] > span")].at(-1)?.textContent ?? "";
      if (!control?.isConnected || control.closest("[data-quick]")) return;
      wrong(control, text);
      control.focus();
    }, 60);
  };
  const onClosed = (event: Event): void => {
    // A rename or retype that was not wanted: the input says again what is.
    if (!(event.target as HTMLElement).closest("#ent-ask")) return;
    for (const control of panel()?.querySelectorAll<Control>("[data-renames],[data-retypes]") ?? []) {
      if (control instanceof HTMLSelectElement) {
        [...control.options].forEach((one) => (one.selected = one.defaultSelected));
      } else control.value = control.defaultValue;
    }
  };

  document.addEventListener("click", onClick, { signal });
  document.addEventListener("change", onChange, { signal });
  document.addEventListener("input", onInput, { signal });
  document.addEventListener("submit", onSubmit, { signal });
  document.addEventListener("keydown", onKey, { signal });
  document.addEventListener("close", onClosed, { signal, capture: true });
  document.body.addEventListener("entity-chosen", onChosen, { signal });
  document.body.addEventListener("draft-changed", onChanged, { signal });
  document.body.addEventListener("draft-refused", onRefused, { signal });
  count();
  settled();
  return () => {
    window.clearTimeout(waiting);
    drags.end();
  };
}
