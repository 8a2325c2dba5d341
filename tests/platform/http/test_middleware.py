"""What surrounds every request: numbers, headers, bounds, hosts, the last net."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from dougong_platform.http.metrics import Metrics
from dougong_platform.http.middleware.access_log import AccessLog
from dougong_platform.http.middleware.bodies import Bodies
from dougong_platform.http.middleware.faults import Faults
from dougong_platform.http.middleware.hosts import Hosts
from dougong_platform.http.middleware.request_id import RequestId
from dougong_platform.http.middleware.security_headers import SecurityHeaders
from dougong_platform.http.problems import on_http_exception, on_refused
from dougong_runtime.errors import NOT_FOUND, Refused, refuse


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def broken(request: Request) -> Response:
    raise RuntimeError("the password is hunter2")


async def missing(request: Request) -> Response:
    raise refuse(NOT_FOUND, entity="patient")


async def cached(request: Request) -> Response:
    return PlainTextResponse("", headers={"Cache-Control": "public"})


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def app(metrics: Metrics) -> Starlette:
    return Starlette(
        routes=[
            Route("/api/echo/{name}", echo, methods=["POST"]),
            Route("/api/broken", broken),
            Route("/broken", broken),
            Route("/api/missing", missing),
            Route("/api/cached", cached),
            Route("/api/v1/apps/a/b/import", echo, methods=["POST"]),
        ],
        middleware=[
            Middleware(RequestId),
            Middleware(AccessLog, metrics=metrics),
            Middleware(SecurityHeaders),
            Middleware(Faults),
            Middleware(Hosts, names=["clinic.example", "127.0.0.1"]),
            Middleware(Bodies, bytes_max=1000, import_bytes_max=5000, seconds_max=0.2),
        ],
        exception_handlers={Refused: on_refused, HTTPException: on_http_exception},
    )


def ask(
    app: Starlette, method: str, path: str, base: str = "http://clinic.example", **more: Any
) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, **more)

    return asyncio.run(run())


def test_a_well_formed_request_id_is_kept_and_any_other_replaced(app: Starlette) -> None:
    assert (
        ask(app, "GET", "/api/cached", headers={"X-Request-Id": "trace-12345"}).headers["x-request-id"]
        == "trace-12345"
    )
    for wrong in ("short", "a" * 65, "with blanks in it", "../../etc/passwd", "<script>alert</script>"):
        made = ask(app, "GET", "/api/cached", headers={"X-Request-Id": wrong}).headers["x-request-id"]
        assert made != wrong
        assert len(made) == 16


def test_every_answer_carries_the_security_headers(app: Starlette) -> None:
    for path in ("/api/cached", "/api/broken", "/api/missing", "/nothing"):
        headers = ask(app, "GET", path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in headers
    assert ask(app, "GET", "/api/missing").headers["cache-control"] == "no-store"
    assert ask(app, "GET", "/api/cached").headers["cache-control"] == "public"
    secure = ask(app, "GET", "/api/cached", base="https://clinic.example")
    assert "strict-transport-security" in secure.headers


def test_a_fault_tells_its_number_and_nothing_else(app: Starlette) -> None:
    answer = ask(app, "GET", "/api/broken", headers={"X-Request-Id": "trace-12345"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "/problems/internal"
    assert body["instance"] == "trace-12345"
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    page = ask(app, "GET", "/broken", headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert page.headers["content-type"].startswith("text/html")
    assert "hunter2" not in page.text


def test_what_is_not_there_and_what_is_not_allowed_are_problems(app: Starlette) -> None:
    nothing = ask(app, "GET", "/api/nothing?lang=en")
    assert (nothing.status_code, nothing.json()["type"]) == (404, "/problems/no-such-address")
    wrong = ask(app, "DELETE", "/api/echo/a")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method-not-allowed")
    assert wrong.headers["allow"] == "POST"
    refused = ask(app, "GET", "/api/missing?lang=en").json()
    assert refused["problems"] == [
        {
            "type": "not-found",
            "field": None,
            "detail": "There is no such record, or you may not see it.",
            "remedy": "Check the address, or ask someone who may see it to share it.",
            "entity": "patient",
        }
    ]


def test_a_body_is_bounded_stated_or_not(app: Starlette) -> None:
    assert ask(app, "POST", "/api/echo/a", content=b"x" * 1000).text == "1000"
    stated = ask(app, "POST", "/api/echo/a", content=b"x" * 1001)
    assert (stated.status_code, stated.json()["type"]) == (413, "/problems/body-too-large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert ask(app, "POST", "/api/echo/a", content=pieces()).status_code == 413
    assert ask(app, "POST", "/api/v1/apps/a/b/import", content=b"x" * 5000).text == "5000"
    assert ask(app, "POST", "/api/v1/apps/a/b/import", content=b"x" * 5001).status_code == 413
    for length in ("-1", "1e9", "9" * 40):
        assert ask(app, "POST", "/api/echo/a", headers={"Content-Length": length}).status_code in (400, 413)


def test_a_body_that_comes_too_slowly_is_given_up(app: Starlette) -> None:
    async def slow() -> None:
        sent: list[Any] = []
        begun = False

        async def receive() -> Any:
            nonlocal begun
            if begun:
                await asyncio.sleep(60)
            begun = True
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/api/echo/a", "raw_path": b"/api/echo/a",
            "query_string": b"", "headers": [(b"host", b"clinic.example")], "scheme": "http",
            "server": ("clinic.example", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 5)
        assert sent[0]["status"] == 408

    asyncio.run(slow())


def test_a_client_that_hangs_up_while_it_sends_is_no_fault(app: Starlette, metrics: Metrics) -> None:
    async def gone() -> None:
        coming = [
            {"type": "http.request", "body": b"x", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> Any:
            return coming.pop(0) if len(coming) > 1 else coming[0]

        async def send(message: Any) -> None:
            pass

        scope = {
            "type": "http", "method": "POST", "path": "/api/echo/a", "raw_path": b"/api/echo/a",
            "query_string": b"", "headers": [(b"host", b"clinic.example")], "scheme": "http",
            "server": ("clinic.example", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        with capture_logs() as logged:
            await asyncio.wait_for(app(scope, receive, send), 60)
        assert not [entry for entry in logged if entry["log_level"] == "error"]

    asyncio.run(gone())
    assert 'status="400"' in metrics.text().decode()


def test_only_the_names_of_the_site_are_answered(app: Starlette) -> None:
    assert ask(app, "GET", "/api/cached", base="http://clinic.example:8000").status_code == 200
    assert ask(app, "GET", "/api/cached", base="http://evil.example").status_code == 421
    assert ask(app, "GET", "/api/cached", headers={"Host": "evil.example"}).status_code == 421


def test_figures_are_by_template_never_by_address(app: Starlette, metrics: Metrics) -> None:
    for name in ("zhang", "wang"):
        ask(app, "POST", f"/api/echo/{name}", content=b"x")
    ask(app, "BREW", "/api/secret-of-zhang")
    text = metrics.text().decode()
    assert 'dougong_http_requests_total{method="POST",route="/api/echo/{name}",status="200"} 2.0' in text
    assert 'method="other",route="none",status="404"' in text
    assert "zhang" not in text
