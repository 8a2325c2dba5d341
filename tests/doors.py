"""Every way in which data leaves the site or can be asked about, a function each.

A door is asked as a person and gives the cells that can be read from what it answers: those of the ward (ward.py)
whose texts occur in it. So a leak shows whatever form it takes: a field, a title, a message of an error, a header, a
cell of a workbook. A route that no door names makes `tests/platform/test_doors.py` fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from acting_doors import ACTING_DOORS
from api_doors import API_DOORS
from board_doors import BOARD_DOORS
from command_doors import COMMAND_DOORS
from list_doors import LIST_DOORS
from page_doors import PAGE_DOORS
from studio_begin_doors import STUDIO_BEGIN_DOORS, WITHOUT_DATA_STUDIO_BEGIN
from studio_doors import WITHOUT_DATA_STUDIO
from studio_entity_doors import STUDIO_ENTITY_DOORS
from studio_formula_doors import STUDIO_FORMULA_DOORS
from studio_layout_doors import STUDIO_LAYOUT_DOORS
from studio_publish_doors import STUDIO_PUBLISH_DOORS, WITHOUT_DATA_STUDIO_PUBLISH
from studio_role_doors import STUDIO_ROLE_DOORS
from studio_view_doors import STUDIO_VIEW_DOORS
from talk_doors import TALK_DOORS
from ward import Door

DOORS: tuple[Door, ...] = (
    *STUDIO_ENTITY_DOORS,
    *API_DOORS,
    *BOARD_DOORS,
    *PAGE_DOORS,
    *ACTING_DOORS,
    *COMMAND_DOORS,
    *LIST_DOORS,
    *STUDIO_BEGIN_DOORS,
    *STUDIO_FORMULA_DOORS,
    *STUDIO_LAYOUT_DOORS,
    *STUDIO_ROLE_DOORS,
    *STUDIO_VIEW_DOORS,
    *STUDIO_PUBLISH_DOORS,
    *TALK_DOORS,
)

WITHOUT_DATA: dict[str, str] = {
    "GET /healthz": "whether the process lives",
    "GET /readyz": "whether it can serve, and how many apps",
    "GET /metrics": "figures by route template",
    "GET /problems/{name}": "the catalogue of problem types",
    "GET /static/{name:path}": "files of the interface",
    "GET /events": "how many notices are unread, as it happens",
    **WITHOUT_DATA_STUDIO,
    **WITHOUT_DATA_STUDIO_PUBLISH,
    **WITHOUT_DATA_STUDIO_BEGIN,
}
"""Routes that hold no records, each with what it does."""


def routes_of(app: Any) -> set[str]:
    """All routes of an application, as `METHOD /template`; HEAD follows from GET."""
    return set(_walk(app.routes, ""))


def _walk(routes: Iterable[Any], prefix: str) -> Iterable[str]:
    for route in routes:
        inner = getattr(route, "routes", None)
        if inner:
            yield from _walk(inner, prefix + getattr(route, "path", ""))
            continue
        for method in sorted((getattr(route, "methods", None) or {"*"}) - {"HEAD"}):
            yield f"{method} {prefix}{route.path}"
