"""Conditional uniques that no index can hold, for what they read lies elsewhere: writers of one value take turns.

Two transactions that each look for another record of the same value see none of each other's. On PostgreSQL each takes a
lock on the value first, kept to its end, so that the second looks when the first has ended. SQLite has one writer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dougong_runtime.exact.types import json_text
from dougong_runtime.model.app import Entity, Unique
from dougong_runtime.records.change import Change
from dougong_runtime.records.scene import Scene
from dougong_runtime.storage.partial import plain_condition

VALUES_MAX = 100
"""Values of one write that are locked each; of more the unique is locked as a whole, for PostgreSQL counts its locks."""

_WHOLE = sa.func.pg_advisory_xact_lock(sa.bindparam("whole", type_=sa.BigInteger))
_WHOLE_SHARED = sa.func.pg_advisory_xact_lock_shared(sa.bindparam("whole", type_=sa.BigInteger))
_EACH = sa.func.unnest(sa.bindparam("each", type_=postgresql.ARRAY(sa.BigInteger))).column_valued("each")
_LOCK_EACH = sa.select(sa.func.pg_advisory_xact_lock(_EACH))


def take(scene: Scene, entity: Entity, changes: Sequence[Change]) -> None:
    """Wait until no other transaction writes values of the entity's uniques that these changes write, and hold them."""
    if scene.dialect != "postgresql":
        return
    uniques = scene.running.plans.get(("uniques apart", entity.name), lambda: _apart(scene, entity))
    for unique in uniques:
        name = f"{scene.app.name}.{entity.id} {','.join(unique.fields)} {unique.when.text if unique.when else ''}"
        whole, keys = _key(name), _keys(entity, unique, name, changes)
        if keys is None:
            scene.connection.execute(sa.select(_WHOLE), {"whole": whole})
        elif keys:
            scene.connection.execute(sa.select(_WHOLE_SHARED), {"whole": whole})
            scene.connection.execute(_LOCK_EACH, {"each": keys})


def _apart(scene: Scene, entity: Entity) -> tuple[Unique, ...]:
    table = scene.tables.of(entity.name)
    return tuple(
        u for u in entity.unique if u.when is not None and plain_condition(u.when.tree, table) is None
    )


def _keys(entity: Entity, unique: Unique, name: str, changes: Sequence[Change]) -> list[int] | None:
    """Keys of the values written, in the order in which they are locked; None where they are too many, or not known."""
    if any(entity.fields[n].is_computed for n in unique.fields):
        return None
    found = set()
    for change in changes:
        values: Mapping[str, Any] = {**change.state_before, **change.after}
        if not values:
            return None
        written = [values.get(n) for n in unique.fields]
        if None not in written:
            found.add(_key(name + json_text([_canonical(v) for v in written])))
    return sorted(found) if len(found) <= VALUES_MAX else None


def _canonical(value: Any) -> Any:
    """One spelling of equal values."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
