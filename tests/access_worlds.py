"""Random towns: teams in trees, people with roles that begin and end, grants of every kind, records, shares, trash.

`raise_town` draws one and puts it into a database, inside a transaction that the caller takes back. Each text, number
and day stands in one cell only, so that whatever shows can be traced to where it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from access_reference import Assignment, Fact, Reference, Row, Rule, Share, Town
from dougong_runtime.access import shares
from dougong_runtime.documents import source
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.link import link
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running
from world import SYSTEM_VIEWER, World

ENTITIES = """
kind: app
name: yard
---
kind: entity
name: place
title: name
fields:
  - {name: name, type: text, search: true, required: true}
  - {name: code, type: text, unique: true}
  - {name: phone, type: phone, sensitive: true, search: true}
  - {name: mail, type: email}
  - {name: rank, type: choice, options: [{value: low}, {value: mid}, {value: high}]}
  - {name: budget, type: decimal, precision: 12, scale: 2}
  - {name: opened, type: date}
  - {name: owner, type: user, inverse: places}
  - {name: note, type: long_text}
  - {name: labels, type: references, to: label, inverse: places}
  - {name: jobs_total, type: formula, formula: SUM(jobs.cost), result: decimal, scale: 2}
  - {name: jobs_seen, type: formula, formula: SUM(jobs.cost), result: decimal, scale: 2, visible: rows}
  - {name: age_days, type: formula, formula: "DAYS(TODAY(), opened)", result: integer}
---
kind: entity
name: job
title: title
fields:
  - {name: title, type: text, search: true, required: true}
  - {name: site, type: reference, to: place, inverse: jobs, on_delete: cascade}
  - {name: owner, type: user, inverse: jobs}
  - {name: cost, type: decimal, precision: 12, scale: 2}
  - {name: secret, type: text, sensitive: true, search: true}
  - {name: about, type: reference, to: [place, label], inverse: talk, on_delete: refuse}
  - {name: done, type: boolean}
---
kind: entity
name: part
title: part_name
fields:
  - {name: part_name, type: text, search: true, required: true}
  - {name: job, type: reference, to: job, inverse: parts, on_delete: refuse}
  - {name: price, type: decimal, precision: 12, scale: 2}
  - {name: serial, type: text, unique: true}
---
kind: entity
name: label
title: word
fields:
  - {name: word, type: text, search: true, required: true}
  - {name: shade, type: choice, options: [{value: red}, {value: blue}]}
"""
OWN_ENTITIES = ("place", "job", "part", "label")
NO_ROLE = "kind: role\nname: r0\ngrants: [{entity: label}]\n"


def _total(town: Town, row: Row) -> str:
    """What all living jobs of a place cost."""
    costs = [j["cost"] for j in town.rows["job"].values() if j["site"] == row["id"] and not j["deleted"]]
    return f"{sum(_cents(c) for c in costs) / 100:.2f}"


def _seen_total(reference: Reference, person: str, row: Row) -> str:
    """What those jobs cost that a reader sees: each with its site and its cost shown whole."""
    found = 0
    for job in reference.town.rows["job"].values():
        sees = not job["deleted"] and reference.sees_row(person, "job", job)
        if sees and reference.plain(person, "job", job, "site") == row["id"]:
            found += _cents(reference.plain(person, "job", job, "cost"))
    return f"{found / 100:.2f}"


def _cents(text: str | None) -> int:
    return 0 if text is None else int(text.replace(".", ""))


def _age(town: Town, row: Row) -> int | None:
    return None if row["opened"] is None else (town.today - date.fromisoformat(row["opened"])).days


def _system() -> dict[str, Fact]:
    kept = {name: Fact("datetime", kept=True) for name in ("created_at", "updated_at")}
    people = {name: Fact("user", ("user",), kept=True) for name in ("created_by", "updated_by")}
    return {"id": Fact("id", kept=True), "version": Fact("integer", kept=True), **kept, **people}


FACTS: dict[str, dict[str, Fact]] = {
    "place": {
        **_system(),
        "name": Fact("text"), "code": Fact("text"), "phone": Fact("phone"), "mail": Fact("email"),
        "rank": Fact("choice"), "budget": Fact("decimal"), "opened": Fact("date"), "owner": Fact("user", ("user",)),
        "note": Fact("long_text"), "labels": Fact("references", ("label",)),
        "jobs_total": Fact("decimal", kept=True, formula=_total),
        "jobs_seen": Fact("decimal", kept=True, seen_formula=_seen_total),
        "age_days": Fact("integer", kept=True, formula=_age),
    },
    "job": {
        **_system(),
        "title": Fact("text"), "site": Fact("reference", ("place",)), "owner": Fact("user", ("user",)),
        "cost": Fact("decimal"), "secret": Fact("text"), "about": Fact("reference", ("place", "label")),
        "done": Fact("boolean"),
    },
    "part": {
        **_system(),
        "part_name": Fact("text"), "job": Fact("reference", ("job",)), "price": Fact("decimal"),
        "serial": Fact("text"),
    },
    "label": {**_system(), "word": Fact("text"), "shade": Fact("choice")},
    "user": {
        **_system(),
        "username": Fact("text"), "name": Fact("text"), "email": Fact("email"), "phone": Fact("phone"),
        "team": Fact("team", ("team",)), "active": Fact("boolean"), "language": Fact("choice"),
        "time_zone": Fact("text"),
    },
    "team": {
        **_system(),
        "name": Fact("text"), "parent": Fact("team", ("team",)), "leader": Fact("user", ("user",)),
    },
}  # fmt: skip


def own_fields(entity: str) -> list[str]:
    """The fields of an entity but those of the system."""
    return [n for n in FACTS[entity] if n not in _system()]


# --- row rules that are formulas, each with what it means --------------------------------------------------------
def _place_of(town: Town, row: Row) -> Row | None:
    return None if row["site"] is None else town.rows["place"][row["site"]]


def _job_of(town: Town, row: Row) -> Row | None:
    return None if row["job"] is None else town.rows["job"][row["job"]]


def _my_team(town: Town, me: str, owner: str | None) -> bool:
    mine = town.team_of(me)
    return owner is not None and mine is not None and town.team_of(owner) == mine


def _leads(town: Town, me: str, row: Row) -> bool:
    """The leader of the owner's team is who asks."""
    team = town.team_of(row["owner"])
    return team is not None and bool(town.rows["team"][team]["leader"] == me)


def _all_of(first: Rule, second: Rule) -> Rule:
    return lambda town, me, row: first(town, me, row) and second(town, me, row)


RULES: dict[str, dict[str, Rule]] = {
    "place": {
        "rank = 'high'": lambda town, me, row: row["rank"] == "high",
        "rank = NULL OR rank = 'low'": lambda town, me, row: row["rank"] in (None, "low"),
        "NOT (rank = 'low')": lambda town, me, row: row["rank"] != "low",
        "budget > 500": lambda town, me, row: row["budget"] is not None and _cents(row["budget"]) > 50_000,
        "NOT (budget > 500)": lambda town, me, row: (
            row["budget"] is not None and _cents(row["budget"]) <= 50_000
        ),
        "owner = USER()": lambda town, me, row: row["owner"] == me,
        "owner.team = USER().team": lambda town, me, row: _my_team(town, me, row["owner"]),
        "owner.team.leader = USER()": _leads,
        "COUNT(jobs) > 1": lambda town, me, row: (
            sum(j["site"] == row["id"] and not j["deleted"] for j in town.rows["job"].values()) > 1
        ),
        "COUNT(jobs, owner = USER()) > 0": lambda town, me, row: any(
            j["site"] == row["id"] and not j["deleted"] and j["owner"] == me for j in town.rows["job"].values()
        ),
        "HAS(USER().roles, 'r1')": lambda town, me, row: "r1" in town.roles_of(me),
        "opened <= TODAY()": lambda town, me, row: (
            row["opened"] is not None and date.fromisoformat(row["opened"]) <= town.today
        ),
        "jobs_total > 300": lambda town, me, row: _cents(_total(town, row)) > 30_000,
    },
    "job": {
        "owner = USER() OR site.owner = USER()": lambda town, me, row: (
            row["owner"] == me or ((p := _place_of(town, row)) is not None and p["owner"] == me)
        ),
        "site.rank = 'high'": lambda town, me, row: (p := _place_of(town, row)) is not None and p["rank"] == "high",
        "done": lambda town, me, row: row["done"] is True,
        "site.owner.team = USER().team AND done <> true": _all_of(
            lambda town, me, row: (p := _place_of(town, row)) is not None and _my_team(town, me, p["owner"]),
            lambda town, me, row: row["done"] is not True,
        ),
        "COUNT(parts) = 0": lambda town, me, row: not any(
            p["job"] == row["id"] and not p["deleted"] for p in town.rows["part"].values()
        ),
    },
    "part": {
        "job.owner = USER()": lambda town, me, row: (j := _job_of(town, row)) is not None and j["owner"] == me,
        "job.site.rank <> 'low'": lambda town, me, row: (
            None
            if (j := _job_of(town, row)) is None or (p := _place_of(town, j)) is None
            else p["rank"]
        )
        != "low",
        "price < 400": lambda town, me, row: row["price"] is not None and _cents(row["price"]) < 40_000,
    },
    "label": {
        "shade = 'red'": lambda town, me, row: row["shade"] == "red",
        "COUNT(places, owner = USER()) > 0": lambda town, me, row: any(
            row["id"] in (p["labels"] or []) and not p["deleted"] and p["owner"] == me
            for p in town.rows["place"].values()
        ),
    },
}  # fmt: skip
INHERITED: dict[str, tuple[str, ...]] = {
    "place": ("owner",), "job": ("site", "about", "owner"), "part": ("job",), "label": (),
}  # fmt: skip
ALL_RULES: dict[str, Rule] = {text: rule for of in RULES.values() for text, rule in of.items()}


# --- drawing -----------------------------------------------------------------------------------------------------
@dataclass
class Raised:
    """A town in a database, on a connection whose transaction is the caller's."""

    town: Town
    running: Running
    connection: sa.Connection
    world: World
    people: list[str]

    def viewer(self, person: str) -> Viewer:
        """A person as the runtime knows them."""
        town = self.town
        held = {f"yard.{r}" for r in town.roles_of(person)} | ({"admin"} if person in town.admins else set())
        return Viewer(
            user=person,
            username=town.rows["user"][person]["username"],
            team=town.team_of(person),
            teams_below=tuple(sorted(town.below(town.team_of(person)))),
            roles=frozenset(held),
            language="en",
            via="api",
        )

    def records(self, viewer: Viewer) -> Records:
        """The door for a viewer."""
        return Records(self.running, self.connection, viewer, self.world.clock)


def base_world(url: str) -> World:
    """The yard's tables, and nobody in it."""
    return World.make(url, link(source.of_text(f"{ENTITIES}---\n{NO_ROLE}")))


def app_with(roles: dict[str, list[dict[str, Any]]]) -> App:
    """The yard with these roles: its tables are those of any."""
    documents = [
        json.dumps({"kind": "role", "name": name, "grants": grants}) for name, grants in roles.items()
    ]
    return link(source.of_text("\n---\n".join([ENTITIES, *documents])))


def raise_town(world: World, connection: sa.Connection, seed: int) -> Raised:
    """Draw a town and build it."""
    return _Builder(world, connection, Random(seed)).build()


def draw_grant(
    random: Random, entity: str, fields: Sequence[str], rules: Iterable[str], inherited: Sequence[str]
) -> dict[str, Any]:
    """A grant on an entity with these fields, of any kind that documents can write."""
    grant: dict[str, Any] = {"entity": entity, "actions": _draw_actions(random)}
    rows = random.choice(
        ["own", "team", "team_below", "all", "all", "formula", "formula", "inherit", "inherit", None]
    )
    if rows == "formula":
        grant["rows"] = random.choice(sorted(rules))
    elif rows == "inherit" and inherited:
        grant["rows"] = {"inherit": random.choice(inherited)}
    elif rows not in (None, "inherit"):
        grant["rows"] = rows
    if random.random() < 0.15:
        grant["fields"] = random.sample(fields, random.randint(1, len(fields)))
    if random.random() < 0.5:
        grant["hide"] = random.sample(fields, random.randint(1, 2))
    if random.random() < 0.6:
        shown = [f for f in fields if f not in grant.get("hide", [])]
        grant["mask"] = [
            _draw_mask(random, f) for f in random.sample(shown, min(len(shown), random.randint(1, 4)))
        ]
    if random.random() < 0.3:
        grant["readonly"] = random.sample(fields, random.randint(1, 2))
    if random.random() < 0.15:
        grant["writable"] = random.sample(fields, random.randint(1, len(fields)))
    if random.random() < 0.08:
        grant |= {"aggregate_only": True, "at_least": random.randint(1, 4)}
    return grant


def _draw_mask(random: Random, name: str) -> Any:
    if random.random() < 0.3:
        return name
    show = random.choice(["none", "last4", "first1", "domain"])
    return {"field": name, "show": show, "reveal": random.random() < 0.4}


def _draw_actions(random: Random) -> list[str]:
    more = [a for a in ("create", "update", "delete", "export", "share") if random.random() < 0.45]
    return (["read"] if random.random() < 0.93 or not more else []) + more


class _Builder:
    def __init__(self, world: World, connection: sa.Connection, random: Random) -> None:
        self.world, self.connection, self.random = world, connection, random
        now = world.clock.now()
        roles = {f"r{i}": self._draw_role() for i in range(random.randint(3, 5))}
        rows: dict[str, dict[str, Row]] = {name: {} for name in FACTS}
        self.town = Town(now, now.date(), FACTS, rows, roles, ALL_RULES)
        app = app_with(roles)
        self.running = Running.of(app, 1, connection.dialect.name)
        self.counter = random.randint(100, 500)

    def build(self) -> Raised:
        """The town, built."""
        people = self._people()
        self._records(people)
        self._trash()
        self._shares(people)
        return Raised(self.town, self.running, self.connection, self.world, people)

    def _draw_role(self) -> list[dict[str, Any]]:
        chosen = self.random.choices(OWN_ENTITIES, (4, 4, 3, 2), k=self.random.randint(2, 6))
        return [draw_grant(self.random, e, own_fields(e), RULES[e], INHERITED[e]) for e in chosen]

    def _people(self) -> list[str]:
        random, town = self.random, self.town
        directory = Running.of(DIRECTORY, 0, self.connection.dialect.name)
        make = Records(directory, self.connection, SYSTEM_VIEWER, self.world.clock)
        teams: list[str] = []
        for n in range(random.randint(2, 5)):
            parent = random.choice([None, *teams]) if teams else None
            teams.append(self._make(make, "team", name=f"team {n}", parent=parent, leader=None))
        people = []
        for n in range(random.randint(3, 5)):
            team = random.choice([None, *teams, *teams])
            person = self._make(
                make, "user", username=f"person{n}", name=f"Person {n}", team=team, active=True,
                phone=f"1390000{self._next():04}", email=f"person{n}@people.example", language=None, time_zone=None,
            )  # fmt: skip
            people.append(person)
            town.assignments[person] = [
                Assignment(role, random.choice([None, None, None, town.today, town.today - timedelta(1)]))
                for role in random.sample(sorted(town.roles), random.randint(1, 3))
            ]
        for team in teams:
            leader = random.choice([None, *people])
            make.update("team", team, {"leader": leader})
            town.rows["team"][team]["leader"] = leader
        if random.random() < 0.4:
            town.admins.add(random.choice(people))
        return people

    def _records(self, people: Sequence[str]) -> None:
        random = self.random
        make = Records(self.running, self.connection, SYSTEM_VIEWER, self.world.clock)

        def some(of: Sequence[str]) -> str | None:
            return random.choice([None, *of, *of, *of])

        labels = [
            self._make(make, "label", word=f"word{self._next()}", shade=random.choice([None, "red", "blue"]))
            for _ in range(random.randint(2, 4))
        ]
        places = []
        for _ in range(random.randint(4, 7)):
            n = self._next()
            places.append(
                self._make(
                    make, "place", name=f"place{n}", code=f"code{n}x", phone=f"1380000{n:04}",
                    mail=f"mail{n}@place.example", rank=random.choice([None, "low", "mid", "high"]),
                    budget=random.choice([None, f"{n}.{n % 90 + 10}"]),
                    opened=random.choice([None, (self.town.today - timedelta(n - 300)).isoformat()]),
                    owner=some(people), note=f"note {n} of it", labels=random.sample(labels, random.randint(0, 2)),
                )
            )  # fmt: skip
        jobs = []
        for _ in range(random.randint(4, 8)):
            n = self._next()
            about: list[Any] = [None, *({"entity": "place", "id": i} for i in places)]
            about += [{"entity": "label", "id": i} for i in labels]
            jobs.append(
                self._make(
                    make, "job", title=f"job{n}", site=some(places), owner=some(people), cost=f"{n}.{n % 90 + 10}",
                    secret=f"secret{n}", about=random.choice(about), done=random.choice([None, True, False]),
                )
            )  # fmt: skip
        for _ in range(random.randint(3, 6)):
            n = self._next()
            self._make(
                make, "part", part_name=f"part{n}", job=some(jobs),
                price=random.choice([None, f"{n}.{n % 90 + 10}"]), serial=f"serial{n}",
            )  # fmt: skip
        for entity in OWN_ENTITIES:
            table = self.running.tables.of(entity)
            for id, row in self.town.rows[entity].items():
                row["created_by"] = some(people)
                self.connection.execute(
                    table.update().where(table.c.id == id).values(created_by=row["created_by"])
                )

    def _make(self, make: Records, entity: str, **values: Any) -> str:
        given = {k: v for k, v in values.items() if v is not None}
        id: str = make.create(entity, given)["id"]
        kept = {"id": id, "version": 1, "created_by": None, "deleted": False}
        self.town.rows[entity][id] = {**kept, **values}
        return id

    def _trash(self) -> None:
        """Delete some records that nothing refers to."""
        make = Records(self.running, self.connection, SYSTEM_VIEWER, self.world.clock)
        rows = self.town.rows
        for entity in ("part", "job", "place", "label"):
            for id, row in rows[entity].items():
                if self.random.random() < 0.25 and not self._referred(id):
                    make.delete(entity, id)
                    row["deleted"], row["version"] = True, 2

    def _referred(self, id: str) -> bool:
        rows = self.town.rows
        about = ((j["about"] or {}).get("id") for j in rows["job"].values())
        return id in (
            *about, *(j["site"] for j in rows["job"].values()), *(p["job"] for p in rows["part"].values()),
        )  # fmt: skip

    def _shares(self, people: Sequence[str]) -> None:
        random, town = self.random, self.town
        for _ in range(random.choice([0, 0, 2, 5])):
            entity = random.choice(OWN_ENTITIES)
            record = random.choice(sorted(town.rows[entity]))
            team = random.choice([None, None, *town.rows["team"]])
            user = None if team else random.choice(people)
            until = random.choice(
                [None, town.now + timedelta(hours=1), town.now, town.now - timedelta(hours=1)]
            )
            write = random.random() < 0.5
            town.shares.append(Share(entity, record, user, team, write, until))
            shares.add_share(
                self.connection, "yard", entity, record,
                user=user, team=team, write=write, until=until, by=None, at=town.now,
            )  # fmt: skip

    def _next(self) -> int:
        self.counter += 7
        return self.counter


def with_roles(world: World, roles: dict[str, list[dict[str, Any]]]) -> World:
    """A world of the yard whose people hold these roles."""
    with world.engine.connect() as connection:
        world._running["yard"] = Running.of(app_with(roles), 1, connection.dialect.name)
    return world
