"""`dougong data`: records in and out, as CSV or XLSX."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from dougong_platform import people, viewers
from dougong_platform.cli.terminal import (
    LANGUAGE,
    REFUSED,
    UNREADABLE,
    AsJson,
    actor,
    answer,
    group,
    misused,
    open_site,
    progress,
    say,
    tell,
    words,
)
from dougong_platform.collecting import collect_seldom
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.errors import refuse
from dougong_runtime.host import Viewer
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.export import export as write_out
from dougong_runtime.transfer.load import LoadAnswer, load
from dougong_runtime.transfer.row_reader import BadCell

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
        return replace(actor(command), time_zone=site.settings.time_zone)
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
    reason: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE=TEXT", help=say("对警告的说明，可重复", "Answer to a warning, repeatable")
        ),
    ] = None,
    as_user: As = None,
    as_json: AsJson = False,
) -> None:
    """All or nothing, unless --keep-good; every bad row is named."""
    if not file.is_file():
        raise refuse(UNREADABLE, path=file, why=say("没有这个文件", "there is no such file"))
    with open_site() as site, progress(say("导入", "Importing")) as done, site.database.write() as connection:
        viewer = _viewer(site, connection, as_user, "data import")
        records = site.records(connection, viewer, app)
        collect_seldom()
        taken = load(
            records,
            entity,
            file,
            key=key,
            dry_run=dry_run,
            keep_good=keep_good,
            reasons=_reasons(reason),
            name=file.name,
            progress=done,
        )
    facts = {
        "rows": taken.rows,
        "created": taken.created,
        "updated": taken.updated,
        "rejected": taken.rejected,
        "ignored": list(taken.ignored),
        "saved": taken.saved,
        "stopped": taken.stopped,
        "bad": [
            {"line": b.line, "column": b.column, "value": b.value, "text": words(b.reason)} for b in taken.bad
        ],
    }
    if not as_json:
        for header in taken.ignored:
            tell(say(f"没有导入「{header}」：由系统维护。", f"“{header}” was left out: the system keeps it."))
        for bad in taken.bad:
            tell(_bad_cell(bad))
    answer(facts, as_json, _summary(taken))
    if not taken.ok:
        sys.exit(REFUSED)


def _bad_cell(bad: BadCell) -> str:
    where = say(f"第 {bad.line} 行「{bad.column}」", f"line {bad.line}, “{bad.column}”")
    return f"{where}: {bad.value}\n  {words(bad.reason)}"


def _summary(taken: LoadAnswer) -> str:
    counts = say(
        f"{taken.rows} 行：新增 {taken.created}，更新 {taken.updated}，有问题 {taken.rejected}。",
        f"{taken.rows} rows: {taken.created} new, {taken.updated} updated, {taken.rejected} with problems.",
    )
    more = say("问题太多，未读完。", " Too much is wrong; the rest was not read.") if taken.stopped else ""
    nothing = say("没有写入。", " Nothing was written.") if not taken.saved else ""
    return counts + more + nothing


def _reasons(given: list[str] | None) -> dict[str, str]:
    """`rule=text` → by rule."""
    reasons = {}
    for pair in given or ():
        rule, equals, text = pair.partition("=")
        if not equals or not text:
            misused(f"--reason 应写作 规则=理由，不是 {pair}", f"--reason is written rule=text, not {pair}")
        reasons[rule] = text
    return reasons


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
            "--format",
            help=say(
                "csv、csv-gb18030 或 xlsx；默认按扩展名",
                "csv, csv-gb18030 or xlsx; by the file's name unless given",
            ),
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
        rows = _to_file(records, query, chosen, Path(file))
    answer(
        {"path": file, "rows": rows},
        as_json,
        say(f"已导出 {rows} 行到 {file}", f"Wrote {rows} rows to {file}"),
    )


def _to_file(records: Records, query: Query, form: str, path: Path) -> int:
    """Write beside the file and put it in place when it is whole; gives how many rows."""
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    except OSError as error:
        raise refuse(UNREADABLE, path=path, why=error.strerror or str(error)) from None
    try:
        with progress(say("导出", "Exporting")) as done, os.fdopen(handle, "wb") as out:
            rows = write_out(records, query, form, out, progress=done)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return rows
