"""Rows of a form: records that refer to the one being filled in, changed, added and removed on the same page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dougong_runtime.errors import CONFLICT, Problem, Refused
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.formulas.tree import Aggregate, Path
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import Entity, Inverse
from dougong_runtime.names import is_record_id
from dougong_runtime.pages import conditions
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Entry, Input, Said, Sent, Titles, is_empty
from dougong_runtime.pages.faces import Face, is_number, is_sum
from dougong_runtime.pages.following import following, leaves
from dougong_runtime.pages.forms import Form, Section, Slot, State, Sublist, default_form
from dougong_runtime.pages.live import Around, Judge, LiveRow
from dougong_runtime.pages.widgets import widget_of
from dougong_runtime.records.query import Query
from dougong_runtime.records.whole import RowChange

ROWS_SHOWN = 200
"""Rows that a form holds; a longer list is worked on where lists are."""
BLANK = "__n__"
"""Stands for a row's key in the pattern from which new rows are made."""
ORDER_NAMES = ("position", "sequence", "sort_order", "order_no", "rank")
"""Names of whole-number fields that give rows their order."""

_KEY = re.compile(r"[a-z0-9]{1,12}\Z")
_PLACE = re.compile(r"(\w+)\[(\d+)\](?:\.(.+))?\Z")


@dataclass(frozen=True, slots=True)
class RowHead:
    """A column."""

    name: str
    label: str
    unit: str
    number: bool
    required: bool


@dataclass(frozen=True, slots=True)
class InputRow:
    """A row as drawn."""

    key: str
    id: str
    version: str
    inputs: tuple[Input, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class InputList:
    """A list as drawn."""

    name: str
    label: str
    word: str
    heads: tuple[RowHead, ...]
    rows: tuple[InputRow, ...]
    blank: InputRow | None
    may_remove: bool
    order: str
    totals: tuple[str, ...]
    removed: tuple[str, ...]
    too_long: str = ""

    @property
    def has_totals(self) -> bool:
        """Whether any column is summed up."""
        return any(self.totals)


class Below:
    """What was sent, seen from a row: names begin with its own."""

    def __init__(self, sent: Sent, prefix: str) -> None:
        self._sent, self._prefix = sent, prefix

    def getlist(self, key: Any) -> list[Any]:
        """All values under a name of the row."""
        return self._sent.getlist(self._prefix + str(key))

    def __contains__(self, key: object) -> bool:
        return self._prefix + str(key) in self._sent


@dataclass
class Row:
    """A row being filled in."""

    key: str
    entry: Entry
    id: str = ""
    version: int | None = None
    was: Mapping[str, Json] | None = None
    """Values as its writer had read them; None for a new row."""
    defaulted: tuple[str, ...] = ()
    began: Mapping[str, Json] = field(default_factory=dict)
    """Values that a new row starts with."""

    @property
    def is_blank(self) -> bool:
        """Whether it is new and nothing was typed into it."""
        return not self.id and all(self._is_untouched(n) for n in self.entry.editable())

    def _is_untouched(self, name: str) -> bool:
        """Whether a box is empty, or holds what it held at the beginning."""
        of, reader = self.entry.entity.fields[name], self.entry.desk.reader
        value, widget = self.entry.values.get(name), widget_of(of)
        if is_empty(value) or value is False:
            return True
        return bool(widget.entry(of, value, reader) == widget.entry(of, self.began.get(name), reader))


class Rows:
    """One list of a form before one reader."""

    def __init__(self, desk: Desk, parent: Entry, wanted: Sublist, way: Inverse) -> None:
        self.desk, self.parent, self.wanted, self.way = desk, parent, wanted, way
        self.name = wanted.inverse
        self.entity: Entity = desk.app.entities[way.entity]
        self.form = self._form()
        self.rows: list[Row] = []
        self.removed: list[tuple[str, int | None]] = []
        self.too_many = False
        self._beginning: tuple[dict[str, Json], tuple[str, ...]] | None = None

    @classmethod
    def of(cls, desk: Desk, parent: Entry) -> list[Rows]:
        """The lists of a form whose rows its reader may fill in."""
        known = desk.records.whole.ways(parent.entity.name)
        return [
            cls(desk, parent, wanted, known[wanted.inverse])
            for wanted in parent.form.lists()
            if wanted.edit and wanted.inverse in known and not (parent.creating and wanted.filter)
        ]

    def _form(self) -> Form:
        named = [self.entity.fields[n] for n in self.wanted.fields if n in self.entity.fields]
        slots = tuple(Slot(f) for f in named) or default_form(self.entity).sections[0].slots
        slots = tuple(s for s in slots if s.field.name != self.way.field)
        return Form(self.entity.name, self.entity, (Section("rows", None, 1, slots),))

    @property
    def order(self) -> str:
        """The field that gives rows their order; empty where there is none."""
        for name in ORDER_NAMES:
            found = self.entity.fields.get(name)
            if found is not None and found.type == "integer" and self._may_fill(found):
                return name
        return ""

    def _may_fill(self, of: Field) -> bool:
        view = self.desk.fillable(self.entity.name).get(of.name)
        return view is not None and bool(view.create or view.update)

    # --- rows ---------------------------------------------------------------------------------------------------
    def load(self, record: str) -> None:
        """The rows that there are."""
        found = self._find(record)
        self.rows = [self._existing(f"r{n}", item) for n, item in enumerate(found)]

    def _find(self, record: str, limit: int = ROWS_SHOWN) -> Sequence[Mapping[str, Any]]:
        if not self.desk.records.can(self.entity.name, "read"):
            return ()
        views = self.desk.views(self.entity.name)
        mine = f"{self.way.field} = '{record}'"
        sort = self.wanted.sort or ((self.order,) if self.order in views and self.order else ())
        sort = sort or (("created_at",) if "created_at" in views else ())
        query = Query(
            self.entity.name, conditions.join([mine, self.wanted.filter]), sort, limit=limit, titles=True
        )
        try:
            page = self.desk.records.list(query)
        except Refused:
            return ()
        self.too_many = page.next is not None
        return page.items

    def _existing(self, key: str, item: Mapping[str, Any]) -> Row:
        entry = Entry(self.desk, self.form, item, creating=False, prefix=f"{self.name}.{key}.")
        row = Row(key, entry, str(item["id"]), item.get("version"))
        row.was = entry.raw([n for n in entry.editable() if n in item])
        self._place(row)
        return row

    def _new(self, key: str) -> Row:
        values, defaulted = self._begin()
        row = Row(
            key,
            Entry(self.desk, self.form, values, creating=True, prefix=f"{self.name}.{key}."),
            defaulted=defaulted,
            began=dict(values),
        )
        self._place(row)
        return row

    def _begin(self) -> tuple[dict[str, Json], tuple[str, ...]]:
        """Values that a new row starts with."""
        if self._beginning is None:
            self._beginning = beginning(self.desk, self.entity, {})
        values, defaulted = self._beginning
        return dict(values), defaulted

    def _place(self, row: Row) -> None:
        """Let the row's formulas see the record that it belongs to, as it stands on the page."""
        editable = row.entry.editable()
        row.entry.around = Around(
            parents={self.way.field: lambda: self.parent.judge().row},
            fresh=following(self.entity, [*editable, self.way.field], ()),
        )

    # --- what was sent ------------------------------------------------------------------------------------------
    def take(self, sent: Sent, record: str | None, was: Mapping[str, Any]) -> list[Said]:
        """Put what was sent into the rows; what names no record is told. `was`: row id → values as first shown."""
        there = {str(i["id"]): i for i in self._find(record)} if record is not None else {}
        problems: list[Said] = []
        self.rows = []
        for key in dict.fromkeys(str(k) for k in sent.getlist(f"{self.name}.rows")):
            if not _KEY.match(key) or len(self.rows) >= ROWS_SHOWN:
                continue
            below = Below(sent, f"{self.name}.{key}.")
            id_ = str((below.getlist("id") or [""])[-1])
            if id_ and id_ not in there:
                continue
            row = self._existing(key, there[id_]) if id_ else self._new(key)
            version = str((below.getlist("version") or [""])[-1])
            row.version = (
                int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None
            )
            if id_:
                shown = was.get(id_)
                row.was = dict(shown) if isinstance(shown, Mapping) else row.was
            said = row.entry.take(below)
            problems += [replace(s, field=f"{self.name}.{key}.{s.field}") for s in said]
            self.rows.append(row)
        self.removed = []
        for text in dict.fromkeys(str(t) for t in sent.getlist(f"{self.name}.removed")):
            id_, _, version = text.partition(":")
            if is_record_id(id_):
                self.removed.append(
                    (id_, int(version) if version.isdecimal() and len(version) < 10 else None)
                )
        return problems

    def was(self) -> dict[str, Mapping[str, Json]]:
        """Row id → the values that the page was shown with."""
        return {r.id: r.was for r in self.rows if r.id and r.was is not None}

    def changes(self, theirs: Mapping[str, bool]) -> list[tuple[str, RowChange]]:
        """What is to be written, each with its row's key. `theirs`: names of inputs whose other value was chosen."""
        made: list[tuple[str, RowChange]] = []
        for id_, version in self.removed:
            made.append(("", RowChange(id=id_, version=version, removed=True)))
        for place, row in enumerate(r for r in self.rows if not r.is_blank):
            values = row.entry.raw(row.entry.writable(row.entry.states()))
            if self.order and self.order not in row.entry.editable():
                values[self.order] = place + 1
            if row.id:
                was = row.was or {}
                changed = {
                    n: v
                    for n, v in values.items()
                    if (v != was.get(n) if n in was or n != self.order else v != row.entry.values.get(n))
                    and not theirs.get(f"{self.name}.{row.key}.{n}")
                }
                if changed:
                    made.append((row.key, RowChange(changed, row.id, row.version)))
            else:
                given = {n: v for n, v in values.items() if not is_empty(v) or n in row.defaulted}
                made.append((row.key, RowChange(given)))
        return made

    def live(self) -> list[LiveRow]:
        """The rows as formulas see them."""
        return [r.entry.judge().row for r in self.rows if not r.is_blank]

    # --- drawing ------------------------------------------------------------------------------------------------
    def drawn(self, errors: Mapping[str, str]) -> InputList:
        """The list with everything its template needs. `errors`: input name → sentence."""
        reader, desk = self.desk.reader, self.desk
        may_add = desk.records.can(self.entity.name, "create")
        slots = [s for s in self.form.slots() if self._shown(s.field)]
        heads = tuple(
            RowHead(
                s.field.name,
                reader.label(s.label or s.field.label),
                "%" if widget_of(s.field).draw == "percent" else desk.unit(s.field),
                is_number(s.field),
                s.field.required,
            )
            for s in slots
        )
        return InputList(
            self.name,
            reader.label(self.wanted.label),
            desk.word(self.entity),
            heads,
            tuple(self._drawn(r, slots, errors) for r in self.rows),
            self._drawn(self._new(BLANK), slots, {}) if may_add else None,
            desk.records.can(self.entity.name, "delete"),
            self.order,
            tuple(self.totals().values()),
            tuple(f"{i}:{'' if v is None else v}" for i, v in self.removed),
            reader.t("rows.too_long", n=ROWS_SHOWN) if self.too_many else "",
        )

    def _shown(self, of: Field) -> bool:
        return of.name in self.desk.fillable(self.entity.name) and widget_of(of).draw != "none"

    def _drawn(self, row: Row, slots: Sequence[Slot], errors: Mapping[str, str]) -> InputRow:
        plain = State(show=True, required=False, readonly=False)
        computed = row.entry.computed()
        inputs = []
        for slot in slots:
            needed = slot.field.required
            state = replace(plain, required=needed)
            made = row.entry.input(slot, state, errors.get(f"{self.name}.{row.key}.{slot.field.name}", ""))
            if made.is_value and made.name in computed:
                made = replace(made, face=computed[made.name])
            inputs.append(made)
        whole = errors.get(f"{self.name}.{row.key}", "")
        return InputRow(row.key, row.id, str(row.version or ""), tuple(inputs), whole)

    def totals(self) -> dict[str, str]:
        """Column → the sum of its rows in words; empty for what is not summed."""
        made: dict[str, str] = {}
        rows = [r for r in self.rows if not r.is_blank]
        for slot in self.form.slots():
            of = slot.field
            if not self._shown(of):
                continue
            text = ""
            if self._is_summed(of):
                values = [r.entry.judge().row.get(of.name) for r in rows]
                known = [v for v in values if v is not None]
                total = sum(known[1:], known[0]) if known else None
                text = self.desk.face(of, None if total is None else of.kind.to_json(of, total)).text
            made[of.name] = text
        return made

    def computed(self) -> dict[str, Face]:
        """Input name → face of each value that follows from what stands in its row."""
        return {name: face for row in self.rows for name, face in row.entry.computed().items()}

    def _is_summed(self, of: Field) -> bool:
        """Whether a column is summed up: amounts, and whatever the record itself sums."""
        if of.value_type.kind is not Kind.NUMBER or of.type == "percent":
            return False
        return is_sum(of) or any(
            isinstance(leaf, Aggregate)
            and leaf.function == "sum"
            and [h.name for h in leaf.hops] == [self.name]
            and isinstance(leaf.value, Path)
            and (leaf.value.hops, leaf.value.field) == ((), of.name)
            for field in self.parent.entity.fields.values()
            if field.formula is not None
            for leaf in leaves(field.formula.tree)
        )


def beginning(
    desk: Desk, entity: Entity, given: Mapping[str, str]
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Values that a new record starts with: what is given as text, then defaults over that; and which are defaults."""
    values: dict[str, Json] = {}
    views = desk.fillable(entity.name)
    titled = Titles(desk)
    for name, text in given.items():
        found = entity.fields.get(name)
        if found is not None and name in views and views[name].create and text:
            value: Json = [text] if found.is_many else text
            values[name] = titled.of(found, value) if found.targets else value
    if entity.stage is not None and entity.stage.choices:
        values.setdefault(entity.stage.name, entity.stage.choices[0].value)
    defaulted = []
    for found in entity.own_fields:
        if found.default is None or found.name in values or found.name not in views:
            continue
        value = Judge(desk, entity, values).value(found.default.tree)
        if value is not None:
            values[found.name] = titled.of(found, found.kind.to_json(found, value))
            defaulted.append(found.name)
    return values, tuple(defaulted)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem of a row stands: the list, its row's number among those written, the field."""

    list: str
    row: int
    field: str


def place_of(problem: Problem) -> Place | None:
    """The row that a problem is about, if it is about one."""
    found = _PLACE.match(problem.field or "")
    return Place(found[1], int(found[2]), found[3] or "") if found is not None else None


def is_conflict(problem: Problem) -> bool:
    """Whether both sides changed the same field."""
    return problem.type is CONFLICT and "names" in problem.facts
