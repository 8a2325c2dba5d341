"""Patches: what is compared can be carried out and taken back, to the byte; what is hostile is refused."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dougong_designer import patch as patches
from dougong_designer.patch import BAD_PATCH, CHANGED_MEANWHILE, Operation
from dougong_runtime.errors import Refused

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
NAMES = st.sampled_from(("name", "label", "a/b", "~", "", "0", "-", "id2", "字段"))
PLAIN = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from((0.5, 1.0, "", "x", "王敏", "0"))


def members(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists as documents have them: things with ids, in any order, sometimes the same id twice."""
    thing = st.dictionaries(NAMES, inner, max_size=3)
    ids = st.lists(st.sampled_from("abcdef"), max_size=5, unique=True) | st.lists(
        st.sampled_from("ab"), max_size=3
    )
    return ids.flatmap(
        lambda chosen: st.tuples(*[thing for _ in chosen]).map(
            lambda things: [{"id": i, **t} for i, t in zip(chosen, things, strict=True)]
        )
    )


VALUES = st.recursive(
    PLAIN,
    lambda inner: st.dictionaries(NAMES, inner, max_size=4) | st.lists(inner, max_size=4) | members(inner),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(("entity/visit", "entity/patient", "app/clinic", "file/data/a.csv")),
    st.dictionaries(NAMES, VALUES, max_size=4) | st.fixed_dictionaries({"fields": members(VALUES)}),
    max_size=3,
)


def written(documents: Any) -> str:
    """As it is kept: the order of properties counts, `1`, `1.0` and `true` differ; documents stand in their own order."""
    return json.dumps({key: documents[key] for key in sorted(documents)}, ensure_ascii=False)


@settings(max_examples=80 * EFFORT)
@given(DOCUMENTS, DOCUMENTS)
@example({"a/b": {"l": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}}, {"a/b": {"l": [{"id": "c"}, {"id": "a"}]}})
@example({"a/b": {"x": 1, "y": 2}}, {"a/b": {"y": 2, "x": 1}})
@example({"a/b": {"x": 1}}, {"a/b": {"x": True}})
@example({"a/b": {"l": [{"id": "0"}, {"id": "1"}]}}, {"a/b": {"l": [{"id": "1"}, {"id": "0"}, {"id": "-"}]}})
def test_a_comparison_carried_out_gives_the_new_and_its_inverse_the_old(old: Any, new: Any) -> None:
    before = written(old)
    there, back = patches.between(old, new), patches.between(new, old)
    assert written(patches.apply(old, there)) == written(new)
    assert written(patches.apply(patches.apply(old, there), back)) == before
    assert written(old) == before, "documents are never changed in place"
    assert bool(there) == (written(old) != written(new))
    sent = patches.read(json.loads(json.dumps([one.as_json() for one in there]))) if there else ()
    assert written(patches.apply(old, sent)) == written(new)


@settings(max_examples=60 * EFFORT)
@given(members(PLAIN), members(PLAIN), st.sampled_from("xyz"))
def test_a_way_back_keeps_what_others_added_meanwhile(old: Any, new: Any, theirs: str) -> None:
    """Undo after additions of others: everything goes back but what they did."""
    if any(len({m["id"] for m in given}) != len(given) for given in (old, new)):
        return
    here, there = {"entity/v": {"fields": old}}, {"entity/v": {"fields": new}}
    added = Operation("add", ("entity/v", "fields", "-"), {"id": theirs})
    inverse = patches.between(there, here)
    assert patches.overlap(inverse, [added]) is None
    back = patches.apply(patches.apply(there, [added]), inverse)
    kept = [member for member in back["entity/v"]["fields"] if member["id"] != theirs]
    assert written({"v": kept}) == written({"v": old})
    assert len(back["entity/v"]["fields"]) == len(old) + 1


def test_what_an_act_leaves_alone_stays_the_same_object() -> None:
    old = {"entity/v": {"fields": [{"id": "a", "n": 1}, {"id": "b"}]}, "entity/w": {"x": []}}
    new = patches.apply(old, patches.read([{"op": "replace", "path": "/entity~1v/fields/a/n", "value": 2}]))
    assert new["entity/w"] is old["entity/w"]
    assert new["entity/v"]["fields"][1] is old["entity/v"]["fields"][1]
    assert patches.touched(patches.between(old, new)) == ("entity/v",)


def test_neighbours_say_where_something_stands() -> None:
    old = {"e/v": {"l": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}}
    for operation, order in (
        ({"op": "move", "from": "/e~1v/l/c", "path": "/e~1v/l/-", "before": "a"}, "cab"),
        ({"op": "move", "from": "/e~1v/l/a", "path": "/e~1v/l/-"}, "bca"),
        ({"op": "move", "from": "/e~1v/l/a", "path": "/e~1v/l/-", "before": "gone"}, "bca"),
        ({"op": "add", "path": "/e~1v/l/-", "value": {"id": "d"}, "before": "b"}, "adbc"),
        ({"op": "add", "path": "/e~1v/l/0", "value": {"id": "d"}}, "dabc"),
        ({"op": "move", "from": "/e~1v/l/0", "path": "/e~1v/l/2"}, "bca"),
    ):
        new = patches.apply(old, patches.read([operation]))
        assert "".join(m["id"] for m in new["e/v"]["l"]) == order, operation


def test_a_copy_is_another_thing() -> None:
    field = {"id": "a", "options": [{"id": "o", "value": "x"}], "values": {"id": "kept"}}
    copy = {"op": "copy", "from": "/e~1v/l/a", "path": "/e~1v/l/-"}
    made = patches.apply({"e/v": {"l": [field]}}, patches.read([copy]))["e/v"]["l"][1]
    assert made == {"options": [{"value": "x"}], "values": {"id": "kept"}}


def test_a_test_tells_the_value_that_is_there_now() -> None:
    operation = {"op": "test", "path": "/e~1v/label", "value": "a"}
    assert patches.apply({"e/v": {"label": "a"}}, patches.read([operation]))
    with pytest.raises(Refused) as refused:
        patches.apply({"e/v": {"label": "b"}}, patches.read([operation]))
    assert refused.value.problems[0].type is CHANGED_MEANWHILE
    assert refused.value.problems[0].facts["now"] == '"b"'


def test_overlap_is_one_at_or_below_the_other() -> None:
    def at(*path: str, op: Any = "replace") -> list[Operation]:
        return [Operation(op, path, {"id": "n"})]

    assert patches.overlap(at("e/v", "fields", "a"), at("e/v", "fields", "a", "label"))
    assert patches.overlap(at("e/v", "fields", "a", "label"), at("e/v"))
    assert patches.overlap(at("e/v", "fields", "a"), at("e/v", "fields", "b")) is None
    assert patches.overlap(at("e/v", "fields", "-", op="add"), at("e/v", "fields", "b")) is None
    assert patches.overlap(at("e/v", "fields", "-", op="add"), at("e/v", "fields", "n"))


BASE: dict[str, Any] = {
    "app/c": {"name": "c"},
    "entity/v": {"name": "v", "fields": [{"id": "a", "n": "x"}], "t": "abc"},
}
HOSTILE: tuple[Any, ...] = (
    None, {}, [], "x", [None], [[]], [{}], [{"op": "add"}], [{"op": "explode", "path": "/x"}],
    [{"op": "add", "path": "/x"}], [{"op": "add", "path": "", "value": {}}], [{"op": "add", "path": "x", "value": 1}],
    [{"op": "add", "path": 3, "value": 1}], [{"op": "add", "path": ["x"], "value": 1}],
    [{"op": "add", "path": "/x", "value": 1, "extra": 1}], [{"op": "add", "path": "/x", "value": 1, "before": 2}],
    [{"op": "move", "path": "/x"}], [{"op": "move", "from": "/nope", "path": "/x"}],
    [{"op": "move", "from": "/entity~1v", "path": "/entity~1v/inner"}],
    [{"op": "remove", "path": "/__proto__"}], [{"op": "replace", "path": "/__proto__/polluted", "value": 1}],
    [{"op": "add", "path": "/__class__/__init__", "value": 1}], [{"op": "remove", "path": "/entity~1v/fields/__len__"}],
    [{"op": "remove", "path": "/entity~1v/fields/-1"}], [{"op": "remove", "path": "/entity~1v/fields/-"}],
    [{"op": "remove", "path": "/entity~1v/fields/9"}], [{"op": "add", "path": "/entity~1v/fields/9", "value": {}}],
    [{"op": "remove", "path": "/entity~1v/t/a"}], [{"op": "add", "path": "/entity~1v/t/a", "value": 1}],
    [{"op": "replace", "path": "/entity~1v/t/0", "value": 1}], [{"op": "remove", "path": "/entity~1v/t/ab"}],
    [{"op": "add", "path": "/" + "x" * 5_000, "value": 1}], [{"op": "add", "path": "/x" * 50, "value": 1}],
    [{"op": "add", "path": "/x" * 100_000, "value": 1}], [{"op": "remove", "path": "/" + "9" * 3_000}],
    [{"op": "test", "path": "/entity~1v", "value": 1}] * 2_001,
    # Doubling, and burying a thing within a copy of itself.
    [{"op": "copy", "from": "/entity~1v", "path": "/entity~1v/fields/-"}] * 2_000,
    [{"op": "copy", "from": "/entity~1v", "path": f"/entity~1v/{n}"} for n in range(2_000)],
    [{"op": "copy", "from": "/entity~1v", "path": "/entity~1v/t"}] * 60,
)  # fmt: skip


def test_what_is_hostile_is_refused_and_nothing_else_happens() -> None:
    before = written(BASE)
    for given_ in HOSTILE:
        with pytest.raises(Refused) as refused:
            patches.apply(BASE, patches.read(given_))
        assert refused.value.problems[0].type in (BAD_PATCH, CHANGED_MEANWHILE), str(given_)[:200]
    assert written(BASE) == before


def test_two_thousand_operations_are_carried_out() -> None:
    many = [{"op": "add", "path": "/entity~1v/fields/-", "value": {"n": n}} for n in range(2_000)]
    assert len(patches.apply(BASE, patches.read(many))["entity/v"]["fields"]) == 2_001


def test_numbers_are_those_that_a_file_would_give() -> None:
    given_ = [
        Decimal("0.10"),
        Decimal("1E+3"),
        Decimal("0." + "1" * 30),
        10**40,
        12,
        True,
        {"a": (Decimal("1.5"),)},
    ]
    assert patches.plain(given_) == [0.1, 1000.0, "0." + "1" * 30, str(10**40), 12, True, {"a": [1.5]}]
    assert [type(one) for one in patches.plain(given_)[:2]] == [float, float]
