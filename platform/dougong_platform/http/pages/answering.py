"""What a form asks while it is filled in: its conditions, its figures, and whether what was typed would be refused."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages import filling as filled
from dougong_platform.http.pages import forms
from dougong_platform.http.pages.filling import Filling
from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.errors import Refused
from dougong_runtime.pages.entry import Said

TOUCHED_MAX = 500


def routes(pages: Pages) -> list[BaseRoute]:
    """Below the address of an entity for new records, and below that of a record."""
    made: list[BaseRoute] = []
    for base in ("/apps/{app}/{entity}", "/apps/{app}/{entity}/{id}"):
        made += [
            pages.post(base + "/conditions", conditions, writes=False),
            pages.post(base + "/check", check, writes=False),
        ]
    return made


def conditions(visit: Visit) -> Response:
    """What the form's conditions say of what stands in it now, and its figures; nothing is kept."""
    with visit.reading() as here:
        filling = filled.sent(here)
        filling.take(visit.form)
        return JSONResponse(standing(filling))


def standing(filling: Filling) -> dict[str, Any]:
    """Conditions and figures as the form's script reads them."""
    found = filling.entry.states()
    needed = filling.needed
    faces = filling.entry.computed()
    filled = [str(n) for n in filling.here.visit.form.getlist("_filled")]
    fills = filling.entry.fills(filled)
    for rows in filling.rows:
        faces |= rows.computed()
        for row in rows.rows:
            fills |= row.entry.fills(filled)
    totals = {f"{r.name}.{n}": text for r in filling.rows for n, text in r.totals().items() if text}
    return {
        "fields": {
            n: {"show": s.show, "required": s.required or n in needed, "readonly": s.readonly}
            for n, s in found.fields.items()
        },
        "sections": dict(found.sections),
        "values": {name: face.text for name, face in faces.items()},
        "totals": totals,
        "fills": fills,
    }


def check(visit: Visit) -> Response:
    """What a write of the form would say about the fields that were left: it is tried out and taken back.

    Answers input name → sentence, empty where nothing is wrong with it.
    """
    touched = list(dict.fromkeys(str(n) for n in visit.form.getlist("_touched")))[:TOUCHED_MAX]
    with visit.rehearsing() as here:
        filling = filled.sent(here)
        said = filling.take(visit.form)
        wrong = [*said, *_rehearsed(filling)] if here.viewer.acting_for is None else said
    errors: dict[str, str] = dict.fromkeys(touched, "")
    for one in wrong:
        if one.field in errors and one.text not in errors[one.field]:
            errors[one.field] = f"{errors[one.field]} {one.text}".strip()
    return JSONResponse({"errors": errors})


def _rehearsed(filling: Filling) -> list[Said]:
    """All that a write would say now."""
    visit, records = filling.here.visit, filling.desk.records
    values = forms.new_values(filling) if filling.record is None else forms.changed_values(filling)
    lists = {name: [c for _, c in made] for name, made in filling.changes(visit.form).items() if made}
    states = filling.entry.states()
    missing = filling.entry.missing(states, filling.needed)
    reasons = forms.reasons_of(visit)
    try:
        done = records.whole.rehearse(filling.entity.name, filling.record, values, lists, reasons=reasons)
    except Refused as refused:
        return filling.refused(refused, visit.form).errors
    if not done.problems:
        return missing
    told = filling.refused(Refused(done.problems), visit.form).errors
    named = {one.field for one in told}
    return [*told, *(m for m in missing if m.field not in named)]
