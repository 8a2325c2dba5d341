"""Places in documents: from the words that a problem names them by to their values, and to the address that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dougong_designer.patch import Tokens
from dougong_runtime.documents.yaml_text import PathSteps

WHOLE_MEMBERS = ("entity", "settings", "role", "report", "app")
"""Kinds whose canvas shows the members of the document's own lists as they are: what lies within one of them is
shown with it."""


def steps_of(data: Any, text: str) -> PathSteps | None:
    """The path that `path_text` wrote as `fields[3].formula`; names may hold dots. None where there is no such place."""
    if not text:
        return ()
    if isinstance(data, list):
        head, closing, rest = text.removeprefix("[").partition("]")
        if not text.startswith("[") or not closing or not head.isdecimal() or int(head) >= len(data):
            return None
        inner = steps_of(data[int(head)], rest.removeprefix("."))
        return None if inner is None else (int(head), *inner)
    if isinstance(data, Mapping):
        for name in sorted((n for n in data if text.startswith(n)), key=len, reverse=True):
            rest = text[len(name) :]
            if rest and rest[0] not in ".[":
                continue
            inner = steps_of(data[name], rest.removeprefix("."))
            if inner is not None:
                return (name, *inner)
    return None


def tokens_of(key: str, data: Any, steps: PathSteps) -> Tokens:
    """The path as patches say it: members of lists by their ids."""
    made = [key]
    for step in steps:
        member = data[step]
        identity = member.get("id") if isinstance(step, int) and isinstance(member, Mapping) else None
        made.append(identity if isinstance(identity, str) else str(step))
        data = member
    return tuple(made)


def anchor(kind: str, data: Any, steps: PathSteps) -> str:
    """The id of the thing that a canvas can show as chosen: the innermost around a place, or "" for the document."""
    found = ""
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, int) and isinstance(data, Mapping) and isinstance(data.get("id"), str):
            found = data["id"]
            if kind in WHOLE_MEMBERS:
                break
    return found


def href(app: str, key: str, at: str = "") -> str:
    """The address of a document in the studio, with the thing chosen that has this id."""
    return f"/studio/{app}/{quote(key)}" + (f"?at={quote(at, safe='')}" if at else "")
