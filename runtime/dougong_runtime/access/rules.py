"""Grants as conditions of a statement: which rows a reader has, which cells of them show unmasked.

The conditions name their reader by bound parameters (`dg_user`, `dg_team`, `dg_teams_below` …), so a statement that
was built for a set of roles serves all who hold just these.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import Access, HeldGrant
from dougong_runtime.access.people import MY_TEAMS, People, along_reference
from dougong_runtime.access.shares import Shared
from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.compile import Scope, condition
from dougong_runtime.formulas.tree import Call, Node
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import Entity, Grant, Inherit
from dougong_runtime.storage.ready import among
from dougong_runtime.storage.tables import Tables

Condition = sa.ColumnElement[bool]

ME = sa.bindparam("dg_user", type_=RecordId(), required=False, value=None)


def reader_parameters(viewer: Viewer, shared: Shared) -> dict[str, Any]:
    """Values of the parameters that rules name."""
    of_shares = {
        _shared_parameter(entity, action): shared.ids(entity, action) for entity, action in shared.shape
    }
    mine = {"dg_user": viewer.user, "dg_team": viewer.team, MY_TEAMS: list(viewer.teams_below)}
    return {**mine, **of_shares}


def _shared_parameter(entity: str, action: str) -> str:
    return f"dg_shared_{action}_{entity}"


class Rules:
    """Compiles the grants of one set of roles; the `Guard` of every statement that its holders run.

    `shared` names the entities of which a holder has shared records, each with read or update; their ids are bound.
    """

    def __init__(
        self,
        access: Access,
        tables: Tables,
        dialect: str,
        shared: Collection[tuple[str, str]] = (),
    ) -> None:
        self.access = access
        self.people = People(access, tables, dialect)
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
        return self._acting(action, entity, row, ())

    def holds(self, held: HeldGrant, entity: Entity, row: sa.FromClause) -> Condition:
        """Whether one grant's row rule is true of a row, as a column to select."""
        return self._rows_of(held.grant, entity, row, ())

    def reaches(self, held: HeldGrant, entity: Entity, row: sa.FromClause) -> Condition:
        """Whether a grant that reads reaches a row: by its rule, or because the row is shared with the reader."""
        return self._or_shared([self.holds(held, entity, row)], entity.name, "read", row)

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
        rules = [self._rows_of(h.grant, access.entity, row, ()) for h in showing]
        # A share lets the grants that read reach the row, not those that give sums only.
        by_share = any(not h.grant.aggregate_only for h in showing)
        return self._or_shared(rules, entity, "read" if by_share else "", row)

    def _acting(
        self, action: str, entity: str, row: sa.FromClause, coming_from: tuple[str, ...]
    ) -> Condition | None:
        access = self.access.entity(entity)
        if access.everything:
            return None
        giving = access.giving(action)
        if any(h.grant.rows == "all" for h in giving):
            return None
        if not giving:
            return sa.false()
        by_rule: Mapping[object, Grant] = {h.grant.rows: h.grant for h in reversed(giving)}
        rules = [self._rows_of(grant, access.entity, row, coming_from) for grant in by_rule.values()]
        if action == "aggregate":
            action = "read" if access.reading else ""
        return self._or_shared(rules, entity, action, row)

    def _or_shared(
        self, conditions: Sequence[Condition], entity: str, action: str, row: sa.FromClause
    ) -> Condition:
        """Any of these, or that the row is shared with the reader for an action (read or update)."""
        if (entity, action) not in self._shared:
            return sa.or_(*conditions)
        return sa.or_(*conditions, among(row.c.id, _shared_parameter(entity, action), self._dialect))

    def _rows_of(
        self, grant: Grant, entity: Entity, row: sa.FromClause, coming_from: tuple[str, ...]
    ) -> Condition:
        rule = grant.rows
        if isinstance(rule, Inherit):
            return self._inherited(entity, rule, row, coming_from)
        if isinstance(rule, Formula):
            return self._formula(entity, rule.tree, row)
        owner = row.c[entity.owner_field]
        match rule:
            case "all":
                return sa.true()
            case "self":
                return row.c.id == ME
            case "own":
                return owner == ME
            case "team":
                return self._among_people(owner, "team")
            case "team_below":
                return self._among_people(owner, "team_below")
        raise ValueError(f"unknown row rule {rule!r}")

    def _among_people(self, column: sa.ColumnElement[Any], rule: object) -> Condition:
        parameter = self.people.parameter(rule)
        if parameter is None:
            raise AssertionError(f"no list of people for {rule!r}")
        return among(column, parameter, self._dialect)

    def _inherited(
        self, entity: Entity, rule: Inherit, row: sa.FromClause, coming_from: tuple[str, ...]
    ) -> Condition:
        """Whoever may read the record named. A way that comes back to an entity that it has passed gives nothing."""
        field = entity.fields[rule.field]
        passed = (*coming_from, entity.name)
        ways: list[Condition] = []
        for target in field.targets:
            if target in passed:
                continue
            other = self._tables.of(target).alias()
            allowed = self._acting("read", target, other, passed)
            named = row.c[rule.field]
            way = named.is_not(None) if allowed is None else named.in_(sa.select(other.c.id).where(allowed))
            # An id says nothing of whose it is: the record of another target must not pass for one of this.
            ways.append(
                sa.and_(row.c[f"{field.name}__entity"] == target, way) if field.is_polymorphic else way
            )
        return sa.or_(*ways) if ways else sa.false()

    def _formula(self, entity: Entity, tree: Node, row: sa.FromClause) -> Condition:
        """The system's own reading: a rule may look at what its reader may not.

        A part that walks references is asked in a sub-select, so that it brings its joins with it and can stand
        wherever a condition can.
        """
        match tree:
            case Call(function="_and"):
                return sa.and_(*(self._formula(entity, part, row) for part in tree.arguments))
            case Call(function="_or"):
                return sa.or_(*(self._formula(entity, part, row) for part in tree.arguments))
        along = along_reference(tree)
        if along is not None:
            name, target, there = along
            if target == "user":
                return self._among_people(row.c[name], there)
            other = self._tables.of(target).alias()
            scope = Scope(self.access.app, self._tables, target, other, self._dialect)
            true_there = condition(there, scope)
            return row.c[name].in_(sa.select(other.c.id).select_from(scope.joined(other)).where(true_there))
        inner = self._tables.of(entity.name).alias()
        scope = Scope(self.access.app, self._tables, entity.name, inner, self._dialect)
        true_there = condition(tree, scope)
        joined = scope.joined(inner)
        if joined is not inner:
            return row.c.id.in_(sa.select(inner.c.id).select_from(joined).where(true_there))
        here = Scope(self.access.app, self._tables, entity.name, row, self._dialect)
        return condition(tree, here)


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
