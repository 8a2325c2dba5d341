"""A record as a form or page holds it, and the conditions of forms asked of it, under the reader's own rights.

A condition is the document's, but what it reads is what this reader may read: a cell not seen unmasked is absent, so
that nothing can be learned by watching fields come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dougong_runtime.access.grants import shapes_of
from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Value, ValueProblem
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.evaluate import evaluate, stored
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.tree import Hop, Node
from dougong_runtime.formulas.types import BOOLEAN, ValueType
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.faces import NOTHING, Face
from dougong_runtime.pages.reading import ABSENT, number
from dougong_runtime.pages.widgets import is_masked
from dougong_runtime.records.query import LIMIT_MAX, Query

ALWAYS, NEVER = "TRUE", "FALSE"


@dataclass(frozen=True)
class Around:
    """What stands with a record on a form, not saved yet either."""

    rows: Mapping[str, Callable[[], Sequence[LiveRow]]] = field(default_factory=dict)
    """Inverse → the rows that refer to it, as they are filled in."""
    parents: Mapping[str, Callable[[], LiveRow]] = field(default_factory=dict)
    """Reference → the record that it belongs to."""
    fresh: frozenset[str] = frozenset()
    """Computed fields that follow from what can be changed on the form: computed anew, whatever was stored."""


NOTHING_AROUND = Around()


class LiveRow:
    """Values of a record, saved or not; what its references lead to is fetched as the reader, when asked for."""

    def __init__(
        self,
        desk: Desk,
        entity: Entity,
        values: Mapping[str, Any],
        context: Context | None = None,
        around: Around | None = None,
    ) -> None:
        """`values` are JSON values by field name, references as ids or with their titles."""
        self._desk, self._entity, self._values = desk, entity, values
        self._known: dict[str, Value] = {}
        self._context = context
        self._around = around or NOTHING_AROUND

    def get(self, field: str) -> Value:
        """A field's value; a computed one that is not among the values is computed from them."""
        if field not in self._known:
            self._known[field] = self._read(field)
        return self._known[field]

    def _read(self, name: str) -> Value:
        if name == "id":
            return self._values.get("id")
        field = self._entity.fields.get(name)
        if field is None:
            return None
        if name in self._values and name not in self._around.fresh:
            raw = _bare(self._values[name])
            if raw is None or is_masked(raw):
                return None
            if isinstance(raw, Mapping) and field.targets and not field.is_polymorphic:
                raw = raw.get("id") or None
            try:
                return field.kind.coerce(field, raw)
            except ValueProblem:
                return None
        if (
            field.formula is None
            or self._context is None
            or name not in self._desk.fillable(self._entity.name)
        ):
            return None
        self._known[name] = None
        return stored(field.formula.tree, field.value_type, self, self._context)

    def follow(self, hop: Hop) -> LiveRow | None:
        """The record that a reference names, as far as the reader may read it."""
        if hop.field in self._around.parents:
            return self._around.parents[hop.field]()
        found = _bare(self._values.get(hop.field))
        identity = found.get("id") if isinstance(found, Mapping) else found
        if not isinstance(identity, str) or hop.entity not in self._desk.app.entities:
            return None
        try:
            values = self._desk.records.get(hop.entity, identity)
        except Refused:
            return None
        return LiveRow(self._desk, self._desk.app.entities[hop.entity], values, self._context)

    def inner(self, hops: tuple[Hop, ...]) -> Iterable[LiveRow]:
        """The records that hops lead to, as far as the reader may read them."""
        here: list[LiveRow] = [self]
        for hop in hops:
            here = [inner for row in here for inner in row._step(hop)]
        return here

    def _step(self, hop: Hop) -> list[LiveRow]:
        if hop.way == "forward":
            found = self.follow(hop)
            return [] if found is None else [found]
        entity = self._desk.app.entities[hop.entity]
        if hop.way == "many":
            picked = self._values.get(hop.field)
            wanted = [_bare(v) for v in picked] if isinstance(picked, list) else []
            return [
                row
                for i in wanted
                if (row := self.follow(Hop("forward", hop.name, hop.field, hop.entity))) and i
            ]
        if hop.way == "back" and hop.name in self._around.rows:
            return list(self._around.rows[hop.name]())
        identity = self._values.get("id")
        if identity is None:
            return []
        condition = f"{hop.field} = '{identity}'" if hop.way == "back" else f"HAS({hop.field}, '{identity}')"
        try:
            page = self._desk.records.list(Query(hop.entity, condition, limit=LIMIT_MAX, count=False))
        except Refused:
            return []
        return [LiveRow(self._desk, entity, item, self._context) for item in page.items]

    def old(self) -> LiveRow | None:
        """A form's conditions know no earlier state."""
        return None


def _bare(value: Any) -> Any:
    """A reference as its id, whether it came with its title or not; one of several entities keeps its entity."""
    if isinstance(value, Mapping) and "id" in value:
        return {"entity": value["entity"], "id": value["id"]} if "entity" in value else value["id"]
    if isinstance(value, list):
        return [_bare(v) for v in value]
    return value


def context_of(desk: Desk) -> Context:
    """The surroundings of a reader's formulas."""
    viewer = desk.records.viewer
    settings = {
        view.setting.code: view.setting.field.kind.coerce(view.setting.field, view.value)
        for view in desk.records.settings()
    }
    user: LiveRow | None = None
    if viewer.user is not None and "user" in desk.app.entities:
        try:
            user = LiveRow(desk, desk.app.entities["user"], desk.records.get("user", viewer.user))
        except Refused:
            user = LiveRow(desk, desk.app.entities["user"], {"id": viewer.user, "team": viewer.team})
    return Context(
        now=desk.reader.now,
        time_zone=desk.reader.time_zone,
        user=user,
        user_id=viewer.user,
        roles=tuple(sorted(viewer.roles_in(desk.app.name))),
        settings=settings,
    )


class Judge:
    """Says whether conditions hold of one record as it stands now."""

    def __init__(
        self, desk: Desk, entity: Entity, values: Mapping[str, Any], around: Around | None = None
    ) -> None:
        self._desk, self._entity = desk, entity
        self._values = values
        self._around = around
        self._context: Context | None = None
        self._row: LiveRow | None = None

    def holds(self, text: str) -> bool:
        """Whether a condition is true; one that cannot be understood or answered is not."""
        if text in (ALWAYS, NEVER):
            return text == ALWAYS
        tree = self._tree(text)
        return tree is not None and evaluate(tree, self.row, self.context) is True

    def value(self, tree: Node) -> Value:
        """A formula's value, e.g. of a default."""
        return evaluate(tree, self.row, self.context)

    def face(self, name: str) -> Face:
        """The face of a computed field of the record as it now stands; that of nothing where it cannot be answered."""
        of = self._entity.fields[name]
        try:
            value = self.row.get(name)
            return self._desk.face(of, None if value is None else of.kind.to_json(of, value))
        except ValueProblem:
            return NOTHING

    def text(self, formula: str) -> str:
        """A formula's value as a person reads it; a dash where it cannot be understood or is absent."""
        desk = self._desk
        field = self._entity.fields.get(formula)
        if field is not None:
            shown = formula in desk.fillable(self._entity.name)
            return desk.face(field, self._values.get(formula)).text if shown else ABSENT
        tree = desk.records.running.plans.get(
            ("pages.text", self._entity.name, formula), lambda: _check(desk, self._entity, formula, None)
        )
        value = evaluate(tree, self.row, self.context) if tree is not None else None
        if value is None:
            return ABSENT
        return (
            number(value) if isinstance(value, (Decimal, int)) and not isinstance(value, bool) else str(value)
        )

    @property
    def context(self) -> Context:
        """Made at the first question."""
        if self._context is None:
            self._context = self._desk.once("formulas' context", lambda: context_of(self._desk))
        return self._context

    @property
    def row(self) -> LiveRow:
        """The record."""
        if self._row is None:
            self._row = LiveRow(self._desk, self._entity, self._values, self.context, self._around)
        return self._row

    def _tree(self, text: str) -> Node | None:
        running = self._desk.records.running
        return running.plans.get(
            ("pages.condition", self._entity.name, text), lambda: _check(self._desk, self._entity, text)
        )


def _check(desk: Desk, entity: Entity, text: str, expect: ValueType | None = BOOLEAN) -> Node | None:
    types = {code: s.field.value_type for code, s in desk.app.settings.items()}
    try:
        return check_formula(
            text,
            entity=entity.name,
            shapes=shapes_of(desk.app),
            settings=types,
            place="filter",
            expect=expect,
        ).tree
    except FormulaProblems:
        return None
