"""A workflow as its canvas draws it: what starts it, then cards one below the other, and ways side by side.

flow(draft, key)             the trigger's card and the steps
palette()                    all kinds of steps in their groups
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer import outline_words
from dougong_designer.draft import Draft
from dougong_designer.outline import facts, joined, row
from dougong_designer.panel import words as panel_words
from dougong_designer.panel.place import differs
from dougong_designer.panel.schema import Place, inner, member_kinds, place, title_of
from dougong_designer.patch import pointer
from dougong_runtime.labels import Label

DEPTH_MAX = 12


@dataclass(frozen=True, slots=True)
class Lane:
    """A way that is taken: a list of steps with what stands above it."""

    pointer: str
    title: Label
    steps: tuple[Card, ...]
    is_there: bool
    opens: str = ""
    """Pointer of what its head opens: the case, the branch."""


@dataclass(frozen=True, slots=True)
class Card:
    """A step, or the trigger."""

    pointer: str
    token: str
    listing: str
    kind: str
    icon: str
    hue: str
    title: Label
    facts: Label
    is_changed: bool
    lanes: tuple[Lane, ...] = ()
    adds: str = ""
    """Pointer of a list of ways to which one can be added: cases, branches."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow."""

    trigger: Card
    steps: Lane


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of step in the palette."""

    name: str
    icon: str
    hue: str
    title: Label
    help: Label


def flow(draft: Draft, key: str) -> Flow:
    """A workflow for its canvas. Raises Refused (NOT_FOUND)."""
    here = place(draft.documents, (key,))
    trigger = inner(here, "trigger")
    return Flow(_trigger(draft, trigger), _lane(draft, inner(here, "steps"), None, 0))


def palette(draft: Draft, key: str) -> tuple[tuple[Label, tuple[Kind, ...]], ...]:
    """All kinds of steps, in groups."""
    known = {one.name: one for one in member_kinds(inner(place(draft.documents, (key,)), "steps"))}
    made = []
    for zh, en, names in outline_words.GROUPS:
        kinds = []
        for name in names:
            if name in known:
                icon, hue = outline_words.STEPS[name]
                said = panel_words.member_help("workflow", name) or known[name].help
                kinds.append(Kind(name, icon, hue, known[name].title, said))
        made.append((Label(zh, en), tuple(kinds)))
    return tuple(made)


def _trigger(draft: Draft, here: Place) -> Card:
    value = here.value if isinstance(here.value, Mapping) else {}
    on = str(value.get("on", ""))
    named = value.get("entity")
    data = draft.documents.get(f"entity/{named}")
    told = panel_words.word("workflow", "on", on) if on else title_of(here.schema, "trigger")
    title = told
    if isinstance(data, Mapping):
        about = Label.of(data.get("label"), str(named))
        title = Label(f"{about.zh}：{told.zh}", f"{about.en}: {told.en}")
    rest = {name: one for name, one in value.items() if name not in ("on", "entity")}
    said = facts(draft, Place(here.tokens, here.schema, rest, here.name))
    return Card(
        pointer(here.tokens),
        "trigger",
        "",
        "trigger",
        outline_words.TRIGGERS.get(on, "bolt"),
        "amber",
        title,
        said,
        differs(draft, here.tokens),
    )


def _lane(draft: Draft, listing: Place, title: Label | None, depth: int, opens: str = "") -> Lane:
    listed = listing.value if isinstance(listing.value, list) else []
    cards = tuple(
        _card(
            draft, listing, str(one.get("id") or number) if isinstance(one, Mapping) else str(number), depth
        )
        for number, one in enumerate(listed)
    )
    named = title or title_of(listing.schema, listing.name)
    return Lane(pointer(listing.tokens), named, cards, isinstance(listing.value, list), opens)


def _card(draft: Draft, listing: Place, token: str, depth: int) -> Card:
    told = row(draft, listing, token, DEPTH_MAX)
    here = inner(listing, token)
    lanes = _lanes(draft, here, depth + 1) if depth < DEPTH_MAX else ()
    value: Any = here.value if isinstance(here.value, Mapping) else {}
    adds = next((name for name in ("cases", "branches") if isinstance(value.get(name), list)), "")
    said = [facts(draft, here)]
    if value.get("label"):
        said.insert(0, next((k.title for k in member_kinds(listing) if k.name == told.kind), Label("", "")))
    return Card(
        told.pointer,
        token,
        told.listing,
        told.kind,
        told.icon,
        told.hue,
        told.title,
        joined(said),
        told.is_changed,
        lanes,
        pointer((*here.tokens, adds)) if adds else "",
    )


_ALWAYS = {"branch": ("then", "else"), "for_each": ("steps",), "switch": ("else",)}
"""Ways that are drawn even while they are empty."""
_WAYS = ("then", "steps", "approved", "rejected", "late", "else", "on_error")
_YES = Label("是", "Yes")
_NO = Label("否", "No")


def _lanes(draft: Draft, here: Place, depth: int) -> tuple[Lane, ...]:
    if not isinstance(here.value, Mapping):
        return ()
    value, kind = here.value, str(here.value.get("do", ""))
    made: list[Lane] = []
    for name in ("cases", "branches"):
        listed = value.get(name)
        if isinstance(listed, list):
            around = inner(here, name)
            for number, one in enumerate(listed):
                if isinstance(one, Mapping):
                    made.append(_way(draft, inner(around, str(number)), one, number, depth))
    for name in _WAYS:
        if not isinstance(value.get(name), list) and name not in _ALWAYS.get(kind, ()):
            continue
        listing = inner(here, name)
        title = {"then": _YES, "else": _NO}.get(name) if kind == "branch" else None
        made.append(_lane(draft, listing, title, depth))
    return tuple(made)


def _way(draft: Draft, here: Place, one: Mapping[str, Any], number: int, depth: int) -> Lane:
    steps = inner(here, "then" if "is" in one or "then" in one else "steps")
    if "is" in one:
        text = str(one["is"])
        title = Label(f"= {text}", f"= {text}")
    else:
        title = (
            Label.of(one.get("label"))
            if one.get("label")
            else Label(f"第 {number + 1} 支", f"Way {number + 1}")
        )
    return _lane(draft, steps, title, depth, pointer(here.tokens))
