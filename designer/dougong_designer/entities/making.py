"""Whole entities: a good one made in one act, with its form, its list, its place in the menu and who may use it; and
one taken away with what was made for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer.edits import free_name
from dougong_designer.entities.fields import Data, entity_at
from dougong_designer.entities.naming import name_of, plural_of
from dougong_designer.entities.types import new_id
from dougong_designer.patch import Documents
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import BAD_NAME, DUPLICATE
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.labels import Label
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.names import is_name

NO_LABEL = problem_type("entity-without-label", 422, "写上名称。", "Give it a name.")
WORK = ("read", "create", "update", "delete", "export", "import")
"""What a role that works with an entity may do."""
NAME = Label("名称", "Name")


@dataclass(frozen=True, slots=True)
class NewEntity:
    """What is asked for."""

    label: Label
    name: str = ""
    """Empty: made of the label."""
    icon: str = "box"
    title: Label = NAME
    """What the field that names a record is called."""
    roles: tuple[str, ...] = ()
    """Roles that may work with it."""
    in_menu: bool = True


def made(documents: Documents, wanted: NewEntity) -> tuple[Documents, str]:
    """The documents with a new entity, and its name. Raises Refused (NO_LABEL, BAD_NAME, DUPLICATE)."""
    if not (wanted.label.zh or wanted.label.en):
        raise refuse(NO_LABEL, "label")
    taken = {key.partition("/")[2] for key in documents if key.startswith("entity/")} | {*DIRECTORY.entities}
    name = wanted.name or name_of(wanted.label.en or wanted.label.zh, taken, "entity")
    if not is_name(name):
        raise refuse(BAD_NAME, "name", name=name)
    if name in taken:
        raise refuse(DUPLICATE, "name", what=KINDS.get("entity").label, name=name)
    label = _both(wanted.label)
    form = free_name(f"{name}_form"[:44], _names(documents, "form"))
    view = free_name(plural_of(name)[:44], _names(documents, "view"))
    title = {
        "name": "name",
        "id": new_id(),
        "type": "text",
        "label": _both(wanted.title),
        "required": True,
        "search": True,
    }
    added: dict[str, Any] = {
        f"entity/{name}": {
            "kind": "entity",
            "name": name,
            "id": new_id(),
            "label": label,
            "icon": wanted.icon,
            "title": "name",
            "fields": [title],
        },
        f"form/{form}": {
            "kind": "form",
            "name": form,
            "id": new_id(),
            "label": label,
            "entity": name,
            "layout": [{"section": {"zh": "基本信息", "en": "Basics"}, "columns": 2, "fields": ["name"]}],
        },
        f"view/{view}": {
            "kind": "view",
            "name": view,
            "id": new_id(),
            "label": label,
            "entity": name,
            "type": "table",
            "columns": ["name"],
        },
    }
    now: Documents = {**documents, **added}
    for role in wanted.roles:
        now = _granted(now, role, name)
    return (_in_menu(now, view, label, wanted.icon) if wanted.in_menu else now), name


def made_for(documents: Documents, entity: str) -> tuple[str, ...]:
    """Documents that are of an entity alone: its forms, views and reports."""
    return tuple(
        key
        for key, data in documents.items()
        if (key.startswith(("form/", "view/")) and data.get("entity") == entity)
        or (key.startswith("report/") and data.get("source") == entity)
    )


def without(documents: Documents, key: str, *, with_its_own: bool) -> Documents:
    """The documents without an entity; `with_its_own`: and without its forms, views, reports, the roles' grants on it
    and the menu's entries for these. Its records stay in the trash once that is published."""
    entity_at(documents, key)
    name = key.partition("/")[2]
    gone = {key, *(made_for(documents, name) if with_its_own else ())}
    now: dict[str, Any] = {other: data for other, data in documents.items() if other not in gone}
    if not with_its_own:
        return now
    for other, data in list(now.items()):
        if other.startswith("role/"):
            grants = data.get("grants") or []
            kept = [grant for grant in grants if grant.get("entity") != name]
            if len(kept) != len(grants):
                now[other] = {**data, "grants": kept}
        elif other.startswith("app/"):
            now[other] = _without_items(data, gone)
        elif other.startswith("dashboard/"):
            blocks = data.get("blocks") or []
            kept = [block for block in blocks if f"report/{block.get('report')}" not in gone]
            if len(kept) != len(blocks):
                now[other] = {**data, "blocks": kept}
    return now


def _without_items(app: Data, gone: set[str]) -> Data:
    groups = []
    for group in app.get("menu") or []:
        items = group.get("items") or []
        kept = [item for item in items if not _leads_to(item, gone)]
        if len(kept) == len(items):
            groups.append(group)
        elif kept:
            groups.append({**group, "items": kept})
    same = len(groups) == len(app.get("menu") or []) and all(
        a is b for a, b in zip(groups, app.get("menu") or [], strict=True)
    )
    return app if same else {**app, "menu": groups}


def _leads_to(item: Any, gone: set[str]) -> bool:
    return isinstance(item, Mapping) and any(f"{kind}/{name}" in gone for kind, name in item.items())


def _granted(documents: Documents, role: str, entity: str) -> Documents:
    data = documents.get(f"role/{role}")
    if data is None:
        return documents
    grant = {"entity": entity, "id": new_id(), "actions": list(WORK)}
    return {**documents, f"role/{role}": {**data, "grants": [*(data.get("grants") or []), grant]}}


def _in_menu(documents: Documents, view: str, label: Any, icon: str) -> Documents:
    key = next(key for key in documents if key.startswith("app/"))
    app = documents[key]
    group = {"label": label, "id": new_id(), "icon": icon, "items": [{"view": view}]}
    return {**documents, key: {**app, "menu": [*(app.get("menu") or []), group]}}


def _both(label: Label) -> dict[str, str]:
    return {language: text for language, text in (("zh", label.zh), ("en", label.en)) if text}


def _names(documents: Documents, kind: str) -> Sequence[str]:
    return [key.partition("/")[2] for key in documents if key.startswith(f"{kind}/")]
