"""Acts on many records, each for itself: changed, deleted, brought back, shared, and all of it taken back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dougong_runtime.errors import TOO_MUCH, refuse
from dougong_runtime.model.app import Entity
from dougong_runtime.records import each, read, trash, undo
from dougong_runtime.records.change import BatchObserver
from dougong_runtime.records.each import Made, Outcome, Wish
from dougong_runtime.records.query import LIMIT_MAX, Query
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.scene import Scene, known_id
from dougong_runtime.records.write import BATCH_MAX, Writer


@dataclass(frozen=True)
class Many:
    """The door to records by the thousand, for one viewer in the caller's transaction (`Records.many`).

    At most `BATCH_MAX` a call. `batch` names the act of which a call is a part: it stands in the audit, and by it the
    act can be taken back.
    """

    _scene: Scene
    _writer: Writer
    _must_not_view_as: Callable[[], None]
    _share: Callable[..., Any]

    def matching(self, query: Query, limit: int) -> list[str]:
        """Ids of all records that a query gives its reader, in no order that matters; where there are more than
        `limit`, one more than that."""
        found: list[str] = []
        asked = replace(query, sort=(), fields=("id",), expand=(), limit=LIMIT_MAX, cursor=None, count=False)
        while len(found) <= limit:
            page = read.find_page(self._scene, asked)
            found += [item["id"] for item in page.items]
            if page.next is None:
                break
            asked = replace(asked, cursor=page.next)
        return found[: limit + 1]

    def look(
        self,
        entity: str,
        ids: Sequence[str],
        fields: Sequence[str],
        *,
        trash: bool = False,
        export: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """Records by id as their reader sees them (`export`: may take them out, too), with titles of what they refer
        to; others are not in it."""
        known = [i for i in map(known_id, ids) if i is not None]
        found: dict[str, dict[str, Any]] = {}
        asked = Query(
            entity,
            fields=tuple(fields),
            limit=read.IDS_MAX,
            trash=trash,
            count=False,
            export=export,
            titles=True,
        )
        for at in range(0, len(known), read.IDS_MAX):
            page = read.find_page(self._scene, asked, known[at : at + read.IDS_MAX])
            found |= {item["id"]: item for item in page.items}
        return found

    def update(
        self,
        entity: str,
        wishes: Sequence[Wish],
        *,
        reasons: Mapping[str, str] | None = None,
        batch: str | None = None,
    ) -> Outcome:
        """Change records as far as each may be changed."""
        found = self._begin(entity, len(wishes))
        with self._as_part_of(batch):
            return each.update_each(self._writer, found, wishes, reasons or {})

    def create(
        self,
        entity: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        reasons: Mapping[str, str] | None = None,
        batch: str | None = None,
    ) -> Made:
        """Make new records as far as each may be made."""
        found = self._begin(entity, len(rows))
        with self._as_part_of(batch):
            return each.create_each(self._writer, found, rows, reasons or {})

    def delete(self, entity: str, ids: Sequence[str], *, batch: str | None = None) -> Outcome:
        """Move to the trash what may be moved there."""
        found = self._begin(entity, len(ids))
        with self._as_part_of(batch):
            return each.act_on_each(self._writer, ids, lambda i: trash.delete(self._writer, found, i, None))

    def restore(self, entity: str, ids: Sequence[str], *, batch: str | None = None) -> Outcome:
        """Bring back out of the trash what may come back."""
        found = self._begin(entity, len(ids))
        with self._as_part_of(batch):
            return each.act_on_each(self._writer, ids, lambda i: trash.restore(self._writer, found, i))

    def share(
        self,
        entity: str,
        ids: Sequence[str],
        *,
        user: str | None = None,
        team: str | None = None,
        write: bool = False,
        until: datetime | None = None,
    ) -> Outcome:
        """Share what may be shared, with a person or a team."""
        self._begin(entity, len(ids))

        def share(id: str) -> None:
            self._share(entity, id, user=user, team=team, write=write, until=until)

        return each.act_on_each(self._writer, ids, share)

    def take_back(
        self, entity: str, ids: Sequence[str], act: str, since: datetime, *, batch: str | None = None
    ) -> Outcome:
        """Undo what an act of the viewer's own (its `batch`, begun at `since`) did to records, where nobody has changed
        them since."""
        found = self._begin(entity, len(ids))
        with self._as_part_of(batch):
            return undo.take_back(self._writer, found, ids, act, since)

    def ended(self, batch: str) -> None:
        """Tell who gathers what an act did that nothing more comes of it."""
        for observer in self._writer.observers:
            if isinstance(observer, BatchObserver):
                observer.refreshed(self._scene.app.name, batch)

    @contextmanager
    def rehearsing(self) -> Iterator[None]:
        """Within it all is done as it would be, and told to nobody; at its end it was never done."""
        observers, self._writer.observers = self._writer.observers, ()
        attempt = self._scene.connection.begin_nested()
        try:
            yield
        finally:
            attempt.rollback()
            self._writer.observers = observers

    def _begin(self, entity: str, count: int) -> Entity:
        self._must_not_view_as()
        if count > BATCH_MAX:
            raise refuse(TOO_MUCH, what="records", limit=BATCH_MAX)
        return entity_of(self._scene, entity)

    @contextmanager
    def _as_part_of(self, batch: str | None) -> Iterator[None]:
        before, self._writer.batch = self._writer.batch, batch
        try:
            yield
        finally:
            self._writer.batch = before
