"""What a write did, as values: handed to what follows from it (stored formulas, checks, audit, observers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Kind = Literal["create", "update", "delete", "restore"]


@dataclass(slots=True)
class Change:
    """One record written. `before` and `after` hold the changed fields' values (all of them for a creation).

    Nobody changes one. That Python holds to it (`frozen`) took 2 us a change, of 48 that an imported row takes.
    """

    kind: Kind
    entity: str
    record: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    state_before: Mapping[str, Any] = field(default_factory=dict)
    """update: the whole record as it was, for `OLD.x`."""
    version: int = 1
    reasons: Mapping[str, str] = field(default_factory=dict)
    computed: bool = False
    """create: whether the stored formulas that follow from the record alone were stored with it."""
    formulas: Mapping[str, Any] = field(default_factory=dict)
    """create: values of those formulas."""
    cause: str | None = None
    """Record whose deletion or restoration brought this one with it."""
    batch: str | None = None
    """update: id of the refresh, repair or act on many that this change is part of; all its changes bear the same."""

    @property
    def fields(self) -> frozenset[str]:
        """Names of the fields that changed; coming and going changes `deleted_at` and all there is."""
        return frozenset(self.after) | frozenset(self.before)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Stored formulas that changed by what they follow from."""

    entity: str
    fields: tuple[str, ...]
    records: tuple[str, ...]


class Observer(Protocol):
    """Told of writes, in their transaction. What it raises undoes them."""

    def wrote(self, changes: Sequence[Change], recomputed: Sequence[Recomputed]) -> None:
        """Called once a write, after its stored formulas are true again.

        A refresh of many records is told in many calls, a transaction each, whose changes share their `batch`.
        """
        ...


@runtime_checkable
class BatchObserver(Observer, Protocol):
    """Also told when a refresh has come to its end, so that what it gathered can be taken up as one."""

    def refreshed(self, app: str, batch: str) -> None:
        """Called once a refresh, in the transaction that ends it, after the last of its changes."""
        ...
