"""A record as it is printed: its facts and what refers to it, in words, as its reader sees them."""

from __future__ import annotations

from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.markup import plain_text
from dougong_runtime.pages.record_page import facts, head, stages
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import FactSection, ShownFact
from dougong_runtime.pages.related import Related, RelatedList
from dougong_runtime.transfer.printed import Printed, PrintedSection, PrintedTable


def printed(look: Look) -> Printed:
    """Head, key facts, facts by the form's sections and tabs, and the form's lists."""
    desk, reader = look.desk, look.desk.reader
    stage = stages.stage_of(look)
    meta = [_words(f.face) for f in head.meta(look, {stage.name} if stage else set())]
    chips = [_words(c) for c in head.chips(look)]
    sections = [*facts.sections(look)]
    for tab in look.form.tabs:
        made = [facts.section(look, part) for part in tab.sections]
        sections += [
            FactSection(s.label or reader.label(tab.label), s.facts)
            for s in made
            if s is not None and s.facts
        ]
    related = Related(desk, look.entity, look.record)
    lists = (related.table(x) for x in look.form.lists())
    who = desk.records.viewer.name or desk.records.viewer.username
    return Printed(
        look.title,
        " · ".join([*meta, *chips]),
        desk.label(look.entity),
        tuple(_fact(f) for f in head.key_facts(look)),
        tuple(
            PrintedSection(s.label or reader.t("record.details"), tuple(_fact(f) for f in s.facts))
            for s in sections
        ),
        tuple(_table(x) for x in lists if x is not None and x.rows),
        reader.t("print.foot", who=who, at=reader.exact_moment(reader.now), what=desk.label(look.entity)),
        reader.language,
    )


def _fact(fact: ShownFact) -> tuple[str, str]:
    label = f"{fact.label} {fact.unit}".strip()
    return label, _words(fact.face)


def _table(shown: RelatedList) -> PrintedTable:
    heads = tuple(f"{h.label} {h.unit}".strip() for h in shown.heads)
    rows = tuple(tuple(_words(c.face) for c in row.cells) for row in shown.rows)
    return PrintedTable(shown.label, heads, rows, tuple(h.number for h in shown.heads), shown.more_text)


def _words(face: Face) -> str:
    """A value in words; of rich text its text."""
    if face.parts:
        return "、".join(_words(p) for p in face.parts)
    return plain_text(str(face.raw)) if face.draw == "rich" else face.text
