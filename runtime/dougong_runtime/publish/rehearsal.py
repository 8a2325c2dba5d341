"""Whether records stand against a new version: its tables tried out, asked, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App, Entity
from dougong_runtime.model.graph import Graph, Node
from dougong_runtime.records import dependants, settings
from dougong_runtime.records.running import Running
from dougong_runtime.storage.convert import SITE_TIME_ZONE
from dougong_runtime.storage.indexes import entity_uniques
from dougong_runtime.storage.preview import Violation, find_violations
from dougong_runtime.storage.steps import AnyStep
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.trial import try_steps


def asks_more(before: App, after: App) -> bool:
    """Whether any entity has rules, uniques or required fields that it did not have, or lacks options that it had."""
    olds = {e.id: e for e in before.own_entities}
    return any(e.id in olds and _asks_more(olds[e.id], e) for e in after.own_entities)


def _asks_more(old: Entity, new: Entity) -> bool:
    known = {f.id: f for f in old.own_fields}
    for field in new.own_fields:
        was = known.get(field.id)
        if field.required and not (was is not None and was.required):
            return True
        gone = {o.id for o in was.choices} - {o.id for o in field.choices} if was is not None else set()
        if gone and field.value_type.kind is Kind.CHOICE:
            return True
    rules = {(r.id, r.check, r.when) for r in old.rules}
    if any((r.id, r.check, r.when) not in rules for r in new.rules):
        return True
    return bool(_uniques(new) - _uniques(old))


def _uniques(entity: Entity) -> set[tuple[tuple[str, ...], str]]:
    return {
        (tuple(entity.fields[n].id for n in u.fields if n in entity.fields), u.when.text if u.when else "")
        for u in entity_uniques(entity)
    }


def rehearse(
    connection: sa.Connection,
    steps: tuple[AnyStep, ...],
    old: Tables,
    new: Tables,
    recompute: frozenset[Node],
) -> tuple[Violation, ...]:
    """Carry out what the checks need, look, and take it back."""
    at = datetime.now(UTC)
    computed = {e.id for e in new.app.own_entities for f in e.own_fields if f.is_stored_formula and recompute}
    with _taken_back(connection) as trial:
        try_steps(trial, steps, old, new, at, computed)
        if recompute:
            running = Running(new.app, new, 0, trial.dialect.name, Graph.of(new.app))
            dependants.recompute(trial, running, recompute, _At(at))
        context = Context(
            now=at,
            time_zone=SITE_TIME_ZONE,
            user=None,
            user_id=None,
            roles=(),
            settings=settings.values(trial, new.app),
        )
        return tuple(find_violations(trial, old.app, new, context.parameters()))


@dataclass(frozen=True)
class _At:
    at: datetime

    def now(self) -> datetime:
        """The instant of the rehearsal."""
        return self.at


@contextmanager
def _taken_back(connection: sa.Connection) -> Iterator[sa.Connection]:
    """The caller's connection, on which everything done is undone in the end. It must be one that may write:
    another connection would wait for ever for what this one has read."""
    savepoint = connection.begin_nested()
    try:
        yield connection
    finally:
        savepoint.rollback()
