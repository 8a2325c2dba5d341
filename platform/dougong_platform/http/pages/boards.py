"""Acts on boards, calendars, time lines and trees: cards that are moved, and parts that are loaded when they are met."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.views import frame_of
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields.base import Field
from dougong_runtime.pages.boards import fitting, kanban, moves
from dougong_runtime.pages.boards.asking import Mover
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.shell import Toast

VIEW = "/apps/{app}/views/{view}"


def routes(pages: Pages) -> list[BaseRoute]:
    """What belongs to a view that is not shown as a table."""
    return [
        pages.get(VIEW + "/lane", lane),
        pages.get(VIEW + "/ways", ways),
        pages.post(VIEW + "/move", move),
    ]


def undone(here: Here, refused: Refused) -> Response:
    """The answer to an undo that was refused: it has no place on the page, so a toast says why."""
    return here.done(Toast(here.said(refused), icon="alert-triangle"), changed=False)


# --- boards -------------------------------------------------------------------------------------------------------
def _lanes(here: Here) -> tuple[Frame, Field]:
    frame = frame_of(here)
    field = fitting.lane_field(frame)
    if field is None:
        raise refuse(NOT_FOUND)
    return frame, field


def lane(visit: Visit) -> Response:
    """A lane's next cards."""
    with visit.reading() as here:
        frame, field = _lanes(here)
        found = kanban.further(frame, visit.query("lane"), visit.query("cursor"))
        if found is None:
            raise refuse(NOT_FOUND)
        return here.block("parts/lane.html", "lane", lane=found, movable=moves.may_move(frame, field))


def ways(visit: Visit) -> Response:
    """Where one card may go, and why not elsewhere."""
    with visit.reading() as here:
        frame, field = _lanes(here)
        made = Mover.of(frame, field, visit.query("record").lower()).ways()
        query = visit.request.url.query
        return here.block("parts/asking.html", "ways", ways=made, base=frame.base, query=query)


def move(visit: Visit) -> Response:
    """Put a card into another lane; what its way demands is asked for in place, a refusal says each reason."""
    record, to = visit.text("record").lower(), visit.text("to")
    try:
        with visit.writing() as here:
            frame, field = _lanes(here)
            mover = Mover.of(frame, field, record)
            entry = mover.entry(to)
            entry.take(visit.form)
            given = [s.field.name for s in entry.form.slots() if entry.may_write(s.field)]
            values = {n: v for n, v in entry.raw(given).items() if v not in (None, "", [])}
            was, name = mover.at, mover.title
            item = frame.desk.records.update(
                frame.entity.name,
                record,
                {**values, field.name: mover.value_of(to)},
                version=visit.whole("version"),
                reasons=reasons_in(visit),
            )
            return here.done(_moved(here, mover, name, was, to, str(item.get("version") or "")))
    except Refused as refused:
        if refused.status in (401, 404):
            raise
        with visit.reading() as here:
            if visit.text("back"):
                return undone(here, refused)
            frame, field = _lanes(here)
            asked = Mover.of(frame, field, record).asked(refused, to, visit.form)
            query = visit.request.url.query
            return here.block(
                "parts/asking.html", "asking", status=refused.status, ask=asked, base=frame.base, query=query
            )


def _moved(here: Here, mover: Mover, name: str, was: str, to: str, version: str) -> Toast:
    """What was done, with its undo where the stage leads back."""
    reader, frame, field = here.reader, mover.frame, mover.field
    if here.visit.text("back"):
        return Toast(
            reader.t("board.back", name=reader.quoted(name), lane=reader.quoted(mover.lane_label(to)))
        )
    said = reader.t("board.moved", name=reader.quoted(name), lane=reader.quoted(mover.lane_label(to)))
    shut = moves.shut(frame, field, {was: "", to: ""}).get(to, {})
    if was == to or shut.get(was):
        return Toast(said)
    values = (("record", mover.record), ("version", version), ("to", was), ("back", "1"))
    query = here.visit.request.url.query
    return Toast(said, f"{frame.base}/move?{query}", values=values, in_place=True)


def reasons_in(visit: Visit) -> dict[str, str]:
    """Reasons given for warnings, by rule."""
    given = {
        k[9:]: v.strip() for k, v in visit.form.items() if k.startswith("_reasons.") and isinstance(v, str)
    }
    return {rule: text for rule, text in given.items() if text}
