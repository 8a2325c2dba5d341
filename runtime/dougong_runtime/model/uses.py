"""What a typed formula reads."""

from __future__ import annotations

from dougong_runtime.formulas.tree import Call, Changed, Node, Path


def first_field(tree: Node) -> str | None:
    """The first field of the record itself that a formula reads."""
    match tree:
        case Path("row" | "old" | "this", hops, name):
            return hops[0].field if hops else name
        case Changed(name):
            return name
        case Call(_, arguments):
            return next((found for a in arguments if (found := first_field(a)) is not None), None)
        case _:
            return None
