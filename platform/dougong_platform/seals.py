"""Sealing the audit with the site's key, and keeping each seal outside the database as an anchor.

The anchors stand in the data folder, a line a seal, in a file named after the database. Without them, cutting the
newest rows *and* seals off the end could not be told from never having written them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import sqlalchemy as sa

from dougong_platform.site import Site
from dougong_platform.tables import SITE
from dougong_runtime.audit.seal import Seal, Sealing, seal
from dougong_runtime.audit.verify import Verdict, verify

KEY = "audit-seal"


def seal_now(site: Site) -> Sealing:
    """Seal what was written since the last seal, in a transaction of its own."""
    with site.database.write() as connection:
        done = seal(connection, site.settings.key(KEY), site.clock)
        path = _path(site, connection)
    if done.seals:
        with path.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(asdict(made)) + "\n" for made in done.seals)
    return done


def verify_all(site: Site, progress: Callable[[int], None] | None = None) -> tuple[Verdict, int]:
    """Check the whole audit against its seals and the anchors. Gives the verdict and how many anchors there were."""
    with site.database.read() as connection:
        anchors = _anchors(_path(site, connection))
        verdict = verify(connection, site.settings.key(KEY), anchors=anchors, progress=progress)
    return verdict, len(anchors)


def _path(site: Site, connection: sa.Connection) -> Path:
    site_id = connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == "id"))
    return site.settings.data_dir / f"audit-seals-{site_id}.jsonl"


def _anchors(path: Path) -> list[Seal]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Seal(**json.loads(line)) for line in lines if line.strip()]
