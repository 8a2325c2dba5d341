"""Search over all documents of a draft: names, labels, fields, options, formulas, every text there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer.patch import Documents
from dougong_designer.places import anchor
from dougong_designer.remembering import Remembering
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.documents.yaml_text import PathSteps, path_text
from dougong_runtime.labels import Label, Language

FOUND_MAX = 40
IN_A_DOCUMENT_MAX = 6
SHOWN_MAX = 120
_NAMES = ("name", "value", "code", "label", "zh", "en", "section", "title")
"""Properties that say what a thing is called: what is found in them comes first."""
_SILENT = ("id", "kind")


@dataclass(frozen=True, slots=True)
class Found:
    """A place where the words stand."""

    key: str
    at: str
    """Id of the thing around it; "" for the document itself."""
    title: Label
    """What that thing is called."""
    name: str
    """Its inner name; "" where it has none."""
    path: str
    text: str
    rank: int
    """The smaller, the more it is what was looked for."""


@dataclass(frozen=True, slots=True)
class _Entry:
    steps: PathSteps
    text: str
    small: str
    is_name: bool


def search(documents: Documents, words: str, language: Language, limit: int = FOUND_MAX) -> list[Found]:
    """Places whose text has all the words, the likeliest first; none for words of no letter."""
    wanted = words.casefold().split()
    if not wanted:
        return []
    found: list[Found] = []
    for key, data in documents.items():
        if not key.startswith(FILE_KEY):
            found += sorted(_in_document(key, data, wanted), key=lambda f: f.rank)[:IN_A_DOCUMENT_MAX]
    kinds = {kind: place for place, kind in enumerate(KINDS)}
    found.sort(
        key=lambda f: (f.rank, kinds.get(f.key.partition("/")[0], 0), len(f.text), f.title.in_(language))
    )
    return found[:limit]


def _in_document(key: str, data: Any, wanted: list[str]) -> Iterator[Found]:
    kind, _, name = key.partition("/")
    met: set[str] = set()
    for entry in _entries.of(data):
        if not all(word in entry.small for word in wanted):
            continue
        at = anchor(kind, data, entry.steps)
        if at in met and entry.is_name:
            continue
        met.add(at)
        is_whole = entry.small == " ".join(wanted)
        is_own = not at
        rank = (0 if is_whole else 2) + (0 if is_own else 1) if entry.is_name else 6 - is_whole
        title, own = (Label.of(data.get("label"), name), name) if is_own else _called(data, entry.steps, at)
        yield Found(key, at, title, own, path_text(entry.steps), entry.text[:SHOWN_MAX], rank)


def _called(data: Any, steps: PathSteps, at: str) -> tuple[Label, str]:
    for step in steps:
        data = data[step]
        if isinstance(data, Mapping) and data.get("id") == at:
            break
    name = next((str(data[n]) for n in ("name", "value", "code", "field", "entity", "do") if data.get(n)), "")
    return Label.of(data.get("label") or data.get("section"), name or at), name


def _walk(data: Any) -> tuple[_Entry, ...]:
    return tuple(_texts(data, (), ""))


def _texts(data: Any, steps: PathSteps, name: str) -> Iterator[_Entry]:
    if isinstance(data, str):
        if name not in _SILENT and data:
            yield _Entry(steps, data, data.casefold(), name in _NAMES)
    elif isinstance(data, Mapping):
        for key, inner in data.items():
            yield from _texts(inner, (*steps, key), key)
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            yield from _texts(inner, (*steps, index), name)


_entries = Remembering(_walk)
"""The texts of each document: searched at every letter that is typed."""
