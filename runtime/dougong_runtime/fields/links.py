"""Records that name records: reference, references, user, team."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value, ValueProblem
from dougong_runtime.fields.columns import PLAIN_TEXT
from dougong_runtime.fields.writing import is_blank
from dougong_runtime.formulas.types import Kind, ValueType, record
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import is_record_id, uuid7

MANY_MAX = 1000
ENTITY_SUFFIX = "__entity"
"""A reference with several targets keeps the target's entity in a second column, `<name>__entity`."""


def record_id(field: Field, raw: object) -> str | None:
    """A record's id. Raises ValueProblem for anything else; whether there is such a record, `records` finds out."""
    if raw is None:
        return None
    if isinstance(raw, str):
        text = raw.strip().lower()
        if not text:
            return None
        if is_record_id(text):
            return text
    raise ValueProblem("应为记录的编号。", "must be the id of a record.")


def targets_of(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The entities that a document's `to` names."""
    to = raw.get("to", ())
    return (to,) if isinstance(to, str) else tuple(to)


class LinkType(FieldType):
    """One record of one entity."""

    widget = "reference"
    groupable = True

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A record of its targets."""
        return record(*targets_of(raw))

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """The record's id; a second column names the entity where there are several."""
        columns: list[sa.Column[Any]] = [sa.Column(field.name, RecordId())]
        if field.is_polymorphic:
            columns.append(sa.Column(field.name + ENTITY_SUFFIX, PLAIN_TEXT))
        return tuple(columns)

    def coerce(self, field: Field, raw: object) -> Value:
        """An id; `{"entity": …, "id": …}` where there are several targets."""
        if not field.is_polymorphic:
            return record_id(field, raw)
        if is_blank(raw):
            return None
        if not isinstance(raw, Mapping) or set(raw) - {"entity", "id", "title"}:
            raise ValueProblem(
                '应为 {"entity": "…", "id": "…"}。',
                'must be {"entity": "…", "id": "…"}.',
            )
        if raw.get("entity") not in field.targets:
            names = ", ".join(field.targets)
            raise ValueProblem(f"只能引用：{names}。", f"may name a record of: {names}.")
        identity = record_id(field, raw.get("id"))
        return None if identity is None else {"entity": raw["entity"], "id": identity}

    def to_json(self, field: Field, value: Value) -> Json:
        """As it is."""
        return dict(value) if isinstance(value, Mapping) else value

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """The id; titles are for who may read the record, and `records` finds them."""
        if value is None:
            return ""
        return f"{value['entity']}/{value['id']}" if isinstance(value, Mapping) else str(value)

    def sample(self, field: Field, random: random.Random) -> Value:
        """An id of no record."""
        if field.is_polymorphic:
            return {"entity": random.choice(field.targets), "id": uuid7()}
        return uuid7()


class ReferenceType(LinkType):
    """reference."""

    name: ClassVar[str] = "reference"
    label = Label("引用", "Reference")
    help = Label("指向另一条记录。", "Names another record.")
    schema: ClassVar[Mapping[str, Any]] = {
        "to": {
            "oneOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
            ]
        },
        "inverse": {"type": "string"},
        "on_delete": {"enum": ["refuse", "cascade", "clear"], "default": "refuse"},
    }


class UserType(LinkType):
    """user: a person."""

    name: ClassVar[str] = "user"
    widget = "user"
    label = Label("人员", "Person")
    help = Label("一位使用者。", "One of the people who work here.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A user."""
        return record("user")


class TeamType(LinkType):
    """team."""

    name: ClassVar[str] = "team"
    widget = "team"
    label = Label("团队", "Team")
    help = Label("一个团队或部门。", "A team or department.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A team."""
        return record("team")


class ReferencesType(FieldType):
    """references: many records, kept in a link table, in the order given."""

    name: ClassVar[str] = "references"
    widget = "references"
    sortable = False
    label = Label("多个引用", "References")
    help = Label("指向多条记录。", "Names several records.")
    schema: ClassVar[Mapping[str, Any]] = {"to": {"type": "string"}, "inverse": {"type": "string"}}

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """Records of its target."""
        return ValueType(Kind.RECORDS, targets=targets_of(raw))

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """None: see `storage.tables.Tables.link`."""
        return ()

    def coerce(self, field: Field, raw: object) -> Value:
        """A list of ids, each once, in its order; from a text, ids with `;` between."""
        if raw is None:
            return None
        if isinstance(raw, str):
            raw = [part for part in raw.split(";") if part.strip()]
        if not isinstance(raw, (list, tuple)):
            raise ValueProblem("应为记录编号的列表。", "must be a list of record ids.")
        if len(raw) > MANY_MAX:
            raise ValueProblem(f"最多 {MANY_MAX} 条。", f"takes at most {MANY_MAX} records.")
        found = [record_id(field, item) for item in raw]
        return list(dict.fromkeys(item for item in found if item is not None)) or None

    def to_json(self, field: Field, value: Value) -> Json:
        """A list, empty where there are none."""
        return [] if value is None else list(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """The ids; titles are for who may read the records."""
        return ", ".join(value or ())

    def sample(self, field: Field, random: random.Random) -> Value:
        """Ids of no records."""
        return [uuid7() for _ in range(random.randrange(3))] or None


def to_columns(field: Field, value: Value) -> dict[str, Value]:
    """A coerced value by column name, of any field that has columns."""
    if not field.is_polymorphic:
        return {field.name: value}
    entity, identity = (None, None) if value is None else (value["entity"], value["id"])
    return {field.name: identity, field.name + ENTITY_SUFFIX: entity}


def from_columns(field: Field, row: Mapping[str, Any]) -> Value:
    """The value that `to_columns` took apart."""
    if not field.is_polymorphic:
        return row[field.name]
    identity = row[field.name]
    return None if identity is None else {"entity": row[field.name + ENTITY_SUFFIX], "id": identity}


for _made in (ReferenceType(), ReferencesType(), UserType(), TeamType()):
    FIELD_TYPES.register(_made.name, _made)
