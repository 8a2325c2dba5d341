"""Remarks on documents: what builders say to each other, answered by writing another, settled and opened again."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import remarks
from dougong_designer.places import href
from dougong_designer.remarks import Remark
from dougong_platform.http.pages.studio.acting import told
from dougong_platform.http.pages.studio.base import label_of, open_studio, part
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import Refused
from dougong_runtime.pages.faces import hue, initial


@dataclass(frozen=True, slots=True)
class Line:
    """A remark as it is shown."""

    id: str
    by: str
    initial: str
    color: str
    at: str
    text: str
    settled: str
    """Who settled it and when; "" while it is open."""
    href: str
    where: str
    """The document, where remarks on all are shown."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/remarks`."""
    return [
        pages.get("/studio/{app}/remarks", listed),
        pages.post("/studio/{app}/remarks", write),
        pages.post("/studio/{app}/remarks/{remark}", settle),
    ]


def listed(visit: Visit) -> Response:
    """Remarks on the document `key`, or on all."""
    with visit.reading() as here:
        return _drawn(here, open_studio(here), visit.query("key"))


def write(visit: Visit) -> Response:
    """Say something about the document `key`."""
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            remarks.write(studio.writing, studio.draft, visit.text("key"), visit.text("text"))
            return _drawn(here, studio, visit.text("key"))
    except Refused as refused:
        return told(visit, refused)


def settle(visit: Visit) -> Response:
    """Mark one as settled, or open it again."""
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            settled = visit.text("settled") == "1"
            remarks.settle(studio.writing, studio.draft, visit.path("remark"), settled=settled)
            return _drawn(here, studio, visit.text("key"))
    except Refused as refused:
        return told(visit, refused)


def _drawn(here: Here, studio: Studio, key: str) -> Response:
    data = studio.draft.documents.get(key)
    document = str(data.get("id", key)) if data is not None else None
    found = remarks.remarks(here.connection, studio.name, document)
    keys = {str(d.get("id", k)): k for k, d in studio.draft.documents.items()}
    lines = [_line(here, studio, one, keys.get(one.document, ""), key) for one in found]
    shown = key if data is not None else ""
    return part(here, studio, "studio/remarks.html", "remarks", shown, lines=lines)


def _line(here: Here, studio: Studio, one: Remark, key: str, shown: str) -> Line:
    settled = ""
    if one.settled_at is not None:
        settled = here.reader.t(
            "studio.settled_by", who=one.settled_by, at=here.reader.moment(one.settled_at)
        )
    return Line(
        one.id,
        one.by,
        initial(one.by),
        hue(one.user or one.by),
        here.reader.moment(one.at),
        one.text,
        settled,
        href(studio.name, key) if key and key != shown else "",
        label_of(here, studio, key) if key != shown else "",
    )
