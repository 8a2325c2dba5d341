"""`dougong init`: a new site, ready for its first administrator."""

from __future__ import annotations

from typing import Annotated

import typer

from dougong_platform import people
from dougong_platform.cli.terminal import AsJson, actor, answer, open_site, password_from, say
from dougong_platform.cli.user import PasswordStdin


def init(
    admin: Annotated[
        str,
        typer.Option(metavar="NAME", help=say("首位管理员的用户名", "User name of the first administrator")),
    ] = "admin",
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    with open_site() as site:
        settings = site.settings
        with site.database.write() as connection:
            existing = people.admins(site, connection)
            password = None if existing else password_from(password_stdin, admin)
            if password is not None:
                people.add_user(
                    site, connection, actor("init"), admin, password=password, roles=[people.ADMIN]
                )
        facts = {
            "data_dir": str(settings.data_dir),
            "database": site.database.engine.url.render_as_string(hide_password=True),
            "admin": admin if password is not None else None,
            "admins": len(existing) + (password is not None),
        }
        lines = [
            say(f"数据库：{facts['database']}", f"Database: {facts['database']}"),
            say(f"数据目录：{facts['data_dir']}", f"Data folder: {facts['data_dir']}"),
        ]
        if password is not None:
            lines.append(say(f"已新增管理员 {admin}", f"Added the administrator {admin}"))
        elif existing:
            lines.append(say("已有管理员，没有新增。", "There is an administrator already; none was added."))
        else:
            lines.append(
                say(
                    f"还没有管理员。新增：dougong user add {admin} --role admin --password-stdin",
                    f"There is no administrator yet. Add one: dougong user add {admin} --role admin --password-stdin",
                )
            )
        answer(facts, as_json, "\n".join(lines))


init.__doc__ = say("建立数据库和首位管理员", "Make the database and the first administrator")
