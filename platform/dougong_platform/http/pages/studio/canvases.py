"""Which canvas a kind of document is built on. A kind's module registers its own; the others have the general one."""

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
