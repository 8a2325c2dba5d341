"""The tree of parts finds the route that walking the list finds, for every address."""

from __future__ import annotations

import random

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.testclient import TestClient
from starlette.types import Scope

from dougong_platform.http.routing import Routes

WORDS = ("", "a", "b", "trash", "{x}", "x.y", "{x}.pdf")
METHODS = (["GET"], ["POST"], ["GET", "POST"])


async def _tell(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(request.scope["route"].name))


def _routes(seed: int) -> list[BaseRoute]:
    draw = random.Random(seed)
    found: list[BaseRoute] = []
    for n in range(40):
        parts = [draw.choice(WORDS).replace("x", f"x{i}") for i in range(draw.randint(1, 4))]
        if draw.random() < 0.1:
            parts.append("{rest:path}")
        found.append(Route("/" + "/".join(parts), _tell, methods=draw.choice(METHODS), name=f"r{n}"))
    return found


def _walked(routes: list[BaseRoute], scope: Scope) -> str | None:
    """What Starlette's own router does."""
    partial = None
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return route.name if isinstance(route, Route) else None
        if match is Match.PARTIAL:
            partial = partial or "not allowed"
    return partial


@pytest.mark.parametrize("seed", range(20))
def test_the_same_route_answers_as_when_all_are_tried(seed: int) -> None:
    """Words before names, addresses with a rest, other methods, addresses that nobody has."""
    routes = _routes(seed)
    client = TestClient(Routes(routes))
    draw = random.Random(seed + 1000)
    for _ in range(60):
        path = "/" + "/".join(
            draw.choice(("", "a", "b", "trash", "z", "x.y", "q.pdf")) for _ in range(draw.randint(1, 5))
        )
        if path.startswith("//"):
            continue  # the client would take it for a host
        method = draw.choice(("GET", "HEAD", "POST", "DELETE"))
        expected = _walked(routes, {"type": "http", "path": path, "method": method})
        answer = client.request(method, path)
        if expected is None:
            assert answer.status_code == 404, path
        elif expected == "not allowed":
            assert answer.status_code == 405, path
        else:
            assert answer.status_code == 200, path
            if method != "HEAD":
                assert answer.text == expected, path


def test_what_is_no_plain_route_is_asked_at_every_address() -> None:
    """A mounted application decides for itself."""
    inner = Routes([Route("/deep/down", _tell, name="inside")])
    client = TestClient(Routes([Route("/a", _tell, name="outside"), Mount("/under", app=inner)]))
    assert client.get("/a").text == "outside"
    assert client.get("/under/deep/down").text == "inside"
    assert client.get("/under/elsewhere").status_code == 404
