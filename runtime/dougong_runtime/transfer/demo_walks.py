"""Random walks of a figure over the working days: a common move, a group's, and one's own.

ln P(t) = ln P(t-1) + beta * m(t) + g(t) + e(t), with m shared by all, g by a group, e by nobody. Windows shift the mean
of m, so that all fall or rise together for a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass
class Walk:
    """The figures of one record, one a working day, ascending to the day of loading."""

    values: list[float]

    def at(self, index: int) -> float:
        """The figure of that working day."""
        return self.values[index]

    def change(self, index: int, days: int) -> float:
        """The relative change over so many working days up to that one; from the first where there are not so many."""
        before = self.values[max(0, index - days)]
        return self.values[index] / before - 1


@dataclass
class Walks:
    """All walks: by entity and record id."""

    by_entity: dict[str, dict[str, Walk]] = field(default_factory=dict)

    def of(self, entity: str, record: str) -> Walk | None:
        """The walk of a record, or None."""
        return self.by_entity.get(entity, {}).get(record)

    def make(
        self,
        entity: str,
        raw: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        days: int,
        stream: Callable[[str], Random],
    ) -> None:
        """Walks for rows of an entity, as their `walk` says. `stream` gives a random stream by name: the common moves
        and a group's are the same for all rows of the entity, wherever the document lists them."""
        market = _market(raw.get("market", {}), days, stream(f"market of {entity}"))
        by = raw.get("group", {}).get("by")
        deviation = float(raw.get("group", {}).get("deviation", 0))
        groups: dict[Any, list[float]] = {}
        made = self.by_entity.setdefault(entity, {})
        for row in rows:
            key = row.get(by) if by else None
            if key not in groups:
                shared = stream(f"group {key} of {entity}")
                groups[key] = [shared.gauss(0, deviation) for _ in range(days)]
            made[row["id"]] = _walk(raw, row, market, groups[key], stream(f"walk {row['id']} of {entity}"))


def _market(raw: Mapping[str, Any], days: int, random: Random) -> list[float]:
    mean, deviation = float(raw.get("mean", 0)), float(raw.get("deviation", 0))
    windows = [(int(w["from"]), int(w["to"]), float(w["mean"])) for w in raw.get("windows", ())]
    moves: list[float] = []
    for day in range(days):
        shifted = next((m for first, last, m in windows if first <= day <= last), mean)
        moves.append(random.gauss(shifted, deviation))
    return moves


def _parameter(raw: Any, row: Mapping[str, Any], fallback: float) -> float:
    """A number, or `{by: field, of: {value: number}, else: number}`."""
    if isinstance(raw, Mapping):
        return float(raw["of"].get(row.get(raw["by"]), raw.get("else", fallback)))
    return fallback if raw is None else float(raw)


def _walk(
    raw: Mapping[str, Any],
    row: Mapping[str, Any],
    market: Sequence[float],
    group: Sequence[float],
    random: Random,
) -> Walk:
    beta, own = _parameter(raw.get("beta"), row, 1.0), _parameter(raw.get("own"), row, 0.0)
    drift, share = _parameter(raw.get("drift"), row, 0.0), _parameter(raw.get("group_share"), row, 1.0)
    limit = math.log1p(_parameter(raw.get("limit"), row, 1e9))
    logs = [0.0]
    for m, g in zip(market[1:], group[1:], strict=True):
        move = beta * m + share * g + drift + random.gauss(0, own)
        logs.append(logs[-1] + max(-limit, min(limit, move)))
    last = float(row[raw["field"]])
    return Walk([last * math.exp(value - logs[-1]) for value in logs])
