"""`dougong doctor`: what is wrong, and what to do."""

from __future__ import annotations

import sys

from dougong_platform.cli.terminal import REFUSED, AsJson, answer, open_site, say, words
from dougong_platform.doctor import State, examine

_SIGNS: dict[State, str] = {"good": "✓", "warning": "!", "bad": "✗"}


def doctor(as_json: AsJson = False) -> None:
    with open_site() as site:
        findings = examine(site)
    data = [{"name": f.name, "state": f.state, "text": words(f.says)} for f in findings]
    lines = [f"{_SIGNS[f.state]} {f.name}: {words(f.says)}" for f in findings]
    answer(data, as_json, "\n".join(lines))
    if any(f.state == "bad" for f in findings):
        sys.exit(REFUSED)


doctor.__doc__ = say("检查数据库、磁盘、时钟、密钥和审计", "Look at database, disk, clock, keys and audit")
