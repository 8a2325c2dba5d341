"""A role on its canvas: a matrix of entities and actions, rows by a ready rule or a formula, fields by click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import roles
from dougong_designer.patch import Documents
from dougong_designer.roles import EntityLine
from dougong_platform import people
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import open_studio, part
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.access.grants import ACTIONS
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.host import today
from dougong_runtime.labels import Label
from dougong_runtime.names import is_name

INHERIT = "inherit:"
"""Before a field, in the choice of a row rule."""
TABS = ("data", "abilities", "holders")


@dataclass(frozen=True)
class RolePage:
    """What the canvas shows."""

    name: str
    label: str
    address: str
    tab: str
    lines: tuple[EntityLine, ...]
    open: frozenset[str]
    """Grants whose fields are unfolded."""
    acts: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, bool], ...]
    holders: tuple[tuple[str, str], ...]
    """Username and name; empty for who may not look after people."""
    holders_n: int

    def gone_words(self, line: EntityLine) -> list[str]:
        """Actions on an entity that the draft takes away, in words."""
        return [word for action, word in self.acts if action in line.gone]


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a role's address."""
    role = "/studio/{app}/role/{name}"
    return [
        pages.get(role + "/matrix", matrix),
        pages.post(role + "/action", set_action),
        pages.post(role + "/rows", set_rows),
        pages.post(role + "/field", set_field),
        pages.post(role + "/further", further),
        pages.post(role + "/remove", remove),
        pages.post(role + "/flag", set_flag),
    ]


def _draw(here: Here, studio: Studio, key: str) -> Canvas:
    return Canvas("studio/role.html", {"role": _page(here, studio, key)})


CANVASES.register("role", _draw)


def matrix(visit: Visit) -> Response:
    """The matrix again."""
    with visit.reading() as here:
        studio = open_studio(here)
        key = _key(visit)
        return part(here, studio, "studio/role.html", "matrix", key, role=_page(here, studio, key))


def _page(here: Here, studio: Studio, key: str) -> RolePage:
    data, t = studio.draft.document(key), here.reader.t
    tab = here.visit.query("tab", TABS[0])
    name = key.partition("/")[2]
    holders = _holders(here, f"{studio.name}.{name}")
    return RolePage(
        name=name,
        label=here.reader.label(Label.of(data.get("label"), name)),
        address=f"/studio/{studio.name}/{key}",
        tab=tab if tab in TABS else TABS[0],
        lines=roles.matrix(studio.draft.documents, studio.draft.original, key),
        open=frozenset(here.visit.request.query_params.getlist("open")),
        acts=tuple((action, t(f"roles.act.{action}")) for action in ACTIONS),
        flags=tuple((flag, bool(data.get(flag))) for flag in roles.FLAGS),
        holders=holders,
        holders_n=len(holders),
    )


def _holders(here: Here, role: str) -> tuple[tuple[str, str], ...]:
    if not here.viewer.is_admin:
        return ()
    day = today(here.site.clock, here.site.settings.site_time_zone)
    found = people.holders(here.connection, day).get(role, [])
    return tuple((person.username, person.name or person.username) for person, _ in found)


def set_action(visit: Visit) -> Response:
    """Give or take an action: `grant` (none yet: empty), `entity`, `action`, `on`."""
    return _act(
        visit,
        lambda documents, key: roles.with_action(
            documents,
            key,
            _entity(visit, documents),
            visit.text("grant"),
            visit.text("action"),
            visit.text("on") == "1",
        ),
    )


def set_rows(visit: Visit) -> Response:
    """Another row rule: `rows` is a ready word, `inherit:<field>` or `formula`, whose text `said` has."""
    rows, said = visit.text("rows"), visit.text("said")
    if rows.startswith(INHERIT):
        rows, said = "inherit", rows.removeprefix(INHERIT)
    return _act(
        visit, lambda documents, key: roles.with_rows(documents, key, visit.text("grant"), rows, said)
    )


def set_field(visit: Visit) -> Response:
    """How a grant shows a field."""

    def change(documents: Documents, key: str) -> Documents:
        field = visit.text("field")
        if not is_name(field):
            raise refuse(NOT_FOUND, name=field)
        return roles.with_field(documents, key, visit.text("grant"), field, visit.text("state"))

    return _act(visit, change)


def further(visit: Visit) -> Response:
    """One more grant on an entity."""
    return _act(
        visit, lambda documents, key: roles.with_further_grant(documents, key, _entity(visit, documents))
    )


def remove(visit: Visit) -> Response:
    """A grant taken away."""
    return _act(visit, lambda documents, key: roles.without_grant(documents, key, visit.text("grant")))


def set_flag(visit: Visit) -> Response:
    """An ability that is no entity's."""
    on = visit.text("on") == "1"
    return _act(visit, lambda documents, key: roles.with_flag(documents, key, visit.text("flag"), on))


def _act(visit: Visit, change: Callable[[Documents, str], Documents]) -> Response:
    key = _key(visit)

    def act(here: Here, studio: Studio) -> Response:
        studio.draft.document(key)
        return acted(here, studio, studio.take(change(studio.draft.documents, key)))

    return acting(visit, act)


def _key(visit: Visit) -> str:
    return f"role/{visit.path('name')}"


def _entity(visit: Visit, documents: Documents) -> str:
    name = visit.text("entity")
    if f"entity/{name}" not in documents and name not in ("user", "team"):
        raise refuse(NOT_FOUND, name=name)
    return name
