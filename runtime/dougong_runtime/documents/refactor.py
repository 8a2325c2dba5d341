"""Renaming what has a name: every place that names it is rewritten in the same step, formulas included.

The places come from linking (`model.link.references_of`), so a rename reaches exactly what means the thing, and nothing
that is merely called the same. Ids stay as they are: to a plan of publishing it is the same thing under another name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from dougong_runtime.documents.edits import value_at, with_key, with_value
from dougong_runtime.documents.file_edits import rewritten_file
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import BAD_NAME, BAD_VALUE, DUPLICATE, UNKNOWN_DOCUMENT, hinted
from dougong_runtime.documents.references import Reference, References, Target
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import is_name, nearest

_QUOTES = "'\"‘’“”"
_LABELS: Mapping[str, Label] = {
    "field": Label("字段", "field"),
    "inverse": Label("反向引用", "way back"),
    "option": Label("选项", "option"),
    "setting": Label("设置", "setting"),
    "rule": Label("规则", "rule"),
    "step": Label("步骤", "step"),
}
_SHARING = {"field": "inverse", "inverse": "field"}
"""Kinds of things whose names must differ from each other's too."""


def rename(stored: Mapping[str, Any], references: References, target: Target, name: str) -> dict[str, Any]:
    """An app, as it is kept, with one thing renamed everywhere; only the documents concerned are copied.

    Raises Refused where the name cannot be, is taken, or where there is no such thing.
    """
    definitions = references.definitions(target)
    _check(references, target, name, bool(definitions))
    places: dict[str, set[Reference]] = defaultdict(set)
    for place in definitions:
        for together in references.defined_at(place.document, place.path):
            for reference in (*references.definitions(together), *references.to(together)):
                places[reference.document].add(reference)
    made: dict[str, Any] = {}
    for key, data in stored.items():
        moved = f"{target.kind}/{name}" if key == f"{target.kind}/{target.name}" else key
        if key not in places:
            made[moved] = data
        elif key.startswith(FILE_KEY):
            made[moved] = rewritten_file(key.removeprefix(FILE_KEY), data, places[key], name)
        else:
            made[moved] = _rewritten(data, places[key], name)
    return made


def _check(references: References, target: Target, name: str, is_there: bool) -> None:
    what = _LABELS.get(target.kind) or KINDS.get(target.kind).label
    if target.kind == "app":
        zh, en = (
            "应用的名称决定数据表的名称，不能修改。",
            "An app's name is part of its tables' names and stays.",
        )
        raise refuse(BAD_VALUE, zh=zh, en=en)
    if not is_there:
        near = nearest(target.name, references.named(target.kind, target.owner))
        raise refuse(UNKNOWN_DOCUMENT, **hinted({"what": what, "name": target.name, "nearest": near}))
    if target.kind == "option":
        if not name:
            raise refuse(BAD_NAME, name=name)
    elif not is_name(name):
        raise refuse(BAD_NAME, name=name)
    taken = set(references.named(target.kind, target.owner))
    if target.kind in _SHARING:
        taken |= set(references.named(_SHARING[target.kind], target.owner))
    if name in taken:
        raise refuse(DUPLICATE, what=what, name=name)


def _rewritten(data: Any, found: Iterable[Reference], name: str) -> Any:
    """One document with the thing renamed at all its places."""
    parts: dict[PathSteps, set[tuple[int, int]]] = defaultdict(set)
    keys: set[PathSteps] = set()
    for reference in found:
        if reference.form == "key":
            keys.add(reference.path)
        elif reference.form == "part":
            parts[reference.path].add((reference.offset, reference.length))
        else:
            data = with_value(data, reference.path, _alike(value_at(data, reference.path), name))
    for path, spans in parts.items():
        data = with_value(data, path, _spliced(value_at(data, path), spans, name))
    for path in sorted(keys, key=len, reverse=True):
        data = with_key(data, path, name)
    return data


def _alike(old: Any, name: str) -> Any:
    """The new name as the old one is written: whole numbers stay numbers."""
    return int(name) if isinstance(old, int) and name.isdigit() else name


def _spliced(old: Any, spans: set[tuple[int, int]], name: str) -> Any:
    if not isinstance(old, str):
        return _alike(old, name)
    text = old
    for offset, length in sorted(spans, reverse=True):
        piece = text[offset : offset + length]
        text = f"{text[:offset]}{quoted_like(piece, name)}{text[offset + length :]}"
    return text


def quoted_like(piece: str, name: str) -> str:
    """A name in the stead of a piece of a formula, in the marks that stand there; none stand around a path's parts, nor
    around a number, which a word replaces in marks of its own."""
    if piece[:1] in _QUOTES:
        close = piece[-1]
        return piece[0] + name.replace("\\", "\\\\").replace(close, "\\" + close) + close
    is_number = piece[:1].isdigit()
    return quoted_like("''", name) if is_number and not name.isdigit() else name
