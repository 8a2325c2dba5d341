"""Random towns × every door of the records: not a cell differs from the reference."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from access_asking_doors import ASKING_DOORS
from access_matrix import Matrix
from access_reading_doors import READING_DOORS
from access_worlds import base_world, raise_town
from access_writing_doors import WRITING_DOORS
from databases import every_database
from world import World

DOORS = (*READING_DOORS, *ASKING_DOORS, *WRITING_DOORS)
EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
"""Towns on each database; sixteen have some 100,000 cells."""
SHARE = 1.0 if EFFORT > 1 else 0.5
"""How many of the doors are asked as each person about each entity."""
FIRST = {"sqlite": 0, "postgresql": 1000}


@pytest.fixture
def yard(database_kind: str, tmp_path: Path) -> Iterator[World]:
    world = World.copied(database_kind, tmp_path, "yard of many roles", base_world)
    yield world
    world.close()


def walked(world: World, seed: int) -> Matrix:
    """A town drawn, walked and taken back."""
    with world.engine.connect() as connection:
        transaction = connection.begin()
        matrix = Matrix(raise_town(world, connection, seed), Random(seed))
        matrix.walk(DOORS, SHARE)
        transaction.rollback()
    return matrix


@pytest.mark.timeout(300 * EFFORT)
@every_database
def test_no_cell_differs_from_the_reference(yard: World, database_kind: str) -> None:
    cells = 0
    for seed in range(FIRST[database_kind], FIRST[database_kind] + EFFORT):
        matrix = walked(yard, seed)
        cells += matrix.cells
        assert not matrix.differences, f"town {seed}:\n" + "\n".join(matrix.differences[:20])
    print(f"{cells} cells in {EFFORT} towns")
    assert cells > 1000 * EFFORT
