"""A document as an outline: its lists as sections, each member a row that says in words what it is.

outline(draft, key)          the sections of a document
facts(draft, place)          one line on a member: what it states, in words

Nothing is linked: the words come from the draft's own documents, and a canvas is drawn in some milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer import outline_words
from dougong_designer.draft import Draft
from dougong_designer.panel import words as panel_words
from dougong_designer.panel.offers import Choice, offered
from dougong_designer.panel.place import differs, name_of, widget_of
from dougong_designer.panel.schema import (
    MISSING,
    Place,
    followed,
    help_of,
    inner,
    kind_of,
    place,
    shapes_of,
    title_of,
)
from dougong_designer.patch import Documents, pointer
from dougong_designer.spoken import spoken
from dougong_runtime.labels import Label

FACTS_MAX = 4
TEXT_MAX = 60
ROWS_MAX = 1_000
DEPTH_MAX = 8
_SILENT = frozenset(
    {"id", "name", "label", "kind", "do", "code", "x", "y", "w", "h", "width", "height", "type"}
)


@dataclass(frozen=True, slots=True)
class Row:
    """A member of a list."""

    pointer: str
    token: str
    listing: str
    """Pointer of the list that it stands in."""
    icon: str
    hue: str
    title: Label
    kind: str
    """`notify`, of a step; empty where all members are alike."""
    facts: Label
    is_changed: bool
    sections: tuple[Section, ...] = ()

    @property
    def lanes(self) -> tuple[Section, ...]:
        """Lists below that are drawn side by side: a case's steps stand for the case."""
        return self.sections


@dataclass(frozen=True, slots=True)
class Section:
    """A list of members."""

    pointer: str
    name: str
    title: Label
    help: Label
    rows: tuple[Row, ...]
    is_there: bool
    is_own: bool = True
    """Whether it stands in the document itself, not in one of its parts."""


def outline(draft: Draft, key: str) -> tuple[Section, ...]:
    """The sections of a document, the longest first wanted first: in the order of its schema. Raises Refused."""
    here = place(draft.documents, (key,))
    return tuple(sections(draft, here))


def sections(draft: Draft, around: Place, depth: int = 0) -> Iterator[Section]:
    """The lists of members directly in a place, and in its groups."""
    if depth > DEPTH_MAX or not isinstance(around.value, Mapping):
        return
    for name, schema in around.properties.items():
        if name not in around.value and not _may_list(schema):
            continue
        here = inner(around, name)
        widget = widget_of(name, schema, here.value, here.tokens)
        if widget == "members":
            yield section(draft, here, depth)
        elif widget == "group" and here.value is not MISSING and depth == 0:
            yield from sections(draft, here, depth + 1)


def section(draft: Draft, here: Place, depth: int = 0, title: Label | None = None) -> Section:
    """A list with its rows."""
    listed = here.value if isinstance(here.value, list) else []
    rows = tuple(row(draft, here, token, depth) for token in _tokens(listed[:ROWS_MAX]))
    return Section(
        pointer=pointer(here.tokens),
        name=here.name,
        title=title or title_of(here.schema, here.name),
        help=help_of(here.schema),
        rows=rows,
        is_there=here.value is not MISSING,
        is_own=depth == 0,
    )


def row(draft: Draft, listing: Place, token: str, depth: int = 0) -> Row:
    """A member as a row."""
    here = inner(listing, token)
    name, kind = kind_of(listing.shape, here.value)
    icon, hue = outline_words.face(here.kind, name, listing.name, here.value)
    title = name_of(draft, here.tokens)
    said = facts(draft, here, name)
    if name and here.kind != "workflow":
        said = joined([kind, said])
    return Row(
        pointer=pointer(here.tokens),
        token=token,
        listing=pointer(listing.tokens),
        icon=icon,
        hue=hue,
        title=title,
        kind=name,
        facts=said,
        is_changed=differs(draft, here.tokens),
        sections=tuple(sections(draft, here, depth + 1)),
    )


def facts(draft: Draft, here: Place, but: str = "") -> Label:
    """What a member states, in words, as much as fits on a line; `but`: a property that its title says already."""
    if not isinstance(here.value, Mapping):
        return Label("", "")
    said: list[Label] = []
    for name, schema in here.properties.items():
        if name in here.value and name != but and name not in _SILENT and not _is_tag(schema):
            words = fact(draft.documents, here, name)
            if words is not None:
                said.append(words)
        if len(said) == FACTS_MAX:
            break
    return joined(said)


def fact(documents: Documents, around: Place, name: str) -> Label | None:
    """One property in words: `实体 账户`; None where that would take more than a few of them."""
    here = inner(around, name)
    value, title = here.value, title_of(here.schema, name)
    if value is False or value in ("", None, [], {}):
        return None
    if value is True:
        return title
    if isinstance(value, Mapping) and ("label" in here.schema.get("x-ref", ())):
        return _said(title, Label.of({str(k): str(v) for k, v in value.items()}))
    if isinstance(value, Mapping):
        names = ", ".join(str(key) for key in value)
        return (
            _said(title, Label(names, names))
            if widget_of(name, here.schema, value, here.tokens) == "map"
            else None
        )
    if isinstance(value, list):
        if any(isinstance(one, (list, Mapping)) for one in value):
            return None
        words = [_word(documents, around, here, name, one) for one in value[:5]]
        return _said(title, Label("、".join(w.zh for w in words), ", ".join(w.en for w in words)))
    return _said(title, _word(documents, around, here, name, value))


def joined(parts: list[Label]) -> Label:
    """Parts of a line."""
    said = [part for part in parts if part.zh or part.en]
    return Label(" · ".join(p.zh for p in said), " · ".join(p.en for p in said))


def _word(documents: Documents, around: Place, here: Place, name: str, value: Any) -> Label:
    shape = followed(here.shape)
    if "enum" in shape or "enum" in followed(shape.get("items", {})):
        return panel_words.word(here.kind, name, value)
    text = str(value)
    if (isinstance(value, str) and "formula" not in here.schema.get("x-ref", ())) or name in (
        "rows",
        "columns",
    ):
        descending = text.startswith("-")
        for one in _offers(documents, around, name):
            if one.text == text.removeprefix("-"):
                return Label(f"{one.label.zh} ↓", f"{one.label.en} ↓") if descending else one.label
    if "formula" in {*here.schema.get("x-ref", ()), *shape.get("x-ref", ())}:
        said = spoken(documents, here.tokens, value)
        return Label(_short(said.zh), _short(said.en))
    return Label(_short(text), _short(text))


def _short(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"


def _offers(documents: Documents, around: Place, name: str) -> tuple[Choice, ...]:
    return offered(documents, around, name)


def _said(title: Label, words: Label) -> Label:
    return Label(f"{title.zh} {words.zh}", f"{title.en} {words.en}")


def _may_list(schema: Any) -> bool:
    return any("items" in shape or shape.get("type") == "array" for shape in shapes_of(followed(schema)))


def _is_tag(schema: Any) -> bool:
    return "const" in schema


def _tokens(listed: list[Any]) -> Iterator[str]:
    for number, one in enumerate(listed):
        yield str(one.get("id") or number) if isinstance(one, Mapping) else str(number)
