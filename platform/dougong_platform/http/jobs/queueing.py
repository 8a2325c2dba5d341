"""A job put into the queue: its row, in the caller's transaction, and its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dougong_platform.http.jobs.table import JOB, QUEUED
from dougong_platform.site import Site
from dougong_runtime.names import uuid7


def folder_of(site: Site, job: str) -> Path:
    """Where a job's files lie."""
    return site.settings.data_dir / "jobs" / job


def queue(
    site: Site,
    connection: sa.Connection,
    kind: str,
    app: str,
    entity: str,
    order: Mapping[str, Any],
    *,
    user: str | None,
    asked: Mapping[str, Any],
) -> tuple[str, Path]:
    """A new job of a person's; `asked`: by which door, from where and in which language (`via`, `address`, `request`,
    `language`). Gives its id and its folder, which is made. Where the transaction is rolled back, the folder is swept
    later."""
    job = uuid7()
    connection.execute(
        sa.insert(JOB).values(
            id=job,
            user=user,
            kind=kind,
            app=app,
            entity=entity,
            state=QUEUED,
            created_at=site.clock.now(),
            order={**order, "asked": dict(asked)},
            attempts=0,
        )
    )
    folder = folder_of(site, job)
    folder.mkdir(parents=True, mode=0o700)
    return job, folder
