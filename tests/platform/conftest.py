"""What the platform's tests may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dougong_platform.site import Site
from sites import close, copied_site, install


@pytest.fixture
def site(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """An empty site on a database of the kind the test is marked with (`@every_database`)."""
    made = copied_site(database_kind, tmp_path)
    yield made
    close(made)


@pytest.fixture
def clinic_site(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """The same with the clinic installed, and nobody in it."""
    made = copied_site(database_kind, tmp_path, "clinic", install)
    yield made
    close(made)
