// A canvas of members in lists: rows of an outline, cards of a workflow. Choosing one shows its properties and stands in
// the address. Members are dragged to any place that takes them; keys and the menu of each do the same.
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";
import { type Connect, announce, isTyping } from "../../../../runtime/dougong_runtime/pages/web/behaviour";
import { whenFree } from "../../../../runtime/dougong_runtime/pages/web/carrying";
import { act, send } from "../act";

/** What is dropped on before or behind, not into. */
const ROW = "li, tr";

interface Place {
  list: string;
  before: string;
}

export const connect: Connect = (root, signal) => {
  let pending = "";
  /** Whether somebody has chosen since they last did something: what is answered late to that no longer chooses. */
  let chose = false;
  const nodes = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-node]")];
  const linkOf = (node: Element): HTMLElement | null => node.querySelector<HTMLElement>("[data-choose]");
  const nodeOf = (at: string): HTMLElement | undefined => nodes().find((n) => n.dataset.node === at);
  const nameOf = (node: HTMLElement): string => node.querySelector("b")?.textContent?.trim() ?? "";
  const placeOf = (target: HTMLElement): Place => ({
    list: target.dataset.list ?? target.closest<HTMLElement>("[data-list]")?.dataset.list ?? "",
    before: target.dataset.before ?? "",
  });

  // --- what is chosen ------------------------------------------------------------------------------------------
  // Links to a problem name a thing by its id alone; the panel that came with the page knows where that stands.
  const marked = (): string => {
    const at = new URLSearchParams(location.search).get("at") ?? "";
    if (at.startsWith("/")) return at;
    return (at && document.querySelector<HTMLElement>("#s-panel")?.dataset.at) || (root.dataset.doc ?? "");
  };
  const mark = (): void => {
    const at = marked();
    for (const link of root.querySelectorAll<HTMLElement>("[data-choose]")) {
      const is = link.dataset.choose === at;
      if (is !== (link.getAttribute("aria-current") === "true")) {
        if (is) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  };
  const address = (at: string): void => {
    history.replaceState(history.state, "", at === root.dataset.doc ? location.pathname : `?at=${encodeURIComponent(at)}`);
    mark();
  };
  const onChoose = (event: Event): void => {
    const link = (event.target as HTMLElement).closest<HTMLElement>("[data-choose]");
    if (!link || !(root.contains(link) || link.closest("#s-prop"))) return;
    chose = true;
    pending = "";
    address(link.dataset.choose ?? "");
  };
  const choose = (at: string): void => {
    const base = document.querySelector<HTMLElement>("[data-studio]")?.dataset.studio ?? "";
    address(at);
    void htmx.ajax("GET", `${base}/panel?at=${encodeURIComponent(at)}`, { target: "#s-prop", swap: "innerHTML", source: "#s-prop" });
  };

  // --- acts ----------------------------------------------------------------------------------------------------
  const move = (node: HTMLElement, to: Place): void => {
    if (node.dataset.fixed !== undefined) return;
    void send("panel", { do: "move", at: node.dataset.node ?? "", to: to.list, before: to.before });
  };
  const add = (item: HTMLElement, to: Place): void => {
    const { palette = "", group, measure } = item.dataset;
    const given = to.list.endsWith("/measures") ? measure : group;
    const what: Record<string, string> = given === undefined ? { kind: palette } : { given };
    void send("panel", { do: "add", at: to.list, before: to.before, ...what });
  };
  const remove = (node: HTMLElement): void => {
    if (node.dataset.fixed !== undefined) return;
    const all = nodes();
    const at = all.indexOf(node);
    const beside = [all[at + 1], all[at - 1]].find((n) => n && (n.dataset.list === node.dataset.list || n.dataset.fixed !== undefined));
    pending = beside?.dataset.node ?? root.dataset.doc ?? "";
    void send("panel", { do: "remove", at: node.dataset.node ?? "" });
  };
  // Acts that choose; what the frame asks of itself now and then is none.
  const onAsked = (event: Event): void => {
    const { ctx } = (event as CustomEvent<{ ctx?: { request?: { method?: string; action?: string } } }>).detail ?? {};
    if (ctx?.request?.method === "POST" && /\/(panel|grid)$/.test(ctx.request.action ?? "")) chose = false;
  };
  const onAdded = (event: Event): void => {
    if (!chose) pending = (event as CustomEvent<{ at?: string }>).detail?.at ?? "";
  };
  // The canvas is fetched again after every act; only then does what was added or moved stand where it belongs.
  const onSwap = (event: Event): void => {
    const { ctx } = (event as CustomEvent<{ ctx?: { request?: { action?: string } } }>).detail ?? {};
    const from = ctx?.request?.action ?? "";
    if (from.includes("/outline")) found();
    // What a menu offers arrives after it has opened.
    else if (from.includes("/insert-menu")) root.querySelector<HTMLElement>("#s-insert:not([hidden]) [data-find-kind]")?.focus();
    else if (from.includes("/member-menu")) root.querySelector<HTMLElement>("#s-member:not([hidden]) button:not([disabled])")?.focus();
  };
  const found = (): void => {
    const at = pending;
    const node = at ? nodeOf(at) : undefined;
    if (at && at === root.dataset.doc) choose(at);
    if (node || at === root.dataset.doc) pending = "";
    if (!node) return;
    choose(at);
    const link = linkOf(node);
    link?.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
    announce(nameOf(node));
  };

  // --- places to drop ------------------------------------------------------------------------------------------
  const drops = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-drop]")].filter((d) => d.offsetParent !== null);
  const fits = (source: HTMLElement, target: HTMLElement): boolean => {
    const { list } = placeOf(target);
    if (source.dataset.measure !== undefined) {
      return list.endsWith("/measures") || (source.dataset.group !== undefined && /\/(rows|columns)$/.test(list));
    }
    if (source.dataset.palette) return /\/(steps|then|else|approved|rejected|late|on_error)$/.test(list);
    const at = source.dataset.node ?? "";
    if (target === source || list === at || list.startsWith(`${at}/`)) return false;
    return kindOf(list) === kindOf(source.dataset.list ?? "");
  };
  // Steps stand in lists of many names; other members only in lists of their own.
  const kindOf = (list: string): string => {
    const last = list.slice(list.lastIndexOf("/") + 1);
    if (root.classList.contains("reporting")) return last === "columns" ? "rows" : last;
    return root.classList.contains("flowing") && !/^(cases|branches)$/.test(last) ? "steps" : list;
  };
  const stays = (node: HTMLElement, to: Place): boolean => {
    if (to.list !== node.dataset.list) return false;
    const same = nodes().filter((n) => n.dataset.list === to.list);
    const next = same[same.indexOf(node) + 1];
    return to.before === node.dataset.token || to.before === (next?.dataset.token ?? "");
  };
  const shift = (node: HTMLElement, by: 1 | -1): void => {
    const all = drops().filter((d) => fits(node, d));
    const order = [...all, node].sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    let at = order.indexOf(node) + by;
    while (order[at] && stays(node, placeOf(order[at]!))) at += by;
    const target = order[at];
    if (target) move(node, placeOf(target));
  };

  // --- the mouse -----------------------------------------------------------------------------------------------
  let ends: (() => void)[] = [];
  const over = (target: HTMLElement | null, after = false): void => {
    root.querySelectorAll(".over, .drop-before, .drop-after").forEach((e) => e.classList.remove("over", "drop-before", "drop-after"));
    if (!target) return;
    if (target.matches(ROW)) target.classList.add(after ? "drop-after" : "drop-before");
    else target.classList.add("over");
  };
  const isAfter = (target: HTMLElement, y: number): boolean => {
    const line = target.querySelector<HTMLElement>(".oline") ?? target;
    const { top, height } = line.getBoundingClientRect();
    return target.matches(ROW) && y > top + height / 2;
  };
  const follower = (target: HTMLElement): string => {
    const next = target.nextElementSibling as HTMLElement | null;
    return next?.dataset.token ?? "";
  };
  const register = (): void => {
    ends.splice(0).forEach((end) => end());
    for (const source of root.querySelectorAll<HTMLElement>("[data-node]:not([data-fixed], [data-placed]), [data-palette]:not([data-kind-key])")) {
      ends.push(
        draggable({
          element: source,
          dragHandle: source.querySelector<HTMLElement>(":scope > .oline > .handle, :scope > td > .handle") ?? undefined,
          getInitialData: () => ({ root }),
          onDragStart: () => {
            source.classList.add("dragged");
            root.classList.add("dropping");
          },
          onDrop: () => {
            source.classList.remove("dragged");
            root.classList.remove("dropping");
            over(null);
          },
        }),
      );
    }
    for (const target of root.querySelectorAll<HTMLElement>("[data-drop]")) {
      ends.push(
        combine(
          dropTargetForElements({
            element: target,
            canDrop: ({ source }) => source.data.root === root && fits(source.element, target),
            onDrag: ({ location }) => {
              if (location.current.dropTargets[0]?.element === target) over(target, isAfter(target, location.current.input.clientY));
            },
            onDragLeave: () => over(null),
            onDrop: ({ source, location }) => {
              if (location.current.dropTargets[0]?.element !== target) return;
              const to = placeOf(target);
              if (isAfter(target, location.current.input.clientY)) to.before = follower(target);
              if (source.element.dataset.palette !== undefined) add(source.element, to);
              else if (!stays(source.element, to)) move(source.element, to);
            },
          }),
        ),
      );
    }
    mark();
  };

  // --- the keyboard --------------------------------------------------------------------------------------------
  const onKey = (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.defaultPrevented) return;
    const node = (event.target as HTMLElement).closest<HTMLElement>("[data-node]");
    if (!node) {
      const item = (event.target as HTMLElement).closest<HTMLElement>("[data-palette]");
      if (item && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        const items = [...root.querySelectorAll<HTMLElement>("[data-palette]")];
        items[items.indexOf(item) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
        event.preventDefault();
      }
      return;
    }
    const by = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key] as 1 | -1 | undefined;
    if (by !== undefined && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (event.altKey) return node.dataset.placed === undefined ? shift(node, by) : undefined;
      const all = nodes();
      const next = all[all.indexOf(node) + by];
      if (next) {
        linkOf(next)?.focus();
        choose(next.dataset.node ?? "");
      }
    } else if (event.key === "Delete" || (event.key === "Backspace" && event.metaKey)) {
      event.preventDefault();
      remove(node);
    } else if (event.key === "/" || event.key === "Insert") {
      event.preventDefault();
      // Elsewhere the key opens the search.
      event.stopPropagation();
      const after = drops().find((d) => node.compareDocumentPosition(d) & Node.DOCUMENT_POSITION_FOLLOWING && !node.contains(d));
      const plus = (after?.querySelector<HTMLElement>("[data-plus]") ?? node.closest("section")?.querySelector<HTMLElement>("[data-plus]"));
      plus?.click();
    } else if (event.key === "d" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (node.dataset.fixed === undefined) void send("panel", { do: "duplicate", at: node.dataset.node ?? "" });
    }
  };
  // A step of the palette that is clicked goes behind what is chosen, or to the end.
  const onPalette = (event: Event): void => {
    const item = (event.target as HTMLElement).closest<HTMLElement>("[data-palette]");
    if (!item || !root.contains(item) || item.dataset.kindKey !== undefined) return;
    const chosen = nodeOf(marked());
    const all = drops().filter((d) => fits(item, d));
    const after = chosen && all.find((d) => chosen.compareDocumentPosition(d) & Node.DOCUMENT_POSITION_FOLLOWING);
    const target = after ?? all[all.length - 1];
    if (target) add(item, placeOf(target));
  };
  const onGoal = (event: Event): void => {
    const select = event.target as HTMLElement;
    if (!(select instanceof HTMLSelectElement) || select.dataset.goals === undefined) return;
    const goal = select.selectedOptions[0];
    const node = nodeOf(select.dataset.at ?? "");
    const menu = select.closest<HTMLElement>(".menu");
    if (goal?.dataset.to && node) move(node, { list: goal.dataset.to, before: goal.dataset.before ?? "" });
    if (menu) menu.hidden = true;
  };
  const onFind = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    if (input.dataset.findKind === undefined) return;
    const wanted = input.value.trim().toLowerCase();
    for (const one of input.closest(".menu")?.querySelectorAll<HTMLElement>("[data-kind]") ?? []) {
      one.hidden = wanted !== "" && !(one.textContent ?? "").toLowerCase().includes(wanted);
    }
  };
  const onEnter = (event: KeyboardEvent): void => {
    const input = event.target as HTMLElement;
    if (event.key !== "Enter" || input.dataset.findKind === undefined) return;
    event.preventDefault();
    input.closest(".menu")?.querySelector<HTMLElement>("[data-kind]:not([hidden])")?.click();
  };

  // A report's chart, and its filter, which is a property of the report itself.
  const onChart = (event: Event): void => {
    const chart = (event.target as HTMLElement).closest<HTMLElement>("[data-chart]")?.dataset.chart;
    if (chart === undefined) return;
    const key = root.dataset.doc ?? "";
    const stands = root.querySelector("[data-chart][aria-pressed=true]") !== null;
    void act([stands ? { op: "add", path: `${key}/chart/type`, value: chart } : { op: "add", path: `${key}/chart`, value: { type: chart } }]);
  };

  const watch = new MutationObserver(() => whenFree(register));
  watch.observe(root, { childList: true, subtree: true });
  document.addEventListener("click", onChoose, { signal });
  document.addEventListener("htmx:before:request", onAsked, { signal });
  root.addEventListener("click", onPalette, { signal });
  root.addEventListener("click", onChart, { signal });
  root.addEventListener("keydown", onKey, { signal });
  root.addEventListener("keydown", onEnter, { signal });
  root.addEventListener("change", onGoal, { signal });
  root.addEventListener("input", onFind, { signal });
  document.body.addEventListener("member-chosen", onAdded, { signal });
  document.addEventListener("htmx:after:swap", onSwap, { signal });
  register();
  return () => {
    watch.disconnect();
    ends.splice(0).forEach((end) => end());
  };
};
