"""How an app begins: documents of a blank one, and of a copy of another under a new name.

What is given here is linked, planned and installed like any template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.labels import Language

FIRST_VERSION = "0.1.0"
ROLE = "manager"
"""The role of a new app: it may do everything, build and publish. Who begins the app holds it."""
_DATA = ("data/", "stories/")
"""Files that tell of people and records: a copy begins without them."""
_WAYS = ("id", "was")


def label_of(text: str, language: Language, other: str = "") -> dict[str, str]:
    """A label as documents write it, the language that was written first in front."""
    words = {"zh": text, "en": other or text} if language == "zh" else {"en": text, "zh": other or text}
    return dict(words)


def app_document(
    name: str, label: Mapping[str, str], menu: list[dict[str, Any]], icon: str = "apps"
) -> dict[str, Any]:
    """The document of a new app."""
    return {
        "kind": "app",
        "name": name,
        "label": dict(label),
        "icon": icon,
        "version": FIRST_VERSION,
        "menu": menu,
    }


def role_document(entities: tuple[str, ...] = ()) -> dict[str, Any]:
    """The role of a new app."""
    return {
        "kind": "role",
        "name": ROLE,
        "label": {"zh": "负责人", "en": "Manager"},
        "build": True,
        "publish": True,
        "share_views": True,
        "settings": True,
        "grants": [whole_grant(entity) for entity in entities],
    }


def whole_grant(entity: str) -> dict[str, Any]:
    """Everything with every record of an entity."""
    actions = ["read", "create", "update", "delete", "export", "import", "share"]
    return {"entity": entity, "actions": actions, "rows": "all"}


def blank(name: str, label: str, language: Language, other: str = "") -> Documents:
    """An app with one entity that has a title, its form, a list in the menu, and one role. `other`: the label in the
    other language."""
    entity = {
        "kind": "entity",
        "name": "item",
        "label": {"zh": "条目", "en": "Item"},
        "icon": "file-text",
        "title": "name",
        "fields": [
            {
                "name": "name",
                "type": "text",
                "label": {"zh": "名称", "en": "Name"},
                "required": True,
                "search": True,
            },
            {"name": "owner", "type": "user", "label": {"zh": "负责人", "en": "Owner"}, "default": "USER()"},
        ],
    }
    form = {
        "kind": "form",
        "name": "item_form",
        "label": {"zh": "条目", "en": "Item"},
        "entity": "item",
        "layout": [
            {"section": {"zh": "基本信息", "en": "Basics"}, "columns": 2, "fields": ["name", "owner"]}
        ],
    }
    view = {
        "kind": "view",
        "name": "items",
        "label": {"zh": "条目", "en": "Items"},
        "entity": "item",
        "type": "table",
        "columns": ["name", "owner"],
    }
    menu = [{"label": label_of(label, language, other), "items": [{"view": "items"}]}]
    return _keyed(
        app_document(name, label_of(label, language, other), menu),
        entity,
        form,
        view,
        {**role_document(("item",)), "home": {"view": "items"}},
    )


def empty(name: str, label: str, language: Language, other: str = "") -> Documents:
    """An app that has nothing but its role: what it is about comes from a spreadsheet."""
    return _keyed(app_document(name, label_of(label, language, other), []), role_document())


def copied(source: Documents, name: str, label: str, language: Language, other: str = "") -> Documents:
    """The documents of an app as those of another: every thing gets an id of its own, files with people, records and
    stories stay behind, and its count of versions begins anew."""
    made: dict[str, Any] = {}
    for key, data in source.items():
        kind, _, own = key.partition("/")
        if key.startswith(FILE_KEY):
            if not key.removeprefix(FILE_KEY).startswith(_DATA):
                made[key] = data
        elif kind == "app":
            app = _without_ids(kind, data)
            words = {"name": name, "label": label_of(label, language, other), "version": FIRST_VERSION}
            made[f"app/{name}"] = {**app, **words}
        else:
            made[f"{kind}/{own}"] = _without_ids(kind, data)
    return made


def _keyed(*documents: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{d['kind']}/{d['name']}": dict(d) for d in documents}


def _without_ids(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A document without its ids and former names. The ids of a workflow's steps are names that formulas use."""
    if kind == "workflow":
        return {key: value for key, value in data.items() if key not in _WAYS}
    found = _plain(data)
    assert isinstance(found, dict)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if key not in _WAYS}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
