"""Acts on boards, calendars, time lines and trees: cards that are moved, and parts that are loaded when they are met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.views import frame_of
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields.base import Field
from dougong_runtime.names import is_record_id
from dougong_runtime.pages import reading
from dougong_runtime.pages.boards import fitting, gallery, kanban, moves, tree
from dougong_runtime.pages.boards.asking import Mover, told
from dougong_runtime.pages.boards.days import FIRST_DAY, LAST_DAY, Days, Item
from dougong_runtime.pages.boards.shifting import DAYS_MAX, Shift, shifted
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.shell import Toast
from dougong_runtime.pages.views import Column

VIEW = "/apps/{app}/views/{view}"


@dataclass(frozen=True, slots=True)
class DayList:
    """One day's entries."""

    title: str
    on: date
    items: tuple[Item, ...]
    new_href: str


def routes(pages: Pages) -> list[BaseRoute]:
    """What belongs to a view that is not shown as a table."""
    return [
        pages.get(VIEW + "/lane", lane),
        pages.get(VIEW + "/figures", figures),
        pages.get(VIEW + "/ways", ways),
        pages.post(VIEW + "/move", move),
        pages.get(VIEW + "/day", day_list),
        pages.get(VIEW + "/begin", begin),
        pages.post(VIEW + "/shift", shift),
        pages.get(VIEW + "/pictures", pictures),
        pages.get(VIEW + "/branch", branch),
        pages.post(VIEW + "/place", place),
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


def figures(visit: Visit) -> Response:
    """What all lanes hold, put into their heads."""
    with visit.reading() as here:
        frame, _field = _lanes(here)
        return here.block("parts/lane.html", "figures", lanes=kanban.figures(frame))


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
                "parts/asking.html", "asking", status=refused.status, ask=asked, base=frame.base, query=query,
                act="move", hidden=[("record", record), ("version", visit.text("version")), ("to", to)],
            )  # fmt: skip


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


# --- calendars and time lines ---------------------------------------------------------------------------------------
def _days(here: Here) -> Days:
    frame = frame_of(here)
    found = fitting.span(frame)
    if found is None:
        raise refuse(NOT_FOUND)
    return Days(frame, found)


def _day(visit: Visit) -> date:
    found = reading.day(visit.query("day"))
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise refuse(NOT_FOUND)
    return found


def day_list(visit: Visit) -> Response:
    """All that one day holds, as a list."""
    with visit.reading() as here:
        days, on = _days(here), _day(visit)
        items = days.within(on, on + timedelta(days=1)).items
        reader = here.reader
        shown = DayList(f"{reader.full_day(on)} {reader.weekday(on)}", on, items, days.begin_href(on))
        return here.block("parts/day.html", "day", day=shown)


def begin(visit: Visit) -> Response:
    """To the form of a new record that begins on a day, at an hour where one is given."""
    with visit.reading() as here:
        days, on = _days(here), _day(visit)
        if not days.may_create:
            raise refuse(NOT_FOUND)
        try:
            at = time.fromisoformat(visit.query("at")) if visit.query("at") else None
        except ValueError:
            at = None
        return go(days.new_href(on, at.replace(tzinfo=None) if at else None))


def shift(visit: Visit) -> Response:
    """Put a record on another day or hour, or let it end at another; by how far, or, to undo, to where it was."""
    record = visit.text("record").lower()
    try:
        with visit.writing() as here:
            days = _days(here)
            frame, span = days.frame, days.span
            entity = frame.entity.name
            names = tuple(c.path for c in (span.start, span.end) if c is not None and c.is_own)
            titled = tuple(n for n in (frame.entity.title,) if frame.shows(n))
            values = frame.desk.records.get(entity, record, fields=(*names, *titled))
            name = here.reader.quoted(frame.desk.title(frame.entity, values))
            is_back = bool(visit.text("back"))
            if is_back:
                made = {n: visit.text(n) or None for n in names if n in visit.form}
            else:
                made = shifted(span, values, _asked_shift(visit), here.reader)
            item = frame.desk.records.update(
                entity, record, made, version=visit.whole("version"), reasons=reasons_in(visit)
            )
            after = days.item({**values, **made, "id": record})
            said = here.reader.t(
                "calendar.back" if is_back else "calendar.moved", name=name, when=after.when if after else ""
            )
            if is_back:
                return here.done(Toast(said))
            undo = [("record", record), ("version", str(item.get("version") or "")), ("back", "1")]
            undo += [(n, str(values.get(n) or "")) for n in made]
            address = f"{frame.base}/shift?{visit.request.url.query}"
            return here.done(Toast(said, address, values=tuple(undo), in_place=True))
    except Refused as refused:
        if refused.status in (401, 404):
            raise
        with visit.reading() as here:
            if visit.text("back"):
                return undone(here, refused)
            days = _days(here)
            values = days.frame.desk.records.get(days.frame.entity.name, record)
            name = here.reader.quoted(days.frame.desk.title(days.frame.entity, values))
            hidden = [(n, visit.text(n)) for n in ("record", "version", "days", "minutes", "edge")]
            title = here.reader.t("calendar.refused", name=name)
            return refused_act(here, days.frame, refused, record, title, "shift", hidden)


def _asked_shift(visit: Visit) -> Shift:
    edge = visit.text("edge")
    return Shift(
        _whole(visit.text("days"), DAYS_MAX),
        _whole(visit.text("minutes"), 24 * 60),
        "end" if edge == "end" else "start" if edge == "start" else "both",
    )


def _whole(text: str, most: int) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 7):
        return 0
    return max(-most, min(most, int(text)))


# --- galleries -----------------------------------------------------------------------------------------------------
def pictures(visit: Visit) -> Response:
    """A gallery's next pictures."""
    with visit.reading() as here:
        found = gallery.gallery(frame_of(here))
        if found is None:
            raise refuse(NOT_FOUND)
        return here.block("parts/pictures.html", "pictures", gallery=found)


# --- trees -------------------------------------------------------------------------------------------------------
def _tree(here: Here) -> tuple[Frame, Column]:
    frame = frame_of(here)
    parent = fitting.parent_field(frame)
    if parent is None:
        raise refuse(NOT_FOUND)
    return frame, parent


def branch(visit: Visit) -> Response:
    """The rows below a record."""
    with visit.reading() as here:
        frame, parent = _tree(here)
        above = visit.query("parent").lower()
        if above and not is_record_id(above):
            raise refuse(NOT_FOUND)
        level = max(1, _whole(visit.query("level"), tree.DEPTH_MAX))
        found = tree.branch(frame, above or None, level, visit.query("cursor"))
        movable = fitting.changeable(frame, parent) and not tree.is_flat(frame)
        return here.block("parts/branch.html", "branch", branch=found, movable=movable)


def place(visit: Visit) -> Response:
    """Put a record below another, or at the root."""
    record, above = visit.text("record").lower(), visit.text("parent").lower()
    try:
        with visit.writing() as here:
            frame, parent = _tree(here)
            entity, reader = frame.entity.name, here.reader
            values = frame.desk.records.get(entity, record, titles=True)
            name = reader.quoted(frame.desk.title(frame.entity, values))
            if above:
                tree.check_place(frame, parent, record, above)
            item = frame.desk.records.update(
                entity,
                record,
                {parent.path: above or None},
                version=visit.whole("version"),
                reasons=reasons_in(visit),
            )
            if visit.text("back"):
                return here.done(Toast(reader.t("tree.back", name=name)))
            said = reader.t("tree.moved_root", name=name)
            if above:
                title = frame.desk.records.titles(entity, [above]).get(above, "")
                said = reader.t("tree.moved", name=name, parent=reader.quoted(title))
            was = values.get(parent.path)
            undo = (
                ("record", record),
                ("version", str(item.get("version") or "")),
                ("parent", str(was.get("id")) if isinstance(was, dict) else ""),
                ("back", "1"),
            )
            return here.done(
                Toast(said, f"{frame.base}/place?{visit.request.url.query}", values=undo, in_place=True)
            )
    except Refused as refused:
        if refused.status in (401, 404):
            raise
        with visit.reading() as here:
            if visit.text("back"):
                return undone(here, refused)
            frame, _parent = _tree(here)
            values = frame.desk.records.get(frame.entity.name, record)
            title = here.reader.t(
                "tree.refused", name=here.reader.quoted(frame.desk.title(frame.entity, values))
            )
            hidden = [(n, visit.text(n)) for n in ("record", "version", "parent")]
            return refused_act(here, frame, refused, record, title, "place", hidden)


def refused_act(
    here: Here,
    frame: Frame,
    refused: Refused,
    record: str,
    title: str,
    act: str,
    hidden: list[tuple[str, str]],
) -> Response:
    """The card of what was refused, or, where only warnings stand in the way, the form that asks for their reasons."""
    shown = told(refused, frame, record, title, here.visit.form)
    query = here.visit.request.url.query
    return here.block(
        "parts/asking.html", "asking", status=refused.status, ask=shown, base=frame.base, query=query, act=act,
        hidden=hidden,
    )  # fmt: skip


def reasons_in(visit: Visit) -> dict[str, str]:
    """Reasons given for warnings, by rule."""
    given = {
        k[9:]: v.strip() for k, v in visit.form.items() if k.startswith("_reasons.") and isinstance(v, str)
    }
    return {rule: text for rule, text in given.items() if text}
