"""Mends of problems: where linking knows the nearest right name, the wrong one is replaced at its place."""

from __future__ import annotations

import re
from typing import Any

from dougong_designer.patch import Documents, Operation
from dougong_designer.places import steps_of, tokens_of
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import Problem

_QUOTED = re.compile(r"“([^”]+)”")


def mend(documents: Documents, problem: Problem) -> Operation | None:
    """The operation that puts the nearest name in place of the wrong one; None where there is none to put there."""
    near, place = problem.facts.get("nearest"), problem.place
    if not near or place is None or place.file not in documents:
        return None
    data = documents[place.file]
    steps = steps_of(data, place.path)
    if steps is None:
        return None
    value = _at(data, steps)
    if not isinstance(value, str):
        return None
    for wrong in _named(problem):
        found = _word(wrong).search(value)
        if found is not None:
            made = value[: found.start()] + str(near) + value[found.end() :]
            return Operation("replace", tokens_of(place.file, data, steps), made)
    return None


def _named(problem: Problem) -> list[str]:
    """What the problem may call wrong: the name among its facts, then what its sentence quotes."""
    stated = problem.facts.get("name")
    return [*([str(stated)] if stated else []), *_QUOTED.findall(problem.text("en"))]


def _word(name: str) -> re.Pattern[str]:
    return (
        re.compile(rf"(?<![\w.'\"]){re.escape(name)}(?!\w)")
        if "." not in name
        else re.compile(re.escape(name))
    )


def _at(data: Any, steps: PathSteps) -> Any:
    for step in steps:
        data = data[step]
    return data
