"""The row that a compiled formula stands on, and the records that its paths lead to, joined once a path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from dougong_runtime.formulas.sql import Element
from dougong_runtime.formulas.tree import Hop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dougong_runtime.formulas.tree import Node
    from dougong_runtime.formulas.types import ValueType


class FormulaLike(Protocol):
    """A formula as a field holds it."""

    @property
    def tree(self) -> Node:
        """What it means."""
        ...


class FieldLike(Protocol):
    """A field as the compiler sees it."""

    @property
    def value_type(self) -> ValueType:
        """The type of its values."""
        ...

    @property
    def formula(self) -> FormulaLike | None:
        """What it is always equal to."""
        ...

    @property
    def has_column(self) -> bool:
        """Whether it is stored; otherwise its formula is compiled where it is read."""
        ...

    @property
    def visible(self) -> str:
        """`rows` where its value depends on the rows that its reader may see."""
        ...


class EntityLike(Protocol):
    """An entity as the compiler sees it."""

    @property
    def fields(self) -> Mapping[str, FieldLike]:
        """Its fields by name."""
        ...


class AppLike(Protocol):
    """An app as the compiler sees it; `model.app.App` is one."""

    @property
    def entities(self) -> Mapping[str, EntityLike]:
        """Its entities by name."""
        ...


class TablesLike(Protocol):
    """An app's tables; `storage.tables.Tables` is one."""

    def of(self, entity: str) -> sa.Table:
        """The table of an entity."""
        ...

    def link(self, entity: str, field: str) -> sa.Table:
        """The link table of a `references` field."""
        ...


class Guard(Protocol):
    """What a reader may see: asked of every cell that a reader's formula touches, and of every record it walks to."""

    def cell(self, entity: str, field: str, row: sa.FromClause) -> sa.ColumnElement[bool] | bool:
        """Where the cell shows unmasked; elsewhere it is absent."""
        ...

    def rows(self, entity: str, row: sa.FromClause) -> sa.ColumnElement[bool] | None:
        """Which records the reader has; None for all."""
        ...


@dataclass(eq=False)
class Scope:
    """The row a statement stands on. Compile everything first, then select from `joined(row)`."""

    app: Any
    """An `AppLike`."""
    tables: TablesLike
    entity_name: str
    row: sa.FromClause
    dialect: str
    guard: Guard | None = None
    _joins: list[tuple[sa.FromClause, Element]] = field(default_factory=list, repr=False)
    _aliases: dict[tuple[Hop, ...], sa.FromClause] = field(default_factory=dict, repr=False)
    _system: Scope | None = field(default=None, repr=False)

    def as_system(self) -> Scope:
        """The same row, read by the system: its joins are this scope's too."""
        if self.guard is None:
            return self
        if self._system is None:
            self._system = Scope(
                self.app, self.tables, self.entity_name, self.row, self.dialect, None, self._joins
            )
        return self._system

    def joined(self, from_clause: sa.FromClause) -> sa.FromClause:
        """The FROM, with what the formulas compiled so far need joined to it."""
        for alias, on in self._joins:
            from_clause = from_clause.outerjoin(alias, on)
        return from_clause

    def column(self, field_name: str) -> Element:
        """A stored column of the row itself; NULL where the reader may not see the cell."""
        return self.guarded(self.entity_name, field_name, self.row)

    def guarded(self, entity: str, field_name: str, row: sa.FromClause) -> Element:
        """A stored column; NULL where the reader may not see the cell."""
        return self.shown(entity, field_name, row, row.c[field_name])

    def shown(self, entity: str, field_name: str, row: sa.FromClause, value: Element) -> Element:
        """A cell's value; NULL where the reader may not see the cell."""
        if self.guard is None or field_name == "id":
            return value
        seen = self.guard.cell(entity, field_name, row)
        if seen is True:
            return value
        if seen is False:
            return sa.type_coerce(sa.case((sa.false(), value)), value.type)
        return sa.type_coerce(sa.case((seen, value)), value.type)

    def alias(self, hops: tuple[Hop, ...]) -> sa.FromClause:
        """The record that forward hops lead to, joined to the statement."""
        if not hops:
            return self.row
        found = self._aliases.get(hops)
        if found is None:
            before, hop = self.alias(hops[:-1]), hops[-1]
            found = self.tables.of(hop.entity).alias()
            on: Element = found.c.id == self.guarded(self.entity_at(hops[:-1]), hop.field, before)
            allowed = None if self.guard is None else self.guard.rows(hop.entity, found)
            self._joins.append((found, on if allowed is None else sa.and_(on, allowed)))
            self._aliases[hops] = found
        return found

    def entity_at(self, hops: tuple[Hop, ...]) -> str:
        """Name of the entity that hops lead to."""
        return hops[-1].entity if hops else self.entity_name


@dataclass(frozen=True)
class Ground:
    """Where a tree is read: a record that `hops` lead to from a scope's row, and inside an aggregate the outer one."""

    scope: Scope
    hops: tuple[Hop, ...] = ()
    outer: Ground | None = None

    @property
    def row(self) -> sa.FromClause:
        """The record stood on."""
        return self.scope.alias(self.hops)

    @property
    def entity(self) -> str:
        """Its entity."""
        return self.scope.entity_at(self.hops)

    def at(self, hops: tuple[Hop, ...]) -> Ground:
        """The record that further forward hops lead to."""
        return self if not hops else Ground(self.scope, self.hops + hops, self.outer)

    def as_system(self) -> Ground:
        """The same record, read by the system."""
        return Ground(
            self.scope.as_system(), self.hops, None if self.outer is None else self.outer.as_system()
        )
