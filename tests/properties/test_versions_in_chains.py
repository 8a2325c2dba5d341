"""Ten versions one after the other, whatever they change: the way back leads to the same records, tables and past."""

from __future__ import annotations

import os
import random
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from changing import everything, shape
from dougong_runtime import publish
from dougong_runtime.errors import Refused
from dougong_runtime.publish import Plan
from dougong_runtime.records.query import Query
from dougong_runtime.storage.identifiers import table_name
from dougong_runtime.storage.search import auxiliary_columns
from make import app_of
from world import SYSTEM_VIEWER, World

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
VERSIONS = 10
TYPES: tuple[dict[str, Any], ...] = (
    {"type": "text"},
    {"type": "text", "search": True},
    {"type": "long_text"},
    {"type": "integer"},
    {"type": "decimal", "scale": 1},
    {"type": "decimal", "scale": 4},
    {"type": "money"},
    {"type": "date"},
    {"type": "boolean"},
    {"type": "choice", "options": [{"value": "1", "id": "o1"}, {"value": "2", "id": "o2"}, {"value": "c", "id": "o3"}]},
    {"type": "reference", "to": "part"},
    {"type": "reference", "to": "tool"},
    {"type": "references", "to": "part"},
)  # fmt: skip
VALUES = ("1", "2", "2.5", "3.25", "c", "2024-05-06", "true", "面议", None)


@dataclass
class Documents:
    """The documents of a version, changed at random into those of the next."""

    random: random.Random
    entities: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: list[tuple[str, Any]] = field(default_factory=list)
    made: int = 0

    @classmethod
    def first(cls, seed: int) -> Documents:
        """Parts and tools that refer to them."""
        made = cls(random.Random(seed))
        for name in ("part", "tool"):
            own = [{"name": f"{name}_{i}", "id": f"{name}_{i}", **made.type_of(i)} for i in range(4)]
            made.entities[name] = {
                "name": name,
                "id": name,
                "title": "title",
                "fields": [{"name": "title", "id": f"{name}_title", "type": "text"}, *own],
            }
        made.entities["tool"]["fields"].append(
            {"name": "of", "id": "tool_of", "type": "reference", "to": "part", "inverse": "tools"}
        )
        made.entities["part"]["fields"].append(
            {
                "name": "count",
                "id": "part_count",
                "type": "formula",
                "formula": "COUNT(tools)",
                "result": "integer",
            }
        )
        return made

    def type_of(self, i: int) -> dict[str, Any]:
        """Four fields to begin with: texts and a choice, of which much converts."""
        return deepcopy((TYPES[0], TYPES[1], TYPES[9], TYPES[5])[i])

    def text(self) -> str:
        """As files."""
        app: dict[str, Any] = {"kind": "app", "name": "works", "version": "1.0.0"}
        sort = [
            f["name"]
            for f in self.of("tool")["fields"]
            if f["type"] in ("text", "integer", "decimal", "date")
        ]
        view = {
            "kind": "view",
            "name": "list",
            "entity": self.of("tool")["name"],
            "columns": ["title"],
            "sort": sort[:2],
        }
        role = {
            "kind": "role",
            "name": "all",
            "grants": [{"entity": self.of("tool")["name"], "actions": ["read"]}],
        }
        documents = [app, *({"kind": "entity", **e} for e in self.entities.values()), view, role]
        return "\n---\n".join(yaml.safe_dump(d, allow_unicode=True, sort_keys=False) for d in documents)

    def of(self, identity: str) -> dict[str, Any]:
        """An entity by its id."""
        return self.entities[identity]

    def change(self) -> None:
        """One to three changes."""
        for _ in range(self.random.randint(1, 3)):
            getattr(self, self.random.choice(CHANGES))(self.of(self.random.choice(list(self.entities))))

    def _own(self, entity: dict[str, Any]) -> dict[str, Any] | None:
        plain = [f for f in entity["fields"] if f["name"] not in ("title", "of", "count")]
        return self.random.choice(plain) if plain else None

    def _targets(self, changed: dict[str, Any]) -> dict[str, Any]:
        if "to" in changed:
            changed["to"] = self.entities[changed["to"]]["name"] if changed["to"] in self.entities else "part"
        return changed

    def create(self, _: dict[str, Any]) -> None:
        """A new entity."""
        self.made += 1
        name = f"thing_{self.made}"
        if len(self.entities) < 4:
            title = {"name": "title", "id": f"{name}_title", "type": "text"}
            self.entities[name] = {"name": name, "id": name, "title": "title", "fields": [title]}

    def retire_entity(self, _: dict[str, Any]) -> None:
        """One that came later goes."""
        for identity in [i for i in self.entities if i.startswith("thing")]:
            used = any(
                f.get("to") == self.of(identity)["name"] for e in self.entities.values() for f in e["fields"]
            )
            if not used:
                self.gone.append(("", self.entities.pop(identity)))
                return

    def add(self, entity: dict[str, Any]) -> None:
        """A new field."""
        self.made += 1
        kind = self._targets(deepcopy(self.random.choice(TYPES)))
        entity["fields"].append({"name": f"new_{self.made}", "id": f"new_{self.made}", **kind})

    def retire(self, entity: dict[str, Any]) -> None:
        """A field goes."""
        found = self._own(entity)
        if found is not None:
            entity["fields"].remove(found)
            self.gone.append((entity["id"], found))

    def restore(self, _: dict[str, Any]) -> None:
        """What went comes back."""
        if not self.gone:
            return
        owner, thing = self.gone.pop()
        names = {f["name"] for f in self.entities[owner]["fields"]} if owner in self.entities else set()
        if not owner:
            self.entities[thing["id"]] = thing
        elif owner in self.entities and thing["name"] not in names:
            targets = {e["name"] for e in self.entities.values()}
            if thing.get("to", "part") in targets:
                self.entities[owner]["fields"].append(thing)

    def rename(self, entity: dict[str, Any]) -> None:
        """A field, by id."""
        found = self._own(entity)
        if found is not None:
            self.made += 1
            found["name"] = f"called_{self.made}"

    def swap(self, entity: dict[str, Any]) -> None:
        """Two fields change names."""
        one, two = self._own(entity), self._own(entity)
        if one is not None and two is not None:
            one["name"], two["name"] = two["name"], one["name"]

    def rename_entity(self, entity: dict[str, Any]) -> None:
        """An entity, with all that names it."""
        self.made += 1
        old, entity["name"] = entity["name"], f"{entity['id']}_{self.made}"
        for other in self.entities.values():
            for f in other["fields"]:
                if f.get("to") == old:
                    f["to"] = entity["name"]
        for _, thing in self.gone:
            if isinstance(thing, dict) and thing.get("to") == old:
                thing["to"] = entity["name"]

    def retype(self, entity: dict[str, Any]) -> None:
        """Another type, scale or target."""
        found = self._own(entity)
        if found is not None:
            kept = {"name": found["name"], "id": found["id"]}
            found.clear()
            found |= kept | self._targets(deepcopy(self.random.choice(TYPES)))

    def drop_option(self, entity: dict[str, Any]) -> None:
        """One in use."""
        for f in entity["fields"]:
            if len(f.get("options", ())) > 1:
                f["options"].pop(0)
                return

    def rename_option(self, entity: dict[str, Any]) -> None:
        """Stored values follow."""
        for f in entity["fields"]:
            if f.get("options"):
                self.made += 1
                f["options"][0] = {**f["options"][0], "value": f"v{self.made}"}
                return

    def delete_rule(self, entity: dict[str, Any]) -> None:
        """Of a reference."""
        for f in entity["fields"]:
            if f["type"] == "reference":
                f["on_delete"] = self.random.choice(["refuse", "cascade", "clear"])

    def require(self, entity: dict[str, Any]) -> None:
        """Required, or no longer."""
        found = self._own(entity)
        if found is not None:
            found["required"] = not found.get("required", False)

    def unique(self, entity: dict[str, Any]) -> None:
        """Unique, or no longer: refused where records collide."""
        found = self._own(entity)
        if found is not None and found["type"] in ("text", "integer"):
            found["unique"] = not found.get("unique", False)

    def formula(self, entity: dict[str, Any]) -> None:
        """A stored formula, of the record and of others."""
        self.made += 1
        text = self.random.choice(
            ["LEN(title)", "COUNT(tools) + 1"] if entity["id"] == "part" else ["LEN(title)"]
        )
        new = {"name": f"new_{self.made}", "id": f"new_{self.made}", "type": "formula"}
        entity["fields"].append({**new, "formula": text, "result": "integer"})


CHANGES = ("create", "retire_entity", "add", "retire", "restore", "rename", "swap", "rename_entity", "retype", "retype",
           "drop_option", "rename_option", "delete_rule", "require", "unique", "formula")  # fmt: skip


def fill(world: World, seed: int) -> None:
    """A few parts and tools, written as the first version asks."""
    source = random.Random(seed)
    parts = []
    for entity in ("part", "tool"):
        for n in range(4):
            values: dict[str, Any] = {"title": f"{entity} {n}"}
            for i in range(2):
                values[f"{entity}_{i}"] = source.choice(VALUES)
            values[f"{entity}_2"] = source.choice(["1", "2", "c", None])
            values[f"{entity}_3"] = source.choice(["1.5", "2.2525", "7", None])
            if entity == "tool":
                values["of"] = source.choice(parts)
            made = world.make_record(entity, **values)
            parts += [made["id"]] if entity == "part" else []


def to_version(world: World, make_plan: Any, from_rows: int) -> Plan:
    """Publish by the whole way."""

    def carry_out(connection: sa.Connection, plan: Plan, ready: publish.Prepared) -> int:
        return publish.apply(connection, plan, SYSTEM_VIEWER, "a test", world.clock, prepared=ready)

    plan, _ = publish.publish(world.engine, make_plan, carry_out, prepared_from_rows=from_rows)
    world._running.clear()
    return plan


def past(world: World) -> list[int]:
    """How much is known of the past of each tool."""
    with world.acting() as records:
        name = next(e.name for e in records.running.app.own_entities if e.id == "tool")
        ids = [item["id"] for item in records.list(Query(name, sort=("created_at", "id"))).items]
        return [len(records.history(name, id_)) for id_ in ids]


@dataclass
class Chain:
    """Versions published one after the other, and what each of them showed."""

    world: World
    documents: Documents
    known: dict[int, tuple[Any, Any]]
    history: list[int]

    @classmethod
    def made(cls, kind: str, seed: int, folder: str) -> Chain:
        """Ten versions."""
        documents = Documents.first(seed)
        first = documents.text()
        world = World.copied(
            kind, Path(folder), "works in chains", lambda url: World.make(url, app_of(first))
        )
        fill(world, seed)
        made = cls(world, documents, {1: (everything(world), shape(world))}, past(world))
        while max(made.known) < VERSIONS:
            made.go_on()
        return made

    def from_rows(self) -> int:
        """Whether the next publication prepares, at random."""
        return self.documents.random.choice([1, 10**9])

    def go_on(self) -> None:
        """Publish changes, unless records stand against them."""
        documents, known = self.documents, self.known
        kept = deepcopy(documents)
        documents.change()
        text = documents.text()
        try:
            plan = to_version(self.world, lambda c: publish.plan_publish(c, app_of(text)), self.from_rows())
        except Refused as refused:
            if {p.type.name for p in refused.problems} != {"unique-violated"}:
                raise
            documents.entities, documents.gone = kept.entities, kept.gone
            return
        if not plan.is_empty:
            known[max(known) + 1] = (everything(self.world), shape(self.world))
        for entity in plan.after.own_entities:
            assert set(auxiliary_columns(entity)) <= set(known[max(known)][1][table_name(entity)][0])
        assert past(self.world) == self.history

    def go_to(self, number: int) -> None:
        """All is as it was in that version."""
        to_version(
            self.world, lambda c: publish.plan_rollback(c, self.world.app_name, number), self.from_rows()
        )
        records, tables = self.known[number]
        assert everything(self.world) == records, f"at version {number}"
        assert shape(self.world) == tables
        assert past(self.world) == self.history


def chains(examples: int) -> Any:
    """A chain test's settings."""
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@given(seed=st.integers(0, 1_000_000))
@chains(EFFORT)
def test_ten_versions_and_back(kind: str, seed: int) -> None:
    """One version at a time."""
    with tempfile.TemporaryDirectory() as folder:
        chain = Chain.made(kind, seed, folder)
        for number in range(VERSIONS - 1, 0, -1):
            chain.go_to(number)
        chain.world.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@given(seed=st.integers(0, 1_000_000), data=st.data())
@chains(EFFORT)
def test_straight_back_over_many_versions(kind: str, seed: int, data: st.DataObject) -> None:
    """Straight to an older version, and forward again: every value that it held and that nobody has changed since.

    A value that was changed since stays, in the form that it has in the older version
    (`test_publish_back.py`).
    """
    with tempfile.TemporaryDirectory() as folder:
        chain = Chain.made(kind, seed, folder)
        numbers = list(range(VERSIONS - 1, 0, -1))
        if EFFORT == 1:
            numbers = [data.draw(st.sampled_from(numbers)), 1]
        for number in numbers:
            chain.go_to(number)
            chain.go_to(VERSIONS)
        chain.world.close()
