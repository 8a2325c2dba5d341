"""A ledger of demo data: things bought, kept and given away again over time, in places that hold money too.

For each parent the days are walked once, in order: money comes and goes (flows), items move in and out (moves), and now
and then the whole is reckoned up (samples); what is left at the end are the balances. All four are records of entities
that the document names. Items are paid in full, or bind a part of the money as a margin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from dougong_runtime.transfer.demo_generators import (
    Make,
    Weighted,
    compile_condition,
    compile_fields,
    compile_value,
    matches,
    poisson,
)
from dougong_runtime.transfer.demo_walks import Walk
from dougong_runtime.transfer.demo_world import DemoProblem, Row, Spot, World

DAYS_A_MONTH = 21
_CENT, _FOUR, _EIGHT = Decimal("0.01"), Decimal("0.0001"), Decimal("0.00000001")
Emitted: TypeAlias = tuple[str, Row]
"""What a ledger gives: `move`, `flow`, `balance` or `sample`, and its facts."""


@dataclass(slots=True)
class Item:
    """Something that can be moved, with its price over time."""

    row: Row
    group: Any
    walk: Walk
    lot: float
    factor: float
    margin: float | None
    """The part of its worth that it binds; None where it is paid in full."""


@dataclass(slots=True)
class Position:
    """What a place holds of an item on a side (1 long, -1 short). `lots`: working day and quantity, oldest first."""

    item: Item
    place: int
    side: int
    opened: int
    quantity: float = 0.0
    cost: float = 0.0
    lots: list[tuple[int, float]] = field(default_factory=list)

    def gain(self, price: float) -> float:
        """What it has won or lost at a price."""
        return self.side * (price - self.cost) * self.quantity * self.item.factor


@dataclass(frozen=True)
class Ledger:
    """A compiled ledger. `run` gives the facts of one parent's records in the order of days."""

    world: World
    raw: Mapping[str, Any]
    items: Mapping[Any, tuple[Item, ...]]
    """By group."""
    opening: Make
    flow_rate: Make
    samples: tuple[int, ...]
    """Working days that are reckoned up, by place."""
    fields: Mapping[str, tuple[tuple[str, Make], ...]]
    entities: Mapping[str, str]
    """`move` → the entity of its records, and so on."""
    excluded: tuple[tuple[Any, Mapping[str, Any]], ...]
    pace: float
    """What all personas' rates are multiplied by, so that the number of moves a parent comes out as asked."""
    followed: dict[tuple[Any, int, int], tuple[list[Item], list[Item]]] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: Mapping[str, Any], world: World, path: str) -> Ledger:
        """From the document. Raises DemoProblem where its items have no walk."""
        groups: dict[Any, list[Item]] = {}
        by, margin, lots = raw["group"], raw.get("margin", {}), raw.get("lot", {})
        for row in world.kept.get(raw["items"], ()):
            walk = world.walks.of(raw["items"], row["id"])
            if walk is None:
                continue
            group = row[by]
            rate = float(row[margin["rate"]]) if group in margin.get("groups", ()) else None
            factor = float(row.get(raw["factor"]) or 1) if "factor" in raw else 1.0
            lot = float(lots.get(group, lots.get("else", 1)))
            groups.setdefault(group, []).append(Item(row, group, walk, lot, factor, rate))
        if not groups:
            raise DemoProblem(path, f'no record of "{raw["items"]}" has a walk')
        parts = {kind: raw[f"{kind}s"] for kind in ("move", "flow", "balance", "sample") if f"{kind}s" in raw}
        return cls(
            world=world,
            raw=raw,
            items={group: tuple(found) for group, found in groups.items()},
            opening=compile_value(raw["opening"], world, f"{path}.opening"),
            flow_rate=compile_value(raw.get("flow_rate", 0), world, f"{path}.flow_rate"),
            samples=_sample_days(raw.get("sampling", {}), world),
            fields={k: compile_fields(v["fields"], world, f"{path}.{k}s") for k, v in parts.items()},
            entities={kind: str(part["entity"]) for kind, part in parts.items()},
            excluded=tuple(
                (compile_condition(x["when"], world, path), x["items"]) for x in raw.get("exclude", ())
            ),
            pace=_pace(raw, world),
        )

    def run(self, spot: Spot, places: Sequence[Row]) -> Iterator[Emitted]:
        """The facts of all records of one parent; sets the money of its places."""
        if places:
            yield from _Run(self, spot, places).emitted()

    def hot_and_cold(self, group: Any, index: int, days: int, above: float) -> tuple[list[Item], list[Item]]:
        """Items of a group that rose, and that fell, by more than `above` over so many working days."""
        key = (group, index, days)
        if key not in self.followed:
            changes = [(item, item.walk.change(index, days)) for item in self.items[group]]
            self.followed[key] = (
                [item for item, change in changes if change > above],
                [item for item, change in changes if change < -above],
            )
        return self.followed[key]


def _sample_days(raw: Mapping[str, Any], world: World) -> tuple[int, ...]:
    last = len(world.days.working) - 1
    recent, every = int(raw.get("recent", 0)), int(raw.get("every", 5))
    older, step = int(raw.get("older", 0)), int(raw.get("older_every", DAYS_A_MONTH))
    found = {last - n * every for n in range(recent)}
    start = min(found, default=last)
    found |= {start - n * step for n in range(1, older + 1)}
    return tuple(sorted(day for day in found if day >= 0))


def _pace(raw: Mapping[str, Any], world: World) -> float:
    """`moves_each` over what the personas' rates would give on average."""
    wanted = raw.get("moves_each")
    shares = sum(float(p.get("share", 1)) for p in world.personas.values())
    expected = sum(
        float(p.get("share", 1)) / shares * float(p.get("rate", 0)) * _months(p, len(world.days.working))
        for p in world.personas.values()
    )
    return float(wanted) / expected if wanted and expected else 1.0


def _months(persona: Mapping[str, Any], days: int) -> float:
    begin, end = int(persona.get("from", 1 - days)), int(persona.get("until", 0))
    return max(0, end - begin + 1) / DAYS_A_MONTH


class _Run:
    """One parent's way through the days."""

    def __init__(self, ledger: Ledger, spot: Spot, places: Sequence[Row]) -> None:
        self.ledger, self.spot, self.places, self.random = ledger, spot, places, spot.random
        self.days = ledger.world.days
        self.last = len(self.days.working) - 1
        opened = ledger.raw["opened"]
        self.opened = [self.days.index(place[opened]) for place in places]
        self.money = [0.0] * len(places)
        self.positions: dict[tuple[int, str, int], Position] = {}
        self.first: dict[str, int] = {}
        self.net_in = self.net_out = 0.0
        self.before: tuple[Decimal, Decimal, Decimal] | None = None
        self.accepted = [
            ledger.raw["accepts"].get(place.get(ledger.raw["place_group"]), ()) for place in places
        ]
        excluded = [items for test, items in ledger.excluded if test(spot)]
        self.allowed = {
            group: [i for i in items if not any(matches(i.row, where) for where in excluded)]
            for group, items in ledger.items.items()
        }
        weights = {
            group: weight
            for group, weight in spot.persona.get("items", {}).items()
            if any(group in accepted for accepted in self.accepted) and self.allowed.get(group)
        }
        self.groups = Weighted(weights, "personas.items") if weights else None

    def emitted(self) -> Iterator[Emitted]:
        for number, place in enumerate(self.places):
            self.spot.scope["place"] = place
            self.money[number] = float(self.ledger.opening(self.spot) or 0)
            if self.opened[number] > 0 and self.money[number] > 0:
                yield self._flow(number, self.opened[number], self.money[number])
        for index, kind in self._events():
            if kind == 0:
                yield from self._change_money(index)
            elif kind == 1:
                yield from self._move(index)
            else:
                yield self._sample(index)
        for position in self.positions.values():
            if position.quantity > 0:
                yield "balance", self._balance(position)
        for place, money in zip(self.places, self.money, strict=True):
            place[self.ledger.raw["money"]] = _exact(money, _CENT)

    def _events(self) -> list[tuple[int, int]]:
        """Working days and what happens on them: 0 money, 1 a move, 2 a reckoning."""
        start = min(self.opened)
        begin = max(start, self.last + int(self.spot.persona.get("from", -self.last)))
        end = self.last + int(self.spot.persona.get("until", 0))
        events = [(index, 2) for index in self.ledger.samples if index >= start]
        months = max(0, end - begin + 1) / DAYS_A_MONTH
        if self.groups is not None and months:
            count = poisson(self.spot, float(self.spot.persona.get("rate", 0)) * months * self.ledger.pace)
            events += [(self.random.randint(begin, end), 1) for _ in range(count)]
        flows = poisson(
            self.spot, float(self.ledger.flow_rate(self.spot) or 0) * (self.last - start) / DAYS_A_MONTH
        )
        events += [(self.random.randint(start, self.last), 0) for _ in range(flows)]
        events.sort()
        return events

    def _change_money(self, index: int) -> Iterator[Emitted]:
        place = self.random.randrange(len(self.places))
        if self.opened[place] > index:
            return
        wealth = max(self.money[place], 10_000.0)
        if self.random.random() < 0.6:
            amount = round(wealth * self.random.uniform(0.03, 0.25), -2)
        else:
            amount = -round(max(0.0, self._free(place, index)) * self.random.uniform(0.05, 0.4), -2)
        if amount:
            self.money[place] += amount
            yield self._flow(place, index, amount)

    def _flow(self, place: int, index: int, amount: float) -> Emitted:
        if amount > 0:
            self.net_in += amount
        else:
            self.net_out -= amount
        return "flow", {
            "place": self.places[place]["id"],
            "in": amount > 0,
            "amount": _exact(abs(amount), _CENT),
            "day": self.days.working[index],
        }

    def _free(self, place: int, index: int) -> float:
        """Money of a place that nothing binds."""
        free = self.money[place]
        for position in self.positions.values():
            if position.place == place and position.item.margin is not None:
                price = position.item.walk.at(index)
                worth = position.quantity * price * position.item.factor
                free += position.gain(price) - worth * position.item.margin
        return free

    def _move(self, index: int) -> Iterator[Emitted]:
        assert self.groups is not None
        group = self.groups.draw(self.spot)
        place = next(n for n, accepted in enumerate(self.accepted) if group in accepted)
        if self.opened[place] > index:
            return
        held = [
            p
            for p in self.positions.values()
            if p.place == place and p.item.group == group and p.quantity > 0
        ]
        chosen = self._choose(group, index, held)
        if isinstance(chosen, Position):
            yield "move", self._take_out(chosen, index)
            return
        side = -1 if chosen.margin is not None and self.random.random() < 0.4 else 1
        price = self._price(chosen, index)
        bound = price * chosen.factor * (1.0 if chosen.margin is None else chosen.margin)
        free = self._free(place, index)
        lots = math.floor(max(0.0, free) * self.random.uniform(0.05, 0.3) / (bound * chosen.lot))
        if lots == 0 and held:
            yield "move", self._take_out(self.random.choice(held), index)
            return
        if lots == 0 and free < bound * chosen.lot * 1.1:
            amount = math.ceil(bound * chosen.lot * 10 / 1000) * 1000.0
            self.money[place] += amount
            yield self._flow(place, index, amount)
        yield "move", self._put_in(chosen, place, side, max(1, lots) * chosen.lot, price, index)

    def _choose(self, group: Any, index: int, held: Sequence[Position]) -> Item | Position:
        """A position to reduce, or an item to add to: by what has risen and fallen where the persona follows that."""
        follow = self.spot.persona.get("follow")
        if follow and self.random.random() < follow["probability"]:
            hot, cold = self.ledger.hot_and_cold(
                group, index, int(follow.get("days", 5)), float(follow["above"])
            )
            wanted, shunned = (hot, cold) if follow.get("sign", 1) > 0 else (cold, hot)
            leaving = [p for p in held if p.item in shunned]
            if leaving and self.random.random() < 0.5:
                return self.random.choice(leaving)
            entering = [item for item in wanted if item in self.allowed[group]]
            if entering:
                return self.random.choice(entering)
        if held and self.random.random() < 0.45:
            return self.random.choice(held)
        if held and self.random.random() < 0.4:
            return self.random.choice(held).item
        return self.random.choice(self.allowed[group])

    def _price(self, item: Item, index: int) -> float:
        return float(_exact(item.walk.at(index) * (1 + self.random.uniform(-0.006, 0.006)), _FOUR))

    def _put_in(self, item: Item, place: int, side: int, quantity: float, price: float, index: int) -> Row:
        key = (place, item.row["id"], side)
        position = self.positions.get(key)
        if position is None or position.quantity <= 0:
            position = self.positions[key] = Position(item, place, side, index)
        total = position.quantity + quantity
        position.cost = (position.cost * position.quantity + price * quantity) / total
        position.quantity = total
        position.lots.append((index, quantity))
        self.first.setdefault(item.row["id"], index)
        return self._moved(position, "in", quantity, price, index, None, None)

    def _take_out(self, position: Position, index: int) -> Row:
        lot, price = position.item.lot, self._price(position.item, index)
        part = (
            position.quantity if self.random.random() < 0.5 else math.ceil(position.quantity / 2 / lot) * lot
        )
        quantity = min(part, position.quantity)
        held = self._take_lots(position, quantity, index)
        realised = position.side * (price - position.cost) * quantity * position.item.factor
        position.quantity -= quantity
        return self._moved(position, "out", quantity, price, index, held, realised)

    def _take_lots(self, position: Position, quantity: float, index: int) -> int:
        """Days that the quantity was held on average, oldest lots first."""
        rest, weighted, today = quantity, 0.0, self.days.working[index]
        while rest > 1e-9 and position.lots:
            bought, size = position.lots[0]
            used = min(size, rest)
            weighted += used * (today - self.days.working[bought]).days
            rest -= used
            if used >= size - 1e-9:
                position.lots.pop(0)
            else:
                position.lots[0] = (bought, size - used)
        return round(weighted / quantity)

    def _moved(
        self,
        position: Position,
        way: str,
        quantity: float,
        price: float,
        index: int,
        held: int | None,
        realised: float | None,
    ) -> Row:
        """Pay for the move, and tell it."""
        item, worth = position.item, price * quantity * position.item.factor
        fee = max(
            float(self.ledger.raw.get("fee_least", 0)), worth * float(self.ledger.raw.get("fee_rate", 0))
        )
        if item.margin is None:
            self.money[position.place] += (worth if way == "out" else -worth) - fee
        else:
            self.money[position.place] += (realised or 0.0) - fee
        return {
            "place": self.places[position.place]["id"],
            "item": item.row["id"],
            "group": item.group,
            "way": way,
            "bought": (way == "in") == (position.side > 0),
            "bound": item.margin is not None,
            "quantity": _exact(quantity, _FOUR),
            "price": _exact(price, _FOUR),
            "factor": _exact(item.factor, _FOUR),
            "fee": _exact(fee, _CENT),
            "day": self.days.working[index],
            "change": _exact(item.walk.change(index, 5), _FOUR),
            "held_days": held,
            "realised": None if realised is None else _exact(realised, _CENT),
            "first_on": self.days.working[self.first[item.row["id"]]],
            **{name: item.row.get(name) for name in self.ledger.raw.get("carry", ())},
        }

    def _balance(self, position: Position) -> Row:
        return {
            "place": self.places[position.place]["id"],
            "item": position.item.row["id"],
            "long": position.side > 0,
            "quantity": _exact(position.quantity, _FOUR),
            "cost": _exact(position.cost, _FOUR),
            "opened_on": self.days.working[position.opened],
        }

    def _sample(self, index: int) -> Emitted:
        paid = bound = gains = 0.0
        for position in self.positions.values():
            if position.quantity <= 0:
                continue
            price = position.item.walk.at(index)
            worth = position.quantity * price * position.item.factor
            if position.item.margin is None:
                paid += worth
            else:
                bound += worth * position.item.margin
                gains += position.gain(price)
        money = sum(m for m, opened in zip(self.money, self.opened, strict=True) if opened <= index)
        total = _exact(money + paid + gains, _CENT)
        came, went = _exact(self.net_in, _CENT), _exact(self.net_out, _CENT)
        before, nav, peak = self.before or (None, None, None)
        self.net_in = self.net_out = 0.0
        growth = (total + went) / (before + came) if before is not None and before + came > 0 else Decimal(1)
        value = ((nav or Decimal(1)) * growth.quantize(_EIGHT, ROUND_HALF_UP)).quantize(_EIGHT, ROUND_HALF_UP)
        self.before = total, value, max(peak or Decimal(0), value)
        ratio = (paid + bound) / float(total) if total > 0 else 0.0
        day: date = self.days.working[index]
        return "sample", {
            "day": day,
            "total": total,
            "in": came,
            "out": went,
            "total_before": before,
            "value_before": nav,
            "peak_before": peak,
            "used": _exact(min(ratio, 99.0), _FOUR),
        }


def _exact(value: float, places: Decimal) -> Decimal:
    return Decimal(repr(value)).quantize(places, ROUND_HALF_UP)
