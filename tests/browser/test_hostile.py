"""In a real browser: no page runs a word of an app that is all markup, and none breaks the content security policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from serving import Served, serving

import sites
from databases import fresh_url
from dougong_platform import signin
from dougong_platform.http.viewer import COOKIE
from hostile import Hostile, addresses, hostile_site


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hostile, Served]]:
    folder = tmp_path_factory.mktemp("hostile")
    made = hostile_site(fresh_url("sqlite", folder), folder)
    with serving(made.site) as served:
        yield made, served
    sites.close(made.site)


def test_no_page_runs_what_people_wrote(browser: Browser, hostile: tuple[Hostile, Served]) -> None:
    made, served = hostile
    session = signin.sign_in(made.site, "boss", sites.PASSWORD)
    context = browser.new_context(base_url=served.url, locale="zh-CN")
    context.add_cookies([{"name": COOKIE, "value": session.token, "url": served.url}])
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e => (window.broken ??= []).push(e.violatedDirective + e.sample))"
    )
    page = context.new_page()
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    for address in addresses(made):
        page.goto(address, wait_until="load")
        assert page.evaluate("window.pwned") is None, address
        assert page.evaluate("window.broken ?? []") == [], address
        assert (
            page.locator("xssmark, iframe, svg[onload], img[src='x'], a[href^='javascript' i]").count() == 0
        ), address
    assert opened == []
    context.close()
