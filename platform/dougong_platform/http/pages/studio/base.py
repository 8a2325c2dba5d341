"""What every page of the studio shares: the draft before its builder, the frame, acts and their answers.

An act is a form's post. It answers with a toast where there is something to say, and with the event `draft-changed`
(`{revision, documents}`), which parts of the page listen to: they fetch themselves again and are morphed in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response

from dougong_designer.draft import Step
from dougong_platform.http.pages.visit import Here, Visit
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.studio import Studio
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label
from dougong_runtime.pages.shell import Toast

ICONS = {
    "app": "apps",
    "entity": "database",
    "form": "layout-list",
    "view": "table",
    "page": "layout-dashboard",
    "workflow": "git-branch",
    "report": "chart-bar",
    "dashboard": "dashboard",
    "role": "shield",
    "message": "message",
    "connector": "plug",
    "settings": "adjustments",
    "calendar": "calendar",
}


@dataclass(frozen=True, slots=True)
class TreeItem:
    """A document in the tree."""

    key: str
    label: str
    name: str
    icon: str
    href: str
    changed: bool


@dataclass(frozen=True, slots=True)
class TreeGroup:
    """The documents of a kind."""

    kind: str
    label: str
    items: tuple[TreeItem, ...]


@dataclass(frozen=True)
class Frame:
    """What stands around a document in the studio."""

    app: str
    label: str
    address: str
    key: str
    base: int
    revision: int
    is_behind: bool
    changes: int
    undo: str
    redo: str
    saved: str
    groups: tuple[TreeGroup, ...]


def open_studio(here: Here, *, writes: bool = False) -> Studio:
    """The draft of the app that the address names. Raises Refused for who may not build it."""
    return Studio(here.site, here.connection, here.viewer, here.visit.path("app"), writes)


def frame_of(here: Here, studio: Studio, key: str = "") -> Frame:
    """The frame around the document at `key`."""
    reader, draft, standing = here.reader, studio.draft, studio.standing
    return Frame(
        app=draft.app,
        label=reader.label(Label.of(draft.documents[f"app/{draft.app}"].get("label"), draft.app)),
        address=f"/studio/{draft.app}",
        key=key,
        base=draft.base,
        revision=draft.revision,
        is_behind=draft.is_behind,
        changes=len(draft.changed),
        undo=reader.label(standing.undo) if standing.undo else "",
        redo=reader.label(standing.redo) if standing.redo else "",
        saved=reader.moment(draft.updated_at) if draft.updated_at else "",
        groups=_groups(here, studio),
    )


def _groups(here: Here, studio: Studio) -> tuple[TreeGroup, ...]:
    reader, draft = here.reader, studio.draft
    made: dict[str, list[TreeItem]] = {kind: [] for kind in KINDS}
    for key, data in draft.documents.items():
        kind, _, name = key.partition("/")
        if not key.startswith(FILE_KEY) and kind in made:
            label = reader.label(Label.of(data.get("label"), name))
            icon = data.get("icon") or ICONS.get(kind, "file")
            href = f"/studio/{draft.app}/{key}"
            made[kind].append(TreeItem(key, label, name, icon, href, key in draft.changed))
    return tuple(
        TreeGroup(kind, reader.label(KINDS.get(kind).label), tuple(sorted(items, key=lambda i: i.label)))
        for kind, items in made.items()
        if items
    )


def page(here: Here, studio: Studio, template: str, key: str, title: str, **values: Any) -> Response:
    """A whole page of the studio."""
    shell = here.shell(title)
    return here.page(template, shell, studio=frame_of(here, studio, key), **values)


def part(here: Here, studio: Studio, template: str, block: str, key: str = "", **values: Any) -> Response:
    """A block of such a page, for a part that fetches itself again."""
    return here.block(template, block, studio=frame_of(here, studio, key), **values)


def acted(here: Here, studio: Studio, step: Step | None, toast: Toast | None = None) -> Response:
    """An act's answer: a toast if there is one, and word to what shows the draft."""
    html = here.done(toast, changed=False).body if toast is not None else b""
    response = HTMLResponse(html)
    if step is not None:
        told = {"revision": step.number, "documents": list(step.documents)}
        response.headers["HX-Trigger"] = json.dumps({"draft-changed": {"target": "body", **told}})
    return response


def acting(visit: Visit, act: Callable[[Here, Studio], Response]) -> Response:
    """Do something to the draft in a transaction. What refuses it is said in a toast, and nothing has changed."""
    try:
        with visit.writing() as here:
            return act(here, open_studio(here, writes=True))
    except Refused as refused:
        first = (refused.problems or refused.warnings)[0]
        if first.type in (CSRF, NOT_SIGNED_IN) or first.type.status in (403, 404):
            raise
        with visit.reading() as here:
            response = here.done(Toast(here.said(refused), icon="alert-triangle"), changed=False)
            response.headers["HX-Trigger"] = json.dumps({"draft-refused": {"target": "body"}})
            return response
