"""Real records as a draft's view shows them, to the builder as the running version lets them see. What is drawn leads
nowhere and asks for nothing more: it stands beside the canvas to look at."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from dougong_designer.views import View
from dougong_designer.views.data import Carried, carried
from dougong_designer.views.fields import Outline
from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_runtime.errors import Refused
from dougong_runtime.pages.bulk import Acts
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.lists import ListBuilder, ListPage, ListState
from dougong_runtime.pages.views import View as ShownView
from dougong_runtime.pages.views import view_of

ROWS = 30
NO_ACTS = Acts("", (), (), (), pastes=False, creates=False)


@dataclass(frozen=True)
class Shown:
    """The records, or why there are none; what was left out."""

    list: ListPage | None
    why: str = ""
    left_out: str = ""
    filter_out: bool = False
    href: str = ""
    """The view as it runs; empty where it does not yet, or not for this reader."""


def records_of(here: Here, studio: Studio, view: View, outline: Outline) -> Shown:
    """The view over the running version's records, as its builder may read them."""
    made = carried(view, outline, studio.draft.documents, studio.running)
    if made is None:
        return Shown(None, here.reader.t("view.no_table"))
    try:
        desk = here.desk(studio.name)
    except Refused:
        return Shown(None, here.reader.t("view.not_yours"))
    if not desk.records.can(made.entity, "read"):
        return Shown(None, here.reader.t("view.not_yours"))
    filter_out = bool(made.document.data.get("filter")) and bool(
        desk.records.wrong(made.entity, str(made.document.data["filter"]))
    )
    if filter_out:
        made = replace(made, document=_without_filter(made))
    shown = view_of(desk.app, replace(made.document, data={**made.document.data, "entity": made.entity}))
    assert shown is not None
    page = ListBuilder(desk, shown, ListState(on=_day(desk, shown))).page(ROWS)
    left_out = [*(here.reader.label(label) for label in made.left_out)]
    between = "、" if here.reader.language == "zh" else ", "
    running = desk.app.of("view").get(made.document.name)
    href = f"{desk.address}/views/{made.document.name}" if running and desk.may_see(running.data) else ""
    return Shown(_still(_named(page, made, desk)), "", between.join(left_out), filter_out, href)


def _day(desk: Desk, view: ShownView) -> str:
    """The day around which days are shown: that of the latest record; empty where the view shows no days, or nothing."""
    start = str(view.document.data.get("start") or "") if view.document is not None else ""
    if view.type not in ("calendar", "timeline") or not start:
        return ""
    frame = ListBuilder(desk, view, ListState()).frame
    if not frame.sees(start):
        return ""
    asked = frame.query(fields=("id", start), sort=(f"-{start}",), limit=1, count=False)
    try:
        found = desk.records.list(asked).items
    except Refused:
        return ""
    return str(found[0].get(start) or "")[:10] if found else ""


def _without_filter(made: Carried) -> Any:
    data = {key: value for key, value in made.document.data.items() if key != "filter"}
    return replace(made.document, data=data)


def _named(page: ListPage, made: Carried, desk: Desk) -> ListPage:
    """Heads with the draft's words where these have changed."""
    heads = tuple(
        replace(head, label=desk.reader.label(made.labels[head.path]))
        if head.path in made.labels and "." not in head.path
        else head
        for head in page.heads
    )
    return replace(page, heads=heads, rows=page.rows[:ROWS], acts=NO_ACTS)


_ASKING = ("more_href", "totals_href", "figures_href", "branch_href", "new_href", "trash_href")


def _still(value: Any) -> Any:
    """The same without addresses from which a part would fetch more, and without what can be dragged."""
    if isinstance(value, tuple):
        return tuple(_still(inner) for inner in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        if field.name in _ASKING and isinstance(inner, str):
            changes[field.name] = ""
        elif field.name in ("movable", "stretchable"):
            changes[field.name] = False
        elif field.name in ("body", "lanes", "bands", "pictures", "branch", "nodes"):
            changes[field.name] = _still(inner)
    return replace(value, **changes) if changes else value
