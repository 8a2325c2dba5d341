"""New documents of each kind: the least that is valid, so that something can be built on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dougong_designer import edits, views
from dougong_designer.draft import Draft
from dougong_designer.patch import Documents, another
from dougong_designer.views.fields import Outline
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.errors import NOT_FOUND, refuse

NEEDS_ENTITY = ("form", "view", "report", "message", "workflow")
"""Kinds that are about an entity, which has to be said."""
MAY_HAVE_ENTITY = ("page",)
"""Kinds that are about an entity or none."""
FIELDS_FIRST = 6
"""How many fields of its entity a new form begins with."""
_UNSHOWN = ("formula", "autonumber", "created_at", "created_by", "updated_at", "updated_by")


def made(draft: Draft, kind: str, name: str, label: Any, entity: str = "") -> tuple[str, Documents]:
    """A new document and its key. Raises Refused: BAD_NAME, DUPLICATE, NOT_FOUND for an entity that is none."""
    if kind not in KINDS or kind in edits.LAST_ONES:
        raise refuse(NOT_FOUND, name=kind)
    about: Mapping[str, Any] = {}
    if kind in NEEDS_ENTITY or (kind in MAY_HAVE_ENTITY and entity):
        about = draft.document(f"entity/{entity}")
    head = {"kind": kind, "name": name, "label": label}
    if kind == "view":
        rest = _view(draft.documents, entity)
    else:
        rest = _KINDS[kind](about) if kind in _KINDS else {}
    return f"{kind}/{name}", edits.with_document(draft, {**head, **rest})


def duplicated(draft: Draft, key: str, label: Any) -> tuple[str, Documents]:
    """A copy of a document under a free name, with ids of its own, and its key. Raises Refused (NOT_FOUND)."""
    data = draft.document(key)
    kind, _, name = key.partition("/")
    if kind in edits.LAST_ONES:
        raise refuse(NOT_FOUND, name=key)
    taken = (k.partition("/")[2] for k in draft.documents if k.startswith(f"{kind}/"))
    new = edits.free_name(name, taken)
    copy = {**_unnamed(kind, data), "name": new, "label": label}
    copy.pop("was", None)
    return f"{kind}/{new}", edits.with_document(draft, copy)


def _unnamed(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "workflow":
        # The ids of steps are names that its formulas use.
        return {key: value for key, value in data.items() if key != "id"}
    copy: dict[str, Any] = another(data)
    if kind == "entity":
        # Ways back have names that no other entity's may share.
        copy["fields"] = [{k: v for k, v in f.items() if k != "inverse"} for f in copy.get("fields", ())]
    return copy


def _filled_in(entity: Mapping[str, Any]) -> list[str]:
    return [str(f["name"]) for f in entity.get("fields", ()) if f.get("type") not in _UNSHOWN]


def _entity(_about: Mapping[str, Any]) -> dict[str, Any]:
    label = {"zh": "名称", "en": "Name"}
    return {
        "title": "name",
        "fields": [{"name": "name", "type": "text", "label": label, "required": True, "search": True}],
    }


def _form(about: Mapping[str, Any]) -> dict[str, Any]:
    section = {"section": {"zh": "基本信息", "en": "Basics"}, "columns": 2}
    return {"entity": about["name"], "layout": [{**section, "fields": _filled_in(about)[:FIELDS_FIRST]}]}


def _view(documents: Documents, entity: str) -> dict[str, Any]:
    started = views.started(Outline(documents), entity, "table", "", None)
    return {name: value for name, value in started.items() if name not in ("kind", "name")}


def _page(about: Mapping[str, Any]) -> dict[str, Any]:
    return {**({"entity": about["name"]} if about else {}), "blocks": []}


def _report(about: Mapping[str, Any]) -> dict[str, Any]:
    measure = {"name": "count", "label": {"zh": "数量", "en": "Count"}, "formula": "COUNT()"}
    return {"source": about["name"], "measures": [measure]}


def _message(about: Mapping[str, Any]) -> dict[str, Any]:
    return {"to": about["name"], "channels": ["in_app"], "body": {"zh": "……", "en": "…"}}


def _workflow(about: Mapping[str, Any]) -> dict[str, Any]:
    return {"trigger": {"on": "record_created", "entity": about["name"]}, "steps": []}


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "entity": _entity,
    "form": _form,
    "page": _page,
    "report": _report,
    "message": _message,
    "workflow": _workflow,
    "dashboard": lambda _about: {"blocks": []},
    "role": lambda _about: {"grants": []},
    "settings": lambda _about: {"values": []},
    "calendar": lambda _about: {"closed": [], "open": []},
    "connector": lambda _about: {"type": "webhook", "direction": "in"},
}
