"""One browser for all browser tests and a served clinic for each module; each test signs in to a page of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hands import ready
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from serving import Served, clinic, serving

from sites import PASSWORD

PATIENCE_MS = 25_000
"""How long a page may take on a machine that others keep busy."""
expect.set_options(timeout=PATIENCE_MS)

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


def executable() -> str:
    """Chromium's headless shell where it is installed: it draws no window around the pages, in half the time."""
    return shutil.which("chromium-headless-shell") or "/usr/bin/chromium"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The clinic on a fresh SQLite database, the module's own."""
    folder = tmp_path_factory.mktemp("browser")
    with serving(clinic(folder)) as running:
        yield running


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens a page, signed in as somebody unless `username` is empty. A script error or a refusal by the content
    security policy fails the test."""
    contexts, faults = [], []

    def opened(
        username: str = "dr_lin",
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        touch: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=served.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="zh-CN",
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto = _whole(page, page.goto)  # type: ignore[method-assign]
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if "Content Security Policy" in message.text or "Uncaught" in message.text
                else None
            ),
        )
        page.goto("/login")
        if username:
            sign_in(page, username)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def _whole(page: Page, goto: Callable[..., Response | None]) -> Callable[..., Response | None]:
    """Goes to an address, and waits until the page's behaviours are there as well: browsers tell of the page before."""

    def gone(address: str, **given: Any) -> Response | None:
        answer = goto(address, **given)
        if given.get("wait_until") != "commit":
            ready(page)
        return answer

    return gone


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the sign-in page."""
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.locator(".gate form button[type=submit].pri").click()
    page.wait_for_url(lambda url: "/login" not in url)
