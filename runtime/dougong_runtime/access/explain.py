"""Why a person sees a record or a field, or may change it: each grant with what it gave and what it did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dougong_runtime.access.grants import EntityAccess, Shown
from dougong_runtime.fields.base import Field, Formula
from dougong_runtime.model.app import Grant, Inherit


@dataclass(frozen=True, slots=True)
class Reason:
    """One grant asked about one record (and field)."""

    role: str
    actions: tuple[str, ...]
    rows: str
    """The row rule as the document writes it."""
    holds: bool
    """Whether the rule is true of the record."""
    field: str | None
    shown: Shown | None
    """yes, masked or no; None where no field was asked about."""
    writable: bool | None
    decides: bool
    """Whether this grant is why the record or cell is seen."""


def rule_text(grant: Grant) -> str:
    """A row rule in words of the document."""
    match grant.rows:
        case Formula() as formula:
            return formula.text
        case Inherit() as inherit:
            return f"inherit: {inherit.field}"
        case word:
            return str(word)


def reasons(
    access: EntityAccess, holding: Mapping[int, bool], field: Field | None, *, shared: bool
) -> list[Reason]:
    """All grants on the entity, in order; `holding` says of each (by place) whether its row rule is true."""
    found = []
    for place, held in enumerate(access.held):
        grant = held.grant
        true_there = holding.get(place, False)
        reads = "read" in grant.actions and not grant.aggregate_only
        shown = None if field is None else held.shows(field)
        found.append(
            Reason(
                role=held.role,
                actions=tuple(sorted(grant.actions)),
                rows=rule_text(grant),
                holds=true_there,
                field=None if field is None else field.name,
                shown=shown,
                writable=None if field is None else held.writes(field, "update"),
                decides=true_there and reads and shown in (None, "yes"),
            )
        )
    if shared:
        found.append(_by_share(access, field))
    return found


def _by_share(access: EntityAccess, field: Field | None) -> Reason:
    """A share lets all grants that read reach the record: it shows what the most telling of them shows."""
    ways = set() if field is None else {held.shows(field) for held in access.reading}
    shown: Shown | None = None
    if field is not None:
        shown = "yes" if "yes" in ways else "masked" if "masked" in ways else "no"
    decides = bool(access.reading) and shown in (None, "yes")
    name = None if field is None else field.name
    return Reason("share", ("read",), "shared", True, name, shown, None, decides)
