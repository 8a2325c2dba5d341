"""`dougong explain`: why a person sees a record, or does not."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from dougong_platform import people, viewers
from dougong_platform.cli.terminal import LANGUAGE, AsJson, answer, open_site, say
from dougong_platform.people import NO_PERSON
from dougong_platform.viewers import Door
from dougong_runtime.access.explain import Reason
from dougong_runtime.errors import refuse


def explain(
    username: Annotated[str, typer.Argument(metavar="USER", help=say("用户名", "User name"))],
    app: Annotated[str, typer.Argument(metavar="APP", help=say("应用名", "Name of the app"))],
    entity: Annotated[str, typer.Argument(metavar="ENTITY", help=say("实体名", "Name of the entity"))],
    record: Annotated[str, typer.Argument(metavar="ID", help=say("记录 ID", "Id of the record"))],
    field: Annotated[
        str | None, typer.Argument(metavar="[FIELD]", help=say("字段名", "Name of a field"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    with open_site() as site, site.database.read() as connection:
        person = people.get_person(connection, username)
        viewer = viewers.viewer(connection, person.id, site.clock, site.settings, Door("cli"))
        if viewer is None:
            raise refuse(NO_PERSON, name=username)
        # Asked by who administers the machine, of somebody else: as when viewing as them.
        seen = replace(viewer.speaking(LANGUAGE), acting_for="command line")
        reasons = site.records(connection, seen, app).explain(entity, record, field)
    lines = [in_words(r) for r in reasons] or [
        say("没有角色给予这类记录任何权限。", "No role grants anything on such records.")
    ]
    answer([asdict(r) for r in reasons], as_json, "\n".join(lines))


def in_words(reason: Reason) -> str:
    """A grant, whether it holds for the record, and what it shows."""
    sign = "✓" if reason.decides else "·" if reason.holds else "✗"
    does = ", ".join(reason.actions)
    holds = say("符合", "true here") if reason.holds else say("不符合", "not true here")
    rows = say(f"行规则 {reason.rows}（{holds}）", f"rows {reason.rows} ({holds})")
    parts = [f"{sign} {reason.role}: {does}", rows]
    if reason.field is not None:
        shown = {
            "yes": say("可见", "shown"),
            "masked": say("遮蔽", "masked"),
            "no": say("不可见", "not shown"),
        }[reason.shown or "no"]
        writes = say("可改", "may be changed") if reason.writable else say("不可改", "may not be changed")
        parts.append(f"{reason.field}: {shown}, {writes}")
    return "; ".join(parts)


explain.__doc__ = say(
    "说明一个人为何能看或不能看一条记录", "Why a person sees a record or a field, or does not"
)
