// The frame: undo and redo by keys, the next problem by F8, what others do as it happens; on a narrow screen the tree
// behind a button, and everything to read and nothing to build with.
import htmx from "htmx.org";
import { announce, isTyping, type Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { painted, send, typedAgainst } from "../act";

const ASKED_MS = 4_000;
const NARROW = "(max-width: 899px)";
/** What changes a draft: on a narrow screen nothing gets into it. Links, tabs and what only asks stay. */
const BUILDS = "#main :is(.paper:not(form), :is(button, input, select, textarea):not(form[method=get] *))";
const HOLDS = ["pointerdown", "dragstart", "keydown"];
const READS = new Set(["Enter", " ", "Tab", "Escape", "PageUp", "PageDown", "Home", "End"]);

interface Changed {
  revision?: number;
  by?: string;
}

/** Problems as they are listed, each once. */
const problems = (): HTMLAnchorElement[] => {
  const listed = [...document.querySelectorAll<HTMLAnchorElement>("#s-problems [data-problem]")];
  return listed.length ? listed : [...document.querySelectorAll<HTMLAnchorElement>("[data-problems] [data-problem]")];
};

function toProblem(step: 1 | -1): boolean {
  const all = problems();
  if (!all.length) return false;
  const here = location.pathname + location.search;
  const at = Number(new URLSearchParams(location.hash.slice(1)).get("problem") ?? all.findIndex((a) => a.getAttribute("href") === here));
  const next = (at + step + all.length) % all.length;
  const link = all[Number.isFinite(next) ? next : 0]!;
  const address = new URL(link.href);
  address.hash = `problem=${all.indexOf(link)}`;
  if (address.pathname + address.search === here) location.hash = address.hash;
  else location.href = address.href;
  announce(link.innerText);
  return true;
}

function press(chord: "undo" | "redo"): void {
  const button = document.querySelector<HTMLButtonElement>(`[data-chord=${chord}]`);
  if (button && button.getAttribute("aria-disabled") !== "true") button.click();
}

export const connect: Connect = (element, signal) => {
  let timer = 0;
  let asking = false;

  const changed = (event: Event): void => {
    const { revision, by } = ((event as CustomEvent<Changed>).detail ?? {}) as Changed;
    // The bar and the tree beside a canvas come after it.
    void painted().then(() => htmx.trigger(document.body, "draft-shown", {}));
    if (!revision) return;
    if (by && isTyping(document.activeElement)) typedAgainst(element.dataset.revision);
    element.dataset.revision = String(revision);
  };
  const ask = async (): Promise<void> => {
    window.clearTimeout(timer);
    if (asking || document.visibilityState !== "visible") return;
    asking = true;
    const there = document.getElementById("s-here")?.dataset.here ?? "";
    try {
      await send("state", { revision: element.dataset.revision ?? "", here: there });
    } catch {
      // The next asking tries again.
    } finally {
      asking = false;
      if (element.isConnected) timer = window.setTimeout(() => void ask(), ASKED_MS);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && shows?.getAttribute("aria-expanded") === "true") {
      show(false);
      shows.focus();
      return;
    }
    if (event.key === "F8" && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (toProblem(event.shiftKey ? -1 : 1)) event.preventDefault();
      return;
    }
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const chord = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : undefined;
    if (!chord) return;
    event.preventDefault();
    press(chord);
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    if (shows?.contains(target)) show(shows.getAttribute("aria-expanded") !== "true");
    const pressed = target.closest<HTMLElement>("[aria-disabled=true][data-chord]");
    if (pressed) event.preventDefault();
    const place = target.closest<HTMLElement>("[data-goes-to]");
    const text = place && place.closest("form")?.querySelector("textarea");
    if (place && text) goTo(text, place.dataset.goesTo ?? "1:1");
    const copier = target.closest<HTMLElement>("[data-copies]");
    const source = copier && document.getElementById(copier.dataset.copies ?? "");
    if (source instanceof HTMLTextAreaElement) void copy(source);
    if (target.closest("[data-redraws]")) htmx.trigger(document.body, "draft-changed", {});
  };
  const narrow = matchMedia(NARROW);
  const fit = (): void => {
    for (const thing of document.querySelectorAll(BUILDS)) thing.toggleAttribute("inert", narrow.matches);
  };
  /** Canvases take hold of rows and boxes, and of keys on them: they never hear of it where one only reads. */
  const onHold = (event: Event): void => {
    if (!narrow.matches || !(event.target as Element).closest("#main")) return;
    if (event instanceof KeyboardEvent && READS.has(event.key) && !event.altKey) return;
    if (event.type === "dragstart") event.preventDefault();
    event.stopPropagation();
  };
  const shows = element.querySelector<HTMLElement>("[data-shows-tree]");
  const show = (open: boolean): void => {
    shows?.setAttribute("aria-expanded", String(open));
    if (!open) return;
    document.getElementById("lo-tab-documents")?.click();
    element.querySelector(".s-tree [aria-current]")?.scrollIntoView({ block: "center" });
  };
  const onSeen = (): void => {
    if (document.visibilityState === "visible") void ask();
  };
  fit();
  timer = window.setTimeout(() => void ask(), 300);
  narrow.addEventListener("change", fit, { signal });
  document.addEventListener("htmx:after:swap", fit, { signal });
  for (const type of HOLDS) element.addEventListener(type, onHold, { signal, capture: true });
  document.body.addEventListener("draft-changed", changed, { signal });
  document.addEventListener("keydown", onKey, { signal });
  document.addEventListener("click", onClick, { signal });
  document.addEventListener("visibilitychange", onSeen, { signal });
  return () => window.clearTimeout(timer);
};

/** Put the caret at a line and column of a text, counted from 1. */
function goTo(text: HTMLTextAreaElement, place: string): void {
  const [line = 1, column = 1] = place.split(":").map(Number);
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  text.focus();
  text.setSelectionRange(start, start);
  const height = text.scrollHeight / Math.max(lines.length, 1);
  text.scrollTop = Math.max(0, (line - 4) * height);
}

async function copy(source: HTMLTextAreaElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.value);
  } catch {
    source.select();
    document.execCommand("copy");
  }
}
