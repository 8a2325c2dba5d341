"""Formulas as SQL: joins once a path, indexes that serve, a reader's guard, measures, bound values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import Executable

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.compile import Scope, compile_formula, compile_measure, condition, stored
from dougong_runtime.formulas.context import Context, needed
from dougong_runtime.formulas.evaluate import MemoryRow
from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import INTEGER, number, record
from formula_tables import WorldTables, world_app, world_database
from formula_world import NOW, SETTING_VALUES, SETTINGS, SHAPES, ZONE, rid

CONTEXT = Context(now=NOW, time_zone=ZONE, user_id=rid(11), roles=("fitter",), settings=SETTING_VALUES)


def tree(text: str, place: Any = "filter", entity: str = "client", **rest: Any) -> Node:
    """A typed formula of the workshop."""
    return check_formula(text, entity=entity, shapes=SHAPES, settings=SETTINGS, place=place, **rest).tree


class Database:
    """The workshop in a database."""

    def __init__(self, engine: sa.Engine, tables: WorldTables) -> None:
        self.engine, self.kind, self.tables, self.app = engine, engine.dialect.name, tables, world_app()

    def scope(self, entity: str = "client", guard: Any = None) -> Scope:
        """A scope on an aliased table."""
        return Scope(self.app, self.tables, entity, self.tables.of(entity).alias("r"), self.kind, guard)

    def rows(self, scope: Scope, *columns: Any, where: Any = None, **parameters: Any) -> list[Any]:
        """What a statement over the scope gives, by id unless it groups."""
        statement = sa.select(*columns).select_from(scope.joined(scope.row))
        if where is not None:
            statement = statement.where(where)
        with self.engine.connect() as connection:
            return list(connection.execute(statement, {**CONTEXT.parameters(), **parameters}).all())

    def value(self, text: str, guard: Any = None, entity: str = "client", id_: str = rid(21)) -> Any:
        """A formula of one record."""
        scope = self.scope(entity, guard)
        return self.rows(
            scope, compile_formula(tree(text, entity=entity), scope), where=scope.row.c.id == id_
        )[0][0]


@pytest.fixture
def database(database_kind: str, tmp_path: Path) -> Iterator[Database]:
    with world_database(database_kind, tmp_path) as (engine, tables):
        yield Database(engine, tables)


@every_database
def test_a_path_is_joined_once(database: Database) -> None:
    scope = database.scope()
    column = compile_formula(tree("owner.name & owner.team.name & owner.username"), scope)
    where = condition(tree("owner.team.name = 'Floor'"), scope)
    statement = sa.select(column).select_from(scope.joined(scope.row)).where(where)
    assert str(statement).count("LEFT OUTER JOIN") == 2
    assert database.rows(scope, column, where=where) == [("LiFloorli",)]


@every_database
def test_constants_stand_in_the_columns_own_units_so_that_indexes_serve(database: Database) -> None:
    with database.engine.begin() as connection:
        for name in ("budget", "visits", "wide", "grade", "seen_at", "owner", "born"):
            connection.execute(sa.text(f"CREATE INDEX i_{name} ON w_client ({name})"))
        connection.execute(sa.text("CREATE INDEX i_order_client ON w_order (client)"))
        for text, index in (
            ("budget > 10.5", "i_budget"),
            ("budget >= 1000 AND name <> ''", "i_budget"),
            ("visits = 7", "i_visits"),
            ("visits IN (7, 8)", "i_visits"),
            ("wide >= 3.25", "i_wide"),
            ("grade = 'B'", "i_grade"),
            ("grade IN ('A', 'B')", "i_grade"),
            ("owner = USER()", "i_owner"),
            ("born >= TODAY() - 30", "i_born"),
            ("seen_at = '2026-03-02'", "i_seen_at"),
            ("seen_at >= TODAY() - 7", "i_seen_at"),
            ("budget > SETTING('discount')", "i_budget"),
            ("SUM(orders.amount) > 3", "i_order_client"),
            ("EXISTS(orders, paid)", "i_order_client"),
        ):
            scope = database.scope()
            where = condition(tree(text), scope)
            statement = sa.select(scope.row.c.id).select_from(scope.joined(scope.row)).where(where)
            explain = "EXPLAIN QUERY PLAN " if database.kind == "sqlite" else "EXPLAIN "
            if database.kind == "postgresql":
                connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            plan = connection.execute(_Explained(statement, explain), CONTEXT.parameters()).all()
            assert index in str(plan), (text, plan)


COMPARED: dict[str, Callable[[int, Decimal], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<": operator.lt, "<=": operator.le, "=": operator.eq, "<>": operator.ne
}  # fmt: skip


@every_database
@pytest.mark.parametrize(
    ("entity", "counted"),
    [
        ("client", "orders"),
        ("client", "orders, amount > 10"),
        ("client", "orders.lines"),
        ("client", "tools"),
        ("order", "lines"),
        ("order", "client.orders"),
        ("machine", "users"),
        ("machine", "lines, price > 1"),
    ],
)
def test_related_records_are_counted_no_further_than_to_compare(
    database: Database, entity: str, counted: str
) -> None:
    scope = database.scope(entity)
    found = database.rows(
        scope, scope.row.c.id, compile_formula(tree(f"COUNT({counted})", entity=entity), scope)
    )
    counts = {id_: int(n) for id_, n in found}
    assert any(counts.values())
    for sign, holds in COMPARED.items():
        for number_ in ("0", "1", "2", "2.5", "3", "1000", "1001", "-1"):
            scope = database.scope(entity)
            where = condition(tree(f"COUNT({counted}) {sign} {number_}", entity=entity), scope)
            got = {row[0] for row in database.rows(scope, scope.row.c.id, where=where)}
            wanted = {id_ for id_, n in counts.items() if holds(n, Decimal(number_))}
            assert got == wanted, (counted, sign, number_)
            is_bounded = "LIMIT" in str(where)
            assert is_bounded or number_ in ("0", "1001", "-1") or sign in ("=", "<>"), (sign, number_)


class _Explained(Executable, sa.ClauseElement):
    """A statement whose plan is asked for."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[Any], word: str) -> None:
        self.statement, self.word = statement, word


@compiles(_Explained)
def _compile_explained(element: _Explained, compiler: Any, **kw: Any) -> str:
    return element.word + str(compiler.process(element.statement, **kw))


class Hiding:
    """A guard: budgets show to nobody, order amounts where paid; unpaid orders and inactive parents are not there."""

    def cell(self, entity: str, field: str, row: sa.FromClause) -> Any:
        """Which cells show."""
        if (entity, field) == ("client", "budget"):
            return False
        if (entity, field) == ("client", "tools"):
            return row.c.name != "张记五金"
        if (entity, field) == ("order", "grade"):
            return row.c.amount > sa.literal(Decimal(150), row.c.amount.type)
        return True

    def rows(self, entity: str, row: sa.FromClause) -> Any:
        """Which rows there are."""
        if entity == "order":
            return row.c.paid.is_(True)
        return row.c.name == "Nobody" if entity == "team" else None


@every_database
def test_a_guard_hides_cells_and_rows_from_every_use(database: Database) -> None:
    guard = Hiding()
    assert database.value("budget", guard) is None
    assert database.value("budget + 1", guard) is None
    assert database.value("budget = NULL", guard) is True
    assert database.value("COUNT(orders)", guard) == 2
    assert database.value("SUM(orders.amount)", guard) == Decimal("300.50")
    assert database.value("COUNT(orders.grade)", guard) == 1
    assert database.value("EXISTS(orders, grade = 'A')", guard) is False
    assert database.value("COUNT(tools)", guard) == 0
    assert database.value("COUNT(tools)", guard, id_=rid(22)) == 1
    assert database.value("COUNT(parent.tools)", guard) == 1
    assert database.value("COUNT(users)", guard, "machine", rid(32)) == 1
    assert database.value("COUNT(users)", None, "machine", rid(32)) == 2
    assert database.value("COUNT(client.tools)", guard, "order", rid(41)) == 0
    assert database.value("COUNT(client.tools)", None, "order", rid(41)) == 2
    assert database.value("owner.team.name", guard) is None
    assert database.value("owner.name", guard) == "Li"
    assert database.value("SUM(client.orders.amount)", guard, "line", rid(51)) == Decimal("300.50")
    scope = database.scope(guard=guard)
    assert database.rows(scope, scope.row.c.id, where=condition(tree("budget > 1"), scope)) == []


@every_database
def test_computed_fields_are_compiled_in_place_with_the_systems_eyes(database: Database) -> None:
    total = tree("SUM(orders.amount)", "formula")
    half = check_formula("total / 3", entity="client", shapes=SHAPES_WITH_TOTAL, place="formula").tree
    database.app = world_app({("client", "total"): (number(2), total), ("client", "half"): (number(2), half)})
    formula = check_formula("half", entity="client", shapes=SHAPES_WITH_TOTAL, place="filter").tree
    path = check_formula(
        "client.half + client.total", entity="order", shapes=SHAPES_WITH_TOTAL, place="filter"
    ).tree
    for guard, expected in ((None, Decimal("116.83")), (Hiding(), Decimal("116.83"))):
        scope = database.scope(guard=guard)
        found = database.rows(scope, compile_formula(formula, scope), where=scope.row.c.id == rid(21))
        assert found == [(expected,)]
        orders = database.scope("order", guard)
        found = database.rows(orders, compile_formula(path, orders), where=orders.row.c.id == rid(41))
        assert found == [(Decimal("467.33"),)]


_CLIENT = SHAPES["client"]
_TOTAL = {n: replace(_CLIENT.fields["budget"], name=n) for n in ("total", "half")}
SHAPES_WITH_TOTAL = {**SHAPES, "client": replace(_CLIENT, fields={**_CLIENT.fields, **_TOTAL})}


@every_database
@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("COUNT()", [2, 1]),
        ("SUM(amount)", [Decimal("300.50"), Decimal("50.00")]),
        ("COUNT(grade = 'A') / COUNT()", [Decimal("0.5"), Decimal(0)]),
        ("SUM(IF(paid, amount, -amount))", [Decimal("300.50"), Decimal("-50.00")]),
        ("AVG(amount, amount > 150)", [Decimal("200.5"), None]),
        ("MAX(client.name)", ["张记五金", "张记五金"]),
        ("MEDIAN(amount)", [Decimal("150.25"), Decimal(50)]),
        ("STDEV(amount) = NULL", [False, True]),
        ("JOIN(number, '+')", ["O-1+O-3", "O-2"]),
        ("COUNT_DISTINCT(client)", [1, 1]),
        ("SUM(lines.quantity)", [Decimal("13.5"), Decimal(0)]),
        ("MAX(grade)", ["C", None]),
    ],
)
def test_measures_over_groups(database: Database, measure: str, expected: list[Any]) -> None:
    scope = database.scope("order")
    key, figure = scope.row.c.paid, compile_measure(tree(measure, "measure", "order"), scope)
    statement = (
        sa.select(key, figure)
        .select_from(scope.joined(scope.row))
        .where(scope.row.c.deleted_at.is_(None))
        .group_by(key)
        .order_by(key.desc())
    )
    with database.engine.connect() as connection:
        assert [r[1] for r in connection.execute(statement, CONTEXT.parameters())] == expected


@every_database
def test_what_is_stored_is_rounded_once_half_away_from_zero(database: Database) -> None:
    for text, type_, expected in (
        ("1.005", number(2), Decimal("1.01")),
        ("-1.005", number(2), Decimal("-1.01")),
        ("budget / 7", number(4), Decimal("142.8571")),
        ("wide * 2", number(1, 38), Decimal("2469135780246913579.0")),
        ("7 / 2", INTEGER, Decimal(4)),
        ("rate", number(2), Decimal("0.13")),
    ):
        scope = database.scope()
        column = stored(tree(text), type_, scope)
        assert database.rows(scope, column, where=scope.row.c.id == rid(21))[0][0] == expected, text
    scope = database.scope()
    with pytest.raises((sa.exc.DBAPIError, Refused)):
        database.rows(scope, stored(tree("wide * 1000"), number(2), scope))


@every_database
def test_what_a_write_changes_is_bound(database: Database) -> None:
    scope = database.scope()
    rule = condition(tree("NOT CHANGED(grade) OR OLD.budget < budget", "rule"), scope)
    assert needed(rule) == {"dg_changed_grade", "dg_old_budget"}
    for changed, old, expected in (
        (True, Decimal(1), 1),
        (True, Decimal(5000), 0),
        (False, None, 1),
        (True, None, 0),
    ):
        found = database.rows(
            scope, scope.row.c.id, where=sa.and_(rule, scope.row.c.id == rid(21)), dg_changed_grade=changed, dg_old_budget=old
        )  # fmt: skip
        assert len(found) == expected


@every_database
def test_variables_are_bound(database: Database) -> None:
    variables = {"record": record("order"), "steps.best.value": number(2)}
    scope = database.scope()
    value = compile_formula(
        tree("visits * steps.best.value + record.amount", "workflow", variables=variables), scope
    )
    order = MemoryRow("order", {"id": rid(41), "amount": Decimal("0.25")}, {})
    context = replace(CONTEXT, variables={"record": order, "steps.best.value": Decimal("1.5")})
    bound = context.variable_parameters(needed(value))
    assert database.rows(scope, value, where=scope.row.c.id == rid(21), **bound) == [(Decimal("10.75"),)]


@every_database
def test_who_has_no_team_shares_it_with_nobody(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.update(database.tables.of("user")).values(team=None))
    scope = database.scope()
    where = condition(tree("owner.team = USER().team", "row_rule"), scope)
    assert database.rows(scope, scope.row.c.id, where=where) == []


@every_database
def test_an_absent_side(database: Database) -> None:
    for text, expected in (
        ("NULL = 1", False),
        ("parent.budget = budget", False),
        ("parent.budget <> budget", True),
        ("parent.budget = parent.rate", True),
        ("parent.budget <> parent.rate", False),
        ("parent.budget < 1", None),
        ("NOT (parent.budget < 1)", None),
        ("1 / 0", None),
        ("parent.budget + 1", None),
        ("SUM(parent.orders.amount)", Decimal(0)),
        ("AVG(parent.orders.amount)", None),
        ("'' & NULL", None),
        ("0.1 + 0.2 = 0.3", True),
    ):
        assert database.value(text) == expected, text
