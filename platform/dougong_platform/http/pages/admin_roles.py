"""What each role may do and who holds it, to be read: roles are built in the documents of their app."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.people import ADMIN, Person
from dougong_runtime.access.grants import ACTIONS
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.fields.base import Formula
from dougong_runtime.host import today
from dougong_runtime.model.app import App, Entity, Grant, Inherit, Role
from dougong_runtime.pages.desk import Mark
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.reading import Reader, number

NAMES_SHOWN = 3
"""Holders named in the list of roles."""

Holders = list[tuple[Person, date | None]]


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/roles`."""
    return [pages.get("/admin/roles", show), pages.get("/admin/roles/{role}", show_one)]


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role as listed."""

    href: str
    label: str
    name: str
    holders: str
    names: str
    entities: str


@dataclass(frozen=True, slots=True)
class AppRoles:
    """The roles of an app."""

    label: str
    roles: tuple[RoleLine, ...]


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One line of the matrix: an entity, on which records, what may be done, what of its fields is kept back."""

    entity: str
    rows: str
    formula: str
    acts: tuple[bool, ...]
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HolderLine:
    """Who holds a role."""

    username: str
    name: str
    mark: Mark
    note: str


def show(visit: Visit) -> Response:
    """All roles, app by app."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        held = _held(here)
        made = {
            "admins": _line(here, ADMIN, here.reader.t("role.admin"), held.get(ADMIN, []), None),
            "apps": [_of_app(here, a, held) for a in here.apps()],
        }
        shell = here.shell(here.reader.t("admin.roles"), in_admin=True, current="/admin/roles")
        return here.page("admin/roles.html", shell, admin=made)


def _held(here: Here) -> dict[str, Holders]:
    return people.holders(here.connection, today(here.site.clock, here.site.settings.site_time_zone))


def _of_app(here: Here, app: App, held: dict[str, Holders]) -> AppRoles:
    lines = tuple(
        _line(
            here, f"{app.name}.{r.name}", here.reader.label(r.label), held.get(f"{app.name}.{r.name}", []), r
        )
        for r in app.roles.values()
    )
    return AppRoles(here.reader.label(app.label), lines)


def _line(here: Here, name: str, label: str, holders: Holders, role: Role | None) -> RoleLine:
    reader = here.reader
    names = reader.joined([p.name or p.username for p, _ in holders[:NAMES_SHOWN]])
    if len(holders) > NAMES_SHOWN:
        names = reader.t("roles.and_more", names=names, n=number(len(holders) - NAMES_SHOWN))
    entities = "" if role is None else number(len({g.entity for g in role.grants}))
    return RoleLine(f"/admin/roles/{name}", label, name, number(len(holders)), names, entities)


def show_one(visit: Visit) -> Response:
    """One role: what it may do, and who holds it."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        reader, name = here.reader, visit.path("role")
        app, role = _find(here, name)
        label = reader.label(role.label) if role else reader.t("role.admin")
        made = {
            "name": name,
            "label": label,
            "app": reader.label(app.label) if app else "",
            "acts": [reader.t(f"roles.act.{a}") for a in ACTIONS],
            "grants": _grants(reader, app, role) if app and role else (),
            "notes": _notes(here, app, role) if app and role else [reader.t("roles.admin_note")],
            "holders": [_holder(reader, p, until) for p, until in _held(here).get(name, [])],
        }
        shell = here.shell(label, in_admin=True, current="/admin/roles")
        return here.page("admin/role.html", shell, admin=made)


def _find(here: Here, name: str) -> tuple[App | None, Role | None]:
    """The role of that name and its app; neither for the administrators'. Raises Refused (NOT_FOUND)."""
    if name == ADMIN:
        return None, None
    app_name, _, role_name = name.partition(".")
    app = next((a for a in here.apps() if a.name == app_name), None)
    if app is None or role_name not in app.roles:
        raise refuse(NOT_FOUND)
    return app, app.roles[role_name]


def _grants(reader: Reader, app: App, role: Role) -> tuple[GrantLine, ...]:
    order = {entity: place for place, entity in enumerate(app.entities)}
    lines = []
    for grant in sorted(role.grants, key=lambda g: order.get(g.entity, len(order))):
        entity = app.entities[grant.entity]
        rows, formula = _rows(reader, entity, grant)
        acts = tuple(a in grant.actions for a in ACTIONS)
        lines.append(
            GrantLine(reader.label(entity.label), rows, formula, acts, _kept_back(reader, entity, grant))
        )
    return tuple(lines)


def _rows(reader: Reader, entity: Entity, grant: Grant) -> tuple[str, str]:
    """On which records a grant holds, in words; of a condition its formula too."""
    match grant.rows:
        case Formula() as formula:
            return reader.t("rows.condition"), formula.text
        case Inherit() as inherit:
            field = reader.label(entity.fields[inherit.field].label)
            return reader.t("roles.inherit", field=field), ""
        case word:
            return reader.t(f"rows.{word}"), ""


def _kept_back(reader: Reader, entity: Entity, grant: Grant) -> tuple[tuple[str, str], ...]:
    """What of an entity's fields a grant hides, masks or does not let change, as label and fields."""

    def named(names: Collection[str]) -> str:
        return reader.joined([reader.label(f.label) for n, f in entity.fields.items() if n in names])

    revealed = {n for n, mask in grant.mask.items() if mask.reveal}
    lines = [
        ("roles.only", named(grant.fields) if grant.fields is not None else ""),
        ("roles.hide", named(grant.hide)),
        ("roles.mask", named(set(grant.mask) - revealed)),
        ("roles.mask_reveal", named(revealed)),
        ("roles.readonly", named(grant.readonly)),
        ("roles.writable", named(grant.writable) if grant.writable is not None else ""),
    ]
    made = [(reader.t(key), text) for key, text in lines if text]
    if grant.aggregate_only:
        made.append((reader.t("roles.sums"), reader.t("roles.at_least", n=grant.at_least)))
    return tuple(made)


def _notes(here: Here, app: App, role: Role) -> list[str]:
    t, reader = here.reader.t, here.reader
    notes = []
    if role.settings:
        notes.append(t("roles.settings"))
    if role.share_views:
        notes.append(t("roles.share_views"))
    if role.build:
        notes.append(t("roles.build"))
    if role.publish:
        notes.append(t("roles.publish"))
    for other in app.roles.values():
        for apart in other.forbid:
            if role.name in apart:
                rest = [reader.label(app.roles[n].label) for n in sorted(apart - {role.name})]
                notes.append(t("roles.apart", roles=reader.joined(rest)))
    return list(dict.fromkeys(notes))


def _holder(reader: Reader, person: Person, until: date | None) -> HolderLine:
    name = person.name or person.username
    note = reader.t("roles.until", day=reader.full_day(until)) if until else ""
    return HolderLine(person.username, name, Mark(initial(name), hue(person.id)), note)
