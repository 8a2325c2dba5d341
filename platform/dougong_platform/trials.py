"""A draft tried out on a copy of the data (decision 0026): a small site of its own beside the real one.

The copy is an SQLite file in a folder of the data directory, whatever database the site has. It holds one app's records
in the version that runs, people, teams and roles, and the session of the one person who tries; then the draft is
published in it. It has no jobs, no mail and no upkeep; nothing leads from it to the real data. It goes when it is
ended, or a day later.

begin(studio, session)     copy and publish; the trial
find(site, id)             a trial that is there
remove(site, id)           remove it
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from dougong_designer import abilities
from dougong_designer.publishing import next_version, with_version
from dougong_platform import apps
from dougong_platform.site import DIRECTORY, Site
from dougong_platform.studio import Studio
from dougong_platform.tables import ASSIGNMENT, SESSION
from dougong_runtime import publish
from dougong_runtime.access.shares import SHARE
from dougong_runtime.audit import log
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.names import uuid7
from dougong_runtime.records.autonumber import COUNTER
from dougong_runtime.records.running import Running
from dougong_runtime.records.settings import SETTING
from dougong_runtime.storage.duplicate import copy_app, copy_table, count_rows

ROWS_MAX = 50_000
"""Records of all the app's entities together: they are copied while the browser waits."""
ROWS_PER_SECOND = 4_000
BASE_SECONDS = 2.0
"""What tables and indexes of a large app take."""
KEPT = timedelta(days=1)
FOLDER = "trials"
_FACTS = "trial.json"
_HEX = frozenset("0123456789abcdef-")

TRIAL_TOO_LARGE = problem_type(
    "trial-too-large",
    409,
    "数据太多，不能试用：{rows} 条，上限 {limit} 条。",
    "There are too many records to try it on a copy: {rows}, the limit is {limit}.",
    remedy=(
        "看“发布”里的改动和存储计划；发布后随时可以退回。",
        "Look at what publishing would do instead; one can go back at any time.",
    ),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A copy that is there."""

    id: str
    app: str
    user: str
    by: str
    version: str
    revision: int
    rows: int
    begun_at: str

    def is_over(self, now: datetime) -> bool:
        """Whether its day is over."""
        return now > datetime.fromisoformat(self.begun_at) + KEPT


@dataclass(frozen=True, slots=True)
class Size:
    """How large a copy would be."""

    rows: int

    @property
    def seconds(self) -> float:
        """How long it takes, by experience."""
        return BASE_SECONDS + self.rows / ROWS_PER_SECOND

    @property
    def fits(self) -> bool:
        """Whether it may be made."""
        return self.rows <= ROWS_MAX


def size(studio: Studio) -> Size:
    """How large the copy would be."""
    running = studio.site.running(studio.connection, studio.name)
    return Size(count_rows(studio.connection, running.tables))


def begin(studio: Studio, session_hash: str) -> Trial:
    """Copy the app's data and publish the draft there, for the person whose session that is. The transaction is one that
    reads, so that nobody waits; then `tell` what happened in one that writes.

    Only for who may publish: a draft can give its builder's roles more than they have. Raises Refused: FORBIDDEN,
    TRIAL_TOO_LARGE, and what planning and publishing refuse.
    """
    abilities.require_publish(studio.viewer, studio.running)
    found = size(studio)
    if not found.fits:
        raise refuse(TRIAL_TOO_LARGE, rows=f"{found.rows:,}", limit=f"{ROWS_MAX:,}")
    site, app = studio.site, studio.app
    sweep(site)
    for other in all_of(site):
        if (other.app, other.user) == (studio.name, studio.viewer.user):
            remove(site, other.id)
    version = next_version(studio.running.version, ()) + "-trial"
    trial = Trial(
        uuid7(),
        studio.name,
        studio.viewer.user or "",
        studio.viewer.username,
        version,
        studio.draft.revision,
        found.rows,
        site.clock.now().isoformat(),
    )
    folder = _folder(site, trial.id)
    folder.mkdir(parents=True, mode=0o700)
    try:
        copy = open_site(site, trial)
        try:
            copy.database.install()
            with copy.database.write() as connection:
                running = _copy(studio, copy, connection, session_hash)
                plan = publish.plan_publish(connection, with_version(app, version), running=running)
                apps.apply(copy, connection, plan, studio.viewer)
        finally:
            copy.database.close()
        (folder / _FACTS).write_text(json.dumps(asdict(trial)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return trial


def tell(studio: Studio, trial: Trial, what: Literal["begun", "ended"]) -> None:
    """Enter into the audit that it has begun or ended."""
    facts = {"kind": "trial", "what": what, "trial": trial.id, "step": trial.revision, "rows": trial.rows}
    event = log.Event(log.DRAFT, trial.app, facts=facts)
    log.write(studio.connection, studio.viewer, studio.site.clock.now(), [event])


def remove(site: Site, id: str) -> None:
    """Remove the files of a trial."""
    folder = _folder(site, id)
    # First of all what makes it one, so that nobody opens half of it.
    (folder / _FACTS).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def sweep(site: Site) -> int:
    """Remove those whose day is over, and what is left of some that failed; gives how many."""
    now, count = site.clock.now(), 0
    home = site.settings.data_dir / FOLDER
    for folder in home.iterdir() if home.is_dir() else ():
        trial = find(site, folder.name)
        is_young = now.timestamp() - folder.stat().st_mtime < KEPT.total_seconds()
        if (trial is None and not is_young) or (trial is not None and trial.is_over(now)):
            remove(site, folder.name)
            count += 1
    return count


def find(site: Site, id: str) -> Trial | None:
    """A trial by its id; None where there is none."""
    if len(id) != 36 or not set(id) <= _HEX:
        return None
    with suppress(OSError, ValueError, TypeError):
        return Trial(**json.loads((_folder(site, id) / _FACTS).read_text()))
    return None


def all_of(site: Site) -> Iterator[Trial]:
    """All that are there."""
    home = site.settings.data_dir / FOLDER
    for folder in home.iterdir() if home.is_dir() else ():
        trial = find(site, folder.name)
        if trial is not None:
            yield trial


def open_site(site: Site, trial: Trial) -> Site:
    """The small site of a trial: the same secret, so that the session holds; no mail, no servers outside."""
    folder = _folder(site, trial.id)
    settings = replace(
        site.settings,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'trial.sqlite'}",
        read_url="",
        mail_host="",
        files_url="",
        internal_servers="",
        audit_anchor="",
        pool_size=min(site.settings.pool_size, 4),
    )
    made = Site(settings, site.clock)
    made.trial = trial.version
    return made


def _folder(site: Site, id: str) -> Path:
    return site.settings.data_dir / FOLDER / id


# --- copying --------------------------------------------------------------------------------------------------
def _copy(studio: Studio, copy: Site, target: sa.Connection, session_hash: str) -> Running:
    """Everything that the copy is to have; gives the version that it runs then."""
    source, name = studio.connection, studio.name
    running = studio.site.running(source, name)
    target.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    installer = Viewer.system("trial")
    plan = publish.plan_publish(target, running.app)
    number = publish.apply(target, plan, installer, None, copy.clock, time_zone=copy.settings.site_time_zone)
    new = Running(running.app, plan.new, number, "sqlite", running.graph)
    people = studio.site.running(source, DIRECTORY)
    copy_app(source, target, people.tables, copy.running(target, DIRECTORY).tables)
    copy_table(source, target, ASSIGNMENT)
    copy_table(source, target, SESSION, SESSION.c.token_hash == session_hash)
    for table in (SETTING, COUNTER, SHARE):
        copy_table(source, target, table, table.c.app == name)
    copy_app(source, target, running.tables, new.tables)
    return new


def shown_size(found: Size) -> dict[str, Any]:
    """For pages and programs."""
    return {"rows": found.rows, "seconds": round(found.seconds), "limit": ROWS_MAX, "fits": found.fits}
