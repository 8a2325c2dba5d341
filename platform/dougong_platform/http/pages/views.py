"""A view's page, its rows, and the popover in which a condition is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import saved_views
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.names import is_record_id
from dougong_runtime.pages import conditions
from dougong_runtime.pages.bulk import offered
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.desk import Desk, Row
from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.lists import Frame, ListBuilder, ListState
from dougong_runtime.pages.lists.heads import label_of
from dougong_runtime.pages.lists.tabs import views_for
from dougong_runtime.pages.lists.values import value_given, value_input
from dougong_runtime.pages.saved import Mine
from dougong_runtime.pages.views import View, find_view, main_view, resolve, view_of_saved
from dougong_runtime.records.query import LIMIT_DEFAULT, LIMIT_MAX


def routes(pages: Pages) -> list[BaseRoute]:
    """`/apps/{app}/views/{view}` and what belongs to it."""
    return [
        pages.get("/apps/{app}/views/{view}", show),
        pages.get("/apps/{app}/views/{view}/condition", condition),
        pages.get("/apps/{app}/views/{view}/filtered", filtered),
    ]


def view_here(here: Here) -> tuple[Desk, View, Mine]:
    """The view that the address names, of the app's documents or saved, and what the reader has of its entity's views.
    Raises Refused (NOT_FOUND), also for a saved view of somebody else's that is not shared with the reader."""
    return view_named(here, here.visit.path("view"))


def view_named(here: Here, name: str) -> tuple[Desk, View, Mine]:
    """The same for a view of that name or id."""
    desk = here.desk()
    if is_record_id(name):
        view = view_of_saved(desk.app, saved_views.find(here.connection, desk.app, here.viewer, name))
    else:
        view = find_view(desk.app, name)
        if view is not None and view.document is not None and not desk.may_see(view.document.data):
            view = None
    if view is None or not desk.records.can(view.entity.name, "read"):
        raise refuse(NOT_FOUND)
    return desk, view, saved_views.mine(here.connection, desk.app, here.viewer, view.entity.name)


def builder_here(here: Here) -> ListBuilder:
    """The list that the address asks for. Raises Refused (NOT_FOUND)."""
    desk, view, mine = view_here(here)
    sent = {name: value for name, value in here.visit.form.items() if isinstance(value, str)}
    return ListBuilder(desk, view, ListState.of({**sent, **here.visit.request.query_params}), mine)


def frame_of(here: Here) -> Frame:
    """The view that the address names, as its parameters change it. Raises Refused (NOT_FOUND)."""
    return builder_here(here).frame


def show(visit: Visit) -> Response:
    """The view; for htmx only what is below its title, or only further rows. Where nothing is asked for but the
    entity's main view, the one that the reader has chosen to open first."""
    with visit.reading() as here:
        builder = builder_here(here)
        frame = builder.frame
        if _opens_another(visit, builder):
            return go(f"{frame.desk.address}/views/{builder.mine.default}")
        if visit.is_fragment and frame.state.cursor:
            found = frame.desk.records.list(frame.query(count=False))
            further = replace(frame.state, cursor=found.next).address(frame.base) if found.next else ""
            return rows_block(here, builder, builder.rows(found), further)
        page = builder.page(_rows_wanted(visit))
        if visit.is_fragment:
            response = here.block("list.html", "view", list=page)
            if not visit.query("keep"):
                typed = visit.request.headers.get("hx-source", "").startswith("form")
                header = "HX-Replace-Url" if typed else "HX-Push-Url"
                response.headers[header] = frame.state.address(frame.base)
            return response
        shell = here.shell(page.title, desk=frame.desk, entity=frame.entity.name, current=_current(builder))
        return here.page("list.html", shell, list=page)


def rows_block(here: Here, builder: ListBuilder, rows: tuple[Row, ...], more_href: str) -> Response:
    """Further rows of a table, and where those after them are."""
    frame = builder.frame
    around = {"acts": offered(frame.desk, frame.entity), "base": frame.base}
    return here.block(
        "list_parts.html",
        "rows",
        list=around,
        rows=rows,
        more_href=more_href,
        span=len(frame.shown_columns),
    )


def _opens_another(visit: Visit, builder: ListBuilder) -> bool:
    """Whether the entity's main view was asked for, as menus do, and the reader has another that opens first."""
    frame, default = builder.frame, builder.mine.default
    if visit.is_fragment or visit.request.url.query or not default or default == frame.view.name:
        return False
    if frame.view.name != main_view(frame.desk.app, frame.entity.name):
        return False
    return any(v.name == default for v in views_for(frame, builder.mine))


def _current(builder: ListBuilder) -> str | None:
    """The place in the menu of a saved view: that of the view it was saved from."""
    saved = builder.frame.view.saved
    return None if saved is None else f"{builder.frame.desk.address}/views/{saved.base}"


def _rows_wanted(visit: Visit) -> int:
    """How many rows were there when the list was left; it comes back with as many."""
    text = visit.query("rows")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else LIMIT_DEFAULT
    return max(LIMIT_DEFAULT, min(wanted, LIMIT_MAX))


@dataclass(frozen=True)
class ConditionForm:
    """What the popover holds."""

    base: str
    id: str
    state: list[tuple[str, str]]
    at: str | None
    fields: tuple[Choice, ...]
    field: str
    ops: tuple[Choice, ...]
    op: str
    input: Input | None
    today: str


def condition(visit: Visit) -> Response:
    """The popover's form, for a field and operator chosen or for a chip that is there."""
    with visit.reading() as here:
        builder = builder_here(here)
        desk = builder.frame.desk
        entity = builder.frame.entity
        names = desk.views(entity.name)
        fields = conditions.filterable(desk.app, entity, [n for n, v in names.items() if v.shown == "yes"])
        if not fields:
            raise refuse(NOT_FOUND)
        chip = _chip(builder, visit.query("at"))
        chosen = visit.query("field") or (chip.path if chip else "") or fields[0].name
        column = resolve(desk.app, entity, chosen)
        field = column.field if column is not None else fields[0]
        if column is None:
            chosen = field.name
        ops = conditions.operators(field)
        wanted = visit.query("op") or (chip.op if chip and chip.path == chosen else "")
        op = wanted if wanted in ops else ops[0]
        given = chip.value if chip and chip.path == chosen else ""
        reader = here.reader
        listed = [Choice(f.name, reader.label(f.label)) for f in fields]
        if column is not None and not column.is_own:
            listed.append(Choice(chosen, label_of(builder.frame, column)))
        made = ConditionForm(
            builder.frame.base,
            visit.query("id") or visit.query("at") or "new",
            builder.frame.state.pairs("cursor"),
            visit.query("at") or None,
            tuple(listed),
            chosen,
            tuple(Choice(o, reader.t(f"op.{o}")) for o in ops),
            op,
            None if op in conditions.WITHOUT_VALUE else value_input(desk, field, op, given),
            reader.today.isoformat(),
        )
        return here.block("condition.html", "condition", c=made)


def _chip(builder: ListBuilder, at: str) -> Condition | None:
    number = int(at) if at.isascii() and at.isdecimal() and len(at) <= 4 else -1
    return builder.frame.parts[number] if 0 <= number < len(builder.frame.parts) else None


def filtered(visit: Visit) -> Response:
    """The view with a condition added, or changed; a form's answer that leads back to an address of its own."""
    with visit.reading() as here:
        builder = builder_here(here)
        desk = builder.frame.desk
        path, op = visit.query("field"), visit.query("op")
        column = resolve(desk.app, builder.frame.entity, path)
        value = ""
        if column is not None:
            sent = visit.request.query_params
            value = value_given(desk, column.field, op, sent.getlist("value"), sent.getlist("value.id"))
        made = conditions.compose(desk.app, builder.frame.entity, path, op, value)
        texts = [p.text for p in builder.frame.parts]
        at = visit.query("at")
        if made is None:
            return go(replace(builder.frame.state, cursor="").address(builder.frame.base))
        if at.isascii() and at.isdecimal() and len(at) <= 4 and int(at) < len(texts):
            texts[int(at)] = made
        else:
            texts.append(made)
        return go(builder.filtered(texts))
