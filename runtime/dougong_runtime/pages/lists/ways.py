"""How a view's records can be shown besides a table: each way turns a frame into what its own template draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dougong_runtime.pages.boards import calendar, gallery, kanban, timeline, tree
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Body


def _kanban(frame: Frame) -> Body | None:
    return kanban.board(frame)


def _calendar(frame: Frame) -> Body | None:
    return calendar.calendar(frame)


def _gallery(frame: Frame) -> Body | None:
    return gallery.gallery(frame)


def _timeline(frame: Frame) -> Body | None:
    return timeline.timeline(frame)


def _tree(frame: Frame) -> Body | None:
    return tree.tree(frame)


WAYS: Mapping[str, Callable[[Frame], Body | None]] = {
    "kanban": _kanban,
    "calendar": _calendar,
    "gallery": _gallery,
    "timeline": _timeline,
    "tree": _tree,
}
"""By the word that `as` has in the address and `type` in the document. A way that gives None does not fit the
entity, or not what this reader sees of it: then there is a table. What is wrong with the filter raises Refused.
(Functions of this module, since the ways' own modules import the frame's.)"""
