"""Statements that took longer than the threshold: counted in memory, written down once a minute, the worst kept.

Only the text of a statement is kept, never its values.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform.tables import SLOW_STATEMENT

REMEMBERED_MOST = 200
"""Different statements that a process counts at a time; further ones pass uncounted until it has written."""
KEPT_MOST = 500
TEXT_MOST = 4_000


@dataclass(slots=True)
class Taken:
    """How often a statement was slow, and how long it took."""

    times: int = 0
    milliseconds: int = 0
    worst: int = 0


class SlowStatements:
    """What one process has counted and not written yet. Safe for threads."""

    def __init__(self, threshold_ms: int) -> None:
        """`threshold_ms`: 0 counts nothing, and costs nothing."""
        self._threshold_ms = threshold_ms
        self._counted: dict[str, Taken] = {}
        self._lock = threading.Lock()

    def listen(self, engine: sa.Engine) -> None:
        """Time every statement of the engine."""
        if self._threshold_ms:
            sa.event.listen(engine, "before_cursor_execute", self._before)
            sa.event.listen(engine, "after_cursor_execute", self._after)

    def _before(self, connection: sa.Connection, *_given: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def _after(self, connection: sa.Connection, _cursor: Any, statement: str, *_given: Any) -> None:
        milliseconds = int((time.perf_counter() - connection.info.get("began", time.perf_counter())) * 1000)
        if milliseconds < self._threshold_ms:
            return
        with self._lock:
            if statement not in self._counted and len(self._counted) >= REMEMBERED_MOST:
                return
            taken = self._counted.setdefault(statement, Taken())
            taken.times += 1
            taken.milliseconds += milliseconds
            taken.worst = max(taken.worst, milliseconds)

    def write(self, connection: sa.Connection, now: datetime) -> None:
        """Add what was counted to the table; beyond `KEPT_MOST` rows those that took least together are dropped."""
        with self._lock:
            counted, self._counted = self._counted, {}
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        table = SLOW_STATEMENT
        for statement, taken in sorted(counted.items()):
            adding = insert(table).values(
                key=hashlib.sha256(statement.encode()).hexdigest(),
                statement=statement[:TEXT_MOST],
                times=taken.times,
                milliseconds=taken.milliseconds,
                worst_milliseconds=taken.worst,
                last_at=now,
            )
            worst = sa.case(
                (table.c.worst_milliseconds > taken.worst, table.c.worst_milliseconds), else_=taken.worst
            )
            changed = {
                "times": table.c.times + taken.times,
                "milliseconds": table.c.milliseconds + taken.milliseconds,
                "worst_milliseconds": worst,
                "last_at": now,
            }
            connection.execute(adding.on_conflict_do_update(index_elements=[table.c.key], set_=changed))
        if counted:
            kept = sa.select(table.c.key).order_by(table.c.milliseconds.desc()).limit(KEPT_MOST)
            connection.execute(sa.delete(table).where(table.c.key.not_in(kept)))
