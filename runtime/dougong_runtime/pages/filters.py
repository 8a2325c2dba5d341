"""A filter as it is put together by clicking: conditions joined by "and" or "or", and groups of them, one deep; and the
same as a formula. What the builder cannot say stays a condition that is its own text, so nothing written is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.model.app import App, Entity
from dougong_runtime.pages import conditions
from dougong_runtime.pages.conditions import Condition

Join = Literal["and", "or"]
ITEMS_MAX = 40
"""Conditions of one filter."""


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all hold, or any."""

    join: Join
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A whole filter."""

    join: Join = "and"
    items: tuple[Condition | Group, ...] = ()


One = Callable[[str], Condition]
"""Reads what is one condition; one that it cannot say stays its own text."""


def read(app: App, entity: Entity, text: str) -> Filter:
    """A formula, as far as the builder can say it."""
    return read_by(lambda part: _one(app, entity, part), text)


def read_by(one: One, text: str) -> Filter:
    """A formula taken apart where "and" and "or" join it; `one` reads what they join."""
    if not text.strip():
        return Filter()
    if len(text) > LENGTH_MAX:
        return Filter(items=(Condition(text),))
    join, parts = _split(bare(text))
    return Filter(join, tuple(_items(one, join, parts, conditions.BRACKETS_MAX)))


def write(found: Filter) -> str:
    """A filter as a formula; conditions without a text are left out."""
    texts = []
    for item in found.items:
        if isinstance(item, Group):
            inner = [c.text for c in item.items if c.text.strip()]
            text = joined(inner, item.join)
            texts.append(f"({text})" if len(inner) > 1 and item.join != found.join else text)
        else:
            texts.append(item.text)
    return joined([t for t in texts if t.strip()], found.join)


def joined(texts: Sequence[str], join: Join) -> str:
    """Conditions joined, each bracketed where it would otherwise be torn apart."""
    parts = [t.strip() for t in texts]
    if len(parts) < 2:
        return "".join(parts)
    return f" {join.upper()} ".join(p if _holds_together(p) else f"({p})" for p in parts)


def _items(one: One, join: Join, parts: Sequence[str], depth_left: int) -> Iterator[Condition | Group]:
    """Parts as conditions and groups; what is bracketed and joined by the same word stands on its own."""
    for part in parts:
        inner_join, inner = _split(bare(part))
        if len(inner) < 2 or depth_left == 0:
            yield one(part)
        elif inner_join == join:
            yield from _items(one, join, inner, depth_left - 1)
        else:
            yield Group(inner_join, tuple(one(p) for p in inner))


def _one(app: App, entity: Entity, text: str) -> Condition:
    found = conditions.parse(app, entity, bare(text))
    return found[0] if len(found) == 1 else Condition(text)


def bare(text: str) -> str:
    """Without the brackets around the whole of it."""
    text = text.strip()
    for _ in range(conditions.BRACKETS_MAX):
        if not conditions.is_bracketed(text):
            break
        text = text[1:-1].strip()
    return text


def _holds_together(text: str) -> bool:
    return conditions.is_bracketed(text) or len(_split(text)[1]) == 1


def _split(text: str) -> tuple[Join, list[str]]:
    """The parts that the outermost OR joins, else those that the outermost AND does."""
    text = text.strip()
    for join in ("or", "and"):
        parts = _at_top(text, join)
        if len(parts) > 1:
            return ("or" if join == "or" else "and"), parts
    return "and", [text]


def _at_top(text: str, join: str) -> list[str]:
    plain = conditions.masked(text)
    depth, start, parts = 0, 0, []
    for match in re.finditer(rf"[()]|\b{join}\b", plain, re.IGNORECASE):
        word = match.group()
        if word in "()":
            depth += 1 if word == "(" else -1
        elif depth == 0:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    parts.append(text[start:].strip())
    return [p for p in parts if p]
