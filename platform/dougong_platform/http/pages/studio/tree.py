"""The tree of documents beside every canvas: by kind, what differs from the running version, what the draft removed."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from dougong_designer import edits
from dougong_designer.draft import Draft
from dougong_designer.places import href
from dougong_platform.http.pages.studio.canvases import TOOLS
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.labels import Label
from dougong_runtime.pages.reading import Reader

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
OPENED_FIRST = ("entity", "form", "workflow", "role")
"""Groups that are open until somebody folds them."""
_COOKIE = "dougong_studio_groups"
_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class TreeItem:
    """A document in the tree."""

    key: str
    label: str
    name: str
    icon: str
    href: str
    changed: bool
    words: str = ""
    """By what it is found as one types."""


@dataclass(frozen=True, slots=True)
class TreeGroup:
    """The documents of a kind."""

    kind: str
    label: str
    one: str
    """What one of them is called."""
    icon: str
    items: tuple[TreeItem, ...]
    gone: tuple[TreeItem, ...] = ()
    """Those of the base that the draft has no longer."""
    is_open: bool = True
    may_add: bool = True


@dataclass(frozen=True, slots=True)
class ToolItem:
    """A page of the studio that is about the app as a whole."""

    href: str
    label: str
    icon: str


def groups(draft: Draft, reader: Reader, key: str, request: Request) -> tuple[TreeGroup, ...]:
    """The documents by kind; open is what was not folded, and where the reader is."""
    chosen = _chosen(request)
    made: list[TreeGroup] = []
    for kind in KINDS:
        items = [_item(draft, reader, k) for k in draft.documents if k.startswith(f"{kind}/")]
        gone = [_gone(draft, reader, k) for k in sorted(_removed(draft, kind))]
        is_here = key.startswith(f"{kind}/")
        is_open = chosen.get(kind, kind in OPENED_FIRST) or is_here
        label = reader.t(f"studio.kinds.{kind}")
        ordered = tuple(sorted(items, key=lambda item: item.label))
        may_add = kind not in edits.LAST_ONES
        made.append(
            TreeGroup(
                kind,
                label,
                reader.label(KINDS.get(kind).label),
                ICONS[kind],
                ordered,
                tuple(gone),
                is_open,
                may_add,
            )
        )
    return tuple(made)


def tools(draft: Draft, reader: Reader) -> tuple[ToolItem, ...]:
    """The pages about the app as a whole, in the order they were registered."""
    return tuple(
        ToolItem(f"/studio/{draft.app}/{name}", reader.t(TOOLS.get(name).word), TOOLS.get(name).icon)
        for name in TOOLS
    )


def remember_group(response: Response, request: Request, kind: str, *, is_open: bool) -> None:
    """Have the browser send which groups a person opened and folded."""
    if kind not in KINDS:
        return
    chosen = _chosen(request) | {kind: is_open}
    value = ".".join(f"{name}-{int(state)}" for name, state in sorted(chosen.items()))
    secure = request.url.scheme == "https"
    response.set_cookie(
        _COOKIE, value, max_age=_YEAR_SECONDS, path="/studio", secure=secure, httponly=True, samesite="lax"
    )


def _chosen(request: Request) -> dict[str, bool]:
    parts = (one.partition("-") for one in request.cookies.get(_COOKIE, "")[:500].split("."))
    return {kind: state == "1" for kind, _, state in parts if kind in KINDS}


def _removed(draft: Draft, kind: str) -> set[str]:
    there = {_identity(draft.documents[k]) for k in draft.documents if k.startswith(f"{kind}/")}
    return {
        k
        for k, data in draft.original.items()
        if k.startswith(f"{kind}/") and k not in draft.documents and _identity(data) not in there
    }


def _identity(data: object) -> object:
    return data.get("id") if isinstance(data, dict) else None


def _item(draft: Draft, reader: Reader, key: str) -> TreeItem:
    kind, _, name = key.partition("/")
    data = draft.documents[key]
    both = Label.of(data.get("label"), name)
    icon = data.get("icon") or ICONS.get(kind, "file")
    words = f"{both.zh} {both.en} {name}".lower()
    label = reader.label(both)
    return TreeItem(key, label, name, icon, href(draft.app, key), key in draft.changed, words)


def _gone(draft: Draft, reader: Reader, key: str) -> TreeItem:
    kind, _, name = key.partition("/")
    label = reader.label(Label.of(draft.original[key].get("label"), name))
    return TreeItem(key, label, name, ICONS.get(kind, "file"), "", changed=True)


def is_document(key: str) -> bool:
    """Whether a key is a document's, not a travelling file's."""
    return not key.startswith(FILE_KEY)
