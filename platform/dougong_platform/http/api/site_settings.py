"""The site's own settings, for administrators."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import live_settings, people
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.settings import Settings
from dougong_runtime.errors import refuse


def get_settings(call: Call) -> Response:
    """`GET /api/v1/settings`: name → value and where it was decided, of what may be changed here."""
    parameters.parameters(call.request)
    people.require_admin(call.viewer)
    return json_answer(_values(call.site.settings))


def change_settings(call: Call) -> Response:
    """`PATCH /api/v1/settings` `{name: value}`: all or nothing; audited; in force in every process within a second.

    Answers all values, as they are from then on.
    """
    parameters.parameters(call.request)
    people.require_admin(call.viewer)
    values = json_body.parse_object(call.body)
    if not values:
        raise refuse(BAD_REQUEST, zh="没有要修改的设置。", en="There is no setting to change.")
    given = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
    site = call.site
    live_settings.change(call.connection, call.viewer, site.clock, site.settings, given)
    call.afterwards.append(lambda: _look(call))
    return json_answer(_values(site.settings.changed(live_settings.kept(call.connection))))


def _look(call: Call) -> None:
    with call.site.database.read() as connection:
        call.site.keep_up(connection, at_once=True)


def _values(settings: Settings) -> dict[str, Any]:
    return {
        setting.name: {"value": getattr(settings, setting.name), "origin": settings.origins[setting.name]}
        for setting in live_settings.LIVE
    }


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/settings", reads(get_settings), methods=["GET"]),
        Route(prefix + "/settings", writes(change_settings), methods=["PATCH"]),
    ]
