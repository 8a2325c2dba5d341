"""Publishing while everybody works: what takes long is done beforehand, what remains is one short transaction.

On PostgreSQL a publication goes through four states, and dies in any of them without harm (decision 0008):

1. It waits for its turn: one publication at a time on a site.
2. It clears away what an earlier one has left that failed or was killed, and plans.
3. It prepares: columns are filled, new formulas of a record's own columns computed, indexes built, under names that no
   version knows. The old version runs.
4. It has the tables to itself for a moment, in which names change and the new version is stored. The new version runs.

Whoever reads an app's version in their transaction keeps the fourth from beginning until they have ended, and waits
for it to end if it has begun: a transaction sees one version from its beginning to its end.

On SQLite, where a writer is alone and readers keep what they began with, a publication is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from dougong_runtime.documents.versions import APPS
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import SystemClock
from dougong_runtime.model.app import Entity
from dougong_runtime.model.graph import Graph, Node
from dougong_runtime.publish.plan import Plan, refused_by
from dougong_runtime.records.dependants import parameters_at
from dougong_runtime.records.running import Running
from dougong_runtime.storage import locks, prepared
from dougong_runtime.storage.convert import SITE_TIME_ZONE
from dougong_runtime.storage.identifiers import link_table_name, table_name
from dougong_runtime.storage.prepare import PREPARED_FROM_ROWS, Told, prepare
from dougong_runtime.storage.prepared import NOTHING, Prepared
from dougong_runtime.storage.steps import AddField, AnyStep, CreateEntity, RetypeField
from dougong_runtime.storage.trial import entities_of

TURN_LOCK = 0x446F75676F7562
"""Key of PostgreSQL's advisory lock that the one who publishes holds."""
TURN_SECONDS = 600.0
"""How long another publication is waited for."""

ANOTHER_PUBLISHES = problem_type(
    "another-publishes",
    409,
    "另一次发布已进行了 {seconds} 秒，还没有结束。",
    "Another publication has been under way for {seconds} s and has not ended.",
    remedy=("等它结束后再发布。", "Publish when it has ended."),
)


Stage: TypeAlias = Literal["wait", "plan", "prepare", "finish"]
Progress: TypeAlias = Callable[[Stage, int, int | None], None]
"""Hears the stage that begins, and of `prepare` how many parts of how many are done."""


def unheard(_stage: Stage, _done: int, _total: int | None) -> None:
    """Nobody asks how far it is."""


class CarryOut(Protocol):
    """Carries a plan out in a transaction, with what was made for it; gives the version's number."""

    def __call__(self, connection: sa.Connection, plan: Plan, prepared: Prepared) -> int:
        """See above."""
        ...


def publish(
    engine: sa.Engine,
    make_plan: Callable[[sa.Connection], Plan],
    carry_out: CarryOut,
    *,
    time_zone: str = SITE_TIME_ZONE,
    turn_seconds: float = TURN_SECONDS,
    prepared_from_rows: int = PREPARED_FROM_ROWS,
    progress: Progress = unheard,
) -> tuple[Plan, int]:
    """Plan and publish; gives the plan that was carried out, and the number of the version that runs then.

    `make_plan` is given a transaction that is rolled back, `carry_out` the one that publishes. Raises Refused as they
    do, for a plan that records stand against (then nothing was changed), and where others are in the way for too long.
    `progress` hears how far it is, and ends it by raising something; after `finish` it hears nothing more.
    """
    if engine.dialect.name != "postgresql":
        with engine.begin() as connection:
            progress("plan", 0, None)
            plan = make_plan(connection)
            progress("finish", 0, None)
            return plan, carry_out(connection, plan, NOTHING)
    progress("wait", 0, None)
    with _turn(engine, turn_seconds):
        progress("plan", 0, None)
        prepared.clear(engine)
        with engine.connect() as connection, connection.begin() as rehearsal:
            plan = make_plan(connection)
            rehearsal.rollback()
        if plan.refused:
            raise refused_by(plan)
        try:
            made = _prepare(engine, plan, time_zone, prepared_from_rows, partial(progress, "prepare"))
            progress("finish", 0, None)
            with engine.begin() as connection:
                _have_to_oneself(connection, plan)
                if made.fillings:
                    made.catch_up(connection)
                    prepared.forget_writes(connection)
                return plan, carry_out(connection, plan, made)
        except BaseException:
            prepared.clear(engine)
            raise


def clear_leftovers(engine: sa.Engine) -> bool:
    """Drop what a killed publication has left; whether there was anything. Does nothing while somebody publishes."""
    if engine.dialect.name != "postgresql":
        return False
    with engine.connect() as connection, connection.begin():
        if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(TURN_LOCK))).scalar_one():
            return False
        return prepared.clear(engine)


def _prepare(engine: sa.Engine, plan: Plan, time_zone: str, from_rows: int, told: Told) -> Prepared:
    if plan.old is None:
        return NOTHING
    computing = _computing(engine, plan, time_zone)
    return prepare(engine, plan.steps, plan.old, plan.new, plan.rows, time_zone, from_rows, told, computing)


def _computing(engine: sa.Engine, plan: Plan, time_zone: str) -> dict[Node, Mapping[str, Any]]:
    """The stored formulas that are to be computed, in their order, with the parameters of their statements."""
    if not plan.recompute:
        return {}
    graph = Graph.of(plan.after)
    running = Running(plan.after, plan.new, plan.base or 0, engine.dialect.name, graph)
    with engine.connect() as connection:
        parameters = parameters_at(connection, running, SystemClock().now(), time_zone)
    nodes = [(step.entity, name) for step in graph.steps for name in step.fields]
    return {node: parameters for node in nodes if node in plan.recompute}


@contextmanager
def _turn(engine: sa.Engine, seconds: float) -> Iterator[None]:
    """While this lasts nobody else publishes. The transaction that holds the lock holds no snapshot: indexes that are
    built meanwhile do not wait for it."""
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
        try:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN_LOCK})")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != locks.LOCK_NOT_AVAILABLE:
                raise
            raise refuse(ANOTHER_PUBLISHES, seconds=round(seconds)) from None
        # A statement run once prepared keeps its snapshot until the next; SET has none.
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        yield


def _have_to_oneself(connection: sa.Connection, plan: Plan) -> None:
    if plan.before is not None and (plan.steps or plan.recompute):
        alone, unwritten = _concerned(plan.before.own_entities, plan)
        locks.hold(connection, [APPS.name, *sorted(alone)], unwritten)


def _concerned(entities: Iterable[Entity], plan: Plan) -> tuple[set[str], set[str]]:
    """Tables that a plan changes, as they are called now; and those that it makes references to."""
    changed = {entity.id for step in plan.steps for entity in entities_of(step)}
    targets = {name for step in plan.steps for field in _new_fields(step) for name in field}
    alone: set[str] = set()
    for entity in entities:
        if entity.id in changed:
            alone.add(table_name(entity))
            alone |= {link_table_name(entity, f.name) for f in entity.own_fields if f.is_many}
    assert plan.before is not None
    ids = {plan.after.entities[name].id for name in targets}
    return alone, {table_name(e) for e in plan.before.entities.values() if e.id in ids}


def _new_fields(step: AnyStep) -> Iterator[tuple[str, ...]]:
    match step:
        case CreateEntity(entity=entity):
            yield from (f.targets for f in entity.own_fields)
        case AddField(field=field) | RetypeField(after=field):
            yield field.targets
        case _:
            pass
