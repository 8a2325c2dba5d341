"""Which computed fields follow from what stands on a form, so that they can be shown while one types."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import assert_never

from dougong_runtime.formulas.tree import Aggregate, Call, Changed, Context, Literal, Node, Path, Setting
from dougong_runtime.model.app import Entity


def leaves(node: Node) -> Iterator[Path | Context | Setting | Changed | Aggregate]:
    """What a formula reads, from left to right; an aggregate is one leaf."""
    match node:
        case Literal():
            return
        case Path() | Context() | Setting() | Changed() | Aggregate():
            yield node
        case Call():
            for argument in node.arguments:
                yield from leaves(argument)
        case _:
            assert_never(node)


def following(entity: Entity, editable: Collection[str], lists: Collection[str]) -> frozenset[str]:
    """Computed fields that follow from fields that can be changed, or from rows of these lists, and from nothing that
    the form does not know: a roll-up over records that are not on it keeps its stored value."""
    found: set[str] = set()
    while True:
        more = {
            name
            for name, of in entity.fields.items()
            if name not in found
            and of.formula is not None
            and _follows(of.formula.tree, entity, {*editable, *found}, lists)
        }
        if not more:
            return frozenset(found)
        found |= more


def _follows(tree: Node, entity: Entity, changing: Collection[str], lists: Collection[str]) -> bool:
    touched = False
    for leaf in leaves(tree):
        match leaf:
            case Path():
                if leaf.base not in ("row", "user"):
                    return False
                first = leaf.hops[0].field if leaf.hops else leaf.field
                touched |= leaf.base == "row" and first in changing
            case Aggregate():
                if leaf.base != "row" or len(leaf.hops) != 1 or leaf.hops[0].name not in lists:
                    return False
                touched = True
            case Context() | Setting():
                pass
            case Changed():
                return False
            case _:
                assert_never(leaf)
    return touched
