"""Publishing from the studio: a draft, or an older version, planned for who may publish, ordered, and carried out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from dougong_designer import abilities, checking, draft, publishing
from dougong_designer.describing import Described, describe
from dougong_designer.draft import DRAFT_BEHIND, Draft, Writing
from dougong_designer.patch import Documents
from dougong_designer.publishing import Review
from dougong_platform import apps, people
from dougong_platform.site import Site
from dougong_platform.studio import DOES_NOT_LINK, Studio
from dougong_runtime import publish
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.model.graph import Graph
from dougong_runtime.publish import Plan
from dougong_runtime.records.running import Running

VERSION_LENGTH_MAX = 40
NOTE_LENGTH_MAX = 2_000
_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){2}(?:[-+][0-9A-Za-z.-]+)?")

NOTHING_TO_PUBLISH = problem_type(
    "nothing-to-publish",
    409,
    "草稿与正在运行的版本没有差别。",
    "The draft does not differ from the version that runs.",
)
DRAFT_MOVED_ON = problem_type(
    "draft-moved-on",
    409,
    "看过之后草稿又有改动（第 {seen} 步之后到了第 {now} 步）。",
    "The draft has been changed since it was looked at (then step {seen}, now {now}).",
    remedy=("再看一遍改动，然后发布。", "Look at what differs once more, then publish."),
)
PUBLISHING_ALREADY = problem_type(
    "publishing-already",
    409,
    "{who}正在发布这个应用。",
    "{who} is publishing this app.",
    remedy=("等这次发布结束，再看一遍改动。", "Wait for it to end, then look at what differs once more."),
)
BAD_VERSION = problem_type(
    "bad-app-version",
    422,
    "「{version}」不是版本号，应为 1.4.0 这样的三个数。",
    "“{version}” is no version: it is three numbers such as 1.4.0.",
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be published: the draft as it stood after a step, or an older version again."""

    version: str
    note: str | None
    revision: int | None = None
    back_to: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a job's row keeps it."""
        return {
            "version": self.version,
            "note": self.note,
            "revision": self.revision,
            "back_to": self.back_to,
        }

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Order:
        """From a job's row."""
        return cls(given["version"], given["note"], given["revision"], given["back_to"])


class Ordering(Protocol):
    """The jobs of a process, as far as ordering one needs them (`http/jobs/runner.py`, which needs this module)."""

    def under_way(self, connection: sa.Connection, kind: str, app: str) -> tuple[str, str] | None:
        """A job of that kind that waits or runs, and whose it is."""
        ...

    def prepare(
        self,
        connection: sa.Connection,
        viewer: Viewer,
        kind: str,
        app: str,
        entity: str,
        order: Mapping[str, Any],
    ) -> tuple[str, Path]:
        """A new job, queued."""
        ...


# --- looking --------------------------------------------------------------------------------------------------
def review_draft(studio: Studio, version: str = "") -> Review:
    """What publishing the draft would do, for one who builds it. The transaction must be one that may write; it is
    rolled back by the caller. Raises Refused: NOTHING_TO_PUBLISH, DRAFT_BEHIND, DOES_NOT_LINK, BAD_VERSION."""
    found = studio.draft
    if not found.changed:
        raise refuse(NOTHING_TO_PUBLISH)
    described = describe(studio.running.source, found.documents)
    version = checked_version(version) or publishing.next_version(studio.running.version, described)
    plan = plan_draft(studio.site, studio.connection, found, found.documents, version)
    return _review(studio, plan, version, described)


def proposed_version(studio: Studio) -> str:
    """The number that the next version would have, told without a plan. Raises Refused (NOTHING_TO_PUBLISH)."""
    if not studio.draft.changed:
        raise refuse(NOTHING_TO_PUBLISH)
    described = describe(studio.running.source, studio.draft.documents)
    return publishing.next_version(studio.running.version, described)


def review_rollback(studio: Studio, number: int) -> Review:
    """What going back to a version would do. Likewise."""
    plan = publish.plan_rollback(studio.connection, studio.name, number)
    return _review(studio, plan, plan.after.version, None)


def _review(studio: Studio, plan: Plan, version: str, described: tuple[Described, ...] | None) -> Review:
    site, connection = studio.site, studio.connection
    records = site.records(connection, studio.viewer, studio.name)
    held = people.holders(connection, site.clock.now().date())
    prefix = f"{studio.name}."
    holders = {r.removeprefix(prefix): len(who) for r, who in held.items() if r.startswith(prefix)}
    return publishing.review(plan, records, version, holders, described)


def checked_version(given: str) -> str:
    """A version number as it was typed, without a `v` before it; empty where nothing was. Raises Refused."""
    text = given.strip().removeprefix("v").removeprefix("V")
    if text and (len(text) > VERSION_LENGTH_MAX or _VERSION.fullmatch(text) is None):
        raise refuse(BAD_VERSION, "version", version=given[:VERSION_LENGTH_MAX])
    return text


def plan_draft(
    site: Site, connection: sa.Connection, found: Draft, documents: Documents, version: str
) -> Plan:
    """The plan for a draft's documents under a version number. Raises Refused (DRAFT_BEHIND, DOES_NOT_LINK)."""
    running = site.running(connection, found.app)
    if found.base != running.number:
        raise refuse(DRAFT_BEHIND, base=found.base, running=running.number)
    names = (n for n in site.apps(connection) if n != found.app)
    others = {name: site.running(connection, name).app for name in names}
    linked = checking.check(replace(found, documents=documents), others)
    if linked.app is None or linked.problems:
        raise refuse(DOES_NOT_LINK, count=len(linked.problems))
    app = publishing.with_version(linked.app, version)
    return publish.plan_publish(connection, app, running=running)


# --- doing ----------------------------------------------------------------------------------------------------
def check_order(studio: Studio, order: Order) -> None:
    """Whether it can be ordered now, as far as that is quick to tell. Raises Refused."""
    abilities.require_publish(studio.viewer, studio.running)
    if order.back_to is not None:
        return
    found = studio.draft
    if not found.changed:
        raise refuse(NOTHING_TO_PUBLISH)
    if found.is_behind:
        raise refuse(DRAFT_BEHIND, base=found.base, running=found.running)
    if order.revision is not None and order.revision != found.revision:
        raise refuse(DRAFT_MOVED_ON, seen=order.revision, now=found.revision)


def ordered(jobs: Ordering, studio: Studio, order: Order) -> str:
    """Have it published by a job, whose id is given. Raises Refused: as `check_order`, and PUBLISHING_ALREADY."""
    check_order(studio, order)
    going = jobs.under_way(studio.connection, "publish", studio.name)
    if going is not None:
        raise refuse(PUBLISHING_ALREADY, who=_name_of(studio.connection, going[1]))
    made, _ = jobs.prepare(studio.connection, studio.viewer, "publish", studio.name, "", order.as_json())
    return made


def _name_of(connection: sa.Connection, user: str) -> str:
    found = next((person for person in people.people(connection) if person.id == user), None)
    return "—" if found is None else found.name or found.username


def carry_out(
    site: Site,
    app: str,
    order: Order,
    actor: Viewer,
    finish: apps.Afterwards,
    progress: publish.Progress = publish.unheard,
) -> tuple[Plan, int]:
    """Publish while people work. `finish`: in the publishing transaction, last. The draft stands on the new version
    then; what was built meanwhile stays in it. Raises Refused, and whatever `progress` raises."""

    def make_plan(connection: sa.Connection) -> Plan:
        if order.back_to is not None:
            return publish.plan_rollback(connection, app, order.back_to)
        found = draft.load(connection, app)
        documents = found.documents
        if order.revision is not None and order.revision != found.revision:
            documents = draft.documents_at(connection, found, order.revision)
        return plan_draft(site, connection, found, documents, order.version)

    def afterwards(connection: sa.Connection, plan: Plan, number: int) -> None:
        if order.back_to is None:
            _move_draft(connection, site, actor, plan, number, order)
        finish(connection, plan, number)

    plan, number = apps.publish_version(
        site, make_plan, actor, order.note, afterwards=afterwards, progress=progress
    )
    dialect = "sqlite" if site.database.has_one_writer else "postgresql"
    site.serve(Running(plan.after, plan.new, number, dialect, Graph.of(plan.after)))
    return plan, number


def _move_draft(
    connection: sa.Connection, site: Site, actor: Viewer, plan: Plan, number: int, order: Order
) -> None:
    """The draft stands on the version that was made of it."""
    found = draft.load(connection, plan.after.name, lock=True)
    source = plan.after.source
    documents = source
    if order.revision is not None and order.revision != found.revision:
        key = f"app/{found.app}"
        documents = {**found.documents, key: {**found.documents[key], "version": order.version}}
    draft.published(Writing(connection, actor, site.clock), found, number, source, documents)
