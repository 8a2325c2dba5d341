"""What was given in the rows of a condition or a sum, and what is done to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dougong_designer import conditions
from dougong_designer.conditions import Clause
from dougong_designer.conditions.offers import DATES, MANY, ROLE, ROWS_MAX, STEP, Offers
from dougong_designer.formulas.scan import Frame
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions as plain
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.filters import Filter, Group, Join
from dougong_runtime.pages.lists.values import value_given


@dataclass(frozen=True, slots=True)
class Given:
    """What a form sent: texts by name."""

    one: Callable[[str], str]
    many: Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Sent(Offers):
    """Reads the rows."""

    # --- from what was sent -----------------------------------------------------------------------------------
    def given(self, given: Given) -> Filter:
        """The condition that the rows say."""
        ids = [i for i in given.many("node") if _is_id(i)][:ROWS_MAX]
        return self._given_block(given, ids, "", self.frame)

    def given_sum(self, given: Given) -> Clause:
        """The sum that its row says."""
        ids = [i for i in given.many("node") if _is_id(i)][:ROWS_MAX]
        clause = self._given_clause(given, ids, "0", self.frame)
        return replace(clause, op="", value="")

    def _given_block(self, given: Given, ids: Sequence[str], id: str, frame: Frame) -> Filter:
        items: list[Condition | Group] = []
        for own in ids:
            if own.rpartition("_")[0] != id:
                continue
            if given.one(f"k.{own}") == "group":
                inner = self._given_block(given, ids, own, frame)
                rows = tuple(c for c in inner.items if isinstance(c, Condition))
                if rows:
                    items.append(Group(inner.join, rows))
            else:
                items.append(self._given_clause(given, ids, own, frame))
        return Filter(_join(given.one(f"j.{id or 'top'}")), tuple(items))

    def _given_clause(self, given: Given, ids: Sequence[str], id: str, frame: Frame) -> Clause:
        text = given.one(f"t.{id}")
        if given.one(f"k.{id}") == "text":
            return Clause(text)
        made = self._chosen(list(given.many(f"f.{id}")), frame)
        if made.kind == "many":
            made = self._given_many(given, ids, id, frame, made)
        elif made.kind == "role":
            op = given.one(f"o.{id}")
            roles = list(self.standing.app.roles)
            value = given.one(f"v.{id}")
            made = replace(
                made, op=op if op in ("has", "hasnt") else "has", value=value if value in roles else roles[0]
            )
        else:
            made = self._given_plain(given, id, frame, made)
        return self._kept(text, made, frame)

    def _given_plain(self, given: Given, id: str, frame: Frame, made: Clause) -> Clause:
        field = conditions.field_at(self.standing, made.entity, made.path)
        names = self._operators(made, field, frame)
        op = given.one(f"o.{id}")
        op = op if op in names else names[0] if names else ""
        if op in ("changed", "unchanged"):
            return replace(made, kind="changed", op=op)
        return self._given_value(given, id, replace(made, op=op), field, frame)

    def _given_many(self, given: Given, ids: Sequence[str], id: str, frame: Frame, made: Clause) -> Clause:
        function = given.one(f"a.{id}")
        function = function if function in conditions.FUNCTIONS else "count"
        entity = self.entity_of(made)
        field = ""
        if function not in conditions.WITHOUT_FIELD:
            known = [c.value for c in self._measurable(entity, function)]
            field = given.one(f"i.{id}")
            field = field if field in known else str(known[0]) if known else ""
        op = given.one(f"o.{id}")
        inner = self._given_block(given, ids, id, Frame(entity, frame))
        made = replace(
            made, function=function, field=field, op=op if op in conditions.SIGNS else "ge", inner=inner
        )
        if function in conditions.WITHOUT_VALUE:
            return replace(made, op="")
        return self._given_value(given, id, made, conditions.measured(self.standing, made), frame)

    def _given_value(self, given: Given, id: str, made: Clause, field: Field | None, frame: Frame) -> Clause:
        if field is None:
            return made
        against = given.one(f"w.{id}")
        if against == "today" and made.op in conditions.SIGNS and field.value_type.kind in DATES:
            return replace(made, value=_from_today(given.one(f"v.{id}")))
        if against not in ("setting", "field") or made.op not in conditions.SIGNS:
            against = "value"
        if against != "value":
            known = (
                self._settings(field)
                if against == "setting"
                else self._alike(field, frame, made.before + made.path)
            )
            value = given.one(f"v.{id}")
            if all(c.value != value for c in known) and not (against == "field" and "." in value):
                value = str(known[0].value) if known else ""
            return replace(made, against=against, value=value)
        if made.op in plain.WITHOUT_VALUE:
            return made
        texts, picked = given.many(f"v.{id}"), given.many(f"v.{id}.id")
        if made.kind == "many" and field.value_type.kind is not Kind.RECORD:
            return replace(made, value=value_given(self.desk, field, made.op, texts, ()))
        return replace(made, value=value_given(self.desk, field, made.op, texts, picked))

    def _chosen(self, names: list[str], frame: Frame) -> Clause:
        """What the selects of a path say; where the last is but a step, the first field behind it."""
        begins = {b.before: b.entity for b in conditions.beginnings(self.standing, frame)}
        if names[:1] == [ROLE]:
            return Clause("", kind="role")
        before = names.pop(0) if names and names[0] in begins and names[0] else ""
        entity = begins.get(before, "")
        path: list[str] = []
        here = entity
        for name in names:
            bare = name.rstrip(STEP + MANY)
            shape = self.standing.shapes.get(here)
            if shape is None or (bare not in shape.fields and bare not in shape.many):
                break
            path.append(bare)
            here = self._next(here, bare)
            if name.endswith(MANY):
                return Clause("", ".".join(path), "", "", False, "many", before, entity, function="count")
            if not name.endswith(STEP):
                return Clause("", ".".join(path), "", "", False, "plain", before, entity)
        first = self._first_field(here)
        return Clause("", ".".join([*path, first]), "", "", False, "plain", before, entity)

    def _first_field(self, entity: str) -> str:
        own = self.standing.app.entities.get(entity)
        if own is None:
            return ""
        title = own.fields.get(own.title)
        if title is not None and plain.operators(title):
            return title.name
        return next((f.name for f in own.own_fields if plain.operators(f)), "created_at")

    def _kept(self, text: str, made: Clause, frame: Frame) -> Clause:
        """The sentence with the text that it was read from, where it says what it said; else composed anew."""
        if text:
            was = conditions.read_one(self.standing, text, frame)
            if was is not None and _same(was, made):
                return replace(made, text=text)
        return replace(made, text=conditions.compose(self.standing, made) or "")

    # --- acts -------------------------------------------------------------------------------------------------
    def changed(self, found: Filter, do: str) -> Filter:
        """The condition after one act: `add`, `add:ID`, `group`, `drop:ID`."""
        act, _, id = do.partition(":")
        if act == "group":
            first = self.fresh(self.frame)
            return replace(
                found, items=(*found.items, Group("or" if found.join == "and" else "and", (first, first)))
            )
        if act in ("add", "drop") and (not id or _is_id(id)):
            return _within(self, found, id.split("_") if id else [], act, self.frame)
        return found

    def fresh(self, frame: Frame) -> Clause:
        """A row to begin with: about the record's name, its value still to be given."""
        made = self._chosen([], frame)
        if not frame.entity:
            first = next(iter(conditions.beginnings(self.standing, frame)), None)
            made = self._chosen([first.before] if first is not None else [], frame)
        field = conditions.field_at(self.standing, made.entity, made.path)
        names = self._operators(made, field, frame)
        return replace(made, op=names[0] if names else "")

    def fresh_sum(self) -> Clause | None:
        """A sum to begin with, over the first related records; None where there are none."""
        for begin in conditions.beginnings(self.standing, self.frame):
            shape = self.standing.shapes.get(begin.entity)
            for name in shape.many if shape is not None else ():
                made = Clause(
                    "",
                    name,
                    "",
                    "",
                    False,
                    "many",
                    begin.before,
                    begin.entity,
                    function="count",
                    inner=Filter(),
                )
                return replace(made, text=conditions.compose(self.standing, made) or "")
        return None


def _within(sent: Sent, found: Filter, way: list[str], act: str, frame: Frame) -> Filter:
    """A filter with a row added at the end of a block, or with one dropped; the way leads to it."""
    items = list(found.items)
    if not way:
        return replace(found, items=(*items, sent.fresh(frame))) if act == "add" else found
    at = int(way[0])
    if at >= len(items):
        return found
    item = items[at]
    if act == "drop" and len(way) == 1:
        return replace(found, items=tuple(items[:at] + items[at + 1 :]))
    if isinstance(item, Group):
        inner = _within(sent, Filter(item.join, item.items), way[1:], act, frame)
        rows = tuple(c for c in inner.items if isinstance(c, Condition))
        items[at : at + 1] = [Group(inner.join, rows)] if len(rows) > 1 else list(rows)
    elif isinstance(item, Clause) and item.kind == "many":
        around = Frame(sent.entity_of(item), frame)
        changed = replace(item, inner=_within(sent, item.inner or Filter(), way[1:], act, around))
        items[at] = replace(changed, text=conditions.compose(sent.standing, changed) or "")
    return replace(found, items=tuple(items))


def _same(was: Clause, made: Clause) -> bool:
    """Whether two sentences say the same, whatever texts they have."""
    mine = [(c.kind, c.before, c.path, c.op, c.value, c.against, c.function, c.field) for c in (was, made)]
    texts = [conditions.write(c.inner) if c.inner is not None else "" for c in (was, made)]
    return mine[0] == mine[1] and texts[0] == texts[1]


def _from_today(text: str) -> str:
    """So many days from today as a formula has it; before today with a minus. What is no number is none."""
    found = re.fullmatch(r"([+\-−])?\s*(\d{1,5})", text.strip())
    days = int(found[2]) if found is not None else 0
    if days == 0:
        return "TODAY()"
    return f"TODAY() {'-' if found is not None and found[1] in ('-', '−') else '+'} {days}"


def _join(text: str) -> Join:
    return "or" if text == "or" else "and"


def _is_id(text: str) -> bool:
    parts = text.split("_")
    return len(parts) <= 4 and all(p.isascii() and p.isdecimal() and len(p) < 4 for p in parts)
