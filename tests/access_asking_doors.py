"""What can be asked by: filters, relations, order, search, groups. Cells that are not seen are absent to all of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from access_matrix import Door, Matrix, reads, told
from access_reference import ABSENT, Row
from access_worlds import own_fields
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Measure, Query


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
            matrix.same("unknown field", person, (entity, name), _alike(found), _alike(never))
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


def _alike(refusal: Any) -> Any:
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
            present = [r for r in there if keys[r["id"]] is not None]
            present.sort(key=lambda r: keys[r["id"]], reverse=down)
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
        found = {r[name]: r["count"] for r in answer.rows}
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


ASKING_DOORS: tuple[Door, ...] = (filters_door, relations_door, sorts_door, search_door, groups_door)
