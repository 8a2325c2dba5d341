"""The parts that pages are made of, each in all its states; served where `development` is set."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.pages import examples
from dougong_runtime.pages.assets import Assets


def routes(pages: Pages) -> list[BaseRoute]:
    """`/dev/components`."""
    return [pages.get("/dev/components", show)]


def show(visit: Visit) -> Response:
    """Every component. Raises Refused (NOT_FOUND) on a site that is not for development."""
    if not visit.site.settings.development:
        raise refuse(NOT_FOUND)
    with visit.reading() as here:
        reader = here.reader
        shown: dict[str, Any] = {
            "parts": examples.components(),
            "hues": examples.HUES,
            "icons": sorted(Assets.load().icons),
            "faces": examples.faces(),
            "inputs": examples.inputs(reader),
            "fields": examples.fields(reader),
            "dates": examples.dates(reader),
            "readonly": examples.readonly(reader),
            "pictures": (examples.picture(), examples.picture("2")),
            "files": (examples.document(),),
            "story": examples.story(reader),
            "refused": examples.story_refused(reader),
            "notices": examples.notices(reader),
            "days": examples.days(reader),
            "toasts": examples.toasts(reader),
            "conflicts": examples.conflicts(),
            "lists": examples.lists(reader),
            "form": {"today": reader.today.isoformat(), "href": "#", "id": ""},
        }
        return here.page("components.html", here.shell(reader.t("components.title")), **shown)
