"""`dougong explain`: why a person sees a record, or does not."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer

from dougong_platform import people, viewers
from dougong_platform.cli.terminal import LANGUAGE, AsJson, answer, open_site, say
from dougong_platform.people import NO_PERSON
from dougong_platform.viewers import Door
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
        reasons = site.records(connection, viewer.speaking(LANGUAGE), app).explain(entity, record, field)
    lines = [str(r) for r in reasons] or [say("没有角色给予任何权限。", "No role grants anything.")]
    answer([_data(r) for r in reasons], as_json, "\n".join(lines))


def _data(reason: Any) -> Any:
    return asdict(reason) if is_dataclass(reason) and not isinstance(reason, type) else str(reason)


explain.__doc__ = say(
    "说明一个人为何能看或不能看一条记录", "Why a person sees a record or a field, or does not"
)
