"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from databases import drop, fresh_url

settings.register_profile("ci", derandomize=True, database=None, deadline=None)
settings.register_profile("search", settings.get_profile("ci"), derandomize=False, print_blob=True)
settings.load_profile("ci")
"""A full run tries the same cases each time; `--hypothesis-profile=search` looks for new ones."""


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the kind the test is marked with (`@every_database`)."""
    url = fresh_url(database_kind, tmp_path)
    yield url
    drop(url)
