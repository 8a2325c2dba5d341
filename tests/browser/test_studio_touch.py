"""Builders at a tablet: what is dragged with the mouse is carried by a finger that rests on it; a finger that moves on
scrolls, and a tap chooses."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hands import Finger
from playwright.sync_api import Locator, Page, Route, expect

Visit = Callable[..., Page]


@pytest.fixture
def tablet(visit: Visit) -> Callable[[str], tuple[Page, Finger]]:
    """Opens an address of the studio on a tablet."""

    def opened(address: str) -> tuple[Page, Finger]:
        page = visit("boss", width=1024, height=768, touch=True)
        page.goto(f"/studio/clinic/{address}")
        return page, Finger(page)

    return opened


Tablet = Callable[[str], tuple[Page, Finger]]


def told(rows: Locator, attribute: str) -> list[str]:
    """What rows say of themselves in an attribute, in order."""
    found: list[str] = rows.evaluate_all(
        "(rows, name) => rows.map((row) => row.getAttribute(name))", attribute
    )
    return found


def expect_order(rows: Locator, attribute: str, wanted: list[str]) -> None:
    for number, one in enumerate(wanted):
        expect(rows.nth(number)).to_have_attribute(attribute, one)
    expect(rows).to_have_count(len(wanted))


def test_fields_and_options_of_an_entity(tablet: Tablet) -> None:
    page, finger = tablet("entity/visit")
    rows, options = page.locator("[data-field-id]"), page.locator("[data-option]")
    was = told(rows, "data-name")

    # A finger that moves on at once scrolls, be it on a row or on a type; nothing is carried.
    finger.swipe(rows.nth(6), by=(0, -250))
    expect(rows.first).not_to_be_in_viewport()
    assert told(rows, "data-name") == was
    expect(page.locator(".drag-touch")).to_have_count(0)

    rows.first.scroll_into_view_if_needed()

    # One that rests on a type carries it to the place that a line shows.
    start = finger.hold(page.locator("[data-palette=boolean]"))
    expect(page.locator(".drag-touch")).to_be_visible()
    finger.over(start, rows.nth(7), on=(60, 4))
    expect(page.locator(".ent-ins")).to_contain_text("「")
    finger.up()
    expect(page.locator(".drag-touch")).to_have_count(0)
    expect_order(rows, "data-name", [*was[:7], "boolean", *was[7:]])

    # A field goes by its handle; elsewhere a resting finger takes nothing, and a tap chooses.
    finger.drag(rows.nth(7).locator(".h"), rows.nth(5), on=(12, 4))
    expect_order(rows, "data-name", [*was[:5], "boolean", *was[5:]])
    rows.filter(has_text="stage").locator("[data-choose]").tap()
    expect(page.locator("#p-name")).to_have_value("stage")
    stages = ["已预约", "进行中", "已签署", "已取消"]
    expect_order(options, "data-label", stages)
    options.nth(1).evaluate("e => e.scrollIntoView({ block: 'center' })")
    finger.drag(options.nth(3).locator(".h"), options.nth(1), on=(12, 3))
    expect_order(options, "data-label", [stages[0], stages[3], *stages[1:3]])


def test_parts_of_a_form(tablet: Tablet) -> None:
    page, finger = tablet("form/patient_form")
    grid = page.locator("#paper [data-fields]").first
    spots = grid.locator(":scope > [data-spot]")
    basics = ["name", "phone", "born_on", "mail", "id_number", "left_on"]
    expect_order(spots, "data-name", basics)

    def field(name: str) -> Locator:
        return page.locator(f"#paper [data-spot][data-name={name}]")

    # A field beside another, then to the other column of a row.
    finger.drag(page.locator("[data-palette=field][data-field=code]"), field("phone"), on=(8, 20))
    expect_order(spots, "data-name", ["name", "code", *basics[1:]])
    box = field("born_on").bounding_box()
    assert box is not None
    finger.drag(field("mail"), field("phone"), on=(8, 20))
    expect_order(spots, "data-name", ["name", "code", "mail", "phone", "born_on", "id_number", "left_on"])

    # A tap chooses; then its edge is pulled.
    field("born_on").tap()
    expect(page.locator("#lo-prop header b")).to_have_text("出生日期")
    finger.swipe(field("born_on").locator("[data-size]"), by=(260, 0))
    expect(field("born_on")).to_have_class("fx wide on")

    # At its edge the canvas scrolls on below the finger; a tab opens for one that lingers with a field.
    figures, desk = page.locator("#paper [data-tab]").nth(2), page.locator("[data-behaviour~=layout]")
    expect(figures).not_to_be_in_viewport()
    start = finger.hold(field("left_on"))
    edge = desk.bounding_box()
    assert edge is not None
    finger.move(start[0], edge["y"] + edge["height"] - 6)
    expect(figures).to_be_in_viewport(ratio=1)
    finger.move(*start)
    page.wait_for_timeout(100)
    finger.over(start, figures)
    expect(figures).to_have_attribute("aria-expanded", "true")
    finger.up()
    expect(page.locator("[data-tab-body] [data-name=left_on]")).to_be_visible()
    parts = page.locator("#paper [data-kind=section]")
    count = parts.count()
    page.locator("#lo-tab-parts").tap()
    finger.drag(page.locator("[data-palette=section]"), page.locator("#paper [data-kind=tabs]"), on=(60, 4))
    expect(parts).to_have_count(count + 1)


def test_columns_of_a_view_and_items_of_the_menu(tablet: Tablet) -> None:
    page, finger = tablet("view/visits")
    columns = page.locator("[data-drop=columns] > ul > [data-put]")
    was = told(columns, "data-put")
    finger.drag(page.locator("#vt-columns-cost"), page.locator("#vt-columns-patient"), on=(4, 14))
    expect_order(columns, "data-put", [was[0], "cost", *[one for one in was[1:] if one != "cost"]])
    finger.drag(page.locator("[data-palette][data-path=fee]"), page.locator("#vt-columns-code"), on=(4, 14))
    expect(columns.first).to_have_attribute("data-put", "fee")

    page.goto("/studio/clinic/menu")
    groups = page.locator(".mg-s")
    item = groups.nth(0).locator("[data-put]").nth(1)
    name = str(item.get_attribute("data-put"))
    finger.drag(item, groups.nth(1).locator(".mg-l"), at=(120, 16), on=(60, 12))
    expect(groups.nth(1).locator(f"[data-put='{name}']")).to_be_visible()


def test_steps_of_a_workflow_and_blocks_of_a_dashboard(tablet: Tablet) -> None:
    page, finger = tablet("workflow/call_back")
    cards = page.locator(".flow .nd")
    titles = cards.locator("b")
    was = titles.all_inner_texts()
    finger.drag(cards.nth(2), page.locator(".flow .wire[data-drop]").nth(0), on=(140, 14))
    expect(titles).to_have_text([was[0], was[2], was[1], *was[3:]])

    page.goto("/studio/clinic/dashboard/overview")
    blocks = page.locator("[data-placed]")
    high = int(blocks.first.get_attribute("data-h") or 0)
    finger.swipe(blocks.first.locator("[data-stretch]"), by=(0, 48))
    expect(blocks.first).to_have_attribute("data-h", str(high + 1))
    expect(blocks.nth(1)).to_have_attribute("data-x", "6")
    finger.drag(blocks.nth(1), page.locator("[data-cells]"), at=(60, 30), on=(60, 30))
    expect(blocks.nth(1)).to_have_attribute("data-x", "0")


def test_a_relation_is_drawn(tablet: Tablet) -> None:
    page, finger = tablet("relations")
    medicine = page.locator("[data-box=medicine]")
    x, y = medicine.get_attribute("data-x"), medicine.get_attribute("data-y")
    medicine.tap()
    expect(medicine).to_have_class("bx-g on")
    # Beyond the drawing's edge, which grows with it before the server has drawn it anew.
    drawn: list[Route] = []
    page.route(re.compile(r"/studio/clinic/relations(\?|$)"), lambda route: drawn.append(route))
    finger.swipe(medicine, by=(60, 200))
    expect(medicine).not_to_have_attribute("data-x", str(x))
    assert (
        float(medicine.get_attribute("data-y") or 0) > float(y or 0) + 180
    )  # nothing scrolled it out of the hand
    allergy = page.locator("[data-box=allergy]")
    finger.swipe(medicine.locator("[data-handle]").first, to=allergy)
    ask = page.locator("#relation-new")
    expect(ask.locator("[name=from]")).to_have_value("medicine")
    expect(ask.locator("[name=to]")).to_have_value("allergy")
    while not drawn:
        page.wait_for_timeout(20)
    for route in drawn:
        route.continue_()
    page.unroute_all()

    # Beside the boxes a finger scrolls the drawing.
    ask.get_by_role("button", name="取消").tap()
    desk = page.locator("[data-desk]")
    for _ in range(4):
        page.locator("[data-zoom=in]").tap()
    was = desk.evaluate("e => e.scrollLeft")
    finger.swipe(desk, by=(-200, 0), at=(300, 400))
    page.wait_for_timeout(300)
    assert desk.evaluate("e => e.scrollLeft") > was + 50
