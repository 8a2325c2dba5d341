"""Pages as a person meets them: how long the server takes, how many bytes come, when the largest part is painted.

Times are those of a client on this machine with one connection, so they include the server's whole work and the way.
Bytes are those of the body as sent, compressed. The first view is measured in Chromium with an empty cache, the later
one with what the first has left there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
from playwright.sync_api import CDPSession, Page, sync_playwright

from bench import crm, servers

PERSON = "advisor_li"
ROUNDS = 30
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
PAINTED = """() => new Promise(done => {
  let largest = 0, shift = 0;
  new PerformanceObserver(l => { for (const e of l.getEntries()) largest = e.startTime; })
    .observe({type: 'largest-contentful-paint', buffered: true});
  new PerformanceObserver(l => { for (const e of l.getEntries()) shift += e.value; })
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done([largest, shift]), 400);
})"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A page's figures."""

    name: str
    p50_ms: float
    p95_ms: float
    kb: float


@dataclass(frozen=True, slots=True)
class Viewed:
    """A page in a browser: KB by kind, largest paint in ms, layout shift."""

    name: str
    html_kb: float
    script_kb: float
    all_kb: float
    paint_ms: float
    shift: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it."""

    customers: int
    trades: int
    served: list[Taken]
    viewed: list[Viewed]


def run(url: str, folder: Path, customers: int) -> Figures:
    """Make the data, serve it, ask."""
    site, there = crm.make(url, folder, customers)
    site.database.close()
    with servers.ours(url, folder) as (one,):
        base = f"http://127.0.0.1:{one.port}"
        with httpx.Client(base_url=base, follow_redirects=False) as client:
            _sign_in(client)
            pages = _pages(client)
            served = [_taken(client, name, path) for name, path in pages]
        viewed = _viewed(base, dict(pages))
    return Figures(there["customer"], there["trade"], served, viewed)


def _sign_in(client: httpx.Client) -> None:
    page = client.get("/login").text
    word = page.split('name="csrf_token" value="')
    data = {"username": PERSON, "password": crm.PASSWORD}
    if len(word) > 1:
        data["csrf_token"] = word[1].split('"')[0]
    answer = client.post("/login", data=data)
    if answer.status_code != 303:
        raise RuntimeError(f"signing in was answered {answer.status_code}")


def _pages(client: httpx.Client) -> list[tuple[str, str]]:
    """The pages measured, by name and address; the record is the first of the list."""
    app = f"/apps/{crm.APP}"
    found = client.get(f"{app}/views/customers").text
    record = found.split("data-opens-record")[0].rsplit('href="', 1)[1].split('"')[0]
    return [
        ("home", app),
        ("list: all customers", f"{app}/views/customers"),
        ("list: own customers", f"{app}/views/my_customers"),
        ("list: sorted by another column", f"{app}/views/customers?sort=-trade_count_90d"),
        ("list: searched by pinyin", f"{app}/views/customers?search=wj"),
        ("list: grouped", f"{app}/views/customers?group=risk_level"),
        ("board", f"{app}/views/leads_board"),
        ("record: page of all sides", record),
        ("record: overview", f"{record}?tab=overview"),
        ("form", f"{record}/edit"),
        ("palette", f"/search/palette?app={crm.APP}&q=wj"),
    ]


def _taken(client: httpx.Client, name: str, path: str) -> Taken:
    headers = {"Accept-Encoding": "gzip", "Accept": "text/html"}
    times: list[float] = []
    size = 0
    for _ in range(ROUNDS + 2):
        started = time.perf_counter()
        with client.stream("GET", path, headers=headers) as answer:
            size = sum(len(part) for part in answer.iter_raw())
        times.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered {answer.status_code}")
    cuts = quantiles(times[2:], n=20)
    return Taken(name, cuts[9], cuts[18], size / 1024)


def _viewed(base: str, pages: dict[str, str]) -> list[Viewed]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        context = browser.new_context(base_url=base, viewport={"width": 1440, "height": 900}, locale="zh-CN")
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=username]", PERSON)
        page.fill("[name=password]", crm.PASSWORD)
        page.locator(".gate form button[type=submit].pri").click()
        page.wait_for_url(lambda address: "/login" not in address)
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        views = []
        address = pages["list: all customers"]
        network.send("Network.clearBrowserCache")
        views.append(_view(page, network, "list, first view", address))
        views.append(_view(page, network, "list, later view", address))
        views.append(_view(page, network, "record, later view", pages["record: page of all sides"]))
        browser.close()
    return views


def _view(page: Page, network: CDPSession, name: str, address: str) -> Viewed:
    kinds: dict[str, str] = {}
    bytes_: dict[str, float] = {}

    def kind(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def done(event: dict[str, Any]) -> None:
        bytes_[event["requestId"]] = event["encodedDataLength"] / 1024

    listeners: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
        ("Network.responseReceived", kind),
        ("Network.loadingFinished", done),
    ]
    for event, heard in listeners:
        network.on(event, heard)
    page.goto(address)
    page.wait_for_load_state("load")
    paint, shift = page.evaluate(PAINTED)
    for event, heard in listeners:
        network.remove_listener(event, heard)

    def of(*wanted: str) -> float:
        return sum(size for id_, size in bytes_.items() if kinds.get(id_) in wanted)

    return Viewed(name, of("Document"), of("Script"), sum(bytes_.values()), paint, shift)


def table(figures: Figures) -> str:
    """As text."""
    lines = [
        f"**{figures.customers:,} customers, {figures.trades:,} trades**, one client.\n",
        "| page | p50 ms | p95 ms | KB, gzip |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {t.name} | {t.p50_ms:.1f} | {t.p95_ms:.1f} | {t.kb:.1f} |" for t in figures.served]
    lines += [
        "",
        "| in Chromium | HTML KB | script KB | all KB | largest paint ms | layout shift |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {v.name} | {v.html_kb:.1f} | {v.script_kb:.1f} | {v.all_kb:.1f} | {v.paint_ms:.0f} | {v.shift:.3f} |"
        for v in figures.viewed
    ]
    return "\n".join(lines)
