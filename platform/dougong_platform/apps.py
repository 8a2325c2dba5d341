"""Apps of a site: reading a template, planning, installing, going back. What the command line and the studio share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa

from dougong_designer import abilities
from dougong_platform import people, renaming
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.documents.source import Source, read
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.link import link
from dougong_runtime.names import folder, nearest

NO_TEMPLATE = problem_type(
    "no-template",
    404,
    "{path} 不是模板：没有这样的文件夹或压缩包。",
    "{path} is no template: there is no such folder or archive.",
    remedy=("随程序附带的模板：{bundled}", "Templates that come with the program: {bundled}"),
)


def bundled() -> dict[str, Path]:
    """The templates that come with the program, by name."""
    home = Path(str(folder_of_templates()))
    if not home.is_dir():
        return {}
    return {p.name: p for p in sorted(home.iterdir()) if (p / "app.yaml").exists()}


def folder_of_templates() -> Path:
    """Where they lie: in the wheel, or at the root of a checkout."""
    inside = Path(__file__).resolve().parent / "_templates"
    return inside if inside.is_dir() else Path(str(folder("_templates", "templates")))


def read_template(path: str | Path) -> Source:
    """The documents of a folder, of a zip, or of a bundled template by its name. Raises `Refused`."""
    given = Path(path)
    if given.exists():
        return read(given)
    known = bundled()
    if str(path) in known:
        return read(known[str(path)])
    raise refuse(NO_TEMPLATE, path=path, bundled=sorted(known), nearest=nearest(str(path), known))


def link_beside(site: Site, connection: sa.Connection, source: Source) -> App:
    """The app that the documents describe, beside the apps that are installed. Raises `Refused` with every problem."""
    others = {name: site.running(connection, name).app for name in site.apps(connection)}
    return link(source, others)


Afterwards: TypeAlias = Callable[[sa.Connection, publish.Plan, int], None]
"""What else belongs to a publication, in its transaction: the plan, and the number of the version that runs then."""


def _nothing(_connection: sa.Connection, _plan: publish.Plan, _number: int) -> None:
    pass


def publish_version(
    site: Site,
    make_plan: Callable[[sa.Connection], publish.Plan],
    actor: Viewer,
    note: str | None = None,
    *,
    afterwards: Afterwards = _nothing,
    progress: publish.Progress = publish.unheard,
) -> tuple[publish.Plan, int]:
    """Plan and publish while people work; gives the plan that was carried out and the version's number.

    Raises `Refused` as planning does, for who may not publish the app, and where records or other work stand in the way.
    """

    def plan_for(connection: sa.Connection) -> publish.Plan:
        plan = make_plan(connection)
        require_publisher(actor, plan)
        return plan

    def carry_out(connection: sa.Connection, plan: publish.Plan, prepared: publish.Prepared) -> int:
        number = apply(site, connection, plan, actor, note, prepared)
        afterwards(connection, plan, number)
        return number

    zone = site.settings.site_time_zone
    return publish.publish(site.database.engine, plan_for, carry_out, time_zone=zone, progress=progress)


def require_publisher(actor: Viewer, plan: publish.Plan) -> None:
    """Whoever may publish the version that runs may publish the next; a new app is the administrator's to install.

    Raises `Refused`.
    """
    if plan.before is None:
        people.require_admin(actor)
    else:
        abilities.require_publish(actor, plan.before)


def apply(
    site: Site,
    connection: sa.Connection,
    plan: publish.Plan,
    actor: Viewer,
    note: str | None = None,
    prepared: publish.Prepared = publish.NOTHING,
) -> int:
    """Carry out a plan, in the caller's transaction; people keep roles that were renamed. Gives the version's number."""
    require_publisher(actor, plan)
    name = plan.after.name
    before = plan.before
    sa.event.listen(connection, "rollback", lambda _connection: site.forget(name))
    zone = site.settings.site_time_zone
    number = publish.apply(connection, plan, actor, note, site.clock, time_zone=zone, prepared=prepared)
    people.follow_renamed_roles(connection, before, plan.after)
    renaming.follow(connection, before, plan.after)
    return number
