"""A version that was published meanwhile (by the command line, by somebody else, by an upgrade), merged into the draft."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer import draft, merging
from dougong_designer.describing.sentences import Context, told_place, told_value
from dougong_designer.draft import Step, Writing
from dougong_designer.merging import ABSENT, ORDER, Choices, Conflict, Merged
from dougong_designer.patch import Tokens
from dougong_platform.publishing import DRAFT_MOVED_ON
from dougong_platform.studio import Studio
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.labels import Language

SHOWN_MAX = 600


@dataclass(frozen=True, slots=True)
class Told:
    """A conflict in words; a value that is not there is None."""

    where: str
    base: str | None
    ours: str | None
    theirs: str | None


NOTHING_TO_MERGE = problem_type(
    "nothing-to-merge",
    409,
    "草稿已基于运行中的版本，没有要并入的。",
    "The draft is based on the version that runs: there is nothing to merge.",
)
UNDECIDED = problem_type(
    "merge-undecided",
    409,
    "还有 {count} 处没有选。",
    "{count} conflicts are still to be chosen.",
    remedy=(
        "逐处选草稿（ours）或新版本（theirs）。",
        "Choose the draft's (ours) or the new version's (theirs) for each.",
    ),
)


def find(studio: Studio, choices: Choices) -> Merged:
    """What merging would come to. Raises Refused (NOTHING_TO_MERGE)."""
    found = studio.draft
    if not found.is_behind:
        raise refuse(NOTHING_TO_MERGE)
    return merging.merge(found.original, found.documents, studio.running.source, choices)


def merge(studio: Studio, choices: Choices, revision: int | None = None) -> Step | None:
    """Merge the running version into the draft, as one step. `revision`: the one that was looked at.

    Raises Refused: NOTHING_TO_MERGE, DRAFT_MOVED_ON, UNDECIDED, and where a document would lose its shape.
    """
    found = studio.draft
    if revision is not None and revision != found.revision:
        raise refuse(DRAFT_MOVED_ON, seen=revision, now=found.revision)
    made = find(studio, choices)
    if made.undecided:
        raise refuse(UNDECIDED, count=len(made.undecided))
    writing = Writing(studio.connection, studio.viewer, studio.site.clock)
    return draft.rebase(writing, found, made.documents, "merge", found.running, found.running)


def is_there(value: Any) -> bool:
    """Whether a conflict's value is one."""
    return value is not ABSENT


def plain(value: Any) -> Any:
    """A conflict's value for programs; null where there is none."""
    return None if value is ABSENT else value


def told(studio: Studio, conflict: Conflict, language: Language) -> Told:
    """A conflict for people: its place by labels and titles, its values as they are read."""
    key, path = conflict.path[0], conflict.path[1:]
    is_order = bool(path) and path[-1] == ORDER
    path = path[:-1] if is_order else path
    ours, theirs = studio.draft.documents, studio.running.source
    now, before = ours.get(key, theirs.get(key)), theirs.get(key, ours.get(key))
    if not isinstance(now, Mapping) or not isinstance(before, Mapping) or key.startswith(FILE_KEY):
        return Told(key, *(_plain(value) for value in (conflict.base, conflict.ours, conflict.theirs)))
    context = Context(key.partition("/")[0], now, before, studio.draft.original, ours)
    where = told_place(path, context).in_(language)
    if is_order:
        where = f"{where} · " + ("排列顺序" if language == "zh" else "order")
    pairs = (
        (conflict.base, conflict.ours),
        (conflict.ours, conflict.theirs),
        (conflict.theirs, conflict.ours),
    )
    return Told(where, *(_value(value, other, path, context, language) for value, other in pairs))


def _value(value: Any, other: Any, path: Tokens, context: Context, language: Language) -> str | None:
    if value is ABSENT:
        return None
    if path and (not isinstance(value, (dict, list)) or all(isinstance(v, str) for v in value)):
        found = told_value(value, None if other is ABSENT else other, path, context)
        if found is not None:
            return found.in_(language)
    return _plain(value)


def _plain(value: Any) -> str | None:
    if value is ABSENT:
        return None
    if isinstance(value, str):
        return value[:SHOWN_MAX]
    text = json.dumps(value, ensure_ascii=False, indent=1 if isinstance(value, (dict, list)) else None)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"
