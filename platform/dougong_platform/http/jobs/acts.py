"""Acts on many records as jobs do them: part by part, each part in a transaction that also says how far it is.

So a process that is stopped loses at most the part in hand, and whoever takes the job up goes on after the last one
that was kept. What was done until then stays; it can be undone like an act that came to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dougong_platform import acts, selections
from dougong_platform.acts import Act, Sum
from dougong_platform.database import retrying
from dougong_platform.http.jobs.work import Outcome, Work
from dougong_runtime.records import each
from dougong_runtime.records.door import Records

PART = 250
"""Records of one transaction: SQLite's only writer is held for as long as they take, a quarter of a second or so."""

Do = Callable[[Records, Sequence[str]], each.Outcome]


def act_order(selection: str, act: Act, reasons: Mapping[str, str]) -> dict[str, Any]:
    """An act as a job's row keeps it."""
    return {"selection": selection, "act": act.as_json(), "reasons": dict(reasons)}


def undo_order(selection: str, of: str, since: str) -> dict[str, Any]:
    """The undoing of the act `of`, begun at `since`."""
    return {"selection": selection, "of": of, "since": since}


def run_act(work: Work) -> None:
    """Do an act to each record of its selection."""
    act, reasons = Act.of(work.order["act"]), work.order["reasons"]

    def do(records: Records, ids: Sequence[str]) -> each.Outcome:
        return acts.carry_out(records, work.entity, act, ids, reasons, batch=work.job)

    _in_parts(work, do)


def run_undo(work: Work) -> None:
    """Take an act back from each record of its selection."""
    of, since = work.order["of"], acts.instant(work.order["since"])

    def do(records: Records, ids: Sequence[str]) -> each.Outcome:
        return records.many.take_back(work.entity, ids, of, since, batch=work.job)

    _in_parts(work, do)


def _in_parts(work: Work, do: Do) -> None:
    with work.site.database.read() as connection:
        chosen = selections.find(
            connection, work.viewer, work.app, work.entity, work.order["selection"]
        ).records
    sum_, at = Sum.of(work.so_far), int(work.so_far.get("position", 0))
    work.progress(at, len(chosen))
    while at < len(chosen):
        part = chosen[at : at + PART]

        def keep(part: Sequence[str] = part, at: int = at, before: Sum = sum_) -> Sum:
            made = Sum.of(before.as_json())
            with work.site.database.write() as connection:
                made.take(do(_records(work, connection), part), work.viewer.language)
                work.keep(connection, {**made.as_json(), "position": at + len(part)})
            return made

        sum_ = retrying(keep)
        at += len(part)
        work.progress(at, len(chosen))

    def end() -> None:
        with work.site.database.write() as connection:
            _records(work, connection).many.ended(work.job)
            work.finish(connection, Outcome(sum_.as_json()))

    retrying(end)


def _records(work: Work, connection: sa.Connection) -> Records:
    return work.site.records(connection, work.viewer, work.app)
