"""`dougong team`: the tree of teams."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from dougong_platform import people
from dougong_platform.cli.terminal import AsJson, actor, answer, group, open_site, say, table

commands = group("团队", "Teams")


@commands.command(help=say("新增团队", "Add a team"))
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help=say("名称", "Name"))],
    parent: Annotated[str | None, typer.Option(help=say("上级团队", "The team above"))] = None,
    leader: Annotated[str | None, typer.Option(help=say("负责人的用户名", "User name of the leader"))] = None,
    as_json: AsJson = False,
) -> None:
    """Add a team."""
    with open_site() as site, site.database.write() as connection:
        team_id = people.add_team(site, connection, actor("team add"), name, parent=parent, leader=leader)
    answer({"id": team_id, "name": name}, as_json, say(f"已新增团队 {name}", f"Added the team {name}"))


@commands.command("list", help=say("列出团队", "List teams"))
def list_(as_json: AsJson = False) -> None:
    """All teams."""
    with open_site() as site, site.database.read() as connection:
        known = people.teams(connection)
    if as_json:
        return answer([asdict(t) for t in known], True, "")
    head = (say("名称", "Name"), say("上级", "Above"), say("负责人", "Leader"))
    return table(head, [(t.name, t.parent, t.leader) for t in known], say("还没有团队。", "No teams yet."))
