"""Pictures of every main page, for people to look at: both languages, light and dark, wide and narrow.

`python tools/screenshots.py [--out DIR] [--scale S] [--people NAME …] [--only WORD]` serves the demonstration from a
folder of its own on a free port, signs in as each person, walks the sidebar, opens a first record with its tabs and
forms, the studio with a document of each kind, and the administration, and keeps one PNG a page and look in a
git-ignored folder. Nothing is named here but the frame's own addresses: what there is to see, the sidebar and the
studio's tree say. The exit status is 1 where a page was wider than the screen, answered with an error, or a script
failed; each is named.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "var" / "screenshots"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
START_SECONDS_MAX = 300
FORBIDDEN = 403
"""Not a fault: a person may not do everything, and how that is said is worth a picture."""
LISTS_OPENED = 3
"""In how many lists of a person's a first record is opened."""
STUDIO = ("relations", "spreadsheet", "patterns", "new-view", "publish", "merge", "trial")
"""Pages of the studio about no document, beside those that its tree leads to."""
ADMIN = ("people", "teams", "audit", "jobs", "health", "settings")


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    language: str
    theme: str
    width: int
    height: int

    @property
    def name(self) -> str:
        """As files are called."""
        return f"{self.language}-{self.theme}-{self.width}"


LOOKS = (
    Look("zh", "light", 1440, 900),
    Look("en", "dark", 1440, 900),
    Look("zh", "dark", 390, 844),
    Look("en", "light", 390, 844),
)


@dataclass
class Walk:
    """One person's way through the pages in one look."""

    page: Page
    look: Look
    folder: Path
    only: str
    faults: list[str] = field(default_factory=list)

    def take(self, address: str, name: str) -> None:
        """Open an address and keep what is seen."""
        if self.only and self.only not in name:
            return
        sign = "&" if "?" in address else "?"
        answer = self.page.goto(f"{address}{sign}lang={self.look.language}")
        self.page.wait_for_timeout(150)
        status = answer.status if answer is not None else 0
        if status >= 400 and status != FORBIDDEN:
            self.faults.append(f"{name} {self.look.name}: {status} at {address}")
        wide = int(self.page.evaluate("document.documentElement.scrollWidth"))
        if wide > self.look.width:
            self.faults.append(f"{name} {self.look.name}: {wide} px wide at {address}")
        self.page.screenshot(path=self.folder / f"{name}-{self.look.name}.png")

    def links(self, selector: str) -> list[str]:
        """Addresses of what a selector finds, each once, in order."""
        found = self.page.locator(selector).evaluate_all("all => all.map(a => a.getAttribute('href'))")
        return list(dict.fromkeys(str(href) for href in found if href))


def walk(found: Walk, person: str) -> None:
    """All main pages of a person."""
    found.page.goto("/")
    menu = [a for a in found.links("nav a[href^='/apps/']") if "?" not in a]
    found.take("/", f"{person}-home")
    for address in menu:
        found.take(address, f"{person}-{_word(address)}")
    opened: list[str] = []
    for address in [a for a in menu if "/views/" in a]:
        if len(opened) == LISTS_OPENED:
            break
        found.page.goto(address)
        records = [
            a for a in found.links("[data-record] a[href]") if re.fullmatch(r"/apps/\w+/\w+/[0-9a-f-]{36}", a)
        ]
        entity = records[0].rsplit("/", 1)[0] if records else ""
        if records and entity not in opened:
            opened.append(entity)
            record(found, records[0], f"{person}-{entity.rsplit('/', 1)[1]}")
    for address in ("/search?q=w", "/notifications", "/me"):
        found.take(address, f"{person}-{_word(address)}")
    if found.links("nav a[href='/studio']"):
        studio(found)
    admin = found.page.goto("/admin/people")
    if admin is not None and admin.ok:
        for address in (*ADMIN, *(a.removeprefix("/admin/") for a in found.links("nav a[href^='/admin/']"))):
            found.take(f"/admin/{address}", f"{person}-admin-{_word(address)}")


def studio(found: Walk) -> None:
    """The studio of each app that one may build: what its tree offers, a document of each kind, pages without one."""
    found.take("/studio", "studio")
    found.page.goto("/studio")
    for app in found.links("[data-studio-app] a[href^='/studio/']"):
        found.page.goto(app)
        first = found.page.locator("[data-group]").evaluate_all(
            "all => all.map(g => g.querySelector('a[data-document]')?.getAttribute('href')).filter(Boolean)"
        )
        found.take(app, "studio-overview")
        for address in (*found.links("#s-tree > a"), *(f"{app}/{page}" for page in STUDIO)):
            found.take(address, f"studio-{_word(address)}")
        for address in first:
            kind, name = address.rsplit("/", 2)[1:]
            found.take(address, f"studio-{kind}-{_word(name)}")
            if kind == "entity":
                found.page.goto(address)
                for tab in found.links("#main .tabs a")[1:]:
                    found.take(f"{address}{tab}", f"studio-entity-{_word(name)}-{_word(tab.split('=')[1])}")


def record(found: Walk, address: str, name: str) -> None:
    """A record with each of its tabs, its form, and the form for a new one."""
    found.page.goto(address)
    tabs = found.links(".tabs a[href*='tab=']")
    found.take(address, f"{name}-record")
    for tab in tabs[1:]:
        found.take(
            tab if tab.startswith("/") else f"{address}{tab}", f"{name}-record-{_word(tab.split('tab=')[1])}"
        )
    found.take(f"{address}/edit", f"{name}-edit")
    found.take(f"{address.rsplit('/', 1)[0]}/new", f"{name}-new")


def _word(address: str) -> str:
    """The end of an address, fit for a file's name."""
    return re.sub(r"\W+", "_", address.split("?")[0].rstrip("/").rsplit("/", 1)[-1])


def visit(
    browser: Browser, base: str, look: Look, person: str, password: str, out: Path, only: str
) -> list[str]:
    """One person's pages in one look; what was wrong."""
    context = browser.new_context(
        base_url=base,
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.theme == "dark" else "light",
        locale="zh-CN" if look.language == "zh" else "en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    found = Walk(page, look, out, only)
    page.on("pageerror", lambda error: found.faults.append(f"{look.name} {page.url}: {error}"))
    found.take("/login", "sign-in")
    page.goto("/login")
    page.fill("[name=username]", person)
    page.fill("[name=password]", password)
    page.locator(".gate form button[type=submit].pri").click()
    page.wait_for_url(lambda url: "/login" not in url)
    walk(found, person)
    context.close()
    return found.faults


@contextmanager
def demonstration(folder: Path, scale: str, password: str) -> Iterator[str]:
    """The demonstration on a free port; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "dougong_platform", "demo", "--no-open", "--data-dir", str(folder)]
    with (folder.parent / "demo.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--scale", scale],
            stdout=log,
            stderr=log,
            env={**os.environ, "DOUGONG_DEMO_PASSWORD": password},
        )
    try:
        end = time.monotonic() + START_SECONDS_MAX
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the demonstration did not start: {folder.parent / 'demo.log'}")
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> int:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--scale", default="0.05", help="how much made-up data (as of `dougong demo`)")
    parser.add_argument("--people", nargs="+", default=["admin", "advisor_li", "leader_zhao"])
    parser.add_argument("--only", default="", help="only pages with this in their name")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    password = secrets.token_urlsafe(12)
    with demonstration(given.out / "data", given.scale, password) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for look in LOOKS:
            for person in given.people:
                faults += visit(browser, base, look, person, password, given.out, given.only)
        browser.close()
    print(f"{len(list(given.out.glob('*.png')))} pictures in {given.out}")
    for fault in dict.fromkeys(faults):
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
