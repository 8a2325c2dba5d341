"""Generators: what a value of demo data is made of, from a small vocabulary (`docs/demo-data.md`).

A generator is a mapping with one key that names it (`{pick: […]}`, `{normal: [10, 2]}`), further keys beside it, or a
plain value that stands for itself. Each is compiled once into a function of the `Spot`.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from dougong_runtime.registry import Registry
from dougong_runtime.transfer.demo_checks import credit_code, identity_number, phone
from dougong_runtime.transfer.demo_days import recent
from dougong_runtime.transfer.demo_world import DemoProblem, Row, Spot, World

Make: TypeAlias = Callable[[Spot], Any]
Maker: TypeAlias = Callable[[Mapping[str, Any], World, str], Make]

GENERATORS: Registry[Maker] = Registry("generator of demo data", "dougong.demo_generators")
"""Name → compiles `{name: …, …}` into a function."""


def compile_value(raw: Any, world: World, path: str) -> Make:
    """A function that makes the value. Raises DemoProblem for a word that is not in the vocabulary."""
    if isinstance(raw, list):
        parts = [compile_value(item, world, f"{path}[{place}]") for place, item in enumerate(raw)]
        return lambda spot: [part(spot) for part in parts]
    if not isinstance(raw, Mapping):
        return lambda spot: raw
    name = next((key for key in raw if key in GENERATORS), None)
    if name is None:
        raise DemoProblem(
            path, f"no generator among {', '.join(map(str, raw))}; there are {', '.join(GENERATORS)}"
        )
    return GENERATORS.get(name)(raw, world, f"{path}.{name}")


def compile_fields(raw: Mapping[str, Any], world: World, path: str) -> tuple[tuple[str, Make], ...]:
    """The functions of a record's values, in the order in which they are written."""
    return tuple((name, compile_value(value, world, f"{path}.{name}")) for name, value in raw.items())


def fill(fields: Sequence[tuple[str, Make]], spot: Spot) -> Row:
    """Make all values into the spot's row; later ones may read earlier ones. Raises DemoProblem."""
    for name, make in fields:
        try:
            spot.row[name] = make(spot)
        except KeyError as missing:
            raise DemoProblem(f"{spot.entity}.{name}", f"nothing is called {missing} here") from None
    return spot.row


# --- choices ------------------------------------------------------------------------------------------------
def _listed(raw: Any, world: World, path: str) -> list[Any]:
    """A list as written, or by its name; of a weighted one the values."""
    found = world.lists.get(raw) if isinstance(raw, str) else raw
    if found is None:
        raise DemoProblem(path, f'no list is called "{raw}"')
    return list(found)


class Weighted:
    """Values with weights, drawn by one look-up."""

    def __init__(self, weights: Mapping[Any, float], path: str) -> None:
        self.values = list(weights)
        self.sums = list(itertools.accumulate(float(w) for w in weights.values()))
        if not self.values or self.sums[-1] <= 0:
            raise DemoProblem(path, "no weight is above zero")

    def draw(self, spot: Spot) -> Any:
        """One of the values."""
        return self.values[bisect.bisect_right(self.sums, spot.random.random() * self.sums[-1])]


@GENERATORS.adding("pick")
def _pick(raw: Mapping[str, Any], world: World, path: str) -> Make:
    values = _listed(raw["pick"], world, path)
    if raw.get("in_turn"):
        return lambda spot: values[spot.number % len(values)]
    return lambda spot: values[int(spot.random.random() * len(values))]


@GENERATORS.adding("weighted")
def _weighted(raw: Mapping[str, Any], world: World, path: str) -> Make:
    given = raw["weighted"]
    weights = world.lists.get(given) if isinstance(given, str) else given
    if not isinstance(weights, Mapping):
        raise DemoProblem(path, "weights are a mapping of values to numbers, or the name of such a list")
    return Weighted(weights, path).draw


@GENERATORS.adding("several")
def _several(raw: Mapping[str, Any], world: World, path: str) -> Make:
    values = _listed(raw["several"], world, path)
    low, high = raw.get("least", 1), min(raw.get("most", len(values)), len(values))

    def make(spot: Spot) -> list[Any]:
        chosen = set(spot.random.sample(range(len(values)), spot.random.randint(low, high)))
        return [value for place, value in enumerate(values) if place in chosen]

    return make


@GENERATORS.adding("chance")
def _chance(raw: Mapping[str, Any], world: World, path: str) -> Make:
    likely = compile_value(raw["chance"], world, path)
    then = compile_value(raw.get("then", True), world, f"{path}.then")
    other = compile_value(raw.get("else", None if "then" in raw else False), world, f"{path}.else")
    return lambda spot: then(spot) if spot.random.random() < likely(spot) else other(spot)


@GENERATORS.adding("by")
def _by(raw: Mapping[str, Any], world: World, path: str) -> Make:
    name = str(raw["by"])
    cases = {key: compile_value(value, world, f"{path}.{key}") for key, value in raw.get("of", {}).items()}
    other = compile_value(raw.get("else"), world, f"{path}.else")
    return lambda spot: cases.get(spot.value(name), other)(spot)


@GENERATORS.adding("when")
def _when(raw: Mapping[str, Any], world: World, path: str) -> Make:
    test = compile_condition(raw["when"], world, path)
    then = compile_value(raw.get("then", True), world, f"{path}.then")
    other = compile_value(raw.get("else"), world, f"{path}.else")
    return lambda spot: then(spot) if test(spot) else other(spot)


@GENERATORS.adding("persona")
def _persona(raw: Mapping[str, Any], world: World, path: str) -> Make:
    name = raw["persona"]
    made = {
        key: compile_value(persona.get(name, raw.get("else")), world, f"personas.{key}.{name}")
        for key, persona in world.personas.items()
    }
    return lambda spot: made[spot.persona["name"]](spot)


# --- numbers ------------------------------------------------------------------------------------------------
def _number(raw: Mapping[str, Any], draw: Callable[[Spot], float]) -> Make:
    """A drawn number within `least` and `most`, to `places` decimals (2 unless said), as a multiple of `step`."""
    low, high = raw.get("least", -math.inf), raw.get("most", math.inf)
    places = Decimal(1).scaleb(-int(raw.get("places", 2)))
    step = raw.get("step")

    def make(spot: Spot) -> Decimal:
        value = max(low, min(high, draw(spot)))
        if step:
            value = round(value / step) * step
        return Decimal(repr(value)).quantize(places, ROUND_HALF_UP)

    return make


def _pair(raw: Any, world: World, path: str) -> tuple[Make, Make]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise DemoProblem(path, "two numbers are expected")
    return compile_value(raw[0], world, path), compile_value(raw[1], world, path)


@GENERATORS.adding("whole")
def _whole(raw: Mapping[str, Any], world: World, path: str) -> Make:
    low, high = _pair(raw["whole"], world, path)
    return lambda spot: spot.random.randint(int(low(spot)), int(high(spot)))


@GENERATORS.adding("uniform")
def _uniform(raw: Mapping[str, Any], world: World, path: str) -> Make:
    low, high = _pair(raw["uniform"], world, path)
    return _number(raw, lambda spot: spot.random.uniform(float(low(spot)), float(high(spot))))


@GENERATORS.adding("normal")
def _normal(raw: Mapping[str, Any], world: World, path: str) -> Make:
    mean, deviation = _pair(raw["normal"], world, path)
    return _number(raw, lambda spot: spot.random.gauss(float(mean(spot)), float(deviation(spot))))


@GENERATORS.adding("lognormal")
def _lognormal(raw: Mapping[str, Any], world: World, path: str) -> Make:
    median, sigma = _pair(raw["lognormal"], world, path)
    return _number(raw, lambda spot: float(median(spot)) * math.exp(spot.random.gauss(0, float(sigma(spot)))))


@GENERATORS.adding("poisson")
def _poisson(raw: Mapping[str, Any], world: World, path: str) -> Make:
    mean = compile_value(raw["poisson"], world, path)
    return lambda spot: poisson(spot, float(mean(spot) or 0))


def poisson(spot: Spot, mean: float) -> int:
    """A count with that mean: by products below 30, by the normal above."""
    if mean <= 0:
        return 0
    if mean > 30:
        return max(0, round(spot.random.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), spot.random.random(), 0
    while product > limit:
        product *= spot.random.random()
        count += 1
    return count


@GENERATORS.adding("multiply")
def _multiply(raw: Mapping[str, Any], world: World, path: str) -> Make:
    parts = [compile_value(item, world, path) for item in raw["multiply"]]
    return _number(raw, lambda spot: math.prod(float(part(spot) or 0) for part in parts))


@GENERATORS.adding("add")
def _add(raw: Mapping[str, Any], world: World, path: str) -> Make:
    parts = [compile_value(item, world, path) for item in raw["add"]]
    return _number(raw, lambda spot: sum(float(part(spot) or 0) for part in parts))


# --- texts --------------------------------------------------------------------------------------------------
@GENERATORS.adding("sequence")
def _sequence(raw: Mapping[str, Any], world: World, path: str) -> Make:
    pattern, start = str(raw["sequence"]), int(raw.get("start", 1))
    head, _, rest = pattern.partition("{")
    width, _, tail = rest.partition("}")
    return lambda spot: f"{head}{str(spot.number + start).zfill(len(width))}{tail}"


@GENERATORS.adding("join")
def _join(raw: Mapping[str, Any], world: World, path: str) -> Make:
    parts = [compile_value(item, world, path) for item in raw["join"]]
    return lambda spot: "".join(str(part(spot)) for part in parts)


@GENERATORS.adding("value")
def _value(raw: Mapping[str, Any], world: World, path: str) -> Make:
    name = str(raw["value"])
    return lambda spot: spot.value(name)


@GENERATORS.adding("phone")
def _phone(raw: Mapping[str, Any], world: World, path: str) -> Make:
    prefix, start, number = str(raw["phone"]), int(raw.get("from", 0)), raw.get("number")
    if number is not None:
        return lambda spot: phone(prefix, int(number))
    return lambda spot: phone(prefix, spot.number + start)


@GENERATORS.adding("identity_number")
def _identity_number(raw: Mapping[str, Any], world: World, path: str) -> Make:
    birthday, male = str(raw["identity_number"]), raw.get("odd_when")

    def make(spot: Spot) -> str:
        odd = 1 if male and spot.value(male["field"]) == male["is"] else 0
        return identity_number(spot.value(birthday), (spot.number * 2 + odd) % 1000)

    return make


@GENERATORS.adding("credit_code")
def _credit_code(raw: Mapping[str, Any], world: World, path: str) -> Make:
    start = int(raw["credit_code"])
    return lambda spot: credit_code(spot.number + start)


# --- days ---------------------------------------------------------------------------------------------------
def _offset(raw: Any, world: World, path: str) -> Callable[[Spot], int]:
    """An offset in days: a number, `[from, to]`, or `{within: 90, half_life: 30}` days back."""
    if isinstance(raw, Mapping) and "within" in raw:
        within = compile_value(raw["within"], world, path)
        half_life, until = raw.get("half_life"), int(raw.get("until", 0))
        return lambda spot: until - recent(spot.random, max(1, int(within(spot))), half_life)
    if isinstance(raw, list):
        low, high = _pair(raw, world, path)
        return lambda spot: spot.random.randint(int(low(spot)), int(high(spot)))
    made = compile_value(raw, world, path)
    return lambda spot: int(made(spot))


@GENERATORS.adding("day")
def _day(raw: Mapping[str, Any], world: World, path: str) -> Make:
    offset, after = _offset(raw["day"], world, path), raw.get("after")
    latest = world.days.day(int(raw["latest"])) if "latest" in raw else None
    working = bool(raw.get("working", False))

    def make(spot: Spot) -> date:
        start = spot.value(after) if after else world.days.today
        day = (start.date() if isinstance(start, datetime) else start) + timedelta(days=offset(spot))
        day = min(day, latest) if latest else day
        return world.days.working[world.days.index(day)] if working else day

    return make


@GENERATORS.adding("date")
def _date(raw: Mapping[str, Any], world: World, path: str) -> Make:
    given = raw["date"]
    moved = world.days.shifted(given if isinstance(given, date) else date.fromisoformat(str(given)))
    return lambda spot: moved


@GENERATORS.adding("working_day")
def _working_day(raw: Mapping[str, Any], world: World, path: str) -> Make:
    offset = _offset(raw["working_day"], world, path)
    return lambda spot: world.days.working_day(offset(spot))


@GENERATORS.adding("age")
def _age(raw: Mapping[str, Any], world: World, path: str) -> Make:
    low, high = _pair(raw["age"], world, path)

    def make(spot: Spot) -> date:
        years = spot.random.randint(int(low(spot)), int(high(spot)))
        return world.days.today - timedelta(days=int(years * 365.25) + spot.random.randint(1, 364))

    return make


@GENERATORS.adding("moment")
def _moment(raw: Mapping[str, Any], world: World, path: str) -> Make:
    day = compile_value(raw["moment"], world, path)
    low, high = (float(hour) for hour in raw.get("hours", (9, 18)))

    def make(spot: Spot) -> datetime:
        return world.days.moment(day(spot), spot.random.uniform(low, high))

    return make


@GENERATORS.adding("later")
def _later(raw: Mapping[str, Any], world: World, path: str) -> Make:
    name, hours = str(raw["later"]), compile_value(raw["hours"], world, f"{path}.hours")

    def make(spot: Spot) -> datetime | None:
        start = spot.value(name)
        return None if start is None else start + timedelta(seconds=int(float(hours(spot)) * 3600))

    return make


# --- references ---------------------------------------------------------------------------------------------
@GENERATORS.adding("ref")
def _ref(raw: Mapping[str, Any], world: World, path: str) -> Make:
    entity = str(raw["ref"])
    if "key" in raw:
        return _ref_by_key(raw, world, entity, path)
    where, weight, each = raw.get("where", {}), raw.get("weight"), raw.get("each")
    cached: dict[int, Weighted | list[str]] = {}

    def candidates(spot: Spot) -> Weighted | list[str]:
        rows = world.kept.get(entity, ())
        if len(rows) not in cached:
            chosen = [row for row in rows if matches(row, where)]
            if not chosen:
                raise DemoProblem(path, f'no record of "{entity}" to choose from')
            cached[len(rows)] = (
                Weighted({row["id"]: row[weight] for row in chosen}, path)
                if weight
                else [r["id"] for r in chosen]
            )
        return cached[len(rows)]

    def make(spot: Spot) -> Any:
        if entity in world.grown:
            count = world.grown[entity]
            return world.id(entity, int(spot.random.random() * count)) if count else None
        found = candidates(spot)
        if isinstance(found, Weighted):
            return found.draw(spot)
        if each:
            return spot.random.sample(found, min(len(found), spot.random.randint(*each)))
        return found[int(spot.random.random() * len(found))]

    return make


def _ref_by_key(raw: Mapping[str, Any], world: World, entity: str, path: str) -> Make:
    field, key = next(iter(raw["key"].items()))
    wanted = compile_value(key, world, path)
    found: dict[Any, str] = {}

    def one(value: Any) -> str:
        if value not in found:
            found.update({row[field]: row["id"] for row in world.kept.get(entity, ())})
        if value not in found:
            raise DemoProblem(path, f'no record of "{entity}" has {field} {value}')
        return found[value]

    def make(spot: Spot) -> Any:
        value = wanted(spot)
        if isinstance(value, list):
            return [one(item) for item in value]
        return None if value is None else one(value)

    return make


@GENERATORS.adding("numbered")
def _numbered(raw: Mapping[str, Any], world: World, path: str) -> Make:
    entity, number = str(raw["numbered"]), compile_value(raw.get("number"), world, path)
    return lambda spot: world.id(entity, spot.number if raw.get("number") is None else int(number(spot)))


@GENERATORS.adding("sibling")
def _sibling(raw: Mapping[str, Any], world: World, path: str) -> Make:
    entity, where, any_ = str(raw["sibling"]), raw.get("where", {}), bool(raw.get("any", False))
    name = str(raw.get("field", "id"))

    def make(spot: Spot) -> Any:
        found = [row for row in spot.siblings.get(entity, ()) if matches(row, where)]
        if not found:
            return None
        return found[int(spot.random.random() * len(found)) if any_ else 0].get(name)

    return make


@GENERATORS.adding("first")
def _first(raw: Mapping[str, Any], world: World, path: str) -> Make:
    return lambda spot: not spot.siblings.get(spot.entity)


@GENERATORS.adding("of")
def _of(raw: Mapping[str, Any], world: World, path: str) -> Make:
    name, entity = str(raw["of"]), str(raw["entity"])
    wanted = str(raw["field"])
    found: dict[Any, Any] = {}

    def make(spot: Spot) -> Any:
        if not found:
            found.update({row["id"]: row.get(wanted) for row in world.kept.get(entity, ())})
        return found.get(spot.value(name))

    return make


@GENERATORS.adding("user")
def _user(raw: Mapping[str, Any], world: World, path: str) -> Make:
    wanted = raw["user"]
    if isinstance(wanted, Mapping) and "value" in wanted:
        ids = {person.username: person.id for person in world.people}
        name = str(wanted["value"])
        return lambda spot: ids.get(spot.value(name))
    if isinstance(wanted, str):
        wanted = {"username": wanted}
    role, team, names = wanted.get("role"), wanted.get("team"), wanted.get("username")
    names = [names] if isinstance(names, str) else names
    chosen = [
        person.id
        for person in world.people
        if (role is None or role in person.roles)
        and (team is None or person.team == team)
        and (names is None or person.username in names)
    ]
    if not chosen:
        raise DemoProblem(path, "nobody fits")
    if raw.get("in_turn"):
        return lambda spot: chosen[spot.number % len(chosen)]
    return lambda spot: chosen[int(spot.random.random() * len(chosen))]


# --- conditions ---------------------------------------------------------------------------------------------
def matches(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether a record has one of the values wanted in each field named."""
    return all(
        row.get(name) in wanted if isinstance(wanted, list) else row.get(name) == wanted
        for name, wanted in where.items()
    )


def compile_condition(raw: Mapping[str, Any], world: World, path: str) -> Callable[[Spot], bool]:
    """All of: a name with the value, or one of the values, that it must have; `{above: n}`, `{below: n}`, `{not: […]}`."""
    tests: list[tuple[str, Callable[[Any], bool]]] = []
    for name, wanted in raw.items():
        tests.append((name, _test(wanted, world)))

    def test(spot: Spot) -> bool:
        return all(
            check(spot.persona["name"] if name == "persona" else spot.value(name)) for name, check in tests
        )

    return test


def _test(wanted: Any, world: World) -> Callable[[Any], bool]:
    if isinstance(wanted, Mapping):
        if "above" in wanted:
            return lambda value: value is not None and value > _comparable(wanted["above"], world)
        if "below" in wanted:
            return lambda value: value is not None and value < _comparable(wanted["below"], world)
        excluded = wanted["not"] if isinstance(wanted["not"], list) else [wanted["not"]]
        return lambda value: value not in excluded
    allowed = wanted if isinstance(wanted, list) else [wanted]
    return lambda value: value in allowed


def _comparable(raw: Any, world: World) -> Any:
    """A number, or the day that `{day: -90}` is."""
    return world.days.day(int(raw["day"])) if isinstance(raw, Mapping) else raw
