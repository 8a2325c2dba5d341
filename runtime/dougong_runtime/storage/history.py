"""How a field has come from one version to a later one, read from the versions and the trash, for the way back.

A way back is a new version too. So what happened is a line: each version follows from the one before, those that went
back like the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App
from dougong_runtime.storage import trash
from dougong_runtime.storage.forms import Formed
from dougong_runtime.storage.trash import Trashed
from dougong_runtime.storage.way import Kept, Names, Way


class History:
    """The past of an app's fields, as one way back needs it."""

    def __init__(
        self,
        connection: sa.Connection,
        after: App,
        running: int,
        number: int,
        app_of: Callable[[int], App | None],
        back_to: Mapping[int, int],
    ) -> None:
        """From the version `running` to `number`, which `after` is.

        `app_of` gives the app as it was in a version, None where that is not known; `back_to` the number that a
        version repeats, of those that went back.
        """
        self.running, self.number = running, number
        self._connection, self._after = connection, after
        self._app_of, self._back_to = app_of, back_to
        self._apps: dict[int, App | None] = {}
        self._left: dict[tuple[str, str], list[Trashed]] = {}
        self._onward: dict[int, Way | None] = {}
        self._formed: dict[tuple[int, str, str], Formed | None] = {}
        self._renamings: dict[tuple[int, str, str], dict[Any, Any]] = {}

    def left(self, entity_id: str, field_id: str) -> list[Trashed]:
        """What lies in the trash of the field as it was from that version on, the newest first; no formulas that
        nothing followed from."""
        return self._since(entity_id, field_id, self.number)

    def formed(self, version: int, entity_id: str, field_id: str) -> Formed | None:
        """A field as it was stored in a version, its targets as they are called in the version that is made."""
        key = (version, entity_id, field_id)
        if key not in self._formed:
            self._formed[key] = self._formed_in(version, entity_id, field_id)
        return self._formed[key]

    def _formed_in(self, version: int, entity_id: str, field_id: str) -> Formed | None:
        if version not in self._apps:
            self._apps[version] = self._app_of(version)
        app = self._apps[version]
        if app is None:
            return None
        entity = next((e for e in app.own_entities if e.id == entity_id), None)
        found = None if entity is None else next((f for f in entity.own_fields if f.id == field_id), None)
        if found is None:
            return None
        formed = Formed.of(found, app).with_targets(self._entities(version))
        return formed if formed.is_stored else None

    def way(self, entity_id: str, target: Formed, left: Iterable[Trashed], at: int) -> Way:
        """The way of the values that a field holds in version `at`, through these columns, to the version's field."""
        return self._way(entity_id, target, left, at, self.number)

    def renamed(self, entity_id: str, field_id: str, at: int, back: int) -> dict[Any, Any]:
        """Values of a field's options as they are stored in version `at` → as they were in version `back`."""
        maps = [
            {new: old for old, new in self._renamed_by(entity_id, field_id, k).items()}
            for k in range(at, back, -1)
        ]
        return _one_after_the_other(maps)

    def _renamed_by(self, entity_id: str, field_id: str, version: int) -> dict[Any, Any]:
        """Old and new values of options that a publication renamed."""
        key = (version, entity_id, field_id)
        if key not in self._renamings:
            self._renamings[key] = self._renamings_of(version, entity_id, field_id)
        return self._renamings[key]

    def _renamings_of(self, version: int, entity_id: str, field_id: str) -> dict[Any, Any]:
        now = self.formed(version, entity_id, field_id)
        if now is None or now.field.value_type.kind not in (Kind.CHOICE, Kind.LIST):
            return {}
        if version in self._back_to:
            return self.renamed(entity_id, field_id, version - 1, self._back_to[version])
        earlier = (self.formed(k, entity_id, field_id) for k in range(version - 1, 0, -1))
        before = next((f for f in earlier if f is not None), None)
        if before is None:
            return {}
        olds = {o.id: o.value for o in before.field.choices}
        return {olds[o.id]: o.value for o in now.field.choices if olds.get(o.id, o.value) != o.value}

    def _since(self, entity_id: str, field_id: str, version: int, before: int | None = None) -> list[Trashed]:
        if (entity_id, field_id) not in self._left:
            found = trash.left_since(self._connection, self._after.name, entity_id, field_id, 1)
            self._left[entity_id, field_id] = [t for t in found if self._is_known(entity_id, t)]
        return [
            t
            for t in self._left[entity_id, field_id]
            if t.version is not None and t.version >= version and (before is None or t.id < before)
        ]

    def _is_known(self, entity_id: str, found: Trashed) -> bool:
        formed = None if found.version is None else self.formed(found.version, entity_id, found.thing_id)
        if formed is None or formed.key != found.form:
            return False
        return formed.field.formula is None or found.kind == "retype"

    def _way(self, entity_id: str, target: Formed, left: Iterable[Trashed], at: int, back: int) -> Way:
        kept: list[Kept] = []
        last = self.formed(at, entity_id, target.field.id)
        for found in left:
            assert found.version is not None
            was = self.formed(found.version, entity_id, found.thing_id)
            assert was is not None
            versions = range(found.version + 1, at + 1)
            follower = next((v for v in versions if self.formed(v, entity_id, found.thing_id)), at)
            kept.append(
                Kept(
                    was.field,
                    found.trash_name,
                    self._onward_of(entity_id, found, follower),
                    self.renamed(entity_id, found.thing_id, at, follower),
                    self._entities(found.version) if was.field.is_polymorphic else {},
                )
            )
            at, last = found.version, was
        as_is = last is not None and last.form == target.form and last.field.type == target.field.type
        renamed = self.renamed(entity_id, target.field.id, at, back)
        return Way(target.field, tuple(kept), renamed, as_is=as_is)

    def _onward_of(self, entity_id: str, found: Trashed, version: int) -> Way | None:
        """How a publication made the next column's values from one that it left; None where it did not."""
        if found.id not in self._onward:
            self._onward[found.id] = self._onward_from(entity_id, found, version)
        return self._onward[found.id]

    def _onward_from(self, entity_id: str, found: Trashed, version: int) -> Way | None:
        now = self.formed(version, entity_id, found.thing_id)
        if now is None or now.field.formula is not None or found.version is None:
            return None
        if version in self._back_to:
            back = self._back_to[version]
            passed = self._since(entity_id, found.thing_id, back, found.id)
            return self._way(entity_id, now, passed, found.version, back)
        earlier = self._since(entity_id, found.thing_id, 1, found.id)
        again = next((t for t in earlier if t.kind == "retype" and t.form == now.key), None)
        if again is None:
            return Way(now.field)
        return Way(now.field, original=Kept(now.field, again.trash_name, None))

    def _entities(self, version: int) -> Names:
        app = self._apps[version]
        names = {e.id: e.name for e in self._after.entities.values()}
        if app is None:
            return {}
        return {e.name: names[e.id] for e in app.entities.values() if names.get(e.id, e.name) != e.name}


def _one_after_the_other(maps: list[dict[Any, Any]]) -> dict[Any, Any]:
    """What several renamings make of each value that one of them names."""
    made: dict[Any, Any] = {}
    for value in dict.fromkeys(v for names in maps for v in names):
        called = value
        for names in maps:
            called = names.get(called, called)
        if called != value:
            made[value] = called
    return made
