"""The trash as a plan reads it: entities and fields as they were in the last version that had them."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import App, Entity
from dougong_runtime.storage import trash
from dougong_runtime.storage.tables import Tables


class StoredTrash:
    """What lies in an app's trash, understood by the versions that had it."""

    def __init__(self, connection: sa.Connection, app: str, app_of: Callable[[int], App | None]) -> None:
        """`app_of` gives the app as it was in the version of that number, or None where that is not known."""
        self._connection, self._app, self._app_of = connection, app, app_of
        self._apps: dict[int, App | None] = {}

    def entity(self, entity_id: str) -> tuple[Entity, Tables] | None:
        """The latest entity of that id, with the tables of its last version."""
        app, entity = self._entity_in("entity", entity_id, entity_id)
        if app is None or entity is None:
            return None
        return entity, Tables(app, self._connection.dialect.name)

    def left_at(self, entity_id: str) -> int | None:
        """Number of the last version that had the entity in the trash."""
        found = trash.find(self._connection, self._app, "entity", entity_id, entity_id)
        return None if found is None else found.version

    def field(self, entity_id: str, field_id: str) -> tuple[Field, App] | None:
        """The latest field of that id, and the app that had it."""
        app, entity = self._entity_in("field", field_id, entity_id)
        if app is None or entity is None:
            return None
        found = next((f for f in entity.own_fields if f.id == field_id), None)
        return None if found is None else (found, app)

    def _entity_in(self, kind: str, thing_id: str, entity_id: str) -> tuple[App | None, Entity | None]:
        found = trash.find(self._connection, self._app, kind, entity_id, thing_id)
        if found is None or found.version is None:
            return None, None
        if found.version not in self._apps:
            self._apps[found.version] = self._app_of(found.version)
        app = self._apps[found.version]
        if app is None:
            return None, None
        return app, next((e for e in app.own_entities if e.id == entity_id), None)
