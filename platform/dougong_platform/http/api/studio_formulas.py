"""Formulas over the interface while they are written: what is wrong, what may follow, what they give."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import formulas
from dougong_designer.formulas import Fix
from dougong_designer.formulas import complete as formulas_complete
from dougong_platform import studio_formulas
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads
from dougong_platform.studio import Studio
from dougong_platform.studio_formulas import POINTER_MAX, Formula
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.names import NAME_LENGTH_MAX
from dougong_runtime.pages.reading import Reader

TEXT_MAX = 10 * LENGTH_MAX
"""Characters that are read at all; over `LENGTH_MAX` a formula is refused by the checker, which says so."""


def check(call: Call) -> Response:
    """`POST …/formula/check` `{text, at, entity, place}`: what is wrong with a formula, each with its remedy, the
    type of its result, and its names with their labels. `at`: where it stands, a JSON Pointer over the documents."""
    found = _formula(call)
    result = found.findings.result
    type_ = None
    if result is not None:
        words = formulas.type_words(result.type, found.standing.app)
        type_ = {"kind": str(result.type.kind), "label": words.in_(call.language)}
    problems = [
        {
            "offset": w.offset,
            "length": w.length,
            "detail": w.says.in_(call.language),
            "fix": _fix(w.fix),
        }
        for w in found.findings.wrong
    ]
    chips = [
        {"offset": c.offset, "length": c.length, "label": c.label.in_(call.language), "kind": c.kind}
        for c in formulas.chips(found.standing, found.text)
    ]
    return json_answer({"problems": problems, "type": type_, "chips": chips})


def complete(call: Call) -> Response:
    """`POST …/formula/complete` `{text, cursor, at, entity, place}`: what may be written at the cursor, and which
    characters it takes the place of."""
    found = _formula(call, "cursor")
    cursor = json_body.number_member(call.json(*_MEMBERS, "cursor"), "cursor", 0, 0, TEXT_MAX)
    offers = formulas_complete.completions(found.standing, found.text, cursor)
    items = [
        {
            "label": _both(o.label),
            "insert": o.insert,
            "sort": o.sort,
            "detail": _detail(o, found, call),
            "help": _both(o.help) if o.help is not None else None,
            "after": o.after,
        }
        for o in offers.items
    ]
    return json_answer(
        {"start": offers.start, "end": offers.end, "is_whole": offers.is_whole, "items": items}
    )


def results(call: Call) -> Response:
    """`POST …/formula/results` `{text, at, entity, place}`: what a formula gives on three records that the caller may
    see, and of a condition, of how many it is true; or why that cannot be said."""
    found = _formula(call)
    reader = Reader(call.language, call.viewer.time_zone, call.site.clock.now())
    given = found.results(reader)
    samples = [{"id": s.id, "title": s.title, "value": s.value} for s in given.samples]
    counted = found.count() if _is_condition(found) and given.says is None else None
    return json_answer(
        {
            "samples": samples,
            "says": given.says.in_(call.language) if given.says is not None else None,
            "count": None
            if counted is None or counted.says is not None
            else {"found": counted.found, "of": counted.of, "is_exact": counted.is_exact},
        }
    )


_MEMBERS = ("text", "at", "entity", "place")


def _formula(call: Call, *more: str) -> Formula:
    parameters.parameters(call.request)
    body = call.json(*_MEMBERS, *more)
    studio = Studio(call.site, call.connection, call.viewer, call.path("app"))
    return studio_formulas.formula_at(
        studio,
        json_body.text_member(body, "at", length_max=POINTER_MAX) or "",
        json_body.text_member(body, "entity", length_max=NAME_LENGTH_MAX) or "",
        json_body.text_member(body, "place", length_max=NAME_LENGTH_MAX) or "",
        json_body.text_member(body, "text", length_max=TEXT_MAX) or "",
    )


def _is_condition(found: Formula) -> bool:
    result = found.findings.result
    return result is not None and result.type.kind is Kind.BOOLEAN


def _detail(offer: formulas_complete.Offer, found: Formula, call: Call) -> str:
    if offer.sort not in ("field", "many", "variable", "setting") or not offer.detail:
        return offer.detail
    return formulas.kind_words(Kind(offer.detail)).in_(call.language)


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    return None if fix is None else {"offset": fix.offset, "length": fix.length, "text": fix.text}


def _both(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    formula = prefix + "/studio/{app}/formula"
    return [
        Route(formula + "/check", reads(check, body="json"), methods=["POST"]),
        Route(formula + "/complete", reads(complete, body="json"), methods=["POST"]),
        Route(formula + "/results", reads(results, body="json"), methods=["POST"]),
    ]
