"""Building views: which places a type of view has, which fields fit them, and what an act makes of the document.

Pure: documents in, documents out. A view is a plain mapping; what an act does not touch stays as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer.views.fields import Outline, Seen
from dougong_runtime.documents.problems import WRONG_FIELD
from dougong_runtime.errors import refuse
from dougong_runtime.labels import Label
from dougong_runtime.model.link_views import PLACES as NEEDED

View = Mapping[str, Any]

TYPES = ("table", "kanban", "calendar", "gallery", "timeline", "tree")
_MANY = frozenset({"columns", "card", "sort", "filters"})
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "table": ("columns", "group", "sort", "filters"),
    "kanban": ("group", "card", "end", "sort", "filters", "columns"),
    "calendar": ("start", "end", "title", "color", "filters", "columns"),
    "gallery": ("image", "card", "sort", "filters", "columns"),
    "timeline": ("start", "end", "title", "group", "color", "filters", "columns"),
    "tree": ("parent", "columns", "sort", "filters"),
}
LIMITS = {"columns": 100, "card": 30, "filters": 20, "sort": 10}
"""As the schema says."""
COLUMNS_GOOD = 5
"""Columns that a new view starts with."""

_DAYS = frozenset({"date", "datetime", "created_at", "updated_at"})
_LANES = frozenset({"stage", "choice", "user", "reference"})
_UNSHOWN = frozenset({"json", "signature", "filter"})
_LONG = frozenset({"long_text", "rich_text", "file", "image", *_UNSHOWN})
_UNSORTED = frozenset({"references", "multi_choice", "tags", "file", "image", *_UNSHOWN})

REASONS: Mapping[str, Label] = {
    "day": Label("只能放日期或时间", "Only a date or a time fits"),
    "lane": Label("只能放阶段、单选、人员或引用", "Only a stage, a choice, a person or a reference fits"),
    "own": Label("只能放这个实体自己的字段", "Only a field of the entity itself fits"),
    "image": Label("只能放图片", "Only an image fits"),
    "parent": Label("只能放指向本实体自己的引用", "Only a reference to the entity itself fits"),
    "color": Label("只能放阶段或单选", "Only a stage or a choice fits"),
    "shown": Label("这种字段不能在列表里显示", "Fields of this type are not shown in lists"),
    "sorted": Label("这种字段不能排序", "Fields of this type cannot be sorted by"),
    "filtered": Label("这种字段不能筛选", "Fields of this type cannot be filtered by"),
    "many": Label("不能按多个值分组", "Several values at once make no groups"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place for fields in a view of one type."""

    name: str
    many: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class Put:
    """A field that stands in a place."""

    path: str
    field: Seen | None
    """None where the path leads nowhere any more."""
    descending: bool = False
    width: int = 0
    summary: str = ""
    hidden: bool = False
    label: Any = None
    """Words of its own, as the document writes them."""


def places(kind: str) -> tuple[Place, ...]:
    """The places of a type of view, in the order in which they are shown."""
    needed = NEEDED.get(kind, ())
    return tuple(Place(name, name in _MANY, name in needed) for name in _OF_TYPE.get(kind, _OF_TYPE["table"]))


def type_of(view: View) -> str:
    """The view's type."""
    return str(view.get("type") or "table")


def unfit(place: str, kind: str, field: Seen) -> str | None:
    """Why a field does not fit a place of a view of this type, as a key of `REASONS`; None where it does. A formula that
    does not say its type fits anywhere: what is wrong with it then is found by linking."""
    unknown = field.computed and field.type == "formula"
    if place in ("start", "end"):
        return None if unknown or field.type in _DAYS else "day"
    if place == "image":
        return None if field.type == "image" else "image"
    if place == "parent":
        return (
            None if field.type == "reference" and field.is_own and field.entity in field.targets else "parent"
        )
    if place == "color":
        return None if field.type in ("stage", "choice") and field.is_own else "color"
    if place == "group":
        if not field.is_own:
            return "own"
        if kind == "kanban" and (field.type not in _LANES or field.computed or len(field.targets) > 1):
            return "lane"
        return "many" if field.type in _UNSORTED else None
    if place == "sort":
        return "sorted" if field.type in _UNSORTED else None
    if place == "filters":
        return "filtered" if field.type in _UNSHOWN or field.type in ("file", "image") else None
    return "shown" if field.type in _UNSHOWN else None


def standing(view: View, place: str, outline: Outline) -> list[Put]:
    """What stands in a place, in order."""
    entity = str(view.get("entity") or "")
    made = []
    for item in _listed(view, place):
        path = _path(place, item)
        more = item if isinstance(item, Mapping) else {}
        width = more.get("width")
        made.append(
            Put(
                path,
                outline.find(entity, path),
                place == "sort" and str(item).startswith("-"),
                width if isinstance(width, int) else 0,
                str(more.get("summary") or ""),
                more.get("show") is False,
                more.get("label"),
            )
        )
    return made


def put(
    view: View, outline: Outline, place: str, path: str, before: str | None = None, source: str = ""
) -> View:
    """The view with a field in a place: before the one named, else last; where one fits only, in its stead.

    `source`: a place that it leaves. A field that stands there already is moved. Raises Refused (WRONG_FIELD).
    """
    kind, entity = type_of(view), str(view.get("entity") or "")
    field = outline.find(entity, path)
    if field is None:
        raise refuse(WRONG_FIELD, place, zh=f"没有字段「{path}」。", en=f"There is no field “{path}”.")
    why = unfit(place, kind, field)
    if why is not None:
        raise _unfit(field, REASONS[why])
    made = without(view, source, path) if source and source != place else dict(view)
    if place not in _MANY:
        return _with(made, place, path)
    items = list(_listed(made, place))
    known = next((item for item in items if _path(place, item) == path), None)
    rest = [item for item in items if _path(place, item) != path]
    if len(rest) >= LIMITS[place]:
        raise refuse(
            WRONG_FIELD, place, zh=f"最多放 {LIMITS[place]} 个。", en=f"No more than {LIMITS[place]} fit."
        )
    at = next((n for n, item in enumerate(rest) if _path(place, item) == before), len(rest))
    if known is not None and before == path:
        return made
    return _with(made, place, [*rest[:at], path if known is None else known, *rest[at:]])


def moved(view: View, place: str, path: str, steps: int) -> View:
    """The view with a field so many places later (negative: earlier) among its neighbours."""
    items = list(_listed(view, place))
    at = next((n for n, item in enumerate(items) if _path(place, item) == path), None)
    if at is None or place not in _MANY:
        return view
    item = items.pop(at)
    items.insert(max(0, min(at + steps, len(items))), item)
    return _with(view, place, items)


def without(view: View, place: str, path: str) -> View:
    """The view without a field in a place; the property goes with its last one."""
    if place not in _MANY:
        return _with(view, place, None) if view.get(place) == path else view
    items = [item for item in _listed(view, place) if _path(place, item) != path]
    return _with(view, place, items or None)


def turned(view: View, path: str) -> View:
    """The view with a key of its order the other way round."""
    keys = [_turn(item) if _path("sort", item) == path else item for item in _listed(view, "sort")]
    return _with(view, "sort", keys or None)


def with_column(view: View, path: str, **properties: Any) -> View:
    """The view with properties of a column set; None takes one away. A column with none is written as its path."""
    made = []
    for item in _listed(view, "columns"):
        if _path("columns", item) == path:
            whole = {**item} if isinstance(item, Mapping) else {"field": path}
            for name, value in properties.items():
                whole.pop(name, None)
                if value is not None:
                    whole[name] = value
            item = whole if len(whole) > 1 else path
        made.append(item)
    return _with(view, "columns", made)


def with_property(view: View, name: str, value: Any) -> View:
    """The view with a property set; None takes it away."""
    return _with(view, name, value)


# --- types ----------------------------------------------------------------------------------------------------
def lacking(view: View, kind: str, outline: Outline) -> Label | None:
    """Why the view's entity cannot be shown by a type: it has no field for a place that cannot be empty."""
    for place in NEEDED.get(kind, ()):
        if _first_fit(view, place, kind, outline) is None:
            return {
                "group": Label(
                    "没有阶段、单选、人员或引用字段", "It has no stage, choice, person or reference"
                ),
                "start": Label("没有日期或时间字段", "It has no date or time"),
                "image": Label("没有图片字段", "It has no image"),
                "parent": Label("没有指向自己的引用", "It has no reference to itself"),
            }[place]
    return None


@dataclass(frozen=True, slots=True)
class Retyped:
    """A view as another type, and what of it no longer fits: the place, and the field's words."""

    view: View
    dropped: tuple[tuple[str, Label], ...]


def retyped(view: View, kind: str, outline: Outline) -> Retyped:
    """The view as another type: what fits stays, places that cannot be empty get the first field that fits.

    Raises Refused (WRONG_FIELD) where the entity has none.
    """
    why = lacking(view, kind, outline)
    if why is not None:
        raise refuse(WRONG_FIELD, "type", zh=f"{why.zh}。", en=f"{why.en}.")
    made: View = _with(view, "type", kind)
    dropped: list[tuple[str, Label]] = []
    shown = {place.name for place in places(kind)}
    for place in places(type_of(view)):
        for one in standing(view, place.name, outline):
            said = one.field.label if one.field is not None else Label(one.path, one.path)
            if place.name in shown:
                if one.field is not None and unfit(place.name, kind, one.field) is not None:
                    made = without(made, place.name, one.path)
                    dropped.append((place.name, said))
            elif place.name not in ("card", "sort"):
                made = without(made, place.name, one.path)
                dropped.append((place.name, said))
    for name in NEEDED.get(kind, ()):
        if not _listed(made, name):
            first = _first_fit(made, name, kind, outline)
            assert first is not None
            made = _with(made, name, first.path)
    if kind in ("kanban", "gallery") and not _listed(made, "card"):
        columns = [p.path for p in standing(made, "columns", outline) if not p.hidden]
        card = [path for path in columns if path != made.get("group")]
        made = _with(made, "card", card[:COLUMNS_GOOD] or None)
    return Retyped(made, tuple(dropped))


def started(outline: Outline, entity: str, kind: str, name: str, label: Mapping[str, str] | None) -> View:
    """A new view with a good start: the title first, columns that tell, an order, and what its type needs."""
    fields = outline.fields(entity)
    telling = _telling(fields.values(), outline.title(entity))
    made: dict[str, Any] = {"kind": "view", "name": name}
    if label:
        made["label"] = dict(label)
    made |= {"entity": entity, "type": "table", "columns": telling}
    day = next((f.name for f in fields.values() if f.type in _DAYS and not f.computed), None)
    if day is not None:
        made["sort"] = [f"-{day}"]
    elif telling:
        made["sort"] = [telling[0]]
    return retyped(made, kind, outline).view


def _telling(fields: Iterable[Seen], title: str) -> list[str]:
    """The title, then stages and choices, people and references, figures and days; what is long comes last."""
    weight = {
        "autonumber": 1, "stage": 2, "choice": 3, "user": 4, "reference": 4, "money": 5, "date": 6, "datetime": 6,
        "decimal": 7, "integer": 7, "percent": 7,
    }  # fmt: skip
    fit = [
        f
        for f in fields
        if f.type not in _LONG and f.name != title and f.type not in ("created_by", "updated_by")
    ]
    order = sorted(range(len(fit)), key=lambda n: (weight.get(fit[n].type, 8), n))[: COLUMNS_GOOD - 1]
    named = [fit[n].name for n in sorted(order)]
    return [title, *named] if title else named


def _first_fit(view: View, place: str, kind: str, outline: Outline) -> Seen | None:
    fields = outline.fields(str(view.get("entity") or "")).values()
    fit = [f for f in fields if unfit(place, kind, f) is None]
    liked = ("stage", "choice") if place == "group" else ("date", "datetime", "image", "reference")
    ranked = sorted(fit, key=lambda f: (f.computed, liked.index(f.type) if f.type in liked else len(liked)))
    return ranked[0] if ranked else None


# --- inside -----------------------------------------------------------------------------------------------------
def _listed(view: View, place: str) -> list[Any]:
    found = view.get(place)
    if place not in _MANY:
        return [found] if found else []
    if place == "sort" and isinstance(found, str):
        return [key.strip() for key in found.split(",") if key.strip()]
    return list(found) if isinstance(found, list) else []


def _path(place: str, item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item.get("field") or "")
    return str(item).removeprefix("-") if place == "sort" else str(item)


def _turn(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


_ORDER = (
    "kind", "name", "id", "label", "help", "icon", "entity", "type", "group", "start", "end", "title", "image", "parent",
    "color", "card", "columns", "filter", "sort", "filters", "form", "actions", "page_size", "roles",
)  # fmt: skip


def _with(view: View, name: str, value: Any) -> View:
    """The property set or taken away; a new one stands where such documents have it."""
    if value is None or value == "":
        return {key: inner for key, inner in view.items() if key != name}
    if name in view:
        return {key: value if key == name else inner for key, inner in view.items()}
    later = _ORDER[_ORDER.index(name) + 1 :] if name in _ORDER else ()
    following = next((key for key in view if key in later), None)
    made: dict[str, Any] = {}
    for key, inner in view.items():
        if key == following:
            made[name] = value
        made[key] = inner
    made.setdefault(name, value)
    return made


def _unfit(field: Seen, why: Label) -> Exception:
    zh, en = f"「{field.label.zh}」放不进这里：{why.zh}。", f"{field.label.en} does not fit here: {why.en}."
    return refuse(WRONG_FIELD, field.path, zh=zh, en=en)
