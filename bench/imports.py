"""Importing files: plain rows, and rows whose references are looked up by name."""

from __future__ import annotations

import random
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from bench.site import SYSTEM, Made
from dougong_platform.collecting import collect_seldom
from dougong_runtime.transfer.load import load


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took; `grown_mb` is by how much the process's largest size grew."""

    what: str
    rows: int
    seconds: float
    cpu_seconds: float
    grown_mb: float


def run(made: Made, folder: Path, plain: int, referring: int) -> list[Imported]:
    """Import `plain` simple rows, then `referring` rows that name one of the shelves each; in a process that looks for
    garbage as seldom as one that serves."""
    collect_seldom()
    return [
        _import(made, "reading", _plain(folder / "plain.csv", plain), plain, "simple rows of five fields"),
        _import(
            made,
            "item",
            _referring(folder / "referring.csv", referring, len(made.shelves)),
            referring,
            "rows with a reference found by name, two roll-ups of it and a formula",
        ),
    ]


def _import(made: Made, entity: str, path: Path, rows: int, what: str) -> Imported:
    site, before = made.site, _size_mb()
    started, cpu = time.perf_counter(), time.process_time()
    with site.database.write() as connection:
        answer = load(site.records(connection, SYSTEM, "bench"), entity, path, name=path.name)
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    if answer.created != rows:
        raise RuntimeError(f"{answer.created} of {rows} rows were taken: {answer.bad[:3]}")
    path.unlink()
    return Imported(what, rows, seconds, used, _size_mb() - before)


def _plain(path: Path, rows: int) -> Path:
    draw = random.Random(3)
    with path.open("w") as file:
        file.write("name,kind,count,amount,day\n")
        for i in range(rows):
            day = f"2026-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
            amount = f"{draw.randint(1, 10**7)}.{draw.randint(0, 99):02d}"
            file.write(f"Reading {i},{'abcd'[i % 4]},{draw.randint(1, 900)},{amount},{day}\n")
    return path


def _referring(path: Path, rows: int, shelves: int) -> Path:
    draw = random.Random(4)
    with path.open("w") as file:
        file.write("name,shelf,kind,quantity,price,stored_at\n")
        for i in range(rows):
            at = f"2026-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d} 10:20"
            price = f"{draw.randint(1, 10**4)}.{draw.randint(0, 99):02d}"
            file.write(
                f"Box {i},Shelf {draw.randrange(shelves)},{'abcd'[i % 4]},{draw.randint(1, 9)},{price},{at}\n"
            )
    return path


def _size_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
