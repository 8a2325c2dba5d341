"""A masked value is shown whole to who may ask, with the reason that the grant asks for, and that stands in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import every_database
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused
from make import app_of
from world import World

pytestmark = every_database

SCHOOL = """
kind: entity
name: pupil
title: name
fields:
  - {name: name, type: text}
  - {name: phone, type: phone}
  - {name: note, type: text}
  - {name: code, type: text}
---
kind: role
name: teacher
grants:
  - {entity: pupil, actions: [read], mask: [{field: phone, show: last4, reveal: true, reason: true}, {field: note, reveal: true}, code]}
---
kind: role
name: nurse
grants:
  - {entity: pupil, actions: [read], mask: [{field: phone, reveal: true}]}
"""


@pytest.fixture
def school(database_kind: str, tmp_path: Path) -> Iterator[World]:
    world = World.copied(database_kind, tmp_path, "school with reasons", _build)
    yield world
    world.close()


def _build(url: str) -> World:
    world = World.make(url, app_of(SCHOOL))
    world.person("tim", "teacher")
    world.person("ann", "teacher", "nurse")
    return world


def test_a_grant_may_ask_for_a_reason(school: World) -> None:
    record = school.make_record("pupil", name="王敏", phone="13800001234", note="安静", code="X1")["id"]
    with school.acting("tim") as records:
        shown = {v.field.name: (v.reveal, v.reveal_reason) for v in records.fields("pupil")}
        assert shown["phone"] == (True, True)
        assert shown["note"] == (True, False)
        assert shown["code"] == (False, False)
        assert records.reveal("pupil", record, "note") == "安静"
        for reason in ("", "  \n"):
            with pytest.raises(Refused) as refused:
                records.reveal("pupil", record, "phone", reason)
            assert refused.value.problems[0].type.name == "reason-needed"
        with pytest.raises(Refused) as never:
            records.reveal("pupil", record, "code", "because")
        assert never.value.status == 403
        assert records.reveal("pupil", record, "phone", " 投诉回访 ") == "13800001234"
        events = log.find(records.connection, record=record, actions=[log.REVEAL])
    assert [(e.facts, e.reason) for e in events] == [
        ({"field": "phone"}, "投诉回访"),
        ({"field": "note"}, None),
    ]


def test_a_role_that_asks_for_none_spares_the_reason(school: World) -> None:
    record = school.make_record("pupil", name="王敏", phone="13800001234")["id"]
    with school.acting("ann") as records:
        assert {v.field.name: v.reveal_reason for v in records.fields("pupil")}["phone"] is False
        assert records.reveal("pupil", record, "phone") == "13800001234"
