"""What happened to a record, as sentences by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dougong_runtime.fields.base import Field
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.sentences import Day, sentences
from dougong_runtime.records.past import FieldChange, HistoryEvent

HISTORY_SHOWN = 30
HISTORY_ALL = 200


def history(look: Look, limit: int) -> tuple[Day, ...]:
    """What happened to it, the newest first."""
    desk = look.desk
    events = desk.records.history(look.entity.name, look.record, limit)
    fields = {n: look.entity.fields[n] for n in look.views if n in look.entity.fields}
    titled = Titles(desk)
    titled.learn((fields.get(c.field), v) for e in events for c in e.changes for v in (c.before, c.after))
    people = desk.records.titles("user", {e.actor for e in events if e.actor})
    told = [
        replace(_with_titles(e, fields, titled), actor_name=people.get(e.actor or "", e.actor_name))
        for e in events
    ]
    return sentences(told, fields, desk.reader, desk.address)


def _with_titles(event: HistoryEvent, fields: Mapping[str, Field], titled: Titles) -> HistoryEvent:
    """The same event with references titled; what was masked stays masked."""
    changes = tuple(
        FieldChange(c.field, titled.of(fields[c.field], c.before), titled.of(fields[c.field], c.after))
        for c in event.changes
        if c.field in fields
    )
    return replace(event, changes=changes)
