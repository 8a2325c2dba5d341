"""What nobody needs any more goes: uploads that no record came to name, contents that no file has, drafts cut short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from dougong_platform.database import retrying
from dougong_platform.files.store import Kept
from dougong_platform.site import Site
from dougong_runtime.records import file_table

WAIT = timedelta(days=1)
"""How long an upload waits for a record to name it, and a content for its file."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How much went."""

    files: int
    contents: int
    drafts: int


def sweep(site: Site) -> Swept:
    """Remove all of it. A content that has just been put there again is young, and stays."""
    before = site.clock.now() - WAIT
    files = 0
    while True:

        def drop() -> int:
            with site.database.write() as connection:
                return file_table.drop_unused(connection, before, BATCH)

        dropped = retrying(drop)
        files += dropped
        if dropped < BATCH:
            break
    return Swept(files, sum(_drop_unknown(site, before)), _drop_drafts(site, before))


def _drop_unknown(site: Site, before: datetime) -> Iterator[int]:
    """Contents that no file has: counted one by one."""
    old = (kept for kept in site.files.all() if kept.at < before)
    while batch := list(islice(old, BATCH)):
        with site.database.read() as connection:
            known = file_table.known_digests(connection, [kept.sha256 for kept in batch])
        for kept in batch:
            if kept.sha256 not in known and _is_still(site, kept):
                site.files.remove(kept.sha256)
                site.previews.remove(kept.sha256)
                yield 1


def _is_still(site: Site, kept: Kept) -> bool:
    """Whether nobody has put the same content there since."""
    return site.files.find(kept.sha256) == kept


def _drop_drafts(site: Site, before: datetime) -> int:
    count = 0
    for draft in site.incoming.glob("in-*") if site.incoming.exists() else ():
        if draft.stat().st_mtime < before.timestamp():
            draft.unlink(missing_ok=True)
            count += 1
    return count
