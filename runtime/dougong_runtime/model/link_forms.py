"""Forms: sections, tabs and lists, with the conditions of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.types import BOOLEAN
from dougong_runtime.labels import Label
from dougong_runtime.model.linker import Linker


@dataclass(frozen=True, slots=True)
class FormField:
    """A field on a form, with the conditions under which it shows, is needed, or cannot be changed."""

    path: str
    """A field of the record, or a path along references (read-only)."""
    show: Formula | None = None
    required: Formula | None = None
    readonly: Formula | None = None
    width: int = 1
    label: Label | None = None
    help: Label | None = None
    widget: str | None = None


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list of related records."""

    of: str
    """Name of the inverse or the `references` field."""
    entity: str
    fields: tuple[str, ...]
    filter: Formula | None = None
    sort: tuple[str, ...] = ()
    limit: int | None = None
    edit: bool = False
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form: a section, tabs, a list, fields, or a text."""

    id: str
    kind: str
    """section, tabs, list, fields, text; `tab` inside tabs."""
    label: Label | None = None
    columns: int = 1
    fields: tuple[FormField, ...] = ()
    list: ListBlock | None = None
    show: Formula | None = None
    collapsed: bool = False
    parts: tuple[Part, ...] = ()
    """The tabs, or what stands in a tab."""
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Form:
    """A form, linked."""

    entity: str
    layout: tuple[Part, ...]


PARTS = ("section", "tabs", "list", "text", "fields")
"""Kinds of parts: the property that makes it one."""


def link_form(linker: Linker, at: Cursor) -> Form | None:
    """One form; None (noted) where its entity is unknown."""
    entity = linker.entity(at.get("entity"))
    for node in at.items("roles"):
        linker.document(node, "role")
    if entity is None:
        return None
    return Form(entity, tuple(_part(linker, node, entity) for node in at.items("layout")))


def _part(linker: Linker, at: Cursor, entity: str, kind: str | None = None) -> Part:
    found = kind or next((name for name in PARTS if name in at), "fields")
    heading = at.value.get("section") or at.value.get("label") or at.value.get("text")
    inner = at.items("tabs") if found == "tabs" else at.items("layout")
    listed = at.get("list")
    linker.document(at.get("report"), "report")
    return Part(
        id=str(at.value.get("id", "")),
        kind=found,
        label=Label.of(heading) if heading else None,
        columns=int(at.value.get("columns", 1)),
        fields=link_part_fields(linker, at, entity),
        list=link_list(linker, listed, entity) if listed is not None else None,
        show=linker.formula(at.get("show"), entity, "row_rule", BOOLEAN),
        collapsed=bool(at.value.get("collapsed", False)),
        parts=tuple(_part(linker, node, entity, "tab" if found == "tabs" else None) for node in inner),
        data=at.value,
    )


def link_part_fields(linker: Linker, at: Cursor, entity: str) -> tuple[FormField, ...]:
    """The property `fields` of a part: names, or names with conditions; those that are known."""
    made = []
    for node in at.items("fields"):
        whole = isinstance(node.value, dict)
        named = node.get("field") if whole else node
        if linker.path(named, entity, many=True) is None or named is None:
            continue
        raw: Mapping[str, Any] = node.value if whole else {}
        made.append(
            FormField(
                path=named.value,
                show=linker.formula(node.get("show"), entity, "row_rule", BOOLEAN),
                required=linker.formula(node.get("required"), entity, "row_rule", BOOLEAN),
                readonly=linker.formula(node.get("readonly"), entity, "row_rule", BOOLEAN),
                width=int(raw.get("width", 1)),
                label=Label.of(raw["label"]) if raw.get("label") else None,
                help=Label.of(raw["help"]) if raw.get("help") else None,
                widget=raw.get("widget"),
            )
        )
    return tuple(made)


def link_list(linker: Linker, at: Cursor, entity: str) -> ListBlock | None:
    """A list of related records of a record of `entity`."""
    hop = linker.many(at.get("of"), entity)
    if hop is None:
        return None
    fields = [
        node.value for node in at.items("fields") if linker.path(node, hop.entity, many=True) is not None
    ]
    return ListBlock(
        of=hop.name,
        entity=hop.entity,
        fields=tuple(fields),
        filter=linker.formula(at.get("filter"), hop.entity, "filter", BOOLEAN),
        sort=linker.sort(at.get("sort"), hop.entity),
        limit=at.value.get("limit"),
        edit=bool(at.value.get("edit", False)),
        form=linker.document(at.get("form"), "form"),
    )
