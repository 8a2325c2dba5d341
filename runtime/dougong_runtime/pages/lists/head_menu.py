"""What the menu of a column's head offers, each with where it leads."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dougong_runtime.pages.conditions import operators
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.groups import offered
from dougong_runtime.pages.lists.heads import direction, label_of, ordered
from dougong_runtime.pages.lists.state import UNGROUPED
from dougong_runtime.pages.lists.totals import measure_of, measures_for
from dougong_runtime.records.read_plan import SORT_MAX


@dataclass(frozen=True, slots=True)
class HeadMenu:
    """The menu of one head. Addresses lead to the list; the names of acts go to `arrange`."""

    path: str
    label: str
    sort_up: str
    sort_down: str
    sort_add: str
    sort_none: str
    direction: str
    filters: bool
    group_href: str
    is_grouped: bool
    measures: tuple[str, ...]
    measure: str
    freeze: int
    """The count that keeps this column and those before it in place."""
    is_frozen: bool
    can_hide: bool
    can_left: bool
    can_right: bool
    width: int


def head_menu(frame: Frame, path: str) -> HeadMenu | None:
    """The menu of a column that is shown; None for any other."""
    columns = frame.shown_columns
    at = next((n for n, c in enumerate(columns) if c.path == path), None)
    if at is None:
        return None
    column = columns[at]
    first = 1 if columns[0].path == frame.entity.title else 0
    able = column.field.kind.sortable
    rest = [s for s in frame.sort if s.lstrip("-") != path]
    sorted_so = direction(frame, path)
    return HeadMenu(
        path=path,
        label=label_of(frame, column),
        sort_up=ordered(frame, [path]) if able else "",
        sort_down=ordered(frame, [f"-{path}"]) if able else "",
        sort_add=ordered(frame, [*rest, path])
        if able and rest and not sorted_so and len(rest) < SORT_MAX
        else "",
        sort_none=ordered(frame, rest) if sorted_so and rest else "",
        direction=sorted_so,
        filters=bool(operators(column.field)),
        group_href=_grouped(frame, path),
        is_grouped=path in frame.groups,
        measures=measures_for(column),
        measure=measure_of(frame, column),
        freeze=at + 1,
        is_frozen=at < frame.freeze,
        can_hide=path != frame.entity.title and len(columns) > 1,
        can_left=at > first,
        can_right=first <= at < len(columns) - 1,
        width=frame.widths.get(path, 0),
    )


def _grouped(frame: Frame, path: str) -> str:
    """Where a click leads that groups by this column alone, or no longer; empty where it cannot."""
    if path in frame.groups:
        rest = [n for n in frame.groups if n != path]
        named = ",".join(rest) or (UNGROUPED if frame.view.group else "")
        return replace(frame.state, group=named, cursor="").address(frame.base)
    return replace(frame.state, group=path, cursor="").address(frame.base) if offered(frame, path) else ""
