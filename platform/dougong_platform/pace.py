"""Work in batches beside those who use the site: how large a batch, and how long a rest after it."""

from __future__ import annotations

from dougong_platform.traffic import Traffic

ROWS_FIRST, ROWS_LEAST, ROWS_MOST = 1_000, 100, 20_000

LONG_SECONDS = 1.0
"""What a batch may last where nobody waits for it."""
SHORT_SECONDS = 0.2
"""What it may last where somebody does."""
REST_OF_A_WRITER = 0.25
REST_BESIDE_PEOPLE = 2.0
"""Rests, as parts of the batch before. A process works as one thread of Python at a time, so a request that falls into a
batch takes up to twice as long; with two parts of rest it is every third."""


class Pace:
    """How many records a batch takes, so that it lasts about as long as others may wait for it; and the rest between.

    On SQLite a batch holds the only writer, so it is short, and others have their turn after it. While people use the
    process it is short everywhere, and rests most of the time; alone it goes on as fast as it can.
    """

    def __init__(self, has_one_writer: bool, traffic: Traffic | None = None) -> None:
        """`traffic`: of the process that works; None where nobody but the work is there."""
        self.rows = ROWS_FIRST
        self._has_one_writer = has_one_writer
        self._traffic = traffic

    def after(self, seconds: float) -> float:
        """Take note of how long a batch has lasted; gives the seconds to rest."""
        is_beside = self._traffic is not None and self._traffic.is_on
        most = SHORT_SECONDS if self._has_one_writer or is_beside else LONG_SECONDS
        if seconds > most:
            self.rows = max(ROWS_LEAST, int(self.rows * most / seconds))
        elif seconds < most / 2:
            self.rows = min(ROWS_MOST, self.rows * 2)
        if is_beside:
            return seconds * REST_BESIDE_PEOPLE
        return seconds * REST_OF_A_WRITER if self._has_one_writer else 0.0
