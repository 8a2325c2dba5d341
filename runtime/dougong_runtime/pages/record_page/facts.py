"""Facts of a record by the sections of its form."""

from __future__ import annotations

from dougong_runtime.pages.forms import Section
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import FactSection


def sections(look: Look) -> tuple[FactSection, ...]:
    """Facts by the form's sections, then what the system computes and is on no tab."""
    made = [section(look, s) for s in look.form.sections]
    placed = {s.field.name for s in look.form.slots()}
    rest = [
        f
        for f in look.entity.own_fields
        if f.name in look.views
        and f.name not in placed
        and f.name != look.entity.title
        and f.type != "stage"
        and not f.is_many
    ]
    if rest:
        label = look.desk.reader.t("record.more_facts")
        made.append(FactSection(label, tuple(look.shown(f) for f in rest)))
    return tuple(s for s in made if s is not None and s.facts)


def section(look: Look, wanted: Section) -> FactSection | None:
    """A section's facts, those that its conditions show."""
    if not look.judged.sections[wanted.id]:
        return None
    label = look.desk.reader.label(wanted.label)
    facts = tuple(
        look.shown(s.field)
        for s in wanted.slots
        if s.field.name in look.views and look.judged.fields[s.field.name].show and s.field.type != "stage"
    )
    return FactSection(label, facts)
