"""What a field of another type does to the values that records have, as far as the builder may see them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from dougong_runtime.fields.base import Field, ValueProblem
from dougong_runtime.labels import Language
from dougong_runtime.model.app import App
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Query
from dougong_runtime.storage.converting import Converting, look

EXAMPLES_MAX = 5
LOST_SHOWN_MAX = 50
OPTIONS_MAX = 40
"""Different values of a text of which options are made; of more, none."""


@dataclass(frozen=True, slots=True)
class Example:
    """A value and what it becomes."""

    record: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Losing:
    """A value that has no form in the new type."""

    record: str
    title: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen. Values stand here where the builder may read the record, and sees the field whole."""

    entity: str
    """The entity's name in the version that serves."""
    filled: int | None
    """Records with a value, of those that the builder may read; None where they read none."""
    examples: tuple[Example, ...]
    lost: tuple[Losing, ...]
    lost_count: int
    """All values that would not convert, in records of others too."""


def preview(
    connection: sa.Connection,
    records: Records,
    candidate: App,
    entity_id: str,
    field_id: str,
    language: Language,
) -> Preview | None:
    """`records`: the builder's door to the version that serves. None where the field has no values yet."""
    found = look(connection, records.running.tables, candidate, entity_id, field_id)
    if found is None:
        return None
    name, count = found.entity.name, found.lost.count if found.lost is not None else 0
    if not _sees(records, found):
        return Preview(name, None, (), (), count)
    page = records.list(
        Query(name, filter=f"{found.before.name} <> NULL", fields=("id", found.before.name), limit=50)
    )
    titles = records.titles(name, [str(item["id"]) for item in page.items])
    examples = []
    for item in page.items:
        try:
            value = found.before.kind.coerce(found.before, item[found.before.name])
            after = found.after.kind.to_text(found.after, found.convert(value), language)
        except ValueProblem:
            continue
        before = found.before.kind.to_text(found.before, value, language)
        examples.append(Example(str(item["id"]), titles.get(str(item["id"]), ""), before, after))
        if len(examples) == EXAMPLES_MAX:
            break
    return Preview(name, page.count, tuple(examples), _lost(records, found, language), count)


def values_for_options(records: Records, entity_id: str, field_id: str) -> tuple[str, ...]:
    """The different texts that a field holds in records which the builder reads, the most frequent first; none where
    there are many, or the builder may not see them."""
    entity = next((e for e in records.running.app.own_entities if e.id == entity_id), None)
    field = None if entity is None else next((f for f in entity.own_fields if f.id == field_id), None)
    if entity is None or field is None or field.type not in ("text", "long_text"):
        return ()
    if not _shows(records, entity.name, field):
        return ()
    query = AggregateQuery(
        entity.name,
        rows=(field.name,),
        sort=("-count",),
        limit=OPTIONS_MAX + 2,
        listed=True,
        total=False,
        filter=f"{field.name} <> NULL",
    )
    found = [row[field.name] for row in records.aggregate(query).rows]
    texts = tuple(str(one) for one in found if isinstance(one, str) and 0 < len(one) <= 100)
    return texts if len(texts) <= OPTIONS_MAX else ()


def _sees(records: Records, found: Converting) -> bool:
    return _shows(records, found.entity.name, found.before)


def _shows(records: Records, entity: str, field: Field) -> bool:
    if not records.can(entity, "read"):
        return False
    return any(view.field.name == field.name and view.shown == "yes" for view in records.fields(entity))


def _lost(records: Records, found: Converting, language: Language) -> tuple[Losing, ...]:
    if found.lost is None:
        return ()
    ids = list(dict.fromkeys(one.record for one in found.lost.shown))
    titles = records.titles(found.entity.name, ids)
    readable = (one for one in found.lost.shown if one.record in titles)
    made = [Losing(one.record, titles[one.record], one.value, one.why.in_(language)) for one in readable]
    return tuple(made[:LOST_SHOWN_MAX])
