"""Acts on many records: what can be done is done, the rest is told why not, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from databases import every_database
from dougong_runtime.audit import erase, log
from dougong_runtime.errors import Refused
from dougong_runtime.records.door import VIEWING_ONLY, Records
from dougong_runtime.records.each import Edit, Outcome, Wish
from dougong_runtime.records.query import Query
from make import app
from world import SYSTEM_VIEWER, World

pytestmark = every_database
ACT = "01900000-0000-7000-8000-00000000ac70"


@pytest.fixture
def workshop(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A foreman, two mechanics, a bookkeeper; five machines with an order each."""
    world = World.copied(database_kind, tmp_path, "workshop of many", _build)
    yield world
    world.close()


def _build(url: str) -> World:
    world = World.make(url, app("workshop"))
    world.person("boss", "foreman")
    world.person("mo", "mechanic")
    world.person("mi", "mechanic")
    with world.acting("boss") as records:
        for n in range(5):
            machine = records.create("machine", {"name": f"lathe {n}", "serial": f"S{n}"})
            order = {"machine": machine["id"], "mechanic": world.people["mo"].user, "fault": f"noise {n}"}
            made = records.create("repair_order", order)
            if n == 4:
                records.update("repair_order", made["id"], {"stage": "working"})
    return world


def orders(records: Records) -> list[str]:
    """The ids of orders that can be read, oldest first."""
    return sorted(records.many.matching(Query("repair_order"), 1000))


def why(outcome: Outcome) -> dict[str, list[str]]:
    """Record → the types of its refusal."""
    return {
        record: [p.type.name for p in (*refused.problems, *refused.warnings)]
        for record, refused in outcome.refused.items()
    }


def test_what_may_be_changed_is_and_each_other_record_says_why_not(workshop: World) -> None:
    mi = workshop.people["mi"].user
    with workshop.acting("boss") as records:
        ids = orders(records)
        records.update("repair_order", ids[3], {"mechanic": mi})
        nobody = "01900000-0000-7000-8000-000000000001"
        wishes = [Wish(i, Edit({"mechanic": mi})) for i in (*ids, nobody, "no id", ids[0])]
        outcome = records.many.update("repair_order", wishes, batch=ACT)
    assert [c.record for c in outcome.done] == [ids[0], ids[1], ids[2], ids[4]]
    assert outcome.same == [ids[3]]
    assert why(outcome) == {nobody: ["not-found"], "no id": ["not-found"], ids[0]: ["not-found"]}
    with workshop.acting("mo") as records:
        # What became another's is not to be seen any more, nor to be changed by naming it.
        assert orders(records) == []
        outcome = records.many.update("repair_order", [Wish(ids[1], Edit({"fault": "mine"}))])
    assert why(outcome) == {ids[1]: ["not-found"]}


def test_guards_of_records_as_written_are_told_by_record_and_undo_nothing_of_the_others(
    workshop: World,
) -> None:
    with workshop.acting("boss") as records:
        ids = orders(records)
        day = "2000-01-01"
        records.update("repair_order", ids[1], {"received_on": "1999-01-01"})
        wishes = [Wish(i, Edit({"finished_on": day})) for i in ids]
        outcome = records.many.update("repair_order", wishes)
        assert [c.record for c in outcome.done] == [ids[1]]
        assert set(why(outcome)) == {ids[0], *ids[2:]}
        assert records.get("repair_order", ids[1])["finished_on"] == day
        assert records.get("repair_order", ids[0])["finished_on"] is None
        # A refusal leaves no event behind.
        assert [e.action for e in log.find(records.connection, record=ids[0])] == ["create"]


def test_a_warning_is_passed_by_a_reason_and_told_without_one(workshop: World) -> None:
    with workshop.acting("boss") as records:
        ids = orders(records)
        wishes = [Wish(i, Edit({"discount": "0.5"})) for i in ids[:2]]
        asked = records.many.update("repair_order", wishes)
        assert not asked.done
        assert [w.facts["rule"] for w in asked.refused[ids[0]].warnings] == ["large_discount"]
        done = records.many.update("repair_order", wishes, reasons={"large_discount": "an old friend"})
        assert len(done.done) == 2
        assert log.find(records.connection, record=ids[0])[0].reason == "an old friend"


def test_a_unique_value_goes_to_one_record_and_the_others_are_told(workshop: World) -> None:
    with workshop.acting("boss") as records:
        machines = sorted(records.many.matching(Query("machine"), 1000))
        outcome = records.many.update("machine", [Wish(i, Edit({"serial": "S9"})) for i in machines])
    assert [c.record for c in outcome.done] == machines[:1]
    assert set(map(tuple, why(outcome).values())) == {("not-unique",)}
    assert len(outcome.refused) == 4


def test_values_are_added_and_taken_away_beside_what_is_there(workshop: World) -> None:
    with workshop.acting("boss") as records:
        machine = records.many.matching(Query("machine"), 10)[0]
        made = [
            records.create(
                "remark", {"text": f"r{n}", "about": {"entity": "machine", "id": machine}, "labels": own}
            )
            for n, own in enumerate((["oil"], ["oil", "belt"], []))
        ]
        edit = Edit(add={"labels": ["belt", "new"]}, remove={"labels": ["oil"]})
        outcome = records.many.update("remark", [Wish(m["id"], edit) for m in made])
        assert len(outcome.done) == 3
        kept = [records.get("remark", m["id"])["labels"] for m in made]
        assert kept == [["belt", "new"], ["belt", "new"], ["belt", "new"]]
        wrong = records.many.update("remark", [Wish(made[0]["id"], Edit(add={"text": ["x"]}))])
        assert why(wrong) == {made[0]["id"]: ["invalid-value"]}


def test_read_only_masked_hidden_and_unknown_fields_are_refused_as_in_a_single_change(
    workshop: World,
) -> None:
    with workshop.acting("mo") as records:
        ids = orders(records)
        for name, kind in (("discount", "read-only"), ("total", "unknown-name"), ("number", "system-field")):
            outcome = records.many.update("repair_order", [Wish(i, Edit({name: "0.1"})) for i in ids])
            assert not outcome.done
            assert set(map(tuple, why(outcome).values())) == {(kind,)}


def test_taking_back_writes_the_old_values_but_where_others_have_worked_since(workshop: World) -> None:
    with workshop.acting("boss") as records:
        ids = orders(records)
        began = records._scene.now
        wishes = [Wish(i, Edit({"fault": "all the same", "urgency": 3})) for i in ids]
        assert len(records.many.update("repair_order", wishes, batch=ACT).done) == 5
    with workshop.acting("mo") as records:
        records.update("repair_order", ids[0], {"fault": "his own words"})
        records.update("repair_order", ids[1], {"promised_on": "2026-04-01"})
    workshop.clock.at += timedelta(days=1)
    with workshop.acting("boss") as records:
        back = records.many.take_back("repair_order", ids, ACT, began, batch="undo")
        assert why(back) == {ids[0]: ["conflict"]}
        assert len(back.done) == 4
        assert records.get("repair_order", ids[0])["fault"] == "his own words"
        # Another's change to another field stays beside the old value.
        second = records.get("repair_order", ids[1])
        assert (second["fault"], second["urgency"], second["promised_on"]) == ("noise 1", 1, "2026-04-01")
        again = records.many.take_back("repair_order", ids[1:], ACT, began)
        assert not again.done
        assert len(again.same) == 4


def test_what_was_handed_over_can_be_taken_back_for_a_while_though_it_is_out_of_sight(
    workshop: World,
) -> None:
    mi = workshop.people["mi"].user
    with workshop.acting("mo") as records:
        ids = orders(records)[:3]
        began = records._scene.now
        assert (
            len(
                records.many.update(
                    "repair_order", [Wish(i, Edit({"mechanic": mi})) for i in ids], batch=ACT
                ).done
            )
            == 3
        )
    with workshop.acting("mi") as records:
        records.update("repair_order", ids[1], {"fault": "looked at"})
    workshop.clock.at += timedelta(minutes=1)
    with workshop.acting("mo") as records:
        back = records.many.take_back("repair_order", [ids[0], ids[1]], ACT, began)
        assert [c.record for c in back.done] == [ids[0]]
        assert why(back) == {ids[1]: ["not-found"]}
        assert records.get("repair_order", ids[0])["mechanic"] == workshop.people["mo"].user
        last = log.find(records.connection, record=ids[0])[0]
        assert (last.actor, last.reason) == (None, "undo by mo")
    workshop.clock.at += timedelta(hours=1)
    with workshop.acting("mo") as records:
        assert why(records.many.take_back("repair_order", [ids[2]], ACT, began)) == {ids[2]: ["not-found"]}


def test_another_persons_act_is_not_taken_back_by_its_name(workshop: World) -> None:
    with workshop.acting("boss") as records:
        ids = orders(records)
        began = records._scene.now
        records.many.update("repair_order", [Wish(ids[0], Edit({"fault": "x"}))], batch=ACT)
    with workshop.acting("mo") as records:
        back = records.many.take_back("repair_order", ids, ACT, began)
    assert not back.done
    assert not back.refused


def test_deleted_records_come_back_and_those_brought_back_go_again(workshop: World) -> None:
    with workshop.acting("boss") as records:
        machine = records.create("machine", {"name": "press"})["id"]
        held = records.many.matching(Query("machine", filter="name = 'lathe 0'"), 10)[0]
        began = records._scene.now
        outcome = records.many.delete("machine", [machine, held], batch=ACT)
        assert [c.record for c in outcome.done] == [machine]
        assert why(outcome) == {held: ["still-referred"]}
        back = records.many.take_back("machine", [machine, held], ACT, began, batch="again")
        assert [c.record for c in back.done] == [machine]
        assert records.get("machine", machine)["name"] == "press"
        records.many.take_back("machine", [machine], "again", began)
        with pytest.raises(Refused):
            records.get("machine", machine)


def test_what_an_act_had_made_goes_unless_somebody_has_worked_on_it(workshop: World) -> None:
    with workshop.acting("boss") as records:
        began = records._scene.now
        rows = [{"name": "saw"}, {"serial": "nameless"}, {"name": "plane"}]
        made = records.many.create("machine", rows, batch=ACT)
        assert sorted(made.ids) == [0, 2]
        assert [p.type.name for p in made.refused[1].problems] == ["required"]
        records.update("machine", made.ids[0], {"bought_on": "2026-01-01"})
        back = records.many.take_back("machine", list(made.ids.values()), ACT, began)
        assert [c.record for c in back.done] == [made.ids[2]]
        assert why(back) == {made.ids[0]: ["changed-since"]}
        assert records.get("machine", made.ids[0])["name"] == "saw"


def test_what_was_erased_by_law_does_not_come_back(workshop: World) -> None:
    with workshop.acting("boss") as records:
        first, second = orders(records)[:2]
        began = records._scene.now
        wishes = [Wish(i, Edit({"fault": "another"})) for i in (first, second)]
        records.many.update("repair_order", wishes, batch=ACT)
        told = {"app": "workshop", "entity": "repair_order", "record": first, "reason": "asked by the client"}
        erase.erase(records.connection, SYSTEM_VIEWER, records._scene.now, **told)
        back = records.many.take_back("repair_order", [first, second], ACT, began)
        assert why(back) == {first: ["erased-since"]}
        assert [records.get("repair_order", i)["fault"] for i in (first, second)] == ["another", "noise 1"]


def test_a_rehearsal_changes_nothing_and_tells_nobody(workshop: World) -> None:
    told: list[object] = []

    class Watching:
        def wrote(self, changes: object, recomputed: object) -> None:
            told.append(changes)

    with workshop.acting("boss") as records:
        records._writer.observers = (Watching(),)
        ids = orders(records)
        count = len(log.find(records.connection, limit=1000))
        with records.many.rehearsing():
            outcome = records.many.update("repair_order", [Wish(i, Edit({"fault": "x"})) for i in ids])
            assert len(outcome.done) == 5
            assert records.get("repair_order", ids[0])["fault"] == "x"
        assert records.get("repair_order", ids[0])["fault"] == "noise 0"
        assert len(log.find(records.connection, limit=1000)) == count
        assert not told
        records.update("repair_order", ids[0], {"fault": "y"})
        assert len(told) == 1


def test_matching_gives_what_the_reader_sees_and_says_when_there_is_more(workshop: World) -> None:
    with workshop.acting("mo") as records:
        assert len(records.many.matching(Query("repair_order"), 1000)) == 5
        assert len(records.many.matching(Query("repair_order"), 2)) == 3
        assert len(records.many.matching(Query("repair_order", filter="fault = 'noise 2'"), 10)) == 1
        # A filter over what is hidden is no way to find out.
        with pytest.raises(Refused) as found:
            records.many.matching(Query("repair_order", filter="total > 1"), 10)
    assert found.value.problems[0].type.name == "bad-formula"


def test_who_views_as_another_changes_nothing(workshop: World) -> None:
    workshop.people["shown"] = replace(workshop.people["mo"], acting_for="root")
    with workshop.acting("shown") as records:
        ids = orders(records)
        with pytest.raises(Refused) as found:
            records.many.update("repair_order", [Wish(ids[0], Edit({"fault": "x"}))])
    assert found.value.problems[0].type is VIEWING_ONLY
