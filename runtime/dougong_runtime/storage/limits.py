"""What a database cannot or may not answer, as a refusal in words: too long a statement, too long a time.

A formula that is allowed may still be more than a database takes: SQLite's parser holds a hundred things at a time,
a join 64 tables; and some filters would run for minutes. `limited` ends a transaction's statements after its time,
on both databases alike, without a further statement: a thread of the process tells the driver to cancel.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import BAD_QUERY, Refused, problem_type, refuse

TOO_SLOW = problem_type(
    "too-slow",
    422,
    "查询用时超过上限，已中止。",
    "This took longer than a request may, and was stopped.",
    remedy=(
        "缩小范围：加上筛选条件，或少用跨记录的公式。",
        "Ask for less: add a condition, or use fewer formulas over other records.",
    ),
)

_TOO_LARGE_SQLITE = (
    "parser stack overflow",
    "Expression tree is too large",
    "at most 64 tables",
    "too many SQL variables",
    "too many columns",
    "string or blob too big",
)
_TOO_LARGE_STATES = ("54000", "54001", "54011", "54023")
"""PostgreSQL's class 54, program limit exceeded."""
AGAIN_SECONDS = 0.2
"""Between one word to cancel and the next."""


def install_refusals(engine: sa.Engine) -> None:
    """Let the engine raise Refused where a statement was too large for the database."""
    sa.event.listen(engine, "handle_error", _on_error)


def _on_error(context: sa.engine.ExceptionContext) -> None:
    refused = refusal_of(context.original_exception)
    if refused is not None:
        raise refused from context.original_exception


def refusal_of(error: BaseException) -> Refused | None:
    """The refusal that a driver's error comes to; None for any other."""
    state, words = getattr(error, "sqlstate", None), str(error)
    if state in _TOO_LARGE_STATES or (state is None and any(word in words for word in _TOO_LARGE_SQLITE)):
        return refuse(
            BAD_QUERY,
            zh="查询太复杂，请拆开或简化公式。",
            en="The query is too complex: take the formula apart or make it simpler.",
        )
    return None


@contextmanager
def limited(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Cancel what the connection runs when its time is up. Raises Refused (TOO_SLOW) then, whatever has been done.

    A connection that was told to cancel is not used again: the word may arrive late.
    """
    entry = _WATCH.add(connection.connection.dbapi_connection, seconds)
    try:
        yield
    except Exception as error:
        if not entry.finish():
            raise
        connection.invalidate()
        raise refuse(TOO_SLOW) from error
    if entry.finish():
        connection.invalidate()
        raise refuse(TOO_SLOW)


class _Entry:
    """A piece of work under watch."""

    def __init__(self, connection: Any, until: float) -> None:
        self.until = until
        self._connection: Any = connection
        self._lock = threading.Lock()
        self._fired = False

    @property
    def is_done(self) -> bool:
        return self._connection is None

    def finish(self) -> bool:
        """No cancelling from here on. Gives whether there was any."""
        with self._lock:
            self._connection = None
            return self._fired

    def cancel(self) -> None:
        """Tell the driver to end what it runs; both drivers allow that from another thread."""
        with self._lock:
            if self._connection is None:
                return
            self._fired = True
            cancel = getattr(self._connection, "interrupt", None) or self._connection.cancel
            with suppress(Exception):  # a connection that is gone has nothing left to cancel
                cancel()


class _Watch:
    """The thread that cancels; started with the first request of a process."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, _Entry]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, connection: Any, seconds: float) -> _Entry:
        """Watch a piece of work."""
        entry = _Entry(connection, time.monotonic() + seconds)
        with self._changed:
            self._put(entry)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="time limits", daemon=True)
                self._thread.start()
            elif self._waiting[0][2] is entry:
                self._changed.notify()
        return entry

    def _put(self, entry: _Entry) -> None:
        heapq.heappush(self._waiting, (entry.until, next(self._count), entry))

    def _next(self) -> _Entry:
        """The piece of work whose time is up, taken from the list; waits for it."""
        with self._changed:
            while True:
                while self._waiting and self._waiting[0][2].is_done:
                    heapq.heappop(self._waiting)
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(left)

    def _run(self) -> None:
        while True:
            entry = self._next()
            entry.cancel()
            # What begins just now is not reached: tell it again until the work is given up.
            entry.until = time.monotonic() + AGAIN_SECONDS
            with self._changed:
                self._put(entry)


_WATCH = _Watch()
