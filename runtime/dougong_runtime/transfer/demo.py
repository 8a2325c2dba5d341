"""Demo data: records made from a description (`data/demo.yaml`), the same each time, at any scale, in constant memory.

Nothing here knows any trade: the description says how many records of which entities, from which distributions, with
which cases planted among them (`docs/demo-data.md`, `schemas/demo.schema.json`). Records go in through the one door,
batch by batch, in an order in which every reference finds its target.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dougong_runtime.documents.source import Source
from dougong_runtime.model.app import App
from dougong_runtime.records.query import LIMIT_MAX, Page, Query
from dougong_runtime.transfer.demo_days import Days
from dougong_runtime.transfer.demo_generators import compile_condition, compile_fields, fill
from dougong_runtime.transfer.demo_growth import NOBODY, Growth
from dougong_runtime.transfer.demo_values import Values, written
from dougong_runtime.transfer.demo_walks import Walks
from dougong_runtime.transfer.demo_world import DemoProblem, Person, Row, Spot, World

BATCH = 500
"""Records of a growing entity that are made, with their children, before they are loaded."""
GROWS = frozenset({"children", "grows", "batch"})
"""A part of the description with any of these grows with the scale."""
Progress = Callable[[str, int], None]
"""Told after each batch: the entity, and how many of its records are in."""


class RunningApp(Protocol):
    """What is served: the model."""

    @property
    def app(self) -> App:
        """The model."""
        ...


class Door(Protocol):
    """What demo data needs of `Records`."""

    @property
    def running(self) -> RunningApp:
        """The version that is served."""
        ...

    def list(self, query: Query) -> Page:
        """A page of records."""
        ...

    def load_many(self, entity: str, rows: Iterator[Mapping[str, Any]]) -> int:
        """Insert many records of coerced values."""
        ...

    def deferring(self) -> AbstractContextManager[None]:
        """Within it what follows from several loads is put off, and settled once at its end."""
        ...


RecordsFor = Callable[[], AbstractContextManager[Door]]
"""Opens a transaction and gives its door; committed when left."""


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A team of stories and demo."""

    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """Someone of stories and demo: who they are, which roles they hold, which teams they lead."""

    username: str
    name: str
    team: str | None = None
    roles: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    time_zone: str | None = None


def load_teams(source: Source) -> list[TeamSpec]:
    """The teams that `data/people.yaml` names, a parent before what lies below it."""
    people = source.people()
    if people is None:
        return []
    given: dict[str, str | None] = {}
    for raw in people.data.get("teams", ()):
        given[raw["name"] if isinstance(raw, Mapping) else raw] = (
            raw.get("parent") if isinstance(raw, Mapping) else None
        )
    for person in load_people(source):
        for team in (person.team, *person.leads):
            if team is not None:
                given.setdefault(team, None)
    ordered: dict[str, TeamSpec] = {}

    def add(name: str) -> None:
        parent = given.get(name)
        if parent is not None and parent not in ordered and name not in ordered:
            add(parent)
        ordered.setdefault(name, TeamSpec(name, parent))

    for name in given:
        add(name)
    return list(ordered.values())


def load_people(source: Source) -> list[PersonSpec]:
    """The people that `data/people.yaml` declares; none where there is no such file."""
    people = source.people()
    return [_person(raw) for raw in people.data.get("people", ())] if people is not None else []


def _person(raw: Mapping[str, Any]) -> PersonSpec:
    leads = raw.get("leads", ())
    return PersonSpec(
        username=raw["username"],
        name=raw.get("name", raw["username"]),
        team=raw.get("team"),
        roles=tuple(raw.get("roles", ())),
        leads=(leads,) if isinstance(leads, str) else tuple(leads),
        email=raw.get("email"),
        phone=raw.get("phone"),
        language=raw.get("language"),
        time_zone=raw.get("time_zone"),
    )


def load_demo(
    records_for: RecordsFor,
    source: Source,
    *,
    scale: float = 1.0,
    anchor: date | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
    truth: Path | None = None,
) -> dict[str, int]:
    """Fill an app that is empty with demo data; gives how many records of which entity went in.

    `anchor`: the day of loading, to which the document's own anchor moves (today, where the document's zone says, unless
    given). `truth`: a CSV file for what the app itself must not know, such as each record's persona.
    People must be there already. Raises DemoProblem for a description that cannot be followed, Refused for records that
    the app's own rules refuse.
    """
    document = source.demo()
    if document is None:
        return {}
    raw = document.data
    zone = str(raw.get("time_zone", "Asia/Shanghai"))
    today = anchor or datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    written_for = raw.get("anchor", today)
    first = date.fromisoformat(written_for) if isinstance(written_for, str) else written_for
    with records_for() as records:
        people = _people(records, source)
        app = records.running.app
    world = World(
        seed=int(seed if seed is not None else raw.get("seed", 1)),
        days=Days.of(raw.get("days", {}), first, today, zone),
        scale=scale,
        lists={name: _list(given, source, name) for name, given in raw.get("lists", {}).items()},
        personas={name: {"name": name, **given} for name, given in raw.get("personas", {}).items()},
        people=people,
        walks=Walks(),
    )
    with ExitStack() as stack:
        loader = _Loader(
            world, source, records_for, Values(app), progress or (lambda entity, count: None), {}
        )
        sheet = stack.enter_context(truth.open("w", encoding="utf-8", newline="")) if truth else None
        for place, part in enumerate(raw.get("load", ())):
            path = f"load[{place}]"
            if GROWS & part.keys():
                loader.grow(part, path, csv.writer(sheet) if sheet else None)
            else:
                loader.keep(part, path)
    return loader.loaded


@dataclass
class _Loader:
    world: World
    source: Source
    records_for: RecordsFor
    values: Values
    progress: Progress
    loaded: dict[str, int]

    def keep(self, raw: Mapping[str, Any], path: str) -> None:
        """Records of a fixed number, which stay at hand for references. Those that are there already are kept."""
        entity = raw["entity"]
        fields = compile_fields(raw.get("fields", {}), self.world, f"{path}.fields")
        given = _rows(raw.get("rows"), self.source, path) if "rows" in raw else [{}] * int(raw["count"])
        start = len(self.world.kept.get(entity, ()))
        random = self.world.random(f"{entity}/{start}" if start else entity)
        when = compile_condition(raw.get("when", {}), self.world, f"{path}.when")
        rows: list[Row] = []
        for number, values in enumerate(given):
            spot = Spot(
                random, entity, number, {"id": self.world.id(entity, start + number), **values}, {}, NOBODY
            )
            fill(fields, spot)
            if when(spot):
                rows.append(spot.row)
        if "walk" in raw:
            days = len(self.world.days.working)
            self.world.walks.make(entity, raw["walk"], rows, days, self.world.random)
            _tell_walk(raw["walk"], entity, rows, self.world)
        with self.records_for() as records:
            known = _known(records, entity, raw["key"]) if "key" in raw else {}
            for row in rows:
                row["id"] = known.get(str(row.get(raw.get("key", ""))), row["id"])
            fresh = [row for row in rows if row["id"] not in set(known.values())]
            self._load(records, entity, fresh)
        self.world.kept.setdefault(entity, []).extend(rows)

    def grow(self, raw: Mapping[str, Any], path: str, truth: Any) -> None:
        """Records whose number grows with the scale, in batches, each with its children."""
        growth = Growth.of(raw, self.world, path)
        order, told = growth.order, list(raw.get("truth", ()))
        if truth is not None and told:
            truth.writerow(["entity", "id", "persona", *told])
        size = int(raw.get("batch", BATCH))
        self.world.grown[growth.entity] = 0
        for start in range(0, growth.count, size):
            batch: dict[str, list[Row]] = {entity: [] for entity in order}
            for number in range(start, min(growth.count, start + size)):
                persona, made = growth.records(number)
                for entity, rows in made.items():
                    batch.setdefault(entity, []).extend(rows)
                if truth is not None and told:
                    row = written(made[growth.entity][0])
                    truth.writerow([growth.entity, row["id"], persona, *(row.get(name, "") for name in told)])
            with self.records_for() as records, records.deferring():
                for entity, rows in batch.items():
                    self._load(records, entity, rows)
            self.world.grown[growth.entity] = min(growth.count, start + size)

    def _load(self, records: Door, entity: str, rows: Sequence[Row]) -> None:
        if rows:
            count = records.load_many(entity, (self.values.ready(entity, row) for row in rows))
            self.loaded[entity] = self.loaded.get(entity, 0) + count
            self.progress(entity, self.loaded[entity])


def _people(records: Door, source: Source) -> list[Person]:
    """The directory's people, with the roles that the source gives them."""
    roles = {
        person.username: frozenset(_bare(role) for role in person.roles) for person in load_people(source)
    }
    teams = {row["id"]: row["name"] for row in _all(records, "team", ("name",))}
    return [
        Person(
            row["id"], row["username"], teams.get(row.get("team")), roles.get(row["username"], frozenset())
        )
        for row in _all(records, "user", ("username", "team"))
    ]


def _bare(role: str) -> str:
    return role.rpartition(".")[2]


def _known(records: Door, entity: str, key: str) -> dict[str, str]:
    return {str(row[key]): row["id"] for row in _all(records, entity, (key,))}


def _all(records: Door, entity: str, fields: tuple[str, ...]) -> Iterator[Row]:
    cursor: str | None = None
    while True:
        page = records.list(
            Query(entity, fields=("id", *fields), sort=(fields[0],), limit=LIMIT_MAX, cursor=cursor)
        )
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _list(given: Any, source: Source, name: str) -> Any:
    """A list as written; the characters of a text; or `{file: lists/words.csv}`, whose second column is a weight."""
    if isinstance(given, str):
        return list(given)
    if not (isinstance(given, Mapping) and set(given) == {"file"}):
        return given
    rows = list(csv.reader(io.StringIO(_text(source, given["file"], f"lists.{name}"))))
    if all(len(row) > 1 for row in rows):
        return {row[0]: float(row[1]) for row in rows}
    return [row[0] for row in rows if row]


def _rows(given: Any, source: Source, path: str) -> list[Row]:
    """Records as written, or the name of a CSV file whose head names fields; an empty cell is absent."""
    if not isinstance(given, str):
        return [dict(row) for row in given]
    text = _text(source, given, path)
    return [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]


def _text(source: Source, name: str, path: str) -> str:
    content = source.files.get(f"data/{name}")
    if content is None:
        raise DemoProblem(path, f"there is no data/{name}")
    return content.decode("utf-8-sig")


def _tell_walk(raw: Mapping[str, Any], entity: str, rows: Sequence[Row], world: World) -> None:
    """Write what a walk comes to into its record: `{previous: 1, change: 5}` name fields by working days back."""
    last = len(world.days.working) - 1
    for row in rows:
        walk = world.walks.of(entity, row["id"])
        if walk is None:
            continue
        for name, days in raw.get("before", {}).items():
            row.setdefault(name, round(walk.at(max(0, last - int(days))), 4))
        for name, days in raw.get("changes", {}).items():
            row.setdefault(name, round(walk.change(last, int(days)), 4))
