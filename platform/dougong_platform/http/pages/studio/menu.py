"""The menu by drag: its groups and what they lead to, what is in none yet, and the sidebar as each role sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import menu as menus
from dougong_designer.labels_of import with_words, words_of
from dougong_designer.menu import AppDocument
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import open_studio, page, part
from dougong_platform.http.pages.studio.canvases import TOOLS, Tool
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App
from dougong_runtime.pages.assets import Assets
from dougong_runtime.pages.menu import menu_of
from dougong_runtime.pages.views import ICONS

TEMPLATE = "studio/menu.html"
KIND_ICONS = {"page": "layout-grid", "dashboard": "dashboard", "report": "report-analytics", "form": "forms"}


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/menu` and what belongs to it."""
    menu = "/studio/{app}/menu"
    return [
        pages.get("/studio/{app}/icons", icons),
        pages.get(menu, show),
        pages.get(menu + "/canvas", canvas),
        pages.get(menu + "/panel", panel),
        pages.get(menu + "/moves", moves),
        pages.get(menu + "/sidebar", sidebar),
        pages.post(menu + "/put", put),
        pages.post(menu + "/take", take),
        pages.post(menu + "/move", move),
        pages.post(menu + "/group", group),
        pages.post(menu + "/set", set_property),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """An item of a group, or something that is in none yet."""

    what: str
    label: str
    icon: str
    kind: str
    """What kind of document it opens, in words."""
    href: str
    roles: str
    is_gone: bool = False

    @property
    def id(self) -> str:
        """For the markup's ids."""
        return self.what.replace(":", "-")


@dataclass(frozen=True, slots=True)
class Section:
    """A group with its lines."""

    id: str
    label: str
    icon: str
    roles: str
    lines: tuple[Line, ...]


def _values(here: Here, studio: Studio) -> dict[str, Any]:
    reader, documents = here.reader, studio.draft.documents
    key = f"app/{studio.name}"
    app = documents[key]
    found = menus.groups(app, documents)
    sections = tuple(
        Section(
            one.id,
            reader.label(one.label) if one.label else reader.t("menu.nameless"),
            one.icon,
            _roles(here, documents, one.roles),
            tuple(_line(here, studio, item) for item in one.items),
        )
        for one in found
    )
    palette = []
    for kind, names in menus.left(app, documents).items():
        lines = [
            _line(here, studio, menus.item_of({kind: what.partition(":")[2]}, documents)) for what in names
        ]
        if lines:
            palette.append((kind, reader.t(f"menu.{kind}s"), sorted(lines, key=lambda one: one.label)))
    return {
        "base": f"/studio/{studio.name}/menu",
        "sections": sections,
        "palette": palette,
        "at": here.visit.query("at"),
        "panel": _panel(here, documents, found),
        "roles": [(key.partition("/")[2], reader.label(Label.of(data.get("label"), key.partition("/")[2])))
                  for key, data in documents.items() if key.startswith("role/")],
    }  # fmt: skip


def _line(here: Here, studio: Studio, item: menus.Item) -> Line:
    kind, _, name = item.what.partition(":")
    documents = studio.draft.documents
    icon = item.icon
    if not icon and kind == "view":
        view = documents.get(f"view/{name}") or {}
        of_table = str((documents.get(f"entity/{view.get('entity')}") or {}).get("icon") or "")
        type_name = str(view.get("type") or "table")
        icon = of_table if type_name == "table" and of_table else ICONS.get(type_name, "table")
    icon = icon or KIND_ICONS.get(kind, "alert-triangle")
    words = here.reader.t(f"menu.{kind}") if kind else ""
    href = f"/studio/{studio.name}/{kind}/{name}"
    return Line(
        item.what,
        here.reader.label(item.label),
        icon,
        words,
        href,
        _roles(here, documents, item.roles),
        item.is_gone,
    )


def _roles(here: Here, documents: Mapping[str, Any], names: tuple[str, ...]) -> str:
    reader = here.reader
    between = "、" if reader.language == "zh" else ", "
    return between.join(
        reader.label(Label.of((documents.get(f"role/{name}") or {}).get("label"), name)) for name in names
    )


@dataclass(frozen=True, slots=True)
class Panel:
    """The properties of what is chosen: a group, an item of one, or nothing."""

    at: str = ""
    heading: str = ""
    is_group: bool = False
    zh: str = ""
    en: str = ""
    shown_zh: str = ""
    shown_en: str = ""
    icon: str = ""
    chosen: tuple[str, ...] = ()
    place: str = ""
    what: str = ""


def _panel(here: Here, documents: Mapping[str, Any], found: tuple[menus.Group, ...]) -> Panel:
    at = here.visit.query("at")
    place, _, what = at.partition("|")
    one = next((g for g in found if g.id == place), None)
    if one is None:
        return Panel()
    if not what:
        zh, en = words_of(one.data.get("label"))
        heading = here.reader.label(one.label) if one.label else here.reader.t("menu.nameless")
        return Panel(at, heading, True, zh, en, "", "", one.icon, one.roles, menus.GROUPS, one.id)
    item = next((i for i in one.items if i.what == what), None)
    if item is None:
        return Panel()
    zh, en = words_of(item.data.get("label"))
    kind, _, name = what.partition(":")
    shown = Label.of((documents.get(f"{kind}/{name}") or {}).get("label"), name)
    icon = str(item.data.get("icon") or "")
    return Panel(
        at, here.reader.label(item.label), False, zh, en, shown.zh, shown.en, icon, item.roles, place, what
    )


# --- the page and its parts -------------------------------------------------------------------------------------
def show(visit: Visit) -> Response:
    """The menu of an app."""
    with visit.reading() as here:
        studio = open_studio(here)
        return page(here, studio, TEMPLATE, "", here.reader.t("menu.title"), **_values(here, studio))


def canvas(visit: Visit) -> Response:
    """The groups and what is in none again."""
    with visit.reading() as here:
        studio = open_studio(here)
        return part(here, studio, TEMPLATE, "canvas", **_values(here, studio))


def panel(visit: Visit) -> Response:
    """The properties of what is chosen again."""
    with visit.reading() as here:
        studio = open_studio(here)
        return part(here, studio, TEMPLATE, "prop", **_values(here, studio))


def moves(visit: Visit) -> Response:
    """Where a thing can go: for one of the palette the groups, for an item and for a group its neighbours too."""
    with visit.reading() as here:
        studio = open_studio(here)
        values = _values(here, studio)
        chosen = {"place": visit.query("place"), "what": visit.query("what")}
        return here.block(TEMPLATE, "moves", chosen=chosen, sections=values["sections"])


def icons(visit: Visit) -> Response:
    """The icons that there are, to choose from."""
    with visit.reading() as here:
        open_studio(here)
        return here.block(TEMPLATE, "icons", names=sorted(Assets.load().icons))


def sidebar(visit: Visit) -> Response:
    """The sidebar as the holders of a role would see it, were the draft published."""
    with visit.reading() as here:
        studio = open_studio(here)
        role = visit.query("role")
        app = studio.linked.app
        groups = () if app is None else seen_by(app, role)
        return here.block(TEMPLATE, "sidebar", groups=groups, is_whole=app is not None)


def seen_by(app: App, role: str) -> tuple[Any, ...]:
    """The groups of the sidebar that the holders of one role see."""
    held = app.roles.get(role)

    def may(entity: str, action: str) -> bool:
        if entity not in app.entities or held is None:
            return False
        return any(
            grant.entity in (entity, "*") and action in grant.actions and not grant.aggregate_only
            for grant in held.grants
        )

    def may_see(data: Mapping[str, Any]) -> bool:
        return not data.get("roles") or role in data["roles"]

    return menu_of(app, may, may_see)


# --- acts -------------------------------------------------------------------------------------------------------
def _changing(visit: Visit, change: Callable[[Here, AppDocument, Studio], AppDocument]) -> Response:
    def act(here: Here, studio: Studio) -> Response:
        key = f"app/{studio.name}"
        app = studio.draft.document(key)
        made = change(here, app, studio)
        step = studio.take({**studio.draft.documents, key: made}) if made != app else None
        return acted(here, studio, step)

    return acting(visit, act)


def put(visit: Visit) -> Response:
    """An item into a group, or a group to another place."""
    text = visit.text
    return _changing(
        visit,
        lambda _, app, studio: menus.put(
            app, studio.draft.documents, text("place"), text("path"), text("before"), text("from")
        ),
    )


def take(visit: Visit) -> Response:
    """An item out of its group, or a group out of the menu."""
    return _changing(visit, lambda _, app, __: menus.without(app, visit.text("place"), visit.text("path")))


def move(visit: Visit) -> Response:
    """An item or a group some places on."""
    steps = {"1": 1, "-1": -1}.get(visit.text("steps"), 0)
    return _changing(
        visit, lambda _, app, __: menus.moved(app, visit.text("place"), visit.text("path"), steps)
    )


def group(visit: Visit) -> Response:
    """A new group at the end; with `path`, something of the palette in it."""

    def change(here: Here, app: AppDocument, studio: Studio) -> AppDocument:
        zh, en = visit.text("zh"), visit.text("en")
        label = {name: words for name, words in (("zh", zh), ("en", en)) if words}
        new = Label("新分组", "New group")
        made, identity = menus.with_new_group(app, label or {"zh": new.zh, "en": new.en})
        if visit.text("path"):
            made = menus.put(
                made, studio.draft.documents, identity, visit.text("path"), "", visit.text("from")
            )
        return made

    return _changing(visit, change)


def set_property(visit: Visit) -> Response:
    """The words, the icon or the roles of a group or an item."""
    name, text = visit.text("property"), visit.text(visit.text("property"))
    place, _, what = visit.text("at").partition("|")

    def change(_: Here, app: AppDocument, studio: Studio) -> AppDocument:
        known = next((g for g in menus.groups(app, studio.draft.documents) if g.id == place), None)
        item = next((i for i in known.items if i.what == what), None) if known is not None and what else None
        if known is None or (what and item is None):
            raise refuse(NOT_FOUND)
        data = item.data if item is not None else known.data
        stem, language = [*name.split("."), ""][:2]
        if stem == "label" and language in ("zh", "en"):
            changed: dict[str, Any] = {"label": with_words(data.get("label"), **{language: text})}
        elif name == "icon":
            changed = {"icon": text or None}
        elif name == "roles":
            changed = {"roles": [str(value) for value in visit.form.getlist(name) if value] or None}
        else:
            raise refuse(NOT_FOUND)
        return (
            menus.with_item(app, place, what, **changed) if what else menus.with_group(app, place, **changed)
        )

    return _changing(visit, change)


TOOLS.register("menu", Tool("menu.title", "menu-2"))
