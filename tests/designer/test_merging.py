"""Two sets of changes made into one: what holds for any two, and what a person meets."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dougong_designer.merging import ABSENT, ORDER, Merged, merge
from dougong_designer.patch import same

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
NAMES = ("fee", "code", "room", "hours")
PLAIN = st.sampled_from(["a", "b", 1, True, None])


@st.composite
def members(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = draw(st.lists(st.sampled_from("pqrst"), unique=True, max_size=4))
    return [
        {"id": i, "name": draw(st.sampled_from(NAMES)), **draw(st.dictionaries(st.sampled_from("xy"), PLAIN))}
        for i in ids
    ]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    made = {}
    for n, name in enumerate(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))):
        identity = draw(st.sampled_from([f"d{n}", "d9"])) if n == 0 else f"d{n}"
        made[f"entity/{name}"] = {
            "kind": "entity",
            "id": identity,
            "name": name,
            "fields": draw(members()),
            **draw(st.dictionaries(st.sampled_from(["label", "title"]), PLAIN)),
        }
    if draw(st.booleans()):
        made["file/data/a.csv"] = draw(st.sampled_from(["1", "2"]))
    return made


def alike(a: Any, b: Any) -> bool:
    return {k: copy.deepcopy(v) for k, v in a.items()} == dict(b)


@settings(max_examples=25 * EFFORT)
@given(documents(), documents())
def test_what_only_one_side_changed_is_taken_from_it(base: dict[str, Any], side: dict[str, Any]) -> None:
    for ours, theirs in ((side, base), (base, side), (side, side)):
        made = merge(base, ours, theirs)
        assert made.conflicts == ()
        assert alike(made.documents, side)


@settings(max_examples=40 * EFFORT)
@given(documents(), documents(), documents(), st.data())
def test_every_conflict_is_decided_by_its_place(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], data: st.DataObject
) -> None:
    kept = copy.deepcopy((base, ours, theirs))
    first = merge(base, ours, theirs)
    assert first.undecided == first.conflicts
    for conflict in first.conflicts:
        assert ABSENT in (conflict.ours, conflict.theirs) or not same(conflict.ours, conflict.theirs)
    second = settled(base, ours, theirs, lambda: data.draw(st.sampled_from(["ours", "theirs"])))
    assert second.undecided == ()
    assert (base, ours, theirs) == kept
    # Ours everywhere, and theirs seen from the other side, come to the same, but for the order of what was added.
    mine = settled(base, ours, theirs, lambda: "ours")
    yours = settled(base, theirs, ours, lambda: "theirs")
    if not any(len(c.path) == 1 for c in (*mine.conflicts, *yours.conflicts)):
        assert _unordered(mine.documents) == _unordered(yours.documents)


def settled(base: Any, ours: Any, theirs: Any, choose: Callable[[], Any]) -> Merged:
    """Decide until nothing is undecided: what is chosen may bring two documents under one name."""
    choices: dict[str, Any] = {}
    for _ in range(10):
        made = merge(base, ours, theirs, choices)
        if not made.undecided:
            break
        choices |= {c.place: choose() for c in made.undecided}
    return made


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _unordered(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(v) for v in value), key=repr)
    return value


FEE = {"id": "f", "name": "fee", "type": "text", "label": "Fee"}
ROOM = {"id": "r", "name": "room", "type": "text"}
CODE = {"id": "c", "name": "code", "type": "text"}


def course(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"entity/course": {"kind": "entity", "id": "e", "name": "course", "fields": list(fields), **more}}


def test_a_rename_on_one_side_and_another_change_on_the_other_meet_in_one_field() -> None:
    base = course(FEE, ROOM)
    ours = course({**FEE, "name": "price"}, ROOM)
    theirs = course({**FEE, "label": "Price"}, CODE, ROOM)
    made = merge(base, ours, theirs)
    assert made.conflicts == ()
    assert made.documents == course({**FEE, "name": "price", "label": "Price"}, CODE, ROOM)


def test_a_renamed_document_meets_what_changed_in_it() -> None:
    base, theirs = course(FEE), course(FEE, ROOM)
    ours = {"entity/class": {**base["entity/course"], "name": "class"}}
    made = merge(base, ours, theirs)
    assert made.conflicts == ()
    assert made.documents == {"entity/class": {**theirs["entity/course"], "name": "class"}}


def test_what_was_removed_here_and_changed_there_is_a_conflict() -> None:
    base, ours = course(FEE, ROOM), course(ROOM)
    theirs = course({**FEE, "label": "Price"}, ROOM)
    (conflict,) = merge(base, ours, theirs).conflicts
    assert (conflict.place, conflict.ours) == ("/entity~1course/fields/f", ABSENT)
    assert merge(base, ours, theirs, {conflict.place: "theirs"}).documents == theirs
    assert merge(base, ours, theirs, {conflict.place: "ours"}).documents == ours


def test_an_order_that_both_changed_is_chosen_whole() -> None:
    base, ours, theirs = course(FEE, ROOM, CODE), course(ROOM, FEE, CODE), course(CODE, FEE, ROOM)
    (conflict,) = merge(base, ours, theirs).conflicts
    assert conflict.path == ("entity/course", "fields", ORDER)
    assert conflict.theirs == ["c", "f", "r"]
    assert merge(base, ours, theirs, {conflict.place: "theirs"}).documents == theirs
    assert merge(base, course(ROOM, FEE), course(FEE, ROOM)).conflicts == ()


def test_what_nobody_touched_is_the_same_object() -> None:
    base = {**course(FEE), "entity/other": {"kind": "entity", "id": "o", "name": "other", "fields": []}}
    ours, theirs = {**base, **course(FEE, ROOM)}, {**base, **course({**FEE, "label": "X"})}
    made = merge(base, ours, theirs).documents
    assert made["entity/other"] is base["entity/other"]
    assert [f["id"] for f in made["entity/course"]["fields"]] == ["f", "r"]
