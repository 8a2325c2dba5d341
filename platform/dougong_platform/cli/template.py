"""`dougong template`: templates into the site and out of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from dougong_platform import apps
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
    tell,
)
from dougong_platform.site import Site
from dougong_runtime import publish, stories
from dougong_runtime.documents import export as documents_export
from dougong_runtime.documents import versions
from dougong_runtime.documents.difference import as_data, describe, difference
from dougong_runtime.documents.identity import adopt
from dougong_runtime.model.link import link

commands = group("模板：检查、预演、安装、导出、测试", "Templates: check, plan, install, export, test")

TemplatePath = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help=say(
            "模板的文件夹或压缩包，或随附模板的名称",
            "Folder or zip of a template, or the name of a bundled one",
        ),
    ),
]


@commands.command(
    help=say("检查文档，一次说出全部问题", "Check the documents, and tell every problem at once")
)
def check(path: TemplatePath, as_json: AsJson = False) -> None:
    """Needs no database."""
    app = link(apps.read_template(path))
    counts = {
        "entities": len(app.own_entities),
        "roles": len(app.roles),
        **{kind: len(documents) for kind, documents in sorted(app.documents.items())},
    }
    listed = ", ".join(f"{kind} {n}" for kind, n in counts.items())
    text = say(
        f"{app.name} {app.version}：没有问题（{listed}）", f"{app.name} {app.version}: no problems ({listed})"
    )
    answer({"name": app.name, "version": app.version, "documents": counts}, as_json, text)


@commands.command(help=say("预演：安装或升级会改变什么", "What an installation or upgrade would change"))
def plan(path: TemplatePath, as_json: AsJson = False) -> None:
    """Changes nothing."""
    source = apps.read_template(path)
    with open_site() as site, site.database.rehearse() as connection:
        made = publish.plan_publish(connection, apps.link_beside(site, connection, source))
        answer(made.to_json(LANGUAGE), as_json, made.describe(LANGUAGE))
    if made.refused:
        sys.exit(REFUSED)


@commands.command(
    help=say("与已安装的版本逐份文档比较", "Compare with what is installed, document by document")
)
def diff(path: TemplatePath, as_json: AsJson = False) -> None:
    """Changes nothing."""
    source = apps.read_template(path)
    with open_site() as site, site.database.read() as connection:
        app = apps.link_beside(site, connection, source)
        installed = versions.current(connection, app.name)
    before = installed.source if installed is not None else {}
    changes = difference(before, adopt(app.name, before, app.source))
    answer(
        as_data(changes, LANGUAGE), as_json, describe(changes, LANGUAGE) or say("没有差别", "No difference")
    )


@commands.command(help=say("安装，或升级已安装的应用", "Install, or upgrade what is there"))
def install(
    path: TemplatePath,
    yes: Yes = False,
    note: Annotated[str | None, typer.Option(help=say("版本说明", "A note on the version"))] = None,
    as_json: AsJson = False,
) -> None:
    """Plan, ask, publish: wholly or not at all."""
    source = apps.read_template(path)
    with open_site() as site:
        if not yes:
            with site.database.rehearse() as connection:
                planned = publish.plan_publish(connection, apps.link_beside(site, connection, source))
            tell(planned.describe(LANGUAGE))
            if not confirmed(say("执行？", "Go on?"), yes):
                sys.exit(REFUSED)
        with progress(say("安装", "Installing")):
            made, number = apps.publish_version(
                site,
                lambda connection: publish.plan_publish(
                    connection, apps.link_beside(site, connection, source)
                ),
                actor("template install"),
                note,
            )
        app = made.after
    if yes and not as_json:
        tell(made.describe(LANGUAGE))
    text = say(
        f"已安装 {app.name} {app.version}（第 {number} 版）",
        f"Installed {app.name} {app.version} (version {number})",
    )
    answer({"name": app.name, "version": app.version, "number": number}, as_json, text)


@commands.command(help=say("导出为文件夹或压缩包", "Write it as a folder or zip"))
def export(
    name: Annotated[str, typer.Argument(metavar="APP", help=say("应用名", "Name of the app"))],
    path: Annotated[Path, typer.Argument(metavar="PATH", help=say("文件夹或 .zip", "A folder, or .zip"))],
    as_json: AsJson = False,
) -> None:
    """What it writes installs elsewhere, and exports again to the same bytes."""
    with open_site() as site, site.database.read() as connection:
        app = site.running(connection, name).app
        documents_export.write(app.source, path)
    answer({"name": name, "path": str(path)}, as_json, say(f"已导出到 {path}", f"Wrote {path}"))


@commands.command(
    "test", help=say("在临时数据库上运行模板的故事", "Run the template's stories on a scratch database")
)
def run_stories(
    path: TemplatePath,
    only: Annotated[
        str | None, typer.Option(help=say("只运行标题含此文字的", "Only those whose title has this text"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The acceptance tests that came with a template, by a virtual clock."""
    results = stories.run_template(apps.read_template(path), only=only)
    failed = [r for r in results if not r.ok]
    lines = [
        f"{'✓' if r.ok else '✗'} {r.title}" + (f"\n    {r.why(LANGUAGE)}" if not r.ok else "")
        for r in results
    ]
    lines.append(
        say(f"{len(results)} 个故事，{len(failed)} 个未通过", f"{len(results)} stories, {len(failed)} failed")
    )
    data = [{"story": r.title, "ok": r.ok, "why": None if r.ok else r.why(LANGUAGE)} for r in results]
    answer(data, as_json, "\n".join(lines))
    if failed:
        sys.exit(REFUSED)


def versions_of(site: Site, connection: sa.Connection, name: str) -> list[versions.Version]:
    """The versions of an app, the newest first. Raises `Refused` for an unknown app."""
    site.running(connection, name)
    return sorted(versions.versions(connection, name), key=lambda v: v.number, reverse=True)
