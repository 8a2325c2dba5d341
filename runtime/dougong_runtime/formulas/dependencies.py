"""What a formula reads, from its typed tree: the edges of the graph that keeps stored formulas true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from dougong_runtime.formulas.tree import (
    Aggregate,
    Call,
    Changed,
    Context,
    Hop,
    Literal,
    Node,
    Path,
    Setting,
)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A field that is read: of the record that `hops` lead to from the one stood on."""

    hops: tuple[Hop, ...]
    field: str


def dependencies(tree: Node) -> frozenset[Dependency]:
    """All stored data that the value depends on, from the record stood on. The asker's own data is not in it.

    An aggregate depends on the reference fields it crosses and on `deleted_at` of what it walks to, besides the
    fields it reads there. JOIN depends on the order of the inner records' titles, FIRST and LAST on their order.
    """
    return frozenset(_reads(tree, (), None))


def settings_of(tree: Node) -> frozenset[str]:
    """Codes of the settings it reads."""
    return frozenset(node.code for node in nodes(tree) if isinstance(node, Setting))


def reads_clock(tree: Node) -> bool:
    """Whether the value changes by itself as time passes."""
    return any(isinstance(node, Context) and node.what in ("today", "now") for node in nodes(tree))


def reads_user(tree: Node) -> bool:
    """Whether the value depends on who asks, or on the channel asked for."""
    return any(
        (isinstance(node, Path | Aggregate) and node.base == "user")
        or (isinstance(node, Context) and node.what in ("roles", "channel"))
        for node in nodes(tree)
    )


def nodes(tree: Node) -> Iterator[Node]:
    """Every node of a tree, those inside aggregates too."""
    yield tree
    for part in parts(tree):
        yield from nodes(part)


def weight(tree: Node) -> int:
    """How many nodes the tree has when written out: a part that stands in several places counts in each.

    `1 < x < 4` holds `x` twice, and within one another twice the twice; nobody may walk such a tree before this has
    been asked, which looks at each part once.
    """
    known: dict[int, int] = {}

    def of(node: Node) -> int:
        found = known.get(id(node))
        if found is None:
            found = known[id(node)] = 1 + sum(of(part) for part in parts(node))
        return found

    return of(tree)


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes right below one."""
    match node:
        case Call():
            return node.arguments
        case Aggregate():
            return tuple(n for n in (node.value, node.condition, node.order) if n is not None)
        case Literal() | Path() | Context() | Setting() | Changed():
            return ()
        case _:
            assert_never(node)


def _reads(node: Node, here: tuple[Hop, ...], outer: tuple[Hop, ...] | None) -> Iterator[Dependency]:
    """`here`: hops to the record that `row` is; `outer`: to the one that `this` is."""
    match node:
        case Literal() | Context() | Setting():
            return
        case Changed():
            yield Dependency(here, node.field)
        case Call():
            for argument in node.arguments:
                yield from _reads(argument, here, outer)
        case Path():
            start = _start(node.base, here, outer)
            if start is not None:
                yield from _along(start, node.hops)
                if node.field != "id":
                    yield Dependency((*start, *node.hops), node.field)
        case Aggregate():
            start = _start(node.base, here, outer)
            if start is None:
                return
            yield from _along(start, node.hops)
            inside = (*start, *node.hops)
            for part in parts(node):
                yield from _reads(part, inside, start)
        case _:
            assert_never(node)


def _start(base: str, here: tuple[Hop, ...], outer: tuple[Hop, ...] | None) -> tuple[Hop, ...] | None:
    match base:
        case "row" | "old":
            return here
        case "this":
            return here if outer is None else outer
    return None


def _along(start: tuple[Hop, ...], hops: tuple[Hop, ...]) -> Iterator[Dependency]:
    """The reference fields that a path crosses, and whether what it walks back to is living."""
    for count, hop in enumerate(hops, 1):
        before, after = (*start, *hops[: count - 1]), (*start, *hops[:count])
        match hop.way:
            case "forward" | "many":
                yield Dependency(before, hop.field)
            case "back" | "many_back":
                yield Dependency(after, hop.field)
            case _:
                assert_never(hop.way)
        if hop.way != "forward":
            yield Dependency(after, "deleted_at")
