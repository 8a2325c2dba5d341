"""How long others may wait behind one attempt to have tables to oneself."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from databases import fresh_url
from dougong_runtime.storage import locks
from dougong_runtime.storage.dialects import make_engine

HELD_SECONDS = 0.06


def test_the_tables_of_one_attempt_share_the_time_that_others_may_wait(tmp_path: Path) -> None:
    engine = make_engine(fresh_url("postgresql", tmp_path))
    names = ["first", "second", "third"]
    with engine.begin() as connection:
        for name in names:
            connection.execute(sa.text(f"CREATE TABLE {name} (id int)"))
    attempts: list[list[int]] = []

    def heard(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found = re.fullmatch(r"SET LOCAL lock_timeout = (\d+)", statement)
        if found and attempts and int(found[1]) != locks.UNFORESEEN_MS:
            attempts[-1].append(int(found[1]))

    reader = engine.connect()
    begun = reader.begin()
    reader.execute(sa.text("SELECT * FROM second"))

    def leave() -> None:
        time.sleep(HELD_SECONDS)
        begun.rollback()

    with engine.begin() as connection:
        sa.event.listen(connection, "before_cursor_execute", heard)
        sa.event.listen(connection, "savepoint", lambda *_: attempts.append([]))
        leaving = threading.Thread(target=leave)
        leaving.start()
        locks.hold(connection, names)
        leaving.join()
        held = connection.execute(
            sa.text("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND "
                    "relation::regclass::text IN ('first', 'second', 'third')")
        ).scalar_one()  # fmt: skip
    assert held == len(names)
    whole = next(given for given in attempts if len(given) == len(names))
    assert all(given[0] <= locks.ATTEMPT_MS for given in attempts if given)
    if (
        len([given for given in attempts if given]) == 1
    ):  # on a slow machine an attempt may have failed before
        assert whole[2] <= locks.ATTEMPT_MS - HELD_SECONDS * 1000 / 2
    reader.close()
    engine.dispose()
