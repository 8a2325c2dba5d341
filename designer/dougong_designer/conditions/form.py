"""The rows of a condition or a sum as they are shown.

Every row has an id that says where it stands: `0`, `1`, `1_0` in a group or in an aggregate, `1_0_2` in one in a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dougong_designer import conditions
from dougong_designer.conditions import Clause
from dougong_designer.conditions.offers import DATES, DAYS, TODAY, Level, Offers
from dougong_designer.formulas.scan import Frame
from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions as plain
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.filters import Filter, Group, Join
from dougong_runtime.pages.lists.values import value_input


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence in the form."""

    id: str
    key: str
    """What it is about, as part of ids: what is drawn for another path is another thing."""
    lead: str
    levels: tuple[Level, ...] = ()
    function: Level | None = None
    fields: tuple[Level, ...] = ()
    ops: tuple[Choice, ...] = ()
    op: str = ""
    against: Level | None = None
    right: Level | None = None
    """The settings or the fields to compare with."""
    input: Input | None = None
    text: str = ""
    is_text: bool = False
    inner: Block | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of which all hold, or any: the whole, a group, or which of an aggregate's records count."""

    id: str
    join: Join
    rows: tuple[Row | Block, ...]
    lead: str = ""
    groups: bool = False
    """Whether a group may be added."""


@dataclass(frozen=True)
class Form(Offers):
    """Draws the rows."""

    # --- to what is shown -------------------------------------------------------------------------------------
    def shown(self, found: Filter) -> Block:
        """The rows of a condition."""
        return self._block(found, "", self.frame, "", groups=True)

    def shown_sum(self, clause: Clause) -> Row:
        """The row of a sum."""
        return self._row(clause, "0", self.frame, "", measures=True)

    def _block(self, found: Filter, id: str, frame: Frame, lead: str, *, groups: bool) -> Block:
        rows: list[Row | Block] = []
        for number, item in enumerate(found.items):
            own = f"{id}_{number}" if id else str(number)
            word = self._lead(number, found.join)
            if isinstance(item, Group):
                inner = Filter(item.join, item.items)
                rows.append(self._block(inner, own, frame, word, groups=False))
            else:
                rows.append(self._row(item, own, frame, word))
        return Block(id, found.join, tuple(rows), lead, groups)

    def _lead(self, number: int, join: Join) -> str:
        return self.reader.t("studio.condition.when" if number == 0 else f"studio.condition.{join}")

    def _row(self, item: Condition, id: str, frame: Frame, lead: str, *, measures: bool = False) -> Row:
        if not isinstance(item, Clause) or item.kind == "text":
            return Row(id, "text", lead, text=item.text, is_text=True)
        key = (item.before + item.path + item.field + item.function).replace(".", "-") or item.kind
        levels = self._levels(item, frame)
        if item.kind == "many":
            return self._row_of_many(
                item, Row(id, key, lead, levels, text=item.text), frame, measures=measures
            )
        if item.kind == "role":
            ops = self._ops(("has", "hasnt"))
            roles = tuple(
                Choice(name, self.reader.label(role.label)) for name, role in self.standing.app.roles.items()
            )
            right = self._level("v", "studio.condition.value", roles, item.value)
            return Row(id, key, lead, levels, ops=ops, op=item.op, right=right, text=item.text)
        field = conditions.field_at(self.standing, item.entity, item.path)
        names = self._operators(item, field, frame)
        op = item.op if item.op in names else names[0] if names else ""
        row = Row(id, key, lead, levels, ops=self._ops(names), op=op, text=item.text)
        return self._with_value(row, replace(item, op=op), field, frame)

    def _row_of_many(self, item: Clause, row: Row, frame: Frame, *, measures: bool) -> Row:
        found = conditions.walked(self.standing, item.entity, item.path)
        entity = found.type.targets[0] if found is not None and found.type.targets else ""
        names = [n for n in conditions.FUNCTIONS if not measures or n not in conditions.WITHOUT_VALUE]
        functions = tuple(Choice(n, self.reader.t(f"studio.many.{n}")) for n in names)
        function = self._level("a", "studio.condition.function", functions, item.function)
        fields: tuple[Level, ...] = ()
        if item.function not in conditions.WITHOUT_FIELD:
            fields = (
                self._level(
                    "i", "studio.condition.field", self._measurable(entity, item.function), item.field
                ),
            )
        inner = self._block(
            item.inner or Filter(),
            row.id,
            Frame(entity, frame),
            self.reader.t("studio.condition.among"),
            groups=False,
        )
        row = replace(row, function=function, fields=fields, inner=inner)
        if measures or item.function in conditions.WITHOUT_VALUE:
            return row
        field = conditions.measured(self.standing, item)
        row = replace(row, ops=self._ops(tuple(conditions.SIGNS)), op=item.op or "ge")
        return self._with_value(row, replace(item, op=item.op or "ge"), field, frame)

    def _with_value(self, row: Row, item: Clause, field: Field | None, frame: Frame) -> Row:
        if field is None or item.op in (*plain.WITHOUT_VALUE, "changed", "unchanged"):
            return row
        days = TODAY.match(item.value) if item.against == "value" and field.value_type.kind in DATES else None
        if days is not None and item.op in conditions.SIGNS:
            item = replace(item, against="today", value=(days[1] or "0").replace(" ", ""))
        kinds = self._against(item, field, frame)
        against = (
            self._level("w", "studio.condition.against", kinds, item.against) if len(kinds) > 1 else None
        )
        row = replace(row, against=against)
        if item.against == "setting":
            return replace(
                row, right=self._level("v", "studio.condition.value", self._settings(field), item.value)
            )
        if item.against == "today":
            made = self._input(DAYS, replace(item, op="ge"), f"v.{row.id}")
            return replace(row, input=replace(made, unit=self.reader.t("studio.condition.days")))
        if item.against == "field":
            alike = self._alike(field, frame, item.before + item.path)
            if all(c.value != item.value for c in alike):
                alike = (*alike, Choice(item.value, item.value))
            return replace(row, right=self._level("v", "studio.condition.value", alike, item.value))
        return replace(row, input=self._input(field, item, f"v.{row.id}"))

    def _input(self, field: Field, item: Clause, name: str) -> Input:
        known = self.desk.app.entities
        if field.value_type.kind is Kind.RECORD and not all(t in known for t in field.value_type.targets):
            field = replace(field, value_type=replace(field.value_type, kind=Kind.TEXT))
        try:
            made = value_input(self.desk, field, item.op, item.value, name)
        except Refused:
            unpicked = replace(field, value_type=replace(field.value_type, kind=Kind.TEXT))
            made = value_input(self.desk, unpicked, item.op, item.value, name)
        return replace(made, label=self.reader.t("studio.condition.value"))

    def _against(self, item: Clause, field: Field, frame: Frame) -> tuple[Choice, ...]:
        if item.op not in conditions.SIGNS:
            return ()
        kinds = ["value"]
        if field.value_type.kind in DATES:
            kinds.append("today")
        if self._settings(field):
            kinds.append("setting")
        if item.kind == "plain" and (
            item.against == "field" or self._alike(field, frame, item.before + item.path)
        ):
            kinds.append("field")
        return tuple(Choice(k, self.reader.t(f"studio.against.{k}")) for k in kinds)

    def _ops(self, names: Sequence[str]) -> tuple[Choice, ...]:
        return tuple(Choice(name, self.reader.t(f"op.{name}")) for name in names)
