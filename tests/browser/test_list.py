"""A list: filter, sort, search by pinyin, group, keys; the address carries it all."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from serving import Served

Visit = Callable[..., Page]
PATIENTS = "/apps/clinic/views/patients"


def names(page: Page) -> list[str]:
    """The first column's names, in order."""
    return page.locator("tbody tr[data-record] a[data-opens-record]").all_inner_texts()


def test_a_view_shows_its_columns_with_the_hooks_that_scripts_rely_on(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    expect(page.locator("body[data-app=clinic]")).to_have_count(1)
    expect(page.locator("[data-view=patients]")).to_have_count(1)
    assert page.locator("thead th").evaluate_all("all => all.map(e => e.dataset.field)") == [
        "name", "code", "phone", "risk", "stage", "spent", "last_visit_at", "owner",
    ]  # fmt: skip
    row = page.locator("tr[data-record]", has_text="王敏")
    expect(row.locator("[data-field=spent]")).to_have_text("66.00")
    expect(row.locator("[data-field=phone]")).to_contain_text("•")


def test_a_condition_is_made_with_clicks_and_stands_in_the_address(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    page.locator(".tools").get_by_role("button", name="筛选").click()
    panel = page.locator("#filter-panel")
    row = panel.locator(".frow").last
    row.get_by_label("字段").select_option("risk")
    row.locator("select[name='v.1']").select_option("high")
    expect(panel.get_by_role("status")).to_have_text("符合 2 条")
    panel.get_by_role("button", name="筛选", exact=True).last.click()
    page.wait_for_url("**filter=*")
    expect(panel).to_be_hidden()
    assert sorted(names(page)) == ["王敏", "赵文博"]
    expect(page.locator(".fchip").nth(1)).to_contain_text("风险是高")
    page.reload()
    assert sorted(names(page)) == ["王敏", "赵文博"]
    page.locator(".fchip .x").nth(1).click()
    expect(page.locator("tr[data-record]")).to_have_count(5)


def test_a_chip_is_changed_in_place(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS + "?filter=spent >= 300")
    assert names(page) == ["林书宁", "赵文博"]
    page.locator(".fchip").nth(1).get_by_role("button", name="300").click()
    menu = page.locator("#chip-1")
    menu.locator("[name=value]").fill("500")
    menu.get_by_role("button", name="筛选").click()
    expect(page.locator("tr[data-record]")).to_have_count(1)


def test_a_formula_is_written_as_text_and_comes_back_as_conditions(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    page.keyboard.press("f")
    panel = page.locator("#filter-panel")
    panel.get_by_role("button", name="公式").click()
    panel.locator("textarea").fill("risk = 'medium' OR spent > 'much'")
    expect(panel.locator("#formula-error")).to_contain_text("数字")
    panel.locator("textarea").fill("risk = 'medium' OR spent > 500")
    expect(panel.get_by_role("status")).to_have_text("符合 2 条")
    panel.get_by_role("button", name="按条件").click()
    expect(panel.locator(".frow")).to_have_count(2)
    expect(panel.locator("select[name=j]")).to_have_value("or")
    panel.get_by_role("button", name="筛选", exact=True).last.click()
    expect(page.locator("tr[data-record]")).to_have_count(2)
    expect(page.locator(".fchip")).to_contain_text("风险 是 中 或 总费用 > 500")


def test_a_wrong_formula_is_explained_not_hidden(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS + "?filter=rsk = 'low'")
    expect(page.get_by_role("alert")).to_contain_text("risk")
    page.get_by_role("alert").get_by_role("link", name="恢复视图").click()
    expect(page.locator("tr[data-record]")).to_have_count(5)


def test_a_head_sorts_up_then_down_then_as_the_view_says(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    assert names(page)[0] == "林书宁"
    head = page.locator("thead th[data-field=name]")
    head.locator("a").click()
    page.wait_for_url("**sort=name")
    expect(page.locator("tbody tr[data-record]").first).to_contain_text("陈嘉禾")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(page) == ["陈嘉禾", "林书宁", "王敏", "张思远", "赵文博"]
    head.locator("a").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page)[0] == "赵文博"


def test_search_finds_by_initials_as_one_types(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    page.keyboard.press("/")
    expect(page.locator("[name=search]")).to_be_focused()
    page.keyboard.type("zs")
    expect(page.locator("tr[data-record]")).to_have_count(1)
    assert names(page) == ["张思远"]
    page.wait_for_url("**search=zs**")
    page.fill("[name=search]", "nobody")
    expect(page.get_by_role("heading", name="没有符合条件的病人")).to_be_visible()


def test_rows_are_grouped_with_counts(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS + "?group=risk")
    heads = page.locator("tr.group").all_inner_texts()
    assert [h.split() for h in heads] == [["低", "2"], ["中", "1"], ["高", "2"]]


def test_keys_walk_the_rows_and_open_one(visit: Visit) -> None:
    page = visit()
    page.goto(PATIENTS)
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr[data-record] a[data-opens-record]").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("赵文博")


def test_further_rows_come_as_one_scrolls_and_the_count_is_said(visit: Visit, served: Served) -> None:
    for records in served.records():
        records.create_many("allergy", [{"name": f"过敏原 {n:03}", "severity": "mild"} for n in range(120)])
    page = visit()
    page.goto("/apps/clinic/views/allergies")
    expect(page.locator("tr[data-record]")).to_have_count(50)
    expect(page.locator("[data-count-text]")).to_have_text("122")
    page.locator("tr.more").scroll_into_view_if_needed()
    expect(page.locator("tr[data-record]")).to_have_count(100)
    page.locator("tr.more").scroll_into_view_if_needed()
    expect(page.locator("tr[data-record]")).to_have_count(122)
    expect(page.locator("tr.more")).to_have_count(0)


def test_a_board_has_a_lane_for_each_stage(visit: Visit) -> None:
    page = visit()
    page.goto("/apps/clinic/views/visits_by_stage")
    assert page.locator(".lane").evaluate_all("all => all.map(e => e.dataset.laneLabel)") == [
        "已预约", "进行中", "已签署", "已取消",
    ]  # fmt: skip
    expect(page.locator(".lane").first.locator("[data-record]")).to_have_count(15)


def test_who_may_not_read_an_entity_finds_no_such_view(visit: Visit) -> None:
    page = visit("nurse_bai")
    page.goto("/apps/clinic")
    expect(page.locator(".nav").get_by_role("link", name="病人", exact=True)).to_be_visible()
    answer = page.goto("/apps/clinic/views/medicine")
    assert answer is not None
    assert answer.status == 404
