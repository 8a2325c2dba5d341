"""The home of a person, and of an app."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import personal, talking
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.personal import Place
from dougong_runtime.pages import home
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.personal import Kept, Personal, kept, mentioned


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
        name, mine = here.viewer.name or here.viewer.username, own(here, desks)
        cards = tuple(home.app_card(a, reader, _note(here, a.name)) for a in apps)
        made = home.Home(
            home.greeting(reader, name),
            home.day_line(reader, [reader.t("home.apps_n", n=len(apps))]),
            tuple(figures[: home.FIGURES]),
            tuple(m for _, m in lists[: home.MINE_LISTS]),
            apps=cards,
            recent=mine.recent(home.RECENT),
            starred=mine.starred(home.RECENT),
            mentions=mine.mentions(home.RECENT),
        )
        return here.page("home.html", here.shell(reader.t("nav.home"), current="/"), home=made)


def _note(here: Here, app: str) -> str:
    known = here.desk(app).app.roles
    return " · ".join(
        here.reader.label(known[r].label) for r in sorted(here.viewer.roles_in(app)) if r in known
    )


def app(visit: Visit) -> Response:
    """The home of an app."""
    with visit.reading() as here:
        desk = here.desk()
        name = here.viewer.name or here.viewer.username
        made = home.app_home(desk, here.groups(desk), name, own(here, [desk]))
        here_is_home = "/" if here.only_app == desk.app.name else None
        shell = here.shell(here.reader.label(desk.app.label), desk=desk, current=here_is_home)
        return here.page("home.html", shell, home=made)


def own(here: Here, desks: Sequence[Desk]) -> Personal:
    """What is the reader's own in some apps."""

    def titled(found: Sequence[Place], limit: int) -> list[Kept]:
        by_app = {d.app.name: d for d in desks}
        made: dict[str, Kept] = {}
        for name, desk in by_app.items():
            for one in kept(
                desk, [(p.entity, p.record, here.reader.moment(p.at)) for p in found if p.app == name]
            ):
                made[one.href] = one
        order = [by_app[p.app].href(p.entity, p.record) for p in found if p.app in by_app]
        return [made[href] for href in order if href in made][:limit]

    only = desks[0].app.name if len(desks) == 1 else None
    connection, viewer = here.connection, here.viewer
    return Personal(
        lambda limit: titled(personal.recent(connection, viewer, only, personal.RECENT_MAX), limit),
        lambda limit: titled(personal.starred(connection, viewer, only), limit),
        lambda limit: _mentions(here, desks, limit),
    )


def _mentions(here: Here, desks: Sequence[Desk], limit: int) -> list[Kept]:
    found, _ = talking.inbox(here.site, here.connection, here.viewer).page("mentions")
    return [one for desk in desks for one in mentioned(desk, found)][:limit]
