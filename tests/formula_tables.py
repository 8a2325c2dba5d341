"""The workshop of `formula_world` as tables, in a database of either kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from databases import drop, stem
from dougong_runtime.exact import (
    POSTGRESQL_FUNCTIONS,
    Exact,
    Instant,
    JsonValue,
    RecordId,
)
from dougong_runtime.formulas.shapes import EntityShape
from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.storage.dialects import make_engine
from formula_world import ROWS, SHAPES


@dataclass(frozen=True)
class WorldFormula:
    """A formula of a field."""

    tree: Node


@dataclass(frozen=True)
class WorldField:
    """A field as the compiler sees it."""

    value_type: ValueType
    formula: WorldFormula | None = None
    visible: str = "stored"

    @property
    def has_column(self) -> bool:
        """Formulas here are never stored."""
        return self.formula is None


@dataclass(frozen=True)
class WorldEntity:
    """An entity as the compiler sees it."""

    fields: Mapping[str, WorldField]


@dataclass
class WorldApp:
    """An app as the compiler sees it."""

    entities: dict[str, WorldEntity] = field(default_factory=dict)


def world_app(formulas: Mapping[tuple[str, str], tuple[ValueType, Node]] | None = None) -> WorldApp:
    """The workshop; `formulas`: (entity, field) → what is computed when read."""
    app = WorldApp()
    for shape in SHAPES.values():
        fields = {f.name: WorldField(f.type) for f in shape.fields.values()}
        for (entity, name), (type_, tree) in (formulas or {}).items():
            if entity == shape.name:
                fields[name] = WorldField(type_, WorldFormula(tree))
        app.entities[shape.name] = WorldEntity(fields)
    return app


def column_type(type_: ValueType) -> Any:
    """The type of a column, as fields of such values have it."""
    match type_.kind:
        case Kind.NUMBER if type_.scale == 0:
            return sa.BigInteger()
        case Kind.NUMBER:
            return Exact(type_.precision, type_.scale)
        case Kind.BOOLEAN:
            return sa.Boolean()
        case Kind.DATE:
            return sa.Date()
        case Kind.DATETIME:
            return Instant()
        case Kind.TIME:
            return sa.Time()
        case Kind.RECORD:
            return RecordId()
        case Kind.LIST | Kind.FILE | Kind.JSON:
            return JsonValue()
        case Kind.CHOICE if type_.options and isinstance(type_.options[0], int):
            return sa.BigInteger()
    return sa.Text()


class WorldTables:
    """The tables of the workshop."""

    def __init__(self) -> None:
        self.metadata = sa.MetaData()
        self.tables = {s.name: self._table(s) for s in SHAPES.values()}
        self.tools = sa.Table(
            "w_client_tools",
            self.metadata,
            sa.Column("record", RecordId()),
            sa.Column("target", RecordId()),
            sa.Column("place", sa.Integer()),
        )

    def _table(self, shape: EntityShape) -> sa.Table:
        columns = [sa.Column(f.name, column_type(f.type)) for f in shape.fields.values()]
        return sa.Table(
            f"w_{shape.name}", self.metadata, sa.Column("id", RecordId(), primary_key=True), *columns
        )

    def of(self, entity: str) -> sa.Table:
        """The table of an entity."""
        return self.tables[entity]

    def link(self, entity: str, name: str) -> sa.Table:
        """The one link table."""
        assert (entity, name) == ("client", "tools")
        return self.tools

    def fill(self, connection: sa.Connection, rows: Mapping[str, Iterable[Mapping[str, Any]]] = ROWS) -> None:
        """Insert records."""
        for entity, records in rows.items():
            table = self.tables[entity]
            names = [c.name for c in table.columns]
            values = [{n: r.get(n) for n in names} for r in records]
            if values:
                connection.execute(table.insert(), values)
            links = [
                {"record": r["id"], "target": t, "place": place}
                for r in records
                for place, t in enumerate(r.get("tools") or ())
            ]
            if links:
                connection.execute(self.tools.insert(), links)


@contextmanager
def world_database(kind: str, folder: Path) -> Iterator[tuple[sa.Engine, WorldTables]]:
    """The workshop with its rows, copied from one that is made once a process."""

    def make(url: str, _folder: Path) -> WorldTables:
        engine, tables = world_engine(url), WorldTables()
        with engine.begin() as connection:
            tables.metadata.create_all(connection)
            tables.fill(connection)
        engine.dispose()
        return tables

    kept = stem(kind, "formulas", make)
    url = kept.copied(folder)
    engine = make_engine(url)
    yield engine, kept.made
    engine.dispose()
    drop(url)


def world_engine(url: str) -> sa.Engine:
    """An engine whose connections know our functions."""
    engine = make_engine(url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for statement in POSTGRESQL_FUNCTIONS:
                connection.exec_driver_sql(statement)
    return engine
