// Dragging on an entity's canvas: fields by their handles, types from the palette, options among themselves. A line
// shows where what is dragged would stand, and says so.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { whenFree } from "../../../../runtime/dougong_runtime/pages/web/carrying";
import { say } from "../../../../runtime/dougong_runtime/pages/web/behaviours/lift";

interface Acts {
  move: (id: string, before: string) => unknown;
  add: (type: string, before: string) => unknown;
  option: (id: string, before: string) => unknown;
}

export function dragging(root: HTMLElement, panel: () => HTMLElement | null, acts: Acts): { register: () => void; end: () => void } {
  let ends: (() => void)[] = [];
  const rows = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[data-field-id]")];
  const isAfter = (element: HTMLElement, y: number): boolean => {
    const { top, height } = element.getBoundingClientRect();
    return y > top + height / 2;
  };
  /** The field before which something dropped at this height would stand; empty: at the end. */
  const beforeAt = (y: number): string => rows().find((row) => !isAfter(row, y))?.dataset.fieldId ?? "";

  const line = (): HTMLElement | null => root.querySelector<HTMLElement>(".ent-ins");
  const hide = (): void => line()?.setAttribute("hidden", "");
  const show = (before: string): void => {
    const shown = line();
    const scroll = root.querySelector<HTMLElement>(".ent-scroll");
    if (!shown || !scroll) return;
    const all = rows();
    const next = all.find((row) => row.dataset.fieldId === before);
    const edge = next ? next.getBoundingClientRect().top : (all.at(-1)?.getBoundingClientRect().bottom ?? scroll.getBoundingClientRect().top + 36);
    shown.style.setProperty("inset-block-start", `${edge - scroll.getBoundingClientRect().top + scroll.scrollTop - 1}px`);
    shown.firstElementChild!.textContent = next ? say(root.dataset.dropBefore, { what: next.dataset.label ?? "" }) : (root.dataset.dropEnd ?? "");
    shown.hidden = false;
  };

  const end = (): void => ends.splice(0).forEach((one) => one());
  const register = (): void => {
    end();
    if (!root.isConnected) return;
    for (const row of rows()) {
      const handle = row.querySelector<HTMLElement>(".h");
      if (!handle) continue;
      ends.push(
        draggable({
          element: row,
          dragHandle: handle,
          getInitialData: () => ({ field: row.dataset.fieldId }),
          onDragStart: () => row.classList.add("dragged"),
          onDrop: () => {
            row.classList.remove("dragged");
            hide();
          },
        }),
      );
    }
    for (const item of panel()?.querySelectorAll<HTMLElement>("[data-palette]") ?? []) {
      ends.push(
        draggable({
          element: item,
          canDrag: () => item.getAttribute("aria-disabled") !== "true",
          getInitialData: () => ({ palette: item.dataset.palette }),
          onDragStart: () => item.classList.add("lifted"),
          onDrop: () => {
            item.classList.remove("lifted");
            hide();
          },
        }),
      );
    }
    const scroll = root.querySelector<HTMLElement>(".ent-scroll");
    if (scroll) {
      ends.push(
        dropTargetForElements({
          element: scroll,
          canDrop: ({ source }) => source.data.field !== undefined || source.data.palette !== undefined,
          onDrag: ({ location }) => show(beforeAt(location.current.input.clientY)),
          onDragLeave: hide,
          onDrop: ({ location, source }) => {
            hide();
            const before = beforeAt(location.current.input.clientY);
            if (source.data.palette) acts.add(String(source.data.palette), before);
            else if (source.data.field !== before) acts.move(String(source.data.field), before);
          },
        }),
      );
    }
    const options = [...(panel()?.querySelectorAll<HTMLElement>("[data-option]") ?? [])];
    const clear = (): void => options.forEach((one) => one.classList.remove("drop-before", "drop-after"));
    for (const option of options) {
      const handle = option.querySelector<HTMLElement>(".h");
      ends.push(
        draggable({
          element: option,
          dragHandle: handle ?? undefined,
          getInitialData: () => ({ option: option.dataset.option }),
          onDragStart: () => option.classList.add("dragged"),
          onDrop: () => option.classList.remove("dragged"),
        }),
        dropTargetForElements({
          element: option,
          canDrop: ({ source }) => source.data.option !== undefined,
          onDrag: ({ location }) => {
            clear();
            option.classList.add(isAfter(option, location.current.input.clientY) ? "drop-after" : "drop-before");
          },
          onDragLeave: clear,
          onDrop: ({ location, source }) => {
            clear();
            const at = options.indexOf(option) + (isAfter(option, location.current.input.clientY) ? 1 : 0);
            const before = options[at]?.dataset.option ?? "";
            if (source.data.option !== before) acts.option(String(source.data.option), before);
          },
        }),
      );
    }
  };
  return { register: () => whenFree(register), end };
}
