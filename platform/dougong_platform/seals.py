"""Sealing the audit with the site's key, keeping each seal outside the database, and comparing both.

One anchor always stands in the data folder; the setting `audit_anchor` names another, out of reach of who owns the
database. An anchor that cannot be reached does not hold up sealing: what it lacks is sent with the next seal. How far
each has come is a row of `dg_site`, so that any process goes on where another stopped, and an anchor that was cut is
noticed.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform.addresses import internal_servers
from dougong_platform.anchors import AddressAnchor, Anchor, AnchorFailed, FileAnchor
from dougong_platform.logs import logger
from dougong_platform.site import Site
from dougong_platform.tables import SITE
from dougong_runtime.audit import log
from dougong_runtime.audit.seal import NONE, SEAL, Seal, Sealing, dg_seal, key_of, seal
from dougong_runtime.audit.verify import Verdict, is_signed, verify
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label

KEY = "audit-seal"
PAGE = 500
"""Seals read from the database, or sent to an address, in one go."""
_log = logger("dougong.audit")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an anchor has come, as the database remembers."""

    batch: int = 0
    """The last that it took."""
    at: str = ""
    """When it took it."""
    failing_since: str = ""
    """Since when it could not be added to; empty where all is well."""
    why: str = ""
    why_zh: str = ""


@dataclass(frozen=True, slots=True)
class AnchorState:
    """An anchor and what was found of it."""

    name: str
    is_outside: bool
    """Whether it is not the one beside the site's own files."""
    batches: int
    """Seals that it holds, or was given."""
    problem: Label | None = None
    tampered: bool = False


def seal_now(site: Site) -> Sealing:
    """Seal what was written since the last seal, in a transaction of its own, and send it to the anchors."""
    with site.database.write() as connection:
        done = seal(connection, site.settings.key(KEY), site.clock)
    send_to_anchors(site)
    return done


# --- sending ---------------------------------------------------------------------------------------------------
def send_to_anchors(site: Site) -> list[AnchorState]:
    """Give each anchor the seals that it lacks. A failure is logged and remembered, and stops no other."""
    states = []
    for anchor, is_outside in anchors(site):
        with site.database.read() as connection:
            mark = _mark(connection, anchor)
        try:
            batch = _send(site, anchor, mark)
            made = Mark(batch, mark.at if batch == mark.batch else site.clock.now().isoformat())
            states.append(AnchorState(anchor.name, is_outside, batch))
        except AnchorFailed as failed:
            _log.warning("anchor failed", anchor=anchor.name, why=failed.label.en)
            with site.database.read() as connection:
                mark = _mark(connection, anchor)
            since = mark.failing_since or site.clock.now().isoformat()
            made = replace(mark, failing_since=since, why=failed.label.en, why_zh=failed.label.zh)
            states.append(AnchorState(anchor.name, is_outside, mark.batch, failed.label, failed.tampered))
        if made != mark:
            _keep(site, anchor, made)
    return states


def _send(site: Site, anchor: Anchor, mark: Mark) -> int:
    """Send what an anchor lacks; gives the last batch that it holds. Raises AnchorFailed."""
    with anchor.adding(mark.batch) as adding:
        if adding.after < mark.batch:
            raise _cut(anchor, adding.after, mark.batch)
        if adding.last is not None and _sealed(site, adding.after - 1, 1) != [adding.last]:
            raise AnchorFailed(
                f"库外留存 {anchor.name} 的末批（第 {adding.after} 批）与数据库不同；运行 dougong audit verify。",
                f"The last seal of the anchor {anchor.name} (batch {adding.after}) differs from the database; "
                "run dougong audit verify.",
                tampered=True,
            )
        batch = adding.after
        try:
            while lacking := _sealed(site, batch, PAGE):
                for kept in adding.add(lacking):
                    batch = kept.batch
                if adding.is_slow:
                    break
        except AnchorFailed:
            if batch > mark.batch:
                _keep(site, anchor, Mark(batch, site.clock.now().isoformat()))
            raise
        return batch


def _sealed(site: Site, after: int, limit: int) -> list[Seal]:
    """The seals behind a batch."""
    asked = sa.select(*SEAL).where(dg_seal.c.batch > after).order_by(dg_seal.c.batch).limit(limit)
    with site.database.read() as connection:
        return [Seal(*row) for row in connection.execute(asked)]


def accept(site: Site, viewer: Viewer, name: str) -> int:
    """Go on with an anchor from what it holds now, though it was given more; gives the last batch that it holds.

    For an anchor that was lost or replaced knowingly; stands in the audit. Raises AnchorFailed where it cannot be read.
    """
    for anchor, _, mark in marks(site):
        if anchor.name == name:
            held = deque(anchor.kept(), maxlen=1)
            last = held[0] if held else NONE
            now = site.clock.now()
            _keep(site, anchor, Mark(last.batch, now.isoformat()), anew=True)
            facts = {"anchor": name, "given": mark.batch, "holds": last.batch}
            with site.database.write() as connection:
                log.write(connection, viewer, now, [log.Event(log.SETTING, facts=facts)])
            return last.batch
    raise AnchorFailed(f"没有库外留存 {name}。", f"There is no anchor {name}.")


def anchors(site: Site) -> list[tuple[Anchor, bool]]:
    """The anchors of a site, each with whether it lies outside."""
    with site.database.read() as connection:
        site_id = connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == "id"))
    settings = site.settings
    file = f"audit-seals-{site_id}.jsonl"
    found: list[tuple[Anchor, bool]] = [(FileAnchor(settings.data_dir / file), False)]
    named = settings.audit_anchor
    if named.startswith(("https://", "http://")):
        internal = internal_servers(settings.internal_servers)
        found.append((AddressAnchor(named, settings.audit_anchor_token, internal), True))
    elif named:
        path = Path(named).expanduser().absolute()
        found.append((FileAnchor(path / file if path.is_dir() else path), True))
    return found


def marks(site: Site) -> list[tuple[Anchor, bool, Mark]]:
    """The anchors with how far each has come."""
    found = anchors(site)
    with site.database.read() as connection:
        return [(anchor, is_outside, _mark(connection, anchor)) for anchor, is_outside in found]


def _mark(connection: sa.Connection, anchor: Anchor) -> Mark:
    kept = connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == _fact(anchor)))
    return Mark() if kept is None else msgspec.json.decode(kept, type=Mark)


def _keep(site: Site, anchor: Anchor, mark: Mark, *, anew: bool = False) -> None:
    """Remember a mark; one that another process has brought further stays, but `anew`."""
    name = _fact(anchor)
    with site.database.write() as connection:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(SITE).values(name=name, value="{}").on_conflict_do_nothing())
        kept = connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == name).with_for_update())
        if not anew:
            mark = replace(mark, batch=max(mark.batch, msgspec.json.decode(kept or "{}", type=Mark).batch))
        value = msgspec.json.encode(mark).decode()
        connection.execute(sa.update(SITE).where(SITE.c.name == name).values(value=value))


def _fact(anchor: Anchor) -> str:
    return "anchor " + hashlib.sha256(anchor.name.encode()).hexdigest()[:16]


def _cut(anchor: Anchor, holds: int, given: int) -> AnchorFailed:
    return AnchorFailed(
        f"库外留存 {anchor.name} 被截短：它收到过 {given} 批，现在只有 {holds} 批。",
        f"The anchor {anchor.name} was cut: it took {given} seals and holds {holds}.",
        tampered=True,
    )


# --- checking --------------------------------------------------------------------------------------------------
def verify_all(
    site: Site,
    progress: Callable[[int], None] | None = None,
    *,
    since: int = 1,
    until: int | None = None,
    files: tuple[Path, ...] = (),
) -> tuple[Verdict, list[AnchorState]]:
    """Check the whole audit against its seals and the anchors, and each anchor against itself.

    `files` are further anchors, such as what a server that takes seals gave out. `since` is the first batch to check,
    `until` the last.
    """
    asked = [_Asked(site, anchor, is_outside, mark) for anchor, is_outside, mark in marks(site)]
    asked += [_Asked(site, FileAnchor(path), True, Mark()) for path in files]
    with site.database.read() as connection:
        remembered = heapq.merge(*asked, key=lambda kept: kept.batch)
        verdict = verify(
            connection,
            site.settings.key(KEY),
            anchors=remembered,
            since=since,
            until=until,
            progress=progress,
        )
    return verdict, [one.state() for one in asked]


class _Asked:
    """The seals of an anchor while they prove themselves; ends at the first that does not."""

    def __init__(self, site: Site, anchor: Anchor, is_outside: bool, mark: Mark) -> None:
        self._anchor = anchor
        self._is_outside = is_outside
        self._mark = mark
        self._keys = [key_of(site.settings.key(KEY))]
        self._last = NONE
        self._failed: AnchorFailed | None = None
        self._seals = self._checked()

    def __iter__(self) -> Iterator[Seal]:
        return self._seals

    def state(self) -> AnchorState:
        """What was found, after the rest is looked at too."""
        for _ in self._seals:
            pass
        failed = self._failed
        if failed is None and self._last.batch < self._mark.batch:
            failed = _cut(self._anchor, self._last.batch, self._mark.batch)
        problem, tampered = (None, False) if failed is None else (failed.label, failed.tampered)
        return AnchorState(self._anchor.name, self._is_outside, self._last.batch, problem, tampered)

    def _checked(self) -> Iterator[Seal]:
        try:
            for kept in self._anchor.kept():
                self._prove(kept)
                self._last = kept
                yield kept
        except AnchorFailed as failed:
            self._failed = failed

    def _prove(self, kept: Seal) -> None:
        name, expected = self._anchor.name, self._last.batch + 1
        if kept.batch != expected or kept.previous != self._last.seal:
            raise AnchorFailed(
                f"库外留存 {name} 在第 {expected} 批处断开：它被改过。",
                f"The anchor {name} breaks off at batch {expected}: it was changed.",
                tampered=True,
            )
        if not is_signed(self._keys, kept):
            raise AnchorFailed(
                f"库外留存 {name} 中第 {expected} 批不是用这个密钥封存的，或被改过。",
                f"The seal of batch {expected} in the anchor {name} was not made with this secret, or was changed.",
                tampered=True,
            )


# --- for the doctor --------------------------------------------------------------------------------------------
def examine_anchors(site: Site) -> Iterator[tuple[Literal["good", "bad"], Label]]:
    """How the anchors stand, in words."""
    with site.database.read() as connection:
        sealed = connection.scalar(sa.select(sa.func.max(dg_seal.c.batch))) or 0
    outside = 0
    for anchor, is_outside, mark in marks(site):
        outside += is_outside
        if mark.failing_since:
            hours = (site.clock.now() - datetime.fromisoformat(mark.failing_since)).total_seconds() / 3_600
            lacks = sealed - mark.batch
            yield (
                "bad",
                Label(
                    f"库外留存 {anchor.name} 已有 {hours:.1f} 小时未能写入，差 {lacks} 批：{mark.why_zh}",
                    f"The anchor {anchor.name} takes nothing since {hours:.1f} h and lacks {lacks} seals: {mark.why}",
                ),
            )
        else:
            yield (
                "good",
                Label(
                    f"库外留存 {anchor.name} 有 {mark.batch} 批封存，数据库有 {sealed} 批",
                    f"The anchor {anchor.name} holds {mark.batch} of {sealed} seals",
                ),
            )
    if not outside:
        yield (
            "good",
            Label(
                "封存只留存在数据目录中；用 DOUGONG_AUDIT_ANCHOR 指定数据库管理员改不了的文件或地址",
                "Seals are kept in the data folder only; DOUGONG_AUDIT_ANCHOR names a file or address that who owns "
                "the database cannot change",
            ),
        )


def as_facts(state: AnchorState) -> dict[str, object]:
    """An anchor's state for scripts."""
    facts = asdict(state)
    facts["problem"] = state.problem.en if state.problem is not None else None
    return facts
