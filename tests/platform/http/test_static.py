"""Static files: hashed names only, packed where the browser takes it, never anything beside."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dougong_platform.http.middleware.request_id import RequestId
from dougong_platform.http.problems import on_http_exception
from dougong_platform.http.static import StaticFiles


@pytest.fixture
def browser(tmp_path: Path) -> TestClient:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "site-0123456789.css").write_text("a{}" * 100)
    (folder / "site-0123456789.css.br").write_bytes(b"packed by brotli")
    (folder / "site-0123456789.css.gz").write_bytes(b"packed by gzip")
    (folder / "lone-0123456789.svg").write_text("<svg/>")
    (folder / "manifest.json").write_text("{}")
    (tmp_path / "secret-0123456789.css").write_text("not for everyone")

    app = Starlette(
        routes=StaticFiles(folder).routes(),
        middleware=[Middleware(RequestId)],
        exception_handlers={404: on_http_exception},
    )
    return TestClient(app, raise_server_exceptions=False)


def raw(browser: TestClient, name: str, accept: str) -> tuple[str | None, str]:
    with browser.stream("GET", f"/static/{name}", headers={"Accept-Encoding": accept}) as answer:
        return answer.headers.get("content-encoding"), b"".join(answer.iter_raw()).decode()


def test_the_best_form_that_the_browser_takes(browser: TestClient) -> None:
    css = "site-0123456789.css"
    assert raw(browser, css, "gzip, deflate, br") == ("br", "packed by brotli")
    assert raw(browser, css, "gzip") == ("gzip", "packed by gzip")
    assert raw(browser, css, "br;q=0, gzip") == ("gzip", "packed by gzip")
    assert raw(browser, css, "identity") == (None, "a{}" * 100)
    assert raw(browser, "lone-0123456789.svg", "br") == (None, "<svg/>")


def test_kept_for_ever_under_its_hash(browser: TestClient) -> None:
    first = browser.get("/static/site-0123456789.css", headers={"Accept-Encoding": "identity"})
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["content-type"] == "text/css; charset=utf-8"
    again = browser.get("/static/site-0123456789.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "site-0123456789.css.br",
        "../secret-0123456789.css",
        "..%2fsecret-0123456789.css",
        "%2e%2e/secret-0123456789.css",
        "site-9999999999.css",
        "/etc/passwd",
        "site-0123456789.css%00",
        "",
    ],
)
def test_nothing_else_is_served(browser: TestClient, name: str) -> None:
    answer = browser.get(f"/static/{name}")
    assert answer.status_code == 404
    assert "not for everyone" not in answer.text
