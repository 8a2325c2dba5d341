"""Dr Lin makes the list of patients her own, saves it, and a colleague follows her link."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from serving import Served

Visit = Callable[..., Page]
PATIENTS = "/apps/clinic/views/patients"


def heads(page: Page) -> list[str]:
    """The columns, in order."""
    found: list[str] = page.locator("thead th").evaluate_all("all => all.map(e => e.dataset.field)")
    return found


def names(page: Page) -> list[str]:
    """The rows, in order."""
    return page.locator("tbody tr[data-record] a[data-opens-record]").all_inner_texts()


def test_a_list_is_made_ones_own_saved_and_shared_by_its_link(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    # Columns: one hidden, one added along a reference, one dragged to the front by its handle.
    page.get_by_role("button", name="列", exact=True).click()
    panel = page.locator("#columns-panel")
    panel.get_by_role("button", name="隐藏「电话」").click()
    expect(page.locator("thead th[data-field=phone]")).to_have_count(0)
    panel.get_by_label("查找字段").fill("责任")
    panel.get_by_role("button", name="「责任医生」的字段").click()
    panel.get_by_role("button", name="用户名").click()
    expect(page.locator("thead th[data-field='owner.username']")).to_have_count(1)
    handle = panel.locator("[data-item=spent] .handle").bounding_box()
    first = panel.locator("[data-item=code]").bounding_box()
    assert handle
    assert first
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 8, handle["y"] - 6, steps=3)
    page.mouse.move(first["x"] + 30, first["y"] + 3, steps=6)
    page.mouse.up()
    expect(page.locator("thead th").nth(1)).to_have_attribute("data-field", "spent")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    # A column is drawn wider; from its head it is summed and kept in place.
    head = page.locator("thead th[data-field=spent]")
    grip = head.locator(".grip").bounding_box()
    assert grip
    page.mouse.move(grip["x"] + 4, grip["y"] + 6)
    page.mouse.down()
    page.mouse.move(grip["x"] + 84, grip["y"] + 6, steps=4)
    page.mouse.up()
    expect(page.locator("col[data-col=spent]")).to_have_attribute("width", head_width(page))
    head.hover()
    head.locator(".hm").click()
    page.get_by_role("menuitemradio", name="合计").click()
    expect(page.locator("tfoot")).to_contain_text("1,429")
    head.locator(".hm").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="冻结到此列").click()
    expect(page.locator("table.grid")).to_have_attribute("data-freeze", "2")
    assert head.evaluate("e => getComputedStyle(e).position") == "sticky"

    # Two keys of order, groups, and the whole saved under a name.
    page.locator("thead th[data-field=risk] a").click()
    expect(page.locator("thead th[data-field=risk]")).to_have_attribute("aria-sort", "ascending")
    page.locator("thead th[data-field=spent] a").click(modifiers=["Shift"])
    expect(page.locator("thead th[data-field=spent]")).to_have_attribute("aria-sort", "ascending")
    assert "sort=risk,spent" in page.url
    page.get_by_role("button", name="分组").click()
    page.get_by_role("menuitemcheckbox", name="风险").click()
    expect(page.locator("tr.group")).to_have_count(3)
    assert names(page) == ["张思远", "林书宁", "陈嘉禾", "王敏", "赵文博"]
    page.locator("[data-band=low] [data-fold]").click()
    expect(page.locator("tbody tr[data-record]:visible")).to_have_count(3)
    expect(page.get_by_text("有未保存的改动")).to_be_visible()
    page.get_by_role("button", name="保存视图").click()
    page.get_by_label("视图名称").fill("按风险看")
    page.get_by_label("这些角色").check()
    page.get_by_label("医生", exact=True).check()
    page.locator("#save-menu").get_by_role("button", name="保存视图").click()
    expect(page.locator("h1")).to_have_text("按风险看")
    expect(page.get_by_text("有未保存的改动")).to_have_count(0)
    assert heads(page)[:3] == ["name", "spent", "code"]
    page.get_by_role("button", name="视图「按风险看」的操作").click()
    page.get_by_role("menuitem", name="设为我的默认").click()
    page.goto(PATIENTS)
    expect(page.locator("h1")).to_have_text("按风险看")

    # A colleague follows the link: the same view, of his own patients, of whom there are none; by name it is not his.
    colleague = visit("dr_mao")
    colleague.goto(page.url)
    expect(colleague.locator("h1")).to_have_text("按风险看")
    expect(colleague.get_by_role("heading", name="还没有病人")).to_be_visible()
    colleague.get_by_role("button", name="视图「按风险看」的操作").click()
    expect(colleague.get_by_role("menuitem", name="删除视图")).to_have_count(0)


def head_width(page: Page) -> str:
    """How wide the spent column was drawn, as its page says."""
    box = page.locator("thead th[data-field=spent]").bounding_box()
    assert box is not None
    return str(round(box["width"]))


def test_a_list_comes_back_where_it_was_left(visit: Visit, served: Served) -> None:
    for records in served.records():
        records.create_many("medicine", [{"name": f"药 {n:03}", "code": f"Z{n:03}"} for n in range(160)])
    page = visit("head_yu")
    page.goto("/apps/clinic/views/medicine?sort=code")
    rows = page.locator("tr[data-record]")
    expect(rows).to_have_count(50)
    for there in (100, 150, 162):
        page.locator("#list").evaluate("e => e.scrollTo(0, e.scrollHeight)")
        expect(rows).to_have_count(there)
    top = page.locator("#list").evaluate("e => e.scrollTop")
    seen = rows.nth(140)
    text = seen.locator("a[data-opens-record]").inner_text()
    seen.locator("a[data-opens-record]").click()
    page.wait_for_url("**/medicine/**")
    page.go_back()
    expect(rows).to_have_count(162)
    expect(page.get_by_role("link", name=text)).to_be_in_viewport()
    assert abs(page.locator("#list").evaluate("e => e.scrollTop") - top) < 400


def test_on_a_phone_the_filter_rises_from_below_and_rows_have_two_columns(visit: Visit) -> None:
    page = visit(width=390, height=844)
    page.goto(PATIENTS)
    row = page.locator("tr[data-record]").first
    figure = row.locator("[data-field=spent]").bounding_box()
    name = row.locator("[data-field=name]").bounding_box()
    assert figure
    assert name
    assert figure["x"] > name["x"] + 100
    assert abs(figure["y"] - name["y"]) < 30
    page.locator("#filter-open").click()
    panel = page.locator("#filter-panel")
    expect(panel.locator(".frow").first).to_be_visible()
    panel.evaluate("panel => Promise.all(panel.getAnimations({subtree: true}).map(one => one.finished))")
    box = panel.bounding_box()
    assert box
    assert (round(box["x"]), round(box["width"])) == (0, 390)
    assert round(box["y"] + box["height"]) == 844
    panel.locator(".frow").last.get_by_label("字段").select_option("risk")
    panel.locator("select[name='v.1']").select_option("medium")
    expect(panel.get_by_role("status")).to_have_text("符合 1 条")
    panel.get_by_role("button", name="筛选", exact=True).last.click()
    expect(panel).to_be_hidden()
    assert names(page) == ["陈嘉禾"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
