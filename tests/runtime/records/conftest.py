"""The clinic with its people, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from make import app
from world import World


@pytest.fixture
def clinic(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """Two wards with a doctor and a nurse each, a head above both, and others."""
    world = World.copied(database_kind, tmp_path, "clinic", _people)
    yield world
    world.close()


def _people(database_url: str) -> World:
    world = World.make(database_url, app("clinic"))
    world.team("house")
    world.team("ward_a", "house")
    world.team("ward_b", "house")
    world.person("dr_an", "doctor", team="ward_a")
    world.person("dr_bo", "doctor", team="ward_b")
    world.person("nurse_a", "nurse", team="ward_a")
    world.person("nurse_b", "nurse", team="ward_b")
    world.person("head", "head", team="house")
    world.person("desk", "registrar", team="house")
    world.person("stats", "analyst", team="house")
    world.person("both", "nurse", "registrar", team="ward_a")
    world.person("desk_dr", "doctor", "registrar", team="ward_a")
    world.person("clerk", "clerk", team="house")
    world.person("nobody", team="house")
    return world
