"""Rows of spreadsheets that became entities: imported once the entity is published, as whoever sent the spreadsheet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import sqlalchemy as sa

from dougong_designer.tables import SHEET
from dougong_platform import spreadsheets, viewers
from dougong_platform.http.jobs.queueing import queue
from dougong_platform.http.jobs.table import CANCELLED, FAILED, JOB
from dougong_platform.http.jobs.work import UPLOAD
from dougong_platform.site import Site
from dougong_platform.spreadsheets import Kept
from dougong_platform.viewers import Door
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.model.app import App, Entity

NOT_TO_IMPORT = problem_type(
    "rows-not-to-import",
    409,
    "现在不能导入：实体还没有发布，或导入已经安排过。",
    "These rows cannot be imported now: their entity is not published, or their import has been ordered.",
    remedy=(
        "先发布草稿；导入失败后可以再来一次。",
        "Publish the draft; a failed import can be ordered again.",
    ),
)


def after_publish(site: Site, connection: sa.Connection, app: App) -> list[str]:
    """Order the imports of all spreadsheets whose entity a version of the app now has; gives the jobs. To be called in
    the transaction that publishes, last: where that is undone, nothing was ordered."""
    query = sa.select(SHEET).where(
        SHEET.c.app == app.name, SHEET.c.entity.is_not(None), SHEET.c.job.is_(None)
    )
    entities = {entity.id: entity for entity in app.own_entities}
    ordered = []
    for row in connection.execute(query).all():
        if row.entity in entities and spreadsheets.path_of(site, row.id).is_file():
            kept = spreadsheets.kept_of(row)
            ordered.append(_order(site, connection, kept, entities[row.entity]))
    return ordered


def order_again(site: Site, connection: sa.Connection, kept: Kept, app: App) -> str:
    """Order an import once more that failed or was cancelled. Raises Refused (NOT_TO_IMPORT)."""
    entity = next((e for e in app.own_entities if e.id == kept.entity), None)
    state = connection.scalar(sa.select(JOB.c.state).where(JOB.c.id == kept.job)) if kept.job else None
    path = spreadsheets.path_of(site, kept.id)
    if entity is None or state not in (None, FAILED, CANCELLED) or not path.is_file():
        raise refuse(NOT_TO_IMPORT)
    return _order(site, connection, kept, entity)


def _order(site: Site, connection: sa.Connection, kept: Kept, entity: Entity) -> str:
    viewer = viewers.viewer(connection, kept.user, site.clock, site.settings, Door("import"))
    language = viewer.language if viewer is not None else site.settings.language
    order = {"key": None, "dry_run": False, "keep_good": True, "name": kept.name, "columns": kept.taken}
    asked = {"via": "import", "address": None, "request": None, "language": language}
    job, folder = queue(site, connection, "import", kept.app, entity.name, order, user=kept.user, asked=asked)
    _lay(spreadsheets.path_of(site, kept.id), folder / UPLOAD)
    connection.execute(sa.update(SHEET).where(SHEET.c.id == kept.id).values(job=job))
    return job


def _lay(source: Path, target: Path) -> None:
    """The same file in another place: as a second name where the disk allows, else copied."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
