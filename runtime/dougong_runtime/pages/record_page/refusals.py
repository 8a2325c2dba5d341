"""What was refused on a record's page, as a card: the sentence, each reason, and the next step."""

from __future__ import annotations

from dougong_runtime.errors import STAGE_REFUSED, Problem, Refused
from dougong_runtime.labels import Label, Language
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import Reason, RefusedMove
from dougong_runtime.pages.record_page.stages import stage_of


def refused_move(refused: Refused, look: Look, to: str) -> RefusedMove:
    """The refusal card of a stage that was not reached."""
    reader = look.desk.reader
    stage = stage_of(look)
    option = stage.option(to) if stage else None
    target = reader.label(option.label) if option else to
    problems = (*refused.problems, *refused.warnings)
    asked = [p for p in problems if p.type is STAGE_REFUSED]
    needed = [str(n) for p in asked for n in p.facts.get("fields") or () if n in look.entity.fields]
    way = (
        next((t for t in stage.transitions if t.to == to and t.from_ == look.now.get(stage.name)), None)
        if stage
        else None
    )
    met = [
        n for n in (way.requires if way else ()) if n not in needed and look.now.get(n) not in (None, "", [])
    ]
    reasons = [
        Reason(True, reader.t("stage.has", label=reader.label(look.entity.fields[n].label))) for n in met
    ]
    reasons += [Reason(False, _why(p, reader.language)) for p in problems]
    fix = f"{look.href}/edit?stage={to}" if needed or refused.warnings else ""
    return RefusedMove(
        reader.t("stage.refused", stage=reader.quoted(target)), tuple(reasons), fix, f"to={to}"
    )


def refused_delete(refused: Refused, look: Look) -> RefusedMove:
    """The refusal card of a record that stays."""
    reader = look.desk.reader
    name = reader.quoted(look.desk.title(look.entity, look.now))
    reasons = tuple(
        Reason(False, f"{p.text(reader.language)} {p.remedy(reader.language)}".strip())
        for p in refused.problems
    )
    return RefusedMove(reader.t("record.not_deleted", name=name), reasons, why="act=delete")


def _why(problem: Problem, language: Language) -> str:
    why = problem.facts.get("why")
    return why.in_(language) if isinstance(why, Label) else problem.text(language)
