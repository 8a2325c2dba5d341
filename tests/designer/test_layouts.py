"""Forms and pages as builders lay them out: whatever is dropped, moved and taken out, nothing is lost, nothing is doubled,
every document keeps its shape, and undoing gives the same bytes."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

import make
from dougong_designer import layouts, preview
from dougong_designer import patch as patches
from dougong_designer import words as studio_words
from dougong_designer.identified import identified
from dougong_designer.layouts import Place, Spot
from dougong_designer.layouts import acts as layouts_acts
from dougong_designer.layouts import blocks as layouts_blocks
from dougong_designer.layouts.drawing import Drawer
from dougong_designer.layouts.panel import panel, sights
from dougong_designer.layouts.properties import set_property
from dougong_designer.shapes import check_shapes
from dougong_runtime.access.grants import Access
from dougong_runtime.errors import ProblemType, Refused
from dougong_runtime.host import Viewer
from dougong_runtime.model.link import examine_stored
from dougong_runtime.names import uuid7
from dougong_runtime.pages.reading import Reader

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
CLINIC: dict[str, Any] = dict(make.app("clinic").source)
FORM, PAGE = "form/patient_form", "page/patient_overview"
READER = Reader("zh", "Asia/Shanghai", datetime(2026, 3, 2, 2, 0, tzinfo=UTC))


def ids(documents: Mapping[str, Any], key: str = FORM) -> list[str]:
    return [str(found.node["id"]) for found in layouts.walk(documents[key])]


def fields(documents: Mapping[str, Any], at: str, key: str = FORM) -> list[str]:
    return [layouts.name_of(e) for e in layouts.entries(layouts.find(documents[key], at).node)]


def placed(documents: Mapping[str, Any]) -> Counter[str]:
    return Counter(spot.field for spot in layouts.placed(documents[FORM]))


def spot(documents: Mapping[str, Any], name: str) -> str:
    return next(str(s) for s in layouts.placed(documents[FORM]) if s.field == name)


def sections() -> tuple[str, str]:
    found = [f for f in layouts.walk(CLINIC[FORM]) if "section" in f.node]
    return str(found[0].node["id"]), str(found[1].node["id"])


def tab(name: str) -> str:
    found = layouts.walk(CLINIC[FORM])
    return next(str(f.node["id"]) for f in found if f.is_tab and f.node["label"]["en"] == name)


BASICS, CARE = sections()


# --- the law ------------------------------------------------------------------------------------------------------
def any_act(documents: Mapping[str, Any], random: Random) -> layouts_acts.Acted:
    """Something that a builder might do to the form next."""
    data = documents[FORM]
    holders = [str(f.node["id"]) for f in layouts.walk(data) if layouts.holds_fields(f)]
    spots = [str(s) for s in layouts.placed(data)]
    parts = ids(documents)
    into = random.choice(["", *holders])
    siblings = [layouts.name_of(e) for e in layouts.entries(layouts.find(data, into).node)] if into else parts
    place = Place(into, random.choice(["", *siblings]))
    tabs = [str(f.node["id"]) for f in layouts.walk(data) if f.is_tab]
    part_place = Place(random.choice(["", *tabs]), random.choice(["", *parts]))
    width = random.choice([None, 1, 2])
    acts: list[Callable[[], layouts_acts.Acted]] = [
        lambda: layouts_acts.move(documents, FORM, random.choice(spots), place, width),
        lambda: layouts_acts.step(
            documents, FORM, random.choice([*spots, *parts]), random.choice(["up", "down", "left", "right"])
        ),
        lambda: layouts_acts.move(documents, FORM, random.choice(parts), part_place),
        lambda: layouts_acts.set_width(documents, FORM, random.choice(spots), random.choice([1, 2])),
        lambda: layouts_acts.new_part(
            documents, FORM, random.choice(["section", "tabs", "list", "text"]), part_place
        ),
        lambda: layouts_acts.place_field(
            documents, FORM, random.choice(["spent", "age", "name", "phone"]), place, width
        ),
    ]
    return random.choice(acts)()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_moved_every_field_stands_where_it_is_meant_once_and_the_shape_holds(seed: int) -> None:
    random = Random(seed)
    documents: Mapping[str, Any] = CLINIC
    before = json.dumps(CLINIC[FORM], ensure_ascii=False)
    steps: list[tuple[patches.Patch, Mapping[str, Any]]] = []
    refusals: set[ProblemType] = set()
    for _ in range(60 * EFFORT):
        known = placed(documents)
        try:
            acted = any_act(documents, random)
        except Refused as refused:
            refusals.add(refused.problems[0].type)
            continue
        new = {FORM: identified("clinic", "form", acted.documents[FORM])}
        made = {**acted.documents, **new}
        check_shapes(documents, made, [FORM])
        now = placed(made)
        gone = known.keys() - now.keys()
        assert gone == set()
        assert all(count <= max(known[name], 1) for name, count in now.items())
        if acted.at:
            named = Spot.of(acted.at)
            assert named in layouts.placed(made[FORM]) if named else acted.at in ids(made)
        assert len(set(ids(made))) == len(ids(made))
        steps.append((patches.between(made, documents, [FORM]), documents))
        documents = made
    assert len(steps) > 20
    assert refusals <= {layouts.CANNOT_STAND, layouts.GONE}
    for back, was in reversed(steps):
        documents = patches.apply(documents, back)
        assert patches.same(documents[FORM], was[FORM])
    assert json.dumps(documents[FORM], ensure_ascii=False) == before
    assert json.dumps(CLINIC[FORM], ensure_ascii=False) == before


# --- single acts ------------------------------------------------------------------------------------------------------
def test_a_field_moves_between_sections_and_tabs_with_what_is_said_of_it() -> None:
    moved = layouts_acts.move(CLINIC, FORM, f"{BASICS}.id_number", Place(CARE, "owner"))
    assert moved.at == f"{CARE}.id_number"
    assert fields(moved.documents, CARE)[:3] == ["risk", "id_number", "owner"]
    entry = layouts.entry_at(moved.documents[FORM], Spot(CARE, "id_number"))
    assert entry["required"] == "stage = 'active'"
    figures = tab("Figures")
    wide = layouts_acts.move(moved.documents, FORM, moved.at, Place(figures, ""), 2)
    assert fields(wide.documents, figures)[-1] == "id_number"
    assert layouts.entry_at(wide.documents[FORM], Spot(figures, "id_number"))["width"] == 2
    narrow = layouts_acts.set_width(wide.documents, FORM, wide.at, 1)
    assert layouts.entry_at(narrow.documents[FORM], Spot(figures, "id_number")) == entry
    plain = layouts_acts.move(CLINIC, FORM, f"{BASICS}.name", Place(CARE, ""), 2)
    back = layouts_acts.set_width(plain.documents, FORM, plain.at, 1)
    assert layouts.entry_at(back.documents[FORM], Spot(CARE, "name")) == "name"


def test_keys_go_by_rows_and_columns_and_over_the_edge() -> None:
    # name phone / born_on mail / id_number left_on
    down = layouts_acts.step(CLINIC, FORM, f"{BASICS}.phone", "down")
    assert fields(down.documents, BASICS)[:4] == ["name", "born_on", "mail", "phone"]
    left = layouts_acts.step(CLINIC, FORM, f"{BASICS}.phone", "left")
    assert fields(left.documents, BASICS)[:2] == ["phone", "name"]
    over = layouts_acts.step(CLINIC, FORM, f"{BASICS}.left_on", "right")
    assert over.at == f"{CARE}.left_on"
    assert fields(over.documents, CARE)[0] == "left_on"
    back = layouts_acts.step(over.documents, FORM, over.at, "up")
    assert fields(back.documents, BASICS)[-1] == "left_on"
    first = layouts_acts.step(CLINIC, FORM, f"{BASICS}.name", "up")
    assert first.documents[FORM] == CLINIC[FORM]
    part = layouts_acts.step(CLINIC, FORM, BASICS, "down")
    assert ids(part.documents).index(BASICS) > ids(part.documents).index(CARE)


def test_a_new_field_is_made_on_the_entity_and_placed_in_one_act() -> None:
    made = layouts_acts.new_field(CLINIC, FORM, "choice", Place(CARE, "owner"), 2)
    name = Spot.of(made.at).field if Spot.of(made.at) else ""
    raw = made.documents["entity/patient"]["fields"][-1]
    assert raw["name"] == name
    assert raw["type"] == "choice"
    assert {key for key in made.documents if made.documents[key] is not CLINIC[key]} == {
        FORM,
        "entity/patient",
    }
    check_shapes(CLINIC, made.documents, [FORM, "entity/patient"])
    assert examine_stored(made.documents).problems == ()
    linked = layouts_acts.new_field(CLINIC, FORM, "reference", Place("", ""))
    assert examine_stored(linked.documents).problems == ()


def test_taking_out_leaves_no_empty_shells_but_sections_stay() -> None:
    documents: Mapping[str, Any] = CLINIC
    for name in fields(CLINIC, BASICS):
        documents = layouts_acts.take_out(documents, FORM, f"{BASICS}.{name}").documents
    assert layouts.find(documents[FORM], BASICS).node["fields"] == []
    for one in [f for f in layouts.walk(CLINIC[FORM]) if f.is_tab]:
        documents = layouts_acts.take_out(documents, FORM, str(one.node["id"])).documents
    assert not any("tabs" in part for part in documents[FORM]["layout"])
    check_shapes(CLINIC, documents, [FORM])
    grouped = layouts_acts.place_field(documents, FORM, "name", Place("", ""))
    assert Spot.of(grouped.at) is not None
    emptied = layouts_acts.take_out(grouped.documents, FORM, grouped.at)
    assert emptied.documents[FORM] == documents[FORM]
    with pytest.raises(Refused) as refused:
        layouts_acts.take_out(CLINIC, FORM, f"{BASICS}.nothing")
    assert refused.value.problems[0].type is layouts.GONE


@pytest.mark.parametrize(
    ("at", "name", "text", "shown", "kept"),
    [
        ("", "label.en", "Patient form", {"zh": "", "en": "Patient form"}, {"label": {"en": "Patient form"}}),
        (
            BASICS,
            "section.zh",
            "新标题",
            {"zh": "新标题", "en": "Basics"},
            {"section": {"zh": "新标题", "en": "Basics"}},
        ),
        (BASICS, "columns", "3", ("3",), {"columns": 3}),
        (BASICS, "collapsed", "true", ("TRUE",), {"collapsed": True}),
        (BASICS, "show", "risk = 'high'", ("risk = 'high'",), {"show": "risk = 'high'"}),
        (f"{BASICS}.name", "required", "TRUE", ("TRUE",), {"field": "name", "required": True}),
        (
            f"{BASICS}.name",
            "help.zh",
            "全名",
            {"zh": "全名", "en": ""},
            {"field": "name", "help": {"zh": "全名"}},
        ),
        (
            tab("Visits"),
            "list.fields",
            "code,cost",
            ("code", "cost"),
            {"list": {"of": "visits", "fields": ["code", "cost"], "sort": ["-visited_at"]}},
        ),
        (
            tab("Visits"),
            "list.limit",
            "20",
            ("20",),
            {
                "list": {
                    "of": "visits",
                    "fields": ["code", "visited_at", "doctor", "stage", "cost"],
                    "sort": ["-visited_at"],
                    "limit": 20,
                }
            },
        ),
    ],
)
def test_properties_are_written_as_the_schema_says_and_emptied_they_go(
    at: str, name: str, text: str, shown: tuple[str, ...] | dict[str, str], kept: dict[str, Any]
) -> None:
    data = CLINIC[FORM]
    made = set_property(data, at, name, [text])
    check_shapes(CLINIC, {**CLINIC, FORM: made}, [FORM])
    found = panel({**CLINIC, FORM: made}, "clinic", FORM, at)
    row = next(r for r in found.rows if r.name == name.removesuffix(".zh").removesuffix(".en"))
    assert (row.words if isinstance(shown, dict) else row.values) == shown
    assert {k: node_at(made, at)[k] for k in kept} == kept
    back = set_property(made, at, name, node_before(at, name))
    assert patches.same(back, data)


def node_at(form: Any, at: str) -> Any:
    """The form itself, a field in it or another of its parts."""
    spot = Spot.of(at)
    if spot:
        return layouts.entry_at(form, spot)
    return layouts.find(form, at).node if at else form


def node_before(at: str, name: str) -> list[str]:
    """What stood in the box before."""
    row = next(
        r for r in panel(CLINIC, "clinic", FORM, at).rows if name == r.name or name.startswith(f"{r.name}.")
    )
    if row.words is not None:
        return [row.words[name[-2:]]]
    return [",".join(row.values)]


# --- drawing ----------------------------------------------------------------------------------------------------------
def test_the_paper_shows_the_draft_without_linking_it() -> None:
    broken = layouts_acts.put_property(CLINIC, FORM, f"{BASICS}.name", "show", ["nothing like a formula ("])
    grown = layouts_acts.new_field(broken.documents, FORM, "money", Place(BASICS, "phone"))
    gone = layouts.put_field(grown.documents[FORM], "was_here_once", Place(CARE, ""))
    documents = {**grown.documents, FORM: gone}
    assert studio_words.TEMPLATES.is_dir()
    paper = Drawer(documents, CLINIC, "clinic", FORM, READER, grown.at).paper()
    drawn = {f.name: f for part in paper.parts for f in part.fields}
    assert drawn["name"].conditions == {"show": "nothing like a formula ("}
    assert drawn["left_on"].conditions["required"] == "状态 是 已出院"
    assert drawn["was_here_once"].input is None
    assert [name for name, f in drawn.items() if f.is_new] == ["name", "money", "was_here_once"]
    assert paper.columns == 2
    assert {one.name for one in paper.loose} == {
        f.name for f in make.app("clinic").entities["patient"].own_fields if f.name not in placed(CLINIC)
    }
    tabs = next(part for part in paper.parts if part.kind == "tabs")
    assert [one.is_open for one in tabs.tabs] == [True, False, False]
    other = Drawer(documents, CLINIC, "clinic", FORM, READER, f"{tab('Figures')}.spent").paper()
    assert [one.is_open for part in other.parts for one in part.tabs] == [False, False, True]


def test_every_role_sees_a_field_as_access_rules_say() -> None:
    app = make.app("clinic")
    for name, field in app.entities["patient"].fields.items():
        for one in sights(CLINIC, "patient", name) if not field.is_system else ():
            viewer = Viewer(str(uuid7()), "dr", roles=frozenset({f"clinic.{one.role}"}))
            best = Access.of(app, viewer).entity("patient").best(field)
            assert one.shown == {"mixed": "yes"}.get(best, best), (one.role, name)


# --- pages ------------------------------------------------------------------------------------------------------------
def test_every_kind_of_block_can_be_put_on_a_page_and_links() -> None:
    for key in (PAGE, "page/home_head"):
        documents: Mapping[str, Any] = CLINIC
        drawer = layouts_blocks.PageDrawer(documents, CLINIC, key, READER)
        kinds = [kind for kind, _ in drawer.sheet().kinds]
        assert ("comments" in kinds) == (key == PAGE)
        for kind in kinds:
            made = layouts_blocks.new_block(documents, key, kind, Place())
            documents = made.documents
            found = panel(documents, "clinic", key, made.at)
            assert found.kind == kind
            for row in found.rows:
                texts = [row.words["zh"]] if row.words is not None else [",".join(row.values)]
                name = f"{row.name}.zh" if row.words is not None else row.name
                again = set_property(documents[key], made.at, name, texts)
                check_shapes(documents, {**documents, key: again}, [key])
        check_shapes(CLINIC, documents, [key])
        assert examine_stored(documents).problems == ()
        drawn = layouts_blocks.PageDrawer(documents, CLINIC, key, READER).sheet()
        assert {b.kind for b in drawn.blocks} >= set(kinds)


def test_blocks_move_between_the_page_and_its_tabs() -> None:
    made = layouts_blocks.new_block(CLINIC, PAGE, "tabs", Place())
    tab_id = str(layouts.find(made.documents[PAGE], made.at).node["tabs"][0]["id"])
    first = str(CLINIC[PAGE]["blocks"][0]["id"])
    moved = layouts_acts.move(made.documents, PAGE, first, Place(tab_id))
    assert layouts.find(moved.documents[PAGE], first).inside == tab_id
    out = layouts_acts.step(moved.documents, PAGE, first, "up")
    assert layouts.find(out.documents[PAGE], first).inside == ""
    wide = layouts_acts.set_width(out.documents, PAGE, first, 40)
    assert layouts.find(wide.documents[PAGE], first).node["width"] == 12
    other = layouts_blocks.new_block(made.documents, PAGE, "tabs", Place())
    assert (
        layouts_acts.move(made.documents, PAGE, made.at, Place(tab_id)).documents[PAGE]
        == made.documents[PAGE]
    )
    with pytest.raises(Refused) as refused:
        layouts_acts.move(other.documents, PAGE, other.at, Place(tab_id))
    assert refused.value.problems[0].type is layouts.CANNOT_STAND


# --- previews ---------------------------------------------------------------------------------------------------------
def test_a_preview_for_oneself_has_the_rights_of_the_version_that_runs() -> None:
    """Whatever a draft does to roles, masks and fields, its builder sees by it what they saw before."""
    entity = CLINIC["entity/patient"]
    told = {"name": "told", "id": "1234567890abcdef", "type": "formula", "formula": "phone", "label": "Told"}
    renamed = [{**f, "name": "telephone"} if f["name"] == "phone" else f for f in entity["fields"]]
    role = {
        **CLINIC["role/doctor"],
        "grants": [{"entity": "patient", "actions": ["read"], "rows": "all", "id": "ab"}],
    }
    drafted = {**CLINIC, "entity/patient": {**entity, "fields": [*renamed, told]}, "role/doctor": role}
    drafted |= {"role/spy": {**role, "name": "spy"}}
    seen = preview.for_oneself(drafted, CLINIC)
    assert "role/spy" not in seen
    assert seen["role/doctor"] is CLINIC["role/doctor"]
    linked = examine_stored(seen)
    assert linked.app is not None
    assert linked.problems == ()
    patient = linked.app.entities["patient"]
    assert patient.fields["phone"].id == next(f["id"] for f in entity["fields"] if f["name"] == "phone")
    known = {f["id"] for f in entity["fields"]}
    assert patient.fields["told"].formula is None
    assert {patient.fields["told"].id, patient.fields["telephone"].id} & known == set()
