"""Roles: documents → `Role`, with their grants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import MALFORMED, WRONG_FIELD
from dougong_runtime.documents.references import Target
from dougong_runtime.documents.source import Raw
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.shapes import FieldShape
from dougong_runtime.formulas.types import BOOLEAN, Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Grant, Inherit, Mask, Role
from dougong_runtime.model.linker import Linker

ROWS = ("own", "team", "team_below", "all")
"""Row rules that are ready-made."""
AT_LEAST = 5
"""Records that a figure needs under `aggregate_only`, unless the grant says."""
STARTS = ("page", "dashboard", "view")
"""Kinds of documents that a role may start on."""


def link_role(linker: Linker, raw: Raw) -> Role:
    """One role."""
    at, data = Cursor.of(raw), raw.data
    was = data.get("was", [])
    grants = tuple(_grants(linker, at))
    _refuse_circles(linker, at, grants)
    return Role(
        id=str(data.get("id", "")),
        name=raw.name,
        label=Label.of(data.get("label"), raw.name),
        grants=grants,
        forbid=tuple(_forbid(linker, at)),
        was=tuple(was if isinstance(was, list) else (was,)),
        home=_home(linker, at.get("home")),
        settings=bool(data.get("settings", False)),
        share_views=bool(data.get("share_views", False)),
        build=bool(data.get("build", False)),
        publish=bool(data.get("publish", False)),
    )


def _grants(linker: Linker, at: Cursor) -> Iterator[Grant]:
    for node in at.items("grants"):
        entity = linker.entity(node.get("entity"))
        if entity is None:
            continue
        names = _namer(linker, entity)
        alone = bool(node.value.get("aggregate_only", False))
        yield Grant(
            entity=entity,
            actions=frozenset(node.texts("actions") or ("read",)),
            rows=_rows(linker, node.get("rows"), entity),
            fields=tuple(names(node, "fields")) if "fields" in node else None,
            hide=frozenset(names(node, "hide")),
            mask=MappingProxyType(_masks(linker, node, entity)),
            readonly=frozenset(names(node, "readonly")),
            writable=frozenset(names(node, "writable")) if "writable" in node else None,
            aggregate_only=alone,
            at_least=int(node.value.get("at_least", AT_LEAST if alone else 0)),
        )


def _refuse_circles(linker: Linker, at: Cursor, grants: Iterable[Grant]) -> None:
    """Rows that are inherited in a circle would be given by nothing."""
    above: dict[str, set[str]] = {}
    for grant in grants:
        if isinstance(grant.rows, Inherit) and "read" in grant.actions:
            targets = linker.shapes[grant.entity].fields[grant.rows.field].type.targets
            above.setdefault(grant.entity, set()).update(targets)
    for entity in above:
        reached: set[str] = set()
        while more := {t for e in (reached or {entity}) for t in above.get(e, ())} - reached:
            reached |= more
        if entity in reached:
            zh = f"「{entity}」的行沿引用又回到它自己，无从继承。"
            en = f"The rows of “{entity}” are inherited in a circle that comes back to it."
            linker.refuse(WRONG_FIELD, zh, en, at["grants"])
            return


def _namer(linker: Linker, entity: str) -> Callable[[Cursor, str], Iterator[str]]:
    def names(node: Cursor, name: str) -> Iterator[str]:
        for field in node.items(name):
            shape = _known(linker, field, entity)
            if shape is not None:
                yield shape

    return names


def _known(linker: Linker, field: Cursor, entity: str) -> str | None:
    """A field, or an inverse (a related list) of the entity."""
    shape = linker.shapes[entity]
    if field.value not in shape.fields and field.value in shape.many:
        linker.refer(field, Target("inverse", field.value, entity))
        return str(field.value)
    found = linker.field(field, entity)
    return found.name if found is not None else None


def _masks(linker: Linker, node: Cursor, entity: str) -> dict[str, Mask]:
    masks: dict[str, Mask] = {}
    for item in node.items("mask"):
        whole = isinstance(item.value, dict)
        found: FieldShape | None = linker.field(item.get("field") if whole else item, entity)
        if found is None:
            continue
        show = item.text("show", "none") if whole else "none"
        reveal, reason = (bool(whole and item.value.get(name, False)) for name in ("reveal", "reason"))
        masks[found.name] = Mask(found.name, show, reveal, reason)
    return masks


def _rows(linker: Linker, at: Cursor | None, entity: str) -> str | Formula | Inherit:
    if at is None:
        return "all"
    if isinstance(at.value, Mapping):
        return _inherit(linker, at, entity)
    if at.value in ROWS:
        return str(at.value)
    made = linker.formula(at, entity, "row_rule", BOOLEAN)
    return made if made is not None else "own"


def _inherit(linker: Linker, at: Cursor, entity: str) -> str | Inherit:
    """The reference whose record decides: named itself, or by the one entity it points at."""
    node = at["inherit"]
    fields = linker.shapes[entity].fields
    found = fields.get(node.value)
    if found is None and node.value in linker.shapes:
        along = [
            shape
            for shape in fields.values()
            if shape.type.kind is Kind.RECORD and node.value in shape.type.targets and shape.name != "id"
        ]
        if len(along) == 1:
            linker.refer(node, Target("entity", node.value))
            return Inherit(along[0].name)
        zh = f"有 {len(along)} 个字段指向「{node.value}」，请写字段名。"
        en = f"{len(along)} fields point at “{node.value}”; name the field."
        linker.refuse(WRONG_FIELD, zh, en, node)
        return "own"
    if linker.field(node, entity) is None or found is None:
        return "own"
    if found.type.kind is not Kind.RECORD:
        linker.refuse(
            WRONG_FIELD,
            f"「{found.name}」不是引用，无从继承。",
            f"“{found.name}” is no reference, so there is nothing to inherit from.",
            node,
        )
        return "own"
    return Inherit(found.name)


def _forbid(linker: Linker, at: Cursor) -> Iterator[frozenset[str]]:
    for node in at.items("forbid"):
        names = [linker.document(role, "role") for role in node.items()]
        known = frozenset(name for name in names if name is not None)
        if len(known) >= 2:
            yield known
        elif None not in names:
            linker.refuse(
                MALFORMED,
                "互斥至少要写两个不同的角色。",
                "Roles that exclude each other are at least two.",
                node,
            )


def _home(linker: Linker, at: Cursor | None) -> str | None:
    """Where the role starts, as `page/name`, `dashboard/name` or `view/name`."""
    if at is None:
        return None
    if isinstance(at.value, dict):
        for kind in STARTS:
            if kind in at and linker.document(at[kind], kind) is not None:
                return f"{kind}/{at.value[kind]}"
        return None
    for kind in STARTS:
        if at.value in linker.documents.get(kind, {}):
            linker.document(at, kind)
            return f"{kind}/{at.value}"
    linker.document(at, "page")
    return None
