"""The stage of a record: where it stands, and the ways on."""

from __future__ import annotations

from dougong_runtime.fields.base import Field
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import Move, StageStep


def stage_of(look: Look) -> Field | None:
    """The stage field, where the reader sees it."""
    found = look.entity.stage
    return found if found is not None and found.name in look.views else None


def steps(look: Look, stage: Field) -> tuple[StageStep, ...]:
    """The stages in order, the record's own marked."""
    reader = look.desk.reader
    at = next((n for n, o in enumerate(stage.choices) if o.value == look.values.get(stage.name)), -1)
    return tuple(
        StageStep(reader.label(o.label), o.color, "now" if n == at else "done" if n < at else "next")
        for n, o in enumerate(stage.choices)
    )


def moves(look: Look, stage: Field) -> tuple[Move, ...]:
    """Ways on that the reader's roles allow; whether their conditions hold is said when one is tried."""
    viewer, reader = look.desk.records.viewer, look.desk.reader
    held = viewer.roles_in(look.desk.app.name)
    made = []
    for way in stage.transitions:
        if way.from_ != look.now.get(stage.name) or (
            way.roles and not viewer.is_system and not held & set(way.roles)
        ):
            continue
        option = stage.option(way.to)
        target = reader.label(option.label) if option else way.to
        label = reader.label(way.label) if way.label else reader.t("stage.to", stage=target)
        made.append(Move(way.to, label, option.color if option else "gray"))
    return tuple(made)
