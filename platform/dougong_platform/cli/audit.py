"""`dougong audit`: seal what was written, and check that nothing was altered."""

from __future__ import annotations

import sys
from dataclasses import asdict

from dougong_platform import seals
from dougong_platform.cli.terminal import REFUSED, AsJson, answer, group, open_site, progress, say, words

commands = group("审计：封存与核验", "The audit: sealing and checking")


@commands.command(help=say("核验审计记录是否被改动", "Check that no row of the audit was altered"))
def verify(as_json: AsJson = False) -> None:
    """Names the first row changed, removed, inserted or reordered; then the status is 1."""
    with open_site() as site, progress(say("核验", "Checking")) as done:
        verdict, anchors = seals.verify_all(site, done)
    facts = {
        "ok": verdict.ok,
        "problem": words(verdict.problem) or None,
        "rows": verdict.rows,
        "batches": verdict.batches,
        "unsealed": verdict.unsealed,
        "anchors": anchors,
        "row": verdict.seq,
        "batch": verdict.batch,
    }
    good = say(
        f"完好：{verdict.rows} 行，{verdict.batches} 批封存，{anchors} 个库外留存；{verdict.unsealed} 行尚未封存。",
        f"Intact: {verdict.rows} rows in {verdict.batches} sealed batches, {anchors} anchors outside the "
        f"database; {verdict.unsealed} rows not sealed yet.",
    )
    answer(facts, as_json, good if verdict.ok else say("发现改动：", "Altered: ") + words(verdict.problem))
    if not verdict.ok:
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
