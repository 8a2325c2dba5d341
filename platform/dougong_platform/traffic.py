"""Whether somebody is asking this process for something: what works beside them gives way then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

LATELY_SECONDS = 2.0
"""Who reads a page asks for the next within a few seconds; many people ask all the time."""


class Traffic:
    """The requests of people and programs to one process. Safe for threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now`: seconds that only grow."""
        self._now = now
        self._last = -math.inf

    def note(self) -> None:
        """Somebody asks for something."""
        self._last = self._now()

    @property
    def is_on(self) -> bool:
        """Whether somebody has asked lately."""
        return self._now() - self._last < LATELY_SECONDS
