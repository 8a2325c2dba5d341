"""Whatever way the documents go, the way back leads to the same records."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from dougong_runtime.model.app import App, Entity
from dougong_runtime.names import uuid7
from dougong_runtime.storage.plan import plan_steps
from dougong_runtime.storage.steps import reversed_steps
from dougong_runtime.storage.tables import Tables
from handmade import Workshop, app, entity, field

TYPES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("text", {}),
    ("text", {"search": True}),
    ("text", {"search": True, "sensitive": True}),
    ("long_text", {}),
    ("integer", {}),
    ("decimal", {"scale": 1}),
    ("decimal", {"scale": 4}),
    ("decimal", {"precision": 30, "scale": 6}),
    ("boolean", {}),
    ("date", {}),
    ("datetime", {}),
    ("choice", {"options": [("1", "a"), ("2", "b")]}),
    ("choice", {"options": [("1", "b"), ("2", "c")]}),
    ("multi_choice", {"options": [("1", "a"), ("2", "b")]}),
    ("tags", {}),
    ("json", {}),
    ("reference", {"to": "part"}),
    ("reference", {"to": ["part", "tool"]}),
    ("references", {"to": "part"}),
)
NAMES = ("alpha", "beta", "gamma", "delta")
fields = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(range(4)), st.sampled_from(TYPES)),
    max_size=4,
    unique_by=(lambda f: f[0], lambda f: f[1]),
)
versions = st.tuples(fields, fields, st.sampled_from(["tool", "device"]), st.booleans())


def made(version: tuple[Any, Any, str, bool]) -> App:
    """The app of a drawn version: an entity `part` that stays, one that is renamed, one that comes and goes."""
    of_tool, of_shelf, tool_name, has_shelf = version

    def build(name: str, identity: str, drawn: Any) -> Entity:
        own = [
            field(
                n,
                t,
                id=f"f{i}",
                **{k: tool_name if v == "tool" else v for k, v in _targets(raw, tool_name).items()},
            )
            for n, i, (t, raw) in drawn
        ]
        return entity(name, field("title"), *own, id=identity)

    entities = [entity("part", field("title")), build(tool_name, "tool", of_tool)]
    if has_shelf:
        entities.append(build("shelf", "shelf", of_shelf))
    return app(*entities)


def _targets(raw: dict[str, Any], tool_name: str) -> dict[str, Any]:
    to = raw.get("to")
    return {**raw, "to": [tool_name if t == "tool" else t for t in to]} if isinstance(to, list) else raw


def fill(workshop: Workshop, seed: int) -> None:
    """A few records in every entity."""
    source = random.Random(seed)
    assert workshop.app is not None
    parts = [workshop.add("part", title=f"part {i}") for i in range(3)]
    for kind in workshop.app.own_entities:
        if kind.name == "part":
            continue
        for _ in range(4):
            values: dict[str, Any] = {}
            for f in kind.own_fields:
                if source.random() < 0.2:
                    continue
                if f.is_polymorphic:
                    values[f.name] = {"entity": "part", "id": source.choice(parts)}
                elif f.is_many:
                    values[f.name] = source.sample(parts, source.randint(0, 3))
                elif f.targets:
                    values[f.name] = source.choice(parts)
                else:
                    values[f.name] = f.kind.sample(f, source)
            workshop.add(kind.name, id=uuid7(), **values)


def check_plan_is_complete(workshop: Workshop) -> None:
    """What the plan made is what a fresh installation would make: nothing is left to do, every record is readable."""
    assert workshop.app is not None
    for kind in workshop.app.own_entities:
        workshop.rows(kind.name)
    assert plan_steps(workshop.tables, Tables(workshop.app, workshop.dialect)) == ()


EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
KINDS = ["sqlite", "postgresql, prepared"] + (["postgresql"] if EFFORT > 1 else [])
"""What is prepared beforehand ends in the same statements as what is not."""


@pytest.mark.parametrize("kind", KINDS)
@given(first=versions, second=versions, third=versions, seed=st.integers(0, 1000))
@example(
    first=([], [], "tool", False),
    second=([("alpha", 2, ("integer", {})), ("beta", 3, ("boolean", {}))], [], "tool", False),
    third=(
        [("beta", 2, ("decimal", {"scale": 4})), ("alpha", 3, ("references", {"to": "part"}))],
        [],
        "tool",
        False,
    ),
    seed=101,
)
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_there_and_back_again(kind: str, first: Any, second: Any, third: Any, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kind, _, prepared = kind.partition(", ")
        workshop = Workshop.copied(kind, Path(folder))
        meanwhile = (lambda: None) if prepared else None
        apps = [made(v) for v in (first, second, third)]
        workshop.become(apps[0])
        fill(workshop, seed)
        before = {e.name: workshop.rows(e.name) for e in apps[0].own_entities}
        forth = workshop.become(apps[1], meanwhile=meanwhile)
        check_plan_is_complete(workshop)
        further = workshop.become(apps[2], meanwhile=meanwhile)
        check_plan_is_complete(workshop)
        workshop.become(apps[1], reversed_steps(further))
        workshop.become(apps[0], reversed_steps(forth))
        check_plan_is_complete(workshop)
        assert {e.name: workshop.rows(e.name) for e in apps[0].own_entities} == before
        workshop.close()
