"""A view's page, its rows, and the popover in which a condition is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.faces import type_of
from dougong_runtime.pages.lists import Frame, ListBuilder, ListState
from dougong_runtime.pages.reading import decimal, plain
from dougong_runtime.pages.views import find_view, resolve


def routes(pages: Pages) -> list[BaseRoute]:
    """`/apps/{app}/views/{view}` and what belongs to it."""
    return [
        pages.get("/apps/{app}/views/{view}", show),
        pages.get("/apps/{app}/views/{view}/condition", condition),
        pages.get("/apps/{app}/views/{view}/filtered", filtered),
    ]


def frame_of(here: Here) -> Frame:
    """The view that the address names, as its parameters change it. Raises Refused (NOT_FOUND)."""
    desk = here.desk()
    view = find_view(desk.app, here.visit.path("view"))
    if view is None or not desk.records.can(view.entity.name, "read"):
        raise refuse(NOT_FOUND)
    if view.document is not None and not desk.may_see(view.document.data):
        raise refuse(NOT_FOUND)
    return Frame(desk, view, ListState.of(dict(here.visit.request.query_params)))


def _builder(here: Here) -> tuple[Desk, ListBuilder]:
    frame = frame_of(here)
    return frame.desk, ListBuilder(frame.desk, frame.view, frame.state)


def show(visit: Visit) -> Response:
    """The view; for htmx only the list, or only further rows."""
    with visit.reading() as here:
        desk, builder = _builder(here)
        page = builder.page()
        if visit.is_fragment:
            block = "rows" if builder.frame.state.cursor and not page.group else "list"
            return here.block("list.html", block, list=page)
        shell = here.shell(page.title, desk=desk, entity=builder.frame.entity.name)
        return here.page("list.html", shell, list=page)


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
        desk, builder = _builder(here)
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
            listed.append(Choice(chosen, chosen))
        made = ConditionForm(
            builder.frame.base,
            visit.query("id") or visit.query("at") or "new",
            builder.frame.state.pairs("cursor"),
            visit.query("at") or None,
            tuple(listed),
            chosen,
            tuple(Choice(o, reader.t(f"op.{o}")) for o in ops),
            op,
            None if op in conditions.WITHOUT_VALUE else _input(desk, field, given),
            reader.today.isoformat(),
        )
        return here.block("condition.html", "condition", c=made)


def _chip(builder: ListBuilder, at: str) -> Condition | None:
    number = int(at) if at.isascii() and at.isdecimal() and len(at) <= 4 else -1
    return builder.frame.parts[number] if 0 <= number < len(builder.frame.parts) else None


def _input(desk: Desk, field: Field, value: str) -> Input:
    """The value's input, fit for the field: choices, dates, a picker, or a line."""
    reader = desk.reader
    kind = field.value_type.kind
    widget: str = {
        Kind.CHOICE: "select",
        Kind.DATE: "date",
        Kind.DATETIME: "date",
        Kind.NUMBER: "number",
    }.get(kind, "line")
    entry: object = value
    source = ""
    options = tuple(Choice(o.value, reader.label(o.label)) for o in field.choices)
    if kind is Kind.LIST and options:
        widget = "select"
    if kind is Kind.NUMBER and type_of(field) == "percent":
        widget = "percent"
        found = decimal(value)
        entry = plain(found * 100) if found is not None else value
    if kind is Kind.RECORD and field.value_type.targets:
        widget = "record"
        target = field.value_type.targets[0]
        title = desk.records.titles(target, [value]).get(value, "") if value else ""
        entry = {"id": value, "title": title, "entity": target}
        source = f"{desk.address}/{target}/choices"
    return Input(
        name="value",
        label=reader.t("filter.value"),
        unit="%" if widget == "percent" else desk.unit(field),
        help="",
        widget=widget,
        wide=False,
        show=True,
        required=True,
        readonly=False,
        entry=entry,
        options=options,
        source=source,
    )


def filtered(visit: Visit) -> Response:
    """The view with a condition added, or changed; a form's answer that leads back to an address of its own."""
    with visit.reading() as here:
        desk, builder = _builder(here)
        path, op = visit.query("field"), visit.query("op")
        column = resolve(desk.app, builder.frame.entity, path)
        value = visit.query("value.id") or visit.query("value")
        if column is not None and type_of(column.field) == "percent":
            found = decimal(value.replace("%", ""))
            value = plain(found / 100) if found is not None else value
        if (
            column is not None
            and column.field.value_type.kind is Kind.RECORD
            and not visit.query("value.id")
            and value
        ):
            choices = desk.records.pick(column.field.value_type.targets[0], value, limit=2)
            value = choices[0].id if len(choices) == 1 else value
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
