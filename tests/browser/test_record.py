"""A record: its page, stages and their refusals, masked values, history, as of a day, trash."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from serving import Served

from dougong_runtime.records.query import Query

Visit = Callable[..., Page]


def open_patient(page: Page, name: str, tab: str = "overview") -> None:
    """Go to a patient's page by the list."""
    page.goto(f"/apps/clinic/views/patients?search={name}")
    href = page.locator("a[data-opens-record]").first.get_attribute("href")
    page.goto(f"{href}?tab={tab}")


def test_the_page_answers_who_this_is_and_what_happened(visit: Visit) -> None:
    page = visit()
    open_patient(page, "王敏", "page")
    expect(page.locator("h1")).to_contain_text("王敏")
    expect(page.locator(".facts [data-field=spent] dd")).to_have_text("66.00")
    expect(page.locator("[data-block] .tl")).to_contain_text("头痛三天")
    page.get_by_role("tab", name="资料").click()
    expect(page.locator("dd[data-field=born_on]")).to_have_text("1980-03-05")
    expect(page.get_by_role("complementary")).to_contain_text("就诊")


def test_tabs_come_from_the_form_and_load_when_shown(visit: Visit) -> None:
    page = visit()
    open_patient(page, "林书宁")
    page.get_by_role("tab", name="就诊").click()
    expect(page.locator("[role=tabpanel]:visible [data-list=visits] tr[data-record]")).to_have_count(5)
    page.get_by_role("tab", name="数字").click()
    expect(page.locator("dd[data-field=visit_count]")).to_have_text("5")
    page.get_by_role("tab", name="历史").click()
    expect(page.locator("[role=tabpanel]:visible .tl")).to_contain_text("新建了记录")
    assert "tab=history" in page.url


def test_a_masked_value_is_revealed_for_a_while_and_that_is_logged(visit: Visit) -> None:
    page = visit()
    open_patient(page, "王敏")
    expect(page.locator("dd[data-field=phone]")).not_to_contain_text("13802166207")
    page.locator("dd[data-field=phone] .reveal").click()
    expect(page.locator("[data-revealed]")).to_have_text("13802166207")
    expect(page.locator("[data-left]")).to_contain_text("秒后隐藏")
    page.reload()
    expect(page.locator("dd[data-field=phone]")).not_to_contain_text("13802166207")
    page.get_by_role("tab", name="历史").click()
    expect(page.locator("[role=tabpanel]:visible .tl")).to_contain_text("查看了隐去的电话")


def test_a_refused_stage_says_why_and_offers_the_next_step(visit: Visit) -> None:
    page = visit()
    open_patient(page, "陈嘉禾")
    page.get_by_role("button", name="转为就诊中").first.click()
    card = page.locator(".why")
    expect(card).to_contain_text("暂不能转为「就诊中」")
    expect(card).to_contain_text("身份证号")
    card.get_by_role("link", name="去填写").click()
    expect(page.locator("[data-placed=id_number] label")).to_have_class("req")
    page.fill("[name=id_number]", "11010119920701123X")
    page.get_by_role("button", name="保存并转为就诊中").click()
    expect(page.locator("[data-error-for=id_number]")).not_to_be_empty()


def test_deleting_is_undone_at_once_or_from_the_trash(visit: Visit) -> None:
    page = visit()
    page.goto("/apps/clinic/views/prescription")
    href = str(page.locator("a[data-opens-record]").first.get_attribute("href"))
    page.goto(href)
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("button", name="删除").click()
    expect(page.locator(".toast")).to_contain_text("已移到回收站")
    page.locator(".toast").get_by_role("button", name="撤销").click()
    page.wait_for_url(lambda url: href in url)
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("button", name="删除").click()
    page.goto("/apps/clinic/prescription/trash")
    expect(page.locator("tr[data-record]")).to_have_count(1)
    page.get_by_role("button", name="恢复").first.click()
    page.wait_for_url(lambda url: href in url)


def test_a_record_that_must_be_kept_says_until_when(visit: Visit) -> None:
    page = visit()
    page.goto("/apps/clinic/views/visits?search=体检")
    page.goto(str(page.locator("a[data-opens-record]").first.get_attribute("href")))
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("button", name="删除").click()
    expect(page.locator(".why")).to_contain_text("不能删除")
    expect(page.locator(".why")).to_contain_text("2041")


def test_a_change_is_a_sentence_with_both_values(visit: Visit) -> None:
    page = visit()
    open_patient(page, "张思远")
    page.get_by_role("link", name="编辑").first.click()
    page.fill("[name=mail]", "new@example.cn")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toast")).to_contain_text("已保存")
    page.goto(page.url.split("?")[0] + "?tab=history")
    sentence = page.locator("[role=tabpanel]:visible .tl li", has_text="修改了").first
    expect(sentence).to_contain_text("林医生")
    expect(sentence.locator(".was")).to_have_text("p1@example.cn")
    expect(sentence.locator("b").last).to_have_text("new@example.cn")


def test_a_record_is_shown_as_it_stood_on_a_day(visit: Visit) -> None:
    page = visit()
    open_patient(page, "王敏")
    page.get_by_role("button", name="回看某日").click()
    page.locator("#as-of-menu").get_by_role("button", name="回看").click()
    expect(page.locator(".note.draft")).to_contain_text("的王敏")
    expect(page.get_by_role("link", name="编辑")).to_have_count(0)
    page.get_by_role("link", name="回到现在").click()
    expect(page.locator(".note.draft")).to_have_count(0)


def test_what_is_not_there_and_what_may_not_be_seen_look_alike(visit: Visit) -> None:
    page = visit("dr_mao")
    answers = []
    for record in ("0190a0a0-0000-7000-8000-000000000000", "nonsense"):
        answer = page.goto(f"/apps/clinic/patient/{record}")
        assert answer is not None
        answers.append(answer.status)
    assert answers == [404, 404]
    expect(page.get_by_role("heading", name="没有找到这个页面")).to_be_visible()


def test_facts_are_filled_in_where_they_stand(visit: Visit) -> None:
    page = visit()
    open_patient(page, "陈嘉禾")
    mail = page.locator("dd[data-field=mail]")
    mail.click(position={"x": 150, "y": 12})
    expect(mail.locator("input[name=mail]")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("no mail")
    page.keyboard.press("Enter")
    expect(mail.locator("[data-error-for=mail]")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("chen@example.cn")
    page.keyboard.press("Enter")
    expect(mail).to_have_text("chen@example.cn")
    expect(mail).to_be_focused()
    expect(page.locator(".story .tl")).to_contain_text("chen@example.cn")
    page.keyboard.press("e")
    expect(mail.locator("input[name=mail]")).to_be_focused()
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    expect(mail).to_have_text("chen@example.cn")
    page.locator("dd[data-field=risk]").dblclick()
    expect(page.locator(".why-not")).to_contain_text("医生不能修改「风险」")
    expect(page.locator(".why-not")).to_contain_text("可以请：")


def test_a_fact_that_is_left_for_a_comment_is_saved_and_the_comment_goes_on(visit: Visit) -> None:
    page = visit()
    open_patient(page, "陈嘉禾")
    mail = page.locator("dd[data-field=mail]")
    mail.click(position={"x": 150, "y": 12})
    mail.locator("input[name=mail]").fill("jiahe@example.cn")
    comment = page.locator("textarea:visible").first
    comment.click()
    expect(mail).to_have_text("jiahe@example.cn")
    expect(page.locator(".story .tl")).to_contain_text("jiahe@example.cn")
    expect(comment).to_be_focused()


def test_a_record_leads_on_through_the_list_that_it_was_opened_from(visit: Visit) -> None:
    page = visit()
    page.goto("/apps/clinic/views/patients?sort=-born_on")
    names = page.locator("a[data-opens-record]").all_inner_texts()
    page.locator("a[data-opens-record]").nth(1).click()
    expect(page.locator("[data-place]")).to_have_text(f"2 / {len(names)}")
    page.keyboard.press("j")
    expect(page.locator("h1")).to_contain_text(names[2])
    expect(page.locator("[data-place]")).to_have_text(f"3 / {len(names)}")
    page.keyboard.press("k")
    expect(page.locator("h1")).to_contain_text(names[1])
    page.locator(".crumb a").click()
    assert "sort=-born_on" in page.url


def test_what_is_missing_says_why(visit: Visit) -> None:
    page = visit("dr_mao")
    page.goto("/apps/clinic/patient/0190a0a0-0000-7000-8000-000000000000")
    page.get_by_role("link", name="为什么").click()
    expect(page.locator(".why-not")).to_contain_text("医生：自己负责的记录")


def test_a_line_of_time_shows_one_kind_alone(visit: Visit, served: Served) -> None:
    for records in served.records():
        (patient,) = records.list(Query("patient", "name = '林书宁'", fields=("id",))).items
        records.create("consent_record", {"patient": patient["id"], "subject": "手术同意书"})
    page = visit()
    page.goto(f"/apps/clinic/patient/{patient['id']}?tab=page")
    words = page.locator("[data-behaviour=kinds]")
    expect(words.get_by_role("button")).to_have_text(["全部", "知情同意", "就诊"])
    line = page.locator("[data-block] .tl").first
    words.get_by_role("button", name="知情同意").click()
    expect(line.locator("li:visible")).to_have_count(2)
    expect(line.locator("li:visible").last).to_contain_text("手术同意书")
    words.get_by_role("button", name="全部").click()
    expect(line.locator("li[data-kind]:visible")).to_have_count(6)
