"""Without a mouse: past the frame to the page, through what opens and back to where one was, and what `?` says is so."""

from __future__ import annotations

from collections.abc import Callable

from hands import address_of
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
PATIENTS = "/apps/clinic/views/patients"


def test_the_first_stop_leads_past_the_frame(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#main').contains(document.activeElement)")


def test_what_opens_over_a_list_gives_the_focus_back(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    page.wait_for_load_state("networkidle")
    for opener in (
        "[aria-controls=columns-panel]",
        "[aria-controls=order-panel]",
        "[aria-controls=view-menu]",
        "th[data-field=spent] .hm",
        ".ws",
    ):
        page.locator(opener).focus()
        page.keyboard.press("Enter")
        expect(page.locator(opener)).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Escape")
        expect(page.locator(opener)).to_be_focused()
    risk = page.locator("thead th[data-field=risk] a")
    risk.focus()
    page.keyboard.press("Enter")
    expect(page.locator("thead th[data-field=risk]")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("thead th[data-field=risk] a")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("thead th[data-field=risk] a")).to_be_focused()


def test_the_sheet_of_keys_tells_what_the_open_page_hears(visit: Visit) -> None:
    page = visit()
    page.goto(f"{address_of(page, '王敏')}?tab=overview")
    edit = page.get_by_role("link", name="编辑").first
    edit.focus()
    page.keyboard.press("?")
    here = page.locator("[data-keys-here]")
    expect(here).to_be_visible()
    keys = {text.lower() for text in here.locator("kbd").all_inner_texts()}
    assert keys
    page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    heard = page.locator("main [data-key]").evaluate_all("all => all.map(e => e.dataset.key.toLowerCase())")
    assert keys <= set(heard)
    page.keyboard.press("l")
    expect(page.locator(".compose textarea")).to_be_focused()
