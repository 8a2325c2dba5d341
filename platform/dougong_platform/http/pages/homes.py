"""The home of a person, and of an app."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.pages import home
from dougong_runtime.pages.reading import instant

RECENT = 8
LOOKED_AT = 20_000
"""Rows of the audit looked back at for what a person touched lately."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/` and `/apps/{app}`."""
    return [pages.get("/", person), pages.get("/apps/{app}", app)]


def person(visit: Visit) -> Response:
    """The home of the person: apps, what is theirs, what they touched lately. With one app it is that app's home."""
    with visit.reading() as here:
        reader = here.reader
        apps = here.apps()
        if here.only_app is not None:
            return go(
                f"/apps/{here.only_app}" + (f"?{visit.request.url.query}" if visit.request.url.query else "")
            )
        desks = [here.desk(a.name) for a in apps]
        lists = [(desk, m) for desk in desks for m in home.mine(desk)]
        figures = [f for desk in desks for f in home.figures(desk, [m for d, m in lists if d is desk])]
        name = here.viewer.name or here.viewer.username
        cards = tuple(home.app_card(a, reader, _note(here, a.name)) for a in apps)
        made = home.Home(
            home.greeting(reader, name),
            home.day_line(reader, [reader.t("home.apps_n", n=len(apps))]),
            tuple(figures[: home.FIGURES]),
            tuple(m for _, m in lists[: home.MINE_LISTS]),
            apps=cards,
            recent=tuple(_recent(here, [d.app.name for d in desks])),
        )
        return here.page("home.html", here.shell(reader.t("nav.home"), current="/"), home=made)


def _note(here: Here, app: str) -> str:
    known = here.desk(app).app.roles
    return " · ".join(
        here.reader.label(known[r].label) for r in sorted(here.viewer.roles_in(app)) if r in known
    )


def _recent(here: Here, apps: list[str]) -> list[home.Recent]:
    """Records that the person changed lately, the newest first, each once."""
    if here.viewer.user is None or not apps:
        return []
    newest = here.connection.scalar(sa.select(sa.func.max(dg_audit.c.seq))) or 0
    rows = here.connection.execute(
        sa.select(
            dg_audit.c.app, dg_audit.c.entity, dg_audit.c.record, sa.func.max(dg_audit.c.at).label("at")
        )
        .where(
            dg_audit.c.seq > newest - LOOKED_AT,
            dg_audit.c.actor == here.viewer.user,
            dg_audit.c.record.is_not(None),
            dg_audit.c.action.in_(("create", "update", "restore")),
            dg_audit.c.app.in_(apps),
        )
        .group_by(dg_audit.c.app, dg_audit.c.entity, dg_audit.c.record)
        .order_by(sa.desc("at"))
        .limit(RECENT * 2)
    ).all()
    made: list[home.Recent] = []
    for name in dict.fromkeys(r.app for r in rows):
        touched = [(r.entity, r.record, _when(here, r.at)) for r in rows if r.app == name]
        made += home.recent(here.desk(name), touched)
    return made[:RECENT]


def _when(here: Here, at: Any) -> str:
    found = instant(at)
    return here.reader.moment(found) if found is not None else ""


def app(visit: Visit) -> Response:
    """The home of an app."""
    with visit.reading() as here:
        desk = here.desk()
        name = here.viewer.name or here.viewer.username
        made = home.app_home(desk, here.groups(desk), name, _recent(here, [desk.app.name]))
        here_is_home = "/" if here.only_app == desk.app.name else None
        shell = here.shell(here.reader.label(desk.app.label), desk=desk, current=here_is_home)
        return here.page("home.html", shell, home=made)
