"""Markup in labels, options, help, messages, names and values shows as text on every page, and is obeyed on none."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

import sites
from databases import fresh_url
from dougong_platform import signin
from dougong_platform.http.app import make_app
from dougong_platform.http.viewer import COOKIE
from dougong_runtime.errors import Refused
from dougong_runtime.pages.markup import markdown, rich
from hostile import APP, LINE, MARKDOWN, PAYLOAD, RICH, Hostile, addresses, hostile_site, values

FOREIGN = ("xssmark", "iframe", "object", "embed", "base", "math", "style")
"""Elements that no page of ours has."""


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.shown = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in FOREIGN:
            self.faults.append(f"<{tag}>")
        for name, value in attributes:
            plain = "".join((value or "").split()).lower()
            if name.startswith("on") or name in ("srcdoc", "style"):
                self.faults.append(f"<{tag} {name}={value!r}>")
            if name in ("href", "src", "action", "formaction") and plain.startswith(
                ("javascript:", "vbscript:", "data:text")
            ):
                self.faults.append(f"<{tag} {name}={value!r}>")
            if tag == "img" and name == "src" and value == "x":
                self.faults.append("<img src=x>")
            self.shown += "xssmark" in (value or "")

    def handle_data(self, data: str) -> None:
        self.shown += "xssmark" in data
        if "{{49}}" in data or "$49" in data or data.strip() == "49":
            self.faults.append("a template was run")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    folder = tmp_path_factory.mktemp("hostile")
    made = hostile_site(fresh_url("sqlite", folder), folder)
    yield made
    sites.close(made.site)


@pytest.fixture(scope="module")
def browser(hostile: Hostile) -> Iterator[TestClient]:
    session = signin.sign_in(hostile.site, "boss", sites.PASSWORD)
    sent = {"Accept": "text/html", "X-CSRF-Token": session.csrf}
    app = make_app(hostile.site)
    with TestClient(
        app, headers=sent, cookies={COOKIE: session.token}, raise_server_exceptions=False
    ) as client:
        yield client


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_shows_it_and_obeys_nothing(hostile: Hostile, browser: TestClient, language: str) -> None:
    shown: dict[str, int] = {}
    for address in addresses(hostile):
        answer = browser.get(address, headers={"Accept-Language": language})
        assert answer.status_code < 500, address
        page = Page(answer.text)
        assert page.faults == [], address
        shown[address] = page.shown
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    assert sum(count > 0 for count in shown.values()) > 15, shown
    assert shown[f"/apps/{APP}/thing/{hostile.first}"] > 10
    assert shown[f"/apps/{APP}/views/all"] > 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "1000"},
        {"size": "7"},
        {"name": ""},
        {"size": LINE},
        {"site": LINE},
        {"day": LINE},
        {"extra": LINE},
    ],
)
def test_a_form_with_errors_obeys_nothing(browser: TestClient, wrong: dict[str, str]) -> None:
    given = {"name": PAYLOAD, "note": MARKDOWN, "kind": LINE, "size": "3", **wrong}
    answer = browser.post(f"/apps/{APP}/thing/new", data=given)
    assert answer.status_code in (200, 422), answer.text[:300]
    page = Page(answer.text)
    assert page.faults == []
    assert page.shown


@pytest.mark.parametrize("address", ["javascript:alert(1)", " javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
                                     "vbscript:x", "//evil.example", "https://", "file:///etc/passwd", "https://a b", "https://x/\"onclick=1"])  # fmt: skip
def test_an_address_that_a_browser_would_run_is_no_value(hostile: Hostile, address: str) -> None:
    with hostile.site.database.rehearse() as connection, pytest.raises(Refused):
        hostile.site.records(connection, sites.SYSTEM, APP).create(
            "thing", {**values(""), "owner": None, "site": address}
        )


def test_rich_text_is_kept_without_what_runs(hostile: Hostile) -> None:
    with hostile.site.database.read() as connection:
        kept = str(hostile.site.records(connection, sites.SYSTEM, APP).get("thing", hostile.first)["story"])
    assert Page(kept).faults == []
    assert "plain" in kept


@pytest.mark.parametrize("text", [RICH, MARKDOWN, PAYLOAD, LINE])
def test_both_ways_of_making_markup_obey_nothing(text: str) -> None:
    assert Page(str(rich(text))).faults == []
    assert Page(str(markdown(text))).faults == []
