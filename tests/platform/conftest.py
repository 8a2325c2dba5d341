"""What the platform's tests may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dougong_platform.site import Site
from sites import make_site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """An empty site on the database the test is marked with."""
    made = make_site(database_url, tmp_path)
    yield made
    made.database.close()
