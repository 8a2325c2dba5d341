"""Heads of columns and the menu of orders: what a click on them leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dougong_runtime.pages.faces import is_number
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Head, Link
from dougong_runtime.pages.reading import number, short
from dougong_runtime.pages.views import Column, resolve


def head(frame: Frame, column: Column, totals: Mapping[str, str]) -> Head:
    """A head; a click sorts up, then down, then as the view says."""
    reader = frame.desk.reader
    raw = totals.get(column.path)
    return Head(
        column.path,
        reader.label(column.field.label),
        frame.desk.unit(column.field),
        is_number(column.field),
        _sorted_by(frame, column.path) if column.field.kind.sortable else "",
        direction(frame, column.path),
        short(raw, reader.language) if raw is not None else "",
        number(raw) if raw is not None else "",
        frame.desk.as_of(column.field),
    )


def direction(frame: Frame, path: str) -> str:
    """How the list is sorted by a path: `ascending`, `descending`, or not; only the first order counts."""
    first = frame.sort[0] if frame.sort else ""
    return {path: "ascending", f"-{path}": "descending"}.get(first, "")


def _sorted_by(frame: Frame, path: str) -> str:
    """The address one click further."""
    following = {"": path, "ascending": f"-{path}", "descending": ""}[direction(frame, path)]
    return replace(frame.state, sort=following, cursor="").address(frame.base)


def sort_links(frame: Frame) -> tuple[Link, ...]:
    """The menu of orders."""
    reader = frame.desk.reader
    return tuple(
        Link(
            reader.label(c.field.label),
            _sorted_by(frame, c.path),
            bool(direction(frame, c.path)),
            direction=direction(frame, c.path),
        )
        for c in frame.columns
        if c.field.kind.sortable
    )


def sort_label(frame: Frame) -> str:
    """The first order's field."""
    column = resolve(frame.desk.app, frame.entity, frame.sort[0].lstrip("-")) if frame.sort else None
    return frame.desk.reader.label(column.field.label) if column else ""
