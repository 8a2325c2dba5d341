"""Accounts over the directory's records: people, teams, passwords set for them, and the roles they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from dougong_platform import accounts, passwords, viewers
from dougong_platform.accounts import ADMIN as ADMIN
from dougong_platform.accounts import LAST_ADMIN as LAST_ADMIN
from dougong_platform.site import DIRECTORY, Site
from dougong_platform.tables import ASSIGNMENT, CREDENTIAL
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, Refused, problem_type, refuse
from dougong_runtime.host import Viewer, today
from dougong_runtime.model.app import App
from dougong_runtime.names import nearest

USERNAME_LENGTH_MAX = 64

NO_PERSON = problem_type(
    "no-person",
    404,
    "没有用户「{name}」。",
    "There is no user “{name}”.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
NO_TEAM = problem_type(
    "no-team",
    404,
    "没有团队「{name}」。",
    "There is no team “{name}”.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
PERSON_EXISTS = problem_type(
    "person-exists",
    409,
    "已有用户「{name}」。",
    "There is a user “{name}” already.",
    remedy=("换一个用户名。", "Use another name."),
)
TEAM_EXISTS = problem_type(
    "team-exists",
    409,
    "已有团队「{name}」。",
    "There is a team “{name}” already.",
    remedy=("换一个名称。", "Use another name."),
)
TEAM_BELOW_ITSELF = problem_type(
    "team-below-itself",
    409,
    "「{name}」不能放到自己下面的「{parent}」里。",
    "“{name}” cannot stand below “{parent}”, which is below it.",
    remedy=("先把「{parent}」移出来。", "Move “{parent}” out first."),
)
TEAM_IN_USE = problem_type(
    "team-in-use",
    409,
    "「{name}」里还有 {members} 人、{teams} 个下级团队。",
    "“{name}” still has {members} people and {teams} teams below it.",
    remedy=("先把他们移到别的团队。", "Move them to other teams first."),
)
BAD_USERNAME = problem_type(
    "bad-username",
    422,
    "「{name}」不能作用户名：应为 1 到 64 个字符，不含空白和逗号。",
    "“{name}” cannot be a user name: it needs 1 to 64 characters without spaces or commas.",
)
UNKNOWN_ROLE = problem_type(
    "unknown-role",
    422,
    "没有角色「{name}」。角色写作 应用.角色，例如 clinic.nurse。",
    "There is no role “{name}”. A role is written app.role, such as clinic.nurse.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
ROLES_EXCLUDE = problem_type(
    "roles-exclude",
    409,
    "「{name}」不能同时担任 {roles}：应用规定这些角色须由不同的人担任。",
    "“{name}” cannot hold {roles} together: the app wants them held by different people.",
    remedy=("先收回其中一个角色。", "Take one of the roles back first."),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the directory; `has_password` tells whether signing in is possible."""

    id: str
    username: str
    name: str
    team: str | None
    """Name of the team."""
    active: bool
    language: str | None
    time_zone: str | None
    has_password: bool


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the directory; `parent` and `leader` by name."""

    id: str
    name: str
    parent: str | None
    leader: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """A role that a person holds; `until` is its last day, in the site's zone."""

    role: str
    until: date | None
    granted_at: datetime
    granted_by: str


# --- people -------------------------------------------------------------------------------------------------
def people(connection: sa.Connection, username: str | None = None) -> list[Person]:
    """All people, by username; or those whose username is the one given, letters' case aside."""
    tables = viewers.directory(connection.dialect.name)
    user, team = tables.of("user"), tables.of("team")
    query = (
        sa.select(
            user.c.id,
            user.c.username,
            user.c.name,
            team.c.name,
            user.c.active,
            user.c.language,
            user.c.time_zone,
            CREDENTIAL.c.user.is_not(None),
        )
        .select_from(
            user.outerjoin(team, team.c.id == user.c.team).outerjoin(
                CREDENTIAL, CREDENTIAL.c.user == user.c.id
            )
        )
        .where(user.c.deleted_at.is_(None))
        .order_by(user.c.username)
    )
    if username is not None:
        query = query.where(sa.func.lower(user.c.username) == sa.func.lower(username))
    return [Person(*tuple(row)) for row in connection.execute(query)]


def find_person(connection: sa.Connection, username: str) -> Person | None:
    """The person of that username, whatever the letters' case, or None."""
    name = normal(username)
    if not name.isprintable():
        return None
    found = people(connection, name)
    return next((p for p in found if p.username == name), found[0] if found else None)


def get_person(connection: sa.Connection, username: str) -> Person:
    """The same; raises `Refused` (NO_PERSON) with the nearest name."""
    person = find_person(connection, username)
    if person is None:
        raise refuse(
            NO_PERSON, name=username, nearest=nearest(username, [p.username for p in people(connection)])
        )
    return person


def normal(username: str) -> str:
    """A username as it is compared: NFKC, without blanks around."""
    return unicodedata.normalize("NFKC", username).strip()


def add_user(
    site: Site,
    connection: sa.Connection,
    actor: Viewer,
    username: str,
    *,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    team: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    password: str | None = None,
    roles: Iterable[str] = (),
    check_password: bool = True,
) -> str:
    """Add a person, with a password and roles where given; `team` by name. Gives the record id.

    Raises `Refused` where the name is taken or unusable, the team or a role unknown, the password weak.
    `check_password=False` is for the demonstration alone, whose password is public.
    """
    require_admin(actor)
    username = normal(username)
    if not 1 <= len(username) <= USERNAME_LENGTH_MAX or any(
        c.isspace() or c == "," or not c.isprintable() for c in username
    ):
        raise refuse(BAD_USERNAME, "username", name=username[:80])
    if find_person(connection, username) is not None:
        raise refuse(PERSON_EXISTS, "username", name=username)
    values: dict[str, Any] = {"username": username, "name": name or username, "active": True}
    given = {"email": email, "phone": phone, "language": language, "time_zone": time_zone}
    values.update({k: v for k, v in given.items() if v is not None})
    if team is not None:
        values["team"] = get_team(connection, team).id
    user_id: str = site.records(connection, actor, DIRECTORY).create("user", values)["id"]
    if password is not None:
        if check_password:
            passwords.check(password, username, site.settings.password_length_min)
        keep_password(site, connection, actor, user_id, password)
    grant(site, connection, actor, user_id, roles)
    return user_id


def change_person(
    site: Site, connection: sa.Connection, actor: Viewer, user_id: str, *, name: str, email: str, team: str
) -> None:
    """Change what a person is called, their mail address and their team (by name); empty: none. Raises `Refused`."""
    require_admin(actor)
    values = {
        "name": name.strip(),
        "email": email.strip() or None,
        "team": get_team(connection, team).id if team else None,
    }
    site.records(connection, actor, DIRECTORY).update("user", user_id, values)


def set_active(site: Site, connection: sa.Connection, actor: Viewer, user_id: str, active: bool) -> None:
    """Let a person in or keep them out. Kept out, all sessions end and tokens no longer open anything."""
    require_admin(actor)
    site.records(connection, actor, DIRECTORY).update("user", user_id, {"active": active})


def set_password(
    site: Site, connection: sa.Connection, actor: Viewer, user_id: str, password: str, keep: str | None = None
) -> None:
    """Set a password; the person is signed out everywhere but in the session whose token hash is `keep`, and their tokens
    end: whoever knew the old password could have had one issued.

    People may set their own, administrators anyone's. Raises `Refused` (WEAK_PASSWORD).
    """
    if actor.user != user_id:
        require_admin(actor)
    user = viewers.directory(connection.dialect.name).of("user")
    username = connection.scalar(sa.select(user.c.username).where(user.c.id == user_id))
    passwords.check(password, username or "", site.settings.password_length_min)
    keep_password(site, connection, actor, user_id, password)
    accounts.end_sessions(connection, user_id, keep)
    for token_id in accounts.end_tokens(connection, user_id, site.clock.now()):
        record(site, connection, actor, log.TOKEN_REVOKED, user_id, {"token": token_id})


def keep_password(site: Site, connection: sa.Connection, actor: Viewer, user_id: str, password: str) -> None:
    """Keep a password without asking whether it is a good one, and without ending sessions."""
    now = site.clock.now()
    connection.execute(sa.delete(CREDENTIAL).where(CREDENTIAL.c.user == user_id))
    connection.execute(
        sa.insert(CREDENTIAL).values(user=user_id, password_hash=passwords.hashed(password), changed_at=now)
    )
    record(site, connection, actor, log.PASSWORD, user_id)


# --- teams --------------------------------------------------------------------------------------------------
def teams(connection: sa.Connection) -> list[Team]:
    """All teams, by name."""
    tables = viewers.directory(connection.dialect.name)
    team, user = tables.of("team"), tables.of("user")
    above = team.alias()
    rows = connection.execute(
        sa.select(team.c.id, team.c.name, above.c.name, user.c.username)
        .select_from(
            team.outerjoin(above, above.c.id == team.c.parent).outerjoin(user, user.c.id == team.c.leader)
        )
        .where(team.c.deleted_at.is_(None))
        .order_by(team.c.name)
    )
    return [Team(*row) for row in rows]


def get_team(connection: sa.Connection, name: str) -> Team:
    """The team of that name. Raises `Refused` (NO_TEAM) with the nearest."""
    known = teams(connection)
    for team in known:
        if team.name == name.strip():
            return team
    raise refuse(NO_TEAM, name=name, nearest=nearest(name, [t.name for t in known]))


def add_team(
    site: Site,
    connection: sa.Connection,
    actor: Viewer,
    name: str,
    *,
    parent: str | None = None,
    leader: str | None = None,
) -> str:
    """Add a team, `parent` by name and `leader` by username. Gives the record id."""
    require_admin(actor)
    if any(t.name == name.strip() for t in teams(connection)):
        raise refuse(TEAM_EXISTS, "name", name=name)
    values: dict[str, Any] = {"name": name.strip()}
    if parent is not None:
        values["parent"] = get_team(connection, parent).id
    if leader is not None:
        values["leader"] = get_person(connection, leader).id
    made: str = site.records(connection, actor, DIRECTORY).create("team", values)["id"]
    return made


def change_team(
    site: Site, connection: sa.Connection, actor: Viewer, name: str, changes: Mapping[str, str]
) -> None:
    """Change a team: `name`, `parent` by name, `leader` by username, as far as they are in `changes`; empty: none.

    Raises `Refused`: NO_TEAM, TEAM_EXISTS, TEAM_BELOW_ITSELF.
    """
    require_admin(actor)
    known = {t.name: t for t in teams(connection)}
    team = get_team(connection, name)
    values: dict[str, Any] = {}
    if "name" in changes:
        values["name"] = changes["name"].strip()
        if values["name"] != team.name and values["name"] in known:
            raise refuse(TEAM_EXISTS, "name", name=values["name"])
    if "parent" in changes:
        above = get_team(connection, changes["parent"]) if changes["parent"] else None
        at = above
        while at is not None:
            if at.id == team.id:
                raise refuse(TEAM_BELOW_ITSELF, "parent", name=team.name, parent=changes["parent"])
            at = known.get(at.parent) if at.parent else None
        values["parent"] = above.id if above is not None else None
    if "leader" in changes:
        values["leader"] = get_person(connection, changes["leader"]).id if changes["leader"] else None
    site.records(connection, actor, DIRECTORY).update("team", team.id, values)


def remove_team(site: Site, connection: sa.Connection, actor: Viewer, name: str) -> None:
    """Remove a team in which nobody is and below which there is none. Raises `Refused`: NO_TEAM, TEAM_IN_USE."""
    require_admin(actor)
    team = get_team(connection, name)
    members = sum(1 for p in people(connection) if p.team == team.name)
    below = sum(1 for t in teams(connection) if t.parent == team.name)
    if members or below:
        raise refuse(TEAM_IN_USE, name=team.name, members=members, teams=below)
    site.records(connection, actor, DIRECTORY).delete("team", team.id)


# --- roles --------------------------------------------------------------------------------------------------
def roles(connection: sa.Connection, user_id: str) -> list[Held]:
    """The roles a person holds, past ones included, by name."""
    columns = (ASSIGNMENT.c.role, ASSIGNMENT.c.until, ASSIGNMENT.c.granted_at, ASSIGNMENT.c.granted_by)
    rows = connection.execute(
        sa.select(*columns).where(ASSIGNMENT.c.user == user_id).order_by(ASSIGNMENT.c.role)
    )
    return [Held(*row) for row in rows]


def holders(connection: sa.Connection, on: date) -> dict[str, list[tuple[Person, date | None]]]:
    """Role → who holds it on a day (active people only), with the last day of each, by username."""
    known = {person.id: person for person in people(connection) if person.active}
    columns = (ASSIGNMENT.c.role, ASSIGNMENT.c.user, ASSIGNMENT.c.until)
    in_force = sa.or_(ASSIGNMENT.c.until.is_(None), ASSIGNMENT.c.until >= on)
    found: dict[str, list[tuple[Person, date | None]]] = {}
    for role, user, until in connection.execute(sa.select(*columns).where(in_force)):
        if user in known:
            found.setdefault(role, []).append((known[user], until))
    for held in found.values():
        held.sort(key=lambda pair: pair[0].username)
    return found


def roles_known(site: Site, connection: sa.Connection) -> tuple[str, ...]:
    """Every role that can be held: `admin`, and `app.role` of each installed app."""
    apps = (site.running(connection, name).app for name in site.apps(connection))
    return (ADMIN, *(f"{app.name}.{role}" for app in apps for role in app.roles))


def grant(
    site: Site,
    connection: sa.Connection,
    actor: Viewer,
    user_id: str,
    names: Iterable[str],
    until: date | None = None,
) -> None:
    """Give roles, to their last day `until`; a role held already gets the new end.

    Raises `Refused` with every unknown role, and where an app forbids the roles to one person.
    """
    require_admin(actor)
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return
    known = roles_known(site, connection)
    unknown = [
        refuse(UNKNOWN_ROLE, "role", name=n, nearest=nearest(n, known)) for n in wanted if n not in known
    ]
    if unknown:
        raise Refused(p for u in unknown for p in u.problems)
    _lock_person(connection, user_id)
    day = today(site.clock, site.settings.time_zone)
    held = {h.role: h.until for h in roles(connection, user_id)}
    in_force = {r for r, end in held.items() if end is None or end >= day}
    _refuse_forbidden(site, connection, user_id, in_force.union(wanted))
    for role in wanted:
        key = (ASSIGNMENT.c.user == user_id) & (ASSIGNMENT.c.role == role)
        connection.execute(sa.delete(ASSIGNMENT).where(key))
        connection.execute(
            sa.insert(ASSIGNMENT).values(
                user=user_id, role=role, until=until, granted_at=site.clock.now(), granted_by=actor.username
            )
        )
    facts = {"roles": wanted, "until": until.isoformat() if until else None}
    record(site, connection, actor, log.GRANT, user_id, facts)


def revoke(site: Site, connection: sa.Connection, actor: Viewer, user_id: str, names: Iterable[str]) -> None:
    """Take roles back; those not held are passed over. Raises `Refused` (LAST_ADMIN)."""
    require_admin(actor)
    wanted = sorted(set(names).intersection(h.role for h in roles(connection, user_id)))
    if not wanted:
        return
    if ADMIN in wanted:
        _keep_one_admin(site, connection, user_id)
    connection.execute(
        sa.delete(ASSIGNMENT).where(ASSIGNMENT.c.user == user_id, ASSIGNMENT.c.role.in_(wanted))
    )
    record(site, connection, actor, log.REVOKE, user_id, {"roles": wanted})


def follow_renamed_roles(connection: sa.Connection, before: App | None, after: App) -> None:
    """After a publication: who held a role that has a new name holds it under that name."""
    if before is None:
        return
    now_called = {role.id: role.name for role in after.roles.values()}
    renamed = {
        f"{before.name}.{role.name}": f"{after.name}.{now_called[role.id]}"
        for role in before.roles.values()
        if now_called.get(role.id, role.name) != role.name
    }
    if renamed:
        held = ASSIGNMENT.c.role
        connection.execute(
            sa.update(ASSIGNMENT)
            .where(held.in_(renamed))
            .values(role=sa.case(renamed, value=held, else_=held))
        )


def admins(site: Site, connection: sa.Connection) -> list[str]:
    """Record ids of the active administrators; empty on a new site."""
    return accounts.admins(connection, site.clock, site.settings)


def _refuse_forbidden(site: Site, connection: sa.Connection, user_id: str, held: Iterable[str]) -> None:
    by_app: dict[str, set[str]] = {}
    for full_name in held:
        app, dot, name = full_name.partition(".")
        if dot:
            by_app.setdefault(app, set()).add(name)
    installed = site.apps(connection)
    for app_name, names in by_app.items():
        if app_name not in installed:
            continue
        for role in site.running(connection, app_name).app.roles.values():
            for apart in role.forbid:
                if apart <= names:
                    user = viewers.directory(connection.dialect.name).of("user")
                    who = connection.scalar(sa.select(user.c.username).where(user.c.id == user_id))
                    raise refuse(
                        ROLES_EXCLUDE, "role", name=who, roles=sorted(f"{app_name}.{n}" for n in apart)
                    )


def _keep_one_admin(site: Site, connection: sa.Connection, user_id: str) -> None:
    remaining = admins(site, connection)
    if remaining == [user_id]:
        raise refuse(LAST_ADMIN, name=accounts.username_of(connection, user_id))


def _lock_person(connection: sa.Connection, user_id: str) -> None:
    """Two administrators who grant to one person at once take turns, so that `forbid` holds."""
    user = viewers.directory(connection.dialect.name).of("user")
    connection.execute(sa.select(user.c.id).where(user.c.id == user_id).with_for_update(key_share=True))


# --- who acts -----------------------------------------------------------------------------------------------
def require_admin(actor: Viewer) -> None:
    """People and roles are the platform administrator's, or the system's. Raises `Refused` (FORBIDDEN)."""
    if not (actor.is_system or actor.is_admin):
        raise refuse(FORBIDDEN, entity="dougong", action="admin")


def view_as(site: Site, connection: sa.Connection, admin: Viewer, username: str, door: Door) -> Viewer:
    """What the person sees, for an administrator; entered in the audit. Raises `Refused`.

    Whoever serves this viewer must refuse writes: `acting_for` is set.
    """
    require_admin(admin)
    person = get_person(connection, username)
    seen = viewers.viewer(connection, person.id, site.clock, site.settings, door, acting_for=admin.username)
    if seen is None:
        raise refuse(NO_PERSON, name=username)
    record(site, connection, admin, log.VIEW_AS, person.id)
    return seen


def record(
    site: Site,
    connection: sa.Connection,
    actor: Viewer,
    action: str,
    user_id: str | None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Enter into the audit what was done about a person's account."""
    event = log.Event(action, app=DIRECTORY, entity="user", record=user_id, reason=actor.reason, facts=facts)
    log.write(connection, actor, site.clock.now(), [event])
