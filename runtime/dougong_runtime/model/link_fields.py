"""Fields of an entity: documents → `Field`, with options, stages, defaults and formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import (
    MALFORMED,
    UNKNOWN_DOCUMENT,
    UNKNOWN_OPTION,
    UNKNOWN_PROPERTY,
    WRONG_FIELD,
    unknown,
)
from dougong_runtime.documents.references import Target
from dougong_runtime.fields.base import (
    FIELD_TYPES,
    Field,
    FieldType,
    Formula,
    Option,
    Transition,
    Value,
    ValueProblem,
)
from dougong_runtime.formulas.types import BOOLEAN, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.linker import Linker

COMMON = frozenset(
    [
        "id",
        "name",
        "was",
        "type",
        "label",
        "help",
        "placeholder",
        "required",
        "unique",
        "search",
        "sensitive",
        "default",
    ]
)
"""Properties that every field may have."""
STRUCTURE: Mapping[str, frozenset[str]] = {
    "choice": frozenset({"options"}),
    "multi_choice": frozenset({"options"}),
    "tags": frozenset({"options"}),
    "stage": frozenset({"stages", "transitions"}),
    "user": frozenset({"inverse", "on_delete"}),
    "team": frozenset({"inverse", "on_delete"}),
    "reference": frozenset({"to", "inverse", "on_delete"}),
    "references": frozenset({"to", "inverse"}),
    "formula": frozenset(
        [
            "formula",
            "result",
            "refresh",
            "visible",
            "scale",
            "precision",
            "currency",
            "unit",
            "options",
            "to",
            "minimum",
            "maximum",
        ]
    ),
    "filter": frozenset({"of"}),
}
"""Properties beyond the field type's own schema that linking itself reads, by field type."""
_CONSUMED = COMMON | {
    "options",
    "stages",
    "transitions",
    "formula",
    "refresh",
    "visible",
    "to",
    "inverse",
    "on_delete",
}
BOUNDS = ("minimum", "maximum")
OF_SYSTEM = ("created_at", "created_by", "updated_at", "updated_by")
"""Types whose fields show a system field under a name of their own: a stored formula that is its name."""
COMPUTED_TYPES = ("formula", "autonumber", *OF_SYSTEM)
"""Never written by a person: no default, never required."""
UNRESULTS = ("formula", "references", "autonumber", "stage", "file", "image", "signature", "filter")
"""Types that a formula cannot have as its result."""


@dataclass(frozen=True)
class FieldPlan:
    """A field as read, before formulas are typed."""

    at: Cursor
    entity: str
    name: str
    type: FieldType
    type_name: str
    label: Label
    targets: tuple[str, ...]
    choices: tuple[Option, ...]
    value_type: ValueType | None
    """None for a formula without a declared result: it follows from the formula."""

    @property
    def raw(self) -> Mapping[str, Any]:
        """The field's document."""
        value: Mapping[str, Any] = self.at.value
        return value


def plan_field(linker: Linker, entity: str, at: Cursor, entities: frozenset[str]) -> FieldPlan | None:
    """Read a field as far as that needs no other entity's fields. None (noted) where its type is unknown."""
    name, type_name = at.text("name"), at.text("type")
    kind = FIELD_TYPES.find(type_name)
    if kind is None:
        linker.unknown(
            UNKNOWN_DOCUMENT, at["type"], type_name, FIELD_TYPES, what=Label("字段类型", "field type")
        )
        return None
    if not _check_properties(linker, at, kind):
        return None
    targets = tuple(_targets(linker, at, type_name, entities))
    if type_name in ("reference", "references") and not targets:
        if "to" not in at:
            linker.refuse(
                MALFORMED, "请用 to 写明指向哪个实体。", "Say with “to” which entity it points at.", at
            )
        return None
    of = at.get("of")
    if type_name == "filter" and of is not None:
        if of.value not in entities:
            what = Label("实体", "entity")
            linker.unknown(UNKNOWN_DOCUMENT, of, of.value, entities, what=what)
            return None
        linker.refer(of, Target("entity", of.value))
    choices = tuple(_choices(linker, entity, name, at))
    label = Label.of(at.value.get("label"), name)
    return FieldPlan(
        at, entity, name, kind, type_name, label, targets, choices, _value_type(linker, at, kind, targets)
    )


def _check_properties(linker: Linker, at: Cursor, kind: FieldType) -> bool:
    """Properties that this type does not know are problems, and so are values against the type's schema."""
    allowed = COMMON | STRUCTURE.get(kind.name, frozenset()) | kind.schema.keys()
    if at.text("type") == "formula":
        result = FIELD_TYPES.find(at.text("result"))
        allowed |= result.schema.keys() if result is not None else frozenset()
    for key in at.value:
        if key not in allowed:
            owner = Label(f"{kind.label.zh}字段", f"a field of type {kind.name}")
            problem = unknown(UNKNOWN_PROPERTY, key, allowed, at[key].place(key=True), owner=owner)
            linker.problems.append(problem)
    return True


def _targets(linker: Linker, at: Cursor, type_name: str, entities: frozenset[str]) -> Iterator[str]:
    if type_name in ("user", "created_by", "updated_by"):
        yield "user"
    elif type_name == "team":
        yield "team"
    elif "to" in at and type_name in ("reference", "references", "formula"):
        for node in at.items("to"):
            if node.value in entities:
                linker.refer(node, Target("entity", node.value))
                yield node.value
            else:
                linker.unknown(UNKNOWN_DOCUMENT, node, node.value, entities, what=Label("实体", "entity"))


def _value_type(linker: Linker, at: Cursor, kind: FieldType, targets: tuple[str, ...]) -> ValueType | None:
    raw = {**at.value, "to": list(targets)}
    if kind.name != "formula":
        return kind.value_type(raw)
    if "result" not in at:
        return None
    result = FIELD_TYPES.find(at.text("result"))
    if result is None or result.name in UNRESULTS:
        known = [name for name in FIELD_TYPES if name not in UNRESULTS]
        linker.unknown(
            UNKNOWN_DOCUMENT, at["result"], at.text("result"), known, what=Label("结果类型", "type of result")
        )
        return None
    return result.value_type(raw)


def _choices(linker: Linker, entity: str, field: str, at: Cursor) -> Iterator[Option]:
    seen: set[str | int] = set()
    for node in (*at.items("options"), *at.items("stages")):
        raw = node.value if isinstance(node.value, dict) else {"value": node.value}
        value = raw["value"]
        if value in seen:
            linker.duplicate(node, Label("选项", "option"), value)
            continue
        seen.add(value)
        whole = isinstance(node.value, dict)
        linker.define(node["value"] if whole else node, Target("option", str(value), f"{entity}.{field}"))
        was = raw.get("was", [])
        yield Option(
            id=str(raw.get("id", "")),
            value=value,
            label=Label.of(raw.get("label"), str(value)),
            color=raw.get("color", "gray"),
            was=tuple(str(w) for w in (was if isinstance(was, list) else (was,))),
        )


def link_field(linker: Linker, plan: FieldPlan, value_type: ValueType, formula: Formula | None) -> Field:
    """The field, with its default and its transitions."""
    at, raw = plan.at, plan.raw
    was = raw.get("was", [])
    made = Field(
        id=str(raw.get("id", "")),
        name=plan.name,
        type=plan.type_name,
        label=plan.label,
        value_type=value_type,
        options={key: value for key, value in raw.items() if key not in _CONSUMED},
        required=bool(raw.get("required", False)),
        unique=bool(raw.get("unique", False)),
        search=bool(raw.get("search", False)),
        sensitive=bool(raw.get("sensitive", False)),
        help=Label.of(raw["help"]) if raw.get("help") else None,
        was=tuple(was if isinstance(was, list) else (was,)),
        choices=plan.choices,
        transitions=tuple(_transitions(linker, plan)),
        default=_default(linker, plan, value_type),
        formula=formula,
        refresh=raw.get("refresh"),
        visible=raw.get("visible", "stored"),
        targets=plan.targets,
        inverse=raw.get("inverse"),
        on_delete=raw.get("on_delete", "refuse"),
    )
    if made.formula is None and made.type != "rating":
        checked_bounds(linker, at, made)
    return made


def checked_bounds(linker: Linker, at: Cursor, field: Field) -> dict[str, Value]:
    """`minimum` and `maximum` as values of the field; one that its type cannot take is noted and left out."""
    found: dict[str, Value] = {}
    free = replace(field, options={k: v for k, v in field.options.items() if k not in BOUNDS})
    for name in BOUNDS:
        node = at.get(name)
        if node is None:
            continue
        try:
            found[name] = field.kind.coerce(free, node.value)
        except ValueProblem as problem:
            linker.value_problem(node, problem.label.zh, problem.label.en)
    return found


def _default(linker: Linker, plan: FieldPlan, value_type: ValueType) -> Formula | None:
    at = plan.at.get("default")
    if at is None:
        return None
    if plan.type_name in COMPUTED_TYPES or plan.type_name == "references":
        linker.refuse(
            WRONG_FIELD,
            f"{plan.type.label.zh}字段没有默认值。",
            f"A field of type {plan.type_name} takes no default.",
            at,
        )
        return None
    owner = f"{plan.entity}.{plan.name}"
    return linker.formula(at, plan.entity, "default", value_type, result_of=owner)


def _transitions(linker: Linker, plan: FieldPlan) -> Iterator[Transition]:
    known = {str(option.value): option for option in plan.choices}
    owner = f"{plan.entity}.{plan.name}"
    seen: set[tuple[str, str]] = set()
    for node in plan.at.items("transitions"):
        ends: dict[str, list[str]] = {"from": [], "to": []}
        for end, found in ends.items():
            for stage in node.items(end):
                if str(stage.value) in known:
                    linker.refer(stage, Target("option", str(stage.value), owner))
                    found.append(str(stage.value))
                else:
                    linker.unknown(UNKNOWN_OPTION, stage, stage.value, known, of=owner)
        roles = tuple(name for role in node.items("roles") if (name := linker.document(role, "role")))
        requires = tuple(
            shape.name for field in node.items("requires") if (shape := linker.field(field, plan.entity))
        )
        when = linker.formula(node.get("when"), plan.entity, "rule", BOOLEAN)
        for from_ in ends["from"]:
            for to in ends["to"]:
                if (from_, to) in seen:
                    linker.duplicate(node, Label("转换", "transition"), f"{from_} → {to}")
                    continue
                seen.add((from_, to))
                yield Transition(
                    from_,
                    to,
                    roles,
                    when,
                    requires,
                    Label.of(node.value["label"]) if node.value.get("label") else None,
                    Label.of(node.value["message"]) if node.value.get("message") else None,
                )
