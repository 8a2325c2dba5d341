"""Patterns offered in an app, and one of them added as an act."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import patterns
from dougong_designer.edits import free_name
from dougong_designer.patch import Documents
from dougong_designer.patterns import Pattern, Wish
from dougong_platform.http.pages.studio.base import open_studio, page
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.studio import Studio
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/patterns`."""
    return [
        pages.get("/studio/{app}/patterns", show),
        pages.post("/studio/{app}/patterns", add),
    ]


@dataclass(frozen=True, slots=True)
class Offered:
    """A pattern as it is offered: with the name that is free for it here."""

    name: str
    label: Label
    help: Label
    icon: str
    label_of_entity: Label
    free: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An entity or a role of the app."""

    name: str
    label: str
    builds: bool = False


def show(visit: Visit) -> Response:
    """The patterns."""
    with visit.reading() as here:
        return _page(here, open_studio(here))


def add(visit: Visit) -> Response:
    """Add one; then its entity is shown."""
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            wish = Wish(
                pattern=visit.text("pattern"),
                name=visit.text("name"),
                label=visit.text("label"),
                language=here.viewer.language,
                references=[str(v) for v in visit.form.getlist("references")],
                roles=[str(v) for v in visit.form.getlist("roles")],
            )
            documents, key = patterns.added(studio.draft.documents, wish)
            studio.take(documents)
            return go(f"/studio/{studio.name}/{key}")
    except Refused as refused:
        first = (refused.problems or refused.warnings)[0]
        if first.type in (CSRF, NOT_SIGNED_IN) or first.type.status == 403:
            raise
        with visit.reading() as here:
            return _page(here, open_studio(here), here.said(refused))


def _page(here: Here, studio: Studio, problem: str = "") -> Response:
    reader, documents = here.reader, studio.draft.documents
    return page(
        here,
        studio,
        "studio/patterns.html",
        "",
        reader.t("pattern.title"),
        patterns=[_offered(studio, pattern) for pattern in patterns.all_patterns().values()],
        entities=choices(here, documents, "entity"),
        roles=choices(here, documents, "role"),
        problem=problem,
    )


def choices(here: Here, documents: Documents, kind: str) -> list[Choice]:
    """The entities or roles of a draft, by their labels."""
    found = []
    for key, data in documents.items():
        if key.startswith(f"{kind}/"):
            name = key.partition("/")[2]
            label = here.reader.label(Label.of(data.get("label"), name))
            found.append(Choice(name, label, data.get("build") is True))
    return sorted(found, key=lambda one: one.label)


def _offered(studio: Studio, pattern: Pattern) -> Offered:
    taken = {key.partition("/")[2] for key in studio.draft.documents if not key.startswith("file/")}
    entity = next(d for d in pattern.documents if d["kind"] == "entity")
    return Offered(
        pattern.name,
        pattern.label,
        pattern.help,
        pattern.icon,
        Label.of(entity["label"]),
        free_name(pattern.entity, taken),
    )
