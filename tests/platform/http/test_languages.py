"""Which language an answer speaks."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from dougong_platform.http.languages import accepted_language, language_of
from dougong_runtime.host import Viewer


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("en", "en"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en;q=0.2, zh;q=0.1", "en"),
        ("en;q=x", None),
        ("fr", None),
        ("en;q=0", None),
    ],
)
def test_the_browsers_wish(header: str, language: str | None) -> None:
    assert accepted_language(header) == language


def test_the_address_before_the_person_before_the_browser() -> None:
    def request(query: str) -> Request:
        headers = [(b"accept-language", b"en")]
        return Request({"type": "http", "query_string": query.encode(), "headers": headers, "state": {}})

    person = Viewer(user="u", username="u", language="zh")
    assert language_of(request("lang=en"), person) == "en"
    assert language_of(request("lang=fr"), person) == "zh"
    assert language_of(request("")) == "en"
