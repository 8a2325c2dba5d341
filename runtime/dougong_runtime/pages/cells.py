"""A cell filled in where it stands: its input, why it cannot be, what others have made of it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dougong_runtime.access.explain import Reason
from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.bulk import OneField
from dougong_runtime.pages.desk import Cell, Desk
from dougong_runtime.pages.entry import Conflict, Input, Sent, Warned
from dougong_runtime.pages.refusals import refusal_of
from dougong_runtime.pages.views import resolve
from dougong_runtime.pages.widgets import is_masked, widget_of

_TALL = ("area", "checks", "records", "tags", "code", "address", "rich")
"""Inputs that need more room than a cell: they open over it."""
COLUMNS_MAX = 60


@dataclass(frozen=True, slots=True)
class CellForm:
    """The input of one cell."""

    href: str
    entity: str
    input: Input
    version: str
    today: str
    is_tall: bool
    error: str = ""
    warnings: tuple[Warned, ...] = ()
    conflict: Conflict | None = None


def cell_form(
    desk: Desk,
    entity: Entity,
    of: Field,
    item: Mapping[str, Json],
    sent: Sent | None = None,
    refused: Refused | None = None,
) -> CellForm:
    """The input with the record's value, or with what was sent and why it was refused."""
    one = OneField(desk, entity, of, item)
    error = ""
    warnings: tuple[Warned, ...] = ()
    conflict: Conflict | None = None
    version = str(item.get("version") or "")
    if sent is not None:
        said = one.take(sent)
        error = " ".join(s.text for s in said)
        given = sent.getlist("_version")
        version = str(given[-1]) if given else version
    if refused is not None and sent is not None:
        told = refusal_of(refused, desk, entity, sent, [of.name])
        error = " ".join(f"{e.text} {e.remedy}".strip() for e in told.errors)
        warnings = tuple(told.warnings)
        if told.conflicts:
            conflict = told.conflicts[0]
            version = str(told.version or version)
    shown = one.input(error, ways_from(of, item.get(of.name)))
    return CellForm(
        f"{desk.href(entity.name, str(item['id']))}/cells/{of.name}",
        entity.name,
        shown,
        version,
        desk.reader.today.isoformat(),
        shown.widget in _TALL or bool(warnings) or conflict is not None,
        error,
        warnings,
        conflict,
    )


def ways_from(of: Field, value: Json) -> list[str] | None:
    """The stages that a stage leads to."""
    if of.type != "stage":
        return None
    return [str(t.to) for t in of.transitions if t.from_ == value]


def why_not(desk: Desk, entity: Entity, of: Field | None, item: Mapping[str, Json]) -> str:
    """Why a cell cannot be filled in, in a sentence; empty where it can."""
    t = desk.reader.t
    if desk.records.viewer.acting_for is not None:
        return t("cells.viewing")
    if of is None:
        return t("cells.elsewhere")
    label = desk.reader.label(of.label)
    if of.is_computed:
        return t("cells.computed", field=label)
    if of.is_system or of.type == "autonumber":
        return t("cells.system", field=label)
    if is_masked(item.get(of.name)):
        return t("cells.masked", field=label)
    if widget_of(of).draw in ("none", "files", "signature", "rich", "code"):
        return t("cells.form", field=label)
    reasons = desk.records.explain(entity.name, str(item["id"]), of.name)
    by_share = any(r.role == "share" for r in reasons) and desk.views(entity.name)[of.name].update
    return "" if by_share or any(_gives(r) for r in reasons) else _refusal(desk, entity, label, reasons)


def _gives(reason: Reason) -> bool:
    return reason.holds and bool(reason.writable)


def _refusal(desk: Desk, entity: Entity, label: str, reasons: Sequence[Reason]) -> str:
    """Whose role lets it be changed on other records, or that none does."""
    t, reader = desk.reader.t, desk.reader
    roles = desk.app.roles
    elsewhere = [r.role for r in reasons if r.writable and not r.holds and r.role in roles]
    mine = list(dict.fromkeys(r.role for r in reasons if r.role in roles))
    named = reader.joined([reader.label(roles[r].label) for r in (elsewhere or mine)])
    key = "cells.not_this" if elsewhere else "cells.not_mine"
    return t(key, field=label, role=named or reader.label(entity.label))


def shown_cells(
    desk: Desk, entity: Entity, record: str, paths: Sequence[str]
) -> tuple[str, tuple[Cell, ...]]:
    """A record's title and its cells at these paths, as a list shows them now. Raises Refused (NOT_FOUND)."""
    found = [resolve(desk.app, entity, p) for p in dict.fromkeys(paths[:COLUMNS_MAX])]
    columns = desk.columns([c for c in found if c is not None])
    title = (entity.title,) if entity.title in desk.views(entity.name) else ()
    fields = tuple(dict.fromkeys([*(c.path for c in columns), *title]))
    item = desk.records.get(entity.name, record, fields=fields, titles=True)
    return desk.title(entity, item), desk.cells(item, columns)
