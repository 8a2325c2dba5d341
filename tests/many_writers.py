"""Writers of a yard that race each other, as threads of this process and, run as a script, of further ones.

`python many_writers.py URL FOLDER SEED THREADS TURNS KNOWN` writes its tally as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

import rollup_app
from dougong_platform.database import Database, retrying
from dougong_platform.settings import Settings
from dougong_runtime.errors import Refused
from dougong_runtime.host import FixedClock
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running
from rollup_app import Known
from world import SYSTEM_VIEWER

CODES = 12

Tally = dict[str, Counter[str]]
"""What was done and acknowledged: `said` by slip and word, `moved` by slip, `coded` by code, `made`; and `refused`."""

NAMES = ("said", "moved", "coded", "made", "refused")


def database_of(url: str, folder: Path) -> Database:
    """As a server process opens it."""
    env = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": str(folder), "DOUGONG_SECRET_KEY": "s" * 40}
    return Database(Settings.load(env, folder / "none.toml"))


def race(url: str, folder: Path, seed: int, threads: int, turns: int, known: Known) -> Tally:
    """So many threads, each with so many transactions of its own; gives what they did, added up."""
    database = database_of(url, folder)
    with database.read() as connection:
        running = Running.load(connection, "yard")
    tally: Tally = {name: Counter() for name in NAMES}

    def work(number: int) -> Tally:
        writer = _Writer(database, running, f"{seed}-{number}", known)
        for _ in range(turns):
            writer.turn()
        return writer.tally

    with ThreadPoolExecutor(threads) as pool:
        for mine in pool.map(work, range(threads)):
            for name, counts in mine.items():
                tally[name].update(counts)
    database.close()
    return tally


class _Writer:
    """One of those who write."""

    def __init__(self, database: Database, running: Running, name: str, known: Known) -> None:
        self._database, self._running, self._name = database, running, name
        self._draw, self._turns = random.Random(name), 0
        self._known = {entity: list(ids) for entity, ids in known.items()}
        self._clock = FixedClock()
        self.tally: Tally = {name: Counter() for name in NAMES}

    def turn(self) -> None:
        """One transaction of a kind drawn."""
        act = self._draw.choice([self._yard, self._yard, self._slip, self._choose, self._say, self._move])
        self._turns += 1
        act()

    def _transaction(self, work: Callable[[Records], None]) -> bool:
        """Do it, again where it was undone for another's sake; False where it was refused."""

        def whole() -> None:
            with self._database.write() as connection:
                work(Records(self._running, connection, SYSTEM_VIEWER, self._clock))

        try:
            retrying(whole)
        except Refused as refused:
            self.tally["refused"].update(p.type.name for p in (*refused.problems, *refused.warnings))
            return False
        return True

    def _yard(self) -> None:
        tried: Known = {}
        turn = self._draw.random()

        def work(records: Records) -> None:
            tried.update({entity: list(ids) for entity, ids in self._known.items()})
            rollup_app.write(random.Random(turn), records, tried)

        if self._transaction(work):
            self._known.update(tried)

    def _slip(self) -> None:
        values = {
            "job": self._draw.choice(self._known["job"][:4]),
            "code": f"C{self._draw.randrange(CODES)}" if self._draw.random() < 0.6 else None,
            "chosen": self._draw.random() < 0.3,
        }
        made: list[str] = []

        def work(records: Records) -> None:
            made[:] = [records.create("slip", values)["id"]]

        if self._transaction(work):
            self._known["slip"] += made
            self.tally["made"].update(made)
            if values["code"]:
                self.tally["coded"].update([values["code"]])

    def _choose(self) -> None:
        slip, chosen = self._draw.choice(self._known["slip"]), self._draw.random() < 0.7
        self._transaction(lambda records: records.update("slip", slip, {"chosen": chosen}) and None)

    def _say(self) -> None:
        """Read, think, write what was thought, if nobody else has written since."""
        slip, word = self._draw.choice(self._known["slip"][:3]), f"{self._name}-{self._turns}"
        with self._database.read() as connection:
            seen = Records(self._running, connection, SYSTEM_VIEWER, self._clock).get("slip", slip)

        def work(records: Records) -> None:
            records.update("slip", slip, {"said": f"{seen['said'] or ''} {word}"}, version=seen["version"])

        if self._transaction(work):
            self.tally["said"].update([f"{slip} {word}"])

    def _move(self) -> None:
        slip, to = self._draw.choice(self._known["slip"]), self._draw.choice(["taken", "done"])
        if self._transaction(lambda records: records.update("slip", slip, {"stage": to}) and None):
            self.tally["moved"].update([slip])


def audited(database: Database) -> list[sa.RowMapping]:
    """The audit of the yard's records, in its order."""
    text = (
        "SELECT action, entity, CAST(record AS TEXT) AS record, before, after, facts FROM dg_audit "
        "WHERE app = 'yard' AND record IS NOT NULL ORDER BY seq"
    )
    with database.read() as connection:
        return list(connection.execute(sa.text(text)).mappings())


if __name__ == "__main__":
    url, folder, seed, threads, turns, known = sys.argv[1:]
    tally = race(url, Path(folder), int(seed), int(threads), int(turns), json.loads(known))
    sys.stdout.write(json.dumps(tally))
