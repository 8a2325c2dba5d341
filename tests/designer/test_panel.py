"""The property panel: every property of every document has its input, and an input left as it is changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dougong_designer import patch as patches
from dougong_designer.draft import Draft
from dougong_designer.flow import Lane, flow
from dougong_designer.grid import COLUMNS, Box, boxes, placed
from dougong_designer.outline import outline
from dougong_designer.panel import acts
from dougong_designer.panel.place import Panel, Property, panel, property_at
from dougong_designer.panel.schema import MISSING, member_kinds, place
from dougong_designer.panel.values import OPENED, entered
from dougong_designer.patch import Documents, Tokens
from dougong_designer.reporting import report
from dougong_designer.shapes import check_shapes
from dougong_designer.spoken import spoken
from dougong_runtime.documents.source import read
from dougong_runtime.errors import Refused
from dougong_runtime.host import FixedClock
from dougong_runtime.model.link import link

ROOT = Path(__file__).parents[1]
TODAY = FixedClock().now().date()
APPS = ("clinic", "workshop", "school", "lending")


@cache
def draft_of(name: str) -> Draft:
    """An app as a draft in which nothing has been done."""
    source = link(read(ROOT / "apps" / name)).source
    return Draft(name, 1, 0, 1, source, source)


def places(draft: Draft, tokens: Tokens) -> Iterator[tuple[Tokens, Panel]]:
    """A place and all below it that panels open."""
    shown = panel(draft, tokens)
    yield tokens, shown
    for one in shown.properties:
        if one.widget == "group" and one.is_set and one.pointer != shown.pointer:
            yield from places(draft, patches.tokens_of(one.pointer))
        for member in one.members:
            yield from places(draft, patches.tokens_of(member.pointer))


def every(draft: Draft) -> Iterator[tuple[Tokens, Panel]]:
    for key in draft.documents:
        if not key.startswith("file/"):
            yield from places(draft, (key,))


@pytest.mark.parametrize("name", APPS)
def test_every_property_has_its_input_and_left_alone_changes_nothing(name: str) -> None:
    draft = draft_of(name)
    seen = 0
    for tokens, shown in every(draft):
        value = patches.value_at(draft.documents, tokens)
        names = {one.name for one in shown.properties}
        if isinstance(value, dict):
            assert set(value) - names == set(), tokens
            known = place(draft.documents, tokens).properties
            assert set(known) - names == set(), tokens
        for one in shown.properties:
            seen += 1
            assert one.title.zh, (tokens, one.name)
            assert one.title.en, (tokens, one.name)
            if one.widget in OPENED or one.widget == "fixed":
                continue
            left = entered(one.widget, one.schema, one.value, one.texts)
            assert left is one.value, (tokens, one.name, left)
            assert acts.setting(draft.documents, patches.tokens_of(one.pointer), left) == ()
    assert seen > 1_000


def test_what_begins_by_itself_has_the_shape_that_its_schema_says() -> None:
    """Every kind of member of every list, every group that is not there, every other shape of a property."""
    done: set[Any] = set()
    for draft in map(draft_of, APPS):
        for tokens, shown in every(draft):
            for one in shown.properties:
                where = patches.tokens_of(one.pointer)
                mark = (tokens[0].partition("/")[0], len(where), one.name, str(shown.kind))
                if mark not in done:
                    done.add(mark)
                    begins(draft.documents, one, where)
    assert len(done) > 500


def begins(documents: Documents, one: Property, where: Tokens) -> None:
    if one.widget == "members":
        for member in member_kinds(place(documents, where)):
            patch, _ = acts.adding(documents, where, member.key, None, TODAY)
            holds(documents, patch, where[0])
    for shape in range(len(one.shapes)) if one.is_set else ():
        holds(documents, acts.reshaping(documents, where, shape, TODAY), where[0])
    if one.widget == "group" and not one.is_set:
        holds(documents, acts.reshaping(documents, where, 0, TODAY), where[0])


def holds(documents: Documents, patch: patches.Patch, key: str) -> None:
    try:
        check_shapes(documents, patches.apply(documents, patch), [key])
    except Refused as refused:
        raise AssertionError((key, patch, [p.text("en") for p in refused.problems])) from None


def shown(name: str, *tokens: str) -> Property:
    return property_at(draft_of(name), tokens)


def test_names_are_offered_with_their_labels() -> None:
    trigger = shown("clinic", "workflow/call_back", "trigger", "entity")
    assert trigger.widget == "reference"
    assert {one.value for one in trigger.choices} >= {"visit", "patient"}
    assert {one.value: one.label.zh for one in trigger.choices}["visit"] == "就诊"
    to = shown("clinic", "message/visit_missed", "channels")
    assert to.widget == "members"
    group = shown("clinic", "report/visits_by_doctor", "source")
    assert group.is_required
    assert shown("clinic", "workflow/call_back", "trigger", "on").choices[0].label.zh == "新建记录时"
    assert shown("clinic", "workflow/call_back", "active").is_on
    role = shown("clinic", "workflow/call_back", "as")
    assert "nurse" in {one.value for one in role.choices}


def test_what_is_less_used_stands_below() -> None:
    draft = draft_of("clinic")
    trigger = panel(draft, ("workflow/call_back", "trigger"))
    basic = [one.name for one in trigger.basic]
    assert basic == ["on", "entity", "when", "stage"]
    assert "cron" in [one.name for one in trigger.more]
    texts = shown("clinic", "message/visit_missed", "body")
    assert {"name", "owner", "owner.name"} & {one.text for one in texts.choices} == {"name", "owner"}
    assert [one.name for one in panel(draft, ("settings/thresholds",)).basic][:2] == ["label", "name"]


def test_entered_texts_become_the_plainest_value() -> None:
    label = shown("clinic", "workflow/call_back", "label")
    both = entered("label", label.schema, {"zh": "回访", "en": "Call"}, {"zh": ["回访"], "en": ["Call back"]})
    assert both == {"zh": "回访", "en": "Call back"}
    assert entered("label", label.schema, "Call", {"zh": ["Call back"], "en": [""]}) == "Call back"
    assert entered("label", label.schema, "Call", {"zh": [""], "en": [""]}) is MISSING
    days = shown("clinic", "workflow/call_back", "trigger", "days")
    assert days.widget == "number"
    assert entered("number", days.schema, MISSING, {"": ["-3"]}) == -3
    assert entered("number", {"type": "number"}, MISSING, {"": ["0.25"]}) == 0.25
    exact = "12345678.123456789012"
    assert entered("number", {"type": ["number", "string"]}, MISSING, {"": [exact]}) == exact
    with pytest.raises(Refused):
        entered("number", days.schema, MISSING, {"": ["soon"]})
    names = shown("clinic", "workflow/call_back", "trigger", "fields")
    assert entered("names", names.schema, "risk", {"": ["risk", ""]}) == "risk"
    assert entered("names", names.schema, "risk", {"": ["risk", "name"]}) == ["risk", "name"]
    assert entered("map", {}, {"a": 1, "b": "x"}, {"key": ["a", "c", ""], "value": ["1", "true", ""]}) == {
        "a": 1,
        "c": True,
    }
    with pytest.raises(Refused):
        entered("map", {}, {}, {"key": ["a", "a"], "value": ["1", "2"]})
    with pytest.raises(Refused):
        entered("yaml", {}, MISSING, {"": ["a: [1"]})
    assert entered("yaml", {}, MISSING, {"": ["- [1, x]\n- y"]}) == [[1, "x"], "y"]


def test_members_are_added_moved_doubled_and_taken_out() -> None:
    draft = draft_of("workshop")
    key = next(k for k in draft.documents if k.startswith("workflow/"))
    steps = (key, "steps")
    before = draft.documents[key]["steps"]
    patch, where = acts.adding(draft.documents, steps, "wait", before[0]["id"], TODAY)
    assert where == (*steps, "-")
    made = patches.apply(draft.documents, patch)
    assert [one["do"] for one in made[key]["steps"]] == ["wait", *(one["do"] for one in before)]
    doubled = patches.apply(made, acts.doubling(made, (*steps, before[0]["id"])))
    assert [one["do"] for one in doubled[key]["steps"]][1:3] == [before[0]["do"]] * 2
    assert "id" not in doubled[key]["steps"][2]
    gone = patches.apply(made, acts.removing(made, (*steps, before[0]["id"])))
    assert before[0]["id"] not in [one.get("id") for one in gone[key]["steps"]]
    with pytest.raises(Refused):
        acts.moving(made, (*steps, before[0]["id"]), (*steps, before[0]["id"], "then"), None)


def test_members_without_ids_are_moved_by_their_number() -> None:
    documents: dict[str, Any] = {
        "calendar/days": {
            "kind": "calendar",
            "name": "days",
            "closed": ["2026-01-01", "2026-05-01", "2026-10-01"],
        }
    }
    closed = ("calendar/days", "closed")

    def moved(at: str, before: str | None) -> list[str]:
        patch = acts.moving(documents, (*closed, at), closed, before)
        found: list[str] = patches.apply(documents, patch)["calendar/days"]["closed"]
        return [day[5:7] for day in found]

    assert moved("0", None) == ["05", "10", "01"]
    assert moved("0", "2") == ["05", "01", "10"]
    assert moved("2", "0") == ["10", "01", "05"]
    assert moved("1", "1") == ["01", "05", "10"]
    with pytest.raises(Refused):
        moved("0", "7")


def test_canvases_say_in_words_what_members_are() -> None:
    for name in APPS:
        draft = draft_of(name)
        for key in draft.documents:
            if key.startswith("workflow/"):
                drawn = flow(draft, key)
                assert drawn.trigger.title.zh
                assert all(card.title.zh and card.title.en for card in cards(drawn.steps))
            elif key.startswith("report/"):
                assert report(draft, key).sentence, key
            elif key.split("/")[0] in ("message", "dashboard", "settings", "calendar", "connector", "app"):
                assert all(row.title.en for section in outline(draft, key) for row in section.rows), key
    documents = draft_of("clinic").documents
    told = spoken(documents, ("view/visits", "filter"), "patient.risk = 'high' AND stage <> 'done'")
    assert told.zh.startswith("病人 › 风险 是「高」")
    assert "且" in told.zh


def cards(lane: Lane) -> Iterator[Any]:
    for card in lane.steps:
        yield card
        for inner in card.lanes:
            yield from cards(inner)


def test_blocks_never_stand_over_each_other() -> None:
    blocks: list[dict[str, Any]] = [
        {"id": str(n), "x": (n % 2) * 6, "y": 0, "w": 6, "h": 3} for n in range(5)
    ]
    blocks += [{"id": "free", "width": 4}, {"id": "tall", "height": 9}]
    for at in range(len(blocks)):
        for box in (Box(0, 0, 12, 2), Box(9, 4, 6, 5), Box(-3, 200, 40, 99), Box(5, 1, 3, 1)):
            laid = placed(blocks, at, box)
            found = boxes(laid)
            for n, one in enumerate(found):
                assert one.x >= 0
                assert one.x + one.w <= COLUMNS
                assert not any(one.meets(other) for other in found[n + 1 :])
                assert one.y == 0 or any(
                    other.meets(Box(one.x, one.y - 1, one.w, one.h)) for other in found if other is not one
                ), "a gap above"
            assert placed(laid, at, found[at]) == laid
    still = placed([{"x": 0, "y": 0, "w": 6, "h": 4}], 0, Box(0, 0, 6, 4))
    assert still == [{"x": 0, "y": 0, "w": 6, "h": 4}]


HOSTILE = (
    ("nothing",),
    ("entity/nothing",),
    ("entity/visit", "fields", "99999"),
    ("entity/visit", "fields", "-1"),
    ("entity/visit", "fields", "visit", "nonsense"),
    ("entity/visit", "__class__"),
    ("file/x",),
    ("entity/visit", *["fields"] * 80),
    (),
)


@pytest.mark.parametrize("tokens", HOSTILE)
def test_places_that_are_not_there_are_refused(tokens: Tokens) -> None:
    with pytest.raises(Refused):
        panel(draft_of("clinic"), tokens)
