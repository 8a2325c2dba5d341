"""The front page of the administration: its places, each with one fact."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people, signin
from dougong_platform.doctor import examine
from dougong_platform.http.jobs.table import JOB, UNFINISHED
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.room import unsealed
from dougong_runtime.pages.file_faces import size_text
from dougong_runtime.pages.reading import number
from dougong_runtime.records import figures
from dougong_runtime.storage.sizes import whole_bytes

PLACES = (
    ("people", "users"),
    ("teams", "users-group"),
    ("roles", "key"),
    ("audit", "history"),
    ("storage", "database"),
    ("trash", "trash"),
    ("jobs", "checkbox"),
    ("health", "heartbeat"),
    ("settings", "adjustments"),
)
"""Pages of the administration with their icons, in the order of the sidebar."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin`."""
    return [pages.get("/admin", show)]


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the administration, with a fact about it and whether that wants looking at."""

    href: str
    icon: str
    label: str
    note: str
    fact: str
    color: str = ""


def show(visit: Visit) -> Response:
    """What there is to administer, and how it stands."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        t = here.reader.t
        facts = _facts(here)
        places = [
            Place(f"/admin/{name}", icon, t(f"admin.{name}"), t(f"admin.{name}_note"), *facts[name])
            for name, icon in PLACES
        ]
        return here.page("admin/index.html", here.shell(t("nav.admin"), in_admin=True), places=places)


def _facts(here: Here) -> dict[str, tuple[str, str]]:
    """Place → its fact, and a colour where it wants looking at."""
    t, connection, site = here.reader.t, here.connection, here.site
    everybody = people.people(connection)
    active = sum(p.active for p in everybody)
    apps = here.apps()
    deleted = sum(
        gone.count
        for app in apps
        for gone in figures.trashed(connection, site.running(connection, app.name)).values()
    )
    going = int(
        connection.scalar(sa.select(sa.func.count()).select_from(JOB).where(JOB.c.state.in_(UNFINISHED))) or 0
    )
    findings = [f for f in examine(site, slow=False) if f.state != "good"]
    wrong = any(f.state == "bad" for f in findings)
    mail = site.settings.mail_host
    return {
        "people": (
            t("admin.fact.people", n=number(active), m=number(signin.open_count(site, connection))),
            "",
        ),
        "teams": (t("admin.fact.teams", n=number(len(people.teams(connection)))), ""),
        "roles": (t("admin.fact.roles", n=number(sum(len(a.roles) for a in apps))), ""),
        "audit": (t("admin.fact.audit", n=number(unsealed(connection))), ""),
        "storage": (size_text(whole_bytes(connection)), ""),
        "trash": (t("storage.records_n", n=number(deleted)), ""),
        "jobs": (t("admin.fact.jobs", n=number(going)) if going else t("admin.fact.no_jobs"), ""),
        "health": (
            t("admin.fact.findings", n=len(findings)) if findings else t("admin.fact.well"),
            "red" if wrong else "amber" if findings else "green",
        ),
        "settings": (t("admin.fact.mail", host=mail) if mail else t("admin.fact.no_mail"), ""),
    }
