"""All labels of an app's draft over the interface: read, as a table too, and changed as one act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import labels
from dougong_designer.labels import Place, Wanted
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.studio import stepped, studio_of
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.pages.studio.labels import csv_answer

LABELS_MAX = 20_000
MISSING = ("zh", "en", "any")
FORMATS = ("json", "csv")


def list_labels(call: Call) -> Response:
    """`GET …/labels` `?kind=&missing=zh|en|any&text=&format=json|csv`: every label and text of the draft, with what it
    lacks; `mark` is sent back when one is changed, so that nothing is overwritten that was changed meanwhile."""
    given = parameters.parameters(call.request, "kind", "missing", "text", "format")
    missing, form = given.get("missing", ""), given.get("format", "json")
    if missing and missing not in MISSING:
        raise json_body.wrong_member("missing", f"应为 {MISSING}", f"one of {MISSING}")
    if form not in FORMATS:
        raise json_body.wrong_member("format", f"应为 {FORMATS}", f"one of {FORMATS}")
    studio = studio_of(call)
    every = labels.places(studio.draft.documents)
    chosen = labels.chosen(every, kind=given.get("kind", ""), missing=missing, text=given.get("text", ""))
    if form == "csv":
        return csv_answer(studio.name, chosen)
    lacking = {name: sum(name in place.missing for place in every) for name in ("zh", "en")}
    items = [_told(place) for place in chosen]
    return json_answer(
        {"revision": studio.draft.revision, "count": len(every), "missing": lacking, "items": items}
    )


def change_labels(call: Call) -> Response:
    """`PUT …/labels` `{labels: [{document, place, zh, en, mark}], dry_run}`: words for labels, all as one act. A language
    that is left out stays; a place that is unknown, or was changed since its mark was made, is refused, the rest taken."""
    parameters.parameters(call.request)
    body = call.json("labels", "dry_run")
    wanted = _wanted(body.get("labels"))
    dry = json_body.flag_member(body, "dry_run")
    studio = studio_of(call, writes=True)
    found = labels.compare(studio.draft.documents, wanted)
    step = None
    if found.changes and not dry:
        step = studio.take(labels.changed(studio.draft.documents, found.changes))
    changes = [
        {
            "document": one.place.document,
            "place": one.place.pointer,
            "zh": one.zh,
            "en": one.en,
            "was": {"zh": one.place.zh, "en": one.place.en},
        }
        for one in found.changes
    ]
    refused = [
        {"document": r.wanted.document, "place": r.wanted.pointer, "why": r.why} for r in found.refused
    ]
    return stepped(call, studio, step, changes=changes, refused=refused, same=found.same)


def _wanted(given: Any) -> Sequence[Wanted]:
    if not isinstance(given, list) or len(given) > LABELS_MAX:
        raise json_body.wrong_member(
            "labels", f"应为不超过 {LABELS_MAX} 项的列表", f"a list of no more than {LABELS_MAX}"
        )
    made = []
    for one in given:
        if not isinstance(one, dict):
            raise json_body.wrong_member("labels", "每项应为对象", "each an object")
        json_body.only(one, ("document", "place", "zh", "en", "mark"))
        made.append(
            Wanted(
                json_body.needed_text(one, "document", length_max=100),
                json_body.needed_text(one, "place", length_max=1_000),
                json_body.text_member(one, "zh", length_max=labels.WORDS_MAX),
                json_body.text_member(one, "en", length_max=labels.WORDS_MAX),
                json_body.text_member(one, "mark", length_max=20) or "",
            )
        )
    return made


def _told(place: Place) -> dict[str, Any]:
    return {
        "document": place.document,
        "place": place.pointer,
        "of": place.owner,
        "zh": place.zh,
        "en": place.en,
        "missing": list(place.missing),
        "mark": place.mark,
    }


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    address = prefix + "/studio/{app}/labels"
    return [
        Route(address, reads(list_labels), methods=["GET"]),
        Route(address, writes(change_labels), methods=["PUT"]),
    ]
