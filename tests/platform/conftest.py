"""What the platform's tests may ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from dougong_platform.site import Site
from sites import close, copied_site, install


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Log what is graver than a request, plainly; and leave no handler on a stream that is captured and closed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


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
