"""Texts that name records: by id, by a unique field, by title. Many at a time, through the reader's own eyes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field, Json, Value, ValueProblem
from dougong_runtime.formulas.types import Kind
from dougong_runtime.names import is_record_id
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import LIMIT_MAX, Query

LITERALS_MAX = 120
LITERALS_LENGTH_MAX = 3_500
"""Values of one filter, and characters that they take; below the bounds of a formula."""
KEPT_MAX = 50_000
"""Texts of one entity remembered across chunks."""


@dataclass(frozen=True, slots=True)
class Several:
    """A text that names more than one record."""

    count: int


Found = str | Several | None
"""The id of the one record named; several; or none that the reader may see."""


class Resolver:
    """Finds records by what people call them. Remembers, except for entities that are `changing` meanwhile."""

    def __init__(self, records: Records, changing: Iterable[str] = ()) -> None:
        self._records = records
        self._changing = frozenset(changing)
        self._known: dict[str, dict[str, Found]] = {}

    def resolve(self, entity: str, texts: Iterable[str]) -> dict[str, Found]:
        """What each text names in an entity: an id, a value of a unique field, or a title."""
        wanted = dict.fromkeys(texts)
        known = self._known.setdefault(entity, {})
        if entity in self._changing or len(known) > KEPT_MAX:
            known.clear()
        missing = [text for text in wanted if text not in known]
        if missing:
            known.update(self._find(entity, missing))
        return {text: known[text] for text in wanted}

    def by_field(
        self, entity: str, field: Field, values: Iterable[Value], fields: Iterable[str] = ()
    ) -> dict[Json, list[dict[str, Json]]]:
        """The records with each value in one field, by the value's JSON form: their id and `fields`."""
        jsons = {field.kind.to_json(field, value) for value in values}
        hits: dict[Json, list[dict[str, Json]]] = {json: [] for json in jsons}
        for item in self._matching(entity, field, list(jsons), fields):
            if item.get(field.name) in hits:
                hits[item[field.name]].append(item)
        return hits

    def _find(self, entity: str, texts: Sequence[str]) -> dict[str, Found]:
        hits: dict[str, set[str]] = {text: set() for text in texts}
        ids = {text.lower(): text for text in texts if is_record_id(text.lower())}
        try:
            for id_ in self._titled(entity, ids):
                hits[ids[id_]].add(id_)
            for field in self.naming(entity):
                spelled: dict[Json, list[str]] = {}
                for text in texts:
                    for json in _coerced(field, text):
                        spelled.setdefault(json, []).append(text)
                for item in self._matching(entity, field, list(spelled)):
                    for text in spelled.get(item.get(field.name), ()):
                        hits[text].add(item["id"])
        except Refused:
            return dict.fromkeys(texts)
        return {text: _one(found) for text, found in hits.items()}

    def _titled(self, entity: str, ids: Iterable[str]) -> Iterable[str]:
        """Those of the ids that the reader may see."""
        return self._records.titles(entity, list(ids)) if ids else ()

    def naming(self, entity: str) -> list[Field]:
        """Fields by which a record can be named: unique by themselves, or the title; only those seen unmasked."""
        model = self._records.running.app.entities[entity]
        unique = {u.fields[0] for u in model.unique if len(u.fields) == 1 and u.when is None}
        return [
            view.field
            for view in self._records.fields(entity)
            if view.shown == "yes"
            and (view.field.unique or view.field.name in unique or view.field.name == model.title)
            and view.field.has_column
            and view.field.value_type.kind in (Kind.TEXT, Kind.NUMBER)
        ]

    def _matching(
        self, entity: str, field: Field, jsons: Sequence[Json], fields: Iterable[str] = ()
    ) -> Iterator[dict[str, Json]]:
        names = tuple(dict.fromkeys(("id", field.name, *fields)))
        for literals in _portions([_literal(field, json) for json in jsons]):
            query = Query(entity, filter=f"{field.name} IN ({', '.join(literals)})", fields=names)
            for items in pages(self._records, query):
                yield from items


def _portions(literals: Sequence[str]) -> Iterator[list[str]]:
    """As many literals as a filter takes, the last one repeated up to a few set lengths: then plans are found again."""
    portion: list[str] = []
    length = 0
    for literal in literals:
        if len(portion) == LITERALS_MAX or (portion and length + len(literal) + 2 > LITERALS_LENGTH_MAX):
            yield portion
            portion, length = [], 0
        portion.append(literal)
        length += len(literal) + 2
    if portion:
        room = (LITERALS_LENGTH_MAX - length) // (len(portion[-1]) + 2)
        size = min(next(n for n in (1, 20, LITERALS_MAX) if n >= len(portion)), len(portion) + max(0, room))
        yield portion + portion[-1:] * (size - len(portion))


def pages(records: Records, query: Query) -> Iterator[Sequence[dict[str, Json]]]:
    """All records of a query, in pages as large as there are."""
    query = replace(query, limit=LIMIT_MAX, cursor=None, count=False)
    while True:
        page = records.list(query)
        yield page.items
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


def _one(ids: set[str]) -> Found:
    if len(ids) > 1:
        return Several(len(ids))
    return next(iter(ids), None)


def _coerced(field: Field, text: str) -> Iterator[Json]:
    try:
        value = field.kind.coerce(field, text)
    except ValueProblem:
        return
    if value is not None:
        yield field.kind.to_json(field, value)


def _literal(field: Field, json: Json) -> str:
    """A JSON value as a formula's literal. ‘ ends at ’ alone; ' would end at its full-width twin as well."""
    text = str(json)
    if isinstance(json, int) or field.value_type.kind is Kind.NUMBER:
        return f"({text})" if text.startswith("-") else text
    text = text.replace("\\", "\\\\").replace("’", "\\’")
    return f"‘{text}’"
