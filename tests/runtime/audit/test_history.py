"""A record's history follows it through renames, and says how it stood at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.audit import history, log
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import TEXT
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity

DAWN = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
NURSE = Viewer(user="u1", username="nurse")
VISIT = "01a2141e-85b4-78db-8a9c-6929c5258f30"


def hour(n: float) -> datetime:
    return DAWN + timedelta(hours=n)


@pytest.fixture
def told(engine: sa.Engine) -> sa.Engine:
    """A visit is created at 1, changed at 2 and 3, deleted at 4, restored at 5; at 2 another record changes."""
    whole = {"note": "cough", "fee": "10.00", "room": None}
    story = [
        (1, log.Event(log.CREATE, "clinic", "visit", VISIT, after=whole)),
        (2, log.Event(log.UPDATE, "clinic", "visit", VISIT, {"fee": "10.00"}, {"fee": "12.50"})),
        (2, log.Event(log.UPDATE, "clinic", "visit", "another", {"fee": "0.00"}, {"fee": "1.00"})),
        (3, log.Event(log.UPDATE, "clinic", "visit", VISIT, {"room": None}, {"room": "3"})),
        (3, log.Event(log.REVEAL, "clinic", "visit", VISIT, facts={"field": "phone"})),
        (4, log.Event(log.DELETE, "clinic", "visit", VISIT)),
        (5, log.Event(log.RESTORE, "clinic", "visit", VISIT)),
    ]
    with engine.begin() as connection:
        for at, event in story:
            log.write(connection, NURSE, hour(at), [event], version=1)
    return engine


@every_database
@pytest.mark.parametrize(
    ("at", "state"),
    [
        (0.5, None),
        (1, {"note": "cough", "fee": "10.00", "room": None}),
        (2.5, {"note": "cough", "fee": "12.50", "room": None}),
        (3.5, {"note": "cough", "fee": "12.50", "room": "3"}),
        (4, None),
        (9, {"note": "cough", "fee": "12.50", "room": "3"}),
    ],
)
def test_a_record_as_it_stood(told: sa.Engine, at: float, state: dict[str, Any] | None) -> None:
    with told.connect() as connection:
        assert history.state_at(connection, "clinic", "visit", VISIT, hour(at)) == state


@every_database
def test_events_come_newest_first_and_in_pages(told: sa.Engine) -> None:
    with told.connect() as connection:
        found = history.events(connection, "clinic", "visit", VISIT)
        assert [e.action for e in found] == ["restore", "delete", "reveal", "update", "update", "create"]
        page = history.events(connection, "clinic", "visit", VISIT, before_seq=found[3].seq, limit=1)
        assert [e.after for e in page] == [{"fee": "12.50"}]


@every_database
def test_a_record_older_than_its_audit_is_reckoned_back(engine: sa.Engine) -> None:
    changes = [
        log.Event(log.UPDATE, "clinic", "visit", VISIT, {"fee": "1.00"}, {"fee": "2.00"}),
        log.Event(log.UPDATE, "clinic", "visit", VISIT, {"room": "1"}, {"room": "2"}),
        log.Event(log.UPDATE, "clinic", "visit", VISIT, {"fee": "2.00"}, {"fee": "3.00"}),
    ]
    with engine.begin() as connection:
        for at, event in enumerate(changes, start=1):
            log.write(connection, NURSE, hour(at), [event])
        stood = [history.state_at(connection, "clinic", "visit", VISIT, hour(at)) for at in (0, 1, 2, 3)]
        assert history.state_at(connection, "clinic", "visit", "no such record", hour(1)) is None
    assert stood == [
        {"fee": "1.00", "room": "1"},
        {"fee": "2.00", "room": "1"},
        {"fee": "2.00", "room": "2"},
        {"fee": "3.00", "room": "2"},
    ]


def field(id: str, name: str) -> Field:
    return Field(id, name, "text", Label.of(None, name), TEXT)


def source(**names: str) -> dict[str, Any]:
    """A version's documents as they are kept: one entity, its fields' names by id."""
    fields = [{"id": id, "name": name} for id, name in names.items()]
    return {"entity/visit": {"id": "e1", "name": "visit", "fields": fields}, "entity/room": {"id": "e2"}}


RUNNING = Entity(
    "clinic", "e1", "visit", Label.of(None, "visit"), "note",
    fields={"comment": field("f1", "comment"), "price": field("f2", "price"), "note": field("f4", "note")},
)  # fmt: skip
OLDER = {1: source(f1="note", f2="fee", f3="room"), 2: source(f1="fee", f2="note", f3="price")}


@pytest.mark.parametrize(
    ("version", "values", "today"),
    [
        (3, {"note": "a", "price": "b"}, {"note": "a", "price": "b"}),
        (None, {"note": "a"}, {"note": "a"}),
        (1, {"note": "a", "fee": "b", "room": "c"}, {"comment": "a", "price": "b", "room": "c"}),
        (2, {"fee": "a", "note": "b", "price": "c"}, {"comment": "a", "price": "b", "price (f3)": "c"}),
        (7, {"note": "a"}, {"note": "a"}),
    ],
    ids=["this version", "no version", "renamed", "names swapped and one taken again", "version unknown"],
)
def test_fields_are_named_as_today(
    version: int | None, values: dict[str, str], today: dict[str, str]
) -> None:
    assert history.Names(RUNNING, 3, OLDER.get).now(version, values) == today


@every_database
def test_a_state_is_put_together_across_a_rename(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        created = log.Event(log.CREATE, "clinic", "visit", VISIT, after={"note": "cough", "fee": "1.00"})
        changed = log.Event(log.UPDATE, "clinic", "visit", VISIT, {"comment": "cough"}, {"comment": "cold"})
        log.write(connection, NURSE, hour(1), [created], version=1)
        log.write(connection, NURSE, hour(2), [changed], version=3)
        names = history.Names(RUNNING, 3, OLDER.get)
        assert history.state_at(connection, "clinic", "visit", VISIT, hour(3), names=names) == {
            "comment": "cold",
            "price": "1.00",
        }
        assert history.events(connection, "clinic", "visit", VISIT, names=names)[1].after == {
            "comment": "cough",
            "price": "1.00",
        }
