"""Who the caller is."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads
from dougong_platform.site import DIRECTORY


def get_me(call: Call) -> Response:
    """`GET /api/v1/me`: the person, roles as `app.role`, and teams: one's own first, then those below it."""
    parameters.parameters(call.request)
    viewer = call.viewer
    teams = sorted(viewer.teams_below, key=lambda team: (team != viewer.team, team))
    titles = call.site.records(call.connection, viewer, DIRECTORY).titles("team", teams) if teams else {}
    return json_answer(
        {
            "id": viewer.user,
            "username": viewer.username,
            "name": viewer.name,
            "roles": sorted(viewer.roles),
            "teams": [{"id": team, "name": titles.get(team)} for team in teams],
            "language": viewer.language,
            "time_zone": viewer.time_zone,
            "viewed_by": viewer.acting_for,
        }
    )


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [Route(prefix + "/me", reads(get_me), methods=["GET"])]
