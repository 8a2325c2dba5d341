"""`dougong demo`: the bundled app with made-up people and data, on this machine only."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from dougong_platform import apps, demonstration, people
from dougong_platform.cli import serve
from dougong_platform.cli.terminal import actor, progress, say, table, tell
from dougong_platform.site import Site


def demo(
    data_dir: Annotated[
        str | None,
        typer.Option(metavar="DIR", help=say("数据目录，默认 var/demo", "Data folder, var/demo by default")),
    ] = None,
    port: serve.Port = None,
    scale: Annotated[
        float,
        typer.Option(
            min=0.001,
            help=say(
                "数据量：倍数；100 起为主要记录的数目",
                "How much data: a factor, or from 100 on the number of main records",
            ),
        ),
    ] = 1.0,
    no_open: Annotated[bool, typer.Option("--no-open", help=say("不打开浏览器", "Open no browser"))] = False,
) -> None:
    settings = demonstration.settings_for(data_dir, port)
    serve.require_free(settings)
    password = demonstration.password_for(settings)
    site = Site(settings)
    try:
        site.database.install()
        there = demonstration.is_whole(site)
        if there:
            demonstration.set_passwords(site, actor("demo"), password)
        else:
            source = apps.read_template(demonstration.TEMPLATE)
            with progress(say("准备演示数据", "Making the demonstration")) as done:
                demonstration.prepare(
                    site,
                    actor("demo"),
                    source,
                    password,
                    scale,
                    lambda entity, count: done(f"{entity} {count:,}"),
                )
        shown = _people(site)
    finally:
        site.database.close()
    if there and scale != 1.0:
        tell(say("已有演示数据，--scale 没有作用。", "The data is there already; --scale has no effect."))
    table((say("用户名", "User name"), say("姓名", "Name"), say("角色", "Roles")), shown, "")
    print(say(f"密码：{password}", f"Password: {password}"), flush=True)
    serve.run(settings, afresh=not there, open_browser=not no_open and _has_screen())


def _people(site: Site) -> list[tuple[str, str, str]]:
    with site.database.read() as connection:
        return [
            (p.username, p.name, ", ".join(h.role for h in people.roles(connection, p.id)))
            for p in people.people(connection)
        ]


demo.__doc__ = say(
    "启动演示：示例应用、人员和数据", "Start the demonstration: the sample app with people and data"
)


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
