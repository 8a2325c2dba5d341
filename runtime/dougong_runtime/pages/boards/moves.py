"""Where a card may go: the lanes that a stage's ways and roles forbid, with the reason, before anything is tried."""

from __future__ import annotations

from collections.abc import Mapping

from dougong_runtime.fields.base import Field
from dougong_runtime.pages.boards.fitting import changeable
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.views import resolve
from dougong_runtime.records.stages import transition


def may_move(frame: Frame, field: Field) -> bool:
    """Whether the reader may put any card into another lane."""
    return changeable(frame, resolve(frame.desk.app, frame.entity, field.name))


def shut(frame: Frame, field: Field, lanes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Lane → the other lanes that a card in it may not go to → why. `lanes`: value → its word."""
    reader = frame.desk.reader
    if not may_move(frame, field):
        why = reader.t("board.not_yours", field=reader.label(field.label))
        return {a: {b: why for b in lanes if b != a} for a in lanes}
    if field.type != "stage":
        if not field.required or "" not in lanes:
            return {}
        why = reader.t("board.needs_value", field=reader.label(field.label))
        return {a: {"": why} for a in lanes if a}
    return {a: {b: why for b in lanes if b != a and (why := _refused(frame, field, a, b))} for a in lanes}


def _refused(frame: Frame, stage: Field, before: str, after: str) -> str:
    """Why nobody, or not this reader, moves a record so; empty where the way is open."""
    reader = frame.desk.reader
    way = transition(stage, before, after)
    if way is None:
        ways = [stage.option(t.to) for t in stage.transitions if t.from_ == before]
        names = [reader.label(o.label) for o in ways if o is not None]
        return reader.t("board.no_way", ways=reader.joined(names)) if names else reader.t("board.no_way_on")
    viewer = frame.desk.records.viewer
    if way.roles and not viewer.is_system and not viewer.roles_in(frame.desk.app.name) & set(way.roles):
        roles = frame.desk.app.roles
        return reader.t(
            "board.only", roles=reader.joined([reader.label(roles[r].label) for r in way.roles if r in roles])
        )
    return ""
