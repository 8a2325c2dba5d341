"""`dougong app`: the apps of the site and their versions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dougong_platform import apps
from dougong_platform.cli import template
from dougong_platform.cli.terminal import (
    LANGUAGE,
    REFUSED,
    AsJson,
    Yes,
    actor,
    answer,
    confirmed,
    group,
    open_site,
    progress,
    say,
    table,
    tell,
    words,
)
from dougong_runtime import publish as publishing
from dougong_runtime.documents import versions as kept

commands = group("应用及其版本", "Apps and their versions")

AppName = Annotated[str, typer.Argument(metavar="APP", help=say("应用名", "Name of the app"))]

commands.command(
    "publish",
    help=say(
        "把文档发布为新版本（同 template install）",
        "Publish documents as a new version (as template install does)",
    ),
)(template.install)


@commands.command("list", help=say("列出已安装的应用", "List the apps installed"))
def list_(as_json: AsJson = False) -> None:
    """All apps with the version that runs."""
    rows = []
    with open_site() as site, site.database.read() as connection:
        for name in site.apps(connection):
            running = site.running(connection, name)
            rows.append((name, words(running.app.label), running.app.version, running.number))
    if as_json:
        keys = ("name", "label", "version", "number")
        return answer([dict(zip(keys, row, strict=True)) for row in rows], True, "")
    head = (say("应用", "App"), say("名称", "Label"), say("版本", "Version"), say("第几版", "Number"))
    return table(
        head,
        rows,
        say(
            "还没有应用。安装：dougong template install PATH",
            "No apps yet. Install one: dougong template install PATH",
        ),
    )


@commands.command(help=say("列出一个应用的全部版本", "List every version of an app"))
def versions(name: AppName, as_json: AsJson = False) -> None:
    """The newest first."""
    with open_site() as site, site.database.read() as connection:
        found = template.versions_of(site, connection, name)
        current = kept.running_number(connection, name)
    data = [
        {
            "number": v.number,
            "version": v.version,
            "at": v.at,
            "by": v.by,
            "note": v.note,
            "runs": v.number == current,
        }
        for v in found
    ]
    if as_json:
        return answer(data, True, "")
    head = (
        say("第几版", "Number"),
        say("版本", "Version"),
        say("时间", "At"),
        say("发布人", "By"),
        say("说明", "Note"),
        "",
    )
    rows = [
        (d["number"], d["version"], d["at"], d["by"], d["note"], say("运行中", "runs") if d["runs"] else "")
        for d in data
    ]
    return table(head, rows, "")


@commands.command(
    help=say("回到较早的版本；之后的版本仍保留", "Go back to an earlier version; later ones are kept")
)
def rollback(
    name: AppName,
    number: Annotated[int, typer.Argument(metavar="VERSION", help=say("第几版", "Its number"))],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """The same plan, reversed."""
    with open_site() as site:
        with site.database.rehearse() as connection:
            site.running(connection, name)
            plan = publishing.plan_rollback(connection, name, number)
        if not as_json:
            tell(plan.describe(LANGUAGE))
        if not confirmed(say("执行？", "Go on?"), yes):
            sys.exit(REFUSED)
        with progress(say("回退", "Going back")):
            plan, made = apps.publish_version(
                site,
                lambda connection: publishing.plan_rollback(connection, name, number),
                actor("app rollback"),
                f"rollback to {number}",
            )
    text = say(
        f"{name} 已回到第 {number} 版（现为第 {made} 版）",
        f"{name} is back at version {number} (now version {made})",
    )
    answer({"name": name, "number": made, "from": number}, as_json, text)
