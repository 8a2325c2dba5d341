"""A builder's acts in Chromium, with the shipped app: from the drop until it is drawn, and a label until it serves.

A drop is timed within the page: from the browser's `drop` event to the frame that shows the new field. A label's
publication is timed from the click until the page says that it serves; the label is changed over the interface before.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from playwright.sync_api import Locator, Page, sync_playwright

from bench import crm, servers
from bench.pages import ARGUMENTS

PERSON = "admin"
DROPS = 20
LABELS = 7
SETTLED_MS = 500
"""Between two acts, as a hand needs; what the last one asked for afterwards has come."""
STUDIO = f"/studio/{crm.APP}"
CUSTOMERS = 200
"""An act of building does not look at records; the demonstration's own are enough."""

TIMED = """selector => {
  window.drawn = new Promise((done, failed) => {
    setTimeout(() => failed(new Error("nothing was drawn")), 10000);
    let from = 0;
    addEventListener('drop', () => { from = performance.now(); }, {capture: true, once: true});
    const count = () => document.querySelectorAll(selector).length, before = count();
    new MutationObserver((_, watching) => {
      if (count() === before || !from) return;
      watching.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
    }).observe(document.body, {childList: true, subtree: true});
  });
}"""
LABELLED = """async ([app, label]) => {
  const word = document.querySelector("meta[name=csrf-token]").content;
  const patch = [{op: "replace", path: "/entity~1topic/label", value: {zh: label, en: label}}];
  const headers = {"Content-Type": "application/json", "X-CSRF-Token": word};
  const answer = await fetch(`/api/v1/studio/${app}`, {method: "PATCH", headers, body: JSON.stringify({patch})});
  return answer.status;
}"""


@dataclass(frozen=True, slots=True)
class Taken:
    """An act's times in ms."""

    name: str
    times: list[float]


def run(url: str, folder: Path) -> list[Taken]:
    """Make the app, serve it, and build in it as a person does."""
    site, _ = crm.make(url, folder, CUSTOMERS)
    site.database.close()
    with servers.ours(url, folder) as (one,), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        base = f"http://127.0.0.1:{one.port}"
        page = browser.new_page(base_url=base, viewport={"width": 1440, "height": 900}, locale="zh-CN")
        page.goto("/login")
        page.fill("[name=username]", PERSON)
        page.fill("[name=password]", crm.PASSWORD)
        page.locator(".gate form button[type=submit].pri").click()
        page.wait_for_url(lambda address: "/login" not in address)
        taken = [
            _drops(page, "a field onto an entity", "entity/customer", "[data-palette=boolean]", "[data-field-id]"),
            _drops(page, "a part onto a form", "form/customer_form", "[data-palette=section]", "#paper [data-part]"),
            _labels(page),
        ]  # fmt: skip
        browser.close()
    return taken


def _drops(page: Page, name: str, document: str, what: str, onto: str) -> Taken:
    page.goto(f"{STUDIO}/{document}")
    page.locator(onto).first.wait_for()
    times = []
    for _ in range(DROPS + 2):
        page.wait_for_timeout(SETTLED_MS)
        if not page.locator(what).is_visible():
            page.locator("[data-side=palette]:visible, #lo-tab-parts").first.click()
            page.wait_for_timeout(SETTLED_MS)
        page.evaluate(TIMED, onto)
        _drop(page, page.locator(what), page.locator(onto).first)
        times.append(float(page.evaluate("() => window.drawn")))
    return Taken(name, times[2:])


def _drop(page: Page, what: Locator, onto: Locator) -> None:
    what.scroll_into_view_if_needed()
    a, b = what.bounding_box(), onto.bounding_box()
    if a is None or b is None:
        raise RuntimeError("what is dragged is not shown")
    page.mouse.move(a["x"] + 40, a["y"] + 12)
    page.mouse.down()
    page.mouse.move(a["x"] + 48, a["y"] + 20, steps=3)
    page.mouse.move(b["x"] + 60, b["y"] + 4, steps=8)
    page.mouse.up()


def _labels(page: Page) -> Taken:
    times = []
    for number in range(LABELS + 1):
        page.goto(STUDIO)
        status = page.evaluate(LABELLED, [crm.APP, f"主题 {number}"])
        if status != 200:
            raise RuntimeError(f"the change was answered {status}")
        page.goto(f"{STUDIO}/publish")
        started = time.perf_counter()
        page.locator("#pub [type=submit]").click()
        page.locator("#pub-job[data-state=done]").wait_for()
        times.append((time.perf_counter() - started) * 1000)
    return Taken("a label, published", times[1:])


def table(taken: list[Taken]) -> str:
    """As text."""
    lines = ["| act | p50 ms | p95 ms |", "| --- | ---: | ---: |"]
    for one in taken:
        cuts = quantiles(one.times, n=20, method="inclusive")
        lines.append(f"| {one.name} | {cuts[9]:.0f} | {cuts[18]:.0f} |")
    return "\n".join(lines)
