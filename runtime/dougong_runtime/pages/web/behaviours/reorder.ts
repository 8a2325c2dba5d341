// A list whose items are dragged to another place by their handle; the buttons beside them do the same by key. A drop
// posts where the item shall stand, and the server answers with the list as it is then.
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";
import { whenFree } from "../carrying";
import { inTurn } from "../turn";

export function connect(list: HTMLElement): () => void {
  let ends: (() => void)[] = [];
  const items = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>(":scope > [data-item]")];
  const clear = (): void => items().forEach((i) => i.classList.remove("drop-before", "drop-after"));
  const isAfter = (item: HTMLElement, y: number): boolean => {
    const { top, height } = item.getBoundingClientRect();
    return y > top + height / 2;
  };
  const register = (): void => {
    ends.forEach((end) => end());
    ends = [];
    if (!list.isConnected) return;
    ends = items().map((item) =>
      combine(
        item.dataset.fixed !== undefined
          ? () => undefined
          : draggable({
              element: item,
              dragHandle: item.querySelector<HTMLElement>(".handle") ?? undefined,
              getInitialData: () => ({ item: item.dataset.item, list }),
              onDragStart: () => item.classList.add("dragged"),
              onDrop: () => item.classList.remove("dragged"),
            }),
        dropTargetForElements({
          element: item,
          canDrop: ({ source }) => source.data.list === list,
          onDrag: ({ location, source }) => {
            clear();
            if (source.element !== item) item.classList.add(isAfter(item, location.current.input.clientY) ? "drop-after" : "drop-before");
          },
          onDragLeave: clear,
          onDrop: ({ location, source }) => {
            clear();
            const others = items().filter((i) => i !== source.element);
            const at = others.indexOf(item) + (isAfter(item, location.current.input.clientY) ? 1 : 0);
            if (source.element !== item) move(String(source.data.item), at);
          },
        }),
      ),
    );
  };
  const turn = inTurn();
  const move = (path: string, at: number): void => {
    void turn(() => {
      const values: Record<string, string> = { do: `${list.dataset.do}:${path}:${at}` };
      const form = document.querySelector<HTMLFormElement>("#state");
      for (const [name, value] of form ? new FormData(form) : []) values[name] = String(value);
      for (const id of ["q", "columns-at"]) {
        const input = document.querySelector<HTMLInputElement>(`#${id}`);
        if (input?.value) values[input.name] = input.value;
      }
      const base = document.querySelector<HTMLElement>("#view")?.dataset.base ?? "";
      return htmx.ajax("POST", `${base}/arrange`, { source: list, values, swap: "none" });
    });
  };
  const watch = new MutationObserver(() => whenFree(register));
  watch.observe(list, { childList: true });
  register();
  return () => {
    watch.disconnect();
    ends.forEach((end) => end());
  };
}
