"""What a publication calls by another name, and what keeps names of documents beside them: it follows.

Tables, columns, formulas and roles follow by themselves; here is what people and the program noted by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import shapes_of
from dougong_runtime.access.shares import SHARE
from dougong_runtime.documents.references import Target
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.types import ValueType
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App
from dougong_runtime.model.naming import renamed
from dougong_runtime.records.trash import DELETION

_PART = re.compile(r"(?P<sign>-?)(?P<path>[A-Za-z_][A-Za-z0-9_.]*)(?P<rest>.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Renames:
    """Names of one version that the next has otherwise; the same things, by their ids."""

    before: App
    entities: Mapping[str, str]
    fields: Mapping[tuple[str, str], str]
    """(entity, field or way back), as they were called → the new name."""
    options: Mapping[tuple[str, str, str], str]
    """(entity, field, value), as they were → the option's new value."""
    documents: Mapping[tuple[str, str], str]
    """(kind, name) → the new name."""
    roles: Mapping[str, str]
    settings: Mapping[str, str]
    """Codes of values of settings."""

    @classmethod
    def of(cls, before: App | None, after: App) -> Renames | None:
        """None where nothing has another name."""
        if before is None:
            return None
        entities, fields, documents = {}, {}, {}
        options: dict[tuple[str, str, str], str] = {}
        new = {entity.id: entity for entity in after.own_entities}
        for old in before.own_entities:
            now = new.get(old.id)
            if now is None:
                continue
            if now.name != old.name:
                entities[old.name] = now.name
            called = {field.id: field for field in now.own_fields}
            for field in old.own_fields:
                other = called.get(field.id, field)
                if other.name != field.name:
                    fields[old.name, field.name] = other.name
                values = {option.id: str(option.value) for option in other.choices}
                for option in field.choices:
                    if values.get(option.id, str(option.value)) != str(option.value):
                        options[old.name, field.name, str(option.value)] = values[option.id]
        for (entity, way), name in _ways(before, after).items():
            fields[entity, way] = name
        for kind, named in before.documents.items():
            ids = {document.id: document.name for document in after.documents.get(kind, {}).values()}
            for document in named.values():
                if ids.get(document.id, document.name) != document.name:
                    documents[kind, document.name] = ids[document.id]
        held = {role.id: role.name for role in after.roles.values()}
        roles = {
            role.name: held[role.id]
            for role in before.roles.values()
            if held.get(role.id, role.name) != role.name
        }
        codes = _codes(after)
        settings = {
            code: codes[identity]
            for identity, code in _codes(before).items()
            if codes.get(identity, code) != code
        }
        found = cls(before, entities, fields, options, documents, roles, settings)
        return found if entities or fields or options or documents or roles or settings else None

    @cached_property
    def _shapes(self) -> Mapping[str, Any]:
        return shapes_of(self.before)

    @cached_property
    def _types(self) -> Mapping[str, ValueType]:
        return {code: one.field.value_type for code, one in self.before.settings.items()}

    @cached_property
    def names(self) -> Mapping[Target, str]:
        """What a formula may name → what it is called now."""
        return {
            **{
                Target(kind, *reversed(at)): new
                for at, new in self.fields.items()
                for kind in ("field", "inverse")
            },
            **{Target("option", value, f"{e}.{f}"): new for (e, f, value), new in self.options.items()},
            **{Target("role", role): new for role, new in self.roles.items()},
            **{Target("setting", code): new for code, new in self.settings.items()},
        }

    def formula(self, text: str, entity: str) -> str:
        """A condition on records of an entity (as it was called), with the new names; one that was wrong stays."""
        try:
            return renamed(
                text, self.names, entity=entity, shapes=self._shapes, settings=self._types, place="filter"
            )
        except FormulaProblems:
            return text

    def paths(self, text: str, entity: str) -> str:
        """Paths between commas, each perhaps with a sign before it and more behind it: `-due,owner.team:180`."""
        return ",".join(self._path(part, entity) for part in text.split(",")) if text else text

    def _path(self, part: str, entity: str) -> str:
        match = _PART.match(part.strip())
        if match is None:
            return part
        return f"{match['sign']}{self.formula(match['path'], entity)}{match['rest']}"


def _codes(app: App) -> dict[str, str]:
    """Codes of all values of settings by their ids."""
    return {
        str(one["id"]): str(one["code"])
        for document in app.of("settings").values()
        for one in document.data.get("values") or ()
        if "id" in one
    }


def _ways(before: App, after: App) -> dict[tuple[str, str], str]:
    """Ways back under other names, known by the reference that they lead along."""
    now = {
        after.entities[inverse.entity].fields[inverse.field].id: inverse.name
        for entity in after.own_entities
        for inverse in entity.inverses.values()
        if inverse.entity in after.entities
    }
    found = {}
    for entity in before.own_entities:
        for inverse in entity.inverses.values():
            field = before.entities[inverse.entity].fields.get(inverse.field)
            if field is not None and now.get(field.id, inverse.name) != inverse.name:
                found[entity.name, inverse.name] = now[field.id]
    return found


def follow(connection: sa.Connection, renames: Renames | None) -> None:
    """Shares, and which records were deleted together, keep to their entity under its new name."""
    if renames is not None and renames.entities:
        for table in (SHARE, DELETION):
            follow_in(connection, table.c.entity, table.c.app == renames.before.name, renames.entities)


def follow_in(
    connection: sa.Connection,
    column: sa.Column[Any],
    where: sa.ColumnElement[bool],
    names: Mapping[str, str],
) -> None:
    """A column of names, all at once: names that are exchanged are."""
    values = {column: sa.case(dict(names), value=column, else_=column)}
    connection.execute(sa.update(column.table).where(where, column.in_(names)).values(values))
