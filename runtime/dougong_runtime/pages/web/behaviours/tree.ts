// A tree of rows: → opens a branch or goes into it, ← closes it or goes up; a row is dragged onto another, or lifted by
// Space and dropped by Space, to stand below it; onto the head, to stand at the root.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";
import { announce, isTyping } from "../behaviour";
import { whenFree } from "../carrying";
import { picture, post, renewed, say } from "./lift";

export function connect(tree: HTMLElement, signal: AbortSignal): () => void {
  const movable = tree.dataset.movable !== undefined;
  const rows = (): HTMLElement[] => [...tree.querySelectorAll<HTMLElement>("tbody tr[data-record]")];
  const level = (row: HTMLElement): number => Number(row.dataset.level);
  const address = (act: string): string => `${tree.dataset.base}/${act}?${tree.dataset.query}`;
  const head = tree.querySelector<HTMLElement>("thead tr")!;

  /** The rows below one, further ones to be loaded among them. */
  const below = (row: HTMLElement): HTMLElement[] => {
    const found: HTMLElement[] = [];
    for (let next = row.nextElementSibling as HTMLElement | null; next && level(next) > level(row); next = next.nextElementSibling as HTMLElement | null) {
      found.push(next);
    }
    return found;
  };
  const above = (row: HTMLElement): HTMLElement | undefined => {
    let at = row.previousElementSibling as HTMLElement | null;
    while (at && level(at) >= level(row)) at = at.previousElementSibling as HTMLElement | null;
    return at ?? undefined;
  };
  const open = async (row: HTMLElement): Promise<void> => {
    if (row.getAttribute("aria-expanded") !== "false" || !row.dataset.branch) return;
    row.setAttribute("aria-expanded", "true");
    await htmx.ajax("GET", row.dataset.branch, { source: row, target: row, swap: "afterend" });
    whenFree(register);
  };
  const close = (row: HTMLElement): void => {
    if (row.getAttribute("aria-expanded") !== "true") return;
    below(row).forEach((r) => r.remove());
    row.setAttribute("aria-expanded", "false");
  };
  const toggle = (row: HTMLElement): void => {
    if (row.getAttribute("aria-expanded") === "true") close(row);
    else void open(row);
  };

  // --- to another place --------------------------------------------------------------------------------------------
  const over = (target: HTMLElement | null): void => {
    [head, ...rows()].forEach((r) => r.classList.toggle("over", r === target));
  };
  const place = async (row: HTMLElement, target: HTMLElement): Promise<void> => {
    const parent = target === head ? "" : (target.dataset.record ?? "");
    if (target === row || parent === (above(row)?.dataset.record ?? "")) return;
    const values = { record: row.dataset.record ?? "", version: row.dataset.version ?? "", parent };
    await post(row, address("place"), values, "#board-ask");
  };
  let ends: (() => void)[] = [];
  const forget = (): void => ends.splice(0).forEach((end) => end());
  function register(): void {
    forget();
    const all = rows();
    if (!all.some((r) => r.tabIndex === 0) && all[0]) all[0].tabIndex = 0;
    if (!movable) return;
    for (const row of all) {
      ends.push(
        draggable({
          element: row,
          onGenerateDragPreview: (args) => picture(args, "row-picture"),
          onDragStart: () => {
            row.classList.add("ghost");
            tree.classList.add("lifting");
          },
          onDrop: ({ location }) => {
            row.classList.remove("ghost");
            tree.classList.remove("lifting");
            over(null);
            const target = location.current.dropTargets[0]?.element as HTMLElement | undefined;
            if (target) void place(row, target);
          },
        }),
      );
    }
    for (const target of [head, ...all]) {
      ends.push(
        dropTargetForElements({
          element: target,
          canDrop: ({ source }) => tree.contains(source.element) && source.element !== target,
          onDragEnter: () => over(target),
          onDragLeave: () => over(null),
        }),
      );
    }
  }

  // --- keys --------------------------------------------------------------------------------------------------------
  const focus = (row: HTMLElement | undefined): void => {
    if (!row) return;
    rows().forEach((r) => (r.tabIndex = -1));
    row.tabIndex = 0;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  };
  let lifted: { row: HTMLElement; over: HTMLElement } | undefined;
  const settle = (): void => {
    lifted?.row.classList.remove("lifted");
    lifted = undefined;
    over(null);
  };
  const carry = (target: HTMLElement): void => {
    if (!lifted) return;
    lifted.over = target;
    over(target);
    target.scrollIntoView({ block: "nearest" });
    announce(say(target === head ? tree.dataset.overRoot : tree.dataset.over, { name: target.dataset.title ?? "" }));
  };
  const onKey = (event: KeyboardEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("tr[data-record]");
    if (!row || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = rows();
    const places = [head, ...all];
    if (lifted) {
      const at = places.indexOf(lifted.over);
      if (event.key === "ArrowDown") carry(places[Math.min(at + 1, places.length - 1)]!);
      else if (event.key === "ArrowUp") carry(places[Math.max(at - 1, 0)]!);
      else if (event.key === "ArrowRight" && lifted.over !== head) void open(lifted.over);
      else if (event.key === " " || event.key === "Enter") {
        const { row: of, over: target } = lifted;
        settle();
        void place(of, target);
      } else if (event.key === "Escape") {
        announce(say(tree.dataset.cancelled, { name: lifted.row.dataset.title ?? "" }));
        settle();
      } else return;
    } else if (event.key === "ArrowDown") focus(all[all.indexOf(row) + 1]);
    else if (event.key === "ArrowUp") focus(all[all.indexOf(row) - 1]);
    else if (event.key === "Home") focus(all[0]);
    else if (event.key === "End") focus(all.at(-1));
    else if (event.key === "ArrowRight") {
      if (row.getAttribute("aria-expanded") === "true") focus(all[all.indexOf(row) + 1]);
      else void open(row);
    } else if (event.key === "ArrowLeft") {
      if (row.getAttribute("aria-expanded") === "true") close(row);
      else focus(above(row));
    } else if (event.key === "Enter" && event.target === row) row.querySelector<HTMLElement>("a[href]")?.click();
    else if (event.key === " " && movable) {
      lifted = { row, over: row };
      row.classList.add("lifted");
      announce(say(tree.dataset.lifted, { name: row.dataset.title ?? "" }));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>("tr[data-record]");
    if (!row || target.closest("a")) return;
    event.stopPropagation();
    if (target.closest(".twist")) toggle(row);
    focus(row);
  };

  // --- what was changed ----------------------------------------------------------------------------------------------
  // The tree comes anew with its root alone: the branches that were open are opened again, from the root down.
  let opened: string[] = [];
  let focused: string | undefined;
  const reopen = async (): Promise<void> => {
    const wanted = opened.splice(0);
    for (const row of rows().filter((r) => r.dataset.branch)) row.setAttribute("aria-expanded", "false");
    for (const record of wanted) {
      const row = document.getElementById(`c-${record}`);
      if (row) await open(row);
    }
    whenFree(register);
    if (focused) focus(document.getElementById(`c-${focused}`) ?? undefined);
  };
  const done = renewed(
    tree,
    register,
    () => {
      opened = rows().filter((r) => r.getAttribute("aria-expanded") === "true").map((r) => r.dataset.record ?? "");
      focused = document.activeElement?.closest<HTMLElement>("tr[data-record]")?.dataset.record;
    },
    () => void reopen(),
  );
  register();
  tree.addEventListener("keydown", onKey, { signal });
  tree.addEventListener("click", onClick, { signal });
  return () => {
    forget();
    done();
  };
}
