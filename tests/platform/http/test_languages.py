"""Which language an answer speaks."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from clinic import Clinic
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


@pytest.mark.parametrize(
    ("page", "language"),
    [
        ("http://one/studio/clinic?at=3&lang=en#top", "en"),
        ("http://one/studio/clinic#lang=en", "zh"),
        ("http://one/studio/clinic?lang=fr", "zh"),
        ("http://[?lang=%zz&lang", "zh"),
    ],
)
def test_parts_of_a_page_speak_its_language(page: str, language: str) -> None:
    headers = [(b"accept-language", b"en"), (b"hx-current-url", page.encode())]
    scope = {"type": "http", "query_string": b"", "headers": headers, "state": {}}
    person = Viewer(user="u", username="u", language="zh")
    assert language_of(Request(scope), person) == language
    asked = Request({**scope, "query_string": b"lang=zh"})
    assert language_of(asked, person) == "zh"


@pytest.mark.usefixtures("building")
def test_a_fragment_is_in_the_language_of_its_page(clinic: Clinic) -> None:
    yu = clinic.browser("head_yu", **{"Accept-Language": "zh"})
    part = "/studio/clinic/parts/problems?key=view/patients"
    assert "没有错误" in yu.get(part).text
    shown = {"HX-Current-URL": "http://testserver/studio/clinic/view/patients?lang=en"}
    assert "No problems" in yu.get(part, headers=shown).text
