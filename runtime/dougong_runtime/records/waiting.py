"""What follows for other records from many new ones, left waiting and done once.

A parent with a sum over its children would be written once a batch, and one transaction cannot be rid of the versions
of a row that it writes hundreds of times. So the steps of other entities wait: their differences are added up, the
records to be computed anew are noted. A step whose figures are read meanwhile (by a rule, a default, a grant, a name by
which records are looked up) does not wait, nor does anything that such a figure follows from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.dependencies import dependencies, reads_user
from dougong_runtime.formulas.tree import Node as Tree
from dougong_runtime.model.app import App
from dougong_runtime.model.graph import Graph, Node, end_of
from dougong_runtime.records.deltas import Sums
from dougong_runtime.records.scene import Scene


@dataclass
class Work:
    """What is to be done in a step: `fields` computed anew, of all records (`whole`) or of `ids`; `sums` added."""

    fields: tuple[str, ...]
    whole: bool
    ids: set[str] = field(default_factory=set)
    sums: Sums = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.whole or self.ids or self.sums)

    def take(self, other: Work) -> None:
        """Add another's work of the same step to this. What is computed anew has no difference added on top."""
        if other.whole or other.ids:
            mine = self.fields if self.whole or self.ids else ()
            self.fields = tuple(sorted({*mine, *other.fields}))
            self.whole = self.whole or other.whole
            self.ids |= other.ids
        for parent, differences in other.sums.items():
            sums = self.sums.setdefault(parent, {})
            for name, difference in differences.items():
                sums[name] = sums.get(name, Decimal(0)) + difference
        if self.whole or self.ids:
            for parent in list(self.sums) if self.whole else self.ids & self.sums.keys():
                kept = {n: d for n, d in self.sums[parent].items() if n not in self.fields}
                if kept:
                    self.sums[parent] = kept
                else:
                    del self.sums[parent]


@dataclass
class Waiting:
    """Steps that wait while records are added to one entity, what there is to do in them, and for which new records."""

    entity: str
    steps: frozenset[int]
    """Their places in `Graph.steps`."""
    works: dict[int, Work] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)

    def again(self) -> Waiting:
        """An empty one for the same steps."""
        return Waiting(self.entity, self.steps)

    def add(self, number: int, work: Work) -> None:
        """Leave a step's work to be done."""
        if work:
            self.works.setdefault(number, Work((), False)).take(work)

    def take(self, other: Waiting) -> None:
        """Leave all of another's to be done."""
        for number, work in other.works.items():
            self.add(number, work)
        self.records += other.records


def waiting_for(scene: Scene, entity: str) -> Waiting:
    """What may wait while this viewer adds records to an entity."""
    key = ("waiting", entity, scene.shape)
    return Waiting(entity, scene.running.plans.get(key, lambda: _steps(scene, entity)))


def _steps(scene: Scene, entity: str) -> frozenset[int]:
    steps = scene.running.graph.steps
    read = _with_sources(scene.running.graph, _read_meanwhile(scene, entity))
    return frozenset(
        number
        for number, step in enumerate(steps)
        if step.entity != entity and not any((step.entity, name) in read for name in step.fields)
    )


def _with_sources(graph: Graph, nodes: set[Node]) -> set[Node]:
    """These and all that they follow from; of a step that has one of them, all."""
    found = set(nodes)
    for step in reversed(graph.steps):
        if any((step.entity, name) in found for name in step.fields):
            found.update((step.entity, name) for name in step.fields)
            found.update((end_of(step.entity, d.hops), d.field) for d, _ in step.follows)
    return found


def _read_meanwhile(scene: Scene, entity: str) -> set[Node]:
    """What is read while records are added: by whom adds them, and by what guards them."""
    app, found = scene.app, set[Node]()
    for start, tree in _trees(scene, entity):
        found.update(_reads(app, start, tree))
        if reads_user(tree):
            found.update(("user", name) for name in app.entities["user"].fields)
    for name in {t for f in app.entities[entity].fields.values() for t in f.targets}:
        target = app.entities[name]
        named = {n for u in target.unique for n in u.fields} | {target.title}
        found.update(
            node
            for f in target.fields.values()
            if f.unique or f.name in named
            for node in _field_reads(app, name, f.name)
        )
    return found


def _trees(scene: Scene, entity: str) -> Iterator[tuple[str, Tree]]:
    model = scene.entity(entity)
    formulas: list[Formula | None] = [f.default for f in model.fields.values()]
    formulas += [part for rule in model.rules for part in (rule.check, rule.when)]
    formulas += [unique.when for unique in model.unique]
    yield from ((entity, formula.tree) for formula in formulas if formula is not None)
    for name in scene.app.entities:
        access = scene.access.entity(name)
        for held in () if access.everything else access.held:
            if isinstance(held.grant.rows, Formula):
                yield name, held.grant.rows.tree


def _reads(app: App, entity: str, tree: Tree) -> Iterable[Node]:
    for needed in dependencies(tree):
        yield from _field_reads(app, end_of(entity, needed.hops), needed.field)


def _field_reads(app: App, entity: str, name: str) -> Iterable[Node]:
    """A field, and where it is computed when read, what it reads."""
    yield entity, name
    found = app.entities[entity].fields.get(name)
    if found is not None and found.formula is not None and not found.is_stored_formula:
        yield from _reads(app, entity, found.formula.tree)
