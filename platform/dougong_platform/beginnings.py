"""New apps in a site: linked, planned, installed as version 1, and the role of whoever begins one given to them.

All of it in the caller's transaction: an app that is new holds up nobody's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from dougong_designer import starts
from dougong_designer.abilities import require_build
from dougong_designer.patch import Documents
from dougong_platform import apps, people, viewers
from dougong_platform.site import DIRECTORY, Site
from dougong_runtime import publish
from dougong_runtime.documents import versions
from dougong_runtime.documents.problems import BAD_NAME
from dougong_runtime.documents.source import Source, of_stored, read_zip
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language
from dougong_runtime.names import is_name

LABEL_LENGTH_MAX = 80

APP_EXISTS = problem_type(
    "app-exists",
    409,
    "已有名为「{name}」的应用。",
    "There is an app “{name}” already.",
    remedy=("换一个名称，或在工作室里打开它。", "Choose another name, or open it in the studio."),
)
NO_LABEL = problem_type("no-label", 422, "应用要有一个标题。", "An app needs a label.")


def blank(
    site: Site, connection: sa.Connection, viewer: Viewer, name: str, label: str, language: Language
) -> publish.Plan:
    """An app with one entity. Raises Refused: who is no administrator, APP_EXISTS, BAD_NAME, NO_LABEL."""
    check(site, connection, viewer, name, label)
    return install(site, connection, viewer, starts.blank(name, label.strip(), language))


def empty(
    site: Site, connection: sa.Connection, viewer: Viewer, name: str, label: str, language: Language
) -> publish.Plan:
    """An app without any entity, to which a spreadsheet gives its first. Raises likewise."""
    check(site, connection, viewer, name, label)
    return install(site, connection, viewer, starts.empty(name, label.strip(), language))


def copy(
    site: Site,
    connection: sa.Connection,
    viewer: Viewer,
    of: str,
    name: str,
    label: str,
    language: Language,
) -> publish.Plan:
    """A copy of an installed app under another name, without its records. Raises likewise."""
    check(site, connection, viewer, name, label)
    running = site.running(connection, of).app
    require_build(viewer, running)
    current = versions.current(connection, of)
    assert current is not None
    return install(site, connection, viewer, starts.copied(current.source, name, label, language))


def package(site: Site, connection: sa.Connection, content: bytes | str) -> publish.Plan:
    """What installing a zip's documents, or a bundled template by its name, would do. Raises Refused: what cannot be
    read or does not link, APP_EXISTS."""
    source: Source = read_zip(content) if isinstance(content, bytes) else apps.read_template(content)
    app = apps.link_beside(site, connection, source)
    if versions.running_number(connection, app.name) is not None:
        raise refuse(APP_EXISTS, "file", name=app.name)
    return publish.plan_publish(connection, app)


def carry_out(site: Site, connection: sa.Connection, viewer: Viewer, plan: publish.Plan) -> int:
    """Install a planned app; gives the version's number."""
    number = apps.apply(site, connection, plan, viewer)
    viewers.forget_standing(connection)
    if starts.ROLE in plan.after.roles and plan.after.roles[starts.ROLE].build and viewer.user is not None:
        people.grant(site, connection, viewer, viewer.user, [f"{plan.after.name}.{starts.ROLE}"])
    return number


def install(site: Site, connection: sa.Connection, viewer: Viewer, documents: Documents) -> publish.Plan:
    """Link, plan and carry out new documents; whoever begins the app holds its role `manager`, where it has one."""
    linked = apps.link_beside(site, connection, of_stored(documents))
    plan = publish.plan_publish(connection, linked)
    carry_out(site, connection, viewer, plan)
    return plan


def check(site: Site, connection: sa.Connection, viewer: Viewer, name: str, label: str) -> None:
    """Raise Refused where an app of that name cannot begin."""
    people.require_admin(viewer)
    if not is_name(name) or name == DIRECTORY:
        raise refuse(BAD_NAME, "name", name=name)
    if not label.strip() or len(label) > LABEL_LENGTH_MAX:
        raise refuse(NO_LABEL, "label")
    if versions.running_number(connection, name) is not None:
        raise refuse(APP_EXISTS, "name", name=name)


def facts(plan: publish.Plan) -> Mapping[str, Any]:
    """What an answer says of a plan's app."""
    app = plan.after
    return {
        "name": app.name,
        "version": app.version,
        "entities": len(app.own_entities),
        "roles": len(app.roles),
        "documents": sum(len(found) for found in app.documents.values()),
    }
