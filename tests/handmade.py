"""Apps made by hand, field by field, for tests that stand below documents and linking."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from databases import drop, stem
from dougong_runtime.fields import FIELD_TYPES, Field, Formula, Option
from dougong_runtime.fields.links import to_columns
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document, Entity, Inverse, Unique
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.system_fields import system_fields
from dougong_runtime.names import uuid7
from dougong_runtime.storage.apply import apply_steps
from dougong_runtime.storage.dialects import install_functions, make_engine
from dougong_runtime.storage.identifiers import table_name
from dougong_runtime.storage.plan import plan_steps
from dougong_runtime.storage.prepare import prepare
from dougong_runtime.storage.prepared import NOTHING, Prepared, forget_writes
from dougong_runtime.storage.search import search_values
from dougong_runtime.storage.system import SYSTEM
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.trashed import StoredTrash

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def field(name: str, type_name: str = "text", **raw: Any) -> Field:
    """A field; properties as a document has them. `id` is the name unless given; options are values or `(id, value)`."""
    identity = raw.pop("id", name)
    own = {k: raw.pop(k) for k in ("required", "unique", "search", "sensitive", "formula") if k in raw}
    choices = tuple(
        Option(str(o[0]), o[1], Label.of(str(o[1])))
        if isinstance(o, tuple)
        else Option(str(o), o, Label.of(str(o)))
        for o in raw.pop("options", ())
    )
    document = {**raw, "options": [{"value": o.value} for o in choices]}
    document["stages"] = document["options"]
    kind = FIELD_TYPES.get(type_name)
    value_type = kind.value_type(document)
    return Field(
        identity,
        name,
        type_name,
        Label.of(None, name),
        value_type,
        options={k: v for k, v in raw.items() if k not in ("to", "on_delete")},
        choices=choices,
        targets=value_type.targets,
        on_delete=raw.get("on_delete", "refuse"),
        **own,
    )


def formula_field(name: str, result: str, formula: Formula, **raw: Any) -> Field:
    """A computed field."""
    return replace(field(name, "formula", result=result, **raw), formula=formula)


def entity(name: str, *fields: Field, **facts: Any) -> Entity:
    """An entity of the app `workshop`; its id is its name unless given, its title the first field."""
    title = facts.pop("title", fields[0].name if fields else "id")
    unique = tuple(
        u if isinstance(u, Unique) else Unique("+".join(u), tuple(u)) for u in facts.pop("unique", ())
    )
    return Entity(
        app="workshop",
        id=facts.pop("id", name),
        name=name,
        label=Label.of(None, name),
        title=title,
        fields=MappingProxyType({**system_fields("workshop", name), **{f.name: f for f in fields}}),
        inverses=MappingProxyType({i.name: i for i in facts.pop("inverses", ())}),
        unique=unique,
        **facts,
    )


def inverse(name: str, of: str, along: str, *, many: bool = False) -> Inverse:
    """A way back."""
    return Inverse(name, of, along, many)


def app(*entities: Entity, views: Iterable[Mapping[str, Any]] = ()) -> App:
    """The app `workshop` of these entities and the directory's."""
    documents = {
        f"view_{i}": Document("view", f"view_{i}", f"view_{i}", Label.of("view"), view)
        for i, view in enumerate(views)
    }
    return App(
        name="workshop",
        label=Label("木工坊", "Workshop"),
        version="1.0.0",
        entities=MappingProxyType({**{e.name: e for e in entities}, **DIRECTORY.entities}),
        roles=MappingProxyType({}),
        documents=MappingProxyType({"view": documents}),
    )


class Workshop:
    """A database with the app `workshop` in it, at one version after the other, and rows written past all rules."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.app: App | None = None
        self.history: list[App] = []

    @classmethod
    def made(cls, url: str) -> Workshop:
        """In an empty database: the system's tables and those of people, and no app."""
        made = cls(url)
        made._install()
        return made

    @classmethod
    def copied(
        cls, kind: str, folder: Path, name: str = "empty", fill: Callable[[Workshop], object] = lambda _: None
    ) -> Workshop:
        """One of its own, copied from one that `fill` has filled once a process."""

        def make(url: str, _folder: Path) -> Workshop:
            made = cls.made(url)
            fill(made)
            made.engine.dispose()
            return made

        kept = stem(kind, f"workshop {name}", make)
        copy = cls(kept.copied(folder))
        copy.app, copy.history = kept.made.app, list(kept.made.history)
        return copy

    def close(self) -> None:
        """Leave nothing open, and drop the database."""
        self.engine.dispose()
        drop(self.engine.url.render_as_string(hide_password=False))

    def _install(self) -> None:
        with self.engine.begin() as connection:
            install_functions(connection)
            SYSTEM.create_all(connection)
            people = Tables(DIRECTORY, self.dialect)
            apply_steps(connection, plan_steps(None, people), None, people, AT)

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self.engine.dialect.name

    @property
    def tables(self) -> Tables:
        """Of the present version."""
        assert self.app is not None
        return Tables(self.app, self.dialect)

    def steps_to(self, new: App) -> tuple[Any, ...]:
        """The plan from the present version."""
        old = None if self.app is None else self.tables
        with self.engine.connect() as connection:
            lying = StoredTrash(connection, new.name, lambda number: self.history[number])
            return plan_steps(old, Tables(new, self.dialect), lying)

    def become(
        self,
        new: App,
        steps: Iterable[Any] | None = None,
        meanwhile: Callable[[], object] | None = None,
    ) -> tuple[Any, ...]:
        """Carry out the plan to another version; with `meanwhile`, all that can be is prepared before it is called."""
        taken = tuple(self.steps_to(new) if steps is None else steps)
        ready = NOTHING
        if meanwhile is not None and self.app is not None:
            rows = {table_name(e): 1 for e in self.app.own_entities}
            ready = prepare(self.engine, taken, self.tables, Tables(new, self.dialect), rows, from_rows=1)
            meanwhile()
        with self.engine.begin() as connection:
            if ready.fillings:
                ready.catch_up(connection)
                forget_writes(connection)
            self.carry_out(connection, new, taken, ready)
        self.app = new
        self.history.append(new)
        return taken

    def carry_out(
        self, connection: sa.Connection, new: App, steps: Iterable[Any], ready: Prepared = NOTHING
    ) -> None:
        """The same in a transaction of the caller's, without remembering it."""
        old = None if self.app is None else self.tables
        after, number = Tables(new, self.dialect), len(self.history) - 1
        apply_steps(connection, steps, old, after, AT, number, prepared=ready)

    def add(self, entity_name: str, **values: Any) -> str:
        """Write a record; gives its id."""
        with self.engine.begin() as connection:
            return self.insert(connection, entity_name, **values)

    def insert(self, connection: sa.Connection, entity_name: str, **values: Any) -> str:
        """The same in a transaction of the caller's."""
        assert self.app is not None
        kind = self.app.entities[entity_name]
        record = values.pop("id", None) or uuid7()
        row: dict[str, Any] = {"id": record, "version": 1, "created_at": AT, "updated_at": AT}
        row["deleted_at"] = values.pop("deleted_at", None)
        for name, value in values.items():
            if not kind.fields[name].is_many:
                row.update(to_columns(kind.fields[name], value))
        coerced = {f.name: values.get(f.name) for f in kind.own_fields}
        row.update(search_values(kind, coerced))
        connection.execute(sa.insert(self.tables.of(entity_name)).values(row))
        for name, value in values.items():
            if kind.fields[name].is_many:
                link = self.tables.link(entity_name, name)
                for place, target in enumerate(value or ()):
                    connection.execute(sa.insert(link).values(record=record, target=target, place=place))
        return record

    def rows(self, entity_name: str) -> dict[str, dict[str, Any]]:
        """Record id → its own fields as stored; links as lists of ids."""
        assert self.app is not None
        kind = self.app.entities[entity_name]
        table = self.tables.of(entity_name)
        with self.engine.connect() as connection:
            found = {}
            for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings():
                values = {f.name: row[f.name] for f in kind.own_fields if f.has_column}
                found[row["id"]] = values
            for f in kind.own_fields:
                if f.is_many:
                    link = self.tables.link(entity_name, f.name)
                    query = sa.select(link.c.record, link.c.target).order_by(link.c.record, link.c.place)
                    for values in found.values():
                        values[f.name] = []
                    for record, target in connection.execute(query):
                        found[record][f.name].append(target)
            return found

    def values(self, entity_name: str, name: str) -> list[Any]:
        """One field of all records, in the order of ids."""
        return [row[name] for row in self.rows(entity_name).values()]

    @contextmanager
    def begin(self) -> Any:
        """A transaction."""
        with self.engine.begin() as connection:
            yield connection


def seeded(seed: int) -> random.Random:
    """A source of random values that is the same each time."""
    return random.Random(seed)
