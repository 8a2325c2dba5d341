"""Names that mean something to a database, or look like others, or are as long as may be: kept apart, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import every_database, fresh_url
from dougong_platform import apps
from dougong_runtime import publish
from dougong_runtime.documents import source
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import link
from dougong_runtime.records.query import Query
from sites import SYSTEM, close, make_site

WORDS = [
    "select",
    "order",
    "user",
    "group",
    "table",
    "from",
    "where",
    "index",
    "primary",
    "default",
    "check",
    "constraint",
    "references",
    "all",
    "distinct",
    "limit",
    "offset",
    "union",
    "join",
    "on",
    "using",
    "natural",
    "cross",
    "left",
    "right",
    "value",
    "values",
    "key",
    "rowid",
    "oid",
    "class",
    "def",
    "lambda",
    "import",
    "self",
    "cls",
    "get",
    "items",
    "keys",
    "name",
    "metadata",
    "columns",
    "c",
    "type",
    "text",
    "rank",
    "date",
    "time",
    "timestamp",
    "interval",
    "end",
    "begin",
    "commit",
    "row",
    "new",
    "sum",
    "count",
    "min",
    "max",
    "abs",
    "random",
    "window",
    "over",
    "partition",
    "filter",
    "within",
    "trigger",
    "view",
    "create",
    "drop",
    "grant",
    "public",
    "current_user",
    "session_user",
    "localtime",
    "collate",
    "ilike",
    "similar",
    "analyze",
    "array",
    "asc",
    "desc",
    "both",
    "case",
    "cast",
    "do",
    "else",
    "fetch",
    "for",
    "foreign",
    "having",
    "initially",
    "into",
    "leading",
    "only",
    "placing",
    "returning",
    "some",
    "symmetric",
    "then",
    "to",
    "trailing",
    "unique",
    "variadic",
    "when",
    "with",
    "glob",
    "match",
    "regexp",
    "mro",
    "generated",
    "always",
    "materialized",
    "nothing",
]
LONG = "q" * 47


@every_database
@pytest.mark.parametrize(("app", "entity"), [("select", "order"), ("a" * 48, "b" * 48)])
def test_any_name_may_be_a_table_or_a_column(
    database_kind: str, tmp_path: Path, app: str, entity: str
) -> None:
    """Two names that differ in their last letter only stay two, beyond the 63 bytes that PostgreSQL keeps."""
    site = make_site(fresh_url(database_kind, tmp_path), tmp_path)
    fields = [f"- {{name: {word}, type: text}}" for word in WORDS]
    fields += [
        f"- {{name: {LONG}{letter}, type: text, search: true, sensitive: true, unique: true}}"
        for letter in "xy"
    ]
    fields += [f"- {{name: r{LONG[1:]}{letter}, type: references, to: user}}" for letter in "xy"]
    text = (
        f"kind: app\nname: {app}\nversion: 1.0.0\n---\nkind: entity\nname: {entity}\nfields:\n"
        + "\n".join(fields)
    )
    with site.database.write() as connection:
        apps.apply(
            site, connection, publish.plan_publish(connection, link(source.of_text(text))), SYSTEM, "t"
        )
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, app)
        made = records.create(
            entity, {word: f"v {word}" for word in WORDS} | {LONG + "x": "1", LONG + "y": "2"}
        )
        found = records.list(Query(entity, filter="rowid = 'v rowid' and returning = 'v returning'"))
        assert len(found.items) == 1
        assert (made[LONG + "x"], made[LONG + "y"]) == ("1", "2")
    close(site)


@pytest.mark.parametrize(
    "name",
    ["ctid", "xmin", "tableoid", "id", "deleted_at", "dg_search", "and", "null", "Name", "na me", "naмe", "name\u200b", "name\u202e", "ｎame", "é",
     "e\u0301", "a__b", "_a", "a_", "1a", "", "a" * 49, "name\n", "a-b", "a.b", 'a"b', "a;b", "a'b"],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_with_its_place(name: str) -> None:
    quoted = '"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"'
    with pytest.raises(Refused) as caught:
        link(
            source.of_text(
                f"kind: app\nname: depot\n---\nkind: entity\nname: thing\nfields: [{{name: {quoted}, type: text}}]\n"
            )
        )
    assert all(problem.place and problem.place.line == 6 for problem in caught.value.problems)


@pytest.mark.parametrize("name", ["sqlite", "sqlite_master"])
def test_an_app_is_not_called_after_what_sqlite_keeps(name: str) -> None:
    with pytest.raises(Refused, match="begin"):
        link(source.of_text(f"kind: app\nname: {name}\n"))
