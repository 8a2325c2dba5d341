"""Views on their canvas: fields at the left, the places of the view's type, real records below; and their properties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import edits, views
from dougong_designer.views import View
from dougong_designer.views.fields import Outline, Seen
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import open_studio, page, part
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.view_panel import panel_of, property_set
from dougong_platform.http.pages.studio.view_records import records_of
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.studio import Studio
from dougong_runtime.documents.problems import WRONG_FIELD
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.shell import Toast
from dougong_runtime.pages.views import ICONS

TEMPLATE = "studio/view.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a view's address, and where a new one is begun."""
    app = "/studio/{app}"
    view = app + "/view/{name}"
    return [
        pages.get(app + "/new-view", new),
        pages.post(app + "/new-view", create),
        pages.get(view + "/canvas", canvas),
        pages.get(view + "/panel", panel),
        pages.get(view + "/menu", menu),
        pages.get(view + "/adding", adding),
        pages.get(view + "/records", records),
        pages.post(view + "/put", put),
        pages.post(view + "/take", take),
        pages.post(view + "/move", move),
        pages.post(view + "/turn", turn),
        pages.post(view + "/type", retype),
        pages.post(view + "/set", set_property),
    ]


@dataclass(frozen=True, slots=True)
class Token:
    """A field in a place or in the palette."""

    path: str
    label: str
    icon: str
    type: str
    unfit: str
    """`place:reason` of each place that it does not fit, between blanks."""
    is_gone: bool = False
    mark: str = ""
    """What is said behind it: the direction of an order, a summary."""
    leads: bool = False
    inner: tuple[Token, ...] = ()
    used: bool = False

    @property
    def id(self) -> str:
        """For the markup's ids."""
        return self.path.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place with what stands in it."""

    name: str
    label: str
    hint: str
    many: bool
    needed: bool
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that the view can be given."""

    name: str
    label: str
    icon: str
    why: str
    """Why the entity cannot be shown so; empty where it can."""
    current: bool


def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of a view."""
    return Canvas(TEMPLATE, {**_values(here, studio, key), **_panel_values(here, studio, key)})


def _values(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    view = studio.draft.document(key)
    outline = outline_of(studio)
    opened = tuple(path for path in here.visit.query("open").split(",") if path)
    base = f"/studio/{studio.name}/{key}"
    entity = str(view.get("entity") or "")
    return {
        "base": base,
        "view": view,
        "name": key.partition("/")[2],
        "heading": here.reader.label(Label.of(view.get("label"), key.partition("/")[2])),
        "entity": entity,
        "entity_label": here.reader.label(outline.label(entity)),
        "type": views.type_of(view),
        "shelves": _shelves(here, view, outline),
        "palette": _palette(here, view, outline, opened),
        "opened": ",".join(opened),
        "at": here.visit.query("at"),
        "kinds": _kinds(here, view, outline),
        "reasons": {name: here.reader.label(why) for name, why in views.REASONS.items()},
    }


def _panel_values(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    view, at = studio.draft.document(key), here.visit.query("at")
    return {
        "base": f"/studio/{studio.name}/{key}",
        "name": key.partition("/")[2],
        "panel": panel_of(here, studio, view, outline_of(studio), at),
    }


def outline_of(studio: Studio) -> Outline:
    """The draft's entities, and those of other apps that it may name."""
    needed = [
        r if isinstance(r, str) else r.get("app")
        for r in studio.draft.documents[f"app/{studio.name}"].get("requires") or ()
    ]
    return Outline(studio.draft.documents, studio.others if needed else {})


def _shelves(here: Here, view: View, outline: Outline) -> tuple[Shelf, ...]:
    reader, kind = here.reader, views.type_of(view)
    made = []
    for place in views.places(kind):
        tokens = tuple(_put(here, view, place.name, one) for one in views.standing(view, place.name, outline))
        label = reader.t(f"place.{place.name}")
        if place.name == "columns" and kind not in ("table", "tree"):
            label = reader.t("place.as_table")
        if place.name == "group" and kind == "kanban":
            label = reader.t("place.lanes")
        if place.name == "end" and kind == "kanban":
            label = reader.t("place.late")
        made.append(Shelf(place.name, label, reader.t("place.drop"), place.many, place.needed, tokens))
    return tuple(made)


def _put(here: Here, view: View, place: str, one: views.Put) -> Token:
    reader = here.reader
    if one.field is None:
        return Token(one.path, one.path, "alert-triangle", "", "", is_gone=True)
    mark = ""
    if place == "sort":
        mark = "↓" if one.descending else "↑"
    elif one.summary:
        mark = reader.t(f"total.{one.summary}")
    if one.hidden:
        mark = reader.t("place.hidden")
    return _token(here, view, one.field, mark=mark)


def _token(
    here: Here, view: View, field: Seen, *, mark: str = "", whole: bool = True, used: bool = False
) -> Token:
    kind = views.type_of(view)
    label = " › ".join(here.reader.label(part) for part in (field.labels if whole else field.labels[-1:]))
    reasons = ((place.name, views.unfit(place.name, kind, field)) for place in views.places(kind))
    unfit = " ".join(f"{name}:{why}" for name, why in reasons if why)
    return Token(field.path, label, field.icon, field.type, unfit, mark=mark, leads=field.leads, used=used)


def _palette(here: Here, view: View, outline: Outline, opened: tuple[str, ...]) -> tuple[Token, ...]:
    entity = str(view.get("entity") or "")
    used = {
        one.path
        for place in views.places(views.type_of(view))
        for one in views.standing(view, place.name, outline)
    }

    def level(fields: list[Seen]) -> tuple[Token, ...]:
        made = []
        for field in fields:
            token = _token(here, view, field, whole=False, used=field.path in used)
            inner = level(outline.along(entity, field.path)) if field.leads and field.path in opened else ()
            made.append(Token(token.path, token.label, token.icon, token.type, token.unfit, leads=token.leads,
                              inner=inner, used=token.used))  # fmt: skip
        return tuple(made)

    return level(list(outline.fields(entity).values()))


def _kinds(here: Here, view: View, outline: Outline) -> tuple[Kind, ...]:
    reader, current = here.reader, views.type_of(view)
    made = []
    for name in views.TYPES:
        why = views.lacking(view, name, outline)
        made.append(
            Kind(name, reader.t(f"as.{name}"), ICONS[name], reader.label(why) if why else "", name == current)
        )
    return tuple(made)


# --- parts that are fetched again ----------------------------------------------------------------------------
def _key(visit: Visit) -> str:
    return f"view/{visit.path('name')}"


def canvas(visit: Visit) -> Response:
    """The palette and the places again."""
    with visit.reading() as here:
        studio = open_studio(here)
        return part(here, studio, TEMPLATE, "canvas", _key(visit), **_values(here, studio, _key(visit)))


def panel(visit: Visit) -> Response:
    """The properties of what is chosen: a column, a key of the order, or the view."""
    with visit.reading() as here:
        studio = open_studio(here)
        return part(here, studio, TEMPLATE, "prop", _key(visit), **_panel_values(here, studio, _key(visit)))


def menu(visit: Visit) -> Response:
    """The menu of a field in a place, or of one in the palette: where else it can go, and why not."""
    with visit.reading() as here:
        studio = open_studio(here)
        view, outline = studio.draft.document(_key(visit)), outline_of(studio)
        kind, path, place = views.type_of(view), visit.query("path"), visit.query("place")
        field = outline.find(str(view.get("entity") or ""), path)
        reader = here.reader
        targets = []
        for shelf in _shelves(here, view, outline):
            if shelf.name != place:
                why = views.unfit(shelf.name, kind, field) if field is not None else None
                targets.append((shelf.name, shelf.label, reader.label(views.REASONS[why]) if why else ""))
        many = place in views.LIMITS
        chosen = {"path": path, "place": place, "many": many, "is_gone": field is None}
        return here.block(
            TEMPLATE, "menu", targets=targets, chosen=chosen, base=f"/studio/{studio.name}/{_key(visit)}"
        )


def adding(visit: Visit) -> Response:
    """The fields for a place: those that fit, then the others with the reason."""
    with visit.reading() as here:
        studio = open_studio(here)
        view, outline = studio.draft.document(_key(visit)), outline_of(studio)
        place, kind, reader = visit.query("place"), views.type_of(view), here.reader
        there = {one.path for one in views.standing(view, place, outline)}
        offers = []
        for field in outline.fields(str(view.get("entity") or "")).values():
            why = views.unfit(place, kind, field)
            if field.path not in there:
                token = _token(here, view, field)
                offers.append((why is not None, token, reader.label(views.REASONS[why]) if why else ""))
        offers.sort(key=lambda offer: offer[0])
        return here.block(TEMPLATE, "adding", offers=offers, place=place)


def records(visit: Visit) -> Response:
    """Real records as the draft's view would show them to the builder."""
    with visit.reading() as here:
        studio = open_studio(here)
        shown = records_of(here, studio, studio.draft.document(_key(visit)), outline_of(studio))
        return here.block("studio/view_records.html", "records", shown=shown, list=shown.list)


# --- acts -----------------------------------------------------------------------------------------------------
def _changing(
    visit: Visit, change: Callable[[Here, View, Outline], View], toast: Toast | None = None
) -> Response:
    def act(here: Here, studio: Studio) -> Response:
        view = studio.draft.document(_key(visit))
        made = change(here, view, outline_of(studio))
        step = studio.take({**studio.draft.documents, _key(visit): made}) if made != view else None
        return acted(here, studio, step, toast)

    return acting(visit, act)


def _place(visit: Visit) -> str:
    return visit.text("place")


def put(visit: Visit) -> Response:
    """A field into a place, or to another place of it."""
    text = visit.text

    def change(_: Here, view: View, outline: Outline) -> View:
        if _place(visit) not in {place.name for place in views.places(views.type_of(view))}:
            raise refuse(NOT_FOUND)
        return views.put(view, outline, _place(visit), text("path"), text("before") or None, text("from"))

    return _changing(visit, change)


def take(visit: Visit) -> Response:
    """A field out of a place."""
    return _changing(visit, lambda _, view, __: views.without(view, _place(visit), visit.text("path")))


def move(visit: Visit) -> Response:
    """A field some places on."""
    sign, digits = visit.text("steps")[:1] == "-", visit.text("steps").removeprefix("-")
    steps = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 0
    return _changing(
        visit,
        lambda _, view, __: views.moved(view, _place(visit), visit.text("path"), -steps if sign else steps),
    )


def turn(visit: Visit) -> Response:
    """A key of the order the other way round."""
    return _changing(visit, lambda _, view, __: views.turned(view, visit.text("path")))


def retype(visit: Visit) -> Response:
    """The view as another type; what no longer fits is said."""

    def act(here: Here, studio: Studio) -> Response:
        kind = visit.text("type")
        if kind not in views.TYPES:
            raise refuse(NOT_FOUND)
        made = views.retyped(studio.draft.document(_key(visit)), kind, outline_of(studio))
        step = studio.take({**studio.draft.documents, _key(visit): made.view})
        toast = None
        if made.dropped:
            reader = here.reader
            said = "、" if reader.language == "zh" else ", "
            what = said.join(
                f"{reader.t(f'place.{place}')} {reader.label(label)}" for place, label in made.dropped
            )
            toast = Toast(reader.t("view.dropped", what=what), icon="info-circle")
        return acted(here, studio, step, toast)

    return acting(visit, act)


def set_property(visit: Visit) -> Response:
    """A property of the view, or of a column of it."""
    return _changing(visit, lambda here, view, _: property_set(here.visit, view))


# --- a new view -----------------------------------------------------------------------------------------------
def new(visit: Visit) -> Response:
    """Where a new view is begun: its entity, its type, its name."""
    with visit.reading() as here:
        studio = open_studio(here)
        return page(
            here, studio, "studio/view_new.html", "", here.reader.t("view.new"), **_new_values(here, studio)
        )


def _new_values(here: Here, studio: Studio) -> dict[str, Any]:
    outline = outline_of(studio)
    names = [key.partition("/")[2] for key in studio.draft.documents if key.startswith("entity/")]
    entities = sorted(((here.reader.label(outline.label(name)), name) for name in names), key=lambda e: e[0])
    entity = here.visit.query("entity") or (entities[0][1] if entities else "")
    kinds = _kinds(here, {"entity": entity, "type": here.visit.query("type") or "table"}, outline)
    return {"entities": entities, "entity": entity, "kinds": kinds}


def create(visit: Visit) -> Response:
    """Make it, and open it."""
    entity, kind = visit.text("entity"), visit.text("type")

    def act(here: Here, studio: Studio) -> Response:
        documents = studio.draft.documents
        if f"entity/{entity}" not in documents or kind not in views.TYPES:
            raise refuse(WRONG_FIELD, "entity", zh="先选一个实体。", en="Choose an entity first.")
        label = {"zh": visit.text("zh"), "en": visit.text("en")}
        outline = outline_of(studio)
        if not label["zh"] and not label["en"]:
            word = outline.label(entity)
            label = {
                "zh": word.zh + here.reader.t(f"as.{kind}"),
                "en": f"{word.en} {kind}",
            }
        taken = [key.partition("/")[2] for key in documents if key.startswith("view/")]
        name = edits.free_name(f"{entity}_{kind}"[:40], taken)
        made = views.started(outline, entity, kind, name, {k: v for k, v in label.items() if v})
        step = studio.take({**documents, f"view/{name}": made})
        response = acted(here, studio, step)
        address = f"/studio/{studio.name}/view/{name}"
        if visit.is_fragment:
            response.headers["HX-Redirect"] = address
            return response
        return go(address)

    return acting(visit, act)


CANVASES.register("view", drawing)
