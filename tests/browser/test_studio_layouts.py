"""A form and a page built with the real mouse and by keys, and looked at before they are published: one builder's story."""

from __future__ import annotations

from collections.abc import Callable

from hands import drag
from looking import findings
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

Visit = Callable[..., Page]
FORM = "/studio/clinic/form/patient_form"
PAGE = "/studio/clinic/page/patient_overview"


def field(page: Page, name: str) -> Locator:
    return page.locator(f"#paper [data-spot][data-name={name}]")


def pick(page: Page, name: str) -> Locator:
    """The button of a field on the paper."""
    return field(page, name).locator("[data-pick]")


def loose(page: Page, name: str) -> Locator:
    return page.locator(f"[data-palette=field][data-field={name}]")


def expect_fields(grid: Locator, names: list[str]) -> None:
    """What stands in a part, in order."""
    spots = grid.locator(":scope > [data-spot]")
    for number, name in enumerate(names):
        expect(spots.nth(number)).to_have_attribute("data-name", name)
    expect(spots).to_have_count(len(names))


def right_of(place: Locator) -> tuple[int, int]:
    box = place.bounding_box()
    assert box is not None
    return int(box["width"]) - 12, int(box["height"] / 2)


def test_a_form_is_laid_out_and_filled_in_before_it_is_published(visit: Visit) -> None:
    page = visit("boss")
    page.goto(FORM)
    grids = page.locator("#paper [data-fields]")
    basics = ["name", "phone", "born_on", "mail", "id_number", "left_on"]
    expect_fields(grids.nth(0), basics)
    expect(loose(page, "code")).to_be_visible()

    # Fields are dragged from the palette: beside another, as a row of its own, and into a tab that opens for it.
    code = loose(page, "code")
    phone = field(page, "phone")
    code.hover()
    page.mouse.down()
    box = phone.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 30, steps=8)
    page.mouse.move(box["x"] + box["width"] - 18, box["y"] + 32, steps=4)
    expect(page.locator("[data-mark]")).to_contain_text("放在「电话」右侧")
    page.mouse.up()
    expect_fields(grids.nth(0), ["name", "phone", "code", *basics[2:]])
    expect(pick(page, "code")).to_have_attribute("aria-pressed", "true")
    # The palette moves up where a field has left it.
    expect(code).to_have_count(0)
    drag(page, page.locator("[data-palette=money]"), field(page, "risk"), on=(150, 2))
    expect(field(page, "money")).to_have_class("fx wide on")
    expect(page.locator("#lo-prop header b")).to_have_text("金额")
    figures = page.locator("#paper [data-tab]").nth(2)
    drag(page, field(page, "mail"), figures, on=(20, 10))
    expect(field(page, "mail")).to_have_count(1)
    expect(figures).to_have_attribute("aria-expanded", "true")
    expect(page.locator("[data-tab-body] [data-name=mail]")).to_be_visible()

    # One is widened by its handle, moved by keys, taken out and brought back.
    field(page, "born_on").click()
    size = field(page, "born_on").locator("[data-size]").bounding_box()
    assert size is not None
    page.mouse.move(size["x"] + 4, size["y"] + 20)
    page.mouse.down()
    page.mouse.move(size["x"] + 260, size["y"] + 20, steps=6)
    page.mouse.up()
    expect(field(page, "born_on")).to_have_class("fx wide on")
    pick(page, "born_on").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect_fields(grids.nth(0), ["name", "phone", "born_on", "code", "id_number", "left_on"])
    expect(pick(page, "born_on")).to_be_focused()
    page.keyboard.press("w")
    expect(field(page, "born_on")).to_have_class("fx on")
    page.keyboard.press("Delete")
    expect(loose(page, "born_on")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(field(page, "born_on")).to_be_visible()

    # A condition is set by clicking, and stands on the field as a sentence.
    field(page, "phone").click()
    expect(page.locator("#lo-prop header b")).to_have_text("电话")
    show = page.locator("[data-property=show]")
    show.get_by_role("button", name="+ 条件", exact=True).click()
    show.locator("select[name='f.0']").select_option("risk")
    show.locator("select[name='v.0']").select_option("high")
    expect(field(page, "phone").locator(".cond")).to_contain_text("仅当 风险")
    assert findings(page) == []

    # A section by its menu, and the field moved there from the list of places.
    page.locator("#lo-tab-parts").click()
    with page.expect_response(lambda answer: "/palette?" in answer.url):
        page.locator("[data-palette=section]").click()
    expect(page.locator("#paper [data-kind=section]")).to_have_count(3)
    page.wait_for_timeout(300)  # The palette that came afterwards leaves its tab open.
    expect(page.locator("#lo-parts")).to_be_visible()
    expect(page.locator("#lo-fields")).to_be_hidden()
    field(page, "code").click()
    page.locator("[data-move-to]").select_option(label="新分区")
    new = page.locator("#paper [data-kind=section]").filter(has=page.locator("[data-name=code]"))
    expect(new).to_contain_text("新分区")

    # Filled in at a phone's width: what is missing is said, and nothing is written.
    page.locator("[data-mode=fill]").click()
    page.locator("[data-device=phone]").click()
    shown = page.frame_locator("[data-frame]")
    expect(shown.get_by_role("heading", name="新建病人")).to_be_visible()
    expect(shown.locator(".lo-shown .note")).to_contain_text("还没有列的字段显示为空")
    shown.locator(".form-foot button.pri").click()
    expect(shown.locator("[data-summary]")).to_be_visible()
    shown.locator("[name=name]").fill("周明")
    shown.locator(".form-foot button.pri").click()
    expect(shown.locator("[data-preview-done]")).to_contain_text("什么都没有写入")
    frame = page.locator("[data-frame]").bounding_box()
    assert frame is not None
    assert frame["width"] <= 390
    page.goto("/apps/clinic/views/patients?search=周明")
    expect(page.locator("[data-record]")).to_have_count(0)


def test_blocks_are_put_on_a_page_and_sized(visit: Visit) -> None:
    page = visit("boss", dark=True)
    page.goto(PAGE)
    blocks = page.locator("#paper > [data-parts] > [data-part]")
    expect(blocks.first).to_be_visible()
    before = blocks.count()
    expect(page.locator(".lo-live [data-list=visits]")).to_be_visible()
    drag(page, page.locator("[data-palette=history]"), blocks.nth(0), on=(8, 20))
    expect(blocks).to_have_count(before + 1)
    expect(blocks.nth(0)).to_have_attribute("data-kind", "history")
    expect(blocks.nth(0)).to_have_attribute("data-width", "6")
    size = blocks.nth(0).locator(":scope > [data-size]").bounding_box()
    grid = page.locator("#paper > [data-parts]").bounding_box()
    assert size is not None
    assert grid is not None
    page.mouse.move(size["x"] + 4, size["y"] + 10)
    page.mouse.down()
    page.mouse.move(size["x"] + 4 - grid["width"] / 6, size["y"] + 10, steps=5)
    page.mouse.up()
    expect(blocks.nth(0)).to_have_attribute("data-width", "4")
    blocks.nth(0).locator(".lo-grip").focus()
    blocks.nth(0).locator(".lo-grip").press("Enter")
    page.keyboard.press("Alt+ArrowRight")
    expect(blocks.nth(1)).to_have_attribute("data-kind", "history")
    page.keyboard.press("+")
    expect(blocks.nth(1)).to_have_attribute("data-width", "5")
    assert findings(page) == []
    page.locator("[data-mode=fill]").click()
    shown = page.frame_locator("[data-frame]")
    expect(shown.locator("[data-block]").first).to_be_visible()
    narrow = visit("boss", width=390)
    narrow.goto(FORM)
    expect(field(narrow, "name")).to_be_visible()
    expect(narrow.locator(".lo-side")).to_be_hidden()
    narrow.locator("#paper [data-pick]").first.focus()
    narrow.keyboard.press("Delete")
    expect(field(narrow, "name")).to_be_visible()


def test_an_answer_that_was_overtaken_does_not_bring_back_what_was(visit: Visit) -> None:
    """Parts of the page are asked for at any time; an act's answer may come before that of a question asked earlier."""
    page = visit("boss")
    page.goto("/studio/clinic/form/visit_form")
    spots = page.locator("#paper [data-fields]").first.locator(":scope > [data-spot]")
    before = spots.evaluate_all("all => all.map((one) => one.dataset.name)")
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/paper?*", lambda route: held.append((route, route.fetch())))
    page.evaluate("document.body.dispatchEvent(new CustomEvent('draft-changed', { detail: {} }))")
    while not held:
        page.wait_for_timeout(20)
    spots.nth(0).locator("[data-pick]").click()
    page.keyboard.press("Alt+ArrowDown")
    expect(spots.nth(0)).not_to_have_attribute("data-name", before[0])
    after = spots.evaluate_all("all => all.map((one) => one.dataset.name)")
    for route, answer in held:
        with page.expect_event("requestfinished", lambda request: "/paper?" in request.url):
            route.fulfill(response=answer)
    page.wait_for_timeout(300)
    assert spots.evaluate_all("all => all.map((one) => one.dataset.name)") == after
