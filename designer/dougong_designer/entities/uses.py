"""Where an entity and its fields are used: how often each, and the places, by document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dougong_designer.entities.fields import Data, fields_of, targets_of
from dougong_designer.patch import Documents
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.references import Reference, References, Target
from dougong_runtime.documents.schema import schema_of
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.labels import Label


@dataclass(frozen=True, slots=True)
class Place:
    """A document, with the places in it that name a thing."""

    document: str
    kind: Label
    label: Label
    parts: tuple[tuple[Label, int], ...]
    """Which properties of it do, and how often each."""
    at: str = ""
    """Id of the field within, where the document is an entity."""

    @property
    def count(self) -> int:
        """How many places."""
        return sum(number for _, number in self.parts)


def counts(references: References, entity: str, fields: Iterable[Data]) -> dict[str, int]:
    """Field id → how often it, its options and the way back along it are named."""
    return {
        str(field.get("id")): len(of_field(references, entity, field))
        for field in fields
        if field.get("name")
    }


def of_field(references: References, entity: str, field: Data) -> tuple[Reference, ...]:
    """Every place that names a field, an option of it, or the way back along it."""
    name = str(field.get("name"))
    own = Target("field", name, entity)
    found = dict.fromkeys((*references.to(own), *_options(references, entity, field)))
    inverse = field.get("inverse")
    for target in targets_of(field) if inverse else ():
        found |= dict.fromkeys(references.to(Target("inverse", str(inverse), target)))
    return tuple(found)


def of_entity(references: References, entity: str) -> tuple[Reference, ...]:
    """Every place outside of an entity that names it or anything of it."""
    inside = f"entity/{entity}"
    return tuple(r for r in references.within(Target("entity", entity)) if r.document != inside)


def places(documents: Documents, found: Iterable[Reference]) -> tuple[Place, ...]:
    """References by document, in the order of kinds and labels."""
    by_document: dict[str, list[Reference]] = {}
    for reference in found:
        by_document.setdefault(reference.document, []).append(reference)
    made = [_place(documents, key, inner) for key, inner in by_document.items()]
    order = {kind: n for n, kind in enumerate(KINDS)}
    return tuple(
        sorted(made, key=lambda p: (order.get(p.document.partition("/")[0], len(order)), p.label.zh))
    )


def _options(references: References, entity: str, field: Data) -> list[Reference]:
    owner = f"{entity}.{field.get('name')}"
    listed = field.get("stages") or field.get("options") or []
    values = [one.get("value") if isinstance(one, Mapping) else one for one in listed]
    inside = f"entity/{entity}"
    found = [r for value in values for r in references.to(Target("option", str(value), owner))]
    # The ways between a field's own stages are part of it.
    return [r for r in found if r.document != inside or "transitions" not in r.path]


def _place(documents: Documents, key: str, found: list[Reference]) -> Place:
    kind, _, name = key.partition("/")
    if key.startswith(FILE_KEY):
        return Place(key, Label("文件", "file"), Label(name, name), ((Label(name, name), len(found)),))
    data = documents.get(key) or {}
    counted = Counter(_part(kind, data, reference) for reference in found)
    at = next((identity for r in found if (identity := _field_within(data, r))), "")
    return Place(
        key,
        KINDS.get(kind).label,
        Label.of(data.get("label"), name),
        tuple(sorted(counted.items(), key=_by_words)),
        at,
    )


def _by_words(item: tuple[Label, int]) -> str:
    return item[0].zh


def _field_within(data: Data, reference: Reference) -> str:
    if data.get("kind") != "entity" or len(reference.path) < 2 or reference.path[0] != "fields":
        return ""
    index = reference.path[1]
    fields = fields_of(data)
    return str(fields[index].get("id", "")) if isinstance(index, int) and index < len(fields) else ""


def _part(kind: str, data: Data, reference: Reference) -> Label:
    """The property in which a place lies, in the schema's words; of an entity the field's label."""
    top = str(reference.path[0]) if reference.path else ""
    if (
        kind == "entity"
        and top == "fields"
        and len(reference.path) > 1
        and isinstance(reference.path[1], int)
    ):
        fields = fields_of(data)
        if reference.path[1] < len(fields):
            field = fields[reference.path[1]]
            return Label.of(field.get("label"), str(field.get("name")))
    words = schema_of(kind).get("properties", {}).get(top, {})
    zh = words.get("x-zh", {}).get("title", top)
    return Label(str(zh), str(words.get("title", top)))
