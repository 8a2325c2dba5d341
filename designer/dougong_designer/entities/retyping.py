"""A field of another type: what of its document goes over, and which options its values would make."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from dougong_designer.entities.fields import (
    ONE_STAGE,
    UNKNOWN_TYPE,
    WHICH_ENTITY,
    Data,
    changing,
    entity_at,
    fields_of,
    inverse_for,
)
from dougong_designer.entities.options import options_of
from dougong_designer.entities.properties import allowed, demands_of, takes_default
from dougong_designer.entities.types import HUES, LINKING, OPTIONED, new_id, said_by
from dougong_designer.patch import Documents
from dougong_runtime.errors import refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label
from dougong_runtime.model.directory import DIRECTORY

OPTION_LENGTH_MAX = 100
_ALIKE = (
    frozenset({"text", "long_text", "rich_text", "email", "phone", "url", "address", "id_number"}),
    frozenset({"integer", "decimal", "money", "percent", "rating"}),
    frozenset({"choice", "stage"}),
)
"""Types whose defaults say the same."""


def retyped(
    documents: Documents,
    key: str,
    identity: str,
    type_name: str,
    *,
    to: str = "",
    values: Sequence[str] = (),
) -> Documents:
    """The documents with a field of another type. What the type knows is kept, what it needs is added.

    `values`: texts that the records have, for a choice to have options of. Raises Refused (UNKNOWN_TYPE, ONE_STAGE,
    WHICH_ENTITY).
    """
    if type_name not in FIELD_TYPES:
        raise refuse(UNKNOWN_TYPE, name=type_name)
    if type_name == "stage":
        for other in fields_of(entity_at(documents, key)):
            if other.get("type") == "stage" and other.get("id") != identity:
                raise refuse(ONE_STAGE, what=Label.of(other.get("label"), str(other.get("name"))))

    def change(field: Data) -> Data:
        return _retyped(documents, key.partition("/")[2], field, type_name, to, values)

    return changing(documents, key, identity, change)


def _retyped(
    documents: Documents, entity: str, field: Data, type_name: str, to: str, values: Sequence[str]
) -> Data:
    if field.get("type") == type_name:
        return field
    known = allowed(type_name)
    made: dict[str, Any] = {name: value for name, value in field.items() if name in known}
    made["type"] = type_name
    options = options_of(field)
    if type_name in OPTIONED or type_name == "stage":
        if not options:
            options = [_option(value, n) for n, value in enumerate(values)]
        listed = "stages" if type_name == "stage" else "options"
        if options:
            made[listed] = options
    for name, value in said_by(type_name).items():
        # Ways lead between the stages that were made with them.
        if name == "transitions" and options:
            made[name] = field.get("transitions") or _ways(options)
        elif name == "pattern":
            made[name] = value
        else:
            made.setdefault(name, value)
    if type_name in LINKING:
        targets = [to] if to else field.get("to") or []
        targets = [targets] if isinstance(targets, str) else list(targets)
        if not targets or any(
            t not in DIRECTORY.entities and f"entity/{t}" not in documents for t in targets
        ):
            raise refuse(WHICH_ENTITY, "to")
        made["to"] = targets[0]
        made.setdefault("inverse", inverse_for(documents, entity, targets[:1]))
    asked = demands_of(made)
    for demand in ("required", "unique"):
        if demand not in asked:
            made.pop(demand, None)
    if not takes_default(made) or not _alike(str(field.get("type")), type_name):
        made.pop("default", None)
    return made


def _alike(before: str, after: str) -> bool:
    return any(before in group and after in group for group in _ALIKE)


def _ways(options: Sequence[Data]) -> list[dict[str, Any]]:
    pairs = itertools.pairwise(options)
    return [{"id": new_id(), "from": a["value"], "to": b["value"]} for a, b in pairs]


def _option(value: str, place: int) -> Mapping[str, Any]:
    """An option for a value that records have: it is kept as it stands, so that it converts."""
    return {"value": value[:OPTION_LENGTH_MAX], "id": new_id(), "color": HUES[place % len(HUES)]}
