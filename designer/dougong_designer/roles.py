"""A role as a matrix: what it may do with each entity, on which records, and how it sees each field.

Values in, documents out; nothing here asks who really sees what (`access/` does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.access.grants import ACTIONS
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label

READY_ROWS = ("own", "team", "team_below", "all")
"""Row rules that need no formula."""
STATES = ("visible", "readonly", "masked", "revealable", "hidden")
"""How a grant shows a field, from most to least; `revealable` is masked with a way to ask for the value."""
FLAGS = ("settings", "share_views", "build", "publish")
"""Abilities that are no entity's."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldCell:
    """How a grant shows a field, and how the version before did (None: it had no such grant)."""

    name: str
    label: Label
    type: str
    state: str
    before: str | None

    @property
    def changed(self) -> bool:
        """Whether it is not as before."""
        return self.state != self.before


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant: `rows` is a ready word, `formula` or `inherit`, whose text `said` has."""

    id: str
    actions: frozenset[str]
    rows: str
    said: str
    fields: tuple[FieldCell, ...]
    sums_only: bool
    before: frozenset[str] | None
    """What it allowed in the version before; None where it is new."""
    rows_changed: bool

    def has_changed(self, action: str) -> bool:
        """Whether an action is given now and was not, or was and is not."""
        return (action in self.actions) != (self.before is not None and action in self.before)


@dataclass(frozen=True, slots=True)
class EntityLine:
    """An entity and the role's grants on it: none, one, or several that are united cell by cell."""

    name: str
    label: Label
    icon: str
    grants: tuple[GrantRow, ...]
    gone: tuple[str, ...]
    """Actions that a grant allowed which the draft no longer has."""
    references: tuple[tuple[str, Label], ...]
    """Fields along which rows can be inherited."""


def matrix(documents: Documents, original: Documents, key: str) -> tuple[EntityLine, ...]:
    """The role at `key` over all entities of its app, those it has grants on first, each as its document orders it.

    `original`: the version before, by which changes are told.
    """
    role = documents[key]
    before = {g["id"]: g for g in _grants(_same(original, role, key)) if "id" in g}
    entities = {
        name.partition("/")[2]: data for name, data in documents.items() if name.startswith("entity/")
    }
    held: dict[str, list[Json]] = {name: [] for name in entities}
    for grant in _grants(role):
        held.setdefault(str(grant.get("entity")), []).append(grant)
    known = {g.get("id") for g in _grants(role)}
    lines = []
    for name, grants in held.items():
        data = entities.get(name, {})
        fields = [f for f in data.get("fields", ()) if isinstance(f, Mapping)]
        gone = [
            a for i, g in before.items() if i not in known and g.get("entity") == name for a in _actions(g)
        ]
        lines.append(
            EntityLine(
                name,
                Label.of(data.get("label"), name),
                str(data.get("icon") or "box"),
                tuple(_row(grant, before.get(grant.get("id")), fields) for grant in grants),
                tuple(dict.fromkeys(gone)),
                tuple(
                    (str(f["name"]), Label.of(f.get("label"), f["name"]))
                    for f in fields
                    if f.get("type") == "reference" and f.get("to") not in ("user", "team")
                ),
            )
        )
    return tuple(sorted(lines, key=lambda line: (not line.grants and not line.gone, line.name)))


def with_action(documents: Documents, key: str, entity: str, grant: str, action: str, on: bool) -> Documents:
    """An action given or taken. Without a grant on the entity one is made; one that allows nothing is taken away.

    Who may act on records reads them: giving another action gives reading too.
    """
    if action not in ACTIONS:
        raise refuse(NOT_FOUND, name=action)
    if not grant:
        given = ["read"] if action == "read" else ["read", action]
        return _with_grants(documents, key, lambda grants: [*grants, {"entity": entity, "actions": given}])

    def change(one: dict[str, Any]) -> dict[str, Any] | None:
        allowed = {*_actions(one), *(("read", action) if on else ())} - (set() if on else {action})
        if not allowed:
            return None
        return _put(one, "actions", [a for a in ACTIONS if a in allowed], after="entity")

    return _with_grant(documents, key, grant, change)


def with_rows(documents: Documents, key: str, grant: str, rows: str, said: str = "") -> Documents:
    """Another row rule: a ready word, `inherit` along the field `said`, or `formula` with its text `said`."""

    def change(one: dict[str, Any]) -> dict[str, Any]:
        if rows == "all":
            return {name: value for name, value in one.items() if name != "rows"}
        value: Any = {"inherit": said} if rows == "inherit" else said if rows == "formula" else rows
        return _put(one, "rows", value, after="actions")

    if rows not in (*READY_ROWS, "inherit", "formula") or (rows in ("inherit", "formula") and not said):
        raise refuse(NOT_FOUND, name=rows)
    return _with_grant(documents, key, grant, change)


def with_field(documents: Documents, key: str, grant: str, field: str, state: str) -> Documents:
    """A field shown otherwise, by as few words as the grant's own way of saying it needs."""
    if state not in STATES:
        raise refuse(NOT_FOUND, name=state)
    return _with_grant(documents, key, grant, lambda one: _shown(one, field, state))


def with_further_grant(documents: Documents, key: str, entity: str) -> Documents:
    """One more grant on an entity, for other rows: reading one's own."""
    made = {"entity": entity, "actions": ["read"], "rows": "own"}
    return _with_grants(documents, key, lambda grants: [*grants, made])


def without_grant(documents: Documents, key: str, grant: str) -> Documents:
    """A grant taken away, with all that it said of fields."""
    return _with_grant(documents, key, grant, lambda one: None)


def with_flag(documents: Documents, key: str, flag: str, on: bool) -> Documents:
    """An ability that is no entity's given or taken."""
    if flag not in FLAGS:
        raise refuse(NOT_FOUND, name=flag)
    role = {name: value for name, value in documents[key].items() if name != flag}
    return {**documents, key: _put(role, flag, True, after="label") if on else role}


def state_of(grant: Json, field: str) -> str:
    """How a grant shows a field.

    >>> state_of({"mask": [{"field": "phone", "reveal": True}]}, "phone")
    'revealable'
    """
    only, writable = grant.get("fields"), grant.get("writable")
    if field in _names(grant, "hide") or (only is not None and field not in only):
        return "hidden"
    for mask in grant.get("mask") or ():
        if _masked(mask) == field:
            return "revealable" if isinstance(mask, Mapping) and mask.get("reveal") else "masked"
    if field in _names(grant, "readonly") or (writable is not None and field not in writable):
        return "readonly"
    return "visible"


# --- inside -------------------------------------------------------------------------------------------------------
def _same(original: Documents, role: Json, key: str) -> Json:
    """The role as the version before had it, found by its id."""
    by_id = (d for k, d in original.items() if k.startswith("role/") and d.get("id") == role.get("id"))
    found: Json = next(by_id, original.get(key, {}))
    return found


def _grants(role: Json) -> list[Json]:
    return [g for g in role.get("grants") or () if isinstance(g, Mapping)]


def _actions(grant: Json) -> tuple[str, ...]:
    return tuple(grant.get("actions") or ("read",))


def _row(grant: Json, before: Json | None, fields: Iterable[Json]) -> GrantRow:
    rows, said = _rows(grant)
    cells = tuple(
        FieldCell(
            str(f["name"]),
            Label.of(f.get("label"), f["name"]),
            str(f.get("type")),
            state_of(grant, f["name"]),
            None if before is None else state_of(before, f["name"]),
        )
        for f in fields
    )
    return GrantRow(
        str(grant.get("id", "")),
        frozenset(_actions(grant)),
        rows,
        said,
        cells,
        bool(grant.get("aggregate_only")),
        None if before is None else frozenset(_actions(before)),
        before is None or _rows(before) != (rows, said),
    )


def _rows(grant: Json) -> tuple[str, str]:
    rows = grant.get("rows", "all")
    if isinstance(rows, Mapping):
        return "inherit", str(rows.get("inherit", ""))
    if rows in READY_ROWS:
        return str(rows), ""
    return "formula", "true" if rows is True else "false" if rows is False else str(rows)


def _with_grants(documents: Documents, key: str, change: Callable[[list[Json]], list[Json]]) -> Documents:
    role = documents[key]
    made = _put(dict(role), "grants", change(_grants(role)), after=next(reversed(role)))
    return {**documents, key: made}


def _with_grant(
    documents: Documents, key: str, grant: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> Documents:
    role = documents[key]
    if not any(one.get("id") == grant for one in _grants(role)):
        raise refuse(NOT_FOUND, name=grant)
    made = [change(dict(one)) if one.get("id") == grant else one for one in _grants(role)]
    return {**documents, key: {**role, "grants": [one for one in made if one is not None]}}


def _shown(grant: dict[str, Any], field: str, state: str) -> dict[str, Any]:
    only, writable = grant.get("fields"), grant.get("writable")
    old = next((m for m in grant.get("mask") or () if _masked(m) == field), None)
    made = _without(grant, field, "hide", "mask", "readonly")
    if only is not None:
        made = _listed(made, "fields", field, state != "hidden")
    elif state == "hidden":
        made = _listed(made, "hide", field, True)
    if state in ("masked", "revealable"):
        kept = dict(old) if isinstance(old, Mapping) else {"field": field}
        kept.pop("reveal", None)
        if state == "revealable":
            kept["reveal"] = True
        entry: Any = field if kept == {"field": field} else kept
        made = _put(made, "mask", [*(made.get("mask") or ()), entry], after="rows")
    if writable is not None:
        return _listed(made, "writable", field, state == "visible")
    return _listed(made, "readonly", field, True) if state == "readonly" else made


def _without(grant: dict[str, Any], field: str, *lists: str) -> dict[str, Any]:
    made = dict(grant)
    for name in lists:
        kept = [one for one in grant.get(name) or () if _masked(one) != field]
        if len(kept) == len(grant.get(name) or ()):
            continue
        if kept:
            made[name] = kept
        else:
            del made[name]
    return made


def _listed(grant: dict[str, Any], name: str, field: str, there: bool) -> dict[str, Any]:
    now = list(grant.get(name) or ())
    if (field in now) == there:
        return grant
    made = [*now, field] if there else [one for one in now if one != field]
    # An empty list of what may be seen or written is not the same as none: it allows nothing.
    if not made and name not in ("fields", "writable"):
        return {key: value for key, value in grant.items() if key != name}
    return _put(grant, name, made, after="rows")


def _put(data: Mapping[str, Any], name: str, value: Any, *, after: str) -> dict[str, Any]:
    """A property set in its place, or behind another where it is new."""
    if name in data:
        return {key: value if key == name else old for key, old in data.items()}
    made: dict[str, Any] = {}
    for key, old in data.items():
        made[key] = old
        if key == after:
            made[name] = value
    return made if name in made else {**made, name: value}


def _names(grant: Json, name: str) -> Iterable[str]:
    return grant.get(name) or ()


def _masked(mask: Any) -> str:
    return str(mask.get("field")) if isinstance(mask, Mapping) else str(mask)
