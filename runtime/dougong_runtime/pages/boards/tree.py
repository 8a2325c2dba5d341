"""A tree: records below the one that a reference of theirs names, each branch asked for when it is opened.

A record whose parent the reader may not see stands at the root. While a condition or a search of the address is in
force there is no tree but a list of what it finds, each with the record above it: a branch would hide what matches
below what does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from dougong_runtime.errors import Refused, problem_type, refuse
from dougong_runtime.pages import conditions
from dougong_runtime.pages.boards.fitting import changeable, parent_field
from dougong_runtime.pages.desk import Row
from dougong_runtime.pages.faces import is_number
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.views import Column
from dougong_runtime.records.query import AggregateQuery

BRANCH_ROWS = 50
DEPTH_MAX = 200
"""Steps upwards in which a place is looked for among a record's own branches."""

CYCLE = problem_type(
    "tree-cycle", 422, "「{name}」不能放在它自己的下级里。", "“{name}” cannot be placed below itself.",
    remedy=("换一个上级。", "Choose another parent."))  # fmt: skip


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A column's word."""

    path: str
    label: str
    unit: str
    number: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A row, how deep it stands, and how many stand below it."""

    row: Row
    version: str
    level: int
    children: int
    branch_href: str
    above: str = ""
    """The record above it, where it stands in a list."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Rows at one depth, and where their further ones are."""

    nodes: tuple[Node, ...]
    more_href: str
    level: int
    columns: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The root's branch under its heads."""

    heads: tuple[TreeHead, ...]
    branch: Branch
    movable: bool
    parent: str
    is_flat: bool
    count_text: str = ""
    template: str = "parts/tree.html"
    is_ordered: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether there is no record at all."""
        return not self.branch.nodes


def tree(frame: Frame) -> Tree | None:
    """The tree's first level; None where this reader sees no reference that makes one."""
    parent = parent_field(frame)
    if parent is None:
        return None
    desk = frame.desk
    heads = tuple(
        TreeHead(c.path, desk.reader.label(c.field.label), desk.unit(c.field), is_number(c.field))
        for c in frame.shown_columns
    )
    branch = _branch(frame, parent, None, 1, "")
    return Tree(
        heads, branch, changeable(frame, parent), desk.reader.label(parent.field.label), is_flat(frame)
    )


def is_flat(frame: Frame) -> bool:
    """Whether what is asked for is a list of what matches, not a tree."""
    return bool(frame.state.filter or frame.state.search)


def branch(frame: Frame, above: str | None, level: int, cursor: str) -> Branch | None:
    """The rows below a record, or further ones of the root."""
    parent = parent_field(frame)
    return None if parent is None else _branch(frame, parent, above, level, cursor)


def _branch(frame: Frame, parent: Column, above: str | None, level: int, cursor: str) -> Branch:
    own = "" if is_flat(frame) else _below(frame, parent, above)
    named = (frame.entity.title, "version", parent.path)
    columns = frame.shown_columns
    page = frame.desk.records.list(
        frame.query(
            filter=conditions.join([frame.formula, own]),
            fields=tuple(dict.fromkeys([*(c.path for c in columns), *(n for n in named if frame.shows(n))])),
            limit=BRANCH_ROWS,
            cursor=cursor or None,
            count=False,
        )
    )
    counts = {} if is_flat(frame) else _counts(frame, parent, [str(i["id"]) for i in page.items])
    nodes = tuple(_node(frame, parent, item, columns, level, counts) for item in page.items)
    more = _address(frame, above, level, page.next) if page.next else ""
    return Branch(nodes, more, level, len(columns))


def _below(frame: Frame, parent: Column, above: str | None) -> str:
    """What stands below a record, or at the root: also below what the reader does not see, where there may be such."""
    if above is not None:
        return f"{parent.path} = '{above}'"
    if frame.desk.records.reads_all(frame.entity.name):
        return f"{parent.path} = NULL"
    return f"{parent.path}.id = NULL"


def _node(
    frame: Frame,
    parent: Column,
    item: Mapping[str, Any],
    columns: Sequence[Column],
    level: int,
    counts: Mapping[str, int],
) -> Node:
    record = str(item["id"])
    over = item.get(parent.path)
    above = str(over.get("title") or "") if isinstance(over, Mapping) and is_flat(frame) else ""
    children = counts.get(record, 0)
    href = _address(frame, record, level + 1, "") if children else ""
    row = frame.desk.row(frame.entity, item, columns)
    return Node(row, str(item.get("version") or ""), level, children, href, above)


def _address(frame: Frame, above: str | None, level: int, cursor: str) -> str:
    pairs = [*frame.state.pairs("cursor"), ("parent", above or ""), ("level", str(level)), ("cursor", cursor)]
    return f"{frame.base}/branch?{urlencode([(k, v) for k, v in pairs if v])}"


def _counts(frame: Frame, parent: Column, ids: Sequence[str]) -> dict[str, int]:
    """How many stand directly below each of these records; one statement."""
    if not ids:
        return {}
    listed = ", ".join(f"'{i}'" for i in ids)
    own = f"{parent.path} IN ({listed})"
    asked = AggregateQuery(
        frame.entity.name,
        (parent.path,),
        filter=conditions.join([frame.formula, own]),
        limit=len(ids),
        listed=True,
        total=False,
    )
    try:
        rows = frame.desk.records.aggregate(asked).rows
    except Refused:
        return {}
    return {_id(r[parent.path]): int(r["count"] or 0) for r in rows}


def _id(value: Any) -> str:
    return str(value.get("id") if isinstance(value, Mapping) else value)


def check_place(frame: Frame, parent: Column, record: str, above: str) -> None:
    """Raises Refused where a record would come to stand below itself, as far as the reader sees the way up."""
    at: str | None = above
    for _ in range(DEPTH_MAX):
        if at is None:
            return
        if at == record:
            name = frame.desk.title(frame.entity, frame.desk.records.get(frame.entity.name, record))
            raise refuse(CYCLE, parent.path, name=name)
        try:
            value = frame.desk.records.get(frame.entity.name, at, fields=(parent.path,)).get(parent.path)
        except Refused:
            return
        at = _id(value) if value is not None else None
