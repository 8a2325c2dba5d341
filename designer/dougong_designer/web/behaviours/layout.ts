// The canvas of a form or page: things are dragged from the palette and about, moved by keys, resized and chosen. What
// is done is posted, and the server answers with the canvas as it is then.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import type { Input } from "@atlaskit/pragmatic-drag-and-drop/types";
import htmx from "htmx.org";
import { announce, isTyping, type Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { whenFree } from "../../../../runtime/dougong_runtime/pages/web/carrying";
import { picture } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";
import { painted, post } from "../act";
import { blockTarget } from "./layout_blocks";
import { fieldTarget, fill, mark, partTarget, tabTarget, type Target } from "./layout_drop";
import { panel } from "./layout_panel";
import { preview } from "./layout_preview";
import { resizing } from "./layout_size";

type Values = Record<string, string>;
/** What is dragged: a field, a part, a tab or a block; from the palette or from the canvas. */
interface Load {
  what: "field" | "part" | "tab" | "block";
  values: Values;
  from?: HTMLElement;
  nested: boolean;
  word: string;
}

export const connect: Connect = (desk, signal) => {
  const base = desk.dataset.base ?? "";
  const isPage = desk.dataset.canvas === "page";
  const paper = (): HTMLElement | null => desk.querySelector<HTMLElement>("#paper");
  const chosen = (): string => desk.dataset.at ?? "";
  /** Whether somebody has chosen since they last did something: what is answered late to that no longer chooses. */
  let chose = false;
  const opened = new Set<string>();
  const query = (): string => new URLSearchParams({ at: chosen(), open: [...opened].join(",") }).toString();
  const element = (at: string): HTMLElement | null =>
    paper()?.querySelector<HTMLElement>(
      at.includes(".") ? `[data-spot="${CSS.escape(at)}"]` : `[data-part="${CSS.escape(at)}"], [data-tab="${CSS.escape(at)}"]`,
    ) ?? null;
  const word = (at: string): string => element(at)?.dataset.word ?? "";

  /** What takes the focus of a thing on the canvas. */
  const handle = (thing: HTMLElement | null): HTMLElement | null =>
    thing?.querySelector<HTMLElement>(":scope > .lo-head > .lo-grip, :scope > [data-pick]") ?? thing;

  // --- acts ------------------------------------------------------------------------------------------------------
  const isNarrow = (): boolean => matchMedia("(max-width: 899px)").matches;
  const act = (values: Values): Promise<unknown> => {
    if (isNarrow()) return Promise.resolve();
    chose = false;
    const address = `${base}/do?${new URLSearchParams({ open: [...opened].join(",") })}`;
    return post(address, values, { target: "#paper", swap: "outerMorph" });
  };
  const draw = (): void => {
    if (paper()) void htmx.ajax("GET", `${base}/paper?${query()}`, { source: "#paper", target: "#paper", swap: "outerMorph" });
  };
  const renew = (): void => {
    if (document.querySelector("#lo-palette")) {
      void htmx.ajax("GET", `${base}/palette?${query()}`, { source: document.querySelector("#lo-palette")!, target: "#lo-palette", swap: "outerMorph" });
    }
  };
  const properties = (): void => {
    void htmx.ajax("GET", `${base}/properties?${query()}`, { source: document.querySelector("#lo-prop")!, target: "#lo-prop", swap: "outerMorph" });
  };

  // --- what is chosen ----------------------------------------------------------------------------------------------
  const note = (at: string): void => {
    desk.dataset.at = at;
    const url = new URL(location.href);
    if (at) url.searchParams.set("at", at);
    else url.searchParams.delete("at");
    history.replaceState(history.state, "", url);
  };
  const show = (): void => {
    for (const one of paper()?.querySelectorAll<HTMLElement>("[data-spot], [data-part], [data-tab], [data-choose]") ?? []) {
      const own = one.dataset.spot ?? one.dataset.part ?? one.dataset.tab ?? one.dataset.choose;
      const on = own === chosen();
      if (one.dataset.tab) one.classList.toggle("chosen", on);
      else one.classList.toggle("on", on);
      if (one.hasAttribute("aria-pressed")) one.setAttribute("aria-pressed", String(on));
      const pick = one.dataset.spot !== undefined ? one.querySelector<HTMLElement>(":scope > [data-pick]") : null;
      if (pick) {
        pick.tabIndex = on ? 0 : -1;
        pick.setAttribute("aria-pressed", String(on));
      }
    }
  };
  const choose = (at: string, focus = false): void => {
    const tab = paper()?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(at)}"]`);
    const closed = tab?.getAttribute("aria-expanded") === "false";
    chose = true;
    note(at);
    if (closed) {
      for (const other of paper()!.querySelectorAll<HTMLElement>(`[data-tabs-of="${tab!.dataset.tabsOf}"]`)) opened.delete(other.dataset.tab!);
      opened.add(at);
      draw();
    }
    show();
    properties();
    if (at) announce(fill(desk.dataset.wChosen, { what: word(at) }));
    if (focus) handle(element(at))?.focus();
  };

  // --- dragging --------------------------------------------------------------------------------------------------
  let load: Load | undefined;
  const where = (input: Input): Target | undefined => {
    if (!load) return undefined;
    const { clientX: x, clientY: y } = input;
    if (load.what === "field") return fieldTarget(desk, x, y) ?? own(partTarget(desk, x, y, true));
    if (load.what === "tab") return tabTarget(desk, x, y);
    if (load.what === "block") return blockTarget(desk, x, y, load.nested, load.from);
    return partTarget(desk, x, y, load.nested, load.from);
  };
  const own = (target: Target | undefined): Target | undefined => target && { ...target, said: desk.dataset.wOwn ?? "" };
  const drop = (input: Input): void => {
    const target = where(input);
    if (!target || !load) return;
    const { values, word: what } = load;
    void put(values, target).then(() => {
      announce(fill(desk.dataset.wMoved, { what }));
      refocus();
    });
  };
  const put = (values: Values, target: Pick<Target, "into" | "before" | "width">): Promise<unknown> =>
    act({ ...values, into: target.into, before: target.before, ...(target.width ? { width: String(target.width) } : {}) });

  const loadOf = (item: HTMLElement): Load => {
    const d = item.dataset;
    const told = d.word ?? "";
    if (d.palette !== undefined) {
      if (d.palette === "field") return { what: "field", values: { do: "place", field: d.field! }, nested: true, word: told };
      if (d.partKind !== undefined) {
        const nested = d.palette !== "tabs";
        return { what: isPage ? "block" : "part", values: { do: "part", part: d.palette }, nested, word: told };
      }
      return { what: "field", values: { do: "field", type: d.palette }, nested: true, word: told };
    }
    if (d.spot !== undefined) return { what: "field", values: { do: "move", at: d.spot }, from: item, nested: true, word: told };
    if (d.tab !== undefined) return { what: "tab", values: { do: "move", at: d.tab }, from: item, nested: true, word: told };
    const nested = d.kind !== "tabs";
    return { what: isPage ? "block" : "part", values: { do: "move", at: d.part! }, from: item, nested, word: told };
  };
  let ends: (() => void)[] = [];
  const register = (): void => {
    ends.splice(0).forEach((end) => end());
    if (isNarrow() || !desk.isConnected) return;
    const items = [
      ...document.querySelectorAll<HTMLElement>("#lo-palette [data-palette]"),
      ...(paper()?.querySelectorAll<HTMLElement>("[data-spot], [data-part], [data-tab]") ?? []),
    ];
    for (const item of items) {
      ends.push(
        draggable({
          element: item,
          dragHandle: item.querySelector<HTMLElement>(":scope > .lo-head") ?? undefined,
          canDrag: ({ element: e, input }) => {
            const hit = document.elementFromPoint(input.clientX, input.clientY);
            return !hit?.closest("[data-size]") && !load && e.isConnected;
          },
          onGenerateDragPreview: (args) => picture(args, "lo-picture"),
          onDragStart: () => {
            load = loadOf(item);
            item.classList.add("lifted");
            desk.classList.add("lifting");
          },
          onDrop: ({ location }) => {
            item.classList.remove("lifted");
            desk.classList.remove("lifting");
            mark(desk, undefined);
            if (location.current.dropTargets.length) drop(location.current.input);
            load = undefined;
          },
        }),
      );
    }
    ends.push(
      dropTargetForElements({
        element: desk,
        canDrop: () => load !== undefined,
        onDrag: ({ location }) => {
          mark(desk, where(location.current.input));
          linger(location.current.input);
        },
        onDragLeave: () => mark(desk, undefined),
      }),
    );
  };
  // Over a closed tab for a moment: it opens.
  let over: { tab: string; since: number } | undefined;
  const linger = ({ clientX, clientY }: Input): void => {
    const tab = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-tab][aria-expanded=false]");
    if (!tab || load?.what === "tab") over = undefined;
    else if (!over || over.tab !== tab.dataset.tab) over = { tab: tab.dataset.tab!, since: Date.now() };
    else if (Date.now() - over.since > 500) {
      for (const other of paper()!.querySelectorAll<HTMLElement>(`[data-tabs-of="${tab.dataset.tabsOf}"]`)) opened.delete(other.dataset.tab!);
      opened.add(over.tab);
      over = undefined;
      draw();
    }
  };

  // --- the palette by click and keys: behind what is chosen ----------------------------------------------------------
  const insert = (item: HTMLElement): void => {
    const { what, values } = loadOf(item);
    const at = element(chosen());
    let into = "";
    let before = "";
    if (what === "field") {
      const spot = at?.dataset.spot !== undefined ? at : undefined;
      const grid = at?.closest<HTMLElement>("[data-fields]") ?? at?.querySelector<HTMLElement>("[data-fields]") ?? openGrid(at) ?? lastGrid();
      into = grid?.dataset.fields ?? "";
      const next = spot?.nextElementSibling as HTMLElement | null | undefined;
      before = spot && next ? (next.dataset.name ?? "") : "";
      void put(values, { into, before, width: 0 }).then(refocus);
      return;
    }
    const tab = at?.closest<HTMLElement>("[data-tab-body]")?.dataset.tabBody ?? at?.dataset.tab;
    const part = at?.closest<HTMLElement>("[data-part]");
    if (tab && item.dataset.palette !== "tabs") into = tab;
    const mine = part && (part.parentElement as HTMLElement).dataset.parts === into ? (part.nextElementSibling as HTMLElement | null) : null;
    void put(values, { into, before: mine?.dataset.part ?? "", width: 0 });
  };
  const openGrid = (at: HTMLElement | null): HTMLElement | null =>
    at?.dataset.tab ? (paper()?.querySelector<HTMLElement>(`[data-fields="${at.dataset.tab}"]`) ?? null) : null;
  const lastGrid = (): HTMLElement | undefined => [...(paper()?.querySelectorAll<HTMLElement>("[data-fields]") ?? [])].pop();

  // --- keys --------------------------------------------------------------------------------------------------------
  const all = (): HTMLElement[] => [...(paper()?.querySelectorAll<HTMLElement>("[data-part], [data-spot], [data-tab]") ?? [])];
  const at_of = (e: HTMLElement): string => e.dataset.spot ?? e.dataset.part ?? e.dataset.tab ?? "";
  const walk = (step: number): void => {
    const every = all();
    const here = every.findIndex((e) => at_of(e) === chosen());
    const to = every[here === -1 ? (step > 0 ? 0 : every.length - 1) : here + step];
    if (to) {
      choose(at_of(to), true);
      to.scrollIntoView({ block: "nearest" });
    }
  };
  const step = (way: string): void => {
    const what = word(chosen());
    void act({ do: "step", at: chosen(), way }).then(() => {
      announce(fill(desk.dataset.wMoved, { what }));
      refocus();
    });
  };
  const takeOut = (): void => {
    const what = word(chosen());
    void act({ do: "take_out", at: chosen() }).then(() => {
      announce(fill(desk.dataset.wTaken, { what }));
      desk.focus();
    });
  };
  const refocus = (): void => {
    const here = element(chosen());
    handle(here)?.focus({ preventScroll: true });
    here?.scrollIntoView({ block: "nearest" });
  };
  const wider = (): void => {
    const spot = element(chosen());
    if (spot?.dataset.spot === undefined) return;
    const columns = spot.closest<HTMLElement>("[data-fields]")?.dataset.columns ?? "2";
    void act({ do: "width", at: chosen(), width: spot.classList.contains("wide") ? "1" : columns }).then(refocus);
  };
  const broader = (by: number): void => {
    const block = element(chosen());
    if (block?.dataset.width === undefined) return;
    const width = Math.min(12, Math.max(1, Number(block.dataset.width) + by));
    void act({ do: "width", at: chosen(), width: String(width) }).then(refocus);
  };
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const near = desk.contains(target) || target === document.body;
    if (isTyping(target) || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const arrow = /^Arrow(Up|Down|Left|Right)$/.exec(event.key)?.[1]?.toLowerCase();
    if (event.key === "/" && !event.altKey) document.querySelector<HTMLElement>("[data-lo-find]")?.focus();
    else if (!near || desk.dataset.mode === "fill") return;
    else if (arrow && event.altKey && chosen()) step(arrow);
    else if (arrow && !event.altKey && !event.shiftKey) walk(arrow === "up" || arrow === "left" ? -1 : 1);
    else if ((event.key === "Delete" || event.key === "Backspace") && chosen()) takeOut();
    else if (event.key === "Escape" && chosen()) choose("");
    else if (event.key === "w" && chosen()) wider();
    else if ((event.key === "+" || event.key === "=" || event.key === "-") && chosen()) broader(event.key === "-" ? -1 : 1);
    else if (event.key === "m" && chosen()) document.querySelector<HTMLElement>("[data-move-to]")?.focus();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  // --- clicks, and what comes back ---------------------------------------------------------------------------------
  const onClick = (event: Event): void => {
    const target = event.target as HTMLElement;
    const choosing = target.closest<HTMLElement>("[data-choose]");
    const spot = target.closest<HTMLElement>("[data-spot]");
    const adding = target.closest<HTMLElement>("[data-add-tab]");
    const item = target.closest<HTMLElement>("#lo-palette [data-palette]");
    if (item) insert(item);
    else if (adding) void act({ do: "part", part: "tab", into: adding.dataset.addTab ?? "", before: "" });
    else if (choosing) choose(choosing.dataset.choose ?? "");
    else if (!desk.contains(target)) return;
    else if (spot && !target.closest("[data-size]")) choose(spot.dataset.spot!, true);
    else if (!target.closest("a,[data-size]")) {
      const part = target.closest<HTMLElement>("[data-part]");
      if (part) choose(part.dataset.part!);
      else if (target.closest(".paper")) choose("");
    }
    if (target.closest("a[href]") && target.closest("#paper")) event.preventDefault();
  };
  const onChosen = (event: Event): void => {
    const { at } = (event as CustomEvent<{ at?: string }>).detail ?? {};
    if (!chose) note(at ?? "");
  };
  const onChanged = (event: Event): void => {
    const { revision } = (event as CustomEvent<{ revision?: number }>).detail ?? {};
    if (String(revision ?? "") !== paper()?.dataset.revision) draw();
    void painted().then(() => {
      renew();
      properties();
    });
  };
  const onSwap = (): void => {
    whenFree(register);
    show();
  };
  const ways = [
    panel(act, chosen),
    preview(desk),
    resizing(desk, (at, width) => void act({ do: "width", at, width: String(width) })),
  ];
  document.addEventListener("keydown", onKey, { signal, capture: true });
  document.addEventListener("click", onClick, { signal });
  document.body.addEventListener("layout-chosen", onChosen, { signal });
  document.body.addEventListener("draft-changed", onChanged, { signal });
  document.body.addEventListener("draft-refused", draw, { signal });
  document.addEventListener("htmx:after:swap", onSwap, { signal });
  register();
  return () => {
    ends.forEach((end) => end());
    ways.forEach((end) => end());
  };
};
