"""Rules that name people by what is true of them (of my team, of a team below it, led by me), asked beforehand.

A firm has few people and many records. Where a statement is given the ids of the people, the database knows how many
there are and uses the index on whose a record is; a join with people inside the rule is planned for the average, and
walks through a million records for the few of a team.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import Access
from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.compile import Scope, condition
from dougong_runtime.formulas.tree import Call, Context, Literal, Node, Path, Setting
from dougong_runtime.lazily import cached_property
from dougong_runtime.storage.ready import Ready, among
from dougong_runtime.storage.tables import Tables

MY_TEAM = sa.bindparam("dg_team", type_=RecordId(), required=False, value=None)
MY_TEAMS = "dg_teams_below"

_READY_MADE = ("team", "team_below")
_ORDERINGS = ("_lt", "_le", "_gt", "_ge")


def along_reference(part: Node) -> tuple[str, str, Node] | None:
    """A condition on the record that a reference names, and true of no absent one: (field, its entity, the condition
    as that record reads it). None for any other condition.
    """
    if not isinstance(part, Call) or not part.arguments:
        return None
    left, *rest = part.arguments
    if not isinstance(left, Path) or left.base != "row" or not left.hops or left.hops[0].way != "forward":
        return None
    match part.function:
        case "_eq" | "in" if all(_is_there(right) for right in rest):
            pass
        case name if name in _ORDERINGS and all(_is_constant(right) for right in rest):
            pass
        case _:
            return None
    first = left.hops[0]
    return first.field, first.entity, replace(part, arguments=(replace(left, hops=left.hops[1:]), *rest))


def _is_constant(node: Node) -> bool:
    """Whether a value is the same for every record."""
    match node:
        case Literal() | Context() | Setting():
            return True
        case Path():
            return node.base == "user"
        case _:
            return False


def _is_there(node: Node) -> bool:
    """Whether a value is the same for every record and agrees with no absent one."""
    if isinstance(node, Literal):
        return node.value is not None
    return isinstance(node, Path) and node.base == "user"


def rule_parts(tree: Node) -> list[Node]:
    """What a rule joins by AND and OR."""
    if isinstance(tree, Call) and tree.function in ("_and", "_or"):
        return [part for argument in tree.arguments for part in rule_parts(argument)]
    return [tree]


class People:
    """The lists of people that the rules of one set of roles name, each with its parameter."""

    def __init__(self, access: Access, tables: Tables, dialect: str) -> None:
        self._access, self._tables, self._dialect = access, tables, dialect
        self._lists: dict[object, Callable[[sa.FromClause], sa.ColumnElement[bool]]] = {}
        for entity in () if access.everything else access.app.entities:
            for held in access.entity(entity).held:
                self._note(held.grant.rows)
        self._parameters = {rule: f"dg_people_{n}" for n, rule in enumerate(self._lists)}

    def parameter(self, rule: object) -> str | None:
        """The parameter that holds the people of a ready-made rule or of a condition on a person; None for others."""
        return self._parameters.get(rule)

    def values(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> dict[str, list[str]]:
        """Parameter → ids of people, asked in one statement; none where no rule names people."""
        if not self._lists:
            return {}
        found: dict[str, list[str]] = {name: [] for name in self._parameters.values()}
        names = list(found)
        for place, person in self._statement.all(connection, parameters):
            found[names[place]].append(person)
        return found

    def _note(self, rule: object) -> None:
        if rule == "team":
            self._lists["team"] = lambda user: user.c.team == MY_TEAM
        elif rule == "team_below":
            self._lists["team_below"] = lambda user: among(user.c.team, MY_TEAMS, self._dialect)
        elif isinstance(rule, Formula):
            for part in rule_parts(rule.tree):
                found = along_reference(part)
                if found is not None and found[1] == "user":
                    self._lists[found[2]] = self._condition(found[2])

    def _condition(self, tree: Node) -> Callable[[sa.FromClause], sa.ColumnElement[bool]]:
        def of(user: sa.FromClause) -> sa.ColumnElement[bool]:
            inner = self._tables.of("user").alias()
            scope = Scope(self._access.app, self._tables, "user", inner, self._dialect)
            true_there = condition(tree, scope)
            return user.c.id.in_(sa.select(inner.c.id).select_from(scope.joined(inner)).where(true_there))

        return of

    @cached_property
    def _statement(self) -> Ready:
        user = self._tables.of("user").alias("person")
        each = [
            sa.select(sa.literal_column(str(place), sa.Integer), user.c.id).where(where(user))
            for place, where in enumerate(self._lists.values())
        ]
        return Ready(sa.union_all(*each) if len(each) > 1 else each[0])
