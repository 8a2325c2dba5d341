"""Random formulas as text, by the kind of their result, and random rows of the workshop to read them on."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from formula_world import rid

Texts = st.SearchStrategy[str]


def _join(*parts: Any) -> Texts:
    """Strategies and fixed words, one after another."""
    return st.tuples(*(p if isinstance(p, st.SearchStrategy) else st.just(p) for p in parts)).map("".join)


_NUMBERS = ["budget", "small_order", "rate", "visits", "wide", "SETTING('discount')", "SETTING('limit')", "parent.budget", "owner.team.parent.version", "LEN(name)", "ORD(grade)", "mood", "COUNT(orders)", "SUM(orders.amount)", "NULL"]  # fmt: skip
_TEXTS = ["name", "code", "grade", "parent.name", "owner.username", "SETTING('prefix')", "JOIN(orders.number, '/')", "''", "'张三丰'", "'a-b'", "'Straße'", "' x  y '", "mood", "id"]  # fmt: skip
_BOOLEANS = ["active", "parent.active", "TRUE", "FALSE", "NULL", "HAS(skills, 'weld')", "orders = NULL", "skills <> ''", "grade = 'B'", "grade < 'C'", "owner = USER()", "owner.team = USER().team", "HAS(tools.kind, 'press')", "photo = NULL", "EXISTS(orders, paid)"]  # fmt: skip
_DATES = [
    "born",
    "parent.born",
    "TODAY()",
    "DATE('2024-02-29')",
    "DATE(seen_at)",
    "MAX(orders.paid_on)",
    "NULL",
]
_INSTANTS = ["seen_at", "NOW()", "created_at", "parent.seen_at", "MIN(orders.placed_at)"]

_literal_number = st.one_of(
    st.integers(-3, 12).map(str),
    st.sampled_from(
        ["0.5", "0.005", "2.345", "99.995", "1000000", "0.1", "123456789012345678", "0.00000000000000000001"]
    ),
)
_small = st.integers(-2, 5).map(str)


def numbers(depth: int) -> Texts:
    """Formulas that give a number."""
    leaf = st.one_of(st.sampled_from(_NUMBERS), _literal_number)
    if depth <= 0:
        return leaf
    n, b, t, d, i = (
        numbers(depth - 1),
        booleans(depth - 1),
        texts(depth - 1),
        dates(depth - 1),
        instants(depth - 1),
    )
    return st.one_of(
        leaf,
        _join("(", n, st.sampled_from([" + ", " - ", " * ", " / "]), n, ")"),
        _join("-", "(", n, ")"),
        _join(st.sampled_from(["ROUND", "ROUND_EVEN", "ROUNDUP", "ROUNDDOWN"]), "(", n, ", ", _small, ")"),
        _join(st.sampled_from(["INT", "ABS", "SIGN", "SQRT"]), "(", n, ")"),
        _join(st.sampled_from(["MOD", "FLOOR", "CEILING", "QUOTIENT"]), "(", n, ", ", n, ")"),
        _join("POWER(", n, ", ", _small, ")"),
        _join("CLAMP(", n, ", ", n, ", ", n, ")"),
        _join(st.sampled_from(["MIN", "MAX", "COALESCE"]), "(", n, ", ", n, ")"),
        _join("MAX(", n, ", ", n, ", ", n, ")"),
        _join("IF(", b, ", ", n, ", ", n, ")"),
        _join("IFS(", b, ", ", n, ", ", b, ", ", n, ", ", n, ")"),
        _join("SWITCH(grade, 'A', ", n, ", 'B', ", n, ")"),
        _join("LEN(", t, ")"),
        _join("FIND('a', ", t, ")"),
        _join("VALUE(", t, ")"),
        _join("(", d, " - ", d, ")"),
        _join("(", i, " - ", i, ")"),
        _join("HOURS_BETWEEN(", i, ", ", i, ")"),
        _join(
            st.sampled_from(["YEAR", "MONTH", "DAY", "QUARTER", "WEEKDAY", "WEEKNUM", "ISOWEEKNUM", "AGE"]),
            "(",
            d,
            ")",
        ),
        _join(st.sampled_from(["HOUR", "MINUTE", "DAY"]), "(", i, ")"),
        _join("DATEDIF(", d, ", ", d, ", '", st.sampled_from("YMD"), "')"),
        _join("NETWORKDAYS(", d, ", ", d, ")"),
        _inner_figure(depth - 1),
    )


def _inner_figure(depth: int) -> Texts:
    """Aggregates over inverses, paths and many-to-many references."""
    of = st.sampled_from(["orders.amount", "lines.price", "orders.lines.quantity", "lines.machine.hours", "tools.hours", "parent.orders.amount", "tools.lines.price", "lines.order.amount", "orders.client.lines.price", "tools.users.budget"])  # fmt: skip
    test = st.sampled_from(["", ", TRUE", ", created_at <> NULL", ", version > 1 OR NULL"])
    own = st.sampled_from(["paid", "NOT paid", "amount > THIS.small_order", "grade IN ('A', 'C')", "paid_on >= TODAY() - 60", "placed_at = '2026-01-10'", "grade = THIS.grade", "LEN(number) > 2 AND client.active"])  # fmt: skip
    return st.one_of(
        _join(
            st.sampled_from(["SUM", "AVG", "MIN", "MAX", "COUNT", "COUNT_DISTINCT", "MEDIAN", "STDEV"]),
            "(",
            of,
            test,
            ")",
        ),
        _join(st.sampled_from(["SUM", "AVG", "MAX", "STDEV", "COUNT"]), "(orders.amount, ", own, ")"),
        _join("COUNT(orders, ", own, ")"),
        _join(
            st.sampled_from(["FIRST", "LAST"]),
            "(orders.amount, ",
            st.sampled_from(["paid_on", "amount", "number", "grade", "placed_at"]),
            ")",
        ),
        _join("LAST(orders.amount, paid_on, ", own, ")"),
        _join("XIRR(orders.amount, paid_on)"),
    )


def texts(depth: int) -> Texts:
    """Formulas that give a text."""
    leaf = st.sampled_from(_TEXTS)
    if depth <= 0:
        return leaf
    n, b, t, d, i = (
        numbers(depth - 1),
        booleans(depth - 1),
        texts(depth - 1),
        dates(depth - 1),
        instants(depth - 1),
    )
    return st.one_of(
        leaf,
        _join("(", t, " & ", st.one_of(t, n, d, i, b), ")"),
        _join(st.sampled_from(["UPPER", "LOWER", "TRIM", "REVERSE", "DIGITS"]), "(", t, ")"),
        _join(st.sampled_from(["LEFT", "RIGHT"]), "(", t, ", ", _small, ")"),
        _join("MID(", t, ", ", _small, ", ", _small, ")"),
        _join("REPLACE(", t, ", ", _small, ", ", _small, ", ", t, ")"),
        _join("SUBSTITUTE(", t, ", ", t, ", ", t, ")"),
        _join("SPLIT(", t, ", '-', ", _small, ")"),
        _join("PAD_LEFT(", t, ", 9, ", t, ")"),
        _join("REPT(", t, ", ", _small, ")"),
        _join("MASK(", t, ", 1, 1)"),
        _join("FIXED(", n, ", ", _small, ", ", st.sampled_from(["TRUE", "FALSE"]), ")"),
        _join("TEXT(", d, ", 'yyyy/m/d q')"),
        _join("TEXT(", i, ", 'yy-mm-dd hh:mi:ss')"),
        _join("IF(", b, ", ", t, ", ", t, ")"),
        _join("COALESCE(", t, ", ", t, ")"),
        _join("LIST(", t, ", ", t, ", ", t, ")"),
        _join("BUCKET(", n, ", 0, 10.5, 100)"),
        _join("JOIN(lines.machine.name, '; ', quantity > 1)"),
        _join("LAST(orders.number, amount)"),
        _join("MAX(orders.grade)"),
        _join("MIN(", t, ", ", t, ")"),
        _join("LIST_JOIN(skills, ", t, ")"),
    )


def booleans(depth: int) -> Texts:
    """Formulas that give true, false or nothing."""
    leaf = st.sampled_from(_BOOLEANS)
    if depth <= 0:
        return leaf
    n, b, t, d, i = (
        numbers(depth - 1),
        booleans(depth - 1),
        texts(depth - 1),
        dates(depth - 1),
        instants(depth - 1),
    )
    order = st.sampled_from([" = ", " <> ", " < ", " <= ", " > ", " >= "])
    return st.one_of(
        leaf,
        _join("(", n, order, n, ")"),
        _join("(", t, order, t, ")"),
        _join("(", d, order, d, ")"),
        _join("(", i, order, i, ")"),
        _join("(", i, order, d, ")"),
        _join("(", st.one_of(n, t, d, i, b), st.sampled_from([" = ", " <> "]), "NULL)"),
        _join("(", b, st.sampled_from([" AND ", " OR ", " = ", " <> "]), b, ")"),
        _join("NOT(", b, ")"),
        _join("XOR(", b, ", ", b, ")"),
        _join("(", n, " IN (", n, ", ", n, ", 1))"),
        _join("(", t, " IN ('a', ", t, "))"),
        _join("(grade IN ('A', NULL))"),
        _join("(budget IN (100, 0.5, 250.25))"),
        _join(st.sampled_from(["CONTAINS", "STARTS", "ENDS"]), "(", t, ", ", t, ")"),
        _join("(", n, " <= ", n, " <= ", n, ")"),
        _join("ISEVEN(", n, ")"),
        _join("IS_WORKDAY(", d, ")"),
        _join("HAS(skills, ", t, ")"),
        _join("IF(", b, ", ", b, ", ", b, ")"),
        _join("(COUNT(orders, paid) = 0)"),
    )


def dates(depth: int) -> Texts:
    """Formulas that give a date."""
    leaf = st.sampled_from(_DATES)
    if depth <= 0:
        return leaf
    n, b, d = numbers(depth - 1), booleans(depth - 1), dates(depth - 1)
    days = st.one_of(_small, st.sampled_from(["365", "-40000", "visits"]))
    return st.one_of(
        leaf,
        _join("(", d, st.sampled_from([" + ", " - "]), days, ")"),
        _join("(", d, " + ", n, ")"),
        _join("EDATE(", d, ", ", days, ")"),
        _join("EOMONTH(", d, ", ", _small, ")"),
        _join("WORKDAY(", d, ", ", _small, ")"),
        _join(
            st.sampled_from(
                [
                    "START_OF_WEEK",
                    "START_OF_MONTH",
                    "START_OF_QUARTER",
                    "END_OF_WEEK",
                    "END_OF_QUARTER",
                    "END_OF_YEAR",
                ]
            ),
            "(",
            d,
            ")",
        ),
        _join("DATE(YEAR(", d, "), ", _small, ", ", days, ")"),
        _join("IF(", b, ", ", d, ", ", d, ")"),
        _join(st.sampled_from(["MIN", "MAX", "COALESCE"]), "(", d, ", ", d, ")"),
    )


def instants(depth: int) -> Texts:
    """Formulas that give an instant."""
    leaf = st.sampled_from(_INSTANTS)
    if depth <= 0:
        return leaf
    b, d, i = booleans(depth - 1), dates(depth - 1), instants(depth - 1)
    return st.one_of(
        leaf,
        _join("(", i, " + ", st.sampled_from(["1", "0.5", "-0.000001", "rate", "visits"]), ")"),
        _join("ADD_HOURS(", i, ", ", _small, ")"),
        _join("ADD_MINUTES(", i, ", ", _small, ")"),
        _join("AT(", d, ", ", st.sampled_from(["'00:00'", "'09:30'", "opens", "TIME(seen_at)"]), ")"),
        _join("IF(", b, ", ", i, ", ", i, ")"),
        _join("COALESCE(", i, ", ", i, ")"),
    )


formulas: Texts = st.one_of(numbers(2), texts(2), booleans(2), dates(2), instants(2), numbers(3), booleans(3))


# --- rows -------------------------------------------------------------------------------------------------------------


def random_world(seed: int, clients: int = 14) -> dict[str, list[dict[str, Any]]]:
    """Records of every entity, a third of their values absent, some in the trash."""
    draw = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if draw.random() < 0.3 else value

    def decimal(scale: int, digits: int) -> Decimal:
        units = draw.choice(
            [0, 1, -1, 10**digits - 1, 1 - 10**digits, draw.randrange(-(10**6), 10**6), draw.randrange(10**8)]
        )
        return Decimal(f"{units}E-{scale}")

    def day() -> date:
        return draw.choice(
            [
                date(2026, 3, 2),
                date(2024, 2, 29),
                date(2025, 12, 31),
                date(2026, 1, 10),
                date(1990, 3, 2) + timedelta(draw.randrange(13000)),
            ]
        )

    def instant() -> datetime:
        return datetime.combine(
            day(),
            time(draw.randrange(24), draw.randrange(60), draw.randrange(60), draw.choice([0, 1, 500000])),
            UTC,
        )

    def word() -> str:
        return draw.choice(
            [
                "a",
                "A-1",
                "张三",
                "李四丰",
                "b-c-d",
                "12",
                "1,234.5",
                "İx",
                "ß",
                "  pad ",
                "😀z",
                "100%",
                "_",
                "'q'",
                "\\",
            ]
        )

    def living(values: dict[str, Any]) -> dict[str, Any]:
        gone = draw.random() < 0.15
        return values | {
            "version": draw.randrange(1, 4),
            "created_at": instant(),
            "deleted_at": instant() if gone else None,
        }

    teams = [
        {"id": rid(1), "name": "Floor", "leader": rid(12)},
        {"id": rid(2), "name": "Night", "parent": rid(1)},
    ]
    users = [
        {"id": rid(10 + n), "username": word(), "name": word(), "team": maybe(draw.choice([rid(1), rid(2)]))}
        for n in range(1, 4)
    ]
    machines = [
        living(
            {
                "id": rid(30 + n),
                "name": word(),
                "kind": maybe(draw.choice(["lathe", "press"])),
                "hours": maybe(draw.randrange(500)),
            }
        )
        for n in range(4)
    ]
    machine_ids = [m["id"] for m in machines]
    client_ids = [rid(100 + n) for n in range(clients)]
    made = [
        living({
            "id": id_, "name": maybe(word()), "code": maybe(word()), "grade": maybe(draw.choice("ABC")),
            "skills": maybe(draw.sample(["turn", "weld", "paint"], draw.randrange(1, 4))),
            "small_order": maybe(decimal(2, 4)), "budget": maybe(draw.choice([decimal(2, 18), Decimal("100.00"), Decimal("0.50"), Decimal("250.25")])),
            "wide": maybe(decimal(10, 38)), "rate": maybe(decimal(4, 6)), "visits": maybe(draw.choice([0, 1, 3, 10, -7, 12345])),
            "active": maybe(draw.random() < 0.5), "born": maybe(day()), "seen_at": maybe(instant()), "opens": maybe(time(draw.randrange(24), 15)),
            "owner": maybe(draw.choice([rid(11), rid(12), rid(13)])), "parent": maybe(draw.choice(client_ids)), "mood": maybe(draw.randrange(-2, 3)),
            "tools": draw.sample(machine_ids, draw.randrange(3)), "photo": maybe({"name": "p", "sha256": "00", "size": 5}),
        })
        for id_ in client_ids
    ]  # fmt: skip
    orders = [
        living({
            "id": rid(1000 + n), "number": maybe(draw.choice(["O-1", "O-2", "甲", "b"])), "client": maybe(draw.choice(client_ids)), "amount": maybe(decimal(2, 12)),
            "paid": maybe(draw.random() < 0.5), "paid_on": maybe(day()), "placed_at": maybe(instant()), "grade": maybe(draw.choice("ABC")),
        })
        for n in range(clients * 3)
    ]  # fmt: skip
    lines = [
        living({
            "id": rid(5000 + n), "text": maybe(word()), "order": maybe(draw.choice(orders)["id"]), "client": maybe(draw.choice(client_ids)),
            "machine": maybe(draw.choice(machine_ids)), "quantity": maybe(decimal(4, 12)), "price": maybe(decimal(4, 12)),
        })
        for n in range(clients * 4)
    ]  # fmt: skip
    return {"team": teams, "user": users, "machine": machines, "client": made, "order": orders, "line": lines}
