"""The site's database: one engine, transactions for reading and for writing, and the system's own tables."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from dougong_platform.settings import Settings
from dougong_platform.tables import SITE
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused, problem_type, refuse
from dougong_runtime.exact import POSTGRESQL_FUNCTIONS
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.names import uuid7
from dougong_runtime.storage.dialects import install_functions, make_engine
from dougong_runtime.storage.system import SYSTEM

T = TypeVar("T")

SCHEMA = 1
"""Number of the system tables' structure. It grows when they change in a way that an older program cannot live with:
that one refuses the database."""

COLLISIONS = ("40P01", "40001")
"""PostgreSQL's states of a transaction that was undone for another's sake: a deadlock, a failure to serialize."""
RETRIES_MAX = 5
RETRY_SECONDS = 0.01
"""Longest wait before the first new attempt; it doubles with each."""

INSTALL_LOCK = 0x446F75676F6E67
"""Key of PostgreSQL's advisory lock under which the system tables are made ("Dougong" in hexadecimal)."""

NEWER_DATABASE = problem_type(
    "newer-database",
    409,
    "数据库的结构版本是 {found}，本程序只认识到 {known}。",
    "The database has structure {found}; this program knows structures up to {known}.",
    remedy=("安装更新的 dougong。", "Install a newer dougong."),
)
NO_DATABASE = problem_type(
    "no-database",
    503,
    "连不上数据库：{why}",
    "The database cannot be reached: {why}",
    remedy=(
        "检查 DOUGONG_DATABASE_URL，并确认数据库在运行。",
        "Check DOUGONG_DATABASE_URL, and that the database is running.",
    ),
)


class Database:
    """The engine of a process. Threads share it; connections come from its pool."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _pool(self) -> sa.Engine:
        made = make_engine(self._settings.database_url, pool_size=self._settings.pool_size)
        if made.dialect.name == "postgresql":
            threshold = self._settings.prepare_threshold

            def set_threshold(connection: Any, _record: object) -> None:
                connection.prepare_threshold = threshold

            sa.event.listen(made, "connect", set_threshold)
        return made

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine for writing. On PostgreSQL its transactions are READ COMMITTED: roll-ups rely on it."""
        if self._pool.dialect.name == "postgresql":
            return self._pool.execution_options(isolation_level="READ COMMITTED")
        return self._pool

    @cached_property
    def reader(self) -> sa.Engine:
        """The same pool for reading: one snapshot a transaction, never waiting for a writer, and no writing."""
        if self._pool.dialect.name == "postgresql":
            return self._pool.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return self._pool.execution_options(readonly=True)

    @property
    def has_one_writer(self) -> bool:
        """Whether a transaction for writing keeps all others from writing (SQLite)."""
        return self._pool.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end and rolls back on any exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def rehearse(self) -> Iterator[sa.Connection]:
        """A transaction for writing that is always rolled back: what a plan tries out leaves nothing behind."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that reads one state of the data."""
        with self.reader.begin() as connection:
            yield connection

    def install(self) -> None:
        """Make what the system needs and is not there yet: tables, functions, triggers, the directory.

        Safe to call at every start and from several processes at once; where this program has done it before, it only
        looks, and waits for no writer. Raises `Refused` where the database cannot be reached or belongs to a newer
        program.
        """
        mine = forms()
        try:
            if self.is_installed(mine):
                return
            with self.write() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(INSTALL_LOCK)))
                SYSTEM.create_all(connection)
                facts = _facts(connection)
                if int(facts.get("schema", SCHEMA)) > SCHEMA:
                    raise refuse(NEWER_DATABASE, found=facts["schema"], known=SCHEMA)
                install_functions(connection)
                log.install(connection)
                publish.install_directory(connection)
                kept = json.loads(facts.get("forms", "{}")) | mine
                wanted = {"id": facts.get("id", uuid7()), "schema": str(SCHEMA), "forms": json.dumps(kept)}
                connection.execute(sa.delete(SITE).where(SITE.c.name.in_(wanted)))
                connection.execute(sa.insert(SITE), [{"name": n, "value": v} for n, v in wanted.items()])
        except OperationalError as error:
            raise unreachable(error) from None

    def is_installed(self, parts: Mapping[str, str] | None = None) -> bool:
        """Whether the system tables are there, with all `parts` in that form where they are given."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table(SITE.name):
                return False
            facts = _facts(connection)
        if int(facts.get("schema", SCHEMA)) > SCHEMA:
            return False
        kept = json.loads(facts.get("forms", "{}"))
        return parts is None or all(kept.get(name) == form for name, form in parts.items())

    def close(self) -> None:
        """Give all connections back to the database."""
        self._pool.dispose()


def retrying(work: Callable[[], T]) -> T:
    """Do a transaction's whole work, again where the database ended it because two writers waited for each other.

    PostgreSQL undoes one of them; done anew, it finds the other finished. `work` must have no effect outside its
    transaction before that is committed.
    """
    for attempt in range(RETRIES_MAX):
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in COLLISIONS:
                raise
            time.sleep(random.uniform(0, RETRY_SECONDS * 2**attempt))
    return work()


def unreachable(error: OperationalError) -> Refused:
    """The refusal for a database that does not answer, or stays locked by a long write."""
    return refuse(NO_DATABASE, why=str(error.orig).strip().splitlines()[0])


def forms() -> dict[str, str]:
    """Part → what follows from its definition: each system table, the directory, the functions, the program's version.

    Which tables there are depends on what the process has imported, so parts are compared one by one.
    """
    parts = {t.name: repr([(c.name, repr(c.type)) for c in t.columns]) for t in SYSTEM.tables.values()}
    for entity in DIRECTORY.own_entities:
        parts[entity.table] = repr([(f.id, f.name, f.type, f.search) for f in entity.own_fields])
    parts["functions"] = "".join(POSTGRESQL_FUNCTIONS)
    parts["program"] = version("dougong")
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in parts.items()}


def _facts(connection: sa.Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(sa.select(SITE))}
