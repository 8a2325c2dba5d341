"""The studio of an app before a document is chosen, and what a page asks every few seconds: what others did."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer import draft as drafts
from dougong_designer import presence
from dougong_designer.draft import Step
from dougong_designer.places import href
from dougong_platform.http.pages.studio.acting import led
from dougong_platform.http.pages.studio.base import builders_of, frame_of, label_of, open_studio, page, part
from dougong_platform.http.pages.studio.finding import documents_of
from dougong_platform.http.pages.studio.problems import lines_of
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.pages.shell import Toast

STEPS_SHOWN = 8
PROBLEMS_SHOWN = 8
TOLD_MAX = 20
"""Steps of others that are looked at to say what they did."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}` and `/studio/{app}/state`."""
    return [
        pages.get("/studio/{app}", overview),
        pages.get("/studio/{app}/parts/overview", again),
        pages.post("/studio/{app}/state", state, writes=False),
    ]


def overview(visit: Visit) -> Response:
    """What the app has, what is wrong, what is not published, what was done last."""
    with visit.reading() as here:
        studio = open_studio(here)
        values = _values(here, studio)
        return page(here, studio, "studio/overview.html", "", here.reader.t("studio.title"), **values)


def again(visit: Visit) -> Response:
    """The overview again."""
    with visit.reading() as here:
        studio = open_studio(here)
        return part(here, studio, "studio/overview.html", "mid", **_values(here, studio))


def _values(here: Here, studio: Studio) -> dict[str, Any]:
    changed = [key for key in studio.draft.changed if not key.startswith("file/")]
    gone = [key for key in changed if key not in studio.draft.documents]
    problems = studio.linked.problems
    return {
        "changed": documents_of(here, studio, sorted(changed)),
        "gone": len(gone),
        "problem_lines": lines_of(here, studio, problems[:PROBLEMS_SHOWN]),
        "problem_count": len(problems),
        "latest": drafts.steps(here.connection, studio.name, limit=STEPS_SHOWN),
        "instants": here.reader.moment,
    }


def state(visit: Visit) -> Response:
    """What happened since the page was drawn: nothing (204), or the event of the draft, who did what, who is there.

    `revision`: the one that is shown; `key`: the document that is open; `here`: who was there, as it was answered last.
    """
    key = visit.text("key")
    with visit.reading() as here:
        studio = open_studio(here)
        now = here.site.clock.now()
        noted = presence.is_noted(here.connection, studio.name, here.viewer, key, now)
        response = _state(here, studio, key)
    if not noted:
        with visit.writing() as here:
            presence.note(here.connection, visit.path("app"), here.viewer, key, here.site.clock.now())
    return response


def _state(here: Here, studio: Studio, key: str) -> Response:
    draft, shown = studio.draft, here.visit.whole("revision")
    builders = builders_of(here, studio)
    there = "|".join(f"{b.name}@{b.where}" for b in builders)
    is_moved = shown is not None and shown != draft.revision
    if is_moved and key and key not in draft.documents:
        return led(studio, done="gone", about=key)
    if not is_moved and there == here.visit.text("here"):
        return Response(status_code=204)
    html = ""
    if there != here.visit.text("here"):
        frame = frame_of(here, studio, key)
        html += bytes(
            here.block("studio/frame.html", "builders", studio=frame, there=there, oob=True).body
        ).decode()
    if not is_moved:
        return HTMLResponse(html)
    since = [s for s in drafts.steps(here.connection, studio.name, limit=TOLD_MAX) if s.number > (shown or 0)]
    others = [step for step in since if step.user != here.viewer.user]
    if others:
        link, words = _link(here, studio, others[0], key)
        toast = Toast(_said(here, others), icon="users", href=link, link=words)
        html += bytes(here.done(toast, changed=False).body).decode()
    response = HTMLResponse(html)
    documents = sorted({name for step in since for name in step.documents})
    told = {
        "target": "body",
        "revision": draft.revision,
        "documents": documents,
        "by": others[0].by if others else "",
    }
    response.headers["HX-Trigger"] = json.dumps({"draft-changed": told})
    return response


def _said(here: Here, steps: list[Step]) -> str:
    """Who did what, in a sentence: the latest, and how many there are besides."""
    latest = steps[0]
    what = here.reader.label(latest.title)
    if len(steps) == 1:
        return here.reader.t("studio.other_did", who=latest.by, what=what)
    return here.reader.t("studio.others_did", who=latest.by, what=what, n=len(steps) - 1)


def _link(here: Here, studio: Studio, step: Step, key: str) -> tuple[str, str]:
    """Where another document was changed: its address and its label."""
    elsewhere = [k for k in step.documents if k != key and label_of(here, studio, k)]
    if not elsewhere or key in step.documents:
        return "", ""
    return href(studio.name, elsewhere[0]), label_of(here, studio, elsewhere[0])
