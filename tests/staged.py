"""A template on a stage, as its stories find it: installed once a process, a copy of the database for each who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from databases import stem
from dougong_runtime.documents.source import Source, read
from dougong_runtime.host import FixedClock
from dougong_runtime.model.app import App
from dougong_runtime.model.link import link
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.stories.stage import Stage, set_up

TEMPLATES = Path(__file__).parents[1] / "templates"


@cache
def template(name: str) -> tuple[Source, App]:
    """The documents of a template, and the app that they describe."""
    source = read(TEMPLATES / name)
    return source, link(source)


@contextmanager
def staged(name: str, folder: Path) -> Iterator[tuple[Stage, sa.Engine]]:
    """The stage, and the engine of an SQLite database of its own."""

    def make(url: str, _folder: Path) -> Stage:
        source, app = template(name)
        engine = make_engine(url)
        with engine.begin() as connection:
            stage = set_up(connection, app, source)
        engine.dispose()
        return stage

    kept = stem("sqlite", f"template {name}", make)
    engine = make_engine(kept.copied(folder))
    yield replace(kept.made, clock=FixedClock()), engine
    engine.dispose()
