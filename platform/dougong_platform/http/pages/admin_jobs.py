"""Work that goes on beside requests: everyone's imports and exports, and the refreshes of what follows the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
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
    began: str
    ended: str
    may_be_cancelled: bool


@dataclass(frozen=True, slots=True)
class RefreshLine:
    """The refresh of an app under way, or the last one."""

    app: str
    which: str
    state: str
    color: str
    rows: str
    changed: str
    began: str
    ended: str


_COLORS = {"queued": "gray", "running": "blue", "done": "green", "failed": "red", "cancelled": "gray"}


def show(visit: Visit) -> Response:
    """What is under way, and what was of late."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        labels = {app.name: here.reader.label(app.label) for app in here.apps()}
        listed = {
            "jobs": _jobs(here, labels),
            "refreshes": _refreshes(here, labels),
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


def _jobs(here: Here, labels: dict[str, str]) -> list[JobLine]:
    found = _jobs_of(here.visit).everyones(here.connection)
    names = {person.id: person.name or person.username for person in people.people(here.connection)}
    return [
        JobLine(
            job["id"],
            f"{_word(here, job['kind'])} · {labels.get(job['app'], job['app'])} · {job['entity']}",
            names.get(job["user"], "—"),
            _word(here, "cancelling" if job["cancelling"] else job["state"]),
            _COLORS[job["state"]],
            _rows(job["done"], job["total"]),
            here.reader.moment(job["created_at"]),
            _moment(here, job["finished_at"]),
            job["state"] in ("queued", "running") and not job["cancelling"],
        )
        for job in found
    ]


def _word(here: Here, name: str) -> str:
    """A kind or state of a job."""
    return here.reader.t(f"job.{name}")


def _refreshes(here: Here, labels: dict[str, str]) -> list[RefreshLine]:
    t = here.reader.t
    lines = []
    for at in refresh.progress(here.connection):
        state = "running" if at.ended_at is None else "done"
        lines.append(
            RefreshLine(
                labels.get(at.app, at.app),
                t(f"refresh.{at.which}"),
                _word(here, state),
                _COLORS[state],
                _rows(at.done, at.total),
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
