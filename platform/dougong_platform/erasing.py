"""Erasing a record's values from the audit by law: who may, and that little of them stays in the database's files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from dougong_platform import drafts, people
from dougong_platform.site import Site
from dougong_runtime.audit import erase as audit_erase
from dougong_runtime.audit.erase import Erasure, Outlook
from dougong_runtime.audit.history import Names
from dougong_runtime.documents import versions
from dougong_runtime.errors import UNKNOWN_ENTITY, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.names import nearest
from dougong_runtime.records.running import Running
from dougong_runtime.talk import comments


def erase(
    site: Site,
    viewer: Viewer,
    app: str,
    entity: str,
    record: str,
    *,
    reason: str,
    fields: Collection[str] | None = None,
) -> Erasure:
    """Erase what the audit tells of a record's fields (today's names; None: of all), in a transaction of its own.

    With all fields go the record's comments, which the audit tells of too, and the notices of it.

    Administrators may, and the system. Raises Refused: FORBIDDEN, an unknown app or entity, NOTHING_TO_ERASE.
    """
    people.require_admin(viewer)
    with site.database.write() as connection:
        running = site.running(connection, app)
        done = audit_erase.erase(
            connection,
            viewer,
            site.clock.now(),
            app=app,
            entity=entity,
            record=record.lower(),
            reason=reason,
            fields=fields,
            names=_names(connection, running, entity),
            version=running.number or None,
        )
        drafts.forget_record(connection, record.lower())
        told = Viewer.system("files that only the erased history named")
        site.records(connection, told, app).files.let_go(entity, record.lower(), fields)
        if fields is None:
            comments.erase(connection, app, record.lower(), site.clock.now())
    _tidy(site)
    return done


def outlook(
    site: Site,
    viewer: Viewer,
    app: str,
    entity: str,
    record: str,
    fields: Collection[str] | None = None,
) -> Outlook:
    """What erasing would take away, told without any value; of the record's comments nothing. Raises Refused."""
    people.require_admin(viewer)
    with site.database.read() as connection:
        names = _names(connection, site.running(connection, app), entity)
        return audit_erase.outlook(connection, app=app, record=record.lower(), fields=fields, names=names)


def _names(connection: sa.Connection, running: Running, entity: str) -> Names:
    known = running.app.entities
    if entity not in known:
        raise refuse(UNKNOWN_ENTITY, name=entity, of=running.app.label, nearest=nearest(entity, known))

    def source(number: int) -> Mapping[str, Any] | None:
        version = versions.find(connection, running.app.name, number)
        return None if version is None else version.source

    return Names(known[entity], running.number, source)


def _tidy(site: Site) -> None:
    """Overwrite what the database keeps of old rows: PostgreSQL until a VACUUM, SQLite in its write-ahead log."""
    with site.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM dg_audit")
        else:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
