"""Things keep the id they have, however a file was renamed by hand."""

from __future__ import annotations

from typing import Any

from dougong_runtime.documents.identity import adopt
from make import app_of

FIRST = """
kind: entity
name: course
title: name
fields:
  - {name: name, type: text}
  - {name: level, type: choice, options: [{value: low}, {value: high}]}
"""


def source(text: str) -> dict[str, Any]:
    return dict(app_of(text).source)


def ids(stored: dict[str, Any], place: str) -> dict[str, str]:
    return {f["name"]: f["id"] for f in stored[place]["fields"]}


def test_what_was_not_renamed_is_left_alone() -> None:
    stored = source(FIRST)
    assert adopt("small", stored, source(FIRST)) == stored


def test_was_finds_entities_fields_and_options_and_may_stay_in_the_file() -> None:
    first = source(FIRST)
    text = (
        FIRST.replace("name: course\ntitle: name", "name: class\nwas: [course]\ntitle: title")
        .replace("{name: name, type", "{name: title, was: [name], type")
        .replace("{value: low}", "{value: beginner, was: [low]}")
    )
    second = adopt("small", first, source(text))
    assert second["entity/class"]["id"] == first["entity/course"]["id"]
    before, after = ids(first, "entity/course"), ids(second, "entity/class")
    assert after == {"title": before["name"], "level": before["level"]}
    options = [o["id"] for o in second["entity/class"]["fields"][1]["options"]]
    assert options == [o["id"] for o in first["entity/course"]["fields"][1]["options"]]
    assert adopt("small", second, source(text)) == second


def test_a_thing_with_a_new_id_of_its_own_is_a_new_thing_even_under_an_old_name() -> None:
    first = source(FIRST)
    text = FIRST.replace("{name: name, type", "{name: name, id: f00000000000aaaa, type")
    assert ids(adopt("small", first, source(text)), "entity/course")["name"] == "f00000000000aaaa"


def test_a_name_taken_over_by_a_renamed_field_is_not_doubled() -> None:
    first = source(FIRST.replace("  - {name: level", "  - {name: old_name, type: text}\n  - {name: level"))
    text = FIRST.replace(
        "  - {name: name, type: text}",
        "  - {name: name, was: [old_name], type: text}\n  - {name: full_name, was: [name], type: text}",
    )
    before = ids(first, "entity/course")
    after = ids(adopt("small", first, source(text)), "entity/course")
    assert (after["name"], after["full_name"]) == (before["old_name"], before["name"])


def test_a_new_field_may_take_the_name_that_another_had() -> None:
    first = source(FIRST)
    renamed = FIRST.replace("title: name", "title: title").replace(
        "{name: name, type", "{name: title, was: [name], type"
    )
    second = adopt("small", first, source(renamed))
    third_text = renamed.replace("fields:\n", "fields:\n  - {name: name, type: text}\n")
    third = adopt("small", second, source(third_text))
    assert ids(third, "entity/course")["title"] == ids(first, "entity/course")["name"]
    assert len(set(ids(third, "entity/course").values())) == 3
    assert adopt("small", third, source(third_text)) == third
