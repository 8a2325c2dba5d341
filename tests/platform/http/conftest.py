"""A clinic for each module of tests, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clinic import Clinic, open_clinic


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The site with its people and no records."""
    with open_clinic(request.param, tmp_path_factory.mktemp("clinic")) as made:
        yield made
