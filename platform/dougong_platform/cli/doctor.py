"""`dougong doctor`: what is wrong, and what to do."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dougong_platform.cli.terminal import REFUSED, AsJson, answer, open_site, progress, say, words
from dougong_platform.doctor import State, check_formulas, examine

_SIGNS: dict[State, str] = {"good": "✓", "warning": "!", "bad": "✗"}


def doctor(
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help=say("重算全部公式并比较", "Compute every stored formula anew and compare")
        ),
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help=say("同上，并更正不符的", "The same, and correct what differs"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    with open_site() as site:
        findings = examine(site)
        if deep or repair:
            with progress(say("重算公式", "Computing formulas")):
                findings += check_formulas(site, repair)
    data = [{"name": f.name, "state": f.state, "text": words(f.says)} for f in findings]
    lines = [f"{_SIGNS[f.state]} {f.name}: {words(f.says)}" for f in findings]
    answer(data, as_json, "\n".join(lines))
    if any(f.state == "bad" for f in findings):
        sys.exit(REFUSED)


doctor.__doc__ = say("检查数据库、磁盘、时钟、密钥和审计", "Look at database, disk, clock, keys and audit")
