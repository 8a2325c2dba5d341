"""Every door through which something is changed, or values are taken out, writes to the audit: exactly what it must.

Who, when, from where, by which door, what, before and after. A route or command that writes and is named by no case
makes a test fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest
import typer.main

import audit_account
import audit_acting
import audit_commands
import audit_forms
import audit_http
import audit_studio
from audit_work import CASES, Work
from clinic import open_clinic
from doors import routes_of
from dougong_platform.cli.main import dougong
from dougong_runtime.host import FixedClock

NO_ROW = frozenset(
    audit_http.NO_ROW
    | audit_account.NO_ROW_ACCOUNT
    | audit_acting.NO_ROW_ACTING
    | audit_forms.NO_ROW_FORMS
    | audit_studio.NO_ROW_STUDIO
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """A clinic on which the cases are walked one after another; its clock stands still."""
    folder = tmp_path_factory.mktemp("audit")
    with open_clinic(request.param, folder, FixedClock()) as clinic:
        yield Work(clinic, folder)


@pytest.mark.parametrize("name", CASES)
def test_a_door_writes_exactly_what_it_must(work: Work, name: str) -> None:
    expected = CASES[name][1](work)
    written = work.written()
    assert [(e.action, e.entity) for e in written] == [(row.action, row.entity) for row in expected]
    for row, event in zip(expected, written, strict=True):
        row.fits(event)
        if event.via in ("cli", "system"):
            continue
        assert event.at == work.site.clock.now()
        assert event.address == "testclient"
        assert event.request is not None
    for event in written:
        if event.via == "cli":
            assert abs(datetime.now(UTC) - event.at) < timedelta(minutes=5)


def test_no_route_that_writes_is_without_a_case(work: Work) -> None:
    writing = {route for route in routes_of(work.clinic.app) if not route.startswith("GET ")}
    named = {route for routes, _ in CASES.values() for route in routes if "/" in route}
    assert writing - named - NO_ROW == set()
    assert (named | NO_ROW) - writing == set(), "these are no longer there"


def test_no_command_that_writes_is_without_a_case() -> None:
    there = set(_commands(typer.main.get_command(dougong), ()))
    named = {route for routes, _ in CASES.values() for route in routes if "/" not in route}
    assert there - named - set(audit_commands.NO_ROW_COMMANDS) == set()
    assert (named | set(audit_commands.NO_ROW_COMMANDS)) - there == set(), "these are no longer there"


def _commands(command: click.Command, above: tuple[str, ...]) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(above)
        return
    for name, below in inner.items():
        yield from _commands(below, (*above, name))
