"""What guards an entity's records: rules, uniques and locks put in, changed and taken out, and read as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

from dougong_designer.edits import free_name
from dougong_designer.entities.fields import Data, changed, entity_at, fields_of, set_label
from dougong_designer.entities.properties import with_property
from dougong_designer.entities.types import UNSTORED, new_id
from dougong_designer.patch import Documents
from dougong_designer.spoken import spoken
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.labels import Label, Language

Kind: TypeAlias = Literal["rules", "unique", "lock"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The properties of an entity that list guards."""
_LISTS = {"fields": "unique", "except": "lock"}
"""Properties that are lists of fields."""

NO_FIELD_FOR_UNIQUE = problem_type(
    "no-field-for-unique",
    422,
    "还没有能要求唯一的字段。先加一个。",
    "There is no field yet whose values could be unique. Add one first.",
)


def guards_of(entity: Data, kind: Kind) -> list[Data]:
    """The guards of a kind, as mappings."""
    made = []
    for one in entity.get(kind) or []:
        if isinstance(one, Mapping):
            made.append(one)
        elif kind == "unique":
            made.append({"fields": [one] if isinstance(one, str) else list(one)})
    return made


def with_guard(documents: Documents, key: str, kind: Kind) -> tuple[Documents, str]:
    """A guard more, whole at once and without effect until it is filled in; and its id. A unique begins with the first
    field that can be unique. Raises Refused (NO_FIELD_FOR_UNIQUE)."""
    entity = entity_at(documents, key)
    there = guards_of(entity, kind)
    identity = new_id()
    made: dict[str, Any]
    if kind == "rules":
        name = free_name("rule", [str(one.get("name")) for one in there])
        words = {"zh": "不符合规则", "en": "This does not meet the rule"}
        made = {"name": name, "id": identity, "check": "true", "message": words}
    elif kind == "unique":
        field = next((f for f in fields_of(entity) if f.get("type") not in UNSTORED), None)
        if field is None:
            raise refuse(NO_FIELD_FOR_UNIQUE)
        made = {"id": identity, "fields": [field["name"]]}
    else:
        made = {"id": identity, "when": "false"}
    return changed(documents, key, **{kind: [*there, made]}), identity


def guard_changed(
    documents: Documents, key: str, kind: Kind, identity: str, name: str, value: str | Sequence[str]
) -> Documents:
    """A guard with another property; an empty one is left out where it may be. Raises Refused (NOT_FOUND)."""
    stem, _, language = name.partition(".")

    def change(one: Data) -> Data:
        if one.get("id") != identity:
            return one
        if language:
            text = str(value)
            return with_property(
                one, stem, set_label(one.get(stem), "zh" if language == "zh" else "en", text)
            )
        if stem in _LISTS:
            listed = [value] if isinstance(value, str) else list(value)
            kept = [name for name in listed if name]
            return with_property(one, stem, kept if kept or stem == "fields" else None)
        return with_property(one, stem, value or None)

    guards = guards_of(entity_at(documents, key), kind)
    if all(one.get("id") != identity for one in guards):
        raise refuse(NOT_FOUND, name=identity)
    return changed(documents, key, **{kind: [change(one) for one in guards]})


def without_guard(documents: Documents, key: str, kind: Kind, identity: str) -> Documents:
    """A guard taken out."""
    kept = [one for one in guards_of(entity_at(documents, key), kind) if one.get("id") != identity]
    return changed(documents, key, **{kind: kept or None})


def broken_when(rule: Data) -> str:
    """The condition under which a record breaks a rule."""
    broken = f"NOT ({rule.get('check')})"
    when = rule.get("when")
    return f"({when}) AND {broken}" if when not in (None, "") else broken


def retained(documents: Documents, key: str, years: int | None, from_: str) -> Documents:
    """An entity whose records stay for some years after a date; None: as long as one likes."""
    retain = None if not years else {"years": years, **({"from": from_} if from_ else {})}
    return changed(documents, key, retain=retain)


def sentence(documents: Documents, key: str, kind: Kind, guard: Data, language: Language) -> str:
    """A guard as people say it."""
    zh = language == "zh"
    entity = documents[key]

    def said(name: str) -> str:
        text = guard.get(name)
        if text in (None, ""):
            return ""
        return spoken(documents, (key, kind, str(guard.get("id")), name), text).in_(language)

    def listed(name: str) -> str:
        labels = [_label_of(entity, str(one), language) for one in guard.get(name) or ()]
        return ("、" if zh else ", ").join(labels)

    when = said("when")
    if kind == "rules":
        check = said("check")
        if when:
            return f"当 {when} 时，必须 {check}" if zh else f"While {when}: {check}"
        return f"必须 {check}" if zh else f"Always {check}"
    if kind == "unique":
        words = listed("fields")
        told = f"{words} 不能重复" if zh else f"No two records share {words}"
        if when:
            return f"{told}（当 {when} 时）" if zh else f"{told}, while {when}"
        return told
    told = f"当 {when} 时不能修改" if zh else f"Locked while {when}"
    if kept := listed("except"):
        return f"{told}，{kept} 除外" if zh else f"{told}, except {kept}"
    return told


def _label_of(entity: Data, name: str, language: Language) -> str:
    field = next((f for f in fields_of(entity) if f.get("name") == name), None)
    return name if field is None else Label.of(field.get("label"), name).in_(language)
