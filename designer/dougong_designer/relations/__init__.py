"""The relations of an app's entities, read from the documents of a draft, and changed there.

A relation is a field that names records of another entity: `reference`, `references`, or `user` and `team`, which name
people and teams of the site. It is known by the id of its field. Everything here is plain data in and out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer import naming
from dougong_designer.edits import free_name
from dougong_designer.patch import Documents
from dougong_designer.patterns import plural_name, taken_names, targets_of
from dougong_runtime.documents.problems import BAD_NAME, DUPLICATE
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.names import is_name

TYPES = ("reference", "references", "user", "team")
ON_DELETE = ("refuse", "cascade", "clear")
SYSTEM = tuple(DIRECTORY.entities)
"""Entities of the site that any app may refer to: people and teams."""

ALREADY_ONE = problem_type(
    "relation-of-several",
    409,
    "「{name}」可以引用多个实体，在字段属性里修改。",
    "“{name}” may refer to several entities; change it among the properties of the field.",
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A field that names records of other entities."""

    id: str
    entity: str
    """Whose field it is."""
    field: str
    label: Label
    type: str
    targets: tuple[str, ...]
    inverse: str
    """Name of the way back; empty where there is none."""
    required: bool
    on_delete: str

    @property
    def many(self) -> bool:
        """Whether one record names many others."""
        return self.type == "references"

    @property
    def is_system(self) -> bool:
        """Whether it names people or teams of the site."""
        return all(target in SYSTEM for target in self.targets)


@dataclass(frozen=True, slots=True)
class NewRelation:
    """A relation as it is to be made."""

    entity: str
    to: str
    name: str = ""
    """Of the field; made from the label, else from the target, where left out."""
    label: str = ""
    language: Language = "zh"
    required: bool = False
    many: bool = False
    on_delete: str = "refuse"
    inverse: str = ""
    """Of the way back; made from the entity's name where left out."""


def relations(documents: Documents) -> list[Relation]:
    """Every relation of a draft, in the order of its entities and their fields. What is not whole is passed over."""
    found = []
    for key, data in documents.items():
        if not key.startswith("entity/"):
            continue
        for one in data.get("fields", ()):
            made = _relation(key.partition("/")[2], one)
            if made is not None:
                found.append(made)
    return found


def find(documents: Documents, identity: str) -> Relation:
    """The relation of a field's id. Raises Refused (NOT_FOUND)."""
    found = next((r for r in relations(documents) if r.id == identity), None)
    if found is None:
        raise refuse(NOT_FOUND, name=identity)
    return found


def _relation(entity: str, data: Mapping[str, Any]) -> Relation | None:
    kind = data.get("type")
    if kind not in TYPES or not data.get("id") or not data.get("name"):
        return None
    targets = targets_of(data) or ((str(kind),) if kind in SYSTEM else ())
    if not targets:
        return None
    return Relation(
        id=str(data["id"]),
        entity=entity,
        field=str(data["name"]),
        label=Label.of(data.get("label"), str(data["name"])),
        type=str(kind),
        targets=targets,
        inverse=str(data.get("inverse") or ""),
        required=data.get("required") is True,
        on_delete=str(data.get("on_delete") or "refuse"),
    )


# --- changing --------------------------------------------------------------------------------------------------
def with_relation(documents: Documents, wish: NewRelation) -> tuple[Documents, str]:
    """The documents with a reference more, at the end of its entity's fields, and the field's name.

    Raises Refused: NOT_FOUND for an entity that is not there, BAD_NAME, DUPLICATE.
    """
    key = f"entity/{wish.entity}"
    if key not in documents:
        raise refuse(NOT_FOUND, "entity", name=wish.entity)
    if wish.to not in SYSTEM and f"entity/{wish.to}" not in documents:
        raise refuse(NOT_FOUND, "to", name=wish.to)
    entity = documents[key]
    own = taken_names(documents, wish.entity)
    name = wish.name or (
        naming.name_from(wish.label, wish.to, own) if wish.label else free_name(wish.to, own)
    )
    _check_name("name", name, own if wish.name else ())
    made: dict[str, Any] = {"name": name, "type": "references" if wish.many else "reference"}
    if wish.to in SYSTEM and not wish.many:
        made["type"] = wish.to
    made["label"] = _label(documents, wish)
    if made["type"] not in SYSTEM:
        made["to"] = wish.to
    if wish.required:
        made["required"] = True
    if wish.to not in SYSTEM:
        theirs = taken_names(documents, wish.to)
        if wish.to == wish.entity:
            theirs = theirs | {name}
        inverse = wish.inverse or free_name(plural_name(wish.entity), theirs)
        _check_name("inverse", inverse, theirs if wish.inverse else ())
        made["inverse"] = inverse
        if not wish.many:
            made["on_delete"] = wish.on_delete
    return {**documents, key: {**entity, "fields": [*entity["fields"], made]}}, name


def with_property(documents: Documents, identity: str, name: str, value: Any) -> Documents:
    """The documents with one property of a relation's field set: `label`, `required`, `on_delete`, `inverse`. None takes
    it out. Names that formulas use are changed by renaming instead."""
    relation = find(documents, identity)
    if name == "on_delete" and value not in ON_DELETE:
        raise refuse(NOT_FOUND, "on_delete", name=str(value))
    key = f"entity/{relation.entity}"
    fields = [
        _set(one, name, value) if one.get("id") == identity else one for one in documents[key]["fields"]
    ]
    return {**documents, key: {**documents[key], "fields": fields}}


def _set(data: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    kept = {key: inner for key, inner in data.items() if key != name or value is not None}
    return kept if value is None else {**kept, name: value}


def _check_name(member: str, name: str, taken: Sequence[str] | set[str]) -> None:
    if not is_name(name):
        raise refuse(BAD_NAME, member, name=name)
    if name in taken:
        raise refuse(DUPLICATE, member, what=Label("字段", "field"), name=name)


def _label(documents: Documents, wish: NewRelation) -> Any:
    if wish.label:
        other = wish.label
        return {"zh": wish.label, "en": other} if wish.language == "zh" else {"en": wish.label, "zh": other}
    if wish.to in SYSTEM:
        system = DIRECTORY.entities[wish.to].label
        return {"zh": system.zh, "en": system.en}
    return documents[f"entity/{wish.to}"].get("label") or wish.to


# --- who sees the one sees the other ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Inheriting:
    """Roles that read a relation's target, and those of them whose rows of the entity follow it."""

    possible: bool
    """Whether rows can follow it: it names one record of one entity of the app."""
    readers: tuple[str, ...]
    following: tuple[str, ...]

    @property
    def is_on(self) -> bool:
        """Whether all who see the one see the other by it."""
        return bool(self.readers) and self.readers == self.following


def inheriting(documents: Documents, relation: Relation) -> Inheriting:
    """Which roles see a record because they see the one that it names."""
    possible = relation.type == "reference" and len(relation.targets) == 1 and not relation.is_system
    if not possible or relation.entity == relation.targets[0]:
        return Inheriting(False, (), ())
    readers, following = [], []
    for key, role in documents.items():
        if key.startswith("role/") and any(_reads(g, relation.targets[0]) for g in role.get("grants", ())):
            readers.append(key.partition("/")[2])
            if any(_follows(g, relation) for g in role["grants"]):
                following.append(key.partition("/")[2])
    return Inheriting(True, tuple(readers), tuple(following))


def with_inheriting(documents: Documents, relation: Relation, *, on: bool) -> Documents:
    """The grants of every role that reads the target as the choice says.

    On: its grants that read the entity follow the relation; a role without any gets one that reads. Off: those that
    follow it give the rows that are one's own.
    """
    made = dict(documents)
    for name in inheriting(documents, relation).readers:
        key = f"role/{name}"
        grants = list(made[key].get("grants", ()))
        if on:
            if not any(_reads(g, relation.entity) for g in grants):
                grants.append({"entity": relation.entity, "actions": ["read"]})
            grants = [
                {**g, "rows": {"inherit": relation.field}} if _reads(g, relation.entity) else g
                for g in grants
            ]
        else:
            grants = [{**g, "rows": "own"} if _follows(g, relation) else g for g in grants]
        made[key] = {**made[key], "grants": grants}
    return made


def _reads(grant: Mapping[str, Any], entity: str) -> bool:
    return grant.get("entity") == entity and "read" in grant.get("actions", ())


def _follows(grant: Mapping[str, Any], relation: Relation) -> bool:
    rows = grant.get("rows")
    return (
        grant.get("entity") == relation.entity
        and isinstance(rows, Mapping)
        and rows.get("inherit") == relation.field
    )
