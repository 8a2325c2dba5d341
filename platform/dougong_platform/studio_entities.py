"""Entities of a draft beside the version that serves: what pages and interface share of retyping and restoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dougong_designer import draft as drafts
from dougong_designer import edits
from dougong_designer.entities import fields as of_fields
from dougong_designer.entities import retire, retyping
from dougong_designer.entities.conversion import Preview, preview, values_for_options
from dougong_designer.entities.fields import Data, find_field
from dougong_designer.entities.table import before_of
from dougong_designer.patch import Documents
from dougong_platform.studio import Studio
from dougong_runtime.documents import versions
from dougong_runtime.errors import NOT_FOUND, Problem, refuse
from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Language
from dougong_runtime.model.app import Entity
from dougong_runtime.model.link import examine_stored
from dougong_runtime.records.door import Records
from dougong_runtime.storage import trash

HISTORY_MAX = 500
"""Steps looked back on for the act that took a field out."""


@dataclass(frozen=True, slots=True)
class Retyping:
    """What another type would do: to the values, where there are any, and to the draft."""

    preview: Preview | None
    problems: Sequence[Problem]
    """What would be wrong then, and is not now."""


def door(studio: Studio) -> Records:
    """The builder's own door to the records."""
    return studio.site.records(studio.connection, studio.viewer, studio.name)


def running_entity(studio: Studio, key: str) -> Entity | None:
    """The entity as it serves, found by its id; None for one that is not published yet."""
    identity = studio.draft.documents[key].get("id")
    return next((e for e in studio.running.own_entities if e.id == identity), None)


def running_field(entity: Entity | None, identity: str) -> Field | None:
    """A field as it serves."""
    return None if entity is None else next((f for f in entity.own_fields if f.id == identity), None)


def trashed(studio: Studio, key: str) -> list[Data]:
    """Fields whose data lie in the trash, as the last version that had them knew them; the newest first."""
    entity = studio.draft.documents[key]
    kept = {field.get("id") for field in of_fields.fields_of(entity)}
    before = before_of(studio.draft.original, entity)
    kept |= {field.get("id") for field in of_fields.fields_of(before or {})}
    found: dict[str, Data] = {}
    for one in trash.fields_of(studio.connection, studio.name, str(entity.get("id"))):
        if one.thing_id in kept or one.thing_id in found or one.version is None:
            continue
        version = versions.find(studio.connection, studio.name, one.version)
        former = before_of(version.source, entity) if version is not None else None
        field = find_field(former or {}, one.thing_id)
        if field is not None:
            found[one.thing_id] = field
    return list(found.values())


def retyped(studio: Studio, key: str, at: str, wanted: str, to: str = "") -> Documents:
    """The documents with a field of another type; a choice has the options that its texts make, as far as the builder
    may see them. Raises Refused."""
    documents = studio.draft.documents
    values: tuple[str, ...] = ()
    served = running_field(running_entity(studio, key), at)
    if served is not None and wanted in ("choice", "multi_choice", "stage"):
        values = values_for_options(door(studio), str(documents[key].get("id")), at)
    return retyping.retyped(documents, key, at, wanted, to=to, values=values)


def look(studio: Studio, key: str, at: str, wanted: str, to: str, language: Language) -> Retyping:
    """The same before anything is changed: the documents are linked as they would be. Raises Refused."""
    candidate = retyped(studio, key, at, wanted, to)
    linked = examine_stored(candidate, studio.others)
    found = None
    if linked.app is not None:
        identity = str(studio.draft.documents[key].get("id"))
        found = preview(studio.connection, door(studio), linked.app, identity, at, language)
    known = {problem.text("en") for problem in studio.linked.problems}
    return Retyping(found, [p for p in linked.problems if p.text("en") not in known])


def restored(studio: Studio, key: str, at: str) -> Documents:
    """The documents with a field back that was taken out: since the version that serves, or before, when its data have
    lain in the trash. Raises Refused (NOT_FOUND)."""
    documents = studio.draft.documents
    neighbours = of_fields.fields_of(before_of(studio.draft.original, documents[key]) or {})
    field: Data | None = next((one for one in neighbours if one.get("id") == at), None)
    if field is None:
        field = next((one for one in trashed(studio, key) if one.get("id") == at), None)
    if field is None:
        raise refuse(NOT_FOUND, name=at)
    taken = of_fields.names_in(documents, key.partition("/")[2])
    if field.get("name") in taken:
        field = {**field, "name": edits.free_name(str(field.get("name")), taken)}
    steps = drafts.steps(studio.connection, studio.name, limit=HISTORY_MAX)
    return retire.restored(documents, key, field, neighbours, steps)
