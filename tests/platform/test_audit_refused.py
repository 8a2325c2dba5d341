"""What was done and that it was done are one transaction: where the audit takes no row, nothing is done by any door."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

import audit_account
import audit_acting
import audit_commands
import audit_forms
import audit_http
from audit_work import CASES, Work
from clinic import open_clinic
from dougong_runtime.host import FixedClock

COUNTED_APART = frozenset(
    {
        "dg_attempt",
        "dg_job",
        "dg_lease",
        "dg_process",
        "dg_selection",
        "dg_slow_statement",
        "dg_site",
        "sqlite_sequence",
    }
)
"""Tables of what the system keeps for itself: guesses at passwords, jobs and their failure, what they are about, who is
serving."""
LEFT_OUT = (
    frozenset(
        {
            "template_install_and_rollback",
            "own_second_factor",
            "second_factor_that_is_demanded",
            "public_form_received",
        }
    )
    | audit_http.WITHOUT_ROWS
    | audit_forms.WITHOUT_ROWS_FORMS
)
"""Publishing is stopped at every statement elsewhere; a factor is told once it is confirmed, not when it is begun; a
link counts what it did not take."""
assert audit_commands.NO_ROW_COMMANDS, "the commands' cases are entered by importing them"
assert audit_acting.NO_ROW_ACTING, "and so are those of acting on lists"
assert audit_account.NO_ROW_ACCOUNT, "and of one's own account"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """A clinic whose audit takes no row from when a door is used until `heal`."""
    folder = tmp_path_factory.mktemp("refused")
    with open_clinic(request.param, folder, FixedClock()) as clinic:
        yield Work(clinic, folder, patience=50)


def state(engine: sa.Engine) -> dict[str, list[str]]:
    """All that is kept, but for what is counted apart."""
    with engine.connect() as connection:
        names = sorted(set(sa.inspect(connection).get_table_names()) - COUNTED_APART)
        return {
            name: sorted(map(repr, connection.execute(sa.text(f'SELECT * FROM "{name}"')).all()))
            for name in names
            if "fts" not in name
        }


def refuse(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "CREATE TRIGGER dg_audit_full BEFORE INSERT ON dg_audit BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        else:
            connection.exec_driver_sql(
                "CREATE OR REPLACE FUNCTION dg_audit_full() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN RAISE EXCEPTION ''full''; END'"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER dg_audit_full BEFORE INSERT ON dg_audit EXECUTE FUNCTION dg_audit_full()"
            )


def heal(engine: sa.Engine) -> None:
    on = "" if engine.dialect.name == "sqlite" else " ON dg_audit"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS dg_audit_full{on}")


WALKED = frozenset(
    {
        "api_create", "api_update", "api_delete", "api_restore", "api_reveal", "api_share_and_unshare",
        "api_settings", "api_export", "api_import", "page_create", "page_stage", "sign_in", "sign_out", "api_tokens",
        "own_password", "own_preferences", "own_sessions", "admin_adds_a_person", "admin_changes_roles",
        "user_add", "data_import", "data_export", "audit_erase", "api_bulk_and_undo", "api_bulk_and_undo_as_jobs",
        "page_bulk_and_undo", "page_paste_and_undo", "page_cell", "page_quick",
    }
)  # fmt: skip
"""One of each kind; the rest where `DOUGONG_TEST_EFFORT` asks for more than 1."""
ALL = frozenset(CASES) - LEFT_OUT
CHOSEN = ALL if int(os.environ.get("DOUGONG_TEST_EFFORT", "1")) > 1 else ALL & WALKED


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_where_the_audit_takes_no_row_nothing_is_done(work: Work, name: str) -> None:
    engine = work.site.database.engine
    before: list[dict[str, list[str]]] = []

    def beginning() -> None:
        if not before:
            before.append(state(engine))
            refuse(engine)

    work.beginning = beginning
    try:
        with suppress(AssertionError, ValueError, KeyError, IndexError):
            CASES[name][1](work)
        assert before, "no door was used"
        assert not work.written()
        _compare(before[0], state(engine))
    finally:
        work.beginning = lambda: None
        heal(engine)


def _compare(before: dict[str, list[str]], after: dict[str, list[str]]) -> Any:
    for table, rows in after.items():
        assert rows == before.get(table, []), table
