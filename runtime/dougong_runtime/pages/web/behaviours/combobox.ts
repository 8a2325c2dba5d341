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
  let timer: number | undefined;
  let asked = 0;
  let busy = false;
  let takeFirst = false;

  const close = (): void => {
    list.hidden = true;
    combobox.stop();
    stop?.();
    stop = undefined;
  };
  const show = (html: string): void => {
    list.innerHTML = html;
    if (!list.hidden) combobox.clearSelection();
    else {
      list.hidden = false;
      combobox.start();
      stop = float(input, list, true);
    }
    combobox.indicateDefaultOption();
  };
  const ask = async (): Promise<void> => {
    const mine = ++asked;
    const url = new URL(box.dataset.source ?? "", location.href);
    if (target) url.pathname = url.pathname.replace(/[^/]+$/, target.value);
    url.searchParams.set("q", input.dataset.title === input.value ? "" : input.value);
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (mine !== asked) return;
    busy = false;
    if (!answer.ok || document.activeElement !== input) return;
    show(await answer.text());
    const first = takeFirst ? list.querySelector<HTMLElement>("[role=option]:not([aria-disabled=true])") : null;
    takeFirst = false;
    if (first) pick(first);
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), 90);
  };
  const pick = (option: HTMLElement): void => {
    const { id = "", title = "" } = option.dataset;
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
    else if (event.key === "Backspace" && input.value === "" && many) chips?.lastElementChild?.remove();
    else if (event.key === "Enter" && event.altKey && hidden?.value && box.dataset.open)
      window.open(box.dataset.open + hidden.value, "_blank");
  };
  // Enter before the answer has come means the first of what was typed, never of what still stands in the list.
  const onEarly = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !busy) return;
    event.preventDefault();
    event.stopPropagation();
    takeFirst = true;
  };
  const onBlur = (): void => {
    window.setTimeout(close, 120);
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
  return () => {
    close();
    combobox.destroy();
  };
});
