"""Places of the test apps' documents where formulas stand, as builders meet them."""

from __future__ import annotations

from functools import cache
from typing import Any

from dougong_designer import formulas
from dougong_designer.formulas import Standing
from dougong_designer.patch import Documents, tokens_of
from dougong_runtime.documents import source
from dougong_runtime.model.link import Linked, examine
from make import APPS

NAMES = ("clinic", "workshop", "lending", "school")


@cache
def linked(name: str) -> Linked:
    """One of the apps in `tests/apps`, as linking leaves it."""
    return examine(source.read(APPS / name))


def documents(name: str) -> Documents:
    """Its documents."""
    app = linked(name).app
    assert app is not None
    return app.source


def standing(pointer: str, entity: str = "", place: Any = "rule", app: str = "clinic") -> Standing:
    """What may stand at a place."""
    found = formulas.place_of(linked(app), documents(app), tokens_of(pointer), entity, place)
    assert found is not None
    return found
