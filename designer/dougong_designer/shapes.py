"""No act leaves a document in a shape that its schema does not allow: what canvases draw can be relied on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import BAD_NAME, UNKNOWN_KIND
from dougong_runtime.documents.schema import check_document
from dougong_runtime.documents.source import FILE_KEY, Raw
from dougong_runtime.documents.yaml_text import Places
from dougong_runtime.errors import Problem, Refused
from dougong_runtime.names import is_name

PROBLEMS_MAX = 20


def check_shapes(old: Documents, new: Documents, keys: Iterable[str]) -> None:
    """Raise Refused with what is wrong in the documents at `keys` and was not wrong before: their names, their shape."""
    found: list[Problem] = []
    for key in sorted(keys):
        if key not in new or key.startswith(FILE_KEY):
            continue
        known = {_said(problem) for problem in _problems(key, old[key])} if key in old else set()
        found += [problem for problem in _problems(key, new[key]) if _said(problem) not in known]
    if found:
        raise Refused(found[:PROBLEMS_MAX])


def _problems(key: str, data: Any) -> list[Problem]:
    kind, _, name = key.partition("/")
    place = Places(key)
    if kind not in KINDS:
        return [Problem(UNKNOWN_KIND, None, {"name": kind, "nearest": None}, place.at(()))]
    problems = check_document(Raw(kind, name, data, place))[1]
    if (
        not is_name(name)
        or not isinstance(data, dict)
        or data.get("name") != name
        or data.get("kind") != kind
    ):
        problems = [*problems, Problem(BAD_NAME, "name", {"name": name}, place.at(("name",)))]
    return problems


def _said(problem: Problem) -> tuple[str, str, str]:
    return problem.type.name, problem.text("en"), problem.place.path if problem.place else ""
