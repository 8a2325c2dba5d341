"""What may be changed, made, deleted, restored and shared, each tried and taken back."""

from __future__ import annotations

from typing import Any

from access_matrix import NOBODYS_ID, Door, Matrix, refused
from access_reference import Row
from access_worlds import own_fields


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


WRITING_DOORS: tuple[Door, ...] = (changes_door, creations_door, removals_door)
