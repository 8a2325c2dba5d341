"""Every door of the records asked about every cell, and held to the reference.

Each `*_door` asks as one person and compares cell by cell: with the value where it may be seen, with the mask where it
may be seen masked, with nothing where it may not. A difference prints itself: door, person, record, field, what was
found, what should have been.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import msgspec

from access_reference import ABSENT, Reference, Row
from access_worlds import OWN_ENTITIES, Raised, own_fields
from dougong_platform.http.openapi import openapi
from dougong_runtime.errors import Refused
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Measure, Query
from dougong_runtime.transfer.export import export

NOBODYS_ID = "00000000-0000-7000-8000-000000000000"
PATHS = {
    "place": ("owner.name", "owner.phone", "owner.team.name"),
    "job": ("site.name", "site.phone", "site.jobs_total", "site.jobs_seen", "site.owner.name", "owner.email"),
    "part": ("job.title", "job.secret", "job.site.mail", "job.cost"),
    "label": (),
}
"""Paths asked along references."""
HISTORIC = (
    "text",
    "long_text",
    "phone",
    "email",
    "choice",
    "decimal",
    "date",
    "user",
    "boolean",
    "reference",
    "references",
)


@dataclass
class Matrix:
    """One town, walked. `cells` counts what was compared, `differences` names what differed."""

    raised: Raised
    random: Random
    cells: int = 0
    differences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.town = self.raised.town
        self.reference = Reference(self.town)

    # --- comparing --------------------------------------------------------------------------------------------

    def same(self, door: str, person: str, what: Any, found: Any, right: Any) -> None:
        """Compare one cell."""
        self.cells += 1
        if found != right:
            name = self.town.rows["user"][person]["username"]
            self.differences.append(f"{door} as {name}: {what}: found {found!r}, should be {right!r}")

    def records(self, person: str) -> Records:
        """The door, for a person."""
        return self.raised.records(self.raised.viewer(person))

    def rows(self, entity: str, *, deleted: bool = False) -> list[Row]:
        """Records of an entity, living ones or those in the trash."""
        return [r for r in self.town.rows[entity].values() if r["deleted"] is deleted]

    def visible(self, person: str, entity: str, *, deleted: bool = False) -> list[Row]:
        """Those that a person may read."""
        found = self.rows(entity, deleted=deleted)
        return [r for r in found if self.reference.sees_row(person, entity, r)]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is taken back."""
        savepoint = self.raised.connection.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()

    def walk(self) -> None:
        """All doors, as everybody."""
        for person in self.raised.people:
            for entity in OWN_ENTITIES:
                for door in DOORS:
                    door(self, person, entity)

    def cell(self, item: dict[str, Any] | None, name: str) -> tuple[Any, ...]:
        """A cell of an answer."""
        return ABSENT if item is None or name not in item else ("value", item[name])

    def right(self, person: str, entity: str, row: Row, name: str) -> tuple[Any, ...]:
        """What the reference says of a cell of a record that may not be there at all."""
        seen = self.reference.sees_row(person, entity, row)
        return self.reference.cell(person, entity, row, name) if seen else ABSENT

    def compare(
        self, door: str, person: str, entity: str, items: dict[str, dict[str, Any]], *, deleted: bool = False
    ) -> None:
        """All cells of an answer by record id, and that nothing else is in it."""
        rows = self.rows(entity, deleted=deleted)
        for row in rows:
            for name in own_fields(entity):
                item = items.get(row["id"])
                self.same(
                    door,
                    person,
                    (entity, row["id"], name),
                    self.cell(item, name),
                    self.right(person, entity, row, name),
                )
        self.same(door, person, (entity, "others"), set(items) - {r["id"] for r in rows}, set())


def refused(act: Callable[..., Any], *given: Any, **named: Any) -> str | None:
    """The type of the problem with which an act is refused; None where it is not."""
    try:
        act(*given, **named)
    except Refused as found:
        return found.problems[0].type.name if found.problems else "warnings"
    return None


def told(act: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """All that a refusal tells."""
    try:
        return act(*given, **named)
    except Refused as found:
        return [
            (p.type.name, p.field, p.text("en"), p.text("zh"), str(dict(p.facts))) for p in found.problems
        ]


def reads(matrix: Matrix, person: str, entity: str) -> bool:
    """Whether a person may list an entity at all; that it is refused where they may not is compared."""
    may = bool(matrix.reference.giving(person, entity, "read"))
    known = bool(matrix.reference.grants(person, entity))
    if not may:
        found = refused(matrix.records(person).list, Query(entity))
        right = ("forbidden", "aggregate-only") if known else ("unknown-entity",)
        matrix.same("list refused", person, entity, found in right, True)
    return may


def _by_id(items: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in items}


# --- reading --------------------------------------------------------------------------------------------------------
def lists_door(matrix: Matrix, person: str, entity: str) -> None:
    """Lists, as values and as bytes, of all fields and of each by name; counts; the trash."""
    if not reads(matrix, person, entity):
        return
    records = matrix.records(person)
    page = records.list(Query(entity, limit=1000))
    matrix.compare("list", person, entity, _by_id(page.items))
    matrix.same("count", person, entity, page.count, len(matrix.visible(person, entity)))
    few = records.list(Query(entity, limit=1))
    matrix.same("count of more", person, entity, few.count, len(matrix.visible(person, entity)))
    ready = msgspec.json.decode(records.list_json(Query(entity, limit=1000)))
    matrix.compare("list as bytes", person, entity, _by_id(ready["items"]))
    trash = records.list(Query(entity, limit=1000, trash=True))
    matrix.compare("trash", person, entity, _by_id(trash.items), deleted=True)
    known = [n for n in own_fields(entity) if matrix.reference.knows(person, entity, n)]
    titled = records.list(Query(entity, fields=tuple(known), titles=True, limit=1000))
    for item in titled.items:
        _titles(matrix, person, entity, item)


def _titles(matrix: Matrix, person: str, entity: str, item: dict[str, Any]) -> None:
    """A reference comes with its record's title, where that may be seen."""
    for name in ("owner", "site", "job"):
        value = item.get(name)
        if isinstance(value, dict):
            target = matrix.town.facts[entity][name].to[0]
            row = matrix.town.rows[target][value["id"]]
            title = {"user": "name", "place": "name", "job": "title"}[target]
            right = matrix.right(person, target, row, title) if not row["deleted"] else ABSENT
            matrix.same(
                "titles",
                person,
                (entity, item["id"], name),
                value["title"],
                right[1] if right != ABSENT else None,
            )


def records_door(matrix: Matrix, person: str, entity: str) -> None:
    """Each record by its id; one that may not be read is as one that is not there."""
    records = matrix.records(person)
    missing = told(records.get, entity, NOBODYS_ID)
    for row in matrix.rows(entity):
        if matrix.reference.sees_row(person, entity, row):
            item = records.get(entity, row["id"])
            for name in own_fields(entity):
                matrix.same(
                    "record",
                    person,
                    (entity, row["id"], name),
                    matrix.cell(item, name),
                    matrix.right(person, entity, row, name),
                )
            matrix.same("version", person, (entity, row["id"]), item["version"], row["version"])
        else:
            matrix.same("record", person, (entity, row["id"]), told(records.get, entity, row["id"]), missing)


def paths_door(matrix: Matrix, person: str, entity: str) -> None:
    """Fields along references; a record in place of its id."""
    if not reads(matrix, person, entity):
        return
    records = matrix.records(person)
    for path in PATHS[entity]:
        page = told(records.list, Query(entity, fields=(path,), limit=1000))
        found = page if isinstance(page, list) else {i["id"]: i[path] for i in page.items}
        known = _knows_path(matrix, person, entity, path)
        matrix.same("path known", person, (entity, path), isinstance(found, dict), known)
        if isinstance(found, dict):
            for row in matrix.visible(person, entity):
                right = matrix.reference.along(person, entity, row, path)
                matrix.same("path", person, (entity, row["id"], path), found.get(row["id"]), right)
    for name in ("site", "job"):
        if name in own_fields(entity) and matrix.reference.knows(person, entity, name):
            _expanded(matrix, person, entity, name)


def _knows_path(matrix: Matrix, person: str, entity: str, path: str) -> bool:
    *hops, last = path.split(".")
    for hop in hops:
        if not matrix.reference.knows(person, entity, hop):
            return False
        entity = matrix.town.facts[entity][hop].to[0]
    return matrix.reference.knows(person, entity, last)


def _expanded(matrix: Matrix, person: str, entity: str, name: str) -> None:
    target = matrix.town.facts[entity][name].to[0]
    page = matrix.records(person).list(Query(entity, expand=(name,), limit=1000))
    for item in page.items:
        inside = item.get(name)
        if isinstance(inside, dict):
            row = matrix.town.rows[target][inside["id"]]
            for other in own_fields(target):
                matrix.same(
                    "expand",
                    person,
                    (target, row["id"], other),
                    matrix.cell(inside, other),
                    matrix.right(person, target, row, other),
                )
        elif isinstance(inside, str) and "•" not in inside:
            row = matrix.town.rows[target][inside]
            matrix.same(
                "expand",
                person,
                (target, inside),
                matrix.reference.sees_row(person, target, row) and not row["deleted"],
                False,
            )


# --- asking by what cannot be seen ------------------------------------------------------------------------------------
def literal(matrix: Matrix, entity: str, name: str, value: Any) -> str | None:
    """A value as a formula writes it; None for what formulas cannot compare."""
    match matrix.town.facts[entity][name].type:
        case "decimal" | "integer":
            return str(value)
        case "boolean":
            return "true" if value else "false"
        case "references":
            return None
        case "reference" if len(matrix.town.facts[entity][name].to) > 1:
            return None
        case _:
            return f"'{value}'"


def filters_door(matrix: Matrix, person: str, entity: str) -> None:
    """Filters on each field: the records whose cell is seen whole and agrees, no other. Unknown fields are unknown."""
    if not reads(matrix, person, entity):
        return
    records, reference = matrix.records(person), matrix.reference
    there = matrix.visible(person, entity)
    for name in own_fields(entity):
        if matrix.town.facts[entity][name].type == "references":
            continue
        found = told(_ids, records, entity, f"{name} = NULL")
        if not reference.knows(person, entity, name):
            never = told(_ids, records, entity, "qwzx = NULL")
            matrix.same("unknown field", person, (entity, name), _alike(found, name), _alike(never, "qwzx"))
            continue
        plain = {r["id"]: reference.plain(person, entity, r, name) for r in there}
        _each(
            matrix, "filter absent", person, entity, there, found, {i for i, v in plain.items() if v is None}
        )
        values = [
            v for r in matrix.rows(entity) if (v := reference.value(person, entity, r, name)) is not None
        ]
        for value in matrix.random.sample(values, min(2, len(values))):
            text = literal(matrix, entity, name, value)
            if text is None:
                continue
            equal = {i for i, v in plain.items() if v == value}
            _each(
                matrix,
                f"filter {name}",
                person,
                entity,
                there,
                _ids(records, entity, f"{name} = {text}"),
                equal,
            )
            other = {i for i in plain if i not in equal}
            _each(
                matrix,
                f"filter not {name}",
                person,
                entity,
                there,
                _ids(records, entity, f"{name} <> {text}"),
                other,
            )


def _alike(refusal: Any, name: str) -> Any:
    """A refusal's types and fields, whatever nearest name it gives."""
    return [(p[0], p[1]) for p in refusal] if isinstance(refusal, list) else refusal


def _ids(records: Records, entity: str, filter: str) -> set[str]:
    return {i["id"] for i in records.list(Query(entity, filter=filter, fields=("id",), limit=1000)).items}


def _each(
    matrix: Matrix, door: str, person: str, entity: str, there: Sequence[Row], found: Any, right: set[str]
) -> None:
    """Whether each record is among those found as it should be."""
    for row in there:
        matrix.same(door, person, (entity, row["id"]), row["id"] in found, row["id"] in right)
    matrix.same(door, person, (entity, "others"), set(found) - {r["id"] for r in there}, set())


def relations_door(matrix: Matrix, person: str, entity: str) -> None:
    """Counts and sums along inverses: records and cells not seen count for nothing."""
    if entity != "place" or not reads(matrix, person, entity):
        return
    records, reference = matrix.records(person), matrix.reference
    if not reference.knows(person, "job", "site"):
        return
    there = matrix.visible(person, entity)
    jobs = {
        r["id"]: [
            j for j in matrix.visible(person, "job") if reference.plain(person, "job", j, "site") == r["id"]
        ]
        for r in there
    }
    for n in (0, 1, 2):
        right = {i for i, of in jobs.items() if len(of) == n}
        _each(
            matrix, "count of jobs", person, entity, there, _ids(records, entity, f"COUNT(jobs) = {n}"), right
        )
    if reference.knows(person, "job", "secret"):
        for job in matrix.random.sample(matrix.rows("job"), min(3, len(matrix.rows("job")))):
            secret = job["secret"]
            right = {
                i
                for i, of in jobs.items()
                if any(reference.plain(person, "job", j, "secret") == secret for j in of)
            }
            found = _ids(records, entity, f"COUNT(jobs, secret = '{secret}') > 0")
            _each(matrix, "count by a cell", person, entity, there, found, right)


def sorts_door(matrix: Matrix, person: str, entity: str) -> None:
    """Order by each field, page by page: what is not seen stands as absent, and no cursor carries it."""
    if not reads(matrix, person, entity):
        return
    records, reference = matrix.records(person), matrix.reference
    for name in own_fields(entity):
        fact = matrix.town.facts[entity][name]
        if fact.type == "references" or len(fact.to) > 1 or not reference.knows(person, entity, name):
            continue
        for down in (False, True):
            there = sorted(matrix.visible(person, entity), key=lambda r: r["id"], reverse=down)
            keys = {r["id"]: _key(matrix, person, entity, r, name) for r in there}
            present = sorted(
                (r for r in there if keys[r["id"]] is not None), key=lambda r: keys[r["id"]], reverse=down
            )
            if down:  # Python keeps equals in their order when it reverses, which is ours
                present = sorted((r for r in there if keys[r["id"]] is not None), key=lambda r: keys[r["id"]])
                present = _reversed_stable(present, keys)
            right = [r["id"] for r in present] + [r["id"] for r in there if keys[r["id"]] is None]
            sort = ("-" if down else "") + name
            whole = [
                i["id"] for i in records.list(Query(entity, sort=(sort,), fields=("id",), limit=1000)).items
            ]
            for place, id in enumerate(right):
                matrix.same(f"sort {sort}", person, (entity, place), whole[place : place + 1], [id])
            paged, cursor = [], None
            while True:
                # A page is read in another way where its reader's records are counted, and few.
                asked = Query(entity, sort=(sort,), fields=("id",), limit=2, cursor=cursor, count=not down)
                page = records.list(asked)
                paged += [i["id"] for i in page.items]
                cursor = page.next
                if cursor is None:
                    break
                _cursor(matrix, person, entity, name, cursor, paged[-1])
            matrix.same(f"pages by {sort}", person, entity, paged, whole)


def _reversed_stable(rows: list[Row], keys: dict[str, Any]) -> list[Row]:
    """Greatest first; equals as they stand."""
    return sorted(rows, key=lambda r: keys[r["id"]], reverse=True)


def _key(matrix: Matrix, person: str, entity: str, row: Row, name: str) -> Any:
    fact = matrix.town.facts[entity][name]
    value = matrix.reference.plain(person, entity, row, name)
    if value is None:
        return None
    if fact.type == "choice":
        options = ["low", "mid", "high", "red", "blue"]
        return options.index(value)
    if fact.type == "decimal":
        return float(value)
    if fact.to:
        title = {"user": "name", "place": "name", "job": "title"}[fact.to[0]]
        if not matrix.reference.knows(person, fact.to[0], title):
            return value
        return matrix.reference.along(person, entity, row, f"{name}.{title}")
    return value


def _cursor(matrix: Matrix, person: str, entity: str, name: str, cursor: str, last: str) -> None:
    """A cursor tells the last row's key, where it may be seen, and its id."""
    inside = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    row = matrix.town.rows[entity][last]
    key = _key(matrix, person, entity, row, name)
    matrix.same("cursor", person, (entity, last, name), len(inside), 2)
    matrix.same("cursor", person, (entity, last, name), inside[0] is None, key is None)
    matrix.same("cursor", person, (entity, last, name), inside[1][1], last)
    if isinstance(key, str) and inside[0] is not None:
        told = key if matrix.town.facts[entity][name].to else key.lower()
        matrix.same("cursor", person, (entity, last, name), inside[0][1], told)


def search_door(matrix: Matrix, person: str, entity: str) -> None:
    """Search, lists and pickers, by what stands in searched cells: found only through cells seen whole everywhere."""
    if not reads(matrix, person, entity):
        return
    records, reference = matrix.records(person), matrix.reference
    searched = {
        "place": ("name", "phone"),
        "job": ("title", "secret"),
        "part": ("part_name",),
        "label": ("word",),
    }
    for name in searched[entity]:
        for row in matrix.random.sample(matrix.rows(entity), min(3, len(matrix.rows(entity)))):
            text = row[name]
            found = {
                i["id"] for i in records.list(Query(entity, search=text, fields=("id",), limit=1000)).items
            }
            picked = {c.id for c in records.pick(entity, text)}
            seen = (
                reference.sees_row(person, entity, row) and reference.way(person, entity, row, name) == "yes"
            )
            for door, ids in (("search", found), ("picker", picked)):
                matrix.same(door, person, (entity, row["id"], name), row["id"] in ids and not seen, False)
                if name in ("name", "title", "part_name", "word"):
                    matrix.same(door, person, (entity, row["id"], name), row["id"] in ids, seen)
                others = ids - {r["id"] for r in matrix.visible(person, entity)}
                matrix.same(door, person, (entity, text), others, set())
    for choice in records.pick(entity, ""):
        row = matrix.town.rows[entity][choice.id]
        title = searched[entity][0]
        right = matrix.right(person, entity, row, title)
        matrix.same(
            "picker's title", person, (entity, choice.id), choice.title, right[1] if right != ABSENT else ""
        )
        for name in own_fields(entity):
            value = row.get(name)
            if isinstance(value, str) and len(value) > 4 and value in choice.facts:
                matrix.same(
                    "picker's facts",
                    person,
                    (entity, choice.id, name),
                    matrix.reference.way(person, entity, row, name),
                    "yes",
                )


def groups_door(matrix: Matrix, person: str, entity: str) -> None:
    """Groups by each field, with sums, ends and counts of it: cells not seen are absent."""
    grants = matrix.reference.grants(person, entity)
    if any(g.get("aggregate_only") for g in grants) or not reads(matrix, person, entity):
        return
    records, reference = matrix.records(person), matrix.reference
    there = matrix.visible(person, entity)
    for name in own_fields(entity):
        fact = matrix.town.facts[entity][name]
        if fact.type == "references" or len(fact.to) > 1 or not reference.knows(person, entity, name):
            continue
        values = [reference.plain(person, entity, r, name) for r in there]
        answer = records.aggregate(AggregateQuery(entity, rows=(name,)))
        right = {v: values.count(v) for v in values}
        found = {_number(fact.type, r[name]): r["count"] for r in answer.rows}
        for value in {*found, *right}:
            matrix.same(f"group by {name}", person, (entity, value), found.get(value), right.get(value))
        whole = [v for v in values if v is not None]
        measured = records.aggregate(
            AggregateQuery(
                entity, measures=(Measure("n", f"COUNT_DISTINCT({name})"), Measure("all", "COUNT()"))
            )
        )
        matrix.same(f"distinct {name}", person, entity, measured.total["n"], len(set(whole)))
        matrix.same("count of all", person, entity, measured.total["all"], len(there))
        if fact.type == "decimal":
            total = records.aggregate(AggregateQuery(entity, measures=(Measure("s", f"SUM({name})"),))).total
            cents = sum(int(v.replace(".", "")) for v in whole)
            matrix.same(f"sum of {name}", person, entity, round(float(total["s"] or 0) * 100), cents)
            least = records.aggregate(AggregateQuery(entity, measures=(Measure("s", f"MIN({name})"),))).total[
                "s"
            ]
            matrix.same(
                f"least {name}",
                person,
                entity,
                None if least is None else float(least),
                min(map(float, whole), default=None),
            )


def _number(type: str, value: Any) -> Any:
    return value


# --- one record ------------------------------------------------------------------------------------------------------
def history_door(matrix: Matrix, person: str, entity: str) -> None:
    """What happened to each record, and how it stands now by its history."""
    records = matrix.records(person)
    at = matrix.town.now
    missing = told(records.history, entity, NOBODYS_ID)
    for row in matrix.town.rows[entity].values():
        if not matrix.reference.sees_row(person, entity, row):
            matrix.same(
                "history",
                person,
                (entity, row["id"]),
                told(records.history, entity, row["id"]),
                missing,
            )
            matrix.same(
                "as of",
                person,
                (entity, row["id"]),
                told(records.as_of, entity, row["id"], at),
                missing,
            )
            continue
        events = records.history(entity, row["id"])
        created = {c.field: c.after for e in events if e.action == "create" for c in e.changes}
        state = records.as_of(entity, row["id"], at) if not row["deleted"] else None
        for name in own_fields(entity):
            fact = matrix.town.facts[entity][name]
            if fact.kept or row.get(name) in (None, []):
                continue
            right = matrix.reference.cell(person, entity, row, name)
            if fact.type == "references" and matrix.reference.way(person, entity, row, name) == "yes":
                right = ("value", row[name])
            matrix.same("history", person, (entity, row["id"], name), matrix.cell(created, name), right)
            if state is not None:
                matrix.same("as of", person, (entity, row["id"], name), matrix.cell(state, name), right)


def explain_door(matrix: Matrix, person: str, entity: str) -> None:
    """Why each cell is seen: some grant decides just where it is."""
    records = matrix.records(person)
    if not matrix.reference.grants(person, entity):
        return
    for row in matrix.rows(entity):
        sees = matrix.reference.sees_row(person, entity, row)
        reasons = records.explain(entity, row["id"])
        matrix.same("explain", person, (entity, row["id"]), any(r.decides for r in reasons), sees)
        for name in own_fields(entity):
            if not matrix.reference.knows(person, entity, name):
                continue
            way = matrix.reference.way(person, entity, row, name) if sees else "no"
            found = records.explain(entity, row["id"], name)
            matrix.same(
                "explain", person, (entity, row["id"], name), any(r.decides for r in found), way == "yes"
            )


def reveals_door(matrix: Matrix, person: str, entity: str) -> None:
    """Masked values asked for."""
    records, reference = matrix.records(person), matrix.reference
    for row in matrix.rows(entity):
        for name in own_fields(entity):
            fact = matrix.town.facts[entity][name]
            if fact.kept or fact.type == "references" or not reference.grants(person, entity):
                continue
            found = told(records.reveal, entity, row["id"], name)
            if (
                reference.sees_row(person, entity, row)
                and reference.knows(person, entity, name)
                and reference.revealable(person, entity, row, name)
            ):
                matrix.same("reveal", person, (entity, row["id"], name), found, row[name])
            else:
                matrix.same("reveal", person, (entity, row["id"], name), isinstance(found, list), True)


# --- out ---------------------------------------------------------------------------------------------------------------
def export_door(matrix: Matrix, person: str, entity: str) -> None:
    """A CSV file: what may be taken out, as it is seen."""
    records, reference = matrix.records(person), matrix.reference
    out = io.BytesIO()
    name_fields = [
        n
        for n in own_fields(entity)
        if matrix.town.facts[entity][n].type in ("text", "phone", "email", "long_text", "decimal")
    ]
    found = told(export, records, Query(entity), "csv", out)
    if not reference.giving(person, entity, "export") or not reference.giving(person, entity, "read"):
        matrix.same("export", person, entity, isinstance(found, list), True)
        return
    lines = {line["id"]: line for line in csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")))}
    for row in matrix.rows(entity):
        out_too = reference.may(person, entity, row, "export")
        matrix.same("export", person, (entity, row["id"]), row["id"] in lines, out_too)
        if not out_too:
            continue
        for name in name_fields:
            right = reference.cell(person, entity, row, name)
            cell = lines[row["id"]].get(name) or None
            matrix.same(
                "export", person, (entity, row["id"], name), cell, right[1] if right != ABSENT else None
            )


def descriptions_door(matrix: Matrix, person: str, entity: str) -> None:
    """OpenAPI, and what the fields are said to be: no name of a field that is never seen."""
    records, reference = matrix.records(person), matrix.reference
    grants = reference.grants(person, entity)
    if not grants:
        return
    made = openapi(records, "en")
    reading = [g for g in grants if "read" in (g.get("actions") or ["read"]) and not g.get("aggregate_only")]
    schema = made["components"]["schemas"].get(entity, {"properties": {}})
    for name in own_fields(entity):
        shown = any(_shows(g, name) for g in reading)
        writes = any(
            reference.gives_field(g, entity, name) for g in reference.giving(person, entity, "create")
        )
        matrix.same("openapi", person, (entity, name), name in schema["properties"], shown or writes)
        view = {v.field.name: v for v in records.fields(entity)}.get(name)
        matrix.same("fields", person, (entity, name), view is not None, shown or writes)


def _shows(grant: Any, name: str) -> bool:
    return name not in grant.get("hide", []) and ("fields" not in grant or name in grant["fields"])


# --- in ------------------------------------------------------------------------------------------------------------------
def changes_door(matrix: Matrix, person: str, entity: str) -> None:
    """Each field of each record changed, one at a time: what may not be is refused, and why is no tale-telling."""
    reference = matrix.reference
    known = bool(reference.grants(person, entity))
    for row in matrix.rows(entity):
        for name in [*matrix.random.sample(own_fields(entity), 2), "created_by"]:
            new = other_value(matrix, entity, row, name)
            with matrix.undone():
                found = refused(matrix.records(person).update, entity, row["id"], {name: new})
            matrix.same(
                "change",
                person,
                (entity, row["id"], name),
                found,
                _change_answer(matrix, person, entity, row, name, new, known),
            )


def _change_answer(
    matrix: Matrix, person: str, entity: str, row: Row, name: str, new: Any, known: bool
) -> str | None:
    reference = matrix.reference
    if not known:
        return "unknown-entity"
    if not reference.sees_row(person, entity, row):
        return "not-found"
    if not reference.knows(person, entity, name):
        return "unknown-name"
    if name == "created_by" or matrix.town.facts[entity][name].kept:
        return "system-field"
    if not reference.writes(person, entity, row, name):
        return "read-only"
    named = matrix.town.facts[entity][name].type == "reference" or new == [NOBODYS_ID]
    return "invalid-value" if named else None


def other_value(matrix: Matrix, entity: str, row: Row, name: str) -> Any:
    """A value that the cell does not have."""
    match matrix.town.facts[entity][name].type:
        case "phone":
            return "13700000001"
        case "email":
            return "new@new.example"
        case "decimal":
            return "3.25"
        case "date":
            return "2001-02-03"
        case "choice":
            options = ("low", "mid") if entity == "place" else ("red", "blue")
            return options[1] if row.get(name) == options[0] else options[0]
        case "boolean":
            return not row.get(name)
        case "user" | "integer":
            return next(p for p in matrix.raised.people if p != row.get(name))
        case "reference":
            return NOBODYS_ID if name != "about" else {"entity": "place", "id": NOBODYS_ID}
        case "references":
            return [] if row.get(name) else [NOBODYS_ID]
        case _:
            return "something new"


def creations_door(matrix: Matrix, person: str, entity: str) -> None:
    """Records made with some fields filled in: each field by a grant that reaches the record as made."""
    reference, random = matrix.reference, matrix.random
    able = [
        n for n in own_fields(entity) if matrix.town.facts[entity][n].type not in ("references", "reference")
    ]
    title = {"place": "name", "job": "title", "part": "part_name", "label": "word"}[entity]
    for _ in range(4):
        given = {
            n: other_value(matrix, entity, {}, n)
            for n in random.sample(able, random.randint(0, min(3, len(able))))
        }
        given[title] = "something new"
        if "owner" in own_fields(entity) and random.random() < 0.6:
            given["owner"] = person
        made: Row = dict.fromkeys(own_fields(entity))
        made |= {"id": NOBODYS_ID, "created_by": person, "deleted": False, **given}
        with matrix.undone():
            found = refused(matrix.records(person).create, entity, given)
        fill = any(matrix.town.facts[entity][n].kept for n in given)
        right = not fill and reference.creates(person, entity, made, given)
        matrix.same(
            "create", person, (entity, sorted(given), given.get("owner") == person), found is None, right
        )


def removals_door(matrix: Matrix, person: str, entity: str) -> None:
    """Deleting, restoring, sharing each record."""
    reference = matrix.reference
    other = next(p for p in matrix.raised.people if p != person)
    for row in matrix.town.rows[entity].values():
        sees = reference.sees_row(person, entity, row)
        may = reference.may(person, entity, row, "delete")
        if row["deleted"]:
            with matrix.undone():
                found = refused(matrix.records(person).restore, entity, row["id"])
            matrix.same("restore", person, (entity, row["id"]), found in (None, "still-referred"), may)
            continue
        with matrix.undone():
            found = refused(matrix.records(person).delete, entity, row["id"])
        matrix.same("delete", person, (entity, row["id"]), found in (None, "still-referred"), may)
        if not sees:
            matrix.same("delete", person, (entity, row["id"]), found in ("not-found", "unknown-entity"), True)
        for write in (False, True):
            with matrix.undone():
                found = refused(matrix.records(person).share, entity, row["id"], user=other, write=write)
            right = reference.may(person, entity, row, "share") and (
                not write or reference.may(person, entity, row, "update")
            )
            matrix.same("share", person, (entity, row["id"], write), found is None, right)


def view_as_door(matrix: Matrix, person: str, entity: str) -> None:
    """An administrator who looks on as a person sees what they see, and changes nothing."""
    if not reads(matrix, person, entity):
        return
    seen = replace(matrix.raised.viewer(person), acting_for="root")
    records = matrix.raised.records(seen)
    matrix.compare("view as", person, entity, _by_id(records.list(Query(entity, limit=1000)).items))
    for row in matrix.rows(entity)[:2]:
        matrix.same(
            "view as",
            person,
            (entity, row["id"]),
            refused(records.update, entity, row["id"], {}),
            "viewing-only",
        )
        matrix.same(
            "view as",
            person,
            (entity, row["id"]),
            refused(records.delete, entity, row["id"]),
            "viewing-only",
        )


DOORS: tuple[Callable[[Matrix, str, str], None], ...] = (
    lists_door, records_door, paths_door, filters_door, relations_door, sorts_door, search_door, groups_door,
    history_door, explain_door, reveals_door, export_door, descriptions_door, changes_door, creations_door,
    removals_door, view_as_door,
)  # fmt: skip
