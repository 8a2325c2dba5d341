"""Versions of an app: who published what and when, any two compared, the draft begun anew from one, as a file."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import draft as drafts
from dougong_designer.describing import count, describe
from dougong_designer.draft import Writing
from dougong_platform.http.pages.studio.base import ICONS, open_studio, page
from dougong_platform.http.pages.studio.canvases import TOOLS, Tool
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.studio import Studio
from dougong_runtime.documents import export, versions
from dougong_runtime.documents.versions import Version
from dougong_runtime.errors import NOT_FOUND, refuse

TEMPLATE = "studio/versions.html"

TOOLS.register("versions", Tool("versions.title", "versions"))


@dataclass(frozen=True, slots=True)
class Line:
    """A version in the list."""

    number: int
    version: str
    by: str
    at: str
    note: str
    documents: int
    runs: bool
    back_to: int | None
    compare_href: str


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/versions`."""
    base = "/studio/{app}/versions"
    return [
        pages.get(base, listed),
        pages.get(base + "/compare", compared),
        pages.get(base + "/{number}/package", package),
        pages.post(base + "/{number}/draft", begin),
    ]


def listed(visit: Visit) -> Response:
    """All of them, the latest first."""
    with visit.reading() as here:
        studio = open_studio(here)
        found = versions.outlines(here.connection, studio.name)
        running = studio.draft.running
        before = {v.number: found[n - 1].number for n, v in enumerate(found) if n}
        lines = [_line(here, studio, v, running, before.get(v.number)) for v in reversed(found)]
        title = here.reader.t("versions.title")
        values = {"versions": lines, "choices": lines, "from_": found[0].number, "to": running}
        return page(here, studio, TEMPLATE, "", title, icons=ICONS, **values)


def _line(here: Here, studio: Studio, v: Version, running: int, before: int | None) -> Line:
    base = f"/studio/{studio.name}/versions"
    return Line(
        v.number,
        v.version,
        v.by,
        here.reader.moment(v.at),
        v.note or "",
        sum(len(names) for names in v.changes.values()),
        v.number == running,
        v.back_to,
        f"{base}/compare?from={before}&to={v.number}" if before is not None else "",
    )


def compared(visit: Visit) -> Response:
    """What differs between two, in sentences."""
    with visit.reading() as here:
        studio = open_studio(here)
        old, new = (_version(here, studio, visit.query(name)) for name in ("from", "to"))
        documents = describe(old.source, new.source)
        found = versions.outlines(here.connection, studio.name)
        lines = [_line(here, studio, v, studio.draft.running, None) for v in reversed(found)]
        title = here.reader.t("versions.compare_title", a=old.number, b=new.number)
        values = {
            "choices": lines,
            "from_": old.number,
            "to": new.number,
            "documents": documents,
            "changes": count(documents),
        }
        return page(here, studio, TEMPLATE, "", title, icons=ICONS, **values)


def package(visit: Visit) -> Response:
    """A version as a zip, which can be installed elsewhere."""
    with visit.reading() as here:
        studio = open_studio(here)
        found = _version(here, studio, visit.path("number"))
        return package_answer(found)


def package_answer(found: Version) -> Response:
    """A version as a file to be saved."""
    name = f"{found.app}-{found.version}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(export.zip_of(found.source), media_type="application/zip", headers=headers)


def begin(visit: Visit) -> Response:
    """The draft is to have the content of a version; an act that can be undone."""
    with visit.writing() as here:
        studio = open_studio(here, writes=True)
        found = _version(here, studio, visit.path("number"))
        writing = Writing(here.connection, here.viewer, here.site.clock)
        drafts.begin_anew(writing, studio.draft, found.number, found.source)
        return go(f"/studio/{studio.name}?done=begun&about={found.number}")


def _version(here: Here, studio: Studio, given: str) -> Version:
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
    found = versions.find(here.connection, studio.name, number)
    if found is None:
        raise refuse(NOT_FOUND)
    return found
