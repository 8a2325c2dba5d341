// A box for a day, or a day and a time: it understands what people type, and opens a month with the usual days beside it.
// On touch it is the system's own.
import { announce } from "../behaviour";
import { float } from "./menu";
import { dayOf, iso, plus, understandDay, understandMoment } from "./when";

export function connect(box: HTMLElement): (() => void) | undefined {
  const input = box.querySelector<HTMLInputElement>("input");
  const menu = box.querySelector<HTMLElement>(".menu");
  const button = box.querySelector<HTMLButtonElement>("button[data-days]");
  if (!input) return undefined;
  const timed = box.dataset.timed !== undefined;
  if (matchMedia("(pointer: coarse)").matches) {
    const value = input.value;
    input.type = timed ? "datetime-local" : "date";
    input.value = value.replace(" ", "T");
    if (button) button.hidden = true;
    return undefined;
  }
  const language = document.documentElement.lang || "zh";
  const now = (): Date => {
    const today = dayOf(box.dataset.today ?? "") ?? new Date();
    const clock = (box.dataset.now ?? "").match(/(\d{2}):(\d{2})$/);
    return clock ? new Date(today.getFullYear(), today.getMonth(), today.getDate(), +clock[1]!, +clock[2]!) : today;
  };
  const understand = (text: string): string | undefined => (timed ? understandMoment(text, now()) : understandDay(text, now()));
  let stop: (() => void) | undefined;
  let shown = now();

  const close = (back = false): void => {
    if (!menu || menu.hidden) return;
    menu.hidden = true;
    button?.setAttribute("aria-expanded", "false");
    stop?.();
    stop = undefined;
    if (back) input.focus();
  };
  const put = (value: string): void => {
    if (value === input.value) return;
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const take = (): void => {
    const found = input.value ? understand(input.value) : undefined;
    if (found) put(found);
  };
  const chosen = (): string => input.value.slice(0, 10);
  const clock = (): string => input.value.match(/\d{2}:\d{2}$/)?.[0] ?? "09:00";
  const choose = (day: string): void => {
    put(timed ? `${day} ${clock()}` : day);
    announce(new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(dayOf(day)));
    if (timed) draw();
    else close(true);
  };

  const draw = (focus?: string): void => {
    const grid = menu?.querySelector<HTMLElement>("[data-month]");
    if (!grid) return;
    const month = new Date(shown.getFullYear(), shown.getMonth(), 1);
    const first = plus(month, -((month.getDay() + 6) % 7));
    const title = grid.querySelector<HTMLElement>("[data-title]")!;
    title.textContent = new Intl.DateTimeFormat(language, { year: "numeric", month: "long" }).format(month);
    const table = grid.querySelector("table")!;
    const names = new Intl.DateTimeFormat(language, { weekday: "narrow" });
    const whole = new Intl.DateTimeFormat(language, { weekday: "long" });
    const head = document.createElement("tr");
    for (let n = 0; n < 7; n++) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.abbr = whole.format(plus(first, n));
      cell.textContent = names.format(plus(first, n));
      head.append(cell);
    }
    const rows = [head];
    const at = focus ?? (chosen().slice(0, 7) === iso(month).slice(0, 7) ? chosen() : iso(now()).slice(0, 7) === iso(month).slice(0, 7) ? iso(now()) : iso(month));
    for (let week = 0; week < 6; week++) {
      const row = document.createElement("tr");
      for (let n = 0; n < 7; n++) {
        const day = plus(first, week * 7 + n);
        const cell = row.insertCell();
        const one = document.createElement("button");
        one.type = "button";
        one.dataset.day = iso(day);
        one.textContent = String(day.getDate());
        one.tabIndex = iso(day) === at ? 0 : -1;
        one.setAttribute("aria-label", new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(day));
        if (iso(day) === chosen()) one.setAttribute("aria-pressed", "true");
        if (iso(day) === iso(now())) one.setAttribute("aria-current", "date");
        if (day.getMonth() !== month.getMonth()) one.className = "out";
        cell.append(one);
      }
      rows.push(row);
    }
    table.replaceChildren(...rows);
    menu?.querySelectorAll<HTMLElement>("[data-time]").forEach((b) => b.setAttribute("aria-pressed", String(timed && input.value.endsWith(` ${b.dataset.time}`))));
    if (focus) table.querySelector<HTMLElement>(`[data-day="${focus}"]`)?.focus();
  };
  const open = (): void => {
    if (!menu || !button) return;
    shown = dayOf(chosen()) ?? now();
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    draw();
    stop = float(input, menu);
    menu.querySelector<HTMLElement>("[data-month] [tabindex='0']")?.focus();
    menu.querySelector<HTMLElement>("[data-time][aria-pressed=true], [data-time='09:00']")?.scrollIntoView({ block: "nearest" });
  };
  const onMenu = (event: Event): void => {
    const target = (event.target as HTMLElement).closest<HTMLElement>("button");
    if (!target) return;
    if (target.dataset.step) {
      shown = new Date(shown.getFullYear(), shown.getMonth() + Number(target.dataset.step), 1);
      draw();
    } else if (target.dataset.word) choose(understandDay(target.dataset.word, now()) ?? iso(now()));
    else if (target.dataset.time) {
      put(`${dayOf(chosen()) ? chosen() : iso(now())} ${target.dataset.time}`);
      close(true);
    } else if (target.dataset.day) choose(target.dataset.day);
  };
  const STEPS: Record<string, (d: Date) => Date> = {
    ArrowLeft: (d) => plus(d, -1),
    ArrowRight: (d) => plus(d, 1),
    ArrowUp: (d) => plus(d, -7),
    ArrowDown: (d) => plus(d, 7),
    Home: (d) => plus(d, -((d.getDay() + 6) % 7)),
    End: (d) => plus(d, 6 - ((d.getDay() + 6) % 7)),
    PageUp: (d) => new Date(d.getFullYear(), d.getMonth() - 1, Math.min(d.getDate(), new Date(d.getFullYear(), d.getMonth(), 0).getDate())),
    PageDown: (d) => new Date(d.getFullYear(), d.getMonth() + 1, Math.min(d.getDate(), new Date(d.getFullYear(), d.getMonth() + 2, 0).getDate())),
  };
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.key === "Escape" && menu && !menu.hidden) {
      event.stopPropagation();
      close(true);
    } else if (target === input) {
      if (event.key === "Enter" && input.value) take();
      if (event.key === "ArrowDown" && !input.readOnly) {
        event.preventDefault();
        open();
      }
    } else {
      const day = target.closest<HTMLElement>("[data-month] [data-day]")?.dataset.day;
      const step = STEPS[event.key];
      if (!day || !step) return;
      event.preventDefault();
      shown = step(dayOf(day)!);
      draw(iso(shown));
    }
  };
  const onOutside = (event: Event): void => {
    if (!box.contains(event.target as Node)) close();
  };
  input.addEventListener("blur", take);
  box.addEventListener("keydown", onKey);
  button?.addEventListener("click", () => (menu?.hidden ? open() : close(true)));
  menu?.addEventListener("click", onMenu);
  document.addEventListener("pointerdown", onOutside);
  return () => {
    close();
    document.removeEventListener("pointerdown", onOutside);
  };
}
