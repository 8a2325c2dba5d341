"""Documents drawn from the schemas themselves, and the apps of the tests with hostile values in them: refused in words, each
with a place, or an app that links again. Nothing else is ever raised."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong_runtime.documents import source
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.schema_shapes import resolved, schema_of
from dougong_runtime.documents.source import Raw, Source
from dougong_runtime.documents.yaml_text import Places
from dougong_runtime.fields.base import FIELD_TYPES
from dougong_runtime.model.link import examine, link_stored
from make import APPS
from staged import TEMPLATES

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
DEPTH_MAX = 5
NAMES = [
    "thing",
    "other",
    "name",
    "size",
    "above",
    "belows",
    "user",
    "team",
    "id",
    "keeper",
    "all",
    "title",
    "stage",
    "x",
    "a" * 48,
]
FORMULAS = ["TRUE", "name", "size > 1", "above.above.above.name", "COUNT(belows)", "SUM(belows.size)", "NOW()", "USER()", "size + 'x'", "1 +", "name = NULL",
            "OLD.size", "CHANGED(size)", "SETTING('x')", "steps.a.b", "record.name", "THIS.x", "XOR(TRUE, TRUE)", "(" * 70, "9" * 60, "", "\u202e", "{x}"]  # fmt: skip
HOSTILE: tuple[Any, ...] = (
    None, "", " ", "x" * 5000, "\u202ename", "nаme", "a__b", "select", "sqlite", "__class__", "{", "}", "{{", "{name}", "{name", "%s", "1e999", "-", "../x",
    "file:///etc/passwd", "javascript:x", "=cmd()", "<script>", 0, -1, 10**30, -(10**30), 0.1, 1e300, True, False, [], [[]], [None], [{}], {}, {"x": 1},
    {"zh": None}, {"zh": ""}, {"zh": 1}, {"field": "name"}, {"name": "name", "type": "text"}, ["name"] * 300, {"a" * 300: "b"}, [[["x"]]],
)  # fmt: skip
APPS_BY_NAME = {
    "crm": source.read(TEMPLATES / "crm_investment"),
    **{name: source.read(APPS / name) for name in ("clinic", "workshop", "school", "lending")},
}
AROUND = list(
    source.of_text(
        "kind: app\nname: depot\n---\nkind: entity\nname: other\nfields: [{name: name, type: text}, {name: size, type: integer}, "
        "{name: above, type: reference, to: other, inverse: belows}]\n---\nkind: role\nname: keeper\ngrants: [{entity: other}]\n"
    ).documents
)


def drawn(draw: st.DrawFn, schema: Any, depth: int = 0) -> Any:
    """A value that a schema allows, or nearly."""
    if draw(st.integers(0, 60)) == 0:
        return draw(st.sampled_from(HOSTILE))
    whole = resolved(schema) if isinstance(schema, dict) else {}
    if "const" in whole:
        return whole["const"]
    if "enum" in whole:
        return draw(st.sampled_from(whole["enum"]))
    if "oneOf" in whole:
        return drawn(draw, draw(st.sampled_from(whole["oneOf"])), depth)
    kinds = whole.get("type", "string")
    kind = draw(st.sampled_from(kinds)) if isinstance(kinds, list) else kinds
    match kind:
        case "object":
            properties = whole.get("properties", {})
            chosen = (
                draw(st.sets(st.sampled_from(sorted(properties)), max_size=6))
                if properties and depth < DEPTH_MAX
                else set()
            )
            made = {
                name: drawn(draw, properties[name], depth + 1)
                for name in sorted(chosen | set(whole.get("required", ())))
                if name in properties
            }
            if not properties:
                made = {
                    name: draw(st.sampled_from(FORMULAS))
                    for name in draw(st.sets(st.sampled_from(NAMES), max_size=3))
                }
            return made
        case "array":
            size = draw(st.integers(0, 3)) if depth < DEPTH_MAX else 0
            return [drawn(draw, whole.get("items", {}), depth + 1) for _ in range(size)]
        case "integer" | "number":
            return draw(st.integers(-2, 40))
        case "boolean":
            return draw(st.booleans())
        case "null":
            return None
        case _:
            examples = [value for value in whole.get("examples", ()) if isinstance(value, str)]
            return draw(st.sampled_from([*NAMES, *FORMULAS, *examples, *FIELD_TYPES]))


@st.composite
def documents(draw: st.DrawFn) -> Source:
    """A small app, with some documents that the schemas gave."""
    made = list(AROUND)
    for kind in draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3)):
        data = drawn(draw, schema_of(kind))
        if isinstance(data, dict):
            data |= {"kind": kind, "name": draw(st.sampled_from(NAMES))}
            made.append(Raw(kind, str(data["name"]), data, Places(f"{kind}.yaml")))
    return Source(tuple(made))


def places_in(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    for key, inner in (
        data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    ):
        found += places_in(inner, (*path, key))
    return found


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return value
    inner = put(data[path[0]], path[1:], value)
    if isinstance(data, dict):
        return {**data, path[0]: inner}
    return [*data[: path[0]], inner, *data[path[0] + 1 :]]


@st.composite
def spoiled(draw: st.DrawFn) -> Source:
    """A real app with hostile values in a few places."""
    whole = APPS_BY_NAME[draw(st.sampled_from(sorted(APPS_BY_NAME)))]
    made = list(whole.documents)
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(made) - 1))
        raw = made[index]
        data = put(raw.data, draw(st.sampled_from(places_in(raw.data))), draw(st.sampled_from(HOSTILE)))
        kind, name = (data.get(key) if isinstance(data.get(key), str) else "" for key in ("kind", "name"))
        made[index] = Raw(kind, name, data, raw.places)
    return Source(tuple(made), whole.files)


def understood(made: Source) -> None:
    found = examine(made)
    for problem in found.problems:
        assert problem.place is not None
        assert problem.place.file
        assert problem.text("zh")
        assert problem.text("en")
    if not found.problems:
        assert found.app is not None
        assert link_stored(found.app.source) == found.app


@settings(max_examples=120 * EFFORT, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_what_the_schemas_allow_is_refused_or_links(made: Source) -> None:
    understood(made)


@settings(max_examples=15 * EFFORT, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoiled())
def test_a_spoiled_app_is_refused_or_links(made: Source) -> None:
    understood(made)
