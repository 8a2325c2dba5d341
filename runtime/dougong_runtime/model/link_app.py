"""The app's own document: its menu."""

from __future__ import annotations

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.model.linker import Linker

MENU_KINDS = ("view", "page", "dashboard", "report", "form")
"""What a menu leads to."""


def link_app(linker: Linker, at: Cursor) -> None:
    """Check that the menu leads somewhere."""
    for group in at.items("menu"):
        for item in group.items("items"):
            for kind in MENU_KINDS:
                linker.document(item.get(kind), kind)
