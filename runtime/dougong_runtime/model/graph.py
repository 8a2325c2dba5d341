"""Which stored formulas follow from what, and in which order they are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from dougong_runtime.errors import Problem, Refused, problem_type
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.dependencies import Dependency, dependencies, settings_of
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.model.additive import Additive
from dougong_runtime.model.app import App

FORMULA_CYCLE = problem_type(
    "formula-cycle",
    422,
    "公式互相依赖，算不出结果：{cycle}",
    "Formulas depend on each other and cannot be computed: {cycle}",
    remedy=("从其中一个公式里去掉对另一个的引用。", "Take the reference to the other out of one of them."),
)

Node = tuple[str, str]
"""Entity and field."""


@dataclass(frozen=True, slots=True)
class Step:
    """Stored formulas of one entity that can be brought up to date together."""

    entity: str
    fields: tuple[str, ...]
    follows: tuple[tuple[Dependency, tuple[str, ...]], ...]
    """What each field follows from: a dependency and the fields of this step that have it."""


@dataclass(frozen=True)
class Graph:
    """The order of an app's stored formulas: each step follows only from stored data and from earlier steps."""

    steps: tuple[Step, ...]
    by_setting: Mapping[str, tuple[Node, ...]]
    """Setting code → stored formulas that read it."""

    own: Mapping[str, tuple[str, ...]]
    """Entity → those of its stored formulas that are known of a new record before it is stored, in their order: they
    follow from its own fields, and from records that name it, of which there are none yet."""

    additive: Additive
    """Figures that move by deltas."""

    @classmethod
    def of(cls, app: App) -> Graph:
        """Order an app's formulas. Raises Refused naming a cycle."""
        return _order(app)


def _order(app: App) -> Graph:
    computed = {
        (e.name, f.name): f for e in app.entities.values() for f in e.fields.values() if f.formula is not None
    }
    direct = {node: _dependencies(f) for node, f in computed.items()}
    sorter: TopologicalSorter[Node] = TopologicalSorter()
    for node, needs in direct.items():
        sorter.add(node, *{n for n in (_node_of(node[0], d) for d in needs) if n in computed})
    try:
        order = list(sorter.static_order())
    except CycleError as cycle:
        said = " → ".join(f"{e}.{f}" for e, f in cycle.args[1])
        raise Refused([Problem(FORMULA_CYCLE, None, {"cycle": said})]) from None

    # A formula that is not stored is part of those that read it: they follow from what it follows from.
    whole: dict[Node, frozenset[Dependency]] = {}
    for node in order:
        found: set[Dependency] = set()
        for needed in direct[node]:
            other = _node_of(node[0], needed)
            if other in computed and not computed[other].is_stored_formula:
                found |= {Dependency(needed.hops + d.hops, d.field) for d in whole[other]}
            else:
                found.add(needed)
        whole[node] = frozenset(found)
    stored = [n for n in order if computed[n].is_stored_formula]
    waits = {n: {m for m in (_node_of(n[0], d) for d in whole[n]) if m in computed} for n in stored}
    steps = []
    for entity, names in _batches(stored, waits):
        follows: dict[Dependency, list[str]] = {}
        for field in names:
            for needed in whole[entity, field]:
                follows.setdefault(needed, []).append(field)
        steps.append(
            Step(
                entity,
                names,
                tuple((d, tuple(of)) for d, of in sorted(follows.items(), key=lambda item: repr(item[0]))),
            )
        )
    by_setting: dict[str, list[Node]] = {}
    for node in stored:
        for code in _settings(node, computed, direct):
            by_setting.setdefault(code, []).append(node)
    own: dict[str, list[str]] = {}
    for entity, field in stored:
        fields, mine = app.entities[entity].fields, own.get(entity, [])
        if all(
            d.hops[0].way in ("back", "many_back")
            if d.hops
            else d.field in fields and _is_own(fields[d.field], mine)
            for d in whole[entity, field]
        ):
            own.setdefault(entity, []).append(field)
    return Graph(
        tuple(steps),
        {k: tuple(v) for k, v in by_setting.items()},
        {k: tuple(v) for k, v in own.items()},
        Additive.of(app),
    )


def _is_own(field: Field, known: Sequence[str]) -> bool:
    """Whether a new record's value is known before it is stored."""
    return field.name != "deleted_at" and not field.is_many and (field.formula is None or field.name in known)


def _batches(nodes: Sequence[Node], needs: Mapping[Node, set[Node]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Formulas that can be brought up to date together, an entity at a time, in as few steps as their order allows.

    An entity is taken up when all that it waits for of others is done, so that it is locked once and not once a rank.
    """
    left = dict.fromkeys(nodes)
    while left:
        ready: dict[str, list[str]] = {}
        for node in left:
            if not needs[node] & left.keys():
                ready.setdefault(node[0], []).append(node[1])

        def waiting(entity: str) -> int:
            mine = {n for n in left if n[0] == entity}
            return sum(1 for n in mine if (needs[n] & left.keys()) - mine)

        entity = min(ready, key=lambda name: (waiting(name), name))
        names = tuple(sorted(ready[entity]))
        for name in names:
            del left[entity, name]
        yield entity, names


def _dependencies(field: Field) -> frozenset[Dependency]:
    assert field.formula is not None
    return dependencies(field.formula.tree)


def _settings(
    node: Node, computed: Mapping[Node, Field], direct: Mapping[Node, frozenset[Dependency]]
) -> set[str]:
    formula = computed[node].formula
    assert formula is not None
    found = set(settings_of(formula.tree))
    for needed in direct[node]:
        other = _node_of(node[0], needed)
        if other in computed and not computed[other].is_stored_formula:
            found |= _settings(other, computed, direct)
    return found


def _node_of(entity: str, needed: Dependency) -> Node:
    return (end_of(entity, needed.hops), needed.field)


def end_of(entity: str, hops: tuple[Hop, ...]) -> str:
    """The entity that a path from `entity` ends at."""
    return hops[-1].entity if hops else entity
