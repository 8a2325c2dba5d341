"""All labels and texts of an app's documents, wherever their schemas allow one: found, counted, changed, in and out as a
table. Pure: documents in, values or documents out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dougong_designer.labels_of import with_words, words_of
from dougong_designer.patch import Documents, Tokens, pointer
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.schema_shapes import meant, resolved, schema_of
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.fields import FIELD_TYPES

LABEL = "common.schema.json#/$defs/label"
_NAMES = ("name", "value", "code")
"""What has one of these is shown somewhere, and so should have a label."""
WORDS_MAX = 20_000
"""Characters of one language, as the schema says."""


@dataclass(frozen=True, slots=True)
class Place:
    """A label: in which document, where in it, and its words."""

    document: str
    path: Tokens
    """Members of lists by id where they have one, else by number."""
    zh: str
    en: str
    owner: str = ""
    """What it is a label of: the name of the field, the option, the step."""
    is_optional: bool = False
    """Whether what it stands at does without it: a help, a placeholder."""

    @property
    def kind(self) -> str:
        """Kind of the document."""
        return self.document.partition("/")[0]

    @property
    def pointer(self) -> str:
        """Where in the document, as a JSON Pointer."""
        return pointer(self.path)

    @property
    def mark(self) -> str:
        """By which an exported table knows later whether the label has been changed meanwhile."""
        return mark_of(self.zh, self.en)

    @property
    def missing(self) -> tuple[str, ...]:
        """Languages in which it says nothing."""
        return tuple(name for name, words in (("zh", self.zh), ("en", self.en)) if not words.strip())


def mark_of(zh: str, en: str) -> str:
    """A short mark of words, white space around them and ways of breaking lines apart."""
    return hashlib.sha256("\0".join(map(plain, (zh, en))).encode()).hexdigest()[:8]


def plain(words: str) -> str:
    """Words as a spreadsheet gives them back."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip()


def places(documents: Documents) -> list[Place]:
    """Every label of the documents, and those that named things lack, in the order of the documents."""
    made = []
    for key, data in documents.items():
        if not key.startswith(FILE_KEY) and key.partition("/")[0] in KINDS:
            made += _of_document(key, data)
    return made


_known: dict[int, tuple[Any, list[Place]]] = {}
_KNOWN_MAX = 4_000


def _of_document(key: str, data: Any) -> list[Place]:
    """Found once for each document: an unchanged one is the same object from one revision to the next."""
    known = _known.get(id(data))
    if known is not None and known[0] is data and (not known[1] or known[1][0].document == key):
        return known[1]
    made = list(_walk(key, data, schema_of(key.partition("/")[0]), (), ""))
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    _known[id(data)] = (data, made)
    return made


def _walk(key: str, data: Any, shape: Any, path: Tokens, owner: str) -> Iterator[Place]:
    if isinstance(shape, Mapping) and _is_label(shape):
        zh, en = words_of(data)
        yield Place(key, path, zh, en, owner, path[-1] != "label")
        return
    shape = _whole(shape)
    if "oneOf" in shape:
        branches = [_whole(branch) for branch in shape["oneOf"]]
        if isinstance(data, str) and any(_is_label(branch) for branch in shape["oneOf"]):
            return
        chosen = meant(data, branches)
        if chosen is None:
            return
        shape = {**{k: v for k, v in shape.items() if k != "oneOf"}, **branches[chosen]}
    if isinstance(data, Mapping):
        yield from _of_mapping(key, data, shape, path, owner)
    elif isinstance(data, list) and "items" in shape:
        for index, member in enumerate(data):
            data_of = member if isinstance(member, Mapping) else {}
            nameless = not any(data_of.get(name) for name in _NAMES)
            inner = ".".join(filter(None, (owner, path[-1]))) if nameless and path else owner
            yield from _walk(key, member, shape["items"], (*path, str(data_of.get("id") or index)), inner)


def _of_mapping(key: str, data: Mapping[str, Any], shape: Any, path: Tokens, owner: str) -> Iterator[Place]:
    named = next((str(data[name]) for name in _NAMES if data.get(name) not in (None, "")), "")
    inner_owner = ".".join(filter(None, (owner, named))) if path else ""
    properties = {**_type_properties(data), **shape.get("properties", {})}
    further = shape.get("additionalProperties")
    if named and "label" in properties and "label" not in data and _is_label(properties["label"]):
        yield Place(key, (*path, "label"), "", "", inner_owner)
    for name, value in data.items():
        inner = properties.get(name, further if isinstance(further, Mapping) else None)
        if inner is not None:
            yield from _walk(key, value, inner, (*path, name), inner_owner)


def _type_properties(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the type of a field allows besides."""
    kind = data.get("type")
    return FIELD_TYPES.get(kind).schema if isinstance(kind, str) and kind in FIELD_TYPES else {}


def _is_label(shape: Any) -> bool:
    pointer_to = shape.get("$ref") if isinstance(shape, Mapping) else None
    return isinstance(pointer_to, str) and _names_label(pointer_to)


@cache
def _names_label(reference: str) -> bool:
    if reference == LABEL:
        return True
    found = resolved({"$ref": reference}).get("$ref")
    return isinstance(found, str) and found != reference and _names_label(found)


def _whole(shape: Any) -> Mapping[str, Any]:
    """A shape with its references followed."""
    for _ in range(8):
        if not (isinstance(shape, dict) and "$ref" in shape):
            break
        reference = shape["$ref"]
        shape = _resolved(reference) if len(shape) == 1 else {**_resolved(reference), **_without_ref(shape)}
    return shape if isinstance(shape, dict) else {}


@cache
def _resolved(reference: str) -> Mapping[str, Any]:
    return resolved({"$ref": reference})


def _without_ref(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shape.items() if key != "$ref"}


# --- choosing ---------------------------------------------------------------------------------------------------
def chosen(found: Iterable[Place], *, kind: str = "", missing: str = "", text: str = "") -> list[Place]:
    """Labels of a kind of document, in want of a language (`zh`, `en`, `any`), with a text in either or in a name."""
    wanted = text.casefold().strip()
    made = []
    for place in found:
        if kind and place.kind != kind:
            continue
        if missing == "any" and not place.missing:
            continue
        if missing in ("zh", "en") and missing not in place.missing:
            continue
        said = f"{place.document} {place.owner} {place.zh} {place.en}".casefold()
        if wanted and wanted not in said:
            continue
        made.append(place)
    return made


# --- changing ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Wanted:
    """Words that a label is to have; None leaves a language as it is. `mark`: as it was when they were written."""

    document: str
    pointer: str
    zh: str | None
    en: str | None
    mark: str = ""
    line: int = 0
    """Where they stand in the table that they came in, for who reads what is wrong."""


@dataclass(frozen=True, slots=True)
class Change:
    """One label, before and after."""

    place: Place
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Words that are not taken. `why`: `unknown`, `changed`, `empty`, `long`."""

    wanted: Wanted
    why: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What a table would change, and what of it is refused."""

    changes: tuple[Change, ...]
    refused: tuple[Refusal, ...]
    same: int
    """Lines that say what is there already."""


def compare(documents: Documents, wanted: Sequence[Wanted]) -> Import:
    """What words would change. A label that was changed since its mark was made is refused, unless they say the same."""
    known = {(place.document, place.pointer): place for place in places(documents)}
    changes: dict[tuple[str, str], Change] = {}
    refused: list[Refusal] = []
    same = 0
    for one in wanted:
        place = known.get((one.document, one.pointer))
        if place is None:
            refused.append(Refusal(one, "unknown"))
            continue
        zh, en = _said(one.zh, place.zh), _said(one.en, place.en)
        if (zh, en) == (place.zh, place.en):
            same += 1
        elif one.mark and one.mark != place.mark and one.mark == mark_of(one.zh or "", one.en or ""):
            # Nobody touched this line: what is there now was written after it went out.
            same += 1
        elif one.mark and one.mark != place.mark:
            refused.append(Refusal(one, "changed", place))
        elif not zh and not en and not place.is_optional:
            refused.append(Refusal(one, "empty", place))
        elif max(len(zh), len(en)) > WORDS_MAX:
            refused.append(Refusal(one, "long", place))
        else:
            changes[place.document, place.pointer] = Change(place, zh, en)
    return Import(tuple(changes.values()), tuple(refused), same)


def _said(words: str | None, now: str) -> str:
    """The words wanted; those that are there where they are the same but for white space around them."""
    return now if words is None or plain(words) == plain(now) else plain(words)


def changed(documents: Documents, changes: Iterable[Change]) -> Documents:
    """The documents with labels changed."""
    made = dict(documents)
    for one in changes:
        key = one.place.document
        made[key] = _within(made[key], one.place.path, one)
    return made


def _within(data: Any, path: Tokens, one: Change) -> Any:
    token, rest = path[0], path[1:]
    if isinstance(data, list):
        at = _index(data, token)
        return [_within(inner, rest, one) if n == at else inner for n, inner in enumerate(data)]
    if rest:
        return {name: _within(inner, rest, one) if name == token else inner for name, inner in data.items()}
    value = with_words(data.get(token), one.zh, one.en)
    if value is None:
        return {name: inner for name, inner in data.items() if name != token}
    if token in data:
        return {name: value if name == token else inner for name, inner in data.items()}
    made: dict[str, Any] = {}
    after = next((name for name in ("id", *_NAMES) if name in data), None)
    for name, inner in data.items():
        made[name] = inner
        if name == after:
            made[token] = value
    made.setdefault(token, value)
    return made


def _index(members: Sequence[Any], token: str) -> int:
    for number, member in enumerate(members):
        if isinstance(member, Mapping) and member.get("id") == token:
            return number
    return int(token)
