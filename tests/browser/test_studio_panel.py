"""Workflows, settings and dashboards built with the real mouse and by keys: the story of one builder."""

from __future__ import annotations

import re
from collections.abc import Callable

from hands import drag
from looking import findings
from playwright.sync_api import Locator, Page, expect

KEPT = """text => fetch('/api/v1/studio/clinic/documents/message/visit_missed')
  .then(answer => answer.json()).then(message => message.body.zh === text)"""
Visit = Callable[..., Page]


def titles(cards: Locator, wanted: list[str]) -> None:
    """What the cards are called, in order."""
    expect(cards.locator("b")).to_have_text(wanted)


def test_a_workflow_a_setting_and_a_dashboard_are_changed_by_mouse_and_keys(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/studio/clinic/workflow/call_back")
    cards, panel = page.locator(".flow .nd"), page.locator("#s-prop")
    started = ["就诊：进入阶段时", "新建记录：就诊", "等待", "分支", "通知：复诊未到", "结束"]
    titles(cards, started)
    assert findings(page) == []

    # A step is dragged from the palette on a wire; it is chosen, and stands in the address.
    wires = page.locator(".flow .wire[data-drop]")
    drag(page, page.locator("[data-palette=assign]"), wires.nth(1), on=(140, 14))
    titles(cards, [*started[:2], "分派", *started[2:]])
    expect(panel.locator("h2")).to_have_text("分派")
    expect(cards.nth(2).locator("a")).to_be_focused()
    assert "steps" in page.url

    # By keys: down past the next, into the way of a branch, then another step by / and its name.
    page.keyboard.press("Alt+ArrowDown")
    titles(cards, [*started[:3], "分派", *started[3:]])
    expect(cards.nth(3).locator("a")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    titles(cards, [*started[:4], "分派", *started[4:]])
    expect(cards.nth(4).locator("a")).to_be_focused()
    page.keyboard.press("Delete")
    titles(cards, started)
    cards.nth(2).locator("a").focus()
    page.keyboard.press("/")
    expect(page.locator("#s-insert [data-find-kind]")).to_be_focused()
    page.keyboard.type("失败")
    page.keyboard.press("Enter")
    titles(cards, [*started[:3], "失败", *started[3:]])

    # The condition of the branch is changed in the panel; leaving the input saves it, and the card says it in words.
    cards.nth(4).locator("a").click()
    expect(panel.locator("h2")).to_have_text("分支")
    panel.locator("[name=if]").fill("steps.next.stage = 'open'")
    panel.locator("h2").click()
    expect(cards.nth(4)).to_contain_text("状态 是")
    expect(panel.locator("[data-property=if] .err")).to_be_hidden()
    panel.locator("[name='label.zh']").fill("还没来吗")
    page.keyboard.press("Tab")
    expect(cards.nth(4).locator("b")).to_have_text("还没来吗")
    expect(panel.locator("[name='label.en']")).to_be_focused()

    # A setting is added, named and given a value; what cannot be is refused at its input.
    page.goto("/studio/clinic/settings/thresholds")
    page.locator(".s-sub [data-plus]").click()
    row = page.locator("tbody tr[data-node]").last
    expect(panel.locator("[name=code]")).to_have_value("value")
    panel.locator("[name='label.zh']").fill("最多预约")
    page.keyboard.press("Tab")
    expect(row).to_contain_text("最多预约")
    panel.locator("[name=type]").select_option("integer")
    expect(row).to_contain_text("整数")
    panel.locator("input[name=value][type=text]").fill("12")
    page.keyboard.press("Tab")
    expect(row).to_contain_text("12")
    panel.locator("details.more summary").click()
    panel.locator("[name=scale]").fill("很多")
    page.keyboard.press("Tab")
    expect(panel.locator("[data-property=scale] .err")).to_contain_text("应为整数")
    expect(panel.locator("[name=scale]")).to_have_value("很多")
    assert findings(page) == []

    # A block is stretched by its corner, then by keys; it takes its place, the others make room.
    page.goto("/studio/clinic/dashboard/overview")
    blocks = page.locator("[data-placed]")
    grip = blocks.first.locator("[data-stretch]").bounding_box()
    cells = page.locator("[data-cells]").bounding_box()
    assert grip is not None
    assert cells is not None
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(cells["x"] + cells["width"] * 8.5 / 12, grip["y"] + 10, steps=6)
    page.mouse.up()
    expect(blocks.first).to_have_attribute("data-w", "9")
    expect(blocks.nth(1)).to_have_attribute("data-y", "4")
    blocks.first.locator("a").focus()
    page.keyboard.press("Alt+Shift+ArrowDown")
    expect(blocks.first).to_have_attribute("data-h", "5")
    page.keyboard.press("Alt+ArrowDown")
    expect(blocks.nth(1)).to_have_attribute("data-y", "0")
    expect(blocks.first).to_have_attribute("data-y", "4")
    drag(
        page,
        page.locator("[data-palette=report][data-given]").first,
        page.locator("[data-cells]"),
        on=(40, 20),
    )
    expect(blocks).to_have_count(3)
    assert findings(page) == []


def test_what_can_be_dragged_still_can_when_the_canvas_has_come_again_as_it_was(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/studio/clinic/dashboard/overview")
    blocks = page.locator("[data-placed]")
    count = blocks.count()
    with page.expect_response(re.compile("/outline")):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('draft-changed', { detail: {} }))")
    page.wait_for_timeout(300)
    report = page.locator("[data-palette=report][data-given]").first
    drag(page, report, page.locator("[data-cells]"), on=(40, 20))
    expect(blocks).to_have_count(count + 1)


def test_formulas_inside_the_text_of_a_message_are_completed_and_checked(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/studio/clinic/message/visit_missed")
    body = page.locator("#s-panel [name='body.zh']")
    expect(body).to_have_attribute("data-braced", "patient")
    body.fill("您好 ")
    body.press("End")
    body.press_sequentially("{owner.na", delay=30)
    offers = page.locator("#br-list")
    expect(offers.get_by_role("option").first).to_contain_text("name")
    assert findings(page) == []
    # By keys: taken, and the brace closed behind it.
    page.keyboard.press("Enter")
    expect(body).to_have_value("您好 {owner.name}")
    expect(offers).to_have_count(0)
    page.keyboard.press("End")
    page.keyboard.type("，{nmae}", delay=10)
    page.keyboard.press("Escape")
    wrong = page.locator("[data-braced-wrong]")
    expect(wrong).to_contain_text("nmae")
    wrong.get_by_role("button", name="name").click()
    expect(body).to_have_value("您好 {owner.name}，{name}")
    expect(wrong).to_have_count(0)
    # What was put in by the offers is saved as what is typed is.
    page.locator("#s-panel [name='body.en']").focus()
    expect(page.locator("[data-problems]")).to_contain_text("没有错误")
    page.wait_for_function(KEPT, arg="您好 {owner.name}，{name}")
