"""Building views: what fits a place, what acts make of the document, and that changing the type keeps it valid."""

from __future__ import annotations

from typing import Any

import pytest

import make
from dougong_designer import views
from dougong_designer.shapes import check_shapes
from dougong_designer.views.data import carried
from dougong_designer.views.fields import Outline
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import examine_stored

CLINIC: dict[str, Any] = dict(make.app("clinic").source)
OUTLINE = Outline(CLINIC)
VISITS: dict[str, Any] = CLINIC["view/visits"]


def _paths(view: views.View, place: str) -> list[str]:
    return [one.path for one in views.standing(view, place, OUTLINE)]


def test_fields_are_found_along_references_as_the_runtime_finds_them() -> None:
    for name in ("clinic", "workshop", "school", "lending"):
        app = make.app(name)
        outline = Outline(app.source)
        for entity in app.own_entities:
            assert [n for n in outline.fields(entity.name) if not entity.fields[n].is_system] == [
                f.name for f in entity.own_fields
            ]
            for seen in outline.fields(entity.name).values():
                field = entity.fields[seen.name]
                kept = field.type.endswith(("ed_at", "ed_by"))
                assert (seen.label, seen.targets, seen.computed or kept) == (
                    field.label,
                    field.targets,
                    field.is_computed or kept,
                )
    risk = OUTLINE.find("visit", "patient.risk")
    assert risk is not None
    assert ([label.zh for label in risk.labels], risk.type) == (["病人", "风险"], "choice")
    assert OUTLINE.find("visit", "patient.risk.code") is None
    assert OUTLINE.find("visit", "doctor.team.leader") is not None
    assert {f.path for f in OUTLINE.along("visit", "patient")} >= {"patient.name", "patient.risk"}


@pytest.mark.parametrize(
    ("place", "kind", "path", "why"),
    [
        ("group", "kanban", "stage", None),
        ("group", "kanban", "doctor", None),
        ("group", "kanban", "fee", "lane"),
        ("group", "kanban", "patient.risk", "own"),
        ("group", "table", "fee", None),
        ("start", "calendar", "visited_at", None),
        ("start", "calendar", "created_at", None),
        ("start", "calendar", "fee", "day"),
        ("image", "gallery", "fee", "image"),
        ("parent", "tree", "patient", "parent"),
        ("columns", "table", "patient.risk", None),
        ("color", "calendar", "stage", None),
        ("color", "calendar", "doctor", "color"),
    ],
)
def test_only_what_fits_a_place_may_stand_there(place: str, kind: str, path: str, why: str | None) -> None:
    field = OUTLINE.find("visit", path)
    assert field is not None
    assert views.unfit(place, kind, field) == why
    view = {**VISITS, "type": kind}
    if why is None:
        assert path in _paths(views.put(view, OUTLINE, place, path), place)
    else:
        with pytest.raises(Refused):
            views.put(view, OUTLINE, place, path)


def test_fields_are_put_before_others_moved_turned_and_taken() -> None:
    view = views.put(VISITS, OUTLINE, "columns", "fee", "doctor")
    assert _paths(view, "columns")[2:5] == ["patient.risk", "fee", "doctor"]
    assert _paths(views.put(view, OUTLINE, "columns", "fee", "code"), "columns")[0] == "fee"
    assert _paths(views.moved(view, "columns", "fee", -9), "columns")[0] == "fee"
    assert _paths(views.moved(view, "columns", "fee", 1), "columns")[3:5] == ["doctor", "fee"]
    assert views.without(view, "columns", "fee") == VISITS
    grouped = views.put(view, OUTLINE, "group", "fee", None, "columns")
    assert (grouped["group"], "fee" in _paths(grouped, "columns")) == ("fee", False)
    assert views.turned(VISITS, "visited_at")["sort"] == ["visited_at"]
    assert "sort" not in views.without(VISITS, "sort", "visited_at")
    assert _paths(views.put(VISITS, OUTLINE, "sort", "fee", "visited_at"), "sort") == ["fee", "visited_at"]
    wide = views.with_column(VISITS, "code", width=180, summary="count")
    assert wide["columns"][0] == {"field": "code", "width": 180, "summary": "count"}
    assert views.with_column(wide, "code", width=None, summary=None) == VISITS


def test_a_view_goes_from_type_to_type_and_stays_whole() -> None:
    """Every view of two apps, through the types one after the other: their schema holds, and linking finds nothing."""
    for name in ("clinic", "workshop"):
        stored: dict[str, Any] = dict(make.app(name).source)
        outline = Outline(stored)
        for kind in (*views.TYPES[1:], "kanban", "table"):
            before = dict(stored)
            for key in [k for k in stored if k.startswith("view/")]:
                if views.lacking(stored[key], kind, outline) is None:
                    stored[key] = views.retyped(stored[key], kind, outline).view
            check_shapes(before, stored, [key for key in stored if stored[key] is not before[key]])
            assert examine_stored(stored).problems == (), (name, kind)


def test_what_no_longer_fits_is_told() -> None:
    board = views.retyped({**VISITS, "group": "fee"}, "kanban", OUTLINE)
    assert (board.view["group"], [place for place, _ in board.dropped]) == ("stage", ["group"])
    assert board.view["card"] == ["code", "patient", "patient.risk", "doctor", "visited_at"]
    calendar = views.retyped(board.view, "calendar", OUTLINE)
    assert (calendar.view["start"], [place for place, _ in calendar.dropped]) == ("visited_at", ["group"])
    assert views.retyped(calendar.view, "table", OUTLINE).view["columns"] == VISITS["columns"]
    with pytest.raises(Refused):
        views.retyped(VISITS, "gallery", OUTLINE)


def test_a_new_view_starts_with_what_tells_and_links() -> None:
    for name in ("clinic", "workshop", "school", "lending"):
        app = make.app(name)
        outline, stored = Outline(app.source), dict(app.source)
        for entity in app.own_entities:
            for kind in views.TYPES:
                if views.lacking({"entity": entity.name}, kind, outline) is None:
                    new = f"{entity.name[:30]}_new_{kind}"
                    stored[f"view/{new}"] = views.started(outline, entity.name, kind, new, {"zh": "新"})
                    columns = stored[f"view/{new}"]["columns"]
                    assert columns[0] == entity.title
                    assert len(columns) <= views.COLUMNS_GOOD
        assert examine_stored(stored).problems == ()


def test_a_draft_s_view_is_carried_to_the_running_version_by_ids() -> None:
    """Renamed fields are found by their ids; what has no column yet is left out and named."""
    app = make.app("clinic")
    entity = CLINIC["entity/visit"]
    fields = [{**f, "name": "price"} if f["name"] == "fee" else f for f in entity["fields"]]
    fields.append({"name": "mood", "id": "f" * 16, "type": "text", "label": {"zh": "心情", "en": "Mood"}})
    drafted = {**CLINIC, "entity/visit": {**entity, "fields": fields}}
    view = {
        **VISITS,
        "columns": ["code", {"field": "price", "width": 90}, "mood"],
        "sort": ["-price", "mood"],
    }
    made = carried(view, Outline(drafted), drafted, app)
    assert made is not None
    assert made.document.data["columns"] == ["code", {"field": "fee", "width": 90}]
    assert made.document.data["sort"] == ["-fee"]
    assert [label.zh for label in made.left_out] == ["心情"]
    assert carried({**view, "entity": "ward"}, Outline(drafted), drafted, app) is None
