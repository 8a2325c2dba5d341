"""What a look at a site finds, and the registry of looks: a module a subject registers its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dougong_platform.site import Site
from dougong_runtime.labels import Label

State = Literal["good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it stands, in words, and what to do where it is not good."""

    name: str
    state: State
    says: Label
    remedy: Label | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A finding before its name, which is that of the look."""

    state: State
    says: Label
    remedy: Label | None = None


Looked: TypeAlias = Iterator[Found]
Look: TypeAlias = Callable[[Site], Looked]


def good(zh: str, en: str) -> Found:
    """All is well."""
    return Found("good", Label(zh, en))


def warning(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Found:
    """Something works and should be changed."""
    return Found("warning", Label(zh, en), Label(remedy_zh, remedy_en))


def bad(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Found:
    """Something does not work, or loses data, or soon will."""
    return Found("bad", Label(zh, en), Label(remedy_zh, remedy_en))


@dataclass(frozen=True, slots=True)
class Check:
    """A look, and what it needs."""

    name: str
    look: Look
    needs: Literal["nothing", "database", "tables"]
    """What must be there: nothing, a database that answers, or the system's tables in this program's form."""
    is_slow: bool
    """Whether it reads whole tables: left out where a page is waited for."""


CHECKS: list[Check] = []
"""All looks, in the order in which they are told."""


def check(
    name: str, *, needs: Literal["nothing", "database", "tables"] = "tables", is_slow: bool = False
) -> Callable[[Look], Look]:
    """Register a look under a name."""

    def register(look: Look) -> Look:
        CHECKS.append(Check(name, look, needs, is_slow))
        return look

    return register
