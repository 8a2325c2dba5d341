"""The table of an entity's fields: what each is, in words, and how it differs from the version that serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong_designer.entities.fields import Data, fields_of, targets_of
from dougong_designer.entities.options import options_of
from dougong_designer.entities.types import icon_of
from dougong_designer.patch import Documents
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.directory import DIRECTORY

Mark = Literal["", "new", "changed", "renamed"]
Demand = Literal["required", "unique", "sensitive", "search"]
DEMANDS: tuple[Demand, ...] = ("required", "unique", "sensitive", "search")


@dataclass(frozen=True, slots=True)
class Line:
    """A field of the table."""

    id: str
    name: str
    label: str
    type: str
    icon: str
    words: str
    """The type with its facts: 单选 · 5 项."""
    demands: tuple[Demand, ...]
    rules: int
    mark: Mark
    former: str = ""
    """What it is called in the version that serves, where that is otherwise."""


def lines(documents: Documents, original: Documents, key: str, language: Language) -> Iterator[Line]:
    """The fields of an entity in their order."""
    entity = documents[key]
    before = {str(f.get("id")): f for f in fields_of(before_of(original, entity) or {})}
    rules = [r for r in entity.get("rules") or [] if isinstance(r, Mapping)]
    for field in fields_of(entity):
        name = str(field.get("name"))
        mark, former = mark_of(field, before.get(str(field.get("id"))))
        yield Line(
            id=str(field.get("id")),
            name=name,
            label=Label.of(field.get("label"), name).in_(language),
            type=str(field.get("type")),
            icon=icon_of(str(field.get("type"))),
            words=type_words(documents, field, language),
            demands=tuple(one for one in DEMANDS if field.get(one)),
            rules=sum(rule.get("field") == name for rule in rules),
            mark=mark,
            former=former,
        )


def before_of(original: Documents, entity: Data) -> Data | None:
    """An entity as the version that serves has it, found by its id."""
    identity = entity.get("id")
    found = original.get(f"entity/{entity.get('name')}")
    if found is not None and found.get("id") == identity:
        before: Data = found
        return before
    for key, data in original.items():
        if key.startswith("entity/") and data.get("id") == identity:
            other: Data = data
            return other
    return None


def mark_of(field: Data, before: Data | None) -> tuple[Mark, str]:
    """How a field differs from what it was."""
    if before is None:
        return "new", ""
    if before.get("name") != field.get("name"):
        return "renamed", str(before.get("name"))
    return ("" if before == field else "changed"), ""


def type_words(documents: Documents, field: Data, language: Language) -> str:
    """A field's type with the facts that tell it from others."""
    kind = FIELD_TYPES.find(str(field.get("type")))
    if kind is None:
        return str(field.get("type"))
    label = kind.label.in_(language)
    facts = _facts(documents, field, language)
    if field.get("type") in ("reference", "references"):
        return f"{label} → {facts}"
    return f"{label} · {facts}" if facts else label


def entity_label(documents: Documents, name: str, language: Language) -> str:
    """What an entity is called, one of the directory's included."""
    found = DIRECTORY.entities.get(name)
    if found is not None:
        return found.label.in_(language)
    data: Mapping[str, Any] = documents.get(f"entity/{name}") or {}
    return Label.of(data.get("label"), name).in_(language)


def _facts(documents: Documents, field: Data, language: Language) -> str:
    zh = language == "zh"
    match field.get("type"):
        case "choice" | "multi_choice" | "tags":
            count = len(options_of(field))
            return (f"{count} 项" if zh else f"{count} options") if count else ""
        case "stage":
            count = len(options_of(field))
            return f"{count} 步" if zh else f"{count} stages"
        case "decimal":
            return f"{field.get('precision', 18)},{field.get('scale', 0)}"
        case "money":
            return str(field.get("currency", "CNY"))
        case "formula":
            result = FIELD_TYPES.find(str(field.get("result", "")))
            return result.label.in_(language) if result is not None else ""
        case "reference" | "references":
            names = [entity_label(documents, to, language) for to in targets_of(field)]
            return ("、" if zh else ", ").join(names)
        case "rating":
            return str(field.get("maximum", 5))
        case "autonumber":
            return str(field.get("pattern", ""))
        case _:
            return ""
