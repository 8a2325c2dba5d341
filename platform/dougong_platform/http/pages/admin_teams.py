"""The tree of teams: added, renamed, led by somebody else, moved by hand or by choice, removed when empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_runtime.errors import Refused
from dougong_runtime.pages.shell import Toast


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/teams` and its forms."""
    return [
        pages.get("/admin/teams", show),
        pages.post("/admin/teams", add),
        pages.post("/admin/teams/change", change),
        pages.post("/admin/teams/move", move),
        pages.post("/admin/teams/remove", remove),
    ]


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team in the tree."""

    name: str
    parent: str
    leader: str
    leader_username: str
    members: int
    depth: int
    is_empty: bool


def show(visit: Visit) -> Response:
    """The tree of teams."""
    with visit.reading() as here:
        return _page(here)


def _page(here: Here, problem: str = "") -> Response:
    people.require_admin(here.viewer)
    teams, everybody = people.teams(here.connection), people.people(here.connection)
    leaders = {p.username: p.name for p in everybody}
    lines: list[TeamLine] = []

    def add_below(parent: str | None, depth: int) -> None:
        for team in teams:
            if team.parent == parent:
                members = sum(1 for p in everybody if p.team == team.name)
                is_empty = not members and all(t.parent != team.name for t in teams)
                led = team.leader or ""
                lines.append(
                    TeamLine(
                        team.name, team.parent or "", leaders.get(led, ""), led, members, depth, is_empty
                    )
                )
                add_below(team.name, depth + 1)

    add_below(None, 0)
    made = {"teams": lines, "people": [p for p in everybody if p.active], "problem": problem}
    shell = here.shell(here.reader.t("admin.teams"), in_admin=True)
    return here.page("admin/teams.html", shell, status=422 if problem else 200, admin=made)


def add(visit: Visit) -> Response:
    """A new team."""

    def act(here: Here) -> None:
        people.add_team(
            here.site,
            here.connection,
            here.viewer,
            visit.text("name"),
            parent=visit.text("parent") or None,
            leader=visit.text("leader") or None,
        )

    return _act(visit, act, "created")


def change(visit: Visit) -> Response:
    """Another name, leader or place."""

    def act(here: Here) -> None:
        changes = {n: visit.text(n) for n in ("name", "parent", "leader") if n in visit.form}
        people.change_team(here.site, here.connection, here.viewer, visit.text("team"), changes)

    return _act(visit, act, "saved")


def move(visit: Visit) -> Response:
    """Another place, by hand: the tree redraws itself, and says what was done, with its undo."""
    name, parent = visit.text("team"), visit.text("parent")
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            was = people.get_team(here.connection, name).parent or ""
            people.change_team(here.site, here.connection, here.viewer, name, {"parent": parent})
            t = here.reader.t
            told = (
                t("admin.team_moved", name=name, parent=parent) if parent else t("admin.team_up", name=name)
            )
            back = (("team", name), ("parent", was))
            return here.done(Toast(told, "/admin/teams/move", values=back, in_place=True))
    except Refused as refused:
        _reraise(refused)
        with visit.reading() as here:
            return here.done(Toast(here.said(refused), icon="alert-triangle"), changed=False)


def remove(visit: Visit) -> Response:
    """Remove an empty team."""

    def act(here: Here) -> None:
        people.remove_team(here.site, here.connection, here.viewer, visit.text("team"))

    return _act(visit, act, "saved")


def _act(visit: Visit, act: Callable[[Here], None], done: str) -> Response:
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            act(here)
    except Refused as refused:
        _reraise(refused)
        with visit.reading() as here:
            return _page(here, here.said(refused))
    return go(f"/admin/teams?done={done}")


def _reraise(refused: Refused) -> None:
    if refused.problems[0].type in (NOT_SIGNED_IN, CSRF) or refused.status == 403:
        raise refused
