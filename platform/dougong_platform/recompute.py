"""Every stored formula compared with a computation from its rows, and mended where asked: `dougong doctor --recompute`.

It goes through the entities in batches, a transaction each, so that nobody waits for long. Comparing reads one state of
the data a batch and locks nothing. Mending is what a refresh does: only records that differ are locked and written,
what depends on them follows, each is audited.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as having
from functools import partial

import sqlalchemy as sa

from dougong_platform.database import retrying
from dougong_platform.pace import Pace
from dougong_platform.site import Site
from dougong_runtime.errors import UNKNOWN_ENTITY, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.model.graph import Step
from dougong_runtime.names import nearest, uuid7
from dougong_runtime.records.refresh import estimate
from dougong_runtime.records.refresh_batch import Batch, differing, in_parts, make_true, steps_of
from dougong_runtime.records.refresh_differences import Stretch, next_stretch
from dougong_runtime.records.running import Running

RECORDS_TOLD = 5
"""Records that differ of which the ids are told, for each field."""


@dataclass(slots=True)
class Differing:
    """A field in which records differ, or differed, from what their rows give."""

    app: str
    entity: str
    field: str
    count: int = 0
    records: list[str] = having(default_factory=list)
    """The first of them by id."""
    fits: bool = True
    """False: what comes out does not fit the field; `field` then names all that were computed together."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of an app."""

    app: str
    rows: int
    """Records gone through."""
    fields: int
    """Formulas compared."""
    differing: tuple[Differing, ...]


Told = Callable[[str, int, int], object]
"""Hears how far it is: `app.entity`, records done, records in all, as estimated."""


def recompute(
    site: Site,
    app: str | None = None,
    entity: str | None = None,
    *,
    repair: Viewer | None = None,
    told: Told = lambda what, done, total: None,
) -> Iterator[Compared]:
    """Compare what is stored with its rows, app by app; `repair`: who mends what differs, the system with its reason.

    Formulas with `refresh` are left out: they are as true as their last refresh. Raises Refused for an unknown name.
    """
    with site.database.read() as connection:
        names = site.apps(connection) if app is None else (site.running(connection, app).app.name,)
    for name in names:
        yield _App(site, name, repair, told).compare(entity)


class _App:
    def __init__(self, site: Site, name: str, repair: Viewer | None, told: Told) -> None:
        self._site, self._name, self._repair, self._told = site, name, repair, told
        self._batch_id = uuid7()
        self._found: dict[tuple[str, str, bool], Differing] = {}

    def compare(self, entity: str | None) -> Compared:
        with self._site.database.read() as connection:
            running = self._site.running(connection, self._name)
            if entity is not None and entity not in running.app.entities:
                known = nearest(entity, running.app.entities)
                raise refuse(UNKNOWN_ENTITY, name=entity, of=running.app.label, nearest=known)
            legs = {
                name: (running.app.entities[name].id, estimate(connection, running, name))
                for name in _legs(running)
                if entity in (None, name)
            }
        rows = 0
        for name, (id_, total) in legs.items():
            rows += self._entity(id_, f"{self._name}.{name}", total)
        compared = {(s.entity, f) for name in legs for s in _legs(running)[name] for f in s.fields}
        return Compared(self._name, rows, len(compared), tuple(self._found.values()))

    def _entity(self, id_: str, what: str, total: int) -> int:
        pace = Pace(self._site.database.has_one_writer and self._repair is not None)
        after: str | None = None
        done = 0
        while True:
            before = time.monotonic()
            stretch = retrying(partial(self._stretch, id_, after, pace.rows))
            if stretch is None:
                return done
            after, done = stretch.upto, done + stretch.rows
            self._told(what, done, max(total, done))
            time.sleep(pace.after(time.monotonic() - before))

    def _stretch(self, id_: str, after: str | None, rows: int) -> Stretch | None:
        """One batch of an entity, which is known by its id: versions may be published meanwhile."""
        database = self._site.database
        with database.read() if self._repair is None else database.write() as connection:
            running = self._site.running(connection, self._name)
            name = next((e.name for e in running.app.entities.values() if e.id == id_), None)
            steps = _legs(running).get(name or "", ())
            stretch = next_stretch(connection, running, name, after, rows) if name and steps else None
            if stretch is None or name is None:
                return None
            work = partial(self._differing, connection, running, name, steps)
            found, unfit = in_parts(connection, running, name, stretch, work)
        # Noted after the commit: a batch that is done again is not counted twice.
        for record, fields in found:
            for field_name in fields:
                self._note(name, field_name, record)
        for record in unfit:
            self._note(name, ", ".join(n for step in steps for n in step.fields), record, fits=False)
        return stretch

    def _differing(
        self,
        connection: sa.Connection,
        running: Running,
        name: str,
        steps: tuple[Step, ...],
        stretch: Stretch,
    ) -> list[tuple[str, Iterable[str]]]:
        site, zone = self._site, self._site.settings.site_time_zone
        if self._repair is None:
            found = differing(connection, running, steps, stretch, site.clock.now(), zone)
            return [(one.record, one.after) for one in found]
        batch = Batch(connection, running, self._repair, site.clock, zone, self._batch_id)
        return [(change.record, change.after) for change in make_true(batch, name, steps, stretch)]

    def _note(self, entity: str, field_name: str, record: str, *, fits: bool = True) -> None:
        made = Differing(self._name, entity, field_name, fits=fits)
        noted = self._found.setdefault((entity, field_name, fits), made)
        noted.count += 1
        if len(noted.records) < RECORDS_TOLD:
            noted.records.append(record)


def _legs(running: Running) -> Mapping[str, tuple[Step, ...]]:
    """Entity → the steps of its formulas that follow from stored data alone."""
    entities = running.app.entities
    wanted = {
        (step.entity, name)
        for step in running.graph.steps
        for name in step.fields
        if entities[step.entity].fields[name].refresh is None
    }
    return steps_of(running.graph, wanted)
