"""A clinic for each module of attacks, on each database; one whose clock the test moves; and a quiet log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from clinic import Clinic, open_clinic
from dougong_runtime.host import FixedClock


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Log nothing that is not grave, and nothing to a stream that is captured and closed."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The site with its people and no records."""
    with open_clinic(request.param, tmp_path_factory.mktemp("clinic")) as made:
        yield made


@pytest.fixture
def clock() -> FixedClock:
    """The time of `timed`; it begins today, for the test's browser throws away cookies by the machine's clock."""
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def timed(clock: FixedClock, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic of a test's own, whose clock stands still until it is moved."""
    with open_clinic("sqlite", tmp_path, clock) as made:
        yield made
