"""Publishing on a large table while others write: `python -m bench.publish URL [--rows N] [--at-once]`.

For each kind of step: how long the publication took, and how long a writer waited at worst meanwhile. `--at-once` does
all of it in one transaction instead, which is what a publication on SQLite is. The database must be empty.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.documents import source, versions
from dougong_runtime.host import SystemClock, Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.link import link
from dougong_runtime.names import uuid7
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running
from dougong_runtime.storage.dialects import install_functions, make_engine
from dougong_runtime.storage.search import search_values
from dougong_runtime.storage.system import SYSTEM

SYSTEM_VIEWER = Viewer.system("bench")
CHUNK_ROWS = 20_000
WRITERS = 2
WRITER_PAUSE_SECONDS = 0.005
LOOK_SECONDS = 0.005

BASE = """
kind: app
name: depot
version: 1.0.0
---
kind: entity
name: item
title: name
fields:
  - {name: name, type: text}
  - {name: code, type: text}
  - {name: note, type: text}
  - {name: amount, type: text}
  - {name: price, type: decimal, scale: 2}
  - {name: count, type: integer}
  - {name: level, type: choice, options: [{value: low}, {value: mid}, {value: high}]}
  - {name: place, type: reference, to: place, inverse: items}
---
kind: entity
name: place
title: name
fields:
  - {name: name, type: text}
---
kind: entity
name: yard
title: name
fields:
  - {name: name, type: text}
"""

NEW_FIELD = "  - {name: level,"
Change = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of step, as a change of the documents' text."""

    name: str
    change: Change
    rewrites: bool = False
    """Whether the values of every row change."""


CASES = (
    Case("add a field", (NEW_FIELD, "  - {name: size, type: integer}\n" + NEW_FIELD)),
    Case("rename a field", ("{name: count, type", "{name: quantity, was: [count], type")),
    Case("rename an entity", ("name: item\ntitle", "name: article\nwas: [item]\ntitle")),
    Case("index", ("name: yard", "name: yard")),
    Case("unique", ("{name: code, type: text}", "{name: code, type: text, unique: true}")),
    Case("required", ("{name: note, type: text}", "{name: note, type: text, required: true}")),
    Case("retire a field", ("  - {name: note, type: text}\n", "")),
    Case("drop an option in use", ("{value: mid}, ", "")),
    Case("delete rule of a reference", ("to: place, inverse", "to: place, on_delete: clear, inverse")),
    Case("target of a reference", ("to: place, inverse", "to: yard, inverse"), rewrites=True),
    Case("scale of a decimal", ("type: decimal, scale: 2", "type: decimal, scale: 4"), rewrites=True),
    Case("text to decimal", ("{name: amount, type: text}", "{name: amount, type: decimal, scale: 2}"), True),
    Case("add a text field, searched", (NEW_FIELD, "  - {name: hint, type: text, search: true}\n" + NEW_FIELD)),
    Case("search a field that has values", ("{name: code, type: text}", "{name: code, type: text, search: true}"), True),
    Case("rename an option", ("{value: mid}", "{value: middle, was: [mid]}"), True),
    Case(
        "stored formula of the record",
        (NEW_FIELD, '  - {name: worth, type: formula, formula: "price * count", result: decimal, scale: 2}\n' + NEW_FIELD),
        True,
    ),
)  # fmt: skip
VIEW = "\n---\nkind: view\nname: items\nentity: item\ncolumns: [name]\nsort: [price, -count]\n"


@dataclass(slots=True)
class Figure:
    """What one publication took, and what writers saw of it. Seconds, and milliseconds."""

    name: str
    rewrites: bool
    plan_seconds: float = 0.0
    publish_seconds: float = 0.0
    held_ms: float = 0.0
    """From the moment when nobody else could use the tables until the end of that transaction."""
    longest_lock_wait_ms: float = 0.0
    """Of one writer, for locks alone: what the publication makes it wait, whatever else the machine does. As the
    database tells it, asked every `LOOK_SECONDS`."""
    longest_wait_ms: float = 0.0
    """Of one writer, on a machine on which the writers, the publication and the database share the processors; the
    first write under a new version loads it."""
    writes: int = 0
    failures: list[str] = field(default_factory=list)


def run(
    url: str,
    rows: int,
    *,
    at_once: bool = False,
    only: str = "",
    told: Callable[[Figure], object] = lambda figure: None,
) -> list[Figure]:
    """Make the table in an empty database, and publish each kind of step on it, and back. A figure each.

    `told` hears of each as soon as it is there.
    """
    engine = make_engine(url, pool_size=20)
    ids = filled(engine)
    if ids:
        publish_version(engine, app_of(BASE), Figure("to begin with", False), at_once=at_once)
    else:
        ids = fill(engine, app_of(BASE), rows)
    figures = []
    for case in CASES:
        if only and only not in case.name:
            continue
        text = BASE.replace(*case.change, 1) + (VIEW if case.name == "index" else "")
        figure = Figure(case.name, case.rewrites)
        with writing(engine, ids, figure), watching(engine, figure):
            time.sleep(0.5)
            publish_version(engine, app_of(text), figure, at_once=at_once)
            time.sleep(0.2)
        figures.append(figure)
        told(figure)
        publish_version(engine, app_of(BASE), Figure("back", False), at_once=at_once)
    engine.dispose()
    return figures


def app_of(text: str) -> App:
    """The app of that text."""
    return link(source.of_text(text))


def filled(engine: sa.Engine) -> list[str]:
    """Some ids of a table that an earlier run has left; none where there is none."""
    if not sa.inspect(engine).has_table("depot__item"):
        return []
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT id::text FROM depot__item LIMIT 1000")).scalars())


def fill(engine: sa.Engine, app: App, rows: int) -> list[str]:
    """Install an app and write rows past its rules, for the measuring's sake; gives some of their ids."""
    with engine.begin() as connection:
        install_functions(connection)
        SYSTEM.create_all(connection)
        log.install(connection)
        publish.install_directory(connection)
        publish.apply(
            connection, publish.plan_publish(connection, app), SYSTEM_VIEWER, "bench", SystemClock()
        )
    running = Running.of(app, 1, engine.dialect.name)
    item, place = running.tables.of("item"), running.tables.of("place")
    at = datetime.now(UTC)
    facts = {"version": 1, "created_at": at, "updated_at": at}
    places = [uuid7() for _ in range(100)]
    with engine.begin() as connection:
        connection.execute(sa.insert(place), [{"id": p, "name": p, **facts} for p in places])
    dice, ids = random.Random(1), []
    for start in range(0, rows, CHUNK_ROWS):
        made = []
        for n in range(start, min(start + CHUNK_ROWS, rows)):
            values = {
                "name": f"item {n % 5000}",
                "code": f"c{n}",
                "note": "n" if n % 2 else None,
                "amount": f"{n}.50" if n % 1000 else "by agreement",
            }
            made.append(
                {
                    "id": uuid7(),
                    **facts,
                    **values,
                    "price": f"{n % 900}.25",
                    "count": n % 70,
                    "level": dice.choice(("low", "mid", "high")),
                    "place": places[n % 100],
                    **search_values(app.entities["item"], values),
                }
            )
        with engine.begin() as connection:
            connection.execute(sa.insert(item), made)
        ids += [row["id"] for row in made[:20]]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")
    return ids


def publish_version(engine: sa.Engine, app: App, figure: Figure, *, at_once: bool) -> None:
    """Publish, and note what it took."""

    def make_plan(connection: sa.Connection) -> publish.Plan:
        started = time.perf_counter()
        made = publish.plan_publish(connection, app)
        figure.plan_seconds = time.perf_counter() - started
        return made

    def carry_out(
        connection: sa.Connection, plan: publish.Plan, prepared: publish.Prepared = publish.NOTHING
    ) -> int:
        return publish.apply(connection, plan, SYSTEM_VIEWER, "bench", SystemClock(), prepared=prepared)

    started = time.perf_counter()
    with _holding(engine, figure):
        if at_once:
            with engine.begin() as connection:
                carry_out(connection, make_plan(connection))
        else:
            publish.publish(engine, make_plan, carry_out)
    figure.publish_seconds = time.perf_counter() - started


@contextmanager
def _holding(engine: sa.Engine, figure: Figure) -> Iterator[None]:
    """Note for how long tables are locked."""
    since: dict[int, float] = {}

    def locked(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if "IN ACCESS EXCLUSIVE" in statement or statement.lstrip().startswith("ALTER TABLE"):
            since.setdefault(id(connection), time.perf_counter())

    def ended(connection: sa.Connection) -> None:
        begun = since.pop(id(connection), None)
        if begun is not None:
            figure.held_ms = max(figure.held_ms, (time.perf_counter() - begun) * 1000)

    listened = (("after_cursor_execute", locked), ("commit", ended), ("rollback", ended))
    for name, heard in listened:
        sa.event.listen(engine, name, heard)
    try:
        yield
    finally:
        for name, heard in listened:
            sa.event.remove(engine, name, heard)


@contextmanager
def writing(engine: sa.Engine, ids: list[str], figure: Figure) -> Iterator[None]:
    """Others write while this lasts, each a process of its own; what they saw goes into the figure."""
    spawning = multiprocessing.get_context("spawn")
    stop, seen = spawning.Event(), spawning.Queue()
    url = engine.url.render_as_string(hide_password=False)
    writers = [
        spawning.Process(target=write_on, args=(url, ids[n::WRITERS], stop, seen)) for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for _ in writers:
        seen.get()
    try:
        yield
    finally:
        stop.set()
        for _ in writers:
            longest, writes, failures = seen.get()
            figure.longest_wait_ms = max(figure.longest_wait_ms, longest)
            figure.writes += writes
            figure.failures += failures
        for writer in writers:
            writer.join()


@contextmanager
def watching(engine: sa.Engine, figure: Figure) -> Iterator[None]:
    """Ask the database all the while who waits for a lock, and since when; nothing on SQLite. Whoever publishes waits
    too, in statements that lock or alter tables: they are left out."""
    if engine.dialect.name != "postgresql":
        yield
        return
    stop = threading.Event()

    def look() -> None:
        since: dict[tuple[int, str], float] = {}
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not stop.is_set():
                now = time.perf_counter()
                waiting = {(pid, str(begun)) for pid, begun in connection.execute(_WAITING)}
                since = {key: since.get(key, now) for key in waiting}
                longest = max((now - begun for begun in since.values()), default=0.0)
                figure.longest_lock_wait_ms = max(figure.longest_lock_wait_ms, longest * 1000)
                stop.wait(LOOK_SECONDS)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        stop.set()
        looking.join()


_WAITING = sa.text(
    "SELECT pid, query_start FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() "
    "AND query !~ '^(LOCK|ALTER|CREATE|DROP)'"
)


def write_on(url: str, ids: list[str], stop: Any, seen: Any) -> None:
    """A process that writes until told to stop; puts None when it begins, then longest wait, number, failures."""
    engine, dice = make_engine(url), random.Random(ids[0])
    longest, writes, failures = 0.0, 0, []
    _write(engine, ids[0], dice.choice)
    seen.put(None)
    while not stop.is_set():
        started = time.perf_counter()
        try:
            _write(engine, dice.choice(ids), dice.choice)
        except Exception as wrong:
            failures.append(f"{type(wrong).__name__}: {str(wrong)[:200]}")
        longest = max(longest, (time.perf_counter() - started) * 1000)
        writes += 1
        time.sleep(WRITER_PAUSE_SECONDS)
    seen.put((longest, writes, failures))
    engine.dispose()


_KEPT: dict[int, Running] = {}


def _write(engine: sa.Engine, id_: str, choose: Callable[[str], str]) -> None:
    with engine.begin() as connection:
        number = versions.running_number(connection, "depot")
        assert number is not None
        if number not in _KEPT:
            _KEPT[number] = Running.load(connection, "depot")
        versions.prepare_anew(connection, "depot", number)
        running = _KEPT[number]
        entity = "item" if "item" in running.app.entities else "article"
        Records(running, connection, SYSTEM_VIEWER, SystemClock()).update(
            entity, id_, {"name": choose("abcdef")}
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.publish")
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    print(
        "| step | plan s | publish s | held ms | longest lock wait ms | longest wait ms | writes | failed |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    run(given.url, given.rows, at_once=given.at_once, only=given.only, told=show)


def show(f: Figure) -> None:
    """A line of the table."""
    print(
        f"| {f.name} | {f.plan_seconds:.2f} | {f.publish_seconds:.2f} | {f.held_ms:.0f} | {f.longest_lock_wait_ms:.0f} "
        f"| {f.longest_wait_ms:.0f} "
        f"| {f.writes} | {len(f.failures)} {f.failures[0] if f.failures else ''} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
