"""`dougong doctor`: what is wrong, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from dougong_platform.cli.terminal import (
    REFUSED,
    AsJson,
    actor,
    answer,
    misused,
    open_site,
    progress,
    say,
    words,
)
from dougong_platform.doctor import Finding, State, examine
from dougong_platform.recompute import Compared, Differing, recompute
from dougong_platform.site import Site

_SIGNS: dict[State, str] = {"good": "✓", "warning": "!", "bad": "✗"}


def doctor(
    app: Annotated[
        str | None, typer.Argument(metavar="[APP]", help=say("只重算这个应用", "Compute this app anew only"))
    ] = None,
    entity: Annotated[
        str | None,
        typer.Argument(metavar="[ENTITY]", help=say("只重算这个实体", "Compute this entity anew only")),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--recompute",
            help=say(
                "由数据重算每个保存的公式和汇总，列出不符之处",
                "Compute every stored formula and roll-up from its rows, and list what differs",
            ),
        ),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help=say("同上，并更正不符之处，记入审计", "The same, and mend what differs, audited")
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    if app is not None and not (compare or repair):
        misused("应用和实体只与 --recompute 一起使用。", "An app or entity goes with --recompute only.")
    with open_site(install=False) as site:
        findings = examine(site) if app is None else []
        compared = _recompute(site, app, entity, repair) if compare or repair else []
    data = [_data(finding) for finding in findings]
    lines = [line for finding in findings for line in _lines(finding)]
    for one in compared:
        shown = list(_shown(one, repair))
        data += shown
        lines += [_line(d["name"], d["state"], d["text"]) for d in shown]
    answer(data, as_json, "\n".join(lines))
    differs = any(not repair or not d.fits for one in compared for d in one.differing)
    if differs or any(f.state == "bad" for f in findings):
        sys.exit(REFUSED)


doctor.__doc__ = say("检查站点哪里不对、该怎么办", "Tell what is wrong with the site, and what to do")


def _data(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "state": finding.state,
        "text": words(finding.says),
        "remedy": words(finding.remedy) or None,
    }


def _lines(finding: Finding) -> Iterable[str]:
    yield _line(finding.name, finding.state, words(finding.says))
    if finding.remedy is not None:
        yield "  → " + words(finding.remedy)


def _recompute(site: Site, app: str | None, entity: str | None, repair: bool) -> list[Compared]:
    site.database.install()
    with progress(say("重算公式", "Computing formulas")) as shown:

        def told(what: str, done: int, total: int) -> None:
            shown(f"{what} {done:,} / {total:,}")

        who = actor("doctor --repair") if repair else None
        return list(recompute(site, app, entity, repair=who, told=told))


def _shown(one: Compared, repaired: bool) -> Iterable[dict[str, Any]]:
    for differing in one.differing:
        yield {
            "name": "formulas",
            "state": "warning" if repaired and differing.fits else "bad",
            "text": _differs(differing, repaired),
            "app": one.app,
            "entity": differing.entity,
            "field": differing.field,
            "count": differing.count,
            "records": differing.records,
        }
    if not one.differing:
        text = say(
            f"{one.app} 的 {one.fields} 个公式在 {one.rows:,} 条记录中都与数据相符",
            f"{one.app}: {one.fields} formulas agree with their rows in {one.rows:,} records",
        )
        yield {"name": "formulas", "state": "good", "text": text, "app": one.app}


def _differs(differing: Differing, repaired: bool) -> str:
    named = f"{differing.app}.{differing.entity}.{differing.field}"
    listed = ", ".join(differing.records) + (" …" if differing.count > len(differing.records) else "")
    if not differing.fits:
        return say(
            f"{named} 有 {differing.count:,} 条放不下算出的结果：{listed}；检查数额，或给字段更多位数",
            f"{named}: in {differing.count:,} records what comes out does not fit: {listed}; check the amounts, or "
            "give the fields more digits",
        )
    done = say("，已更正", ", mended") if repaired else ""
    return say(
        f"{named} 有 {differing.count:,} 条与数据不符{done}：{listed}",
        f"{named} differs from its rows in {differing.count:,} records{done}: {listed}",
    )


def _line(name: str, state: State, text: str) -> str:
    return f"{_SIGNS[state]} {name}: {text}"
