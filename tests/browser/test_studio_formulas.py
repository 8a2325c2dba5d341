"""A condition written with help and put together by hand: completion along a reference, an error mended by a click, rows
by mouse and by keys, text and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from looking import findings
from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
VIEW = "/studio/clinic/view/visits"
FIELD = "[data-formula][name=filter]"


def kept(page: Page) -> Any:
    """The view's filter as the draft has it."""
    return page.request.get("/api/v1/studio/clinic/documents/view/visits").json().get("filter")


def settled(page: Page, formula: str) -> None:
    """Wait until the draft has a filter."""
    expect(page.locator(FIELD)).to_have_value(formula)
    for _ in range(50):
        if kept(page) == formula:
            return
        page.wait_for_timeout(50)
    assert kept(page) == formula


def editor(page: Page) -> Locator:
    return page.locator(".fx-dlg .cm-content")


def test_a_condition_is_written_with_help_and_built_by_hand(visit: Visit) -> None:
    page = visit("boss")
    broken: list[str] = []
    page.on("console", lambda m: broken.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: broken.append(str(e)))
    page.goto(VIEW)
    tools = page.locator(f"{FIELD} + [data-formula-tools]")

    # In words, with completion along a reference; what is wrong is underlined and mended by a click.
    tools.locator("[data-formula-mode=text]").click()
    tools.locator("[data-formula-open]").click()
    expect(editor(page)).to_be_focused()
    page.keyboard.type("patient.ow", delay=20)
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("owner")
    page.wait_for_timeout(
        150
    )  # the editor lets no list that just came up take a key that was meant for the text
    page.keyboard.press("Enter")
    page.keyboard.type(".nam <> NULL", delay=5)
    wrong = page.locator(".fx-wrong li")
    expect(wrong).to_have_count(1)
    expect(page.locator(".cm-lintRange-error")).to_have_text("nam")
    wrong.locator("[data-fix]").click()
    expect(page.locator(".fx-head.good")).to_be_visible()
    expect(editor(page)).to_have_text("patient.owner.name <> NULL")
    assert findings(page) == []
    page.keyboard.press("Control+z")
    expect(wrong).to_have_count(1)
    page.keyboard.press("Control+y")
    expect(wrong).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".fx-dlg")).to_have_count(0)
    settled(page, "patient.owner.name <> NULL")

    # The same as rows, and a further one by mouse.
    tools.locator("[data-formula-mode=rows]").click()
    row = tools.locator("[data-clause='0']")
    expect(row.locator("select")).to_have_count(4)
    expect(page.locator(FIELD)).not_to_be_in_viewport()
    tools.locator("[data-rows-do=add]").click()
    second = tools.locator("[data-clause='1']")
    second.locator("[name='f.1']").select_option("fee")
    expect(second.locator("input[name='v.1']")).to_be_visible()
    second.locator("input[name='v.1']").fill("30")
    second.locator("input[name='v.1']").press("Tab")
    settled(page, "patient.owner.name <> NULL AND fee >= 30")
    tools.locator("select.join").select_option("or")
    settled(page, "patient.owner.name <> NULL OR fee >= 30")
    assert findings(page) == []

    # By keys alone: related records counted, the first row gone; the focus stays in the rows.
    tools.locator("[data-rows-do=add]").focus()
    page.keyboard.press("Enter")
    third = tools.locator("[data-clause='2']")
    third.locator("[name='f.2']").focus()
    third.locator("[name='f.2']").select_option("prescriptions*")
    expect(third.locator("[name='a.2']")).to_be_visible()
    third.locator("input[name='v.2']").focus()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    settled(page, "patient.owner.name <> NULL OR fee >= 30 OR COUNT(prescriptions) >= 2")
    row.locator("[data-rows-do]").focus()
    page.keyboard.press("Enter")
    settled(page, "fee >= 30 OR COUNT(prescriptions) >= 2")
    assert tools.evaluate("(place) => place.contains(document.activeElement)")

    # To text, where a formula that no row says is kept, and back.
    tools.locator("[data-formula-mode=text]").click()
    expect(page.locator(FIELD)).to_be_focused()
    page.locator(FIELD).fill("LEN(reason) > 3")
    page.locator(FIELD).blur()
    settled(page, "LEN(reason) > 3")
    expect(tools.locator("[data-formula-mode=rows]")).to_have_count(0)
    page.locator(FIELD).fill("fee > 3")
    page.locator(FIELD).blur()
    tools.locator("[data-formula-mode=rows]").click()
    expect(tools.locator("[data-clause]")).to_have_count(1)
    settled(page, "fee > 3")
    assert broken == []
