"""Whatever stands in `filter=`, `sort=`, `search=` or a measure: an answer or a refusal, in time, and never in the SQL."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clinic import PATH, SYSTEM, open_clinic
from databases import every_database

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
MARK = "zq7xmarkq"


def nested(depth: int, around: str, inside: str) -> str:
    for _ in range(depth):
        inside = around.replace("{}", inside)
    return inside


FILTERS = [
    "name = '" + MARK + "'", f"CONTAINS(name, '%{MARK}_')", f"name = '{MARK}'' OR 1=1 --'", f"name = \"{MARK}\\\" OR 1=1\"",
    f"'; DROP TABLE clinic__patient; -- {MARK}' = name", f"STARTS(name, '{MARK}\\\\')", f"name IN ('{MARK}', '{MARK}2')",
    f"allergies.name = '{MARK}'", f"COUNT(visits, notes = '{MARK}') > 0", f"SPLIT(name, '{MARK}', 1) = 'x'",
    f"TEXT(born_on, '{MARK}') = 'x'", f"TEXT(NOW(), '{MARK}') = 'x'", f"name & '{MARK}' = 'x'", f"risk = '{MARK}'",
    f"SETTING('{MARK}') = 1", f"born_on = '{MARK}'", f"owner = '{MARK}'", f"id = '{MARK}'", f"HAS_ROLE('{MARK}')",
    "POWER(spent, 999999999) > 0", "POWER(9, 999) > 0", "POWER(0, -1) > 0", "spent / 0 > 1", "MOD(spent, 0) = 0", "SQRT(0 - 1) > 0",
    "ROUND(spent, 99999999999) > 0", "ROUND(spent, -99999999999) > 0", "LN(0) > 0", "EXP(99999) > 0", "LOG(0) > 0",
    "born_on + 99999999 > '2020-01-01'", "born_on - 99999999 < '2020-01-01'", "EDATE(born_on, 99999999) > born_on",
    "EDATE('9999-12-31', 1) > born_on", "DATE(99999, 1, 1) > born_on", "DATE(2020, 99, 99) > born_on", "EOMONTH(born_on, 1E9) > born_on",
    "NOW() + 9999999999 > NOW()", "ADD_HOURS(NOW(), 99999999999) > NOW()", "WORKDAY(born_on, 99999999) > born_on",
    "NETWORKDAYS('0001-01-01', '9999-12-31') > 0", "DAYS('9999-12-31', '0001-01-01') > 0", "WEEKNUM('0001-01-01') > 0",
    "last_visit_at > '9999-12-31T23:59:59+14:00'", "last_visit_at > '0001-01-01T00:00:00-14:00'", "last_visit_at = '2026-03-29T02:30:00[Europe/Berlin]'",
    "last_visit_at > '2026-01-01T00:00:00+99:99'", "born_on = '0000-00-00'", "born_on = '2026-02-30'", "TIME(25, 61, 61) = TIME(1, 1, 1)",
    "REPT(name, 999999999) = 'x'", "LEN(REPT('a', 10000)) > 1", "LEFT(name, -1) = 'x'", "MID(name, -5, 999999999999) = 'x'",
    "MID(name, 99999999999, 1) = 'x'", "FIND('', name) > 0", "PAD_LEFT(name, 99999999999) = 'x'", "REPLACE(name, 1, 1E5, 'x') = 'x'",
    "VALUE('1E400') > 0", "VALUE('NaN') > 0", "VALUE('Infinity') > 0", "VALUE(REPT('9', 9999)) > 0", "VALUE(name) > 0",
    nested(12, "SUBSTITUTE({}, 'a', 'aaaaaaaaaaaaaaaaaaaa')", "'aaaa'") + " = 'x'", nested(45, "XOR({}, consent)", "consent"),
    nested(45, "(1 < IF({}, 1, 2) < 4)", "consent"), nested(55, "IF({}, consent, NOT(consent))", "consent"), nested(55, "({} = consent)", "consent"),
    nested(50, "COALESCE({}, name)", "name") + " = 'x'", nested(50, "ROUND({}, 1)", "spent") + " > 0", nested(50, "ABS({} + 1)", "spent") + " > 0",
    nested(55, "(({}) + 1)", "spent") + " > 0", nested(55, "({} / 3)", "spent") + " > 0", nested(55, "MAX({}, 1)", "spent") + " > 0",
    " or ".join(["consent"] * 350), " and ".join(["consent"] * 300), " & ".join(["name"] * 400) + " = 'x'", " + ".join(["spent"] * 110) + " > 0",
    " + ".join(["age"] * 110) + " > 0", "name in (" + ",".join(["'x'"] * 700) + ")", " or ".join(f"name = 'x{n}'" for n in range(220)),
    " and ".join(["COUNT(visits, cost > 1) > 0"] * 20), " or ".join(["COUNT(visits) = 1"] * 20), "COUNT(visits, THIS.name = doctor.name) > 0",
    "owner.team.leader.username = 'x'", "owner.patients.name = 'x'", "COUNT(owner.patients, COUNT(visits, COUNT(THIS.visits) > 1) > 1) > 0",
    "JOIN(visits.notes, '" + MARK + "') = 'x'", "MEDIAN(visits.cost) > 0", "STDEV(visits.cost) > 0", "XIRR(visits.cost, visits.visited_at) > 0",
    "name.__class__ = 1", "(lambda: 1)()", "__import__('os')", "[x for x in visits]", "{0}", "%(x)s", ":name", "$1", "?", "name ~ 'x'",
    "\x00", "name = '\x00'", "name = '\x01'", "\ud83d", "name = '🧨'", "name = '\u202e'", "'", '"', "(", ")", "((((", "", " ", "\n", "a" * 5000, "=" * 300,
    "USER().password = 'x'", "USER().roles = 'x'", "OLD.name = 'x'", "CHANGED(name)", "NULL", "TRUE", "FALSE", "1", "'x'", "NOW()", "visits",
]  # fmt: skip
SORTS = [
    MARK, f"name; DROP TABLE x -- {MARK}", "-" * 100, ",".join(["name"] * 500), "name,name", "allergies", "visits", "name.x", "owner.team.leader.name.x",
    "-risk,-last_visit_at,spent", "(select 1)", "name desc", "\x00", "age", "id", "-id", "deleted_at", "a" * 5000,
]  # fmt: skip
SEARCHES = [
    MARK, f"\"{MARK}", f"{MARK}*", "name:x", "a OR b", "NEAR(a b)", "a AND NOT b", "''", "\\", "%", "_", "*", "\"\"", "^a", "{a b}", "a:*", "a & b", "!a",
    "a" * 5000, "\x00", " ".join(["a"] * 2000), "🧨", "\u202e", "(", "<->", "张 三",
]  # fmt: skip


class Statements:
    """What the site sends to its database: the texts, the values apart."""

    def __init__(self, engine: sa.Engine) -> None:
        self.texts: list[str] = []
        sa.event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        self.texts.append(statement)


def unharmed(answer: Any, asked: str) -> None:
    """Not an error of ours, said as a problem where it is refused, without a word of the database's."""
    assert answer.status_code in (200, 400, 403, 413, 422), (asked, answer.status_code, answer.text[:300])
    if answer.status_code != 200:
        body = answer.json()
        assert body["type"]
        assert "sqlalche" not in answer.text.lower()
        assert "sqlite3" not in answer.text.lower()
        assert "psycopg" not in answer.text.lower()


@every_database
def test_no_filter_breaks_the_door_or_reaches_the_statement(database_kind: str, tmp_path: Path) -> None:
    with open_clinic(database_kind, tmp_path) as clinic:
        clinic.make("patient", name="王敏", phone="13800138000", born_on="1980-02-29")
        statements = Statements(clinic.site.database._pool)
        asks = clinic.client("dr_lin")
        slowest = 0.0
        for name, values in (("filter", FILTERS), ("sort", SORTS), ("search", SEARCHES)):
            for value in values:
                began = time.monotonic()
                encoded = value.encode("utf-8", "replace").decode()
                unharmed(asks.get(f"{PATH}/patient", params={name: encoded}), f"{name}={value[:200]!r}")
                slowest = max(slowest, time.monotonic() - began)
        for formula in FILTERS[:50:2]:
            measure = {"rows": ["risk"], "measures": [{"name": "m", "formula": formula}], "filter": formula}
            unharmed(asks.post(f"{PATH}/patient/aggregate", json=measure), formula)
        assert slowest < 20
        assert len(statements.texts) > 100
        assert not [text for text in statements.texts if MARK in text]


WORDS = st.sampled_from(
    ["name", "spent", "visits", "COUNT(", "SUM(", "(", ")", ",", " = ", " > ", " and ", " or ", "'x'", "1", "0", "-", "*", "/", "&",
     "born_on", "last_visit_at", "owner", ".team", "risk", "consent", "NOT ", "NULL", " in ", "IF(", "ROUND(", "DAYS(", "TODAY()", "'2026-01-01'"]
)  # fmt: skip
SOUND = st.recursive(
    st.sampled_from(["name", "spent", "born_on", "consent", "risk", "age", "1", "0.5", "'x'", "NULL", "TODAY()", "last_visit_at", "owner"]),
    lambda inner: st.builds(lambda f, a, b: f"{f}({a}, {b})", st.sampled_from(["IF", "MAX", "MIN", "LEFT", "ROUND", "DAYS", "MOD", "COALESCE", "EDATE", "REPT", "FIND", "POWER"]), inner, inner)
    | st.builds(lambda f, a: f"{f}({a})", st.sampled_from(["NOT", "LEN", "TEXT", "ABS", "YEAR", "ISBLANK", "UPPER", "VALUE", "COUNT", "SQRT"]), inner)
    | st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from(["+", "-", "*", "/", "&", "=", "<>", "<", "and", "or"]), inner),
    max_leaves=8,
).flatmap(lambda text: st.sampled_from([text, f"({text}) = 1", f"({text}) = 'x'", f"ISBLANK({text})"]))  # fmt: skip


@every_database
def test_garbage_is_answered(database_kind: str, tmp_path: Path) -> None:
    with open_clinic(database_kind, tmp_path) as clinic:
        clinic.make("patient", name="王敏", born_on="1980-02-29")
        asks = clinic.client("dr_lin")

        @settings(
            max_examples=60 * EFFORT,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(
            st.lists(WORDS, max_size=9).map("".join)
            | SOUND
            | st.text(st.characters(codec="utf-8"), max_size=30)
        )
        def ask(text: str) -> None:
            unharmed(asks.get(f"{PATH}/patient", params={"filter": text}), text)

        ask()


@every_database
def test_a_filter_that_would_run_for_minutes_is_cut(database_kind: str, tmp_path: Path) -> None:
    """Fifty patients, each compared with each, a thousand characters at a time: stopped, said, and nobody else waits."""
    with open_clinic(database_kind, tmp_path) as clinic:
        object.__setattr__(clinic.site.settings, "request_seconds", 1)
        with clinic.site.database.write() as connection:
            records = clinic.site.records(connection, SYSTEM, "clinic")
            records.create_many(
                "patient", [{"name": f"p{n}", "owner": clinic.users["dr_lin"]} for n in range(300)]
            )
        slow = (
            " + ".join(["COUNT(owner.patients, LEN(REPT(name, 900)) > LEN(REPT(THIS.name, 900)))"] * 30)
            + " > 0"
        )
        asks = clinic.client("dr_lin")
        began = time.monotonic()
        answer = asks.get(f"{PATH}/patient", params={"filter": slow})
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (422, "too-slow"), (
            answer.text[:300]
        )
        assert time.monotonic() - began < 10
        assert asks.get(f"{PATH}/patient", params={"filter": "name = 'p1'"}).json()["count"] == 1
