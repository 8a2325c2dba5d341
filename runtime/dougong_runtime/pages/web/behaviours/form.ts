// A record's form: conditions and figures while one types, sentences beside what was left, drafts, unsaved work guarded,
// Ctrl Enter saves.
import { announce } from "../behaviour";
import { Checking } from "../filling/checking";
import { Drafting } from "../filling/drafting";
import { post, typed } from "../filling/sending";
import { emptied, stand, type Standing, withFilled } from "../filling/standing";
import { steps } from "../filling/steps";

const WAIT_MS = 20; // one question is under way at a time, so a short wait floods nobody
const BOX = ":is(input:not([type=hidden]),select,textarea)";

const nameOf = (target: EventTarget | null): string =>
  (target as HTMLElement | null)?.closest?.<HTMLElement>("[data-placed]")?.dataset.placed ?? "";

export function connect(element: HTMLElement): () => void {
  const form = element as HTMLFormElement;
  const base = form.dataset.ask ?? "";
  const checking = new Checking(form, `${base}/check`);
  const drafting = form.dataset.drafts ? new Drafting(form) : undefined;
  let changed = form.dataset.changed !== undefined;
  let timer = 0;
  let flying = false;
  let again = false;
  let leaving = false;

  const ask = async (): Promise<void> => {
    if (flying) {
      again = true;
      return;
    }
    flying = true;
    const answer = await post<Standing>(`${base}/conditions`, withFilled(form, typed(form)));
    flying = false;
    if (answer && !again) stand(form, answer);
    if (again) {
      again = false;
      void ask();
    }
  };
  const soon = (wait: number): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), wait);
  };
  const onEdit = (event: Event): void => {
    changed = true;
    emptied(event.target);
    drafting?.type();
    const name = nameOf(event.target);
    if (name) checking.type(name);
    soon(event.type === "input" ? WAIT_MS : 0);
  };
  const onLeaveField = (event: FocusEvent): void => {
    const name = nameOf(event.target);
    if (name && nameOf(event.relatedTarget) !== name) checking.leave(name);
  };
  const onSubmit = (event: SubmitEvent): void => {
    if (event.defaultPrevented) return;
    if (leaving || drafting?.sending) {
      event.preventDefault();
      if (!leaving) void drafting?.sending?.then(() => form.requestSubmit(event.submitter));
      return;
    }
    leaving = true;
    checking.end();
    drafting?.stop();
    announce(form.dataset.saving ?? "");
    form.querySelectorAll<HTMLButtonElement>("button[type=submit]").forEach((b) => b.setAttribute("aria-disabled", "true"));
  };
  const onShown = (): void => {
    leaving = false; // come back to by the browser's history
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const over = document.querySelector("dialog[open]");
    if (over && !over.contains(form) && !form.contains(over)) return;
    event.preventDefault();
    form.requestSubmit();
  };
  const onLeave = (event: BeforeUnloadEvent): void => {
    if (form.dataset.guard !== undefined && changed && !leaving) event.preventDefault();
  };
  const onLink = (event: Event): void => {
    const link = (event.target as HTMLElement).closest<HTMLElement>("[data-goes-to]");
    const box = link && form.querySelector<HTMLElement>(`[data-placed="${CSS.escape(link.dataset.goesTo ?? "")}"] ${BOX}`);
    if (!box) return;
    event.preventDefault();
    box.closest<HTMLElement>("[role=tabpanel][hidden]")?.dispatchEvent(new CustomEvent("dougong:show", { bubbles: true }));
    box.closest("details")?.setAttribute("open", "");
    box.focus();
  };
  const onFilled = (): void => soon(0); // figures follow from what was filled in
  form.addEventListener("dougong:filled", onFilled);
  form.addEventListener("input", onEdit);
  form.addEventListener("change", onEdit);
  form.addEventListener("focusout", onLeaveField);
  form.addEventListener("submit", onSubmit);
  form.addEventListener("click", onLink);
  document.addEventListener("keydown", onKey);
  addEventListener("beforeunload", onLeave);
  addEventListener("pageshow", onShown);
  const track = steps(form);
  const summary = form.querySelector<HTMLElement>("[data-summary]");
  const first = form.dataset.fresh === undefined ? null : form.querySelector<HTMLElement>(`[data-placed]:not([hidden]) ${BOX}:not(:disabled)`);
  const narrow = matchMedia("(max-width: 640px)").matches; // there a box that takes the focus covers the page
  const busy = document.activeElement !== document.body && form.contains(document.activeElement);
  if (summary || !(busy || narrow)) (summary ?? first)?.focus({ preventScroll: summary === null });
  if (busy || changed) soon(0);
  return () => {
    clearTimeout(timer);
    checking.end();
    drafting?.end();
    track();
    document.removeEventListener("keydown", onKey);
    removeEventListener("beforeunload", onLeave);
    removeEventListener("pageshow", onShown);
  };
}
