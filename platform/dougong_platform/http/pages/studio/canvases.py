"""Which canvas a kind of document is built on, and which pages are about the app as a whole. A kind's module registers
its own; the others have the general one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_runtime.registry import Registry


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a canvas draws: a template that extends `studio/frame.html`, and what it is given beside the frame's."""

    template: str
    values: Mapping[str, Any]


Drawing: TypeAlias = Callable[[Here, Studio, str], Canvas]
"""Draws the document of a key, `entity/visit`; raises Refused (NOT_FOUND) where there is none."""

CANVASES: Registry[Drawing] = Registry("canvas")


@dataclass(frozen=True, slots=True)
class Tool:
    """A page of its own below `/studio/{app}`, under the name it is registered by: the word that names it, an icon."""

    word: str
    icon: str


TOOLS: Registry[Tool] = Registry("page of the studio")
"""In the tree above the documents, and on the overview."""
