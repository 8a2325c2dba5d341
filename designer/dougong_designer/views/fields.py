"""Fields of entities as a draft's raw documents give them, along references: what views are made of. Nothing is linked,
so it holds for drafts with problems, and costs no more than reading a few properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import targets_of
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.system_fields import system_fields

HOPS_MAX = 3
"""References that a path goes along, as the schema of paths says."""
LINKS = ("reference", "references", "user", "team", "created_by", "updated_by")
_SHOWN_SYSTEM = ("created_at", "created_by", "updated_at", "updated_by")
_TYPE_TARGETS = {"user": ("user",), "team": ("team",), "created_by": ("user",), "updated_by": ("user",)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A field at the end of a path."""

    path: str
    name: str
    id: str
    label: Label
    """Its own label; `labels` has those of the way there too."""
    labels: tuple[Label, ...]
    type: str
    """Name of its type; of a formula that says its result's type, that one."""
    computed: bool
    targets: tuple[str, ...]
    entity: str
    """The entity whose field it is."""

    @property
    def is_own(self) -> bool:
        """Whether it is a field of the record itself."""
        return "." not in self.path

    @property
    def leads(self) -> bool:
        """Whether a path can go on along it."""
        return (
            self.type in LINKS
            and self.type != "references"
            and len(self.targets) == 1
            and self.path.count(".") < HOPS_MAX
        )

    @property
    def icon(self) -> str:
        """The sign of its type."""
        return "math-function" if self.computed else type_icon(self.type)


_ICONS = {
    "text": "text-size", "long_text": "notes", "rich_text": "notes", "integer": "hash", "decimal": "hash",
    "money": "coin", "percent": "hash", "rating": "star", "boolean": "checkbox", "date": "calendar",
    "datetime": "calendar-time", "created_at": "calendar-time", "updated_at": "calendar-time", "time": "clock",
    "duration": "clock", "choice": "list", "multi_choice": "list-details", "tags": "tags", "stage": "flag",
    "reference": "link", "references": "link", "user": "user", "created_by": "user", "updated_by": "user",
    "team": "users", "file": "paperclip", "image": "photo", "signature": "signature", "phone": "phone",
    "email": "mail", "url": "world", "address": "map-pin", "autonumber": "hash", "id_number": "id",
    "json": "braces", "color": "palette", "formula": "math-function", "location": "map-pin",
}  # fmt: skip


def type_icon(name: str) -> str:
    """The sign of a field type."""
    return _ICONS.get(name, "text-size")


class Outline:
    """The entities of a draft, and those that every app has besides or that other apps lend it."""

    def __init__(self, documents: Documents, others: Mapping[str, App] | None = None) -> None:
        self._documents = documents
        self._others = others or {}
        self._fields_of: dict[str, Mapping[str, Seen]] = {}

    def fields(self, entity: str) -> Mapping[str, Seen]:
        """Its fields by name: its own in the document's order, then those of the system that people look at."""
        known = self._fields_of.get(entity)
        if known is None:
            known = self._fields_of[entity] = {field.name: field for field in self._fields(entity)}
        return known

    def title(self, entity: str) -> str:
        """Name of the field that names a record; empty where there is none."""
        data = self._documents.get(f"entity/{entity}")
        if data is not None:
            return str(data.get("title") or "")
        found = self._model(entity)
        return found.title if found is not None else ""

    def label(self, entity: str) -> Label:
        """The entity's words."""
        data = self._documents.get(f"entity/{entity}")
        if data is not None:
            return Label.of(data.get("label"), entity)
        found = self._model(entity)
        return found.label if found is not None else Label.of(None, entity)

    def find(self, entity: str, path: str) -> Seen | None:
        """The field at the end of a path along references; None where it leads nowhere."""
        *hops, last = path.split(".")
        at, labels, way = entity, [], []
        for hop in hops:
            step = self.fields(at).get(hop)
            way.append(hop)
            if step is None or step.type == "references" or len(step.targets) != 1:
                return None
            labels.append(step.label)
            at = step.targets[0]
        found = self.fields(at).get(last)
        if found is None or len(hops) > HOPS_MAX:
            return None
        return _at(found, ".".join([*way, last]), (*labels, found.label))

    def along(self, entity: str, path: str) -> list[Seen]:
        """The fields behind a reference, with whole paths."""
        step = self.find(entity, path)
        if step is None or not step.leads:
            return []
        return [
            _at(field, f"{path}.{name}", (*step.labels, field.label))
            for name, field in self.fields(step.targets[0]).items()
        ]

    def _fields(self, entity: str) -> Iterator[Seen]:
        data = self._documents.get(f"entity/{entity}")
        if data is None:
            found = self._model(entity)
            for field in found.fields.values() if found is not None else ():
                if not field.is_system or field.name in _SHOWN_SYSTEM:
                    yield _of_model(entity, field)
            return
        own: set[str] = set()
        for raw in data.get("fields") or ():
            if isinstance(raw, Mapping) and isinstance(raw.get("name"), str):
                own.add(raw["name"])
                yield _of_document(entity, raw)
        for name, field in _system_fields(entity).items():
            if name in _SHOWN_SYSTEM and name not in own:
                yield _of_model(entity, field)

    def _model(self, entity: str) -> Any:
        for app in (DIRECTORY, *self._others.values()):
            found = app.entities.get(entity)
            if found is not None:
                return found
        return None


@lru_cache(512)
def _system_fields(entity: str) -> Mapping[str, Field]:
    return system_fields("", entity)


def _at(field: Seen, path: str, labels: tuple[Label, ...]) -> Seen:
    return Seen(
        path,
        field.name,
        field.id,
        field.label,
        labels,
        field.type,
        field.computed,
        field.targets,
        field.entity,
    )


def _of_document(entity: str, raw: Mapping[str, Any]) -> Seen:
    name, kind = str(raw["name"]), str(raw.get("type") or "text")
    computed = kind == "formula"
    if computed and str(raw.get("result") or "") in FIELD_TYPES:
        kind = str(raw["result"])
    targets = _TYPE_TARGETS.get(kind) or (targets_of(raw) if kind in LINKS else ())
    if computed:
        targets = ()
    label = Label.of(raw.get("label"), name)
    return Seen(name, name, str(raw.get("id") or ""), label, (label,), kind, computed, targets, entity)


def _of_model(entity: str, field: Field) -> Seen:
    return Seen(
        field.name,
        field.name,
        field.id,
        field.label,
        (field.label,),
        field.type,
        field.is_computed,
        field.targets,
        entity,
    )
