"""What can be done to many records at once: read from JSON, tried without doing it, done, and told in figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dougong_runtime.errors import FORBIDDEN, Problem, Refused, refuse
from dougong_runtime.fields.base import Json
from dougong_runtime.labels import Label, Language
from dougong_runtime.records.door import Records
from dougong_runtime.records.each import Edit, Outcome, Wish

AT_ONCE_MAX = 1_000
"""Records that are done within the request, in one transaction; more become a job."""
TRIED_MAX = 1_000
"""Records of a larger selection that a preview tries, spread over it."""
SAMPLES = 5
REASONS_MAX = 20
"""Different reasons that are told; the rest are counted together."""
EXAMPLES = 5

VERBS = ("update", "delete", "restore", "share")
_NEEDED = {"update": "update", "delete": "delete", "restore": "delete", "share": "share"}
_WORDS = {
    "update": Label("修改", "changing"),
    "delete": Label("删除", "deleting"),
    "restore": Label("恢复", "restoring"),
    "share": Label("共享", "sharing"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done to each of many records."""

    verb: str
    edit: Edit = field(default_factory=Edit)
    user: str | None = None
    team: str | None = None
    write: bool = False
    until: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As a job's row keeps it."""
        made: dict[str, Any] = {"verb": self.verb}
        for name in ("set", "add", "remove"):
            if getattr(self.edit, name):
                made[name] = dict(getattr(self.edit, name))
        for name in ("user", "team", "write", "until"):
            if getattr(self, name):
                made[name] = getattr(self, name)
        return made

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Act:
        """The way back."""
        edit = Edit(given.get("set") or {}, given.get("add") or {}, given.get("remove") or {})
        return cls(
            given["verb"],
            edit,
            given.get("user"),
            given.get("team"),
            bool(given.get("write")),
            given.get("until"),
        )


@dataclass(slots=True)
class Reason:
    """Why some records were refused, in one sentence, and how many."""

    type: str
    text: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Warned:
    """A rule that a reason passes, and how many records meet it."""

    rule: str
    text: str
    count: int = 0


@dataclass(slots=True)
class Sum:
    """What came of many records, in figures."""

    records: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    def take(self, outcome: Outcome, language: Language) -> None:
        """Add what came of some more."""
        self.changed += len(outcome.done)
        self.same += len(outcome.same)
        self.refused += len(outcome.refused)
        self.records += len(outcome.done) + len(outcome.same) + len(outcome.refused)
        for record, refused in outcome.refused.items():
            if refused.problems:
                self._refused(record, refused.problems, language)
            else:
                self._warned(refused.warnings, language)

    def _refused(self, record: str, problems: Sequence[Problem], language: Language) -> None:
        text = " ".join(dict.fromkeys(p.text(language) for p in problems))
        reason = next((r for r in self.reasons if r.text == text), None)
        if reason is None and len(self.reasons) < REASONS_MAX:
            reason = Reason(problems[0].type.name, text)
            self.reasons.append(reason)
        if reason is None:
            reason = next((r for r in self.reasons if not r.text), None)
            if reason is None:
                reason = Reason("others", "")
                self.reasons.append(reason)
        reason.count += 1
        if len(reason.examples) < EXAMPLES:
            reason.examples.append(record)

    def _warned(self, warnings: Iterable[Problem], language: Language) -> None:
        for warning in warnings:
            rule = str(warning.facts.get("rule") or warning.type.name)
            known = next((w for w in self.warnings if w.rule == rule), None)
            if known is None:
                known = Warned(rule, warning.text(language))
                self.warnings.append(known)
            known.count += 1

    def as_json(self) -> dict[str, Any]:
        """As clients read it and a job's row keeps it."""
        return {
            "records": self.records,
            "changed": self.changed,
            "same": self.same,
            "refused": self.refused,
            "reasons": [
                {"type": r.type, "detail": r.text, "count": r.count, "examples": r.examples}
                for r in self.reasons
            ],
            "warnings": [{"rule": w.rule, "detail": w.text, "count": w.count} for w in self.warnings],
        }

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Sum:
        """The way back."""
        return cls(
            given.get("records", 0),
            given.get("changed", 0),
            given.get("same", 0),
            given.get("refused", 0),
            [
                Reason(r["type"], r["detail"], r["count"], list(r["examples"]))
                for r in given.get("reasons", ())
            ],
            [Warned(w["rule"], w["detail"], w["count"]) for w in given.get("warnings", ())],
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """A record that would change: what it shows of the fields now, and what it would show."""

    record: str
    before: Mapping[str, Json]
    after: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do. `tried` records of `records`: of a large selection some that are spread over it."""

    records: int
    tried: int
    sum: Sum
    samples: tuple[Sample, ...]


def instant(text: str) -> datetime:
    """An instant as orders keep it: ISO 8601 with its offset."""
    return datetime.fromisoformat(text)


def may(records: Records, entity: str, act: Act) -> None:
    """Raise Refused where the viewer may not act so on any record of the entity."""
    records.fields(entity)
    if not records.can(entity, _NEEDED[act.verb]):
        label = records.running.app.entities[entity].label
        raise refuse(FORBIDDEN, entity=label, action=_WORDS[act.verb])


def carry_out(
    records: Records,
    entity: str,
    act: Act,
    ids: Sequence[str],
    reasons: Mapping[str, str],
    *,
    batch: str | None = None,
) -> Outcome:
    """Do it to each record, as far as it may be done."""
    many = records.many
    match act.verb:
        case "delete":
            return many.delete(entity, ids, batch=batch)
        case "restore":
            return many.restore(entity, ids, batch=batch)
        case "share":
            until = None if act.until is None else instant(act.until)
            return many.share(entity, ids, user=act.user, team=act.team, write=act.write, until=until)
        case _:
            return many.update(entity, [Wish(i, act.edit) for i in ids], reasons=reasons, batch=batch)


def rehearse(
    records: Records, entity: str, act: Act, ids: Sequence[str], reasons: Mapping[str, str]
) -> Preview:
    """What it would come to. Nothing is done."""
    tried = _spread(ids)
    found = records.running.app.entities[entity]
    shown = {v.field.name for v in records.fields(entity) if v.read}
    title = (found.title,) if found.title in shown else ()
    names = tuple(n for n in act.edit.names if n in shown)
    with records.many.rehearsing():
        outcome = carry_out(records, entity, act, tried, reasons)
        done = [c.record for c in outcome.done[:SAMPLES]]
        after = records.many.look(entity, done, names) if act.verb == "update" else {}
    before = records.many.look(entity, done, (*title, *names), trash=act.verb == "restore")
    made = Sum()
    made.take(outcome, records.viewer.language)
    samples = tuple(
        # What goes out of the viewer's sight by the act itself shows what they have asked for.
        Sample(id_, before[id_], after.get(id_, {n: v for n, v in act.edit.set.items() if n in shown}))
        for id_ in done
        if id_ in before
    )
    return Preview(len(ids), len(tried), made, samples)


def _spread(ids: Sequence[str]) -> Sequence[str]:
    if len(ids) <= TRIED_MAX:
        return ids
    return [ids[n * len(ids) // TRIED_MAX] for n in range(TRIED_MAX)]


def refused_together(outcome: Outcome) -> Refused:
    """All that many records were refused for, each reason once: for an act that is to be done whole or not at all."""
    problems: dict[str, Problem] = {}
    warnings: dict[str, Problem] = {}
    for refused in outcome.refused.values():
        problems |= {p.text("en"): p for p in refused.problems}
        warnings |= {w.text("en"): w for w in refused.warnings}
    return Refused(list(problems.values())[:REASONS_MAX], list(warnings.values())[:REASONS_MAX])
