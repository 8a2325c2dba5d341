// Facts of a record filled in where they stand, one at a time: a click or Enter opens one with the field's own input,
// Enter saves, Tab saves and goes on, Esc restores. What cannot be filled in says why. The server decides.
import htmx from "htmx.org";
import { announce, connectAll, disconnectAll, focusNext, isTyping } from "../behaviour";
import { float } from "./menu";

type Step = -1 | 0 | 1;

export function connect(page: HTMLElement): () => void {
  const facts = (): HTMLElement[] => [...page.querySelectorAll<HTMLElement>("dd[data-fact]")].filter((d) => d.offsetParent);
  const able = (fact: HTMLElement): boolean => fact.dataset.fact === "edit";
  const address = (fact: HTMLElement): string => `${page.dataset.href}/cells/${encodeURIComponent(fact.dataset.field ?? "")}`;
  let open: { fact: HTMLElement; before: DocumentFragment; end: () => void } | undefined;
  let busy = false;

  const ask = async (url: string, body?: FormData): Promise<string | undefined> => {
    const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href, "X-CSRF-Token": token, Accept: "text/html" };
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers }).catch(() => undefined);
    const away = answer?.headers.get("HX-Redirect");
    if (away) location.href = away;
    return answer && !away ? answer.text() : undefined;
  };
  const parsed = (html: string): DocumentFragment => {
    const made = document.createElement("template");
    made.innerHTML = html;
    return made.content;
  };
  const put = (place: HTMLElement, html: string): void => {
    place.replaceChildren(parsed(html));
    htmx.process(place);
    connectAll(place);
  };
  /** One of the facts can be reached by Tab; arrows walk from it. */
  const rove = (to?: HTMLElement, focus = (fact: HTMLElement): void => fact.focus()): void => {
    const all = facts();
    const kept = to ?? all.find((d) => d.tabIndex === 0) ?? all.find(able) ?? all[0];
    for (const fact of all) fact.tabIndex = fact === kept ? 0 : -1;
    if (to) focus(to);
  };
  const restore = (): void => {
    if (!open) return;
    const { fact, before, end } = open;
    open = undefined;
    end();
    disconnectAll(fact);
    fact.classList.remove("edit", "saving", "no");
    fact.replaceChildren(before);
  };
  const show = (fact: HTMLElement, html: string): void => {
    put(fact, html);
    const form = fact.querySelector<HTMLFormElement>("form");
    fact.classList.toggle("no", !!form?.matches(".refused"));
    fact.classList.remove("saving");
    const err = form?.querySelector<HTMLElement>(".cell-err:not([hidden])");
    if (open) open.end = form?.matches(".tall") ? float(fact, form) : err ? float(fact, err) : (): void => undefined;
    const input =
      form?.querySelector<HTMLElement>("[autofocus]") ??
      form?.querySelector<HTMLElement>("input:not([type=hidden]):not([readonly]),select,textarea");
    input?.focus();
    if (input instanceof HTMLInputElement && /^(text|email|tel|url)$/.test(input.type)) input.select();
  };
  const explain = (fact: HTMLElement, html: string): void => {
    const note = document.createElement("div");
    note.className = "menu fixed cell-note";
    put(note, html);
    fact.append(note);
    const end = float(fact, note);
    announce(note.textContent?.trim() ?? "");
    const away = (event: Event): void => {
      if (event.type === "pointerdown" && note.contains(event.target as Node)) return;
      if (event.type === "keydown" && (event as KeyboardEvent).key === "Escape") event.preventDefault();
      end();
      note.remove();
      for (const name of ["keydown", "pointerdown"]) document.removeEventListener(name, away, true);
    };
    for (const name of ["keydown", "pointerdown"]) document.addEventListener(name, away, true);
  };
  const edit = async (fact: HTMLElement): Promise<void> => {
    if (open || busy) return;
    busy = true;
    const html = await ask(able(fact) ? address(fact) : `${page.dataset.href}/why?field=${encodeURIComponent(fact.dataset.field ?? "")}`);
    busy = false;
    if (!html || !fact.isConnected) return;
    if (!html.includes("cell-ed")) return explain(fact, html);
    const before = document.createDocumentFragment();
    before.append(...fact.childNodes);
    open = { fact, before, end: () => undefined };
    fact.classList.add("edit");
    show(fact, html);
  };
  /** What follows from the change: other facts, figures, the line of time, lists beside. What is being typed stays. */
  const refresh = async (name: string, step: Step): Promise<void> => {
    const html = await ask(`${page.dataset.href}?tab=overview`);
    if (!html) return;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of [".rec-h", ".stages-row", ".facts", ".rec > section:first-child", ".rec > aside", ".story .tl"]) {
      const [now, then] = [page.querySelector<HTMLElement>(part), fresh.querySelector<HTMLElement>(part)];
      if (!now || !then) continue;
      disconnectAll(now);
      now.replaceChildren(...then.childNodes);
      htmx.process(now);
      connectAll(now);
    }
    const all = facts();
    const at = all.findIndex((d) => d.dataset.field === name);
    let to = at;
    for (let next = at + step; step && next >= 0 && next < all.length; next += step)
      if (able(all[next]!)) {
        to = next;
        break;
      }
    rove(all[to], focusNext);
    if (step && to !== at && all[to] === document.activeElement) void edit(all[to]!);
  };
  const save = async (step: Step, submitter?: HTMLElement | null): Promise<void> => {
    if (!open || busy) return;
    const { fact } = open;
    const name = fact.dataset.field ?? "";
    const data = new FormData(fact.querySelector("form")!, submitter);
    data.set("_columns", name);
    busy = true;
    fact.classList.add("saving");
    const html = await ask(address(fact), data);
    busy = false;
    if (!open || open.fact !== fact) return;
    if (html?.includes("cell-ed")) {
      open.end();
      return show(fact, html);
    }
    const done = html ? parsed(html).querySelector<HTMLElement>("[data-cells]") : null;
    if (!done) {
      fact.classList.remove("saving");
      fact.classList.add("no");
      return;
    }
    restore();
    if (done.dataset.gone !== undefined) location.reload();
    else await refresh(name, step);
  };

  const factOf = (target: EventTarget | null): HTMLElement | null => (target as HTMLElement | null)?.closest?.<HTMLElement>("dd[data-fact]") ?? null;
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const fact = factOf(target);
    if (open && !open.fact.contains(target) && !target.closest(".menu")) void save(0);
    if (!fact || target.closest("a,button,input,label,select,textarea,form,.menu") || getSelection()?.toString()) return;
    if (able(fact)) void edit(fact);
    else rove(fact);
  };
  const onDouble = (event: MouseEvent): void => {
    const fact = factOf(event.target);
    if (!fact || able(fact) || (event.target as HTMLElement).closest("a,button,form")) return;
    getSelection()?.removeAllRanges();
    void edit(fact);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.altKey || document.querySelector("dialog[open]")) return;
    if (open?.fact.contains(event.target as Node)) return inside(event);
    const fact = factOf(document.activeElement);
    if (!fact || fact !== document.activeElement || isTyping(event.target) || event.ctrlKey || event.metaKey) return;
    const all = facts();
    if (event.key === "ArrowDown") rove(all[Math.min(all.indexOf(fact) + 1, all.length - 1)]);
    else if (event.key === "ArrowUp") rove(all[Math.max(all.indexOf(fact) - 1, 0)]);
    else if (event.key === "Enter" || event.key === "F2" || event.key === "e") void edit(fact);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const inside = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const area = (event.target as HTMLElement).tagName === "TEXTAREA";
    if (event.key === "Escape") {
      const fact = open!.fact;
      restore();
      rove(fact);
    } else if (event.key === "Tab") void save(event.shiftKey ? -1 : 1);
    else if (event.key === "Enter" && !event.defaultPrevented && (!area || event.ctrlKey) && !(event.target as HTMLElement).closest("button")) void save(0);
    else return void event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
  };
  const onSubmit = (event: SubmitEvent): void => {
    if (!(event.target as HTMLElement).matches(".cell-ed")) return;
    event.preventDefault();
    event.stopPropagation();
    void save(0, event.submitter);
  };
  const onSwap = (): void => rove();
  document.addEventListener("click", onClick);
  page.addEventListener("dblclick", onDouble);
  document.addEventListener("keydown", onKey, true);
  page.addEventListener("submit", onSubmit, true);
  page.addEventListener("htmx:after:swap", onSwap);
  rove();
  return () => {
    open?.end();
    document.removeEventListener("click", onClick);
    page.removeEventListener("dblclick", onDouble);
    document.removeEventListener("keydown", onKey, true);
    page.removeEventListener("submit", onSubmit, true);
    page.removeEventListener("htmx:after:swap", onSwap);
  };
}
