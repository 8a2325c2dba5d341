"""`dougong upgrade`: bring the system's tables to this release's form."""

from __future__ import annotations

from typing import Annotated

import typer

from dougong_platform import installing
from dougong_platform.cli.terminal import AsJson, answer, open_site, say, tell, words
from dougong_platform.migrations import runner
from dougong_platform.migrations.runner import Migration


def upgrade(
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help=say("只列出，不执行", "List what would be done, and do nothing")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    with open_site(install=False) as site:
        with site.database.read() as connection:
            stands = runner.current(connection)
            lacking = runner.pending(connection)
        if dry_run:
            done: list[Migration] = []
        else:
            done = installing.bring_up(site.database, _told)
    facts = {
        "database": stands,
        "program": runner.head(),
        "pending": [{"revision": m.revision, "says": words(m.says)} for m in lacking],
        "done": [migration.revision for migration in done],
    }
    if not lacking:
        text = say(f"系统表已是最新（{stands}）。", f"The system tables are up to date ({stands}).")
    elif dry_run:
        head = say("将要执行：", "Would do:")
        text = "\n".join([head, *(f"  {m.revision}  {words(m.says)}" for m in lacking)])
    else:
        text = say(f"系统表已升级到 {runner.head()}。", f"The system tables stand at {runner.head()} now.")
    answer(facts, as_json, text)


def _told(migration: Migration) -> None:
    tell(f"✓ {migration.revision}  {words(migration.says)}")


upgrade.__doc__ = say("把系统表升级到本版本", "Bring the system's tables to this release's form")
