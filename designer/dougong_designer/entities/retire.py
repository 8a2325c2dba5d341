"""A field taken out of the draft, with the places that merely list it; and what was taken out brought back.

Its data stay: publishing puts the column into the trash, from which the same field, known by its id, takes it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer import patch as patches
from dougong_designer.draft import Step
from dougong_designer.entities.fields import (
    Data,
    entity_at,
    field_at,
    fields_of,
    find_field,
    with_field,
    with_fields,
)
from dougong_designer.entities.table import before_of
from dougong_designer.entities.uses import of_field
from dougong_designer.patch import Documents
from dougong_designer.shapes import check_shapes
from dougong_runtime.documents.references import Reference, References
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.errors import Refused
from dougong_runtime.model.link_messages import CHANNELS

LISTING = ("form", "view", "page", "role", "report", "dashboard", "message")
"""Kinds of documents of which a field is taken out where it is a member of a list."""


@dataclass(frozen=True, slots=True)
class Retiring:
    """What taking a field out means for those who use it."""

    listed: tuple[Reference, ...]
    """Places that are members of lists: they can go with it."""
    left: tuple[Reference, ...]
    """Places that must be mended by hand: formulas, conditions, what cannot be without it."""


def plan(documents: Documents, references: References, key: str, identity: str) -> Retiring:
    """Where a field is used, and which of these places can go with it."""
    field = field_at(documents, key, identity)
    found = of_field(references, key.partition("/")[2], field)
    by_document = _by_document(found)
    gone: list[Reference] = []
    for document, inner in by_document.items():
        members = [r for r in inner if _member(documents, r) is not None]
        if members and _cut(documents, document, members) is not None:
            gone += members
    return Retiring(tuple(gone), tuple(r for r in found if r not in set(gone)))


def retired(
    documents: Documents, references: References, key: str, identity: str, *, places: bool
) -> Documents:
    """The documents without a field; `places`: and without the places that list it."""
    field_at(documents, key, identity)
    made = documents
    if places:
        for document, inner in _by_document(plan(documents, references, key, identity).listed).items():
            cut = _cut(made, document, inner)
            made = made if cut is None else {**made, document: cut}
    fields = fields_of(entity_at(made, key))
    return with_fields(made, key, [one for one in fields if one.get("id") != identity])


def gone_from(documents: Documents, original: Documents, key: str) -> tuple[Data, ...]:
    """Fields that the version which serves has, and the draft has no longer."""
    entity = entity_at(documents, key)
    before = before_of(original, entity)
    kept = {field.get("id") for field in fields_of(entity)}
    return tuple(field for field in fields_of(before or {}) if field.get("id") not in kept)


def restored(
    documents: Documents, key: str, field: Data, neighbours: Sequence[Data], steps: Iterable[Step]
) -> Documents:
    """A field back in its place. `steps`: the history, the latest first: where the act that took it out can be taken
    back as a whole, its places come with it."""
    identity = str(field.get("id"))
    if find_field(entity_at(documents, key), identity) is not None:
        return documents
    later: list[Step] = []
    for step in steps:
        if _took_out(step, key, identity):
            if not any(patches.overlap(step.inverse, one.patch) for one in later):
                try:
                    return patches.apply(documents, step.inverse)
                except Refused:
                    break
            break
        later.append(step)
    behind = [str(one.get("id")) for one in neighbours]
    place = behind.index(identity) if identity in behind else len(behind)
    there = {str(one.get("id")) for one in fields_of(entity_at(documents, key))}
    before = next((one for one in behind[place + 1 :] if one in there), None)
    return with_field(documents, key, field, before)


def _took_out(step: Step, key: str, identity: str) -> bool:
    return any(one.op == "remove" and one.path == (key, "fields", identity) for one in step.patch)


def _by_document(found: Iterable[Reference]) -> dict[str, list[Reference]]:
    made: dict[str, list[Reference]] = {}
    for reference in found:
        made.setdefault(reference.document, []).append(reference)
    return made


def _member(documents: Documents, reference: Reference) -> PathSteps | None:
    """The path of the list's member that a place is, or None where it is no such."""
    kind = reference.document.partition("/")[0]
    if kind not in LISTING or reference.document.startswith(FILE_KEY):
        return None
    path = reference.path
    value = _at(documents[reference.document], path)
    if path and isinstance(path[-1], int):
        plain = isinstance(value, str) and value.lstrip("-").replace(".", "").replace("_", "").isalnum()
        return path if plain else None
    naming = CHANNELS if path[:1] == ("channels",) else ("field", "column")
    if len(path) > 1 and path[-1] in naming and isinstance(path[-2], int):
        return path[:-1]
    return None


def _cut(documents: Documents, key: str, found: Iterable[Reference]) -> Any:
    """A document without these members; None where it would not be whole without them."""
    members = sorted(
        {path for r in found if (path := _member(documents, r)) is not None}, key=_order, reverse=True
    )
    data: Any = documents[key]
    for path in members:
        data = _without(data, path)
    try:
        check_shapes(documents, {**documents, key: data}, [key])
    except Refused:
        return None
    return data


def _order(path: PathSteps) -> list[tuple[int, int | str]]:
    return [(0, step) if isinstance(step, int) else (1, step) for step in path]


def _at(data: Any, path: PathSteps) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _without(data: Any, path: PathSteps) -> Any:
    step = path[0]
    if len(path) == 1:
        return [inner for n, inner in enumerate(data) if n != step]
    if isinstance(data, Mapping):
        return {name: _without(inner, path[1:]) if name == step else inner for name, inner in data.items()}
    return [_without(inner, path[1:]) if n == step else inner for n, inner in enumerate(data)]
