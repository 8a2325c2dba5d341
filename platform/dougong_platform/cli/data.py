"""`dougong data`: records in and out, as CSV or XLSX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from dougong_runtime.transfer.export import export as write_out

from dougong_platform import people, viewers
from dougong_platform.cli.terminal import (
    LANGUAGE,
    REFUSED,
    UNREADABLE,
    AsJson,
    actor,
    answer,
    as_data,
    as_text,
    group,
    open_site,
    progress,
    say,
    tell,
)
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.errors import refuse
from dougong_runtime.host import Viewer
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.load import load

commands = group("数据导入与导出", "Data in and out")

AppName = Annotated[str, typer.Argument(metavar="APP", help=say("应用名", "Name of the app"))]
EntityName = Annotated[str, typer.Argument(metavar="ENTITY", help=say("实体名", "Name of the entity"))]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="USER", help=say("以此人的权限", "With this person's access")),
]


def _viewer(site: Site, connection: sa.Connection, username: str | None, command: str) -> Viewer:
    """The person named, or the system."""
    if username is None:
        return actor(command)
    person = people.get_person(connection, username)
    viewer = viewers.viewer(connection, person.id, site.clock, site.settings, Door("cli"))
    if viewer is None:
        raise refuse(people.NO_PERSON, name=username)
    return viewer.speaking(LANGUAGE)


@commands.command(
    "import",
    help=say("导入 CSV 或 XLSX；表头为字段名或标签", "Import CSV or XLSX; headers are field names or labels"),
)
def import_(
    app: AppName,
    entity: EntityName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("文件", "The file"))],
    key: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD", help=say("按此字段更新已有记录", "Update the records that this field names")
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("只检查，不写入", "Check only, write nothing"))
    ] = False,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help=say("写入没有问题的行", "Write the rows that have no problem"))
    ] = False,
    as_user: As = None,
    as_json: AsJson = False,
) -> None:
    """All or nothing, unless --keep-good; every bad row is named."""
    if not file.is_file():
        raise refuse(UNREADABLE, path=file, why=say("没有这个文件", "there is no such file"))
    with open_site() as site, progress(say("导入", "Importing")), site.database.write() as connection:
        viewer = _viewer(site, connection, as_user, "data import")
        records = site.records(connection, viewer, app)
        done = load(records, entity, file, key=key, dry_run=dry_run, keep_good=keep_good)
        if dry_run:
            connection.rollback()
    for problem in done.problems:
        if not as_json:
            tell(as_text(problem))
    text = say(
        f"新增 {done.created} 行，更新 {done.updated} 行，有问题 {done.rejected} 行",
        f"{done.created} rows added, {done.updated} updated, {done.rejected} with problems",
    )
    facts = {
        "created": done.created,
        "updated": done.updated,
        "rejected": done.rejected,
        "dry_run": dry_run,
        "problems": [as_data(p) for p in done.problems],
    }
    answer(facts, as_json, text)
    if done.problems:
        sys.exit(REFUSED)


@commands.command(
    help=say("导出为 CSV 或 XLSX，- 为标准输出", "Export as CSV or XLSX; - is the standard output")
)
def export(
    app: AppName,
    entity: EntityName,
    file: Annotated[str, typer.Argument(metavar="FILE", help=say("文件", "The file"))],
    filter: Annotated[str | None, typer.Option(help=say("条件公式", "A condition"))] = None,
    fields: Annotated[str | None, typer.Option(help=say("字段，逗号分隔", "Fields, comma separated"))] = None,
    sort: Annotated[str | None, typer.Option(help=say("排序，逗号分隔", "Order, comma separated"))] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help=say("csv 或 xlsx；默认按扩展名", "csv or xlsx; by the file's name unless given")
        ),
    ] = None,
    as_user: As = None,
    as_json: AsJson = False,
) -> None:
    """Headers are field names, so that what is written can be imported again unchanged."""
    chosen = form or ("xlsx" if file.lower().endswith(".xlsx") else "csv")
    query = Query(
        entity,
        filter=filter,
        sort=tuple(sort.split(",")) if sort else (),
        fields=tuple(fields.split(",")) if fields else None,
    )
    with open_site() as site, site.database.write() as connection:
        viewer = _viewer(site, connection, as_user, "data export")
        records = site.records(connection, viewer, app)
        if file == "-":
            write_out(records, query, chosen, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        path = Path(file)
        with progress(say("导出", "Exporting")), path.open("wb") as out:
            rows = write_out(records, query, chosen, out)
    answer(
        {"path": file, "rows": rows},
        as_json,
        say(f"已导出 {rows} 行到 {file}", f"Wrote {rows} rows to {file}"),
    )
