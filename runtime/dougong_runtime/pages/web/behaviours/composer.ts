// Writing a comment: grows with its words, sends on Ctrl Enter, and offers colleagues behind an `@`.
import { announce } from "../behaviour";
import { float } from "./menu";

const WAIT_MS = 120;
/** What stands behind the `@` that the caret is in, at most so many characters. */
const BEHIND = /(?:^|[^A-Za-z0-9])@([^\s@]{0,30})$/u;

export function connect(form: HTMLElement): () => void {
  const text = form.querySelector<HTMLTextAreaElement>("textarea")!;
  const people = form.querySelector<HTMLElement>("[data-people]")!;
  let stop: (() => void) | undefined;
  let timer = 0;
  let asked = 0;

  const fit = (): void => {
    if (CSS.supports("field-sizing", "content")) return;
    text.style.setProperty("block-size", "auto");
    text.style.setProperty("block-size", `${text.scrollHeight}px`);
  };
  const behind = (): string | undefined => BEHIND.exec(text.value.slice(0, text.selectionStart))?.[1];
  const options = (): HTMLElement[] => [...people.querySelectorAll<HTMLElement>("[role=option]:not([aria-disabled])")];
  const chosen = (): HTMLElement | null => people.querySelector<HTMLElement>("[aria-selected=true]");
  const choose = (option: HTMLElement | undefined): void => {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    if (option) text.setAttribute("aria-activedescendant", option.id);
    else text.removeAttribute("aria-activedescendant");
  };
  const close = (): void => {
    asked += 1;
    people.hidden = true;
    text.removeAttribute("aria-activedescendant");
    stop?.();
    stop = undefined;
  };
  const offer = async (letters: string): Promise<void> => {
    const mine = (asked += 1);
    const answer = await fetch(`${form.dataset.mentionable}?q=${encodeURIComponent(letters)}`, {
      headers: { "HX-Request": "true", "HX-Request-Type": "partial" },
    });
    const found = await answer.text();
    if (mine !== asked) return;
    if (!answer.ok) {
      close();
      return;
    }
    people.innerHTML = found;
    people.querySelectorAll("[role=option]").forEach((o, n) => (o.id = `${form.dataset.mentionable}-${n}`));
    people.hidden = false;
    stop ??= float(text, people);
    choose(options()[0]);
    announce(people.innerText.replace(/\n/g, ", "));
  };
  const insert = (option: HTMLElement): void => {
    const at = text.selectionStart;
    const from = at - (behind()?.length ?? 0);
    text.setRangeText(`${option.dataset.insert} `, from, at, "end");
    close();
    text.focus();
    fit();
  };
  const onInput = (): void => {
    fit();
    clearTimeout(timer);
    const letters = behind();
    if (letters === undefined) close();
    else timer = window.setTimeout(() => void offer(letters), WAIT_MS);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      close();
      (form as HTMLFormElement).requestSubmit();
      return;
    }
    if (people.hidden) return;
    const all = options();
    const at = all.indexOf(chosen()!);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]);
    } else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) {
      event.preventDefault();
      insert(all[at]!);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  const onPick = (event: Event): void => {
    event.preventDefault();
    const option = (event.target as HTMLElement).closest<HTMLElement>("[role=option]:not([aria-disabled])");
    if (option) insert(option);
  };
  text.setAttribute("aria-autocomplete", "list");
  text.addEventListener("input", onInput);
  text.addEventListener("keydown", onKey);
  text.addEventListener("blur", close);
  people.addEventListener("pointerdown", onPick);
  if (text.autofocus) {
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }
  fit();
  return () => {
    clearTimeout(timer);
    close();
  };
}
