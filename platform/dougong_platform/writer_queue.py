"""The one writer that SQLite allows: a process's threads take turns in the order in which they came.

SQLite itself has no queue: who finds it busy sleeps and looks again, and whoever comes by at the right moment goes first,
so that under load some wait for ever. Between processes that remains, each with one contender instead of many.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from dougong_runtime.errors import problem_type, refuse

WAIT_SECONDS_MAX = 30

BUSY = problem_type(
    "busy",
    503,
    "写入排队超过 {seconds} 秒，没有保存。",
    "The queue of writers was longer than {seconds} seconds; nothing was saved.",
    remedy=(
        "稍后再试；常有此事时改用 PostgreSQL。",
        "Try again later; where it happens often, use PostgreSQL.",
    ),
)


class WriterQueue:
    """Who may write next. Not for a thread that writes already: it would wait for itself."""

    def __init__(self, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        self._wait_seconds_max = wait_seconds_max
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and keep it until the end of the block. Raises Refused (BUSY)."""
        self._take()
        try:
            yield
        finally:
            self._pass_on()

    def _take(self) -> None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(self._wait_seconds_max):
            return
        with self._lock:
            if not mine.is_set():
                self._waiting.remove(mine)
                raise refuse(BUSY, seconds=self._wait_seconds_max)

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
