"""Views: what they name is resolved, their filters typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import MALFORMED, WRONG_FIELD
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.types import BOOLEAN, Kind
from dougong_runtime.model.linker import Linker

PLACES: Mapping[str, tuple[str, ...]] = {
    "kanban": ("group",),
    "calendar": ("start",),
    "timeline": ("start",),
    "gallery": ("image",),
    "tree": ("parent",),
}
"""What a view of a type cannot do without."""
_DATES = (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class View:
    """A view, linked."""

    entity: str
    type: str
    columns: tuple[str, ...]
    filter: Formula | None
    sort: tuple[str, ...]
    parts: Mapping[str, str] = field(default_factory=dict)
    """group, start, end, title, image, parent, color → path of the field."""
    card: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


def link_view(linker: Linker, at: Cursor) -> View | None:
    """One view; None (noted) where its entity is unknown."""
    entity = linker.entity(at.get("entity"))
    if entity is None:
        return None
    kind = at.text("type", "table")
    parts: dict[str, str] = {}
    for name in ("group", "start", "end", "title", "image", "parent", "color"):
        node = at.get(name)
        found = linker.path(node, entity)
        if node is None or found is None:
            continue
        parts[name] = node.value
        if name in ("start", "end") and found.type.kind not in _DATES:
            linker.refuse(
                WRONG_FIELD,
                f"「{node.value}」不是日期或时间。",
                f"“{node.value}” is no date or time.",
                node,
            )
        if name == "parent" and entity not in found.type.targets:
            linker.refuse(
                WRONG_FIELD,
                f"「{node.value}」没有指向「{entity}」自己，不能作树的上级。",
                f"“{node.value}” does not point at {entity} itself, so it makes no tree.",
                node,
            )
    for name in PLACES.get(kind, ()):
        if name not in at:
            linker.refuse(
                MALFORMED,
                f"「{kind}」视图需要 {name}。",
                f"A view of type {kind} needs “{name}”.",
                at,
            )
    linker.document(at.get("form"), "form")
    for node in at.items("actions"):
        linker.document(node, "workflow")
    link_roles_named(linker, at)
    return View(
        entity=entity,
        type=kind,
        columns=tuple(_columns(linker, at, entity)),
        filter=linker.formula(at.get("filter"), entity, "filter", BOOLEAN),
        sort=linker.sort(at.get("sort"), entity),
        parts=MappingProxyType(parts),
        card=linked_paths(linker, at, "card", entity),
        filters=linked_paths(linker, at, "filters", entity),
    )


def _columns(linker: Linker, at: Cursor, entity: str) -> Iterator[str]:
    for node in at.items("columns"):
        named = node["field"] if isinstance(node.value, dict) else node
        if linker.path(named, entity, many=True) is not None:
            yield named.value


def linked_paths(linker: Linker, at: Cursor, name: str, entity: str) -> tuple[str, ...]:
    """A property that is a list of paths: those that lead somewhere."""
    return tuple(node.value for node in at.items(name) if linker.path(node, entity, many=True) is not None)


def link_roles_named(linker: Linker, at: Cursor) -> tuple[str, ...]:
    """The roles that a part is for."""
    return tuple(name for node in at.items("roles") if (name := linker.document(node, "role")) is not None)
