"""Values of an app's settings, which staff change without publishing."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_runtime.errors import refuse


def get_settings(call: Call) -> Response:
    """`GET /settings`: code → value."""
    parameters.parameters(call.request)
    return json_answer(_values(call))


def change_settings(call: Call) -> Response:
    """`PATCH /settings` `{code: value}`: all or nothing; audited. Answers all values."""
    parameters.parameters(call.request)
    values = json_body.parse_object(call.body)
    if not values:
        raise refuse(BAD_REQUEST, zh="没有要修改的设置。", en="There is no setting to change.")
    call.records().change_settings(values)
    return json_answer(_values(call))


def _values(call: Call) -> dict[str, object]:
    return {view.setting.code: view.value for view in call.records().settings()}


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/settings", reads(get_settings), methods=["GET"]),
        Route(prefix + "/settings", writes(change_settings), methods=["PATCH"]),
    ]
