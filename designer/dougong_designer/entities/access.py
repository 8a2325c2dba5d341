"""What each role makes of a field, told from the roles' documents without linking them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong_designer.entities.fields import Data
from dougong_designer.patch import Documents
from dougong_runtime.labels import Label

Seen = Literal["no", "hidden", "masked", "summed", "readonly", "writable", "visible"]
"""no: the entity is not the role's; summed: in figures over many records only; visible: to be read, nothing to write."""
_RANK: Mapping[Seen, int] = {
    "no": 0,
    "hidden": 1,
    "summed": 2,
    "masked": 3,
    "readonly": 4,
    "visible": 4,
    "writable": 5,
}


@dataclass(frozen=True, slots=True)
class RoleSees:
    """A role, and the most that any of its grants gives."""

    role: str
    label: Label
    seen: Seen
    some: bool = False
    """Whether that holds for some records only."""


def of_field(documents: Documents, entity: str, field: Data) -> Iterator[RoleSees]:
    """Every role of the app, in the order of its documents."""
    name = str(field.get("name"))
    computed = field.get("type") in ("formula", "autonumber")
    for key, data in documents.items():
        if not key.startswith("role/"):
            continue
        grants = [g for g in data.get("grants") or [] if isinstance(g, Mapping) and g.get("entity") == entity]
        best = max(
            ((_seen(grant, name, computed), grant) for grant in grants),
            key=lambda pair: _RANK[pair[0]],
            default=("no", {}),
        )
        seen: Seen = best[0]
        some = seen not in ("no", "hidden") and best[1].get("rows", "all") != "all"
        yield RoleSees(str(data.get("name")), Label.of(data.get("label"), str(data.get("name"))), seen, some)


def _seen(grant: Data, field: str, computed: bool) -> Seen:
    actions = _listed(grant.get("actions"))
    if not actions & {"read", "create", "update"}:
        return "no"
    shown = grant.get("fields")
    if (shown is not None and field not in _named(shown)) or field in _named(grant.get("hide")):
        return "hidden"
    if field in _named(grant.get("mask")):
        return "masked"
    if grant.get("aggregate_only"):
        return "summed"
    if not actions & {"create", "update"} or computed:
        return "visible"
    writable = grant.get("writable")
    if field in _named(grant.get("readonly")) or (writable is not None and field not in _named(writable)):
        return "readonly"
    return "writable"


def _listed(value: Any) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list) else {str(value)} if value else set()


def _named(value: Any) -> set[str]:
    """Names of fields in a list of them, of which some may carry more: `{field: phone, show: last4}`."""
    items = value if isinstance(value, list) else [value] if value else []
    return {str(one.get("field")) if isinstance(one, Mapping) else str(one) for one in items}
