// A reference or person picker. Options are the server's HTML under the reader's rights; the text box carries the
// field's name and the hidden box beside it the chosen record's id, so that the form works without this script too.
import Combobox from "@github/combobox-nav";
import { behaviour } from "../behaviour";
import { float } from "./menu";

behaviour("combobox", (box) => {
  const input = box.querySelector<HTMLInputElement>("input[role=combobox]");
  const list = box.querySelector<HTMLElement>("[role=listbox]");
  if (!input || !list) return;
  const many = box.dataset.many === "true";
  const hidden = box.querySelector<HTMLInputElement>("input[type=hidden][data-picked]");
  const chips = box.querySelector<HTMLElement>("[data-chips]");
  const target = box.querySelector<HTMLSelectElement>("select[data-target]");
  const combobox = new Combobox(input, list, { firstOptionSelectionMode: "active" });
  let stop: (() => void) | undefined;
  let shut: HTMLButtonElement | undefined;
  let timer: number | undefined;
  let asked = 0;
  let busy = false;
  let takeFirst = false;

  const close = (): void => {
    list.hidden = true;
    box.classList.remove("sheet");
    shut?.remove();
    combobox.stop();
    stop?.();
    stop = undefined;
  };
  // On a phone the list takes the whole screen, with a way out of it.
  const spread = (): void => {
    box.classList.add("sheet");
    shut = document.createElement("button");
    shut.type = "button";
    shut.className = "btn ghost icon shut";
    shut.textContent = "×";
    shut.setAttribute("aria-label", document.querySelector("[data-closes][aria-label]")?.getAttribute("aria-label") ?? "×");
    shut.addEventListener("click", close);
    input.after(shut);
  };
  const show = (html: string): void => {
    list.innerHTML = html;
    if (!list.hidden) combobox.clearSelection();
    else {
      list.hidden = false;
      combobox.start();
      if (matchMedia("(max-width: 640px)").matches && form) spread();
      else stop = float(input, list, true);
    }
    combobox.indicateDefaultOption();
  };
  const form = box.closest<HTMLFormElement>("form[data-ask]");
  const letters = (): string => (input.dataset.title === input.value ? "" : input.value);
  // Within a form it is sent along what stands there: rules may forbid some records.
  const request = (url: URL): Promise<Response> => {
    const headers: Record<string, string> = { "HX-Request": "true" };
    if (!form) {
      url.searchParams.set("q", letters());
      return fetch(url, { headers });
    }
    const body = new FormData(form);
    for (const [name, item] of [...body]) if (item instanceof File) body.delete(name);
    body.set("q", letters());
    body.set("_picker", input.name);
    body.set("_ask", form.dataset.ask ?? "");
    return fetch(url, { method: "POST", headers, body });
  };
  const ask = async (): Promise<void> => {
    const mine = ++asked;
    const url = new URL(box.dataset.source ?? "", location.href);
    if (target) url.pathname = url.pathname.replace(/[^/]+$/, target.value);
    const answer = await request(url);
    if (mine !== asked) return;
    busy = false;
    if (!answer.ok || document.activeElement !== input) return;
    show(await answer.text());
    const first = takeFirst ? list.querySelector<HTMLElement>("[role=option]:not([aria-disabled=true]):not([data-new])") : null;
    takeFirst = false;
    if (first) pick(first);
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), 90);
  };
  const clear = (): void => {
    input.value = "";
    input.dataset.title = "";
    if (hidden) hidden.value = "";
    box.dispatchEvent(new Event("change", { bubbles: true }));
    void ask();
  };
  const create = (option: HTMLElement): void => {
    const { new: address = "", newWords = "", newTitle = "" } = option.dataset;
    const text = letters();
    close();
    void import("../filling/quick").then(({ quick }) => quick(address, newWords, newTitle, text, (made) => take(made.id, made.title)));
  };
  const pick = (option: HTMLElement): void => {
    if (option.dataset.new) create(option);
    else take(option.dataset.id ?? "", option.dataset.title ?? "");
  };
  const take = (id: string, title: string): void => {
    if (many && chips) {
      const template = box.querySelector<HTMLTemplateElement>("template");
      const chip = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
      if (chip && !chips.querySelector(`input[value="${CSS.escape(id)}"]`)) {
        chip.querySelector("input")!.value = id;
        chip.querySelector("[data-title]")!.textContent = title;
        const remove = chip.querySelector("button");
        remove?.setAttribute("aria-label", `${remove.getAttribute("aria-label") ?? ""} ${title}`.trim());
        chips.append(chip);
      }
      input.value = "";
    } else {
      input.value = title;
      input.dataset.title = title;
      if (hidden) hidden.value = id;
    }
    close();
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const onInput = (): void => {
    busy = true;
    takeFirst = false;
    asked += 1; // what was asked before this letter no longer counts
    if (hidden && input.value !== input.dataset.title) hidden.value = "";
    soon();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" && list.hidden) void ask();
    else if (event.key === "Backspace" && input.value === "" && many) {
      chips?.lastElementChild?.remove();
      box.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (event.key === "Backspace" && !event.ctrlKey && !event.metaKey && hidden?.value && input.value === input.dataset.title) {
      event.preventDefault();
      clear();
    }
  };
  // Enter before the answer has come means the first of what was typed, never of what still stands in the list.
  const onEarly = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && event.altKey) {
      // Alt Enter opens the record that is marked in the list, or the one chosen.
      const marked = list.hidden ? null : list.querySelector<HTMLElement>("[aria-selected=true][data-id]");
      const [, app, to] = /^(\/apps\/[^/]+)\/.*\/([^/]+)$/.exec(box.dataset.source ?? "") ?? [];
      const id = marked?.dataset.id ?? hidden?.value;
      const entity = target?.value ?? to;
      event.preventDefault();
      event.stopPropagation();
      if (app && id && entity !== "user" && entity !== "team") window.open(`${app}/${entity}/${id}`, "_blank", "noopener");
      return;
    }
    if (event.key !== "Enter" || !busy) return;
    event.preventDefault();
    event.stopPropagation();
    takeFirst = true;
  };
  const onBlur = (): void => {
    window.setTimeout(() => {
      if (document.activeElement !== input) close();
    }, 120);
  };
  const onCommit = (event: Event): void => pick(event.target as HTMLElement);
  const onFocus = (): void => {
    if (list.hidden) void ask();
  };
  const onChips = (event: Event): void => {
    const button = (event.target as HTMLElement).closest("[data-remove]");
    if (!button) return;
    button.closest("[data-chip]")?.remove();
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const onTarget = (): void => {
    input.value = "";
    if (hidden) hidden.value = "";
  };
  box.addEventListener("keydown", onEarly, true);
  input.addEventListener("input", onInput);
  input.addEventListener("focus", onFocus);
  input.addEventListener("click", onFocus);
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", onBlur);
  list.addEventListener("combobox-commit", onCommit);
  chips?.addEventListener("click", onChips);
  target?.addEventListener("change", onTarget);
  // What was typed before this was there.
  if (document.activeElement === input && letters()) onInput();
  return () => {
    close();
    combobox.destroy();
  };
});
