"""Work that goes on beside requests: everyone's imports and exports, and the refreshes of what follows the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.model.app import App
from dougong_runtime.pages.reading import number
from dougong_runtime.records import refresh


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/jobs`."""
    return [pages.get("/admin/jobs", show), pages.post("/admin/jobs/{id}/cancel", cancel)]


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in words."""

    id: str
    what: str
    who: str
    state: str
    color: str
    rows: str
    progress: tuple[int, int] | None
    """Done and total, while it goes on and both are known."""
    began: str
    ended: str
    may_be_cancelled: bool
    result: str
    """Where the administrator's own result lies; others' is theirs alone."""
    audit: str
    """What it did, in the audit."""


@dataclass(frozen=True, slots=True)
class RefreshLine:
    """The refresh of an app under way, or the last one."""

    app: str
    which: str
    state: str
    color: str
    rows: str
    progress: tuple[int, int] | None
    changed: str
    began: str
    ended: str


_COLORS = {"queued": "amber", "running": "blue", "done": "green", "failed": "red", "cancelled": "gray"}
_CHANGING = ("import", "act", "undo")
"""Kinds of jobs that change records."""
_GOING = ("amber", "blue")
"""Colours of what is not over."""


def show(visit: Visit) -> Response:
    """What is under way, and what was of late."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        apps = {app.name: app for app in here.apps()}
        jobs, refreshes = _jobs(here, apps), _refreshes(here, apps)
        listed = {
            "jobs": jobs,
            "refreshes": refreshes,
            "going": any(j.color in _GOING for j in jobs) or any(r.color in _GOING for r in refreshes),
        }
        shell = here.shell(here.reader.t("admin.jobs"), in_admin=True, current="/admin/jobs")
        return here.page("admin/jobs.html", shell, admin=listed)


def cancel(visit: Visit) -> Response:
    """Ask that a job be ended. It opens no transaction for writing: the job may hold the only one."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        _jobs_of(visit).cancel(here.connection, here.viewer, visit.path("id"))
    return go("/admin/jobs")


def _jobs_of(visit: Visit) -> Jobs:
    jobs: Jobs = visit.request.app.state.jobs
    return jobs


def _jobs(here: Here, apps: dict[str, App]) -> list[JobLine]:
    jobs = _jobs_of(here.visit)
    found = jobs.everyones(here.connection)
    mine = {job["id"]: job["result_url"] for job in jobs.mine(here.connection, here.viewer)}
    names = {person.id: person.name or person.username for person in people.people(here.connection)}
    return [
        JobLine(
            job["id"],
            f"{_word(here, job['kind'])} · {_of(here, apps, job['app'], job['entity'])}",
            names.get(job["user"], "—"),
            _word(here, "cancelling" if job["cancelling"] else job["state"]),
            _COLORS[job["state"]],
            _rows(job["done"], job["total"]),
            _progress(job["done"], job["total"], is_over=job["state"] not in ("queued", "running")),
            here.reader.moment(job["created_at"]),
            _moment(here, job["finished_at"]),
            job["state"] in ("queued", "running") and not job["cancelling"],
            mine.get(job["id"]) or "",
            _in_audit(here, job) if job["kind"] in _CHANGING else "",
        )
        for job in found
    ]


def _of(here: Here, apps: dict[str, App], name: str, entity: str) -> str:
    """An entity and its app in words, as far as both are still there."""
    app = apps.get(name)
    if app is None:
        return f"{name}.{entity}"
    found = app.entities.get(entity)
    label = here.reader.label(found.label) if found else entity
    return f"{here.reader.label(app.label)} · {label}"


def _in_audit(here: Here, job: dict[str, Any]) -> str:
    """The audit of the entity from the day on which the job began."""
    began = here.reader.local(job["created_at"]).date().isoformat()
    return "/admin/audit?" + urlencode({"entity": f"{job['app']}.{job['entity']}", "from": began})


def _progress(done: int, total: int | None, *, is_over: bool) -> tuple[int, int] | None:
    return None if is_over or not total else (min(done, total), total)


def _word(here: Here, name: str) -> str:
    """A kind or state of a job."""
    return here.reader.t(f"job.{name}")


def _refreshes(here: Here, apps: dict[str, App]) -> list[RefreshLine]:
    t = here.reader.t
    lines = []
    for at in refresh.progress(here.connection):
        state = "running" if at.ended_at is None else "done"
        lines.append(
            RefreshLine(
                here.reader.label(apps[at.app].label) if at.app in apps else at.app,
                t(f"refresh.{at.which}"),
                _word(here, state),
                _COLORS[state],
                _rows(at.done, at.total),
                _progress(at.done, at.total, is_over=at.ended_at is not None),
                number(at.changed),
                here.reader.moment(at.started_at),
                _moment(here, at.ended_at),
            )
        )
    return lines


def _rows(done: int, total: int | None) -> str:
    return number(done) if not total or done >= total else f"{number(done)} / {number(total)}"


def _moment(here: Here, at: datetime | None) -> str:
    return "—" if at is None else here.reader.moment(at)
