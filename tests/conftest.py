"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import drop, fresh_url


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the kind the test is marked with (`@every_database`)."""
    url = fresh_url(database_kind, tmp_path)
    yield url
    drop(url)
