// A date box that understands `+7`, `3-20`, 今天, 下周五 … and offers the usual days. On touch it is the system's own.
import { behaviour } from "../behaviour";
import { float } from "./menu";

const DAYS = "日一二三四五六";
const DAYS_EN = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const iso = (d: Date): string =>
  `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;
const plus = (from: Date, days: number): Date => new Date(from.getFullYear(), from.getMonth(), from.getDate() + days);

/** The day that `text` means, counted from `today`; undefined where it means none. */
export function understand(text: string, today: Date): string | undefined {
  const t = text.trim().toLowerCase().replace(/[./年月]/g, "-").replace(/[日号]$/, "").replace(/\s+/g, "");
  let m: RegExpMatchArray | null;
  if ((m = t.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/))) return check(+m[1]!, +m[2]!, +m[3]!);
  if ((m = t.match(/^(\d{1,2})-(\d{1,2})$/))) return check(today.getFullYear(), +m[1]!, +m[2]!);
  if ((m = t.match(/^([+-]\d{1,4})d?$/))) return iso(plus(today, +m[1]!));
  if ((m = t.match(/^(\d{1,4})(天后|daysfromnow|d)$/))) return iso(plus(today, +m[1]!));
  const words: Record<string, number> = { 今天: 0, today: 0, t: 0, 明天: 1, tomorrow: 1, 后天: 2, 昨天: -1, yesterday: -1 };
  if (t in words) return iso(plus(today, words[t]!));
  if (t === "月底" || t === "endofmonth") return iso(new Date(today.getFullYear(), today.getMonth() + 1, 0));
  if ((m = t.match(/^(下|本|这|next)?(?:周|星期)?([日天一二三四五六]|sun|mon|tue|wed|thu|fri|sat)[a-z]*$/))) {
    const word = m[2] === "天" ? "日" : m[2]!;
    const day = DAYS.includes(word) ? DAYS.indexOf(word) : DAYS_EN.indexOf(word);
    const monday = plus(today, -((today.getDay() + 6) % 7));
    const found = plus(monday, (day + 6) % 7);
    if (m[1] === "下" || m[1] === "next") return iso(plus(found, 7));
    return iso(m[1] || found >= plus(today, 0) ? found : plus(found, 7));
  }
  return undefined;
}

function check(year: number, month: number, day: number): string | undefined {
  const made = new Date(year, month - 1, day);
  return made.getMonth() === month - 1 && made.getDate() === day ? iso(made) : undefined;
}

behaviour("date", (box) => {
  const input = box.querySelector<HTMLInputElement>("input");
  const menu = box.querySelector<HTMLElement>(".menu");
  const button = box.querySelector<HTMLButtonElement>("button[data-days]");
  if (!input) return;
  if (matchMedia("(pointer: coarse)").matches) {
    input.type = "date";
    if (button) button.hidden = true;
    return;
  }
  const today = (): Date => {
    const [y, m, d] = (box.dataset.today ?? iso(new Date())).split("-").map(Number);
    return new Date(y!, m! - 1, d!);
  };
  let stop: (() => void) | undefined;
  const close = (): void => {
    if (menu) menu.hidden = true;
    button?.setAttribute("aria-expanded", "false");
    stop?.();
    stop = undefined;
  };
  const set = (text: string): void => {
    const day = understand(text, today());
    if (day === undefined || day === input.value) return;
    input.value = day;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const onBlur = (): void => {
    if (input.value) set(input.value);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && input.value) set(input.value);
    if (event.key === "Escape" && menu && !menu.hidden) {
      event.stopPropagation();
      close();
      input.focus();
    }
  };
  const onButton = (): void => {
    if (!menu || !button) return;
    if (!menu.hidden) return close();
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    stop = float(input, menu);
    menu.querySelector("button")?.focus();
  };
  const onMenu = (event: Event): void => {
    const word = (event.target as HTMLElement).closest<HTMLElement>("[data-day]")?.dataset.day;
    if (!word) return;
    set(word);
    close();
    input.focus();
  };
  const onOutside = (event: Event): void => {
    if (!box.contains(event.target as Node)) close();
  };
  input.addEventListener("blur", onBlur);
  box.addEventListener("keydown", onKey);
  button?.addEventListener("click", onButton);
  menu?.addEventListener("click", onMenu);
  document.addEventListener("pointerdown", onOutside);
  return () => {
    close();
    document.removeEventListener("pointerdown", onOutside);
  };
});
