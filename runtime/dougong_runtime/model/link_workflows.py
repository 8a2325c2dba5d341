"""Workflows: their trigger and their tree of steps, each expression typed with `record`, `steps` and `run`.

What a step gives to later ones depends on its type: a record (`steps.task.due_on`), many records (`steps.found`, with
`.first` and `.count`), or named values (`steps.sums.total`). The registry `STEPS` says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import DUPLICATE, FORMULA_TYPE, UNKNOWN_FIELD, WRONG_FIELD
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import Problem
from dougong_runtime.fields.base import FIELD_TYPES, SYSTEM_FIELDS, Formula
from dougong_runtime.formulas.tree import Path
from dougong_runtime.formulas.types import (
    BOOLEAN,
    DATETIME,
    FILE,
    INTEGER,
    JSON,
    TEXT,
    Kind,
    ValueType,
    number,
    record,
)
from dougong_runtime.labels import Label
from dougong_runtime.model.link_triggers import DATES, Trigger, link_stages, link_trigger, refuse_no_date
from dougong_runtime.model.link_variables import Variables
from dougong_runtime.model.link_views import link_roles_named
from dougong_runtime.model.linker import Linker
from dougong_runtime.model.naming import STEPS

ITEM = "item"
"""What the record in hand is called inside `for_each` and `create_records`, unless the step says."""


@dataclass(frozen=True, slots=True)
class StepModel:
    """A step, linked: its formulas by property (`values.owner`, `if`, `until`), its inner steps by branch."""

    id: str
    do: str
    data: Mapping[str, Any] = field(hash=False)
    entity: str | None = None
    """The entity whose records it creates, finds or changes."""
    formulas: Mapping[str, Formula] = field(default_factory=dict, hash=False)
    steps: Mapping[str, tuple[StepModel, ...]] = field(default_factory=dict, hash=False)
    """`then`, `else`, `cases[0]`, `branches[1]`, `steps`, `approved`, `on_error` …"""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow, linked."""

    trigger: Trigger
    steps: tuple[StepModel, ...]


def link_workflow(linker: Linker, at: Cursor) -> Workflow:
    """One workflow. What is wrong is noted; what holds is linked all the same."""
    trigger = link_trigger(linker, at["trigger"])
    linker.document(at.get("as"), "role")
    known = Variables(
        {
            "run.id": TEXT,
            "run.workflow": TEXT,
            "run.started_at": DATETIME,
            "run.user": record("user"),
            "run.attempt": INTEGER,
        }
    )
    if trigger.on in ("webhook", "form", "message_received"):
        known["run.payload"] = JSON
    if trigger.on == "message_received":
        known |= {"run.text": TEXT, "run.channel": TEXT}
    for name, node in at["trigger"].pairs("inputs"):
        kind = FIELD_TYPES.find(str(node.value))
        known[f"run.inputs.{name}"] = kind.value_type({}) if kind is not None else TEXT
    if trigger.entity is not None:
        known["record"] = record(trigger.entity)
        known["records"] = ValueType(Kind.RECORDS, targets=(trigger.entity,))
    walker = _Walker(linker, at.raw.name, known)
    return Workflow(trigger, walker.steps(at.get("steps")))


# --- steps --------------------------------------------------------------------------------------------------

_QUERIED = ("find_records", "aggregate", "update_records", "delete_records")
_ONE = (
    "create_record",
    "upsert_record",
    "transition",
    "link",
    "unlink",
    "assign",
    "generate_document",
    "predict",
)
_MANY = ("create_records", "find_records", "update_records", "delete_records")
_FACTS: Mapping[str, Mapping[str, ValueType]] = {
    "wait": {"happened": BOOLEAN, "ended_at": DATETIME},
    "approve": {"approved": BOOLEAN, "by": record("user"), "comment": TEXT, "decided_at": DATETIME},
    "notify": {"count": INTEGER},
    "send_message": {"count": INTEGER, "sent": INTEGER, "skipped": INTEGER},
    "request_signature": {"signed": BOOLEAN, "signed_at": DATETIME, "file": FILE},
    "generate_document": {"file": FILE},
    "call_http": {"status": INTEGER, "body": JSON, "ok": BOOLEAN},
    "run_workflow": {"run": TEXT},
    "predict": {"value": number(6), "reasons": JSON},
    "ask": {"text": TEXT},
}
"""What later steps can read of a step, besides its record."""
_NESTED = ("then", "else", "steps", "approved", "rejected", "late", "on_error")
_TRUTHS = ("when", "if", "or_when")
BRACED = ("text", "prompt", "reason", "path")
"""Properties of a step that are texts with formulas in braces …"""
BRACED_IN = ("notify", "ask", "call_http", "stop", "fail")
"""… and the steps of which they are."""


class _Walker:
    """Walks the steps in their order; what a step gives is known to those after it."""

    def __init__(self, linker: Linker, workflow: str, known: Variables) -> None:
        self.linker, self.workflow, self.known = linker, workflow, known
        self.names: set[str] = set()

    def steps(self, at: Cursor | None) -> tuple[StepModel, ...]:
        """A list of steps."""
        if at is None or not isinstance(at.value, list):
            return ()
        return tuple(self.step(node) for node in at.items())

    def step(self, at: Cursor) -> StepModel:
        """One step: its own parts, then what it gives, then its inner steps."""
        name, do = at.text("id"), at.text("do")
        if name in self.names:
            facts = {"what": Label("步骤", "step"), "name": name}
            self.linker.problems.append(Problem(DUPLICATE, None, facts, at["id"].place()))
        self.names.add(name)
        if "id" in at:
            self.linker.define(at["id"], Target("step", name, self.workflow))
        entity = self.linker.entity(at.get("entity"))
        formulas: dict[str, Formula] = {}
        self._documents(at)
        subject = entity or self._subject(at, do, formulas)
        self._queries(at, do, entity, formulas)
        self._values(at, do, entity or subject, formulas)
        self._expressions(at, do, formulas)
        inner = self._each(at) if do == "for_each" else {}
        self._give(at, name, do, subject, formulas)
        return StepModel(
            id=name,
            do=do,
            data=at.value,
            entity=subject,
            formulas=MappingProxyType(formulas),
            steps=MappingProxyType({**inner, **dict(self._inner(at, do))}),
        )

    def _documents(self, at: Cursor) -> None:
        for kind in ("message", "workflow", "connector", "calendar"):
            self.linker.document(at.get(kind), kind)
        if at.text("do") == "assign":
            self.linker.document(at.get("among"), "role")
        link_roles_named(self.linker, at)

    def formula(
        self,
        at: Cursor | None,
        expect: ValueType | None = None,
        entity: str | None = None,
        result_of: str = "",
    ) -> Formula | None:
        """An expression of a step; with `entity`, plain names are that entity's fields."""
        return self.linker.formula(at, entity, "workflow", expect, variables=self.known, result_of=result_of)

    def _subject(self, at: Cursor, do: str, formulas: dict[str, Formula]) -> str | None:
        """The entity of the record that a step acts on: that of `record`, else that of the trigger."""
        made = self.formula(at.get("record"))
        if made is not None:
            formulas["record"] = made
            if made.type.kind is Kind.RECORD and len(made.type.targets) == 1:
                return made.type.targets[0]
            self.linker.refuse(
                FORMULA_TYPE,
                f"应为一条记录，而不是 {made.type}。",
                f"Expected a record, found {made.type}.",
                at["record"],
            )
            return None
        started = dict.get(self.known, "record")
        acts = (*_ONE, "update_records", "delete_records", "approve", "request_signature")
        if started is None or do not in acts or "record" in at or "entity" in at:
            return None
        return str(started.targets[0])

    def _queries(self, at: Cursor, do: str, entity: str | None, formulas: dict[str, Formula]) -> None:
        """Filters and sorts, of the step itself or of a query that is one of its properties."""
        if do in _QUERIED and entity is not None:
            self._query(at, entity, "", formulas)
        for name in ("from", "in", "to"):
            node = at.get(name)
            if node is not None and isinstance(node.value, dict):
                source = self.linker.entity(node.get("entity"))
                if source is not None:
                    self._query(node, source, f"{name}.", formulas)

    def _query(self, at: Cursor, entity: str, head: str, formulas: dict[str, Formula]) -> None:
        kept = self.formula(at.get("filter"), BOOLEAN, entity)
        if kept is not None:
            formulas[f"{head}filter"] = kept
        self.linker.sort(at.get("sort"), entity)
        if at.text("do") == "aggregate":
            for name, node in at.pairs("measures"):
                made = self.linker.formula(node, entity, "measure", variables=self.known)
                if made is not None:
                    formulas[f"measures.{name}"] = made

    def _values(self, at: Cursor, do: str, entity: str | None, formulas: dict[str, Formula]) -> None:
        known = self.known
        source = at.get("from")
        if (
            source is not None
            and source.get("entity") is not None
            and source.text("entity") in self.linker.shapes
        ):
            self.known = Variables({**known, ITEM: record(source.text("entity"))})
        for name, node in at.pairs("values"):
            expect = None
            if do not in ("compute", "run_workflow") and entity is not None:
                if not self._writable(node, name, entity):
                    continue
                expect = self.linker.shapes[entity].fields[name].type
                if expect.kind in (Kind.RECORDS, Kind.LIST, Kind.JSON, Kind.FILE):
                    expect = None
            made = self.formula(node, expect, result_of=f"{entity}.{name}")
            if made is not None:
                formulas[f"values.{name}"] = made
        self.known = known
        for node in (*at.items("key"), *(at.items("fields") if do != "approve" else ())):
            self.linker.field(node, entity)
        for node in at.items("fields") if do == "approve" else ():
            self.linker.path(node, entity, many=True)
        if entity is not None and do in ("link", "unlink", "assign", "generate_document", "predict"):
            self.linker.field(at.get("field"), entity)

    def _writable(self, at: Cursor, name: str, entity: str) -> bool:
        fields = self.linker.shapes[entity].fields
        if name not in fields:
            self.linker.unknown(UNKNOWN_FIELD, at, name, fields, of=entity)
            return False
        self.linker.refer(at, Target("field", name, entity), "key")
        if (entity, name) in self.linker.computed or name in SYSTEM_FIELDS:
            self.linker.refuse(
                WRONG_FIELD,
                f"「{name}」由系统计算，不能写入。",
                f"“{name}” is kept by the system and cannot be written.",
                at,
            )
            return False
        return True

    def _expressions(self, at: Cursor, do: str, formulas: dict[str, Formula]) -> None:
        for name in _TRUTHS:
            made = self.formula(at.get(name), BOOLEAN)
            if made is not None:
                formulas[name] = made
        until = self.formula(at.get("until"))
        if until is not None:
            formulas["until"] = until
            if until.type.kind not in DATES:
                refuse_no_date(self.linker, at["until"], until.text, until.type, self._entity_of(until.text))
        if do == "transition":
            tuple(link_stages(self.linker, at, "to", self._stage_entity(at, formulas)))
        elif not isinstance(at.value.get("to"), dict):
            self._put(formulas, "to", self._people(at.get("to")))
        for name in ("by",) if do == "approve" else ():
            self._put(formulas, name, self._people(at.get(name)))
        for name in ("on", "document"):
            self._put(formulas, name, self.formula(at.get(name)))
        value = formulas.get("on")
        for index, case in enumerate(at.items("cases")):
            expect = value.type if value is not None else None
            made = self.formula(case.get("is"), expect, result_of=self._owner(value))
            self._put(formulas, f"cases[{index}].is", made)
        for name, node in at.pairs("body"):
            self._put(formulas, f"body.{name}", self.formula(node))
        for name in BRACED:
            if do in BRACED_IN:
                self.linker.template(at.get(name), None, "workflow", self.known)

    def _put(self, formulas: dict[str, Formula], name: str, made: Formula | None) -> None:
        if made is not None:
            formulas[name] = made

    def _people(self, at: Cursor | None) -> Formula | None:
        """An expression for people or records; inverses (`record.members`) are allowed as they stand."""
        if at is None or self.records_of(at, quietly=True) is not None:
            return None
        return self.formula(at)

    def _stage_entity(self, at: Cursor, formulas: Mapping[str, Formula]) -> str | None:
        made = formulas.get("record")
        if made is not None:
            return made.type.targets[0] if made.type.targets else None
        started = dict.get(self.known, "record")
        return str(started.targets[0]) if started is not None and "record" not in at else None

    def _entity_of(self, text: str) -> str | None:
        parts = text.split(".")
        for length in range(len(parts), 0, -1):
            found = dict.get(self.known, ".".join(parts[:length]))
            if found is not None:
                return str(found.targets[0]) if found.targets else None
        return None

    def records_of(self, at: Cursor, *, quietly: bool = False) -> str | None:
        """The entity of the many records that a dotted name means: `steps.found`, `record.visits`."""
        if not isinstance(at.value, str):
            return None
        parts = at.value.split(".")
        for length in range(len(parts), 0, -1):
            found = dict.get(self.known, ".".join(parts[:length]))
            if found is None or not found.targets:
                continue
            rest = ".".join(parts[length:])
            if not rest:
                self._refer_step(at, parts)
                return str(found.targets[0]) if found.kind is Kind.RECORDS else None
            if found.kind is not Kind.RECORD:
                return None
            shapes = self.linker.shapes
            here = found.targets[0]
            for name in parts[length:-1]:
                shape = shapes[here].fields.get(name)
                if shape is None or len(shape.type.targets) != 1:
                    return None
                here = shape.type.targets[0]
            hop = shapes[here].many.get(parts[-1])
            if hop is None:
                return None
            begin = len(at.value) - len(rest)
            self.linker.path(at, found.targets[0], text=rest, start=begin, many=True)
            self._refer_step(at, parts)
            return hop.entity
        if not quietly:
            self.formula(at)
        return None

    def _refer_step(self, at: Cursor, parts: list[str]) -> None:
        if parts[0] == STEPS and len(parts) > 1:
            target = Target("step", parts[1], self.workflow)
            self.linker.refer(at, target, "part", len(STEPS) + 1, len(parts[1]))

    def _owner(self, made: Formula | None) -> str:
        """The choice that an expression is a value of, as `entity.field`."""
        if made is None or not isinstance(made.tree, Path) or not made.type.options:
            return ""
        path = made.tree
        known = dict.get(self.known, path.variable)
        here = path.hops[-1].entity if path.hops else known.targets[0] if known is not None else ""
        return f"{here}.{path.field}"

    def _each(self, at: Cursor) -> dict[str, tuple[StepModel, ...]]:
        node = at.get("in")
        if node is None:
            return {}
        entity = node.text("entity") if isinstance(node.value, dict) else self.records_of(node)
        if not entity and not isinstance(node.value, dict) and self.formula(node) is not None:
            self.linker.refuse(
                FORMULA_TYPE,
                "应为多条记录：之前步骤的结果、反向引用或查询。",
                "Expected many records: an earlier step's, an inverse, or a query.",
                node,
            )
        before = self.known
        if entity and entity in self.linker.shapes:
            self.known = Variables({**before, at.text("as", ITEM): record(entity)})
        steps = self.steps(at.get("steps"))
        given = {name: made for name, made in self.known.items() if name.startswith("steps.")}
        self.known = Variables({**before, **given})
        return {"steps": steps}

    def _inner(self, at: Cursor, do: str) -> Iterator[tuple[str, tuple[StepModel, ...]]]:
        for name in _NESTED:
            if name in at and not (do == "for_each" and name == "steps"):
                yield name, self.steps(at[name])
        for group, part in (("cases", "then"), ("branches", "steps")):
            for index, node in enumerate(at.items(group)):
                yield f"{group}[{index}]", self.steps(node.get(part))

    def _give(
        self, at: Cursor, name: str, do: str, entity: str | None, formulas: Mapping[str, Formula]
    ) -> None:
        """What later steps may read of this one."""
        head = f"steps.{name}"
        many = do in _MANY and not ("record" in at or (do != "find_records" and "entity" not in at))
        if entity is not None and many:
            self.known[head] = ValueType(Kind.RECORDS, targets=(entity,))
            self.known[f"{head}.count"] = INTEGER
            self.known[f"{head}.first"] = record(entity)
        elif entity is not None and (do in _ONE or do in _MANY) and do not in _FACTS:
            self.known[head] = record(entity)
        for fact, made in _FACTS.get(do, {}).items():
            self.known[f"{head}.{fact}"] = made
        for key, formula in formulas.items():
            group, _, part = key.partition(".")
            if (do, group) in (("compute", "values"), ("aggregate", "measures")):
                self.known[f"{head}.{part}"] = formula.type
        for part, node in at.pairs("answer"):
            kind = FIELD_TYPES.find(str(node.value))
            self.known[f"{head}.{part}"] = kind.value_type({}) if kind is not None else TEXT
