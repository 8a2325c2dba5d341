"""A job in hand: its folder, how far it is, and whether it is to go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_platform.http.jobs.table import DONE, JOB, RUNNING
from dougong_platform.site import Site
from dougong_runtime.host import Viewer

LOOK_SECONDS = 0.5
"""How often a job looks whether somebody has cancelled it."""

UPLOAD, PROGRESS, CANCEL = "upload", "progress", "cancel"
"""Files in a job's folder: what was sent; how far it is, whose time of change is the sign of life; a wish to end it."""


class Cancelled(Exception):
    """Somebody has cancelled the job."""


class Interrupted(Exception):
    """The process ends; the job is to be taken up again."""


class Lost(Exception):
    """The job has been taken up by another: nothing that was done here may be kept."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What work came to: an object for the client, and the name of the file it made in the job's folder."""

    answer: Mapping[str, Any]
    result: str | None = None


class Work:
    """A job that this process has taken up. `holder` is the word under which it has."""

    def __init__(
        self,
        site: Site,
        row: sa.Row[Any],
        holder: str,
        folder: Path,
        viewer: Viewer,
        is_stopping: Callable[[], bool],
    ) -> None:
        self.site, self.viewer, self.folder, self.holder = site, viewer, folder, holder
        self.job: str = row.id
        self.app: str = row.app
        self.entity: str = row.entity
        self.order: Mapping[str, Any] = row.order
        self.so_far: Mapping[str, Any] = row.outcome or {}
        """What has been kept of it already: work that is done part by part goes on from there."""
        self.ordered_at: datetime = row.created_at
        self.attempt: int = row.attempts + 1
        self.done = 0
        self.total: int | None = None
        self.stage = ""
        """What is being done, a word that the kind knows; empty where it does one thing only."""
        self._is_stopping = is_stopping
        self._looked_at = 0.0
        self._beating = threading.Lock()
        self.beat()

    def progress(self, done: int, total: int | None = None) -> None:
        """So many rows are done, of so many where that is known; the ticker writes it down.

        Raises what ends the work here: Cancelled, or Interrupted where the process ends.
        """
        self.done = done
        self.total = total if total is not None else self.total
        self._go_on()

    def begin(self, stage: str, done: int = 0, total: int | None = None) -> None:
        """The same of one stage of several; written down where another one begins. Raises likewise."""
        is_new = stage != self.stage
        self.stage, self.done, self.total = stage, done, total
        if is_new:
            self._looked_at = 0.0
            self.beat()
        self._go_on()

    def _go_on(self) -> None:
        if self._is_stopping():
            raise Interrupted
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            if (self.folder / CANCEL).exists():
                raise Cancelled

    def beat(self) -> None:
        """Write down how far it is."""
        with self._beating:
            draft = self.folder / f"{PROGRESS}.{self.holder}"
            draft.write_bytes(msgspec.json.encode([self.done, self.total, self.stage]))
            draft.replace(self.folder / PROGRESS)

    def keep(self, connection: sa.Connection, so_far: Mapping[str, Any]) -> None:
        """In the transaction that keeps a part of the work: so much is done. Whoever takes it up goes on from there,
        and has all its attempts before it.

        Raises Lost where another has taken the job up meanwhile.
        """
        self._settle(connection, outcome=dict(so_far), attempts=1)

    def finish(self, connection: sa.Connection, outcome: Outcome) -> None:
        """In the transaction that keeps what was done: the job is done. So both stand, or neither does.

        Raises Lost where another has taken the job up meanwhile.
        """
        self._settle(
            connection,
            state=DONE,
            outcome=dict(outcome.answer),
            result=outcome.result,
            finished_at=self.site.clock.now(),
        )

    def _settle(self, connection: sa.Connection, **values: Any) -> None:
        mine = (JOB.c.id == self.job, JOB.c.holder == self.holder, JOB.c.state == RUNNING)
        if connection.execute(sa.update(JOB).where(*mine).values(**values)).rowcount != 1:
            raise Lost


Doing = Callable[[Work], None]
"""What a kind of job does: as its viewer, calling `progress` along the way and `finish` in its last transaction."""
