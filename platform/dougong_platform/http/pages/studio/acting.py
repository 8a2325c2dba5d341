"""Acts of a builder, as pages send them, and what they are answered.

An act is a form's post; its field `revision` says what the builder had before them. It answers with a toast where there
is something to say, and with the event `draft-changed` (`{revision, documents}`), which parts of the page listen to:
they fetch themselves again and are morphed in place. What refuses it is told in a toast; what somebody else has changed
meanwhile in a dialog, with both values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from starlette.responses import HTMLResponse, Response

from dougong_designer import draft as drafts
from dougong_designer import patch as patches
from dougong_designer.draft import Step
from dougong_designer.patch import CHANGED_MEANWHILE, Operation, Patch, Tokens
from dougong_designer.places import href
from dougong_platform.http import json_body
from dougong_platform.http.pages.studio.base import label_of, open_studio, part
from dougong_platform.http.pages.visit import Here, Visit
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.studio import Studio
from dougong_runtime.errors import Problem, Refused
from dougong_runtime.pages.shell import Toast

STEPS_LOOKED_AT = 30
"""Among so many, who changed a place last is found."""
SHOWN_MAX = 200


def acted(here: Here, studio: Studio, step: Step | None, toast: Toast | None = None) -> Response:
    """An act's answer: a toast if there is one, and word to what shows the draft."""
    html = here.done(toast, changed=False).body if toast is not None else b""
    response = HTMLResponse(html)
    if step is not None:
        told = {"revision": step.number, "documents": list(step.documents)}
        response.headers["HX-Trigger"] = json.dumps({"draft-changed": {"target": "body", **told}})
    return response


def led(studio: Studio, key: str = "", done: str = "", about: str = "") -> Response:
    """An act's answer that leads to a document, or to the overview; `done`: the word of a toast there."""
    address = href(studio.name, key) if key else f"/studio/{studio.name}"
    if done:
        address += f"?done={done}" + (f"&about={about}" if about else "")
    return Response(status_code=204, headers={"HX-Redirect": address})


def acting(visit: Visit, act: Callable[[Here, Studio], Response]) -> Response:
    """Do something to the draft in a transaction; nothing has changed where it is refused."""
    try:
        with visit.writing() as here:
            return act(here, open_studio(here, writes=True, seen=visit.whole("revision")))
    except Refused as refused:
        if visit.is_forms_own:
            raise  # There is no page to show a toast or a dialog on.
        first = (refused.problems or refused.warnings)[0]
        mine = _meant(visit, first) if first.type is CHANGED_MEANWHILE else []
        return choice(visit, first, mine) if mine else told(visit, refused)


def _meant(visit: Visit, problem: Problem) -> list[Operation]:
    """What an act that was refused was to change: as the refusal tells it, or as the page sent it."""
    patch: Patch = ()
    if "patch" in problem.facts:
        patch = patches.read(problem.facts["patch"])
    elif visit.text("patch"):
        patch = patch_of(visit)
    return [one for one in patch if one.op != "test"]


def patch_of(visit: Visit) -> Patch:
    """The JSON Patch in the field `patch`. Raises Refused."""
    return patches.read(json_body.parse(visit.text("patch").encode("utf-8", "surrogatepass")))


def told(visit: Visit, refused: Refused) -> Response:
    """A refusal in a toast, and the event `draft-refused`. Raises it again for who may not act at all."""
    first = (refused.problems or refused.warnings)[0]
    if first.type in (CSRF, NOT_SIGNED_IN) or first.type.status in (403, 404):
        raise refused
    with visit.reading() as here:
        response = here.done(Toast(here.said(refused), icon="alert-triangle"), changed=False)
        response.headers["HX-Trigger"] = json.dumps({"draft-refused": {"target": "body"}})
        return response


def choice(visit: Visit, problem: Problem, mine: Sequence[Operation]) -> Response:
    """A dialog: what somebody else made of the place, what the builder meant, and which it is to be."""
    with visit.reading() as here:
        studio = open_studio(here)
        where = patches.tokens_of(str(problem.facts["where"]))
        place = (Operation("replace", where),)
        meant = next((one for one in mine if patches.overlap([one], place) is not None), mine[0])
        values = {
            "document": label_of(here, studio, where[0]),
            "place": " › ".join(where[1:][-2:]),
            "who": _who_changed(here, studio, place),
            "theirs": _shown(_value_at(studio, where)),
            "mine": _shown(meant.value),
            "patch": json.dumps([one.as_json() for one in mine], ensure_ascii=False),
        }
        return part(here, studio, "studio/choice.html", "choice", visit.text("key"), choice=values)


def _who_changed(here: Here, studio: Studio, place: Patch) -> str:
    """Who changed a place last, as far as the latest steps tell."""
    for step in drafts.steps(here.connection, studio.name, limit=STEPS_LOOKED_AT):
        if patches.overlap(place, step.patch) is not None:
            return step.by
    return here.reader.t("studio.somebody")


def _value_at(studio: Studio, where: Tokens) -> object:
    try:
        return patches.value_at(studio.draft.documents, where)
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _shown(value: object) -> str:
    """A value for a glance: a label in both its languages, anything else as it is written."""
    if value is None:
        return "—"
    if isinstance(value, dict) and value and value.keys() <= {"zh", "en"}:
        return " / ".join(str(text) for text in value.values())
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"
