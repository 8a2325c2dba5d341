"""A version that was published meanwhile (by the command line, by somebody else, by an upgrade), merged into the draft."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dougong_designer import draft, merging
from dougong_designer.draft import Step, Writing
from dougong_designer.merging import ABSENT, ORDER, Choices, Merged
from dougong_designer.patch import Tokens
from dougong_platform.publishing import DRAFT_MOVED_ON
from dougong_platform.studio import Studio
from dougong_runtime.documents.difference import name_of
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.labels import Label, Language

SHOWN_MAX = 600

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


def shown(value: Any) -> str:
    """A value as it is written, for people."""
    if isinstance(value, str):
        return value[:SHOWN_MAX]
    text = json.dumps(value, ensure_ascii=False, indent=1 if isinstance(value, (dict, list)) else None)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def names_of(studio: Studio, path: Tokens, language: Language) -> str:
    """A conflict's place in words: labels of members, and keys."""
    at: list[Any] = [documents.get(path[0]) for documents in (studio.draft.documents, studio.running.source)]
    words = []
    for token in path[1:]:
        if token == ORDER:
            words.append("排列顺序" if language == "zh" else "order")
            continue
        at = [_inside(one, token) for one in at]
        member = next((one for one in at if isinstance(one, Mapping) and one.get("id") == token), None)
        if member is not None:
            words.append(Label.of(member.get("label"), name_of(member)).in_(language))
        else:
            words.append(token)
    return " · ".join(words)


def _inside(value: Any, token: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(token)
    if isinstance(value, list):
        return next((m for m in value if isinstance(m, Mapping) and m.get("id") == token), None)
    return None
