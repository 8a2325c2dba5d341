"""What shows: lists, records, paths, history, explanations, files, descriptions."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import msgspec

from access_matrix import NOBODYS_ID, Door, Matrix, by_id, reads, refused, told
from access_reference import ABSENT
from access_worlds import own_fields
from dougong_platform.http.openapi import openapi
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.export import export

PATHS = {
    "place": ("owner.name", "owner.phone", "owner.team.name"),
    "job": ("site.name", "site.phone", "site.jobs_total", "site.jobs_seen", "site.owner.name", "owner.email"),
    "part": ("job.title", "job.secret", "job.site.mail", "job.cost"),
    "label": (),
}
"""Paths asked along references."""


# --- reading --------------------------------------------------------------------------------------------------------
def lists_door(matrix: Matrix, person: str, entity: str) -> None:
    """Lists, as values and as bytes, of all fields and of each by name; counts; the trash."""
    if not reads(matrix, person, entity):
        return
    records = matrix.records(person)
    page = records.list(Query(entity, limit=1000))
    matrix.compare("list", person, entity, by_id(page.items))
    matrix.same("count", person, entity, page.count, len(matrix.visible(person, entity)))
    few = records.list(Query(entity, limit=1))
    matrix.same("count of more", person, entity, few.count, len(matrix.visible(person, entity)))
    ready = msgspec.json.decode(records.list_json(Query(entity, limit=1000)))
    matrix.compare("list as bytes", person, entity, by_id(ready["items"]))
    trash = records.list(Query(entity, limit=1000, trash=True))
    matrix.compare("trash", person, entity, by_id(trash.items), deleted=True)
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
            cell = lines.get(row["id"], {}).get(name) or None
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


def view_as_door(matrix: Matrix, person: str, entity: str) -> None:
    """An administrator who looks on as a person sees what they see, and changes nothing."""
    if not reads(matrix, person, entity):
        return
    seen = replace(matrix.raised.viewer(person), acting_for="root")
    records = matrix.raised.records(seen)
    matrix.compare("view as", person, entity, by_id(records.list(Query(entity, limit=1000)).items))
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


READING_DOORS: tuple[Door, ...] = (
    lists_door, records_door, paths_door, history_door, explain_door, reveals_door, export_door, descriptions_door,
    view_as_door,
)  # fmt: skip
