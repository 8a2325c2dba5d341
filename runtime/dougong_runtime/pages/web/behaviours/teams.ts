// The tree of teams: a row is dragged onto another, to stand below it, or onto the head, to stand at the top. The form
// of each team does the same by choice.
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { picture, post } from "./lift";

export function connect(table: HTMLElement): () => void {
  const rows = [...table.querySelectorAll<HTMLElement>("tr[data-team]")];
  const over = (target: HTMLElement | null): void => rows.forEach((r) => r.classList.toggle("over", r === target));
  const ends = rows.flatMap((row) => {
    const ended = [
      dropTargetForElements({
        element: row,
        canDrop: ({ source }) => source.element !== row && table.contains(source.element),
        onDragEnter: () => over(row),
        onDragLeave: () => over(null),
      }),
    ];
    if (row.dataset.team) {
      ended.push(
        draggable({
          element: row,
          onGenerateDragPreview: (args) => picture(args, "row-picture"),
          onDragStart: () => row.classList.add("ghost"),
          onDrop: ({ location }) => {
            row.classList.remove("ghost");
            over(null);
            const target = location.current.dropTargets[0]?.element as HTMLElement | undefined;
            if (target) void post(row, "/admin/teams/move", { team: row.dataset.team ?? "", parent: target.dataset.team ?? "" }, "#toasts");
          },
        }),
      );
    }
    return ended;
  });
  return () => ends.forEach((end) => end());
}
