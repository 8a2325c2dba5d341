"""However documents are spoiled, they are refused in words; nothing else is ever raised."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong_runtime.documents import source
from dougong_runtime.documents.problems import say
from dougong_runtime.documents.source import Raw, Source
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import examine, link, link_stored
from make import APPS, app

NAMES = ("clinic", "workshop", "school")
SOURCES = {name: source.read(APPS / name) for name in NAMES}
SPOILS: tuple[Any, ...] = (
    None,
    "",
    "x",
    "visit",
    "user",
    "id",
    "a.b.c.d.e",
    "-",
    "{",
    "SUM(",
    "1 +",
    "USER()",
    "steps.a.b",
    0,
    -1,
    10**30,
    0.1,
    True,
    [],
    [[]],
    [None],
    ["x", "x"],
    {},
    {"x": 1},
    {"zh": "x"},
    {"name": "x"},
    {"field": "x"},
)


def paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a document but the whole."""
    found = [path] if path else []
    if isinstance(data, dict):
        for key, inner in data.items():
            found += paths(inner, (*path, key))
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            found += paths(inner, (*path, index))
    return found


def spoiled(data: Any, path: tuple[Any, ...], how: int, value: Any) -> Any:
    """A copy with one place changed: another value, taken out, doubled, or put under another key."""
    made = copy.deepcopy(data)
    around = made
    for step in path[:-1]:
        around = around[step]
    last = path[-1]
    if how == 0:
        around[last] = value
    elif how == 1:
        del around[last]
    elif isinstance(around, list):
        around.append(copy.deepcopy(around[last]))
    else:
        around[str(value)] = around.pop(last)
    return made


@st.composite
def spoiled_sources(draw: st.DrawFn) -> Source:
    """One of the test apps with a few places spoiled."""
    whole = SOURCES[draw(st.sampled_from(NAMES))]
    documents = list(whole.documents)
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(documents) - 1))
        raw = documents[index]
        places = paths(raw.data)
        if not places:
            continue
        data = spoiled(
            raw.data,
            draw(st.sampled_from(places)),
            draw(st.integers(0, 2)),
            draw(st.sampled_from(SPOILS)),
        )
        named = [data.get(key) if isinstance(data.get(key), str) else "" for key in ("kind", "name")]
        documents[index] = Raw(named[0], named[1], data, raw.places)
    return Source(tuple(documents), whole.files)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=spoiled_sources())
def test_spoiled_documents_are_refused_in_words_or_link_to_what_links_again(made: Source) -> None:
    found = examine(made)
    for problem in found.problems:
        assert problem.place is not None
        assert problem.text("zh")
        assert problem.text("en")
    assert say(found.problems, "zh")
    if not found.problems:
        assert found.app is not None
        assert link_stored(found.app.source) == found.app


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_is_refused_or_read(text: str) -> None:
    with suppress(Refused):
        link(source.of_text(text))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_cut_and_garbled_files_are_refused_or_read(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted((APPS / "workshop").rglob("*.yaml"))))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    junk = data.draw(st.binary(max_size=8))
    with suppress(Refused):
        link(
            source.of_files({"a.yaml": content[:at] + junk + content[at:], "app.yaml": b"kind: app\nname: a"})
        )


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_json(name: str) -> None:
    import json

    assert json.loads(json.dumps(app(name).source)) == app(name).source
