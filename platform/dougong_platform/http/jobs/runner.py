"""Jobs are rows; a process takes one up, works on it in a thread, and settles it in the transaction of the work itself.

`<data_dir>/jobs/<id>/` holds the upload, the result, and the files by which processes tell each other how far a job is
and that it is to end. Not the database: an import holds SQLite's only writer from beginning to end. A job without a
sign of life is taken up again, by any process that has its folder, from the beginning: of what was not finished nothing
was kept. Whoever was thought dead and is not cannot settle it any more, nor keep anything (`Work.finish`).
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from dougong_platform import selections, trials, viewers
from dougong_platform.http.jobs.acts import run_act, run_undo
from dougong_platform.http.jobs.publications import run_publish
from dougong_platform.http.jobs.queueing import queue
from dougong_platform.http.jobs.table import (
    CANCELLED,
    DONE,
    FAILED,
    JOB,
    QUEUED,
    RUNNING,
    UNFINISHED,
)
from dougong_platform.http.jobs.transfers import run_export, run_import
from dougong_platform.http.jobs.work import (
    CANCEL,
    PROGRESS,
    UPLOAD,
    Cancelled,
    Doing,
    Interrupted,
    Lost,
    Work,
)
from dougong_platform.http.problem_types import INTERNAL, NOT_SIGNED_IN
from dougong_platform.http.problems import describe
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.errors import NOT_FOUND, Refused, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language
from dougong_runtime.names import is_record_id, uuid7

AT_ONCE = 2
"""Jobs that one process works on; others wait."""
WAITING_MAX = 20
ATTEMPTS_MAX = 3
"""So often a job is taken up: one that brings its process down each time is not to go on for ever."""
BEAT_SECONDS = 5.0
"""How often a process gives a sign of life of each job in hand, and looks for jobs to take up."""
LOST_SECONDS = 30.0
"""After so long without one, the process that worked on a job has ended."""
KEPT = timedelta(days=7)
"""How long results are kept."""
GIVEN_UP = timedelta(days=1)
"""After so long a job whose folder lies on no host that is there is said to be lost."""

JOB_LOST = problem_type(
    "job-lost",
    500,
    "任务没有做完：进行中服务进程停止了 {times} 次，没有改动数据。",
    "The job did not finish: its process ended meanwhile, {times} times. No data changed.",
    remedy=("重新发起。", "Start it again."),
)
JOB_STOPPED = problem_type(
    "job-stopped",
    500,
    "任务没有做完：进行中服务进程停止了 {times} 次。已完成的部分保留，可以撤销。",
    "The job did not finish: its process ended meanwhile, {times} times. What was done stays, and can be undone.",
    remedy=("对其余记录重新发起。", "Start it again for the rest."),
)
PUBLISHING_STOPPED = problem_type(
    "publishing-stopped",
    500,
    "发布没有完成：进行中服务进程停止了。运行的仍是原来的版本，草稿没有变化。",
    "The publication did not finish: its process ended meanwhile. The version from before runs; the draft is as it was.",
    remedy=("再发布一次。", "Publish again."),
)
TOO_MANY_JOBS = problem_type(
    "too-many-jobs",
    429,
    "正在进行的任务太多，{retry_after} 秒后再试。",
    "Too many jobs are under way. Try again in {retry_after} s.",
)

KINDS: Mapping[str, Doing] = {
    "export": run_export,
    "import": run_import,
    "act": run_act,
    "undo": run_undo,
    "publish": run_publish,
}
"""Kind of a job → what it does."""
IN_PARTS = ("act", "undo")
"""Kinds that keep their work part by part."""
ONCE = ("publish",)
"""Kinds that are not taken up again when their process has died: whoever ordered it decides anew."""

_log = structlog.get_logger("dougong.jobs")


@dataclass(frozen=True, slots=True)
class Act:
    """An act on many records that is over: what is needed to undo it."""

    id: str
    app: str
    entity: str
    selection: str
    at: datetime


class Jobs:
    """The jobs of a site as one process sees them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.settings.data_dir / "jobs"
        self._works: dict[str, Work] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []

    # --- ordering ---------------------------------------------------------------------------------------------
    def prepare(
        self,
        connection: sa.Connection,
        viewer: Viewer,
        kind: str,
        app: str,
        entity: str,
        order: Mapping[str, Any],
    ) -> tuple[str, Path]:
        """A new job, queued as a row of the caller's transaction; gives its id and its folder, for what was sent.

        Raises Refused (TOO_MANY_JOBS).
        """
        waiting = sa.select(sa.func.count()).select_from(JOB).where(JOB.c.state.in_(UNFINISHED))
        if (connection.scalar(waiting) or 0) >= WAITING_MAX:
            raise refuse(TOO_MANY_JOBS, retry_after=30)
        asked = {name: getattr(viewer, name) for name in ("via", "address", "request", "language")}
        return queue(self._site, connection, kind, app, entity, order, user=viewer.user, asked=asked)

    def settled(
        self,
        connection: sa.Connection,
        viewer: Viewer,
        kind: str,
        app: str,
        entity: str,
        order: Mapping[str, Any],
        outcome: Mapping[str, Any],
        *,
        job: str,
        at: datetime,
    ) -> None:
        """What was done within the request, begun at `at`, as a job that is done: it can be looked at and undone like
        any other."""
        connection.execute(
            sa.insert(JOB).values(
                id=job,
                user=viewer.user,
                kind=kind,
                app=app,
                entity=entity,
                state=DONE,
                created_at=at,
                finished_at=self._site.clock.now(),
                order=dict(order),
                outcome=dict(outcome),
                attempts=1,
            )
        )

    def wake(self) -> None:
        """There is a job to take up, or one to end: look at once. To be called when its row is committed."""
        self._wake.set()

    # --- taking up --------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to take jobs up."""
        for run in (self._look, self._tick):
            thread = threading.Thread(target=run, name=f"jobs{run.__name__}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End with the process: what runs is interrupted where it can be, and taken up again by another or later."""
        self._stop.set()
        self._wake.set()
        for thread in list(self._threads):
            thread.join()

    def _look(self) -> None:
        sweep_at = 0.0
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if time.monotonic() >= sweep_at:
                    self.sweep()
                    sweep_at = time.monotonic() + 3600
                self._take_up()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("looking for jobs failed", why=str(error))
            self._wake.wait(BEAT_SECONDS)

    def _take_up(self) -> None:
        """Take up what waits or was lost, the oldest first, for as many as may run at once."""
        with self._site.database.read() as connection:
            query = sa.select(JOB).where(JOB.c.state.in_(UNFINISHED)).order_by(JOB.c.id)
            rows = connection.execute(query).all()
        for row in rows:
            if self._stop.is_set() or row.id in self._works or not self._is_mine_to_take(row):
                continue
            folder = self._folder / row.id
            if (folder / CANCEL).exists():
                self._settle(row, state=CANCELLED)
            elif row.order is None or row.attempts >= _attempts_max(row.kind) or not folder.is_dir():
                why = JOB_STOPPED if row.kind in IN_PARTS and row.outcome else JOB_LOST
                why = PUBLISHING_STOPPED if row.kind in ONCE else why
                said = describe(refuse(why, times=max(row.attempts, 1)), _language(row), row.id)
                self._settle(row, state=FAILED, outcome=dict(said.body))
            elif len(self._works) < AT_ONCE:
                self._begin(row)

    def _is_mine_to_take(self, row: sa.Row[Any]) -> bool:
        """Queued, or running without a sign of life, with its folder here. Another host may have folders of its own."""
        folder = self._folder / row.id
        if not folder.is_dir():
            long_ago: bool = row.created_at < self._site.clock.now() - GIVEN_UP
            return long_ago
        if row.state == QUEUED:
            return True
        try:
            last: float = (folder / PROGRESS).stat().st_mtime
        except OSError:
            last = 0.0
        return time.time() - last > LOST_SECONDS

    def _begin(self, row: sa.Row[Any]) -> None:
        holder = uuid7()
        # A sign of life before anybody else can look for one.
        (self._folder / row.id / PROGRESS).write_bytes(b"[0,null]")
        if not self._settle(row, state=RUNNING, holder=holder, attempts=row.attempts + 1):
            return
        asked = row.order["asked"]
        door = Door(asked["via"], asked["address"], asked["request"], asked["language"], row.app)
        with self._site.database.read() as connection:
            viewer = viewers.viewer(connection, row.user, self._site.clock, self._site.settings, door)
        if viewer is None:
            said = describe(refuse(NOT_SIGNED_IN), _language(row), row.id)
            self._settle(row, holder, state=FAILED, outcome=dict(said.body))
            return
        viewer = viewer.speaking(asked["language"])
        work = Work(self._site, row, holder, self._folder / row.id, viewer, self._stop.is_set)
        if row.attempts:
            _log.warning("job taken up again", job=row.id, kind=row.kind, attempt=work.attempt)
        with self._lock:
            self._works[row.id] = work
        thread = threading.Thread(target=self._run, args=(row, work), name=f"job-{row.id[-6:]}", daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def _run(self, row: sa.Row[Any], work: Work) -> None:
        try:
            with self._settling(row, work):
                KINDS[row.kind](work)
        except Exception:
            _log.exception("a job could not be settled", job=row.id)
        finally:
            with self._lock:
                self._works.pop(row.id, None)
            self._wake.set()

    @contextmanager
    def _settling(self, row: sa.Row[Any], work: Work) -> Iterator[None]:
        """How a job ends that does not end well; that it is done it has settled itself."""
        values: dict[str, Any] = {}
        try:
            yield
        except Cancelled:
            values = {"state": CANCELLED}
        except Interrupted:
            values = {"state": QUEUED, "attempts": row.attempts}
        except Lost:
            _log.warning("job was taken up by another process", job=row.id)
            return
        except Refused as refused:
            said = describe(refused, work.viewer.language, work.viewer.request or row.id)
            values = {"state": FAILED, "outcome": dict(said.body)}
        except OperationalError as error:
            # The database has gone away or was too busy: without a sign of life the job is taken up again.
            _log.warning("job stopped by the database", job=row.id, why=str(error))
            return
        except Exception as fault:
            _log.error("job failed", job=row.id, exc_info=fault)
            said = describe(refuse(INTERNAL, request=row.id), work.viewer.language, row.id)
            values = {"state": FAILED, "outcome": dict(said.body)}
        if values:
            self._settle(row, work.holder, **values)
        if values.get("state") != QUEUED:
            (work.folder / UPLOAD).unlink(missing_ok=True)
        work.beat()

    def _settle(self, row: sa.Row[Any], taken_as: str | None = None, /, **values: Any) -> bool:
        """Change a job's row, unless another has taken it up since it was read, or since this one took it `taken_as`."""
        if values["state"] not in UNFINISHED:
            values["finished_at"] = self._site.clock.now()
        mine = (JOB.c.state == row.state) & (JOB.c.holder.is_not_distinct_from(row.holder))
        if taken_as is not None:
            mine = (JOB.c.state == RUNNING) & (JOB.c.holder == taken_as)
        with self._site.database.write() as connection:
            changed = connection.execute(sa.update(JOB).where(JOB.c.id == row.id, mine).values(**values))
            return changed.rowcount == 1

    def _tick(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            for work in list(self._works.values()):
                try:
                    work.beat()
                except OSError as error:
                    _log.warning("no sign of life of a job", job=work.job, why=str(error))

    # --- looking ----------------------------------------------------------------------------------------------
    def get(self, connection: sa.Connection, viewer: Viewer, job: str) -> dict[str, Any]:
        """A job of the viewer's own, as the interface tells it. Raises Refused (NOT_FOUND)."""
        return self._told(self._row(connection, viewer, job))

    def mine(self, connection: sa.Connection, viewer: Viewer, limit: int = 50) -> list[dict[str, Any]]:
        """The viewer's jobs, newest first."""
        rows = connection.execute(
            sa.select(JOB).where(JOB.c.user == viewer.user).order_by(JOB.c.id.desc()).limit(limit)
        )
        return [self._told(row) for row in rows]

    def everyones(self, connection: sa.Connection, limit: int = 100) -> list[dict[str, Any]]:
        """All jobs, newest first, with `user`; for administrators, without what came of them."""
        rows = connection.execute(sa.select(JOB).order_by(JOB.c.id.desc()).limit(limit))
        hidden = {"outcome": None, "problem": None, "result_url": None}
        return [{**self._told(row), **hidden, "user": row.user} for row in rows]

    def result(self, connection: sa.Connection, viewer: Viewer, job: str) -> tuple[Path, str]:
        """The file that a job of the viewer's own made, and the name to save it under. Raises Refused (NOT_FOUND)."""
        row = self._row(connection, viewer, job)
        path = self._folder / job / (row.result or "")
        if row.state != DONE or not row.result or not path.is_file():
            raise refuse(NOT_FOUND, entity="job")
        return path, f"{row.entity}{path.suffix}"

    def cancel(self, connection: sa.Connection, viewer: Viewer, job: str) -> dict[str, Any]:
        """Ask that a job of the viewer's own be ended (an administrator: anyone's). Writes no row: the job itself may
        hold the database's only writer. Raises Refused (NOT_FOUND)."""
        row = self._row(connection, viewer, job, anyones=viewer.is_admin and viewer.acting_for is None)
        folder = self._folder / row.id
        if row.state in UNFINISHED and folder.is_dir():
            (folder / CANCEL).touch()
            self.wake()
        return self._told(row)

    def under_way(self, connection: sa.Connection, kind: str, app: str) -> tuple[str, str] | None:
        """A job of that kind for an app that waits or runs: its id, and whose it is. One without a sign of life does
        not count."""
        query = sa.select(JOB).where(JOB.c.kind == kind, JOB.c.app == app, JOB.c.state.in_(UNFINISHED))
        for row in connection.execute(query.order_by(JOB.c.id)):
            if row.state == QUEUED or not self._is_mine_to_take(row):
                return row.id, row.user
        return None

    def latest(self, connection: sa.Connection, viewer: Viewer, kind: str, app: str) -> dict[str, Any] | None:
        """The viewer's last job of that kind for an app; None where there is none."""
        mine = (JOB.c.kind == kind, JOB.c.app == app, JOB.c.user == viewer.user)
        row = connection.execute(sa.select(JOB).where(*mine).order_by(JOB.c.id.desc()).limit(1)).first()
        return None if row is None else self._told(row)

    def act(self, connection: sa.Connection, viewer: Viewer, job: str) -> Act:
        """An act on many records (or the undoing of one) that is the viewer's own. Raises Refused (NOT_FOUND)."""
        row = self._row(connection, viewer, job)
        if row.kind not in IN_PARTS or row.state in UNFINISHED or row.order is None:
            raise refuse(NOT_FOUND, entity="job")
        return Act(row.id, row.app, row.entity, row.order["selection"], row.created_at)

    def _row(
        self, connection: sa.Connection, viewer: Viewer, job: str, *, anyones: bool = False
    ) -> sa.Row[Any]:
        found = None
        if is_record_id(job) and viewer.user is not None:
            query = sa.select(JOB).where(JOB.c.id == job)
            if not anyones:
                query = query.where(JOB.c.user == viewer.user)
            found = connection.execute(query).first()
        if found is None:
            raise refuse(NOT_FOUND, entity="job")
        return found

    def _told(self, row: sa.Row[Any]) -> dict[str, Any]:
        state, outcome = row.state, row.outcome
        done, total, stage = self._read_progress(row.id)
        if state == DONE and row.kind in IN_PARTS:
            done = total = outcome["records"]
        return {
            "id": row.id,
            "kind": row.kind,
            "app": row.app,
            "entity": row.entity,
            "state": state,
            "done": done,
            "total": total,
            "stage": stage if state in UNFINISHED else "",
            "order": _order_of(row),
            "attempts": row.attempts,
            "cancelling": state in UNFINISHED and (self._folder / row.id / CANCEL).exists(),
            "created_at": row.created_at,
            "finished_at": row.finished_at,
            "outcome": outcome if state == DONE or (state == CANCELLED and row.kind in IN_PARTS) else None,
            "problem": outcome if state == FAILED else None,
            "result_url": f"/api/v1/jobs/{row.id}/result" if state == DONE and row.result else None,
        }

    def _read_progress(self, job: str) -> tuple[int, int | None, str]:
        work = self._works.get(job)
        if work is not None:
            return work.done, work.total, work.stage
        try:
            done, total, *stage = msgspec.json.decode((self._folder / job / PROGRESS).read_bytes())
        except (OSError, ValueError):
            return 0, None, ""
        return done, total, stage[0] if stage else ""

    # --- upkeep -----------------------------------------------------------------------------------------------
    def sweep(self) -> None:
        """Remove jobs that ended long ago with their results, folders that belong to none, and trials whose day is over."""
        now = self._site.clock.now()
        with self._site.database.read() as connection:
            kept = set(connection.scalars(sa.select(JOB.c.id)))
            ended = JOB.c.state.not_in(UNFINISHED) & (JOB.c.created_at < now - KEPT)
            old = set(connection.scalars(sa.select(JOB.c.id).where(ended)))
        if old:
            with self._site.database.write() as connection:
                connection.execute(sa.delete(JOB).where(JOB.c.id.in_(sorted(old))))
        with self._site.database.write() as connection:
            selections.sweep(connection, now - KEPT)
        trials.sweep(self._site)
        young = time.time() - LOST_SECONDS
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in kept - old and folder.stat().st_mtime < young:
                shutil.rmtree(folder, ignore_errors=True)


def _order_of(row: sa.Row[Any]) -> Mapping[str, Any] | None:
    """What a publication is to publish; of other kinds the order is nobody's to read."""
    if row.kind not in ONCE or row.order is None:
        return None
    return {name: value for name, value in row.order.items() if name != "asked"}


def _attempts_max(kind: str) -> int:
    return 1 if kind in ONCE else ATTEMPTS_MAX


def _language(row: sa.Row[Any]) -> Language:
    return "zh" if row.order is None else row.order["asked"]["language"]
