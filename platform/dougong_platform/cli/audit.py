"""`dougong audit`: seal what was written, check that nothing was altered, and erase by law."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dougong_platform import audit_export, erasing, seals
from dougong_platform.anchors import AnchorFailed
from dougong_platform.cli.terminal import (
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
    words,
)
from dougong_platform.seals import AnchorState

commands = group("审计：封存、核验与抹除", "The audit: sealing, checking, erasing")


@commands.command(help=say("核验审计记录是否被改动", "Check that no row of the audit was altered"))
def verify(
    since: Annotated[
        int,
        typer.Option(
            min=1,
            help=say("从第几批封存开始；之前的不再核验", "First batch to check; those before are trusted"),
        ),
    ] = 1,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=say(
                "另一份库外留存的文件，可多次给出", "A further file of seals kept outside; may be repeated"
            ),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Names the first row changed, removed, inserted or reordered, and each anchor that does not fit; then the status is 1."""
    with open_site() as site, progress(say("核验", "Checking")) as done:
        verdict, anchors = seals.verify_all(site, done, since=since, files=tuple(anchor or ()))
    good = verdict.ok and all(state.problem is None for state in anchors)
    facts = {
        "ok": good,
        "problem": words(verdict.problem) or None,
        "rows": verdict.rows,
        "batches": verdict.batches,
        "unsealed": verdict.unsealed,
        "erased": verdict.erased,
        "row": verdict.seq,
        "batch": verdict.batch,
        "next": since + verdict.batches,
        "anchors": [seals.as_facts(state) for state in anchors],
    }
    whole = say(
        f"完好：{verdict.rows} 行，{verdict.batches} 批封存；{verdict.erased} 行有依法抹除的值，{verdict.unsealed} 行尚未封存。",
        f"Intact: {verdict.rows} rows in {verdict.batches} sealed batches; {verdict.erased} rows with values erased by "
        f"law, {verdict.unsealed} rows not sealed yet.",
    )
    lines = [whole if verdict.ok else say("发现改动：", "Altered: ") + words(verdict.problem)]
    answer(facts, as_json, "\n".join([*lines, *map(_anchor_line, anchors)]))
    if not good:
        sys.exit(REFUSED)


@commands.command(help=say("核对从页面导出的 NDJSON 文件", "Check an NDJSON file taken out by the page"))
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Holds each row of the file to the seals in it, and each seal to this site's secret; the status is 1 where one
    does not fit."""
    with open_site() as site, file.open("rb") as lines:
        found = audit_export.check(site, lines)
    facts = {**asdict(found), "problem": words(found.problem) or None}
    whole = say(
        f"完好：{found.events} 行，其中 {found.sealed} 行有封存证明",
        f"Intact: {found.events} rows, {found.sealed} of them proved by seals",
    )
    answer(facts, as_json, whole if found.ok else say("发现改动：", "Altered: ") + words(found.problem))
    if not found.ok:
        sys.exit(REFUSED)


@commands.command(help=say("立即封存", "Seal now"))
def seal(as_json: AsJson = False) -> None:
    """Seal what was written since the last seal; a serving process does so every minute."""
    with open_site() as site:
        done = seals.seal_now(site)
    rows = sum(s.rows for s in done.seals)
    facts = {"seals": [asdict(s) for s in done.seals], "rows": rows, "waiting": done.waiting}
    waiting = say("；有事务未结束，余下的稍后封存", "; a transaction is still running, the rest follows")
    text = say(f"已封存 {rows} 行", f"Sealed {rows} rows") + (waiting if done.waiting else "")
    answer(facts, as_json, text)


@commands.command(
    help=say("把封存送到库外留存，并列出各处", "Send seals to the anchors outside, and list them")
)
def anchors(
    accept: Annotated[
        str | None,
        typer.Option(
            help=say(
                "接受这处留存现有的内容为起点（丢失或有意更换之后）",
                "Go on with this anchor from what it holds now, after it was lost or replaced knowingly",
            )
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Gives each anchor what it lacks; the status is 1 where one fails."""
    with open_site() as site:
        if accept is not None:
            try:
                seals.accept(site, actor("audit anchors --accept"), accept)
            except AnchorFailed as failed:
                tell(words(failed.label))
                sys.exit(REFUSED)
        states = seals.send_to_anchors(site)
    answer([seals.as_facts(s) for s in states], as_json, "\n".join(map(_anchor_line, states)))
    if any(state.problem is not None for state in states):
        sys.exit(REFUSED)


def _anchor_line(state: AnchorState) -> str:
    place = (
        say("库外留存", "Anchor")
        if state.is_outside
        else say("数据目录中的留存", "Anchor in the data folder")
    )
    if state.problem is not None:
        return f"{place} {state.name}: {words(state.problem)}"
    return say(
        f"{place} {state.name}：{state.batches} 批封存", f"{place} {state.name}: {state.batches} seals"
    )


@commands.command(
    help=say(
        "依法从审计中抹除一条记录的值", "Erase the values of a record from the audit, where the law asks it"
    )
)
def erase(
    app: str,
    entity: str,
    record: str,
    reason: Annotated[str, typer.Option(help=say("依据，写入审计", "On what grounds; stands in the audit"))],
    field: Annotated[
        list[str] | None,
        typer.Option(help=say("只抹除这个字段，可多次给出", "Erase this field only; may be repeated")),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Who did what when stays, and every seal stays good; the values cannot be brought back."""
    with open_site() as site:
        question = say(
            f"从审计中永久抹除 {app}.{entity} {record} 的值？",
            f"Erase the values of {app}.{entity} {record} for good?",
        )
        if not confirmed(question, yes):
            sys.exit(REFUSED)
        done = erasing.erase(
            site, actor("audit erase"), app, entity, record, reason=reason, fields=tuple(field or ()) or None
        )
    text = say(
        f"已从 {done.rows} 行审计中抹除 {done.values} 个值。记录本身和备份不在其内。",
        f"Erased {done.values} values from {done.rows} rows of the audit. The record itself and backups are not touched.",
    )
    answer(asdict(done), as_json, text)
