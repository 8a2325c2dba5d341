"""Views, the menu and labels built with the real mouse and by keys: the story of one builder."""

from __future__ import annotations

from collections.abc import Callable

from hands import drag
from looking import findings
from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
VIEW = "/studio/clinic/view/visits"


def standing(page: Page, place: str) -> Locator:
    return page.locator(f"[data-drop={place}] > ul > [data-put]")


def expect_paths(page: Page, place: str, paths: list[str]) -> None:
    """What stands in a place, in order."""
    for number, path in enumerate(paths):
        expect(standing(page, place).nth(number)).to_have_attribute("data-put", path)
    expect(standing(page, place)).to_have_count(len(paths))


def test_a_view_a_menu_and_a_label_are_made_by_mouse_and_keys(visit: Visit) -> None:
    page = visit("boss")
    page.goto(VIEW)
    records = page.locator(".vw-d")
    expect(records.locator("tbody tr[data-record]").first).to_be_visible()
    columns = ["code", "patient", "patient.risk", "doctor", "visited_at", "stage", "cost"]

    # A column is dragged before another, and one from the palette between them.
    drag(page, page.locator("#vt-columns-cost"), page.locator("#vt-columns-doctor"), on=(4, 14))
    expect_paths(page, "columns", [*columns[:3], "cost", *columns[3:6]])
    drag(page, page.locator("[data-palette][data-path=fee]"), page.locator("#vt-columns-doctor"), on=(4, 14))
    expect_paths(page, "columns", [*columns[:3], "cost", "fee", *columns[3:6]])
    expect(records.locator("th[data-field=fee]")).to_be_visible()

    # What does not fit is told before the drop, and stays where it was.
    page.locator("[data-type=kanban]").click()
    expect_paths(page, "group", ["stage"])
    group = page.locator("[data-drop=group]")
    fee, spot = page.locator("[data-palette][data-path=fee]"), group.bounding_box()
    assert spot is not None
    fee.hover()
    page.mouse.down()
    page.mouse.move(spot["x"] + 200, spot["y"] + 20, steps=8)
    page.mouse.move(spot["x"] + 220, spot["y"] + 22, steps=4)
    expect(group).to_contain_text("「诊费」放不进「分列」：只能放阶段、单选、人员或引用")
    page.mouse.up()
    expect_paths(page, "group", ["stage"])
    drag(page, page.locator("[data-palette][data-path=doctor]"), group, on=(200, 16))
    expect_paths(page, "group", ["doctor"])
    drag(page, page.locator("[data-palette][data-path=stage]"), group, on=(200, 16))
    expect_paths(page, "group", ["stage"])
    expect(records.locator(".lane").first).to_be_visible()

    # By keys: along the card, out of it, and the menu of what else can be done.
    page.locator("#vt-card-patient .vt-a").focus()
    page.keyboard.press("Alt+ArrowLeft")
    expect_paths(page, "card", ["patient", "code", "patient.risk", "cost", "fee"])
    expect(page.locator("#vt-card-patient .vt-a")).to_be_focused()
    page.keyboard.press("Delete")
    expect_paths(page, "card", ["code", "patient.risk", "cost", "fee"])
    expect(page.locator("#vt-card-code .vt-a")).to_be_focused()
    page.keyboard.press("m")
    menu = page.locator("#vw-menu")
    expect(menu.get_by_role("menuitem", name="放到「排序」")).to_be_visible()
    assert findings(page) == []
    menu.get_by_role("menuitem", name="放到「排序」").click()
    expect_paths(page, "sort", ["visited_at", "code"])

    # What is chosen is in the address; the filter is set, and what is beside follows.
    page.locator("#vt-sort-code .vt-a").click()
    expect(page.locator("#s-prop")).to_contain_text("在「排序」里")
    assert "at=sort" in page.url
    for revision in range(9, 17):
        page.keyboard.press("Control+z")
        expect(page.locator(".studio")).to_have_attribute("data-revision", str(revision))
    expect_paths(page, "columns", columns)

    # The menu: a group is made, and a view put into it by keys alone.
    page.goto("/studio/clinic/menu")
    page.get_by_role("button", name="新建分组").focus()
    page.keyboard.press("Enter")
    made = page.locator(".mg-s").nth(2)
    expect(made.locator(".mg-a").first).to_be_focused()
    page.locator("#mp-view-allergy_tree").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="放到「新分组」")).to_be_visible()
    page.get_by_role("menuitem", name="放到「新分组」").focus()
    page.keyboard.press("Enter")
    item = made.locator("[data-put='view:allergy_tree']")
    expect(item.locator(".mg-a")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    second = page.locator(".mg-s").nth(1)
    expect(second.locator("[data-put='view:allergy_tree']")).to_be_visible()
    drag(page, second.locator("[data-put='view:visits']"), made.locator(".mg-l"), at=(120, 16), on=(60, 20))
    expect(made.locator("[data-put='view:visits']")).to_be_visible()
    page.locator("#mn-role").select_option("head")
    expect(page.locator("#mn-side")).to_contain_text("新分组")
    assert findings(page) == []

    # A label that is missing in English is filled in; the count follows.
    page.goto("/studio/clinic/labels?missing=en")
    expect(page.locator("#lb-counts")).to_contain_text("缺英文 2")
    first, next_ = page.locator("input[data-words=en]").nth(0), page.locator("input[data-words=en]").nth(1)
    first.fill("Patient form")
    page.keyboard.press("Enter")
    expect(next_).to_be_focused()
    expect(page.locator("#lb-counts")).to_contain_text("缺英文 1")
    expect(page.locator(".lb-w.lacks input[data-words=en]")).to_have_count(1)
    assert findings(page) == []
