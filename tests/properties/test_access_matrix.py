"""Random towns × every door of the records: not a cell differs from the reference."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from access_matrix import Matrix
from access_worlds import base_world, raise_town
from databases import every_database
from world import World

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
TOWNS = 2 * EFFORT


@pytest.fixture
def yard(database_kind: str, tmp_path: Path) -> Iterator[World]:
    world = World.copied(database_kind, tmp_path, "yard", base_world)
    yield world
    world.close()


def walked(world: World, seed: int) -> Matrix:
    """A town drawn, walked and taken back."""
    with world.engine.connect() as connection:
        transaction = connection.begin()
        matrix = Matrix(raise_town(world, connection, seed), Random(seed))
        matrix.walk()
        transaction.rollback()
    return matrix


@every_database
def test_no_cell_differs_from_the_reference(yard: World) -> None:
    cells, differences = 0, []
    for seed in range(TOWNS):
        matrix = walked(yard, seed)
        cells += matrix.cells
        differences += [f"town {seed}: {d}" for d in matrix.differences]
        assert not differences, "\n".join(differences[:20])
    print(f"{cells} cells in {TOWNS} towns")
    assert cells > 1000 * TOWNS
