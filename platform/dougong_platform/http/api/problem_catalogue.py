"""The catalogue of problem types, at the addresses that answers name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http.answers import json_answer
from dougong_platform.http.languages import language_of
from dougong_platform.http.problem_types import NO_SUCH_ADDRESS
from dougong_runtime.errors import CATALOGUE, refuse


async def get_problem_type(request: Request) -> Response:
    """`GET /problems/{name}`: what a type means. The words hold the names of its facts in braces."""
    found = CATALOGUE.get(str(request.path_params["name"]))
    if found is None:
        raise refuse(NO_SUCH_ADDRESS, path=request.url.path)
    language = language_of(request)
    return json_answer(
        {
            "type": f"/problems/{found.name}",
            "status": found.status,
            "title": found.title.in_(language),
            "detail": found.says.in_(language),
            "remedy": found.remedy.in_(language),
        }
    )


def routes() -> list[Route]:
    """Its route."""
    return [Route("/problems/{name}", get_problem_type, methods=["GET"])]
