"""What differs between two versions of an app, in sentences: titles of properties in place of their keys, labels in
place of names, the old value beside the new, and what follows from a change where that is cheap to say.

describe(old, new)     documents that differ, each with its sentences
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dougong_designer.describing.sentences import NOTHING, Context, Sentence, sentences
from dougong_designer.patch import Documents
from dougong_runtime.documents.difference import Change, DocumentChange, What, difference
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.labels import Label, Language

_HIDDEN = {("app", ("version",))}
"""Changes that a reader knows from elsewhere."""


@dataclass(frozen=True, slots=True)
class Described:
    """A document that differs."""

    what: What
    kind: str
    """Kind of document, or `file`."""
    name: str
    word: Label
    """What its kind is called."""
    label: Label
    sentences: tuple[Sentence, ...] = ()

    @property
    def key(self) -> str:
        """`entity/visit`."""
        return f"{self.kind}/{self.name}"

    def title(self, language: Language) -> str:
        """Such as “Entity “Visit””."""
        word, label = self.word.in_(language), self.label.in_(language)
        return f"{word}「{label}」" if language == "zh" else f"{word} “{label}”"


def describe(old: Documents, new: Documents) -> tuple[Described, ...]:
    """What differs, document by document. Changes that only follow a rename are counted in its note, not told."""
    found = difference(old, new)
    renames = [r for document in found for r in _renames(document)]
    told = []
    for document in found:
        made = _document(document, old, new, renames)
        if made is not None:
            told.append(made)
    counts = {r.change: r.followers for r in renames}
    return tuple(
        replace(d, sentences=tuple(_noted(s, c, counts) for s, c in sentences)) for d, sentences in told
    )


def count(described: Sequence[Described]) -> int:
    """Things that differ."""
    return sum(len(document.sentences) for document in described)


def as_data(described: Sequence[Described], language: Language) -> list[dict[str, Any]]:
    """For programs: the sentences with their parts."""
    return [
        {
            "what": document.what,
            "kind": document.kind,
            "name": document.name,
            "title": document.title(language),
            "changes": [
                {
                    "what": sentence.what,
                    "path": list(sentence.path),
                    "text": sentence.text(language),
                    "before": None if sentence.before is None else sentence.before.in_(language),
                    "after": None if sentence.after is None else sentence.after.in_(language),
                    "note": sentence.note.in_(language) or None,
                }
                for sentence in document.sentences
            ],
        }
        for document in described
    ]


# --- what follows a rename ------------------------------------------------------------------------------------
@dataclass(eq=False)
class _Rename:
    change: int
    """`id()` of the change that is the rename."""
    pattern: re.Pattern[str]
    after: str
    followers: int = 0

    def follows(self, before: Any, after: Any) -> bool:
        """Whether one is the other with the name replaced, in some places at least."""
        return _differ_by([self], before, after)


def _differ_by(renames: Sequence[_Rename], before: Any, after: Any) -> bool:
    text = json.dumps(before, ensure_ascii=False, sort_keys=True)
    spots = [(m.start(), m.end(), r) for r in renames for m in r.pattern.finditer(text)]
    spots.sort(key=lambda spot: spot[:2])
    if not spots:
        return False
    made, at = "", 0
    for start, end, rename in spots:
        if start >= at:
            made += re.escape(text[at:start]) + f"(?:{re.escape(text[start:end])}|{re.escape(rename.after)})"
            at = end
    whole = made + re.escape(text[at:])
    return re.fullmatch(whole, json.dumps(after, ensure_ascii=False, sort_keys=True)) is not None


def _renames(document: DocumentChange) -> Iterator[_Rename]:
    for change in document.changes:
        if change.what == "renamed" and isinstance(change.before, str) and isinstance(change.after, str):
            yield _Rename(id(change), re.compile(rf"(?<!\w){re.escape(change.before)}(?!\w)"), change.after)


def _without_followers(changes: Sequence[Change], renames: Sequence[_Rename]) -> list[Change]:
    """Changes that say more than that a name is another one."""
    kept: list[Change] = []
    for change in changes:
        found = change.what == "changed" and _follower(change.before, change.after, renames)
        if not found:
            kept.append(change)
    # A key of a mapping that is a name: one property went, another came, with what is the same below.
    gone = {c.path: c for c in kept if c.what == "changed" and c.after is None}
    for path, change in list(gone.items()):
        for rename in renames:
            moved = tuple(rename.pattern.sub(rename.after, token) for token in path)
            come = next(
                (
                    c
                    for c in kept
                    if c.path == moved and c.before is None and moved != path and c is not change
                ),
                None,
            )
            if come is not None and (
                come.after == change.before or rename.follows(change.before, come.after)
            ):
                rename.followers += 1
                kept = [c for c in kept if c is not change and c is not come]
                break
    return kept


def _follower(before: Any, after: Any, renames: Sequence[_Rename]) -> bool:
    if before is None or after is None or before == after:
        return False
    for rename in renames:
        if rename.follows(before, after):
            rename.followers += 1
            return True
    if len(renames) > 1 and _differ_by(renames, before, after):
        text = json.dumps(before, ensure_ascii=False)
        for rename in renames:
            rename.followers += bool(rename.pattern.search(text))
        return True
    return False


def _noted(sentence: Sentence, change: int, counts: Mapping[int, int]) -> Sentence:
    n = counts.get(change, 0)
    if not n:
        return sentence
    words = Label(f"{n} 处引用已同步", f"{n} references follow" if n > 1 else "1 reference follows")
    return replace(sentence, note=words)


# --- documents ------------------------------------------------------------------------------------------------
def _document(
    found: DocumentChange, old: Documents, new: Documents, renames: Sequence[_Rename]
) -> tuple[Described, list[tuple[Sentence, int]]] | None:
    key = f"{found.kind}/{found.name}"
    now = new.get(key) if found.what != "removed" else old.get(key)
    data = now if isinstance(now, Mapping) else {}
    word = KINDS.get(found.kind).label if found.kind in KINDS else Label("文件", "File")
    label = Label.of(data.get("label"), found.name) if found.kind in KINDS else Label(found.name, found.name)
    made = Described(found.what, found.kind, found.name, Label(word.zh, _capital(word.en)), label)
    if found.what == "changed" and found.kind not in KINDS and _follower(old.get(key), new.get(key), renames):
        return None
    if found.kind not in KINDS or found.what in ("added", "removed"):
        return made, [(Sentence(found.what, word, label, note=_size(found, data)), 0)]
    context = Context(found.kind, data, _former(found, data, old), old, new)
    made_of = [
        (sentence, id(change))
        for change in _without_followers(found.changes, renames)
        if (found.kind, change.path) not in _HIDDEN
        for sentence in sentences(change, context)
    ]
    return (made, made_of) if made_of else None


def _former(found: DocumentChange, data: Mapping[str, Any], old: Documents) -> Mapping[str, Any]:
    prefix = f"{found.kind}/"
    for key, other in old.items():
        if key.startswith(prefix) and isinstance(other, Mapping) and other.get("id") == data.get("id"):
            return other
    known = old.get(f"{found.kind}/{found.name}")
    return known if isinstance(known, Mapping) else {}


def _size(found: DocumentChange, data: Mapping[str, Any]) -> Label:
    if found.kind == "entity":
        n = len(data.get("fields", ()))
        if found.what == "removed":
            return Label("数据留在回收站", "its data stay in the trash")
        return Label(f"{n} 个字段", f"{n} fields")
    return NOTHING


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
