"""Patterns fit every app: what they add links without a problem and can be planned; and how apps begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from dougong_designer import naming, patterns, starts
from dougong_designer.patterns import Wish
from dougong_runtime.documents.source import of_stored, read
from dougong_runtime.errors import Refused
from dougong_runtime.model.app import App
from dougong_runtime.model.link import examine, link
from dougong_runtime.storage.plan import plan_steps
from dougong_runtime.storage.steps import CreateEntity
from dougong_runtime.storage.tables import Tables

APPS = Path(__file__).parents[1] / "apps"


def test_every_pattern_fits_every_app_twice() -> None:
    for folder in sorted(APPS.iterdir()):
        app = link(read(folder))
        first, role = app.own_entities[0].name, sorted(app.roles)[0]
        for name in patterns.all_patterns():
            documents = app.source
            for label in ("", "又一种"):
                wish = Wish(name, label=label, references=[first], roles=[role])
                documents, key = patterns.added(documents, wish)
                found = examine(of_stored(documents))
                assert [p.text("en") for p in found.problems] == [], (folder.name, name, label)
                assert found.app is not None
                added = found.app.entities[key.partition("/")[2]]
                assert any(f.targets == (first,) for f in added.own_fields)
                assert any(g.entity == added.name for g in found.app.roles[role].grants)
                assert _entities_made(app, found.app) >= {added.name}


def _entities_made(before: App, after: App) -> set[str]:
    return {
        step.entity.name
        for step in plan_steps(Tables(before, "sqlite"), Tables(after, "sqlite"))
        if isinstance(step, CreateEntity)
    }


def test_names_that_are_wished_for_are_taken_and_others_stay_free() -> None:
    documents = starts.blank("books", "图书", "zh")
    made, key = patterns.added(documents, Wish("company", name="publisher", label="出版社"))
    assert key == "entity/publisher"
    assert made[key]["label"] == {"zh": "出版社", "en": "Company"}
    assert {"entity/publisher_contact", "form/publisher_form", "view/publisher_list"} <= made.keys()
    menu = made["app/books"]["menu"]
    assert [i["view"] for group in menu for i in group["items"]] == ["items", "publisher_list"]
    assert "entity/publisher" not in documents


@pytest.mark.parametrize(
    "wish",
    [
        Wish("persn"),
        Wish("person", name="Not A Name"),
        Wish("person", references=["nothing"]),
        Wish("person", roles=["nobody"]),
    ],
    ids=["an unknown pattern", "no name", "an unknown entity", "an unknown role"],
)
def test_what_cannot_be_added_is_refused(wish: Wish) -> None:
    with pytest.raises(Refused):
        patterns.added(starts.blank("books", "图书", "zh"), wish)


def test_a_copy_shares_no_id_with_what_it_was_copied_from() -> None:
    clinic = link(read(APPS / "clinic"))
    documents = starts.copied(clinic.source, "surgery", "手术室", "zh")
    copy = link(of_stored(documents))
    assert copy.name == "surgery"
    assert copy.version == starts.FIRST_VERSION
    assert {e.name for e in copy.own_entities} == {e.name for e in clinic.own_entities}
    ids = {f.id for e in clinic.own_entities for f in e.own_fields} | {e.id for e in clinic.own_entities}
    assert not ids & (
        {f.id for e in copy.own_entities for f in e.own_fields} | {e.id for e in copy.own_entities}
    )
    assert not any(key.startswith(("file/data/", "file/stories/")) for key in documents)


def test_names_come_from_words_in_either_language() -> None:
    given = ["姓名", "联系电话 *", "电话（手机）", "Unit Price", "2024", "备注", "note", "ID", "€", "总 金额"]
    taken: list[str] = []
    for text in given:
        taken.append(naming.name_from(text, "field", taken))
    assert taken == [
        "name",
        "phone",
        "phone_2",
        "unit_price",
        "field_2024",
        "note",
        "note_2",
        "id_given",
        "field",
        "zong_jine",
    ]
