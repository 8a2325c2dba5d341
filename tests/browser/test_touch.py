"""Cards, rows and bars carried by a finger that rests on them, on a tablet; one that moves on at once scrolls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hands import Finger
from playwright.sync_api import Page, expect
from serving import Served, clinic, serving, workshop

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The clinic, and a workshop with a foreman, machines within machines and orders in time."""
    site = clinic(tmp_path_factory.mktemp("touch"))
    workshop(site)
    with serving(site) as running:
        yield running


def tablet(visit: Visit, username: str, address: str) -> tuple[Page, Finger]:
    page = visit(username, width=1024, height=768, touch=True)
    page.goto(address)
    return page, Finger(page)


def test_a_card_goes_to_another_lane(visit: Visit) -> None:
    page, finger = tablet(visit, "dr_lin", "/apps/clinic/views/visits_by_stage")
    card = page.locator("[data-lane=planned] .kc").first
    name = card.get_attribute("data-title") or ""
    finger.swipe(card, by=(0, -120))
    expect(page.locator("[data-lane=planned] .kc").first).to_have_attribute("data-title", name)
    finger.drag(card, page.locator("[data-lane=open]"), on=(60, 80))
    expect(page.locator(".toast")).to_contain_text(f"已把「{name}」移到「进行中」")


def test_a_row_goes_below_another_and_a_bar_along_the_time_line(visit: Visit) -> None:
    page, finger = tablet(visit, "foreman_gu", "/apps/workshop/views/machine_tree?sort=name")
    booth, line = page.locator("tr[data-title=喷房]"), page.locator("tr[data-title=冲压线]")
    finger.drag(booth, line, at=(300, 14), on=(300, 20))
    expect(page.locator(".toast")).to_contain_text("已把「喷房」移到「冲压线」之下")

    page.goto("/apps/workshop/views/orders_plan?on=2026-03-04&span=day")
    bar = page.locator("a.gt[data-title=压力机]")
    box = bar.locator(".gt-bar").bounding_box()
    assert box is not None
    day = box["width"] / 5
    for at, days, last in ((20.0, 2, "2026-03-08"), (7 * day - 3, 1, "2026-03-09")):
        x, y = box["x"] + at, box["y"] + 10
        finger.down(x, y)
        page.wait_for_timeout(finger.HOLD_MS)
        for part in range(1, 9):
            finger.move(x + days * day * part / 8, y)
        finger.up()
        expect(bar).to_have_attribute("data-last", last)
    expect(bar).to_have_attribute("data-first", "2026-03-04")
