"""The platform's administrators at work on people: accounts, roles, teams, and viewing as another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people, signin, tokens, totp
from dougong_platform.http import viewer as asking
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import BAD_REQUEST, CSRF, NOT_SIGNED_IN
from dougong_platform.people import Person
from dougong_platform.site import DIRECTORY
from dougong_runtime.errors import Refused, refuse
from dougong_runtime.host import today
from dougong_runtime.pages.desk import Mark
from dougong_runtime.pages.entry import Choice
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.reading import day


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/people` and `/admin/view-as`."""
    one = "/admin/people/{username}"
    return [
        pages.get("/admin/people", show_people),
        pages.post("/admin/people", add_person),
        pages.get(one, show_person),
        pages.post(one + "/active", set_active),
        pages.post(one + "/roles", set_roles),
        pages.post(one + "/password", set_password),
        pages.post(one + "/totp", remove_factor),
        pages.post(one + "/details", set_details),
        pages.post(one + "/until", set_until),
        pages.post(one + "/sessions", end_sessions),
        pages.post(one + "/tokens", revoke_token),
        pages.post("/admin/view-as", view_as),
        pages.post("/admin/view-as/end", end_view_as, writes=False),
    ]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as listed."""

    username: str
    name: str
    team: str
    active: bool
    roles: tuple[str, ...]
    mark: Mark


def _line(here: Here, person: Person) -> PersonLine:
    return PersonLine(
        person.username,
        person.name,
        person.team or "",
        person.active,
        tuple(_held(here, person.id)),
        Mark(initial(person.name), hue(person.id)),
    )


def _held(here: Here, user: str) -> list[str]:
    """Roles in force today."""
    on = today(here.site.clock, here.site.settings.site_time_zone)
    return [h.role for h in people.roles(here.connection, user) if h.until is None or h.until >= on]


def _role_choices(here: Here) -> tuple[Choice, ...]:
    labels = {"admin": here.reader.t("role.admin")}
    for app in here.apps():
        for name, role in app.roles.items():
            labels[f"{app.name}.{name}"] = f"{here.reader.label(app.label)} · {here.reader.label(role.label)}"
    known = people.roles_known(here.site, here.connection)
    return tuple(Choice(r, labels.get(r, r)) for r in known)


def show_people(visit: Visit) -> Response:
    """Everybody with an account."""
    with visit.reading() as here:
        return _people(here)


def _people(here: Here, problem: str = "", given: Mapping[str, Any] | None = None) -> Response:
    people.require_admin(here.viewer)
    teams = people.teams(here.connection)
    shown = {"username": "", "name": "", "email": "", "team": "", "roles": (), **(given or {})}
    made = {
        "people": [_line(here, p) for p in people.people(here.connection)],
        "teams": teams,
        "roles": _role_choices(here),
        "problem": problem,
        "open_add": given is not None,
        "given": shown,
    }
    shell = here.shell(here.reader.t("admin.people"), in_admin=True)
    return here.page("admin/people.html", shell, status=422 if problem else 200, admin=made)


def add_person(visit: Visit) -> Response:
    """A new account, with its first password and roles."""
    given = {n: visit.text(n) for n in ("username", "name", "email", "team")}
    roles = [str(r) for r in visit.form.getlist("roles")]
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            people.add_user(
                here.site,
                here.connection,
                here.viewer,
                given["username"],
                name=given["name"] or None,
                email=given["email"] or None,
                team=given["team"] or None,
                password=str(visit.form.get("password") or "") or None,
                roles=roles,
            )
    except Refused as refused:
        _reraise(refused)
        with visit.reading() as here:
            return _people(here, here.said(refused), {**given, "roles": roles})
    return go("/admin/people?done=created")


def _reraise(refused: Refused) -> None:
    if refused.problems[0].type in (NOT_SIGNED_IN, CSRF) or refused.status == 403:
        raise refused


def show_person(visit: Visit) -> Response:
    """One account."""
    with visit.reading() as here:
        return _person(here)


def _person(here: Here, problem: str = "") -> Response:
    people.require_admin(here.viewer)
    person = people.get_person(here.connection, here.visit.path("username"))
    record = here.site.records(here.connection, here.viewer, DIRECTORY).get("user", person.id)
    made = {
        "person": _line(here, person),
        "email": record.get("email") or "",
        "teams": people.teams(here.connection),
        "ends": _ends(here, person.id),
        "sessions": _sessions(here, person.id),
        "tokens": _tokens(here, person.id),
        "roles": _role_choices(here),
        "held": _held(here, person.id),
        "is_me": person.id == here.viewer.user,
        "totp_on": totp.is_enrolled(here.connection, person.id),
        "problem": problem,
    }
    shell = here.shell(person.name, in_admin=True, current="/admin/people")
    return here.page("admin/person.html", shell, status=422 if problem else 200, admin=made)


def _on_person(visit: Visit, act: Any) -> Response:
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            person = people.get_person(here.connection, visit.path("username"))
            act(here, person)
            address = f"/admin/people/{quote(person.username, safe='')}?done=saved"
    except Refused as refused:
        _reraise(refused)
        with visit.reading() as here:
            return _person(here, here.said(refused))
    return go(address)


def set_active(visit: Visit) -> Response:
    """Let a person in, or keep them out."""

    def act(here: Here, person: Person) -> None:
        people.set_active(here.site, here.connection, here.viewer, person.id, visit.text("active") == "1")

    return _on_person(visit, act)


def set_roles(visit: Visit) -> Response:
    """Exactly the roles that were ticked."""

    def act(here: Here, person: Person) -> None:
        wanted = {str(r) for r in visit.form.getlist("roles")}
        held = set(_held(here, person.id))
        people.revoke(here.site, here.connection, here.viewer, person.id, sorted(held - wanted))
        people.grant(here.site, here.connection, here.viewer, person.id, sorted(wanted - held))

    return _on_person(visit, act)


@dataclass(frozen=True, slots=True)
class RoleEnd:
    """A role held, and its last day."""

    role: str
    label: str
    until: str
    granted: str


def _ends(here: Here, user: str) -> list[RoleEnd]:
    labels = {c.value: c.label for c in _role_choices(here)}
    moment = here.reader.moment
    return [
        RoleEnd(
            h.role,
            labels.get(h.role, h.role),
            h.until.isoformat() if h.until else "",
            here.reader.t("admin.granted", who=h.granted_by, when=moment(h.granted_at)),
        )
        for h in people.roles(here.connection, user)
    ]


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A session or token of a person's."""

    id: str
    text: str
    note: str


def _sessions(here: Here, user: str) -> list[KeyLine]:
    moment = here.reader.moment
    return [
        KeyLine("", s.agent or "—", f"{s.address or '—'} · {moment(s.used_at)}")
        for s in signin.sessions(here.site, here.connection, user)
    ]


def _tokens(here: Here, user: str) -> list[KeyLine]:
    moment, t = here.reader.moment, here.reader.t
    return [
        KeyLine(
            k.id,
            k.name or k.id[-6:],
            " · ".join(
                [
                    ", ".join(k.scopes),
                    t("admin.used", when=moment(k.used_at)) if k.used_at else t("admin.never_used"),
                ]
            ),
        )
        for k in tokens.tokens(here.connection, user)
        if k.revoked_at is None
    ]


def set_details(visit: Visit) -> Response:
    """Name, mail address, team."""

    def act(here: Here, person: Person) -> None:
        given = {n: visit.text(n) for n in ("name", "email", "team")}
        people.change_person(here.site, here.connection, here.viewer, person.id, **given)

    return _on_person(visit, act)


def set_until(visit: Visit) -> Response:
    """The last day of a role that is held; none: without an end."""

    def act(here: Here, person: Person) -> None:
        until = day(visit.text("until")) if visit.text("until") else None
        if visit.text("until") and until is None:
            raise refuse(
                BAD_REQUEST, "until", zh="应是日期，如 2026-12-31。", en="It needs a date, e.g. 2026-12-31."
            )
        people.grant(here.site, here.connection, here.viewer, person.id, [visit.text("role")], until)

    return _on_person(visit, act)


def end_sessions(visit: Visit) -> Response:
    """Sign somebody out everywhere."""

    def act(here: Here, person: Person) -> None:
        keep = signin.token_hash(here.asker.session) if here.asker.session else None
        signin.sign_out_everywhere(here.site, here.connection, here.viewer, person.id, keep)

    return _on_person(visit, act)


def revoke_token(visit: Visit) -> Response:
    """End one of somebody's tokens."""

    def act(here: Here, person: Person) -> None:
        theirs = {k.id for k in tokens.tokens(here.connection, person.id)}
        if visit.text("token") not in theirs:
            raise refuse(tokens.NO_TOKEN)
        tokens.revoke(here.site, here.connection, here.viewer, visit.text("token"))

    return _on_person(visit, act)


def set_password(visit: Visit) -> Response:
    """A new password for somebody."""

    def act(here: Here, person: Person) -> None:
        people.set_password(
            here.site, here.connection, here.viewer, person.id, str(visit.form.get("password") or "")
        )

    return _on_person(visit, act)


def remove_factor(visit: Visit) -> Response:
    """Take a lost second factor away."""

    def act(here: Here, person: Person) -> None:
        totp.remove(here.site, here.connection, here.viewer, person.id)

    return _on_person(visit, act)


def view_as(visit: Visit) -> Response:
    """See the pages as somebody else, in a frame of wood; nothing can be changed meanwhile."""
    with visit.writing() as here:
        people.require_admin(here.viewer)
        person = people.get_person(here.connection, visit.text("username"))
    response = go("/")
    asking.set_view_as(response, visit.request, person.username)
    return response


def end_view_as(visit: Visit) -> Response:
    """Be oneself again."""
    with visit.reading() as here:
        username = here.viewer.username
    response = go(f"/admin/people/{quote(username, safe='')}")
    asking.set_view_as(response, visit.request, None)
    return response
