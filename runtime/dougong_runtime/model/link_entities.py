"""Entities: documents → `Entity`, with everything that guards them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import BAD_NAME, MALFORMED, WRONG_FIELD
from dougong_runtime.documents.references import Target
from dougong_runtime.documents.source import Raw
from dougong_runtime.errors import Problem
from dougong_runtime.fields.base import SYSTEM_FIELDS, Field
from dougong_runtime.formulas.types import BOOLEAN, NULL, Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity, Inverse, Lock, Retain, Rule, Unique
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.link_fields import COMPUTED_TYPES, OF_SYSTEM, FieldPlan, link_field, plan_field
from dougong_runtime.model.link_shapes import Formulas, inverses_of, make_shapes
from dougong_runtime.model.linker import Linker
from dougong_runtime.model.system_fields import system_fields
from dougong_runtime.model.uses import first_field
from dougong_runtime.names import is_name

RESERVED = frozenset(
    {"true", "false", "null", "and", "or", "not", "in"} | {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}
)
"""Names that mean something else: in formulas, or in every table of PostgreSQL."""
SYSTEM_PREFIX = "dg_"
"""Columns of the runtime's own begin with it."""


def link_entities(linker: Linker) -> dict[str, Entity]:
    """All entities of the app, and the directory's with the ways back that the app's references name."""
    raws = linker.documents.get("entity", {})
    known = frozenset((*raws, *DIRECTORY.entities))
    plans = {name: _plans(linker, raw, known) for name, raw in raws.items()}
    for name, fields in plans.items():
        for plan in fields.values():
            if plan.type_name == "stage":
                linker.stages.setdefault(name, plan.name)
            if plan.type_name in COMPUTED_TYPES:
                linker.computed.add((name, plan.name))
    inverses = inverses_of(linker, plans, DIRECTORY.entities)
    formulas = Formulas(linker)
    labels = {
        name: (Label.of(raw.data.get("label"), name), _title(raw, plans[name])) for name, raw in raws.items()
    }
    linker.shapes = make_shapes(linker, labels, plans, inverses, DIRECTORY.entities, formulas)
    made = {
        name: _link(linker, raw, plans[name], inverses[name], formulas, labels[name])
        for name, raw in raws.items()
    }
    for name, entity in DIRECTORY.entities.items():
        made[name] = replace(entity, inverses=MappingProxyType(inverses[name]))
    return made


def link_entity_alone(linker: Linker, raw: Raw) -> None:
    """One entity again, when all are known: for what its formulas mean. An entity that is new is left out."""
    if raw.name in linker.shapes:
        plans = _plans(linker, raw, frozenset(linker.shapes))
        named = (Label.of(raw.data.get("label"), raw.name), _title(raw, plans))
        _link(linker, raw, plans, {}, Formulas(linker), named)


def _plans(linker: Linker, raw: Raw, known: frozenset[str]) -> dict[str, FieldPlan]:
    plans: dict[str, FieldPlan] = {}
    for at in Cursor.of(raw).items("fields"):
        name = at.text("name")
        if not is_name(name):
            linker.problems.append(Problem(BAD_NAME, None, {"name": name}, at["name"].place()))
            continue
        if name in OF_SYSTEM and at.text("type") == name:
            continue
        if name in SYSTEM_FIELDS:
            linker.refuse(
                MALFORMED,
                f"每个实体都有系统字段「{name}」，换一个名称。",
                f"Every entity has a system field “{name}”; use another name.",
                at["name"],
            )
            continue
        if name in RESERVED or name.startswith(SYSTEM_PREFIX):
            linker.refuse(
                MALFORMED,
                f"「{name}」另有含义，换一个名称。",
                f"“{name}” means something else; use another name.",
                at["name"],
            )
            continue
        if name in plans:
            linker.duplicate(at["name"], Label("字段", "field"), name)
            continue
        plan = plan_field(linker, raw.name, at, known)
        if plan is not None:
            plans[name] = plan
            linker.define(at["name"], Target("field", name, raw.name))
        else:
            linker.forgiven |= {name}
    stages = [plan for plan in plans.values() if plan.type_name == "stage"]
    for plan in stages[1:]:
        linker.refuse(
            WRONG_FIELD,
            "一个实体只能有一个阶段字段。",
            "An entity has one field of type stage at most.",
            plan.at,
        )
    return plans


def _title(raw: Raw, plans: Mapping[str, FieldPlan]) -> str:
    stated = raw.data.get("title")
    if isinstance(stated, str):
        return stated
    texts = (name for name, plan in plans.items() if plan.type_name in ("text", "autonumber"))
    return next(texts, next(iter(plans), "id"))


def _link(
    linker: Linker,
    raw: Raw,
    plans: Mapping[str, FieldPlan],
    inverses: Mapping[str, Inverse],
    formulas: Formulas,
    named: tuple[Label, str],
) -> Entity:
    at = Cursor.of(raw)
    name, data = raw.name, raw.data
    linker.field(at.get("title"), name)
    fields: dict[str, Field] = system_fields(linker.app, name)
    for declared in at.items("fields"):
        of_system = fields.get(declared.text("name"))
        if of_system is not None and declared.value.get("label"):
            fields[of_system.name] = replace(of_system, label=Label.of(declared.value["label"]))
    for plan in plans.values():
        formula = formulas.of(plan) if plan.type_name in ("formula", *OF_SYSTEM) else None
        value_type = formulas.type_of(plan)
        if plan.type_name == "formula" and formula is not None:
            _check_result(linker, plan, value_type.kind)
        made = fields[plan.name] = link_field(linker, plan, value_type, formula)
        if made.unique and not made.has_column:
            linker.refuse(
                WRONG_FIELD,
                f"「{made.name}」没有存储的值，不能要求唯一。",
                f"“{made.name}” has no stored value, so it cannot be unique.",
                plan.at["unique"],
            )
    was = data.get("was", [])
    return Entity(
        app=linker.app,
        id=str(data.get("id", "")),
        name=name,
        label=named[0],
        title=named[1],
        fields=MappingProxyType(fields),
        inverses=MappingProxyType(dict(inverses)),
        rules=tuple(_rules(linker, at)),
        unique=tuple(_uniques(linker, at, fields)),
        locks=tuple(_locks(linker, at)),
        append_only=bool(data.get("append_only", False)),
        retain=_retain(linker, at.get("retain"), name),
        comments=_comments(linker, at),
        was=tuple(was if isinstance(was, list) else (was,)),
        icon=str(data.get("icon", "box")),
        help=Label.of(data["help"]) if data.get("help") else None,
        plural=Label.of(data["plural"]) if data.get("plural") else None,
    )


def _check_result(linker: Linker, plan: FieldPlan, kind: Kind) -> None:
    if kind in (Kind.RECORDS, Kind.NULL):
        linker.refuse(
            WRONG_FIELD,
            "公式的结果应是一个值；多条记录要先汇总，例如 COUNT(…)。",
            "A formula gives one value; many records need an aggregate, such as COUNT(…).",
            plan.at["formula"],
        )


def _rules(linker: Linker, at: Cursor) -> Iterator[Rule]:
    seen: set[str] = set()
    for node in at.items("rules"):
        name = node.text("name")
        if name in seen:
            linker.duplicate(node["name"], Label("规则", "rule"), name)
            continue
        seen.add(name)
        linker.define(node["name"], Target("rule", name, at.raw.name))
        check = linker.formula(node.get("check"), at.raw.name, "rule", BOOLEAN)
        when = linker.formula(node.get("when"), at.raw.name, "rule", BOOLEAN)
        stated = linker.field(node.get("field"), at.raw.name)
        if check is None:
            continue
        yield Rule(
            id=str(node.value.get("id", "")),
            name=name,
            check=check,
            message=Label.of(node.value.get("message"), name),
            when=when,
            severity=node.text("severity", "block"),
            field=stated.name if stated is not None else first_field(check.tree),
        )


def _uniques(linker: Linker, at: Cursor, fields: Mapping[str, Field]) -> Iterator[Unique]:
    entity = at.raw.name
    for node in at.items("unique"):
        names = []
        listed = node.get("fields") or node
        for field in listed.items():
            shape = linker.field(field, entity)
            if shape is None:
                continue
            found = fields.get(shape.name)
            if found is None or not found.has_column:
                linker.refuse(
                    WRONG_FIELD,
                    f"「{shape.name}」没有存储的值，不能要求唯一。",
                    f"“{shape.name}” has no stored value, so it cannot be unique.",
                    field,
                )
                continue
            names.append(shape.name)
        when = linker.formula(node.get("when"), entity, "formula", BOOLEAN)
        if when is not None and when.clock:
            linker.refuse(
                WRONG_FIELD,
                "唯一条件不能依赖时间或当前用户。",
                "When something is unique cannot depend on the time or on who asks.",
                node["when"],
            )
        message = node.value.get("message") if isinstance(node.value, dict) else None
        identity = node.value.get("id", "") if isinstance(node.value, dict) else ""
        if names:
            yield Unique(str(identity), tuple(names), when, Label.of(message) if message else None)


def _locks(linker: Linker, at: Cursor) -> Iterator[Lock]:
    for node in at.items("lock"):
        when = linker.formula(node.get("when"), at.raw.name, "row_rule", BOOLEAN)
        free = [linker.field(field, at.raw.name) for field in node.items("except")]
        message = node.value.get("message")
        if when is not None:
            yield Lock(
                str(node.value.get("id", "")),
                when,
                tuple(shape.name for shape in free if shape is not None),
                Label.of(message) if message else None,
            )


def _retain(linker: Linker, node: Cursor | None, entity: str) -> Retain | None:
    if node is None:
        return None
    at = node.get("from")
    shape = linker.field(at, entity) if at is not None else linker.shapes[entity].fields["created_at"]
    if shape is None:
        return None
    if at is not None and shape.type.kind not in (Kind.DATE, Kind.DATETIME) and shape.type != NULL:
        linker.refuse(
            WRONG_FIELD,
            f"保存期限从日期或时间算起，「{shape.name}」不是。",
            f"Keeping is counted from a date or a time, which “{shape.name}” is not.",
            at,
        )
        return None
    return Retain(int(node.value.get("years", 0)), shape.name)


def _comments(linker: Linker, at: Cursor) -> tuple[str, ...] | None:
    """Roles whose holders may comment; None where the document does not say."""
    if "comments" not in at:
        return None
    named = (linker.document(node, "role") for node in at.items("comments"))
    return tuple(name for name in named if name is not None)
