"""Jobs run in threads of the process that took them; their folder tells others how far they are.

`<data_dir>/jobs/<id>/` holds the upload, the result, and `progress`: two numbers, whose time of change is the sign of
life. Not the database: an import holds SQLite's only writer from beginning to end. A job is never taken up again by
another process: what was not finished when its process ended is rolled back by the database, and said to be lost.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from dougong_platform.http.jobs.table import DONE, FAILED, JOB, QUEUED, RUNNING, UNFINISHED
from dougong_platform.http.problem_types import INTERNAL
from dougong_platform.http.problems import describe
from dougong_platform.site import Site
from dougong_runtime.errors import NOT_FOUND, Refused, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language
from dougong_runtime.names import is_record_id, uuid7

AT_ONCE = 2
"""Jobs that one process works on; others wait."""
WAITING_MAX = 20
BEAT_SECONDS = 5.0
LOST_SECONDS = 30.0
KEPT = timedelta(days=7)
"""How long results are kept."""

JOB_LOST = problem_type(
    "job-lost",
    500,
    "任务没有做完：服务进程中途停止，没有改动数据。",
    "The job did not finish: its process ended meanwhile. No data changed.",
    remedy=("重新发起。", "Start it again."),
)
TOO_MANY_JOBS = problem_type(
    "too-many-jobs",
    429,
    "正在进行的任务太多，{retry_after} 秒后再试。",
    "Too many jobs are under way. Try again in {retry_after} s.",
)

_log = structlog.get_logger("dougong.jobs")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What work came to: an object for the client, and the name of the file it made in the job's folder."""

    answer: Mapping[str, Any]
    result: str | None = None


class Work:
    """A job in hand: its folder, and how far it is."""

    def __init__(self, job: str, folder: Path, viewer: Viewer) -> None:
        self.job, self.folder, self.viewer = job, folder, viewer
        self.done = 0
        self.total: int | None = None
        self.beat()

    def progress(self, done: int, total: int | None = None) -> None:
        """So many rows are done, of so many where that is known. The ticker writes it down."""
        self.done = done
        self.total = total if total is not None else self.total

    def beat(self) -> None:
        """Write down how far it is."""
        draft = self.folder / "progress.new"
        draft.write_bytes(msgspec.json.encode([self.done, self.total]))
        draft.replace(self.folder / "progress")


Doing = Callable[[Work], Outcome]


class Jobs:
    """The jobs of a site as one process sees them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.settings.data_dir / "jobs"
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="job")
        self._works: dict[str, Work] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    # --- starting ---------------------------------------------------------------------------------------------
    def prepare(self, connection: sa.Connection, viewer: Viewer, kind: str, app: str, entity: str) -> Work:
        """A new job, queued as a row of the caller's transaction, with its folder. Raises Refused (TOO_MANY_JOBS)."""
        if len(self._works) >= WAITING_MAX:
            raise refuse(TOO_MANY_JOBS, retry_after=30)
        job = uuid7()
        connection.execute(
            sa.insert(JOB).values(
                id=job,
                user=viewer.user,
                kind=kind,
                app=app,
                entity=entity,
                state=QUEUED,
                created_at=self._site.clock.now(),
            )
        )
        folder = self._folder / job
        folder.mkdir(parents=True, mode=0o700)
        return Work(job, folder, viewer)

    def submit(self, work: Work, doing: Doing) -> None:
        """Let a thread do it; to be called once the transaction of `prepare` has been committed."""
        with self._lock:
            self._works[work.job] = work
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, name="job-ticker", daemon=True)
                self._ticker.start()
        self._threads.submit(self._run, work, doing)

    def _run(self, work: Work, doing: Doing) -> None:
        try:
            self._settle(work.job, state=RUNNING)
            outcome = doing(work)
            work.beat()
            self._settle(work.job, state=DONE, outcome=dict(outcome.answer), result=outcome.result)
        except Refused as refused:
            said = describe(refused, work.viewer.language, work.viewer.request or work.job)
            self._settle(work.job, state=FAILED, outcome=dict(said.body))
        except Exception as fault:
            _log.error("job failed", job=work.job, exc_info=fault)
            said = describe(refuse(INTERNAL, request=work.job), work.viewer.language, work.job)
            self._settle(work.job, state=FAILED, outcome=dict(said.body))
        finally:
            with self._lock:
                self._works.pop(work.job, None)

    def _settle(self, job: str, **values: Any) -> None:
        if values["state"] != RUNNING:
            values["finished_at"] = self._site.clock.now()
        with self._site.database.write() as connection:
            connection.execute(sa.update(JOB).where(JOB.c.id == job).values(**values))

    def _tick(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            for work in list(self._works.values()):
                work.beat()

    # --- looking ----------------------------------------------------------------------------------------------
    def get(self, connection: sa.Connection, viewer: Viewer, job: str) -> dict[str, Any]:
        """A job of the viewer's own, as the interface tells it. Raises Refused (NOT_FOUND)."""
        return self._told(self._row(connection, viewer, job), viewer.language)

    def mine(self, connection: sa.Connection, viewer: Viewer, limit: int = 50) -> list[dict[str, Any]]:
        """The viewer's jobs, newest first."""
        rows = connection.execute(
            sa.select(JOB).where(JOB.c.user == viewer.user).order_by(JOB.c.id.desc()).limit(limit)
        )
        return [self._told(row, viewer.language) for row in rows]

    def result(self, connection: sa.Connection, viewer: Viewer, job: str) -> tuple[Path, str]:
        """The file that a job of the viewer's own made, and the name to save it under. Raises Refused (NOT_FOUND)."""
        row = self._row(connection, viewer, job)
        path = self._folder / job / (row.result or "")
        if row.state != DONE or not row.result or not path.is_file():
            raise refuse(NOT_FOUND, entity="job")
        return path, f"{row.entity}{path.suffix}"

    def _row(self, connection: sa.Connection, viewer: Viewer, job: str) -> sa.Row[Any]:
        found = None
        if is_record_id(job) and viewer.user is not None:
            found = connection.execute(
                sa.select(JOB).where(JOB.c.id == job, JOB.c.user == viewer.user)
            ).first()
        if found is None:
            raise refuse(NOT_FOUND, entity="job")
        return found

    def _told(self, row: sa.Row[Any], language: Language) -> dict[str, Any]:
        state, outcome = row.state, row.outcome
        if state in UNFINISHED and self._is_lost(row.id, row.created_at):
            state, outcome = FAILED, dict(describe(refuse(JOB_LOST), language, row.id).body)
        done, total = self._read_progress(row.id)
        return {
            "id": row.id,
            "kind": row.kind,
            "app": row.app,
            "entity": row.entity,
            "state": state,
            "done": done,
            "total": total,
            "created_at": row.created_at,
            "finished_at": row.finished_at,
            "outcome": outcome if state == DONE else None,
            "problem": outcome if state == FAILED else None,
            "result_url": f"/api/v1/jobs/{row.id}/result" if state == DONE and row.result else None,
        }

    def _read_progress(self, job: str) -> tuple[int, int | None]:
        work = self._works.get(job)
        if work is not None:
            return work.done, work.total
        try:
            done, total = msgspec.json.decode((self._folder / job / "progress").read_bytes())
        except (OSError, ValueError):
            return 0, None
        return done, total

    def _is_lost(self, job: str, created_at: datetime) -> bool:
        """No sign of life: its process has ended. A job just being handed over has none yet, for a moment."""
        if job in self._works:
            return False
        try:
            last = (self._folder / job / "progress").stat().st_mtime
        except OSError:
            last = created_at.timestamp()
        return time.time() - last > LOST_SECONDS

    # --- upkeep -----------------------------------------------------------------------------------------------
    def recover(self) -> None:
        """At start: say of jobs whose process has ended that they are lost, and remove old results."""
        now = self._site.clock.now()
        with self._site.database.write() as connection:
            for row in connection.execute(sa.select(JOB).where(JOB.c.state.in_(UNFINISHED))).all():
                if self._is_lost(row.id, row.created_at):
                    said = dict(describe(refuse(JOB_LOST), "zh", row.id).body)
                    connection.execute(
                        sa.update(JOB)
                        .where(JOB.c.id == row.id)
                        .values(state=FAILED, finished_at=now, outcome=said)
                    )
            connection.execute(sa.delete(JOB).where(JOB.c.created_at < now - KEPT))
            kept = set(connection.scalars(sa.select(JOB.c.id)))
        young = time.time() - LOST_SECONDS
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in kept and folder.stat().st_mtime < young:
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End with the process: what waits is dropped, what runs is waited for."""
        self._stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
