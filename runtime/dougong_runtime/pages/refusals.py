"""A refused write as its form tells it: each sentence at its field, rows by their number, conflicts with who and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Conflict, Refusal, Said, Sent, Titles, Warned
from dougong_runtime.pages.reading import instant
from dougong_runtime.pages.rows import Place, Rows, is_conflict, place_of


def refusal_of(
    refused: Refused,
    desk: Desk,
    entity: Entity,
    sent: Sent,
    shown: Sequence[str],
    lists: Sequence[Rows] = (),
    keys: Mapping[str, Sequence[str]] | None = None,
) -> Refusal:
    """What concerns a field that is not on the form stands in the summary alone. `keys`: list → the keys of its rows in
    the order in which they were written."""
    reader = desk.reader
    made = Refusal()
    by_name = {rows.name: rows for rows in lists}
    for problem in refused.problems:
        place = place_of(problem)
        rows = by_name.get(place.list) if place is not None else None
        if place is not None and rows is not None:
            _of_row(made, problem, place, rows, (keys or {}).get(rows.name, ()))
        elif is_conflict(problem):
            made.conflicts += _conflicts(problem, desk, entity)
            made.version = int(problem.facts["version"])
        else:
            name = problem.field if problem.field in shown else ""
            made.errors.append(
                Said(name or "", problem.text(reader.language), problem.remedy(reader.language))
            )
    told = set()
    for warning in refused.warnings:
        rule = str(warning.facts.get("rule") or warning.type.name)
        if rule not in told:
            told.add(rule)
            given = sent.getlist(f"_reasons.{rule}")
            text = warning.text(reader.language)
            made.warnings.append(Warned(rule, text, str(given[-1]) if given else ""))
    return made


def _of_row(made: Refusal, problem: Problem, place: Place, rows: Rows, keys: Sequence[str]) -> None:
    reader = rows.desk.reader
    key = keys[place.row] if place.row < len(keys) else ""
    number = next((n for n, row in enumerate(rows.rows, start=1) if row.key == key), 0)
    label = reader.label(rows.wanted.label)
    at = reader.t("rows.place", list=label, n=number) if number else label
    if is_conflict(problem) and key:
        prefix = f"{rows.name}.{key}."
        made.conflicts += _conflicts(problem, rows.desk, rows.entity, prefix, at)
        made.row_versions[prefix[:-1]] = int(problem.facts["version"])
        return
    name = f"{rows.name}.{key}.{place.field}" if key and place.field else f"{rows.name}.{key}" if key else ""
    made.errors.append(Said(name, problem.text(reader.language), problem.remedy(reader.language), at))


def _conflicts(
    problem: Problem, desk: Desk, entity: Entity, prefix: str = "", at: str = ""
) -> list[Conflict]:
    ours, theirs = problem.facts["yours"], problem.facts["theirs"]
    by: Mapping[str, Any] = problem.facts.get("by") or {}
    titled = Titles(desk)
    people = desk.records.titles("user", {b["user"] for b in by.values() if b.get("user")})
    made = []
    for name in problem.facts["names"]:
        of = entity.fields[name]
        label = desk.reader.label(of.label)
        last = by.get(name) or {}
        when = instant(last.get("at"))
        made.append(
            Conflict(
                prefix + name,
                f"{at} · {label}" if at else label,
                desk.face(of, titled.of(of, theirs.get(name))),
                desk.face(of, titled.of(of, ours.get(name))),
                people.get(str(last.get("user")), str(last.get("name") or "")),
                desk.reader.moment(when) if when is not None else "",
            )
        )
    return made
