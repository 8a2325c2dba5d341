"""A field of another type, looked at before anything is changed: which values would be lost, what others become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from dougong_runtime.fields.base import Field, Value
from dougong_runtime.model.app import App, Entity
from dougong_runtime.storage.convert import convert
from dougong_runtime.storage.retype import surroundings
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.unconvertible import Lost, find_lost


@dataclass(frozen=True)
class Converting:
    """What converting a field comes to."""

    entity: Entity
    """The entity as it serves."""
    before: Field
    after: Field
    lost: Lost | None
    """None where every value converts."""
    convert: Callable[[Value], Value]
    """A value in its new form. Raises ValueProblem where there is none."""


def look(
    connection: sa.Connection, running: Tables, candidate: App, entity_id: str, field_id: str
) -> Converting | None:
    """What would become of a field's values in a version that nobody runs yet; None where the field has none so far:
    it is not in the version that serves, or keeps nothing there."""
    entity = next((e for e in running.app.own_entities if e.id == entity_id), None)
    wanted = next((e for e in candidate.own_entities if e.id == entity_id), None)
    if entity is None or wanted is None:
        return None
    before = next((f for f in entity.own_fields if f.id == field_id), None)
    after = next((f for f in wanted.own_fields if f.id == field_id), None)
    if before is None or after is None or before.type == after.type:
        return None
    if not (before.has_column or before.is_many) or not (after.has_column or after.is_many):
        return None
    if after.formula is not None:
        return None
    # What else the version says (views, and the indexes for them) may be at odds with the new type.
    new = Tables(replace(candidate, documents={}), connection.dialect.name)
    around = surroundings(connection, before, after, running, new)
    lost = find_lost(connection, before, after, entity, running, new)
    return Converting(entity, before, after, lost, lambda value: convert(before, after, value, around))
