"""Which records break what a new version asks: looked up in its tables, before anything is final."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import sqlalchemy as sa

from dougong_runtime.fields.base import Formula
from dougong_runtime.fields.links import ENTITY_SUFFIX
from dougong_runtime.formulas.compile import Scope, compile_formula, condition
from dougong_runtime.formulas.context import needed
from dougong_runtime.formulas.tree import Changed, Path
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.app import App, Entity, Rule
from dougong_runtime.storage.indexes import entity_uniques
from dougong_runtime.storage.tables import Tables

SHOWN_MAX = 1_000
"""Records that a violation names; it counts them all."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Records that break something new. Only a unique refuses a plan; the rest must hold at their next change."""

    kind: Literal["required", "option", "rule", "unique"]
    entity: str
    name: str
    """The field, the rule, or the unique's fields."""
    label: Label
    count: int
    records: tuple[str, ...]

    @property
    def refuses(self) -> bool:
        """Whether nothing can be published before these are dealt with."""
        return self.kind == "unique"

    def describe(self, language: Language) -> str:
        """In a sentence, with the records."""
        shown = ", ".join(self.records) + (" …" if self.count > len(self.records) else "")
        label = self.label.in_(language)
        name = f"{self.entity}.{self.name}"
        words = {
            "required": (f"没有填写必填的 {name}", f"without {name}, which is needed now"),
            "option": (f"所用的 {name} 选项已不存在", f"with an option of {name} that is gone"),
            "rule": (f"不符合新规则 {name}（{label}）", f"against the new rule {name} ({label})"),
            "unique": (f"的 {name} 重复", f"not unique in {name}"),
        }[self.kind]
        if language == "zh":
            return f"{self.count} 条记录{words[0]}：{shown}"
        return f"{self.count} {'record' if self.count == 1 else 'records'} {words[1]}: {shown}"


def find_violations(
    connection: sa.Connection, before: App, tables: Tables, parameters: Mapping[str, Any]
) -> Iterator[Violation]:
    """Records that break what `before` did not ask yet. The tables are already those of the new version.

    `parameters`: what formulas bind (`Context.parameters()`).
    """
    for entity in tables.app.own_entities:
        old = next((e for e in before.own_entities if e.id == entity.id), None)
        if old is None:
            continue
        table = tables.of(entity.name)
        alive = table.c.deleted_at.is_(None)
        for where, violation in _conditions(tables, old, entity, table):
            yield from _found(connection, table, sa.and_(alive, where), violation, parameters)
        for rule in _new_rules(old, entity):
            yield from _rule_violations(connection, tables, entity, rule, parameters)
        yield from _duplicates(connection, tables, old, entity, parameters)


def _conditions(
    tables: Tables, old: Entity, entity: Entity, table: sa.Table
) -> Iterator[tuple[sa.ColumnElement[bool], Violation]]:
    olds = {f.id: f for f in old.own_fields}
    for field in entity.own_fields:
        before = olds.get(field.id)
        if field.required and not (before is not None and before.required) and field.formula is None:
            if field.is_many:
                link = tables.link(entity.name, field.name)
                lacking = ~sa.exists().where(link.c.record == table.c.id)
            else:
                lacking = table.c[field.name].is_(None)
            yield lacking, Violation("required", entity.name, field.name, field.label, 0, ())
        if before is None or field.formula is not None or field.value_type.kind is not Kind.CHOICE:
            continue
        values = {o.value for o in field.choices}
        if {o.id for o in before.choices} - {o.id for o in field.choices}:
            column = table.c[field.name]
            gone = sa.and_(column.isnot(None), column.notin_(list(values)))
            yield gone, Violation("option", entity.name, field.name, field.label, 0, ())


def _found(
    connection: sa.Connection,
    row: sa.FromClause,
    where: sa.ColumnElement[bool],
    violation: Violation,
    parameters: Mapping[str, Any],
    source: sa.FromClause | None = None,
) -> Iterator[Violation]:
    query = sa.select(row.c.id).select_from(row if source is None else source).where(where)
    bound = _bound(query, parameters)
    ids = tuple(connection.execute(query.order_by(row.c.id).limit(SHOWN_MAX), bound).scalars())
    if ids:
        count = len(ids)
        if count == SHOWN_MAX:
            count = connection.execute(
                sa.select(sa.func.count()).select_from(query.subquery()), bound
            ).scalar_one()
        yield Violation(violation.kind, violation.entity, violation.name, violation.label, count, ids)


def _bound(query: sa.Select[Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[name] for name in needed(query) if name in parameters}


def _new_rules(old: Entity, entity: Entity) -> Iterator[Rule]:
    known = {r.id: r for r in old.rules}
    for rule in entity.rules:
        before = known.get(rule.id)
        if before is None or (before.check, before.when) != (rule.check, rule.when):
            yield rule


def _rule_violations(
    connection: sa.Connection, tables: Tables, entity: Entity, rule: Rule, parameters: Mapping[str, Any]
) -> Iterator[Violation]:
    formulas: list[Formula] = [rule.check, *([] if rule.when is None else [rule.when])]
    if any(speaks_of_a_write(f.tree) for f in formulas):
        return
    row = tables.of(entity.name).alias("r")
    scope = Scope(tables.app, tables, entity.name, row, tables.dialect)
    parts: list[sa.ColumnElement[bool]] = [
        row.c.deleted_at.is_(None),
        compile_formula(rule.check.tree, scope).is_(sa.false()),
    ]
    if rule.when is not None:
        parts.append(condition(rule.when.tree, scope))
    violation = Violation("rule", entity.name, rule.name, rule.message, 0, ())
    yield from _found(connection, row, sa.and_(*parts), violation, parameters, scope.joined(row))


def speaks_of_a_write(node: object) -> bool:
    """Whether a formula asks what a write changes (`OLD.x`, `CHANGED(x)`): then no stored record breaks it."""
    if isinstance(node, Changed) or (isinstance(node, Path) and node.base == "old"):
        return True
    if isinstance(node, (tuple, list)):
        return any(speaks_of_a_write(part) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        return any(speaks_of_a_write(getattr(node, f.name)) for f in fields(node))
    return False


def _duplicates(
    connection: sa.Connection, tables: Tables, old: Entity, entity: Entity, parameters: Mapping[str, Any]
) -> Iterator[Violation]:
    known = {_unique_key(old, u.fields, u.when) for u in entity_uniques(old)}
    for unique in entity_uniques(entity):
        if _unique_key(entity, unique.fields, unique.when) in known:
            continue
        if not all(entity.fields[name].has_column for name in unique.fields):
            continue
        row = tables.of(entity.name).alias("r")
        scope = Scope(tables.app, tables, entity.name, row, tables.dialect)
        columns = [c for name in unique.fields for c in _columns(row, entity, name)]
        where: list[sa.ColumnElement[bool]] = [row.c.deleted_at.is_(None), *(c.isnot(None) for c in columns)]
        if unique.when is not None:
            where.append(condition(unique.when.tree, scope))
        same = sa.func.count().over(partition_by=columns).label("same")
        counted = sa.select(row.c.id, same, *(c.label(f"c{i}") for i, c in enumerate(columns)))
        inner = counted.select_from(scope.joined(row)).where(*where).subquery()
        query = sa.select(inner.c.id).where(inner.c.same > 1)
        bound = _bound(query, parameters)
        order = [inner.c[f"c{i}"] for i in range(len(columns))]
        ids = tuple(connection.execute(query.order_by(*order, inner.c.id).limit(SHOWN_MAX), bound).scalars())
        if ids:
            names = ", ".join(unique.fields)
            label = unique.message or entity.label
            yield Violation("unique", entity.name, names, label, len(ids), ids)


def _columns(row: sa.FromClause, entity: Entity, name: str) -> Iterable[sa.ColumnElement[Any]]:
    yield row.c[name]
    if entity.fields[name].is_polymorphic:
        yield row.c[name + ENTITY_SUFFIX]


def _unique_key(entity: Entity, names: tuple[str, ...], when: Formula | None) -> tuple[tuple[str, ...], str]:
    return tuple(entity.fields[n].id for n in names), when.text if when is not None else ""
