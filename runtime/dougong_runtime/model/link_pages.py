"""Pages and dashboards: their blocks, with what each names resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import MALFORMED
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.types import BOOLEAN, Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.link_forms import FormField, ListBlock, link_list, link_part_fields
from dougong_runtime.model.link_triggers import link_stages
from dougong_runtime.model.link_views import link_roles_named
from dougong_runtime.model.linker import Linker


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page or dashboard, linked; which of its parts are there depends on its kind."""

    id: str
    kind: str
    data: Mapping[str, Any] = field(hash=False)
    show: Formula | None = None
    metric: Formula | None = None
    compare: Formula | None = None
    target: Formula | None = None
    filter: Formula | None = None
    list: ListBlock | None = None
    fields: tuple[FormField, ...] = ()
    document: str | None = None
    """Name of the report, view, form shown."""
    entity: str | None = None
    """Entity that a metric sums up."""
    tabs: tuple[tuple[Label, tuple[Block, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class PageModel:
    """A page or dashboard, linked. `entity` None: a home page."""

    entity: str | None
    blocks: tuple[Block, ...]
    roles: tuple[str, ...] = ()


BLOCKS = (
    "metric",
    "timeline",
    "list",
    "fields",
    "report",
    "view",
    "form",
    "text",
    "actions",
    "history",
    "comments",
    "files",
    "tasks",
    "recent",
    "starred",
    "mentions",
    "tabs",
)
"""Kinds of blocks: the property that makes it one."""
_OF_RECORD = ("timeline", "list", "fields", "history", "comments", "files")
"""Blocks that need a record."""


def link_page(linker: Linker, at: Cursor) -> PageModel | None:
    """One page; None (noted) where its entity is unknown."""
    entity = linker.entity(at.get("entity"))
    if "entity" in at and entity is None:
        return None
    for node in at.items("filter"):
        linker.path(node.get("field"), linker.entity(node.get("entity")))
    blocks = tuple(link_block(linker, node, entity) for node in at.items("blocks"))
    return PageModel(entity, blocks, link_roles_named(linker, at))


def link_block(linker: Linker, at: Cursor, entity: str | None) -> Block:
    """One block of a page whose record is of `entity` (None: there is no record)."""
    kind = next((name for name in BLOCKS if name in at), "text")
    if kind in _OF_RECORD and entity is None:
        linker.refuse(
            MALFORMED,
            f"「{kind}」只能放在记录页上，请写明页面的 entity。",
            f"“{kind}” needs a record: name the page's entity.",
            at,
        )
    link_roles_named(linker, at)
    block = Block(
        id=str(at.value.get("id", "")),
        kind=kind,
        data=at.value,
        show=linker.formula(at.get("show"), entity, "row_rule", BOOLEAN, variables={}),
    )
    match kind:
        case "metric":
            return _metric(linker, at, entity, block)
        case "timeline":
            for node in at.items("timeline"):
                linker.many(node, entity)
        case "list" if entity is not None:
            return replace(block, list=link_list(linker, at["list"], entity))
        case "fields" if entity is not None:
            return replace(block, fields=link_part_fields(linker, at, entity))
        case "report" | "view" | "form":
            name = linker.document(at.get(kind), kind)
            return replace(block, document=name, filter=_block_filter(linker, at, kind, name))
        case "tasks":
            return _tasks(linker, at, block)
        case "actions":
            for node in at.items("actions"):
                linker.document(node, "workflow")
        case "text":
            linker.template(at.get("text"), entity, "message")
        case "tabs":
            tabs = tuple(
                (
                    Label.of(tab.value.get("label")),
                    tuple(link_block(linker, inner, entity) for inner in tab.items("blocks")),
                )
                for tab in at.items("tabs")
            )
            return replace(block, tabs=tabs)
    return block


def _tasks(linker: Linker, at: Cursor, block: Block) -> Block:
    """Records of a view with the field that says until when, and the stage in which they are done."""
    name = linker.document(at["tasks"], "view")
    source = str(linker.documents["view"][name].data.get("entity")) if name is not None else ""
    if source not in linker.shapes:
        return replace(block, document=name)
    due = linker.field(at.get("due"), source)
    if due is not None and due.type.kind not in (Kind.DATE, Kind.DATETIME):
        linker.value_problem(at["due"], "期限应是日期或时间字段。", "“due” must be a date or a date-time.")
    tuple(link_stages(linker, at, "done", source))
    return replace(block, document=name, filter=_block_filter(linker, at, "tasks", name))


def _block_filter(linker: Linker, at: Cursor, kind: str, name: str | None) -> Formula | None:
    if name is None or "filter" not in at:
        return None
    raw = linker.documents["view" if kind == "tasks" else kind][name]
    source = raw.data.get("source" if kind == "report" else "entity")
    return linker.formula(at["filter"], source, "filter", BOOLEAN) if source in linker.shapes else None


def _metric(linker: Linker, at: Cursor, entity: str | None, block: Block) -> Block:
    """A figure: a field of the page's record, or a formula over the records of an entity."""
    source = linker.entity(at.get("entity"))
    linker.document(at.get("view"), "view")
    if source is None and entity is not None and "entity" not in at:
        metric = linker.formula(at["metric"], entity, "row_rule")
        others = [linker.formula(at.get(name), entity, "row_rule") for name in ("compare", "target")]
        return replace(block, metric=metric, compare=others[0], target=others[1])
    if source is None:
        if "entity" not in at:
            linker.refuse(
                MALFORMED,
                "请写明汇总哪个实体（entity）。",
                "Say with “entity” whose records the figure sums up.",
                at,
            )
        return block
    made = [linker.formula(at.get(name), source, "measure") for name in ("metric", "compare", "target")]
    kept = linker.formula(at.get("filter"), source, "filter", BOOLEAN)
    return replace(block, entity=source, metric=made[0], compare=made[1], target=made[2], filter=kept)
