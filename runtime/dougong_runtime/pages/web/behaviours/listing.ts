// A view's page: what is clicked in its heads, panels and groups; columns that are drawn wider, kept in place, scrolled
// back to where they were left. The server's HTML is the state; this only asks for another.
import htmx from "htmx.org";
import { announce } from "../behaviour";
import { inTurn } from "../turn";

const SWAP = "outerMorph show:none";
const WIDTH_MIN = 48;
const WIDTH_MAX = 1200;

/** What the page's hidden form and search box say, as parameters. */
function state(): FormData {
  const form = document.querySelector<HTMLFormElement>("#state");
  const data = form ? new FormData(form) : new FormData();
  const search = document.querySelector<HTMLInputElement>("#q")?.value ?? "";
  if (search) data.set("search", search);
  return data;
}

export function connect(view: HTMLElement, signal: AbortSignal): () => void {
  const base = view.dataset.base ?? "";
  const list = (): HTMLElement | null => view.querySelector<HTMLElement>("#list");
  const table = (): HTMLTableElement | null => view.querySelector<HTMLTableElement>("table.grid");
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  // --- columns that stay in place ------------------------------------------------------------------------------
  const pin = (): void => {
    const grid = table();
    const heads = grid ? [...grid.querySelectorAll<HTMLElement>("thead th[data-field].frozen")].slice(1) : [];
    const first = grid?.querySelector<HTMLElement>("thead th");
    const start = first?.getBoundingClientRect().left ?? 0;
    const scrolled = list()?.scrollLeft ?? 0;
    let left = heads[0] ? (grid?.querySelector<HTMLElement>("thead th.pin2")?.getBoundingClientRect().right ?? 0) - start : 0;
    if (scrolled && first && !first.classList.contains("pin") && !first.classList.contains("pin2")) left += 0;
    const rules = heads.map((head, n) => {
      const name = CSS.escape(head.dataset.field ?? "");
      const at = left;
      left += head.getBoundingClientRect().width;
      const edge = n === heads.length - 1 ? "box-shadow: 1px 0 0 var(--line);" : "";
      return `@media (min-width: 641px) { .grid [data-field="${name}"], .grid [data-below="${name}"] { position: sticky; inset-inline-start: ${at}px; z-index: 2; ${edge} } .grid :is(thead, tfoot) :is([data-field="${name}"], [data-below="${name}"]) { z-index: 4; } }`;
    });
    sheet.replaceSync(rules.join("\n"));
  };

  // --- columns drawn wider or narrower -------------------------------------------------------------------------
  const turn = inTurn();
  const arrange = (act: string): Promise<unknown> =>
    turn(() => {
      const values: Record<string, string> = { do: act };
      for (const [name, value] of state()) values[name] = String(value);
      const at = document.querySelector<HTMLInputElement>("#columns-at")?.value;
      if (at) values.at = at;
      return htmx.ajax("POST", `${base}/arrange`, { source: view, values, swap: "none" });
    });
  const show = (path: string, width: number): void => {
    const name = CSS.escape(path);
    view.querySelector(`col[data-col="${name}"]`)?.setAttribute("width", String(width));
    view.querySelectorAll(`.grid [data-field="${name}"]`).forEach((cell) => cell.classList.add("sized"));
  };
  const clamp = (width: number): number => Math.round(Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width)));
  const onGrip = (event: PointerEvent): void => {
    const grip = (event.target as HTMLElement).closest<HTMLElement>("[data-resize]");
    const head = grip?.closest<HTMLElement>("th");
    if (!grip || !head || event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    const path = head.dataset.field ?? "";
    const from = head.getBoundingClientRect().width;
    let width = from;
    const onMove = (moved: PointerEvent): void => {
      width = clamp(from + moved.clientX - event.clientX);
      show(path, width);
    };
    const onUp = (): void => {
      grip.removeEventListener("pointermove", onMove);
      grip.removeEventListener("pointerup", onUp);
      if (width !== from) void arrange(`width:${path}:${width}`);
    };
    grip.addEventListener("pointermove", onMove);
    grip.addEventListener("pointerup", onUp);
  };
  const onFit = (event: MouseEvent): void => {
    const head = (event.target as HTMLElement).closest("[data-resize]")?.closest<HTMLElement>("th");
    if (head) void arrange(`width:${head.dataset.field}:0`);
  };

  // --- groups --------------------------------------------------------------------------------------------------
  const fold = (band: HTMLElement, open: boolean): void => {
    band.querySelector("[data-fold]")?.setAttribute("aria-expanded", String(open));
    const depth = Number(band.dataset.depth);
    for (let next = band.nextElementSibling as HTMLElement | null; next; next = next.nextElementSibling as HTMLElement | null) {
      if (next.dataset.band !== undefined) {
        if (Number(next.dataset.depth) <= depth) break;
        next.hidden = !open;
        fold(next, open);
      } else if (next.dataset.ofBand !== undefined) next.hidden = !open;
    }
  };

  // --- clicks --------------------------------------------------------------------------------------------------
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const head = target.closest<HTMLAnchorElement>("thead a[data-add]");
    if (head?.dataset.add && event.shiftKey) {
      event.preventDefault();
      event.stopImmediatePropagation();
      getSelection()?.removeAllRanges();
      void htmx.ajax("GET", head.dataset.add, { source: view, target: "#view", swap: SWAP });
      return;
    }
    const button = target.closest<HTMLElement>("[data-fold]");
    const band = button?.closest<HTMLElement>("[data-band]");
    if (button && band) fold(band, button.getAttribute("aria-expanded") !== "true");
    const opens = target.closest("#filter-open,[data-opens-filter]");
    const body = document.getElementById("filter-body");
    if (opens && body && body.dataset.add === undefined) body.dataset.add = opens.id === "filter-open" ? "-" : "";
    if (opens && opens.id !== "filter-open") document.getElementById("filter-open")?.click();
  };
  /** Those of the panels, which stand beside the view. */
  const onPanels = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const said = target.closest<HTMLElement>("[data-said]")?.dataset.said;
    if (said) announce(said);
    if (target.closest("[data-head]")) document.getElementById("head-menu")?.replaceChildren();
    if (target.closest("[data-fold-all]")) view.querySelectorAll<HTMLElement>("[data-band][data-depth='0']").forEach((b) => fold(b, false));
    const widen = target.closest<HTMLElement>("[data-widen]");
    if (widen) {
      const head = view.querySelector<HTMLElement>(`thead th[data-field="${CSS.escape(widen.dataset.widen ?? "")}"]`);
      if (head) void arrange(`width:${head.dataset.field}:${clamp(head.getBoundingClientRect().width + Number(widen.dataset.by))}`);
    }
    const copy = target.closest<HTMLElement>("[data-copy]");
    if (copy) void navigator.clipboard?.writeText(new URL(copy.dataset.copy ?? "", location.href).href).then(() => announce(copy.dataset.copied ?? ""));
    const opens = target.closest<HTMLElement>("[data-opens-menu]");
    if (opens) document.querySelector<HTMLElement>(`[data-behaviour~=menu][aria-controls="${opens.dataset.opensMenu}"]`)?.click();
    const by = target.closest<HTMLElement>("[data-filter-by]");
    if (by) {
      const body = document.getElementById("filter-body");
      if (body) body.dataset.add = by.dataset.filterBy ?? "";
      document.getElementById("filter-open")?.click();
    }
  };

  // --- where the list was left ---------------------------------------------------------------------------------
  const rows = (): number => view.querySelectorAll("tbody tr[data-record]").length;
  const leave = (): void => {
    const place = { rows: rows(), top: list()?.scrollTop ?? 0, left: list()?.scrollLeft ?? 0 };
    history.replaceState({ ...(history.state ?? {}), place }, "");
  };
  const back = async (): Promise<void> => {
    const place = (history.state as { place?: { rows: number; top: number; left: number } } | null)?.place;
    if (!place || (!place.top && !place.left)) return;
    if (place.rows > rows() && view.querySelector("tr.more")) {
      const address = new URL(location.href);
      address.searchParams.set("rows", String(place.rows));
      await htmx.ajax("GET", address.pathname + address.search, { source: view, target: "#view", swap: SWAP, push: "false" });
    }
    list()?.scrollTo({ top: place.top, left: place.left });
  };
  const onRequest = (event: Event): void => {
    const { ctx } = (event as CustomEvent).detail as { ctx: { sourceElement: HTMLElement; request: { body: FormData } } };
    const from = ctx.sourceElement;
    if (from.id === "view-again") {
      ctx.request.body.set("rows", String(rows()));
      ctx.request.body.set("keep", "1");
    }
    if (from.id === "filter-body" && from.dataset.add) ctx.request.body.set("add", from.dataset.add);
    if (from.id === "filter-body") delete from.dataset.add;
  };
  const onApplied = (): void => {
    const opener = document.getElementById("filter-open");
    if (document.getElementById("filter-panel")?.hidden === false) opener?.click();
    list()?.scrollTo({ top: 0 });
  };
  const onSwap = (event: Event): void => {
    const { ctx } = (event as CustomEvent).detail as { ctx: { sourceElement?: Element; request: { method: string } } };
    if (ctx.request.method === "GET" && ctx.sourceElement?.id !== "view-again" && ctx.sourceElement?.matches?.("a,form,input,#view")) {
      if (ctx.sourceElement.closest("#view,#order-panel,#head-menu") && !ctx.sourceElement.closest("tr.more")) list()?.scrollTo({ top: 0 });
    }
    // The server knows of no open menu: what it sent says that all are closed.
    view.querySelectorAll("[data-behaviour~=menu][aria-controls]").forEach((button) => {
      const menu = document.getElementById(button.getAttribute("aria-controls") ?? "");
      if (menu && !view.contains(menu) && menu.id !== "head-menu") button.setAttribute("aria-expanded", String(!menu.hidden));
    });
    pin();
  };

  view.addEventListener("click", onClick, { signal, capture: true });
  view.addEventListener("pointerdown", onGrip, { signal });
  view.addEventListener("dblclick", onFit, { signal });
  document.addEventListener("click", onPanels, { signal });
  document.addEventListener("htmx:config:request", onRequest, { signal });
  document.addEventListener("htmx:after:swap", onSwap, { signal });
  document.body.addEventListener("filter-applied", onApplied, { signal });
  addEventListener("pagehide", leave, { signal });
  addEventListener("resize", pin, { signal });
  pin();
  void back();
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet);
  };
}
