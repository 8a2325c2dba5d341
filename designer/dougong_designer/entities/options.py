"""Options, stages, and the ways between stages: added, changed, put in order, taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dougong_designer.entities.fields import changing, field_at, labelled, set_label
from dougong_designer.entities.naming import value_of
from dougong_designer.entities.types import new_id, option
from dougong_designer.patch import Documents
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.labels import Language

Data = Mapping[str, Any]
OPTIONS_MAX = 10_000

LAST_STAGE = problem_type("last-stage", 422, "阶段至少要有一个。", "There is at least one stage.")


def list_of(field: Data) -> str:
    """Which property lists its options: `options` or `stages`."""
    return "stages" if field.get("type") == "stage" else "options"


def options_of(field: Data) -> list[Data]:
    """Its options or stages as mappings, whatever short form stands there."""
    found = field.get(list_of(field)) or []
    return [one if isinstance(one, Mapping) else {"value": one} for one in found]


def find_option(field: Data, identity: str) -> Data:
    """An option by its id. Raises Refused (NOT_FOUND)."""
    found = next((one for one in options_of(field) if one.get("id") == identity), None)
    if found is None:
        raise refuse(NOT_FOUND, name=identity)
    return found


def with_option(documents: Documents, key: str, field: str, label: str, language: Language) -> Documents:
    """An option more at the end, with a value made of its label, in the colour of its place."""

    def add(now: Sequence[Data]) -> list[Data]:
        value = value_of(label, [str(one.get("value")) for one in now])
        return [*now, option(value, labelled(label, language), len(now))]

    return _listing(documents, key, field, add)


def option_changed(
    documents: Documents, key: str, field: str, identity: str, name: str, value: str
) -> Documents:
    """An option with another label (`label.zh`, `label.en`) or colour."""
    find_option(field_at(documents, key, field), identity)

    def change(one: Data) -> Data:
        if one.get("id") != identity:
            return one
        if name.startswith("label."):
            language: Language = "zh" if name == "label.zh" else "en"
            return _set(one, "label", set_label(one.get("label"), language, value))
        return _set(one, name, value or None)

    return _listing(documents, key, field, lambda now: [change(one) for one in now])


def option_moved(documents: Documents, key: str, field: str, identity: str, before: str | None) -> Documents:
    """An option before another, else at the end."""
    moved = find_option(field_at(documents, key, field), identity)
    if before == identity:
        return documents

    def move(now: Sequence[Data]) -> list[Data]:
        rest = [one for one in now if one.get("id") != identity]
        place = next((n for n, one in enumerate(rest) if one.get("id") == before), len(rest))
        return [*rest[:place], moved, *rest[place:]]

    return _listing(documents, key, field, move)


def without_option(documents: Documents, key: str, field: str, identity: str) -> Documents:
    """An option that cannot be chosen any more, and a stage's ways with it. Records keep the value they have.

    Raises Refused (LAST_STAGE).
    """
    found = field_at(documents, key, field)
    gone = find_option(found, identity)
    if found.get("type") == "stage" and len(options_of(found)) == 1:
        raise refuse(LAST_STAGE)
    made = _listing(documents, key, field, lambda now: [one for one in now if one.get("id") != identity])
    if not found.get("transitions"):
        return made

    def cut(data: Data) -> Data:
        kept = [w for way in data["transitions"] if (w := _without_stage(way, gone.get("value"))) is not None]
        return {**data, "transitions": kept}

    return changing(made, key, field, cut)


def ways_of(field: Data) -> list[Data]:
    """The ways between its stages."""
    return [way for way in field.get("transitions") or [] if isinstance(way, Mapping)]


def with_way(documents: Documents, key: str, field: str, from_: str, to: str) -> Documents:
    """A way more from one stage to another."""
    known = {str(one.get("value")): one.get("value") for one in options_of(field_at(documents, key, field))}
    if from_ not in known or to not in known:
        raise refuse(NOT_FOUND, name=from_ if from_ not in known else to)
    way = {"id": new_id(), "from": known[from_], "to": known[to]}
    return changing(documents, key, field, lambda data: {**data, "transitions": [*ways_of(data), way]})


def way_changed(
    documents: Documents, key: str, field: str, identity: str, name: str, value: Any
) -> Documents:
    """A way with another property; an empty one is left out."""

    def change(data: Data) -> Data:
        ways = [_changed_way(way, name, value) if way.get("id") == identity else way for way in ways_of(data)]
        return {**data, "transitions": ways}

    return changing(documents, key, field, change)


def without_way(documents: Documents, key: str, field: str, identity: str) -> Documents:
    """A way taken out."""

    def cut(data: Data) -> Data:
        return {**data, "transitions": [way for way in ways_of(data) if way.get("id") != identity]}

    return changing(documents, key, field, cut)


def _changed_way(way: Data, name: str, value: Any) -> Data:
    if name.startswith(("label.", "message.")):
        part, _, language = name.partition(".")
        return _set(way, part, set_label(way.get(part), "zh" if language == "zh" else "en", str(value)))
    return _set(way, name, value or None)


def _without_stage(way: Data, value: Any) -> Data | None:
    """A way that no longer touches a stage; None where nothing of it is left."""
    made = dict(way)
    for end in ("from", "to"):
        found = way.get(end)
        if isinstance(found, list):
            rest = [one for one in found if one != value]
            if not rest:
                return None
            made[end] = rest
        elif found == value:
            return None
    return made


def _listing(
    documents: Documents, key: str, field: str, change: Callable[[Sequence[Data]], Sequence[Data]]
) -> Documents:
    def with_list(data: Data) -> Data:
        return {**data, list_of(data): list(change(options_of(data)))}

    return changing(documents, key, field, with_list)


def _set(data: Data, name: str, value: Any) -> Data:
    made = {**data, name: value}
    return {one: inner for one, inner in made.items() if inner is not None}
