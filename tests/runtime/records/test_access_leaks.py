"""What random towns and a look at the code brought to light, each as the smallest case that shows it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from access_worlds import base_world, with_roles
from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.reading import Reader
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Measure, Query
from dougong_runtime.transfer.export import export
from make import app_of
from world import World

pytestmark = every_database

OWN = {"entity": "place", "actions": ["read"], "rows": "own"}


@pytest.fixture
def yard(database_kind: str, tmp_path: Path) -> Iterator[World]:
    world = World.copied(database_kind, tmp_path, "yard of many roles", base_world)
    yield world
    world.close()


def listed(world: World, who: str, entity: str = "place", **asked: Any) -> dict[str, dict[str, Any]]:
    """Record id → record, as somebody sees them."""
    with world.acting(who) as records:
        return {i["id"]: i for i in records.list(Query(entity, **asked)).items}


def test_a_mask_is_that_of_the_grants_that_reach_the_record(yard: World) -> None:
    """The last digits that one role shows of one's own records are not shown of another's."""
    mine = {**OWN, "mask": [{"field": "code", "show": "last4"}]}
    with_roles(yard, {"r0": [mine], "r1": [{"entity": "place", "mask": ["code"]}]})
    ann = yard.person("ann", "r0", "r1")
    own = yard.make_record("place", name="a", code="own-1234", owner=ann.user)["id"]
    other = yard.make_record("place", name="b", code="other-5678")["id"]
    seen = listed(yard, "ann")
    assert (seen[own]["code"], seen[other]["code"]) == ("•••• 1234", "••••")
    with yard.acting("ann") as records:
        created = records.history("place", other)[-1].changes
    assert {c.after for c in created if c.field == "code"} == {"••••"}


def test_what_is_no_text_shows_nothing_of_itself_in_any_door(yard: World) -> None:
    """The history once told the last four digits of an amount, and a list the first letter of a reference."""
    shown = [{"field": n, "show": "last4"} for n in ("budget", "opened")]
    shown += [{"field": "owner", "show": "first1"}, {"field": "rank", "show": "first1"}]
    grants = [{"entity": "place", "actions": ["read", "update"], "mask": shown}]
    with_roles(yard, {"r0": grants})
    ann = yard.person("ann", "r0")
    id = yard.make_record(
        "place", name="a", budget="1234567.89", opened="2026-02-03", owner=ann.user, rank="high"
    )["id"]
    dots = dict.fromkeys(("budget", "opened", "owner", "rank"), "••••")
    assert {n: listed(yard, "ann")[id][n] for n in dots} == dots
    with yard.acting("ann") as records:
        events, state = records.history("place", id), records.as_of("place", id, yard.clock.now())
    assert {c.field: c.after for c in events[0].changes if c.field in dots} == dots
    assert {n: state[n] for n in dots} == dots
    with yard.acting() as records:
        records.update("place", id, {"budget": "7654321.98"})
    with pytest.raises(Refused) as found, yard.acting("ann") as records:
        records.update("place", id, {"budget": "5.00"}, version=1)
    assert found.value.problems[0].facts["theirs"] == {"budget": "••••"}


def test_a_share_shows_a_record_as_ones_own_though_a_lesser_grant_reaches_it(yard: World) -> None:
    """Who sees all names, and all of their own, sees all of what is shared with them; filters agree."""
    grants = [{**OWN, "actions": ["read", "export"]}, {"entity": "place", "fields": ["name"]}]
    with_roles(yard, {"r0": grants, "r1": [{"entity": "place", "actions": ["read", "share"]}]})
    ann = yard.person("ann", "r0")
    yard.person("bob", "r1")
    id = yard.make_record("place", name="a", note="told")["id"]
    assert "note" not in listed(yard, "ann")[id]
    with yard.acting("bob") as records:
        records.share("place", id, user=ann.user)
    assert listed(yard, "ann")[id]["note"] == "told"
    assert set(listed(yard, "ann", filter="note = 'told'")) == {id}
    with yard.acting("ann") as records:
        assert [r.role for r in records.explain("place", id, "note") if r.decides] == ["share"]
        assert records.list(Query("place", export=True)).items == [], "a share does not let it be taken out"


def test_who_may_change_nothing_does_not_pass_on_a_share_for_changes(yard: World) -> None:
    """It was passed to them; their roles let them read and share, not change."""
    with_roles(
        yard,
        {
            "r0": [{"entity": "place", "actions": ["read", "share"]}],
            "r1": [{"entity": "place", "actions": ["read", "update", "share"]}],
        },
    )
    ann, bob = yard.person("ann", "r0"), yard.person("bob", "r1")
    id = yard.make_record("place", name="a")["id"]
    with yard.acting("bob") as records:
        records.share("place", id, user=ann.user, write=True)
    with yard.acting("ann") as records:
        records.share("place", id, user=bob.user)
    with pytest.raises(Refused) as found, yard.acting("ann") as records:
        records.share("place", id, user=bob.user, write=True)
    assert found.value.problems[0].type.name == "forbidden"


def test_a_share_opens_nothing_to_who_has_no_grant_on_the_entity(yard: World) -> None:
    """Not even what inherits from it, nor may it be named by a reference."""
    inheriting = {"entity": "job", "actions": ["read", "create"], "rows": {"inherit": "site"}}
    with_roles(
        yard,
        {
            "r0": [inheriting, {"entity": "job", "actions": ["create"]}],
            "r1": [{"entity": "place", "actions": ["read", "share"]}],
        },
    )
    ann = yard.person("ann", "r0")
    yard.person("bob", "r1")
    place = yard.make_record("place", name="a")["id"]
    job = yard.make_record("job", title="j", site=place)["id"]
    with yard.acting("bob") as records:
        records.share("place", place, user=ann.user)
    assert job not in listed(yard, "ann", "job")
    with pytest.raises(Refused) as found, yard.acting("ann") as records:
        records.create("job", {"title": "x", "site": place})
    assert found.value.problems[0].field == "site"


def test_inheriting_along_a_reference_to_several_entities_asks_the_one_that_is_named(yard: World) -> None:
    """Who may read all places does not thereby see what is about labels."""
    with_roles(yard, {"r0": [{"entity": "place"}, {"entity": "job", "rows": {"inherit": "about"}}]})
    yard.person("ann", "r0")
    place, label = yard.make_record("place", name="a")["id"], yard.make_record("label", word="w")["id"]
    of_place = yard.make_record("job", title="p", about={"entity": "place", "id": place})["id"]
    yard.make_record("job", title="l", about={"entity": "label", "id": label})
    assert set(listed(yard, "ann", "job")) == {of_place}


def test_a_path_from_who_asks_is_read_with_their_eyes(yard: World) -> None:
    """One's own telephone is there to compare with; the telephone of one's team's leader is not."""
    with_roles(yard, {"r0": [{"entity": "place"}]})
    ann, lee = yard.person("ann", "r0", team="ward"), yard.person("lee", "r0", team="ward")
    with yard.directory() as records:
        records.update("team", yard.teams["ward"], {"leader": lee.user})
        for person, phone in ((ann, "13900000001"), (lee, "13900000002")):
            records.update("user", str(person.user), {"phone": phone})
    yard.make_record("place", name="a")
    assert len(listed(yard, "ann", filter="USER().phone = '13900000001'")) == 1
    assert listed(yard, "ann", filter="USER().team.leader.phone = '13900000002'") == {}
    assert len(listed(yard, "ann", filter="USER().team.leader.phone = NULL")) == 1
    assert len(listed(yard, "ann", filter="USER().team.leader.name = 'Lee'")) == 1


def test_a_field_is_filled_in_by_a_grant_that_reaches_the_new_record(yard: World) -> None:
    """All may be made with a name, one's own with a budget: not another's with a budget. Many at once neither."""
    creating = {"entity": "place", "actions": ["read", "create"]}
    with_roles(yard, {"r0": [{**creating, "writable": ["name", "owner"]}, {**creating, "rows": "own"}]})
    ann, bob = yard.person("ann", "r0"), yard.person("bob")
    for owner, budget, may in ((ann, "5.00", True), (bob, None, True), (bob, "5.00", False)):
        values = {"name": "x", "owner": owner.user} | ({"budget": budget} if budget else {})
        for act in ("create", "load_many"):
            given: Any = values if act == "create" else [values]
            if may:
                with yard.acting("ann") as records:
                    getattr(records, act)("place", given)
                continue
            with pytest.raises(Refused) as found, yard.acting("ann") as records:
                getattr(records, act)("place", given)
            assert [(p.type.name, p.field) for p in found.value.problems] == [("read-only", "budget")]


def test_a_list_sorts_by_a_text_that_shows_masked_everywhere(yard: World) -> None:
    """PostgreSQL once answered it with an error, for it orders by no bare NULL."""
    with_roles(yard, {"r0": [{"entity": "place", "mask": ["name"]}]})
    yard.person("ann", "r0")
    ids = [yard.make_record("place", name=n)["id"] for n in "ba"]
    for sort, right in (("name", sorted(ids)), ("-name", sorted(ids, reverse=True))):
        assert list(listed(yard, "ann", sort=(sort,))) == right


def test_a_path_to_a_record_not_seen_has_no_computed_value(yard: World) -> None:
    """A sum of no record's jobs is not 0: that is the sum of a record without jobs."""
    with_roles(yard, {"r0": [{"entity": "job"}, OWN]})
    ann = yard.person("ann", "r0")
    own = yard.make_record("place", name="a", owner=ann.user)["id"]
    other = yard.make_record("place", name="b")["id"]
    jobs = {yard.make_record("job", title="j", site=s)["id"]: s for s in (own, other, None)}
    seen = listed(yard, "ann", "job", fields=("site.jobs_seen",))
    assert {jobs[i]: item["site.jobs_seen"] for i, item in seen.items()} == {
        own: "0.00",
        other: None,
        None: None,
    }


def test_a_whole_number_computed_when_read_is_a_number_in_bytes_too(yard: World) -> None:
    with_roles(yard, {"r0": [{"entity": "place"}]})
    yard.person("ann", "r0")
    yard.make_record("place", name="a", opened=yard.clock.now().date().isoformat())
    with yard.acting("ann") as records:
        item = msgspec.json.decode(records.list_json(Query("place")))["items"][0]
    assert item["age_days"] == 0


def test_a_value_at_the_end_of_a_path_is_written_as_in_its_own_record(yard: World) -> None:
    """A whole number computed where it is read once left as a text."""
    with_roles(yard, {"r0": [{"entity": "place"}, {"entity": "job"}]})
    yard.person("ann", "r0")
    place = yard.make_record("place", name="a", budget="5.00", opened=yard.clock.now().date().isoformat())
    yard.make_record("job", title="j", site=place["id"])
    asked = Query("job", fields=("site.age_days", "site.budget", "site.opened"))
    with yard.acting("ann") as records:
        for (item,) in (
            records.list(asked).items,
            msgspec.json.decode(records.list_json(asked))["items"],
        ):
            own = {n: place[n] for n in ("budget", "opened")} | {"age_days": 0}
            assert {n: item[f"site.{n}"] for n in own} == own


def test_a_masked_field_that_is_read_only_tells_nothing_of_its_value(yard: World) -> None:
    """Not by whether a guess is refused: alone, beside another change, or with the version that was read."""
    grants = {"actions": ["read", "update"], "mask": ["code", "budget", "owner"]}
    with_roles(yard, {"r0": [{"entity": "place", **grants, "readonly": ["code", "budget", "owner"]}]})
    ann = yard.person("ann", "r0")
    bob = yard.person("bob")
    id = yard.make_record("place", name="a", code="own-1234", budget="5.00", owner=ann.user)["id"]
    guesses = {
        "code": ("own-1234", "own-1235", None),
        "budget": ("5.00", "5", "6.00", None),
        "owner": (ann.user, bob.user, None),
    }

    def refusal(values: dict[str, Any], **given: Any) -> list[tuple[str, str | None]]:
        with pytest.raises(Refused) as found, yard.acting("ann") as records:
            records.update("place", id, values, **given)
        return [(p.type.name, p.field) for p in found.value.problems]

    for name, values in guesses.items():
        for beside in ({}, {"name": "b"}):
            for given in ({}, {"version": 1}):
                told = [refusal({name: value, **beside}, **given) for value in values]
                assert told == [[("read-only", name)]] * len(values)


# --- rows inherited in a circle ---------------------------------------------------------------------------------------
CIRCLE = """
kind: entity
name: folder
fields:
  - {name: name, type: text}
  - {name: sheet, type: reference, to: sheet, inverse: folders}
---
kind: entity
name: sheet
fields:
  - {name: name, type: text}
  - {name: folder, type: reference, to: folder, inverse: sheets}
---
"""


def test_a_role_that_inherits_in_a_circle_is_refused(database_kind: str) -> None:
    role = "kind: role\nname: reader\ngrants: [{entity: folder, rows: {inherit: sheet}}, {entity: sheet, rows: {inherit: folder}}]\n"
    with pytest.raises(Refused) as found:
        app_of(CIRCLE + role)
    assert "circle" in str(found.value)


def test_roles_that_together_inherit_in_a_circle_give_what_each_gives(
    database_url: str, database_kind: str
) -> None:
    """The way round gives nothing, and is no endless one; what else a role gives is still given."""
    one = "kind: role\nname: one\ngrants: [{entity: folder, rows: {inherit: sheet}}, {entity: folder, rows: own}]\n"
    two = "kind: role\nname: two\ngrants: [{entity: sheet, rows: {inherit: folder}}]\n"
    world = World.make(database_url, app_of(f"{CIRCLE}{one}---\n{two}"))
    ann = world.person("ann", "one", "two")
    with world.acting("ann") as records:
        assert records.list(Query("folder")).items == []
    sheet = world.make_record("sheet", name="s")["id"]
    folder = world.make_record("folder", name="f", sheet=sheet)["id"]
    inside = world.make_record("sheet", name="i", folder=folder)["id"]
    with world.engine.begin() as connection:
        table = world.running(connection).tables.of("folder")
        connection.execute(table.update().values(created_by=ann.user))
    with world.acting("ann") as records:
        assert [i["id"] for i in records.list(Query("folder")).items] == [folder]
        assert [i["id"] for i in records.list(Query("sheet")).items] == [inside]
    world.engine.dispose()


# --- sums only --------------------------------------------------------------------------------------------------------
def summing(world: World, **grant: Any) -> None:
    """`stat` sees sums of places over three and more; six are there: budgets 1 to 6, three low, two mid, one high."""
    with_roles(world, {"r0": [{"entity": "place", "aggregate_only": True, "at_least": 3, **grant}]})
    world.person("stat", "r0")
    for n, rank in enumerate(("low", "low", "low", "mid", "mid", "high"), start=1):
        budget = {} if n == 6 else {"budget": f"{n}.00"}
        world.make_record("place", name=f"p{n}", code=f"c{n}", rank=rank, **budget)


def summed(world: World, *, who: str = "stat", sum: str = "budget", **asked: Any) -> tuple[Any, Any]:
    """Rows and total of a sum and a count."""
    measures = (Measure("s", f"SUM({sum})"), Measure("n", "COUNT()"))
    with world.acting(who) as records:
        answer = records.aggregate(AggregateQuery("place", measures=measures, **asked))
    return answer.rows, answer.total


def test_a_record_is_not_told_by_all_but_it(yard: World) -> None:
    """Whoever asks for all, and for all but one, once had that one by subtraction."""
    summing(yard)
    assert summed(yard)[1] == {"s": "15.00", "n": 6}
    for filter in (
        "code <> 'c1'",
        "NOT (code = 'c1')",
        "rank <> 'high'",
        "rank = 'low' OR code = 'c4'",
        "code IN ('c1', 'c2', 'c3', 'c4')",
        "NOT (rank = 'low' AND code = 'c1')",
        "budget > 1",
    ):
        assert summed(yard, filter=filter)[1] == {}, filter
    assert summed(yard, filter="rank = 'low'")[1] == {"n": 3}, "of the budgets two would be left"
    yard.make_record("place", name="p7", rank="high", budget="7.00")
    assert summed(yard, filter="rank = 'low'")[1] == {"s": "6.00", "n": 3}
    assert summed(yard, filter="rank IN ('mid', 'high')")[1] == {}


def test_a_part_of_a_filter_may_not_leave_out_few_of_a_group(yard: World) -> None:
    """Five are left out of the whole, but one only of each group."""
    summing(yard)
    for n in range(10, 16):
        yard.make_record(
            "place", name=f"q{n}", code="x" if n == 10 else f"c{n}", rank="low", budget="1.00", note="n"
        )
    rows, total = summed(yard, rows=("rank",), filter="code <> 'x' OR rank = 'high'")
    assert (rows, total) == ([], {})


def test_a_sum_over_few_values_is_withheld_though_its_group_is_large(yard: World) -> None:
    """Three records, one of which has a budget: its sum is that budget."""
    summing(yard)
    for n in range(3):
        yard.make_record("place", name=f"r{n}", rank="high")
    yard.make_record("place", name="rich", rank="high", budget="99.00")
    rows, total = summed(yard, rows=("rank",))
    told = {r["rank"]: (r["s"], r["n"]) for r in rows}
    assert told == {"low": ("6.00", 3), "high": (None, 5)}
    assert total == {"s": "114.00"}, "of budgets three are left together; of records the two of mid"


def test_neither_limit_nor_order_tells_of_groups_withheld(yard: World) -> None:
    """The limit once cut before the small groups were taken out: the total then stood beside what it gives away."""
    summing(yard)
    for sort in ("s", "-s", "rank", "-n"):
        rows, total = summed(yard, rows=("rank",), sort=(sort,), limit=1)
        assert [r["rank"] for r in rows] == ["low"]
        assert total == {"n": 6}, "three records are left together, with two budgets"
    yard.make_record("place", name="more", rank="low", budget="1.00")
    with yard.acting() as records:
        lone = records.list(Query("place", filter="rank = 'mid'", limit=1)).items[0]["id"]
        records.delete("place", lone)
    rows, total = summed(yard, rows=("rank",), sort=("-s",), limit=1)
    assert (len(rows), total) == (1, {})


@pytest.mark.parametrize(
    "formula",
    [
        "budget * budget",
        "IF(CONTAINS(code, 'c1'), budget, 0)",
        "IF(rank = 'high', budget, 0)",
        "-budget",
        "1 / budget",
    ],
)
def test_only_a_field_itself_is_summed(yard: World, formula: str) -> None:
    """A condition within, in whatever disguise, and powers of a field tell single values."""
    summing(yard)
    with pytest.raises(Refused) as found:
        summed(yard, sum=formula)
    assert found.value.problems[0].field == "measures"


def test_who_reads_all_records_still_sees_sums_only_of_what_they_do_not_read(yard: World) -> None:
    """Reading names of all, and sums of budgets: a budget of one's own choosing is no sum."""
    grants = [
        {"entity": "place", "fields": ["name", "code"]},
        {"entity": "place", "aggregate_only": True, "at_least": 3},
    ]
    summing(yard)
    with_roles(yard, {"r0": grants})
    assert summed(yard, filter="name = 'p2'") == ([], {})
    with pytest.raises(Refused), yard.acting("stat") as records:
        records.aggregate(AggregateQuery("place", measures=(Measure("m", "MAX(budget)"),)))


def test_joining_orders_by_age_where_no_title_is_seen(yard: World) -> None:
    """PostgreSQL once answered it with an error: an id has no collation."""
    with_roles(yard, {"r0": [{"entity": "place", "hide": ["name"]}]})
    yard.person("ann", "r0")
    for code in ("b", "a"):
        yard.make_record("place", name=code, code=code)
    with yard.acting("ann") as records:
        answer = records.aggregate(AggregateQuery("place", measures=(Measure("all", "JOIN(code, '-')"),)))
    assert answer.total == {"all": "b-a"}


# --- what refusals tell -----------------------------------------------------------------------------------------------
GUARDED = """
kind: entity
name: sheet
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: cipher, type: text, label: Cipher of the house, required: true}
  - {name: weight, type: integer, label: Weight of the word}
  - {name: folder, type: reference, to: folder, inverse: sheets, label: Folder unseen}
  - {name: stage, type: stage, stages: [{value: new}, {value: done}, {value: shut}],
     transitions: [{from: new, to: done, requires: [weight]}, {from: new, to: shut}]}
rules:
  - {name: light, check: "weight < 10", message: Too heavy}
unique: [[name, cipher]]
lock: [{when: "stage = 'shut' AND weight <> 99", except: [weight]}]
---
kind: entity
name: folder
fields: [{name: name, type: text}]
---
kind: role
name: clerk
grants:
  - {entity: sheet, actions: [read, create, update, delete], hide: [cipher, weight, folder]}
  - {entity: folder, actions: [read, delete], rows: "name <> 'secret'"}
---
kind: role
name: peeper
grants: [{entity: folder, actions: [read, delete]}, {entity: sheet, actions: [read], rows: "name = 'mine'"}]
"""
UNSEEN = ("cipher", "weight", "folder unseen", "house")


def test_refusals_do_not_name_fields_that_are_not_seen(database_url: str, database_kind: str) -> None:
    """Required, unique, a rule, a stage, a lock, a parent in the trash: each says that, not which."""
    world = World.make(database_url, app_of(GUARDED))
    world.person("ann", "clerk")
    first = world.make_record("sheet", name="a", cipher="x")["id"]
    world.make_record("sheet", name="b", cipher="x")
    heavy = world.make_record("sheet", name="c", cipher="y", weight=9)["id"]
    shut = world.make_record("sheet", name="d", cipher="z", stage="shut")["id"]
    folder = world.make_record("folder", name="f")["id"]
    lost = world.make_record("sheet", name="e", cipher="w", folder=folder)["id"]
    with world.engine.begin() as connection:
        table = world.running(connection).tables.of("sheet")
        connection.execute(table.update().where(table.c.id == heavy).values(weight=50))
    with world.acting() as records:
        records.delete("sheet", lost)
        records.delete("folder", folder)
    acts: tuple[tuple[str, Callable[[Records], Any]], ...] = (
        ("required", lambda records: records.create("sheet", {"name": "n"})),
        ("not-unique", lambda records: records.update("sheet", first, {"name": "b"})),
        ("rule", lambda records: records.update("sheet", heavy, {"name": "n"})),
        ("stage", lambda records: records.update("sheet", first, {"stage": "done"})),
        ("locked", lambda records: records.update("sheet", shut, {"name": "n"})),
        ("still-referred", lambda records: records.restore("sheet", lost)),
    )
    for kind, act in acts:
        with pytest.raises(Refused) as found, world.acting("ann") as records:
            act(records)
        for problem in found.value.problems:
            assert problem.type.name.startswith(kind), (kind, problem)
            told = f"{problem.field} {problem.text('en')} {problem.text('zh')} {dict(problem.facts)}".lower()
            assert not [word for word in UNSEEN if word in told], told
    world.engine.dispose()


def test_a_refused_deletion_counts_only_what_its_writer_may_read(
    database_url: str, database_kind: str
) -> None:
    world = World.make(database_url, app_of(GUARDED))
    world.person("pip", "peeper")
    folder = world.make_record("folder", name="f")["id"]
    hidden = [world.make_record("sheet", name=n, cipher=n, folder=folder)["id"] for n in "xyz"]
    world.make_record("sheet", name="mine", cipher="m", folder=folder)
    for mine in (1, 0):
        with pytest.raises(Refused) as found, world.acting("pip") as records:
            records.delete("folder", folder)
        count = found.value.problems[0].facts["count"]
        assert (count == 1) is bool(mine)
        assert count not in (len(hidden), len(hidden) + 1)
        with world.acting() as records:
            for item in records.list(Query("sheet", filter="name = 'mine'")).items:
                records.update("sheet", item["id"], {"folder": None})
    world.engine.dispose()


def test_what_is_forbidden_takes_the_same_steps_as_what_is_not_there(yard: World) -> None:
    """The answers are equal to the byte, and so are the statements asked for them."""
    with_roles(yard, {"r0": [{**OWN, "actions": ["read", "update", "delete", "share"]}]})
    yard.person("ann", "r0")
    other = yard.make_record("place", name="b")["id"]
    acts: tuple[Callable[[Records, str], Any], ...] = (
        lambda records, id: records.get("place", id),
        lambda records, id: records.update("place", id, {"name": "x"}),
        lambda records, id: records.delete("place", id),
        lambda records, id: records.history("place", id),
        lambda records, id: records.as_of("place", id, yard.clock.now()),
        lambda records, id: records.reveal("place", id, "phone"),
        lambda records, id: records.share("place", id, user=str(yard.people["ann"].user)),
        lambda records, id: records.restore("place", id),
        lambda records, id: records.shares("place", id),
    )
    statements: list[str] = []
    sa.event.listen(yard.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    for act in acts:
        answers = []
        for id in (other, "00000000-0000-7000-8000-000000000000"):
            statements.clear()
            with pytest.raises(Refused) as found, yard.acting("ann") as records:
                act(records, id)
            answers.append(
                (found.value.problems[0].text("en"), dict(found.value.problems[0].facts), [*statements])
            )
        assert answers[0] == answers[1]


def test_a_related_list_that_is_hidden_is_an_unknown_name(yard: World) -> None:
    """A grant may hide an inverse as it hides a field: it then counts for nothing in a formula, and has no tab."""
    with_roles(
        yard, {"r0": [{"entity": "place", "hide": ["jobs"]}, {"entity": "job"}], "r1": [{"entity": "place"}]}
    )
    yard.person("ann", "r0")
    yard.person("bob", "r0", "r1")
    place = yard.make_record("place", name="a")["id"]
    yard.make_record("job", title="j", site=place)
    with pytest.raises(Refused) as found:
        listed(yard, "ann", filter="COUNT(jobs) = 1")
    assert found.value.problems[0].type.name == "bad-formula"
    assert set(listed(yard, "bob", filter="COUNT(jobs) = 1")) == {place}
    for who, knows in (("ann", False), ("bob", True)):
        with yard.acting(who) as records:
            assert records.knows_way("place", "jobs") is knows


def test_fields_that_are_filled_in_and_never_read_stand_in_no_list_and_no_export(yard: World) -> None:
    """To read them is refused as an unknown name: who asks for all they see must not be refused for them."""
    grants = [
        {"entity": "place", "actions": ["read", "export"], "hide": ["note"]},
        {"entity": "place", "actions": ["create"]},
    ]
    with_roles(yard, {"r0": grants})
    yard.person("ann", "r0")
    id = yard.make_record("place", name="a", note="told")["id"]
    out = io.BytesIO()
    with yard.acting("ann") as records:
        views = {view.field.name: view for view in records.fields("place")}
        assert (views["note"].read, views["note"].create) == (False, True)
        desk = Desk(records, Reader("en", "UTC", yard.clock.now()))
        assert "note" not in desk.views("place")
        assert "note" in desk.fillable("place")
        assert export(records, Query("place"), "csv", out) == 1
    assert id in out.getvalue().decode()
    assert "told" not in out.getvalue().decode()
