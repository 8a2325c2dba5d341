"""The relation diagram: its layout keeps boxes and labels apart for any graph; relations are read and made."""

from __future__ import annotations

import os
import random
from itertools import combinations
from pathlib import Path

import pytest

from dougong_designer import relations as found
from dougong_designer.relations import NewRelation
from dougong_designer.relations.layout import LABEL_HEIGHT, Box, Wire, place, route, settle
from dougong_runtime.documents.source import of_stored, read
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import examine, link

APPS = Path(__file__).parents[1] / "apps"
GRAPHS = 60 * int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))


def any_graph(chance: random.Random) -> tuple[dict[str, tuple[int, int]], list[tuple[str, str]]]:
    """Entities of any height and references between any of them, circles and loops among them."""
    names = [f"e{n}" for n in range(chance.choice([0, 1, 2, 5, 12, 40]))]
    sizes = {name: (176, 46 + 24 * chance.randint(0, 7)) for name in names}
    edges = [(chance.choice(names), chance.choice(names)) for _ in range(chance.randint(0, 3 * len(names)))]
    return sizes, edges


def test_no_two_boxes_overlap_and_no_label_lies_on_a_box_or_another() -> None:
    for seed in range(GRAPHS):
        chance = random.Random(seed)
        sizes, edges = any_graph(chance)
        boxes = place(sizes, edges)
        kept = {
            name: (chance.randint(0, 900), chance.randint(0, 900)) for name in sizes if chance.random() < 0.2
        }
        for laid in (boxes, settle(sizes, edges, kept)):
            assert laid.keys() == sizes.keys()
            for a, b in combinations(laid.values(), 2):
                assert not a.meets(b), (seed, a, b)
            wires = [Wire(f"w{n}", a, b, 60.0, chance.randint(30, 110)) for n, (a, b) in enumerate(edges)]
            labels = []
            for wire, curve in zip(wires, route(wires, laid), strict=True):
                if curve.label is not None:
                    x, y = curve.label
                    width = wire.label_width
                    labels.append(Box(x - width / 2, y - LABEL_HEIGHT / 2, width, LABEL_HEIGHT))
            for a, b in combinations(labels, 2):
                assert not a.meets(b), (seed, a, b)
            for label in labels:
                assert not any(label.meets(box) for box in laid.values()), (seed, label)
        again = place(dict(reversed(sizes.items())), list(reversed(edges)))
        assert again == boxes, seed


def test_what_is_referred_to_stands_left_of_what_refers() -> None:
    sizes = dict.fromkeys(("visit", "patient", "doctor", "bill"), (176, 94))
    boxes = place(
        sizes, [("visit", "patient"), ("visit", "doctor"), ("bill", "visit"), ("patient", "doctor")]
    )
    assert boxes["doctor"].x < boxes["patient"].x < boxes["visit"].x < boxes["bill"].x


def test_a_hundred_entities_take_no_more_than_a_moment_and_stay_within_reach() -> None:
    chance = random.Random(7)
    names = [f"e{n}" for n in range(100)]
    edges = [(names[n], names[chance.randrange(max(1, n))]) for n in range(1, 100) for _ in range(2)]
    boxes = place(dict.fromkeys(names, (176, 118)), edges)
    assert max(b.y + b.height for b in boxes.values()) < 4_000
    wires = [Wire(str(n), a, b, 60, 80) for n, (a, b) in enumerate(edges)]
    assert sum(c.label is not None for c in route(wires, boxes)) > 0.9 * len(edges)


def test_relations_are_those_of_the_linked_app() -> None:
    for folder in sorted(APPS.iterdir()):
        app = link(read(folder))
        linked = {
            (e.name, f.name, f.targets)
            for e in app.own_entities
            for f in e.own_fields
            if f.type in found.TYPES
        }
        assert {(r.entity, r.field, r.targets) for r in found.relations(app.source)} == linked, folder.name


def test_a_new_relation_links_with_names_that_are_free() -> None:
    app = link(read(APPS / "clinic"))
    documents = app.source
    for wish in (
        NewRelation("visit", "medicine", label="主药", required=True, on_delete="clear"),
        NewRelation("visit", "medicine"),
        NewRelation("visit", "visit", label="前次就诊"),
        NewRelation("medicine", "allergy", many=True),
        NewRelation("medicine", "user", label="Keeper", language="en"),
    ):
        documents, name = found.with_relation(documents, wish)
        linked = examine(of_stored(documents))
        assert [p.text("en") for p in linked.problems] == [], name
        assert linked.app is not None
        assert linked.app.entities[wish.entity].fields[name].targets == (wish.to,)
    for wrong in (
        NewRelation("visit", "nothing"),
        NewRelation("nothing", "visit"),
        NewRelation("visit", "medicine", name="doctor"),
        NewRelation("visit", "patient", inverse="visits"),
        NewRelation("visit", "patient", name="No"),
    ):
        with pytest.raises(Refused):
            found.with_relation(app.source, wrong)


def test_who_sees_the_one_sees_the_other() -> None:
    app = link(read(APPS / "clinic"))
    relation = next(r for r in found.relations(app.source) if (r.entity, r.field) == ("visit", "patient"))
    assert set(found.inheriting(app.source, relation).following) == {"nurse", "head"}
    on = found.with_inheriting(app.source, relation, on=True)
    linked = examine(of_stored(on))
    assert [p.text("en") for p in linked.problems] == []
    assert found.inheriting(on, relation).is_on
    off = found.with_inheriting(on, relation, on=False)
    assert found.inheriting(off, relation).following == ()
    owner = next(r for r in found.relations(app.source) if r.targets == ("user",))
    assert not found.inheriting(app.source, owner).possible
