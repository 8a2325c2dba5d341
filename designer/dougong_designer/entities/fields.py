"""Fields put into an entity's document, moved, doubled, changed: each gives the documents as they are to be."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dougong_designer.edits import free_name
from dougong_designer.entities.naming import name_of, plural_of, value_of
from dougong_designer.entities.quick import Wish
from dougong_designer.entities.types import LINKING, OF_SYSTEM, UNSTORED, UNWRITTEN, new_id, option, said_by
from dougong_designer.patch import Documents
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.directory import DIRECTORY

Data = Mapping[str, Any]

ONE_STAGE = problem_type(
    "one-stage-only",
    422,
    "一个实体只有一个阶段字段，已经有「{what}」。",
    "An entity has one field for its stage, and “{what}” is there already.",
    remedy=("用单选字段记录另一种状态。", "Keep another status in a choice."),
)
WHICH_ENTITY = problem_type(
    "which-entity",
    422,
    "请选引用指向哪个实体。",
    "Choose which entity the reference points at.",
)
UNKNOWN_TYPE = problem_type(
    "unknown-field-type", 422, "没有字段类型「{name}」。", "There is no field type “{name}”."
)


def entity_at(documents: Documents, key: str) -> Data:
    """An entity's document by its key, `entity/visit`. Raises Refused (NOT_FOUND)."""
    found = documents.get(key)
    if not key.startswith("entity/") or found is None:
        raise refuse(NOT_FOUND, name=key)
    made: Data = found
    return made


def fields_of(entity: Data) -> list[Data]:
    """An entity's fields as its document has them."""
    return [field for field in entity.get("fields") or [] if isinstance(field, Mapping)]


def find_field(entity: Data, identity: str) -> Data | None:
    """A field by its id."""
    return next((field for field in fields_of(entity) if field.get("id") == identity), None)


def field_at(documents: Documents, key: str, identity: str) -> Data:
    """A field by its id. Raises Refused (NOT_FOUND)."""
    found = find_field(entity_at(documents, key), identity)
    if found is None:
        raise refuse(NOT_FOUND, name=identity)
    return found


def changed(documents: Documents, key: str, **properties: Any) -> Documents:
    """An entity with properties set; None takes one away."""
    entity = entity_at(documents, key)
    made = {name: value for name, value in {**entity, **properties}.items() if value is not None}
    return {**documents, key: made}


def with_fields(documents: Documents, key: str, fields: Sequence[Data]) -> Documents:
    """An entity with other fields."""
    return changed(documents, key, fields=list(fields))


def with_field(documents: Documents, key: str, field: Data, before: str | None = None) -> Documents:
    """A field put in before the one of an id, else at the end."""
    fields = fields_of(entity_at(documents, key))
    place = next((n for n, one in enumerate(fields) if one.get("id") == before), len(fields))
    return with_fields(documents, key, [*fields[:place], field, *fields[place:]])


def moved(documents: Documents, key: str, identity: str, before: str | None) -> Documents:
    """A field before another, else at the end; everything else about it stays."""
    field = field_at(documents, key, identity)
    if before == identity:
        return documents
    fields = [one for one in fields_of(entity_at(documents, key)) if one is not field]
    place = next((n for n, one in enumerate(fields) if one.get("id") == before), len(fields))
    return with_fields(documents, key, [*fields[:place], field, *fields[place:]])


def changing(documents: Documents, key: str, identity: str, change: Callable[[Data], Data]) -> Documents:
    """One field replaced by what `change` makes of it."""
    field = field_at(documents, key, identity)
    made = change(field)
    fields = fields_of(entity_at(documents, key))
    return with_fields(documents, key, [made if one is field else one for one in fields])


def labelled(text: str, language: Language) -> str | dict[str, str]:
    """A label in one language."""
    return {language: text}


def set_label(raw: str | Mapping[str, str] | None, language: Language, text: str) -> Any:
    """A label with the words of one language changed; None where none are left."""
    now: dict[str, str] = {"zh": raw, "en": raw} if isinstance(raw, str) and raw else dict(raw or {})
    kept = {one: now[one] for one in ("zh", "en") if one in now}
    if text:
        kept[language] = text
    else:
        kept.pop(language, None)
    return {one: kept[one] for one in ("zh", "en") if one in kept} or None


def names_in(documents: Documents, entity: str) -> set[str]:
    """Names of an entity's fields, and of the ways back to it: they must differ from each other."""
    taken = {str(f.get("name")) for f in fields_of(documents.get(f"entity/{entity}") or {})}
    for key, data in documents.items():
        if key.startswith("entity/"):
            for field in fields_of(data):
                if field.get("inverse") and entity in targets_of(field):
                    taken.add(str(field["inverse"]))
    if entity in DIRECTORY.entities:
        found = DIRECTORY.entities[entity]
        taken |= {*found.fields, *found.inverses}
    return taken


def targets_of(field: Data) -> tuple[str, ...]:
    """Entities that a field's values name."""
    kind = field.get("type")
    if kind in ("user", "created_by", "updated_by"):
        return ("user",)
    if kind == "team":
        return ("team",)
    to = field.get("to")
    if isinstance(to, list):
        return tuple(str(one) for one in to)
    return (str(to),) if to else ()


def dropped(documents: Documents, key: str, type_name: str, to: str = "") -> dict[str, Any]:
    """A new field of a type, whole at once: under a free name and a label of its own.

    Raises Refused (UNKNOWN_TYPE, ONE_STAGE, WHICH_ENTITY).
    """
    entity = entity_at(documents, key)
    kind = FIELD_TYPES.find(type_name)
    if kind is None:
        raise refuse(UNKNOWN_TYPE, name=type_name)
    label = kind.label
    if to:
        label = Label.of((documents.get(f"entity/{to}") or {}).get("label"), to)
    used = {Label.of(f.get("label"), str(f.get("name"))).zh for f in fields_of(entity)}
    number = 1
    while (f"{label.zh} {number}" if number > 1 else label.zh) in used:
        number += 1
    tail = f" {number}" if number > 1 else ""
    name = to or type_name
    return _made(documents, key, type_name, name, {"zh": label.zh + tail, "en": label.en + tail}, to)


def wished(documents: Documents, key: str, wish: Wish, language: Language) -> dict[str, Any]:
    """The field that a line asks for. Raises Refused likewise."""
    name = name_of(wish.label, ())
    if wish.to:
        of_target = Label.of((documents.get(f"entity/{wish.to}") or {}).get("label"), wish.to)
        name = wish.to if wish.label in (of_target.zh, of_target.en) else name
    field = _made(documents, key, wish.type, name, labelled(wish.label, language), wish.to)
    if wish.options:
        options = options_from(wish.options, language)
        if wish.type == "stage":
            ways = itertools.pairwise(options)
            steps = [{"id": new_id(), "from": a["value"], "to": b["value"]} for a, b in ways]
            field = {**field, "stages": options, "transitions": steps}
        else:
            field = {**field, "options": options}
    if wish.type == "choice" and not wish.options:
        field = {**field, "options": said_by("choice")["options"]}
    for demand in wish.demands:
        if demand == "required" and wish.type in (*UNWRITTEN, "boolean"):
            continue
        if demand == "unique" and wish.type in UNSTORED:
            continue
        field[demand] = True
    return field


def options_from(labels: Sequence[str], language: Language) -> list[dict[str, Any]]:
    """Options of these labels, with values of their own, in the colours of their places."""
    made: list[dict[str, Any]] = []
    for place, label in enumerate(labels):
        value = value_of(label, [str(one["value"]) for one in made])
        made.append(option(value, labelled(label, language), place))
    return made


def doubled(documents: Documents, key: str, identity: str) -> tuple[Documents, str]:
    """A field once more behind itself, under a free name; and the new one's id. Raises Refused (ONE_STAGE)."""
    field = field_at(documents, key, identity)
    if field.get("type") == "stage":
        _one_stage(documents, key)
    made = _with_new_ids(copy.deepcopy(dict(field)))
    made.pop("was", None)
    name = key.partition("/")[2]
    made["name"] = free_name(str(field.get("name")), names_in(documents, name))
    label = Label.of(field.get("label"), str(field.get("name")))
    made["label"] = {"zh": f"{label.zh} 2", "en": f"{label.en} 2"}
    if made.get("inverse"):
        taken = set().union(*(names_in(documents, to) for to in targets_of(field)))
        made["inverse"] = free_name(str(made["inverse"]), taken)
    fields = fields_of(entity_at(documents, key))
    place = next(n for n, one in enumerate(fields) if one is field) + 1
    done = with_fields(documents, key, [*fields[:place], made, *fields[place:]])
    return done, str(made["id"])


def inverse_for(documents: Documents, entity: str, targets: Sequence[str]) -> str:
    """A free name for the way back from the targets to an entity."""
    taken = set().union(*(names_in(documents, to) for to in targets))
    return free_name(plural_of(entity), taken)


def _made(
    documents: Documents, key: str, type_name: str, name: str, label: str | dict[str, str], to: str
) -> dict[str, Any]:
    if type_name not in FIELD_TYPES:
        raise refuse(UNKNOWN_TYPE, name=type_name)
    if type_name == "stage":
        _one_stage(documents, key)
    entity = key.partition("/")[2]
    taken = names_in(documents, entity)
    own = name if type_name in OF_SYSTEM and name == type_name else name_of(name, taken)
    field: dict[str, Any] = {
        "name": free_name(own, taken),
        "id": new_id(),
        "type": type_name,
        "label": label,
        **said_by(type_name),
    }
    if type_name in LINKING:
        if not to or (f"entity/{to}" not in documents and to not in DIRECTORY.entities):
            raise refuse(WHICH_ENTITY, "to")
        inverse = inverse_for(documents, entity, [to])
        # A way back to the entity itself must not be called as the field is.
        if inverse == field["name"]:
            inverse = free_name(inverse, {*names_in(documents, to), inverse})
        field |= {"to": to, "inverse": inverse}
    return field


def _one_stage(documents: Documents, key: str) -> None:
    for field in fields_of(entity_at(documents, key)):
        if field.get("type") == "stage":
            raise refuse(ONE_STAGE, what=Label.of(field.get("label"), str(field.get("name"))))


def _with_new_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: new_id() if name == "id" else _with_new_ids(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_new_ids(inner) for inner in value]
    return value
