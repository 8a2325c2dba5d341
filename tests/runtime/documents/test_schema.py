"""Every kind has a schema that explains itself, and what does not fit it is told in words, all at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dougong_runtime.documents import schema, source
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import say
from dougong_runtime.names import folder
from make import APPS

FILES = sorted(path.name for path in folder("_schemas", "schemas").iterdir() if path.name.endswith(".json"))
"""All schema files."""


def properties(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that a schema describes, with the way to it."""
    if isinstance(part, dict):
        for name, inner in part.get("properties", {}).items() if "properties" in part else ():
            yield f"{path}.{name}", inner
        for key, inner in part.items():
            if key not in ("examples", "x-zh"):
                yield from properties(inner, f"{path}.{key}")
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from properties(inner, f"{path}[{index}]")


def load(file: str) -> Any:
    """A schema file."""
    return json.loads((folder("_schemas", "schemas") / file).read_text(encoding="utf-8"))


def resolved(file: str, part: Any) -> Any:
    """A property with a definition of its own file put in place of its reference."""
    if isinstance(part, dict) and "title" not in part and str(part.get("$ref", "")).startswith("#/$defs/"):
        return {**load(file)["$defs"][part["$ref"].removeprefix("#/$defs/")], **part}
    return part


@pytest.mark.parametrize("file", FILES)
def test_every_property_has_title_description_and_examples_in_both_languages(file: str) -> None:
    bare = [
        path
        for path, part in properties(load(file))
        if not (whole := resolved(file, part)).get("title")
        or not whole.get("description")
        or not whole.get("examples")
        or not whole.get("x-zh", {}).get("title")
        or not whole.get("x-zh", {}).get("description")
    ]
    assert bare == []


@pytest.mark.parametrize("file", FILES)
def test_the_examples_of_a_property_fit_its_schema(file: str) -> None:
    from jsonschema import Draft202012Validator

    whole = load(file)
    checker = Draft202012Validator(whole, registry=schema._registry())
    for path, part in properties(whole):
        for example in resolved(file, part)["examples"]:
            errors = [error.message for error in checker.evolve(schema=part).iter_errors(example)]
            assert not errors, (path, example, errors)


def test_every_kind_has_a_schema_and_refuses_what_it_does_not_know() -> None:
    for kind in KINDS:
        found = schema.schema_of(kind)
        assert found["properties"]["kind"]["const"] == kind
        assert found["additionalProperties"] is False
        assert {"kind", "name"} <= set(found["required"])


def problems_of(text: str) -> list[tuple[str, str, str]]:
    """Type, path and nearest name (or words) of what is wrong with documents."""
    return [
        (p.type.name, p.place.path if p.place else "", p.facts.get("nearest") or "")
        for p in schema.check(source.of_text(text)).problems
    ]


@pytest.mark.parametrize(
    ("text", "type_", "path", "near"),
    [
        ("{kind: view, name: v, entity: e, colums: [a]}", "unknown-property", "colums", "columns"),
        ("{kind: view, name: v, entity: e, type: tabel}", "document-value", "type", "table"),
        ("{kind: view, name: v}", "missing-property", "", ""),
        ("{kind: view, name: V, entity: e}", "bad-name", "name", ""),
        ("{kind: view, name: a__b, entity: e}", "bad-name", "name", ""),
        ("{kind: view, name: v, entity: e, page_size: 5}", "document-value", "page_size", ""),
        ("{kind: view, name: v, entity: e, columns: [{field: a, widht: 90}]}", "unknown-property", "columns[0].widht", "width"),
        ("{kind: workflow, name: w, trigger: {on: button}, steps: [{id: a, do: creat_record}]}", "document-value", "steps[0].do", "create_record"),
        ("{kind: workflow, name: w, trigger: {on: button}, steps: [{id: a, do: wait, utnil: x}]}", "unknown-property", "steps[0].utnil", "until"),
        ("{kind: workflow, name: w, trigger: {on: buton}, steps: []}", "document-value", "trigger.on", "button"),
        ("{kind: form, name: f, entity: e, layout: [{sections: x, fields: [a]}]}", "unknown-property", "layout[0].sections", "section"),
        ("{kind: role, name: r, grants: [{entity: e, rows: {inherits: x}}]}", "unknown-property", "grants[0].rows.inherits", "inherit"),
        ("{kind: role, name: r, grants: [{entity: e, actions: [raed]}]}", "document-value", "grants[0].actions[0]", "read"),
        ("{kind: entity, name: e, fields: [{name: a, typ: text}]}", "unknown-property", "fields[0].typ", "type"),
        ("{kind: entity, name: e, fields: [], rules: [{name: r, check: [1]}]}", "document-value", "rules[0].check", ""),
        ("{kind: entity, name: e, fields: [], retain: {years: 0}}", "document-value", "retain.years", ""),
        ("{kind: message, name: m, to: e, channels: [{mial: x}], body: x}", "unknown-property", "channels[0].mial", "mail"),
        ("{kind: message, name: m, to: e, channels: [fax], body: x}", "document-value", "channels[0]", "mail"),
        ("{kind: calendar, name: c, closed: [2026-13]}", "document-value", "closed[0]", ""),
        ("{kind: settings, name: s, values: [{code: A, type: text}]}", "document-value", "values[0].code", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_path_and_nearest_name(
    text: str, type_: str, path: str, near: str
) -> None:
    assert (type_, path) in [(t, p) for t, p, _ in problems_of(text)]
    if near and type_ != "document-value":
        assert (type_, path, near) in problems_of(text)
    elif near == "mail":
        assert len(problems_of(text)) == 1


def test_a_misspelt_property_is_one_problem_even_where_the_right_one_is_needed() -> None:
    assert problems_of("{kind: entity, name: e, fields: [{name: a, typ: text}]}") == [
        ("unknown-property", "fields[0].typ", "type")
    ]


def test_all_problems_are_found_at_once_and_said_as_text() -> None:
    text = "kind: view\nname: v\nentity: e\ntype: tabel\ncolumns: [a, {feild: b}]\n"
    checked = schema.check(source.of_text(text, "views/v.yaml"))
    assert say(checked.problems) == (
        "views/v.yaml:4:7  document-value  at type\n"
        '  Expected one of table, kanban, calendar, gallery, timeline, tree, map; found "tabel". Nearest: table.\n'
        "views/v.yaml:5:15  unknown-property  at columns[1].feild\n"
        "  “feild” is not a property of “columns”. Nearest: field.\n"
        "2 problems; nothing was published."
    )
    assert say(checked.problems[:1], "zh").endswith("1 个问题；没有发布任何内容。")


def test_what_is_refused_is_cut_out_and_the_rest_stays() -> None:
    checked = schema.check(source.of_text("{kind: view, name: v, entity: e, columns: [a, 7, b], x: 1}"))
    assert checked.source.documents[0].data == {
        "kind": "view",
        "name": "v",
        "entity": "e",
        "columns": ["a", None, "b"],
    }


@pytest.mark.parametrize("name", ["clinic", "workshop", "school"])
def test_the_apps_of_the_tests_fit(name: str) -> None:
    assert say(schema.check(source.read(APPS / name)).problems) == "0 problems; nothing was published."
