"""Work in batches beside those who use the site: how large a batch, and how long a rest after it."""

from __future__ import annotations

ROWS_FIRST, ROWS_LEAST, ROWS_MOST = 1_000, 100, 20_000


class Pace:
    """How many records a batch takes, so that it lasts about as long as others may wait for it; and the rest between.

    On SQLite a batch holds the only writer, so it is short, and others have their turn after it.
    """

    def __init__(self, has_one_writer: bool) -> None:
        self.rows = ROWS_FIRST
        self._seconds_most = 0.2 if has_one_writer else 1.0
        self._rest = 0.25 if has_one_writer else 0.0

    def after(self, seconds: float) -> float:
        """Take note of how long a batch has lasted; gives the seconds to rest."""
        if seconds > self._seconds_most:
            self.rows = max(ROWS_LEAST, self.rows // 2)
        elif seconds < self._seconds_most / 2:
            self.rows = min(ROWS_MOST, self.rows * 2)
        return seconds * self._rest
