"""Forms and pages as trees of parts: finding, moving, adding and taking out, each giving the document as it is to be.

A form's parts stand in `layout`, a page's in `blocks`; tabs hold parts of their own. Parts and tabs are named by their
ids. A field of a form has no id: it is named by its part and its own name, so that it is found wherever others have
meanwhile moved it, or not at all.

A place is `Place(into, before)`: `into` is the id of a part or tab ("" for the document itself), `before` the id or
the field's name of what stands behind it ("" for the end).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from dougong_designer.entities.types import new_id
from dougong_runtime.errors import problem_type, refuse

Json: TypeAlias = Mapping[str, Any]
Way = Literal["up", "down", "left", "right"]

COLUMNS_DEFAULT, COLUMNS_MAX = 2, 4
ROOTS = {"form": "layout", "page": "blocks"}
"""Kind → the property that holds its parts."""
INNER = ("layout", "blocks", "tabs")
"""Properties of parts and tabs that hold further ones."""

GONE = problem_type(
    "layout-place-gone",
    409,
    "这里已被别人改过：找不到「{name}」。",
    "This has meanwhile been changed: “{name}” is no longer there.",
    remedy=("画布已更新，再放一次。", "The canvas is up to date now; do it again."),
)
CANNOT_STAND = problem_type(
    "layout-cannot-stand",
    422,
    "{zh}",
    "{en}",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is put; see above."""

    into: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A field in a part or tab of a form."""

    into: str
    field: str

    @classmethod
    def of(cls, text: str) -> Spot | None:
        """`<id>.<field>`; None where it is the id of a part.

        >>> Spot.of("a1.owner.team")
        Spot(into='a1', field='owner.team')
        """
        into, dot, field = text.partition(".")
        return cls(into, field) if dot and into and field else None

    def __str__(self) -> str:
        return f"{self.into}.{self.field}"


@dataclass(frozen=True, slots=True)
class Found:
    """A part or tab, where it stands."""

    node: Json
    inside: str
    """Id of the tab or part around it; "" at the top."""
    siblings: tuple[Json, ...]
    at: int
    tokens: tuple[str, ...]
    """Its path in the document."""

    @property
    def is_tab(self) -> bool:
        """Whether it is one of several tabs."""
        return self.tokens[-2] == "tabs"


# --- finding --------------------------------------------------------------------------------------------------------
def root_of(data: Json) -> str:
    """The property of a document that holds its parts."""
    return ROOTS[str(data["kind"])]


def walk(data: Json) -> Iterator[Found]:
    """Every part and tab, from top to bottom."""
    root = root_of(data)
    yield from _walk(data.get(root) or (), "", (root,))


def _walk(items: Sequence[Any], inside: str, tokens: tuple[str, ...]) -> Iterator[Found]:
    members = tuple(item for item in items if isinstance(item, Mapping))
    for at, item in enumerate(members):
        here = (*tokens, str(item.get("id", at)))
        yield Found(item, inside, members, at, here)
        for key in INNER:
            if isinstance(item.get(key), list):
                yield from _walk(item[key], str(item.get("id", "")), (*here, key))


def find(data: Json, identity: str) -> Found:
    """A part or tab by its id. Raises Refused (GONE)."""
    for found in walk(data):
        if found.node.get("id") == identity:
            return found
    raise refuse(GONE, name=identity)


def entries(node: Json) -> list[Any]:
    """The fields of a part or tab, as they are written."""
    found = node.get("fields")
    return found if isinstance(found, list) else []


def name_of(entry: Any) -> str:
    """The field's name of an entry, in either form."""
    return str(entry.get("field", "")) if isinstance(entry, Mapping) else str(entry)


def entry_at(data: Json, spot: Spot) -> Any:
    """The entry of a field. Raises Refused (GONE)."""
    found = next((e for e in entries(find(data, spot.into).node) if name_of(e) == spot.field), None)
    if found is None:
        raise refuse(GONE, name=spot.field)
    return found


def placed(data: Json) -> list[Spot]:
    """All fields of a form, from top to bottom."""
    return [
        Spot(str(found.node.get("id", "")), name_of(entry))
        for found in walk(data)
        for entry in entries(found.node)
    ]


def columns_of(node: Json) -> int:
    """In how many columns the fields of a part stand."""
    return min(max(int(node.get("columns") or COLUMNS_DEFAULT), 1), COLUMNS_MAX)


# --- changing -------------------------------------------------------------------------------------------------------
def changed(data: Json, identity: str, change: Callable[[Json], Json | None]) -> dict[str, Any]:
    """The document with one part or tab changed, or taken out (None); what is not touched stays the same object.
    Tabs of which none is left go too. Raises Refused (GONE)."""
    find(data, identity)
    root = root_of(data)
    return {**data, root: _mapped(data.get(root) or [], identity, change)}


def _mapped(items: list[Any], identity: str, change: Callable[[Json], Json | None]) -> list[Any]:
    made: list[Any] = []
    for item in items:
        if not isinstance(item, Mapping):
            made.append(item)
            continue
        if item.get("id") == identity:
            new = change(item)
            if new is not None:
                made.append(new)
            continue
        inner = {k: _mapped(item[k], identity, change) for k in INNER if isinstance(item.get(k), list)}
        differing = {k: v for k, v in inner.items() if not _alike(v, item[k])}
        if "tabs" in differing and not differing["tabs"]:
            continue
        made.append({**item, **differing} if differing else item)
    return made


def _alike(new: list[Any], old: list[Any]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))


def with_fields(node: Json, fields: list[Any]) -> Json | None:
    """A part with these fields. A group of nothing else goes with its last field; a tab that shows something else has
    no such property then."""
    if fields or "section" in node:
        return {**node, "fields": fields}
    if not set(node) - {"id", "columns", "show", "fields"}:
        return None
    if any(key in node for key in ("layout", "list", "report")):
        return {key: value for key, value in node.items() if key != "fields"}
    return {**node, "fields": []}


def put_field(data: Json, entry: Any, place: Place) -> dict[str, Any]:
    """A field added. At the top of a form, between parts, it gets a group of its own."""
    if not place.into:
        return put_part(data, {"fields": [entry], "columns": COLUMNS_DEFAULT}, place)

    target = find(data, place.into)
    if not target.is_tab and "section" not in target.node and "fields" not in target.node:
        raise refuse(
            CANNOT_STAND, zh="字段放不进这里，放到分区或标签页里。", en="Fields stand in sections and tabs."
        )

    def change(node: Json) -> Json:
        fields = [e for e in entries(node) if name_of(e) != name_of(entry)]
        at = next((n for n, e in enumerate(fields) if name_of(e) == place.before), len(fields))
        return {**node, "fields": [*fields[:at], entry, *fields[at:]]}

    return changed(data, place.into, change)


def put_part(data: Json, node: Json, place: Place) -> dict[str, Any]:
    """A part added, or a tab into tabs. New ones get their ids here, so that they can be shown at once."""
    node = {"id": new_id(), **node} if "id" not in node else node
    root = root_of(data)
    if not place.into:
        return {**data, root: _inserted(data.get(root) or [], node, place.before)}

    def change(around: Json) -> Json:
        if "tabs" in around:
            return {**around, "tabs": _inserted(around["tabs"], node, place.before)}
        return {**around, root: _inserted(list(around.get(root) or []), node, place.before)}

    target = find(data, place.into)
    if "tabs" not in target.node and not target.is_tab:
        raise refuse(CANNOT_STAND, zh="分区里不能再放分区。", en="A section holds no further sections.")
    if "tabs" in node and target.is_tab:
        raise refuse(CANNOT_STAND, zh="标签页里不能再放标签页。", en="A tab holds no further tabs.")
    return changed(data, place.into, change)


def _inserted(members: list[Any], node: Json, before: str) -> list[Any]:
    at = next(
        (n for n, m in enumerate(members) if isinstance(m, Mapping) and m.get("id") == before), len(members)
    )
    return [*members[:at], node, *members[at:]]


def take_out(data: Json, at: str) -> dict[str, Any]:
    """A part with all that is in it, a tab, or a field taken out. Raises Refused (GONE)."""
    spot = Spot.of(at)
    if spot is None:
        return changed(data, at, lambda node: None)
    entry_at(data, spot)
    return changed(
        data,
        spot.into,
        lambda node: with_fields(node, [e for e in entries(node) if name_of(e) != spot.field]),
    )


def move(data: Json, at: str, place: Place, width: int | None = None) -> dict[str, Any]:
    """A field, part or tab at another place; `width`: for a field, how many columns it takes there (None: as it
    does). Raises Refused (GONE, CANNOT_STAND)."""
    spot = Spot.of(at)
    if spot is None:
        found = find(data, at)
        if place.before == at or place.into == at or _holds(found.node, place.into):
            return dict(data)
        _check_kind(data, found, place)
        # Put in first: what it leaves may be the last of its tabs, and then those go.
        held = put_part(_renamed(data, at), found.node, place)
        return changed(held, _LEAVING, lambda node: None)
    entry = entry_at(data, spot)
    if place.before == spot.field and place.into == spot.into:
        return dict(data) if width is None else set_width(data, spot, width)
    if width is not None:
        entry = _wide(entry, width)
    if place.into == spot.into:
        return put_field(data, entry, place)
    if place.into and any(name_of(e) == spot.field for e in entries(find(data, place.into).node)):
        return take_out(data, at)
    held = put_field(data, entry, place)
    return take_out(held, at)


_LEAVING = "\0leaving"


def _renamed(data: Json, identity: str) -> dict[str, Any]:
    return changed(data, identity, lambda node: {**node, "id": _LEAVING})


def _holds(node: Json, identity: str) -> bool:
    inner = [m for key in INNER for m in (node.get(key) or ()) if isinstance(m, Mapping)]
    return any(m.get("id") == identity or _holds(m, identity) for m in inner)


def _check_kind(data: Json, found: Found, place: Place) -> None:
    """Tabs stand among tabs, parts elsewhere."""
    among_tabs = bool(place.into) and "tabs" in find(data, place.into).node
    if found.is_tab and not among_tabs:
        raise refuse(CANNOT_STAND, zh="标签页放在标签页旁边。", en="A tab stands beside other tabs.")
    if among_tabs and not found.is_tab:
        raise refuse(CANNOT_STAND, zh="把它放进一个标签页里。", en="Put it into one of the tabs.")


def set_width(data: Json, spot: Spot, width: int) -> dict[str, Any]:
    """How many columns a field takes."""
    return replace_entry(data, spot, _wide(entry_at(data, spot), width))


def replace_entry(data: Json, spot: Spot, entry: Any) -> dict[str, Any]:
    """A field's entry written anew, in its place. Raises Refused (GONE)."""
    entry_at(data, spot)

    def change(node: Json) -> Json:
        return {**node, "fields": [entry if name_of(e) == spot.field else e for e in entries(node)]}

    return changed(data, spot.into, change)


def _wide(entry: Any, width: int) -> Any:
    whole = dict(entry) if isinstance(entry, Mapping) else {"field": entry}
    if width > 1:
        return {**whole, "width": width}
    whole.pop("width", None)
    return plain_entry(whole)


def plain_entry(entry: Mapping[str, Any]) -> Any:
    """An entry as short as it can be written: the name alone where nothing else is said."""
    return entry["field"] if set(entry) == {"field"} else dict(entry)


# --- by keys --------------------------------------------------------------------------------------------------------
def step(data: Json, at: str, way: Way) -> dict[str, Any]:
    """A field, part or tab one place further: left and right along the order, up and down by rows; at the edge of a
    part into the next one. What stands at the very end stays."""
    spot = Spot.of(at)
    return _step_field(data, spot, way) if spot is not None else _step_part(data, at, way)


def _step_field(data: Json, spot: Spot, way: Way) -> dict[str, Any]:
    node = find(data, spot.into).node
    fields = entries(node)
    names = [name_of(e) for e in fields]
    entry_at(data, spot)
    at = names.index(spot.field)
    target = _target(fields, columns_of(node), at, way)
    if target is not None:
        rest = [n for n in names if n != spot.field]
        before = rest[target] if target < len(rest) else ""
        return move(data, str(spot), Place(spot.into, before))
    holders = [f for f in walk(data) if holds_fields(f)]
    here = next(n for n, f in enumerate(holders) if f.node.get("id") == spot.into)
    step_ = -1 if way in ("up", "left") else 1
    for other in holders[here + step_ :: step_] if 0 <= here + step_ < len(holders) else []:
        inside = [name_of(e) for e in entries(other.node)]
        if spot.field not in inside:
            before = inside[0] if step_ == 1 and inside else ""
            return move(data, str(spot), Place(str(other.node["id"]), before))
    return dict(data)


def holds_fields(found: Found) -> bool:
    """Whether fields stand in it, or could."""
    node = found.node
    if found.is_tab:
        return "fields" in node or not ("layout" in node or "list" in node or "report" in node)
    return "section" in node or "fields" in node


def _target(fields: Sequence[Any], columns: int, at: int, way: Way) -> int | None:
    """Index among the others at which a field stands after a step; None: it leaves the part."""
    if way == "left":
        return at - 1 if at > 0 else None
    if way == "right":
        return at + 1 if at + 1 < len(fields) else None
    rows = rows_of(fields, columns)
    row = next(n for n, members in enumerate(rows) if at in members)
    column = rows[row].index(at)
    if way == "up":
        if row == 0:
            return None
        above = rows[row - 1]
        return above[0] if _is_wide(fields[at], columns) else above[min(column, len(above) - 1)]
    if row + 1 == len(rows):
        return None
    below = rows[row + 1]
    return below[-1] if _is_wide(fields[at], columns) else below[min(column, len(below) - 1)]


def rows_of(fields: Sequence[Any], columns: int) -> list[list[int]]:
    """Indexes of fields as they fall into rows.

    >>> rows_of(["a", {"field": "b", "width": 2}, "c", "d"], 2)
    [[0], [1], [2, 3]]
    """
    rows: list[list[int]] = []
    room = 0
    for index, entry in enumerate(fields):
        taken = columns if _is_wide(entry, columns) else 1
        if taken > room:
            rows.append([])
            room = columns
        rows[-1].append(index)
        room -= taken
    return rows


def _is_wide(entry: Any, columns: int) -> bool:
    return columns > 1 and isinstance(entry, Mapping) and int(entry.get("width") or 1) > 1


def _step_part(data: Json, identity: str, way: Way) -> dict[str, Any]:
    found = find(data, identity)
    step_ = -1 if way in ("up", "left") else 1
    to = found.at + step_
    if 0 <= to < len(found.siblings):
        after = found.at + (2 if step_ == 1 else -1)
        before = str(found.siblings[after]["id"]) if after < len(found.siblings) else ""
        return move(data, identity, Place(found.inside, before))
    if found.is_tab or not found.inside:
        return dict(data)
    tabs = next(f for f in walk(data) if any(t.get("id") == found.inside for t in f.node.get("tabs") or ()))
    after = tabs.at + (1 if step_ == 1 else 0)
    before = str(tabs.siblings[after]["id"]) if after < len(tabs.siblings) else ""
    return move(data, identity, Place(tabs.inside, before))
