"""Grants as conditions of a statement: which rows a reader has, which cells of them show unmasked.

The conditions name their reader by bound parameters (`dg_user`, `dg_team`, `dg_teams_below` …), so a statement that
was built for a set of roles serves all who hold just these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import Access, EntityAccess, HeldGrant
from dougong_runtime.access.shares import NOTHING_SHARED, Shared
from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.compile import Scope, condition
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import Entity, Grant, Inherit
from dougong_runtime.storage.tables import Tables

Condition = sa.ColumnElement[bool]

ME = sa.bindparam("dg_user", type_=RecordId(), required=False, value=None)
MY_TEAM = sa.bindparam("dg_team", type_=RecordId(), required=False, value=None)
MY_TEAMS = sa.bindparam("dg_teams_below", type_=RecordId(), expanding=True, required=False, value=())


def reader_parameters(viewer: Viewer) -> dict[str, Any]:
    """Values of the parameters that rules name."""
    return {"dg_user": viewer.user, "dg_team": viewer.team, "dg_teams_below": list(viewer.teams_below)}


class Rules:
    """Compiles the grants of one set of roles; the `Guard` of every statement that its holders run."""

    def __init__(self, access: Access, tables: Tables, dialect: str, shared: Shared = NOTHING_SHARED) -> None:
        self.access = access
        self._tables = tables
        self._dialect = dialect
        self._shared = shared

    # --- what `formulas.compile` asks ------------------------------------------------------------------------

    def rows(self, entity: str, row: sa.FromClause) -> Condition | None:
        """Which rows a reader has; None for all of them."""
        return self.acting("read", entity, row)

    def cell(self, entity: str, field: str, row: sa.FromClause) -> Condition | bool:
        """Where, among the rows a reader has, a cell shows unmasked."""
        return self._cell(entity, field, row, "read")

    # --- what records ask ------------------------------------------------------------------------------------

    def acting(self, action: str, entity: str, row: sa.FromClause) -> Condition | None:
        """On which rows a reader may act so; None for all of them."""
        access = self.access.entity(entity)
        if access.everything:
            return None
        return self._any(access, access.giving(action), row, self._shared.ids(entity, action))

    def holds(self, held: HeldGrant, entity: Entity, row: sa.FromClause) -> Condition:
        """Whether one grant's row rule is true of a row, as a column to select."""
        return self._rows_of(held.grant, entity, row)

    def distinct(self, entity: str, actions: Sequence[str]) -> tuple[HeldGrant, ...]:
        """The grants of these actions whose row rule has to be asked of each row (the others hold on all)."""
        access = self.access.entity(entity)
        found = {h: None for action in actions for h in access.giving(action)}
        return tuple(h for h in found if h.grant.rows != "all")

    def aggregated(self, entity: str) -> Rules | AggregateRules:
        """The rules under which sums of an entity are drawn."""
        access = self.access.entity(entity)
        if access.everything or not any(h.grant.aggregate_only for h in access.held):
            return self
        return AggregateRules(self, entity)

    def _cell(self, entity: str, field: str, row: sa.FromClause, action: str) -> Condition | bool:
        access = self.access.entity(entity)
        if access.everything:
            return True
        found = access.entity.fields[field]
        granting = access.giving(action)
        showing = [h for h in granting if h.shows(found) == "yes"]
        if not showing:
            return False
        if len(showing) == len(granting) or any(h.grant.rows == "all" for h in showing):
            return True
        return sa.or_(*(self._rows_of(h.grant, access.entity, row) for h in showing))

    def _any(
        self, access: EntityAccess, giving: Sequence[HeldGrant], row: sa.FromClause, shared: Sequence[str]
    ) -> Condition | None:
        if any(h.grant.rows == "all" for h in giving):
            return None
        rules = list(dict.fromkeys(h.grant.rows for h in giving))
        conditions = [
            self._rows_of(next(h.grant for h in giving if h.grant.rows == rule), access.entity, row)
            for rule in rules
        ]
        if shared:
            conditions.append(row.c.id.in_(shared))
        return sa.or_(*conditions) if conditions else sa.false()

    def _rows_of(self, grant: Grant, entity: Entity, row: sa.FromClause) -> Condition:
        rule = grant.rows
        if isinstance(rule, Inherit):
            return self._inherited(entity, rule, row)
        if isinstance(rule, Formula):
            return self._formula(entity, rule, row)
        owner = row.c[entity.owner_field]
        match rule:
            case "all":
                return sa.true()
            case "self":
                return row.c.id == ME
            case "own":
                return owner == ME
            case "team":
                return owner.in_(self._people(lambda user: user.c.team == MY_TEAM))
            case "team_below":
                return owner.in_(self._people(lambda user: user.c.team.in_(MY_TEAMS)))
        raise ValueError(f"unknown row rule {rule!r}")

    def _people(self, where: Any) -> sa.Select[Any]:
        user = self._tables.of("user").alias()
        return sa.select(user.c.id).where(where(user))

    def _inherited(self, entity: Entity, rule: Inherit, row: sa.FromClause) -> Condition:
        target = entity.fields[rule.field].targets[0]
        other = self._tables.of(target).alias()
        allowed = self.rows(target, other)
        if allowed is None:
            return row.c[rule.field].is_not(None)
        return row.c[rule.field].in_(sa.select(other.c.id).where(allowed))

    def _formula(self, entity: Entity, rule: Formula, row: sa.FromClause) -> Condition:
        """The system's own reading: a rule may look at what its reader may not.

        A rule that walks references is asked in a sub-select, so that it brings its joins with it and can stand
        wherever a condition can.
        """
        inner = self._tables.of(entity.name).alias()
        scope = Scope(self.access.app, self._tables, entity.name, inner, self._dialect)
        true_there = condition(rule.tree, scope)
        joined = scope.joined(inner)
        if joined is not inner:
            return row.c.id.in_(sa.select(inner.c.id).select_from(joined).where(true_there))
        here = Scope(self.access.app, self._tables, entity.name, row, self._dialect)
        return condition(rule.tree, here)


class AggregateRules:
    """Rules for sums: grants that give sums only count for the one entity summed."""

    def __init__(self, rules: Rules, entity: str) -> None:
        self._rules, self._entity = rules, entity

    def rows(self, entity: str, row: sa.FromClause) -> Condition | None:
        """As `Rules.rows`, grants that give sums only included for the entity summed."""
        return self._rules.acting("aggregate" if entity == self._entity else "read", entity, row)

    def cell(self, entity: str, field: str, row: sa.FromClause) -> Condition | bool:
        """As `Rules.cell`, likewise."""
        return self._rules._cell(entity, field, row, "aggregate" if entity == self._entity else "read")
