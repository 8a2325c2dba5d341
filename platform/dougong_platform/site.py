"""One site in one process: its settings, database, clock, and the running version of each app."""

from __future__ import annotations

import threading
import time

import sqlalchemy as sa

from dougong_platform import live_settings, viewers
from dougong_platform.accounts import Accounts
from dougong_platform.database import Database
from dougong_platform.files.images import Previews
from dougong_platform.files.places import make_store
from dougong_platform.files.store import Store
from dougong_platform.last_use import LastUse
from dougong_platform.settings import Settings
from dougong_platform.traffic import Traffic
from dougong_runtime.access.shares import NOTHING_SHARED
from dougong_runtime.documents import versions
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Clock, SystemClock, Viewer
from dougong_runtime.lazily import cached_property
from dougong_runtime.model import directory
from dougong_runtime.names import nearest
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running
from dougong_runtime.talk.notify import Notifier

DIRECTORY = directory.DIRECTORY_NAME
"""Name of the app that holds people and teams."""

LOOK_SECONDS = 1.0

NO_APP = problem_type(
    "no-app",
    404,
    "没有名为「{name}」的应用。",
    "There is no app “{name}”.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)


class Site:
    """What the doors of a process share. Safe for threads."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._given = self._settings = settings
        self._settings_seen = -LOOK_SECONDS
        self.clock: Clock = clock or SystemClock()
        self.database = Database(settings)
        self.last_use = LastUse()
        self.traffic = Traffic()
        self.incoming = settings.data_dir / "files" / "incoming"
        """Where files lie while they come in: on the disk of the folder store, so that keeping one is a rename."""
        self.trial = ""
        """Of a copy in which a draft is tried out, the version that it tries."""
        self._running: dict[str, Running] = {}
        self._loading = threading.Lock()

    @property
    def settings(self) -> Settings:
        """The settings in force: those given at the start, and what administrators have set since."""
        return self._settings

    def keep_up(self, connection: sa.Connection, *, at_once: bool = False) -> None:
        """Look, at most every `LOOK_SECONDS`, whether administrators have set something, in this process or another."""
        if at_once or time.monotonic() - self._settings_seen >= LOOK_SECONDS:
            self._settings = self._given.changed(live_settings.kept(connection))
            self._settings_seen = time.monotonic()

    def running(self, connection: sa.Connection, app_name: str) -> Running:
        """The running version of an app, kept from one call to the next.

        Its number is asked of the database, unless this transaction has found it out along with who asks. Raises
        `Refused` (NO_APP) with the nearest name, and `versions.Overtaken`.
        """
        if app_name == DIRECTORY:
            return self._directory(connection.dialect.name)
        standing = viewers.standing_on(connection)
        known = standing.running.get(app_name) if standing is not None else None
        number = known or versions.running_number(connection, app_name)
        if number is None:
            raise refuse(NO_APP, name=app_name, nearest=nearest(app_name, self.apps(connection)))
        versions.prepare_anew(connection, app_name, number)
        kept = self._running.get(app_name)
        if kept is not None and kept.number == number:
            return kept
        with self._loading:
            kept = self._running.get(app_name)
            if kept is None or kept.number != number:
                kept = self._running[app_name] = Running.load(connection, app_name)
            return kept

    def _directory(self, dialect: str) -> Running:
        """People and teams: part of the program, so there is one version of them."""
        with self._loading:
            kept = self._running.get(DIRECTORY)
            if kept is None:
                kept = self._running[DIRECTORY] = Running.of(directory.DIRECTORY, 0, dialect)
            return kept

    def apps(self, connection: sa.Connection) -> tuple[str, ...]:
        """Names of the installed apps, the directory not among them."""
        standing = viewers.standing_on(connection)
        names = sorted(standing.running) if standing is not None else versions.all_apps(connection)
        return tuple(name for name in names if name != DIRECTORY)

    def records(self, connection: sa.Connection, viewer: Viewer, app_name: str) -> Records:
        """The one door to an app's records, for one person in one transaction."""
        standing = viewers.standing_on(connection)
        known = standing is not None and standing.user == viewer.user and standing.app == app_name
        running = self.running(connection, app_name)
        return Records(
            running,
            connection,
            viewer,
            self.clock,
            time_zone=self.settings.site_time_zone,
            shared=NOTHING_SHARED if known and standing and not standing.has_shares else None,
            observers=(
                Accounts(connection, self.clock, self.settings),
                Notifier(running, connection, viewer, self.clock),
            ),
        )

    @cached_property
    def files(self) -> Store:
        """Where the bytes of files lie."""
        return make_store(self.settings)

    @cached_property
    def previews(self) -> Previews:
        """Small images of files."""
        return Previews(self.settings.data_dir / "previews")

    def serve(self, running: Running) -> None:
        """Serve what was just published here: nobody has to link it anew."""
        with self._loading:
            self._running[running.app.name] = running

    def forget(self, app_name: str) -> None:
        """Drop what is kept of an app: after a publication that was not committed."""
        self._running.pop(app_name, None)
