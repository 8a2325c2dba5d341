"""Filling in a form: conditions at once, errors beside the field, warnings, conflicts, pickers, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
NEW_VISIT = "/apps/clinic/visit/new"
NEW_PATIENT = "/apps/clinic/patient/new"


def patient(page: Page, name: str) -> str:
    """The address of a patient."""
    page.goto(f"/apps/clinic/views/patients?search={name}")
    return str(page.locator("a[data-opens-record]").first.get_attribute("href"))


def test_a_record_is_created_with_a_picked_reference_and_defaults(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    expect(page.locator("[name=doctor]")).to_have_value("林医生")
    expect(page.locator("[name=fee]")).to_have_value("20.00")
    page.locator("[name=patient]").press_sequentially("zsy")
    option = page.locator("#o-patient [role=option]", has_text="张思远")
    expect(option).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("[name=patient]")).to_have_value("张思远")
    page.fill("[name=reason]", "牙痛")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator(".toast")).to_contain_text("已新建")
    expect(page.locator("dd[data-field=reason]")).to_have_text("牙痛")
    expect(page.locator("dd[data-field=patient]")).to_have_text("张思远")


def test_a_title_that_is_typed_names_its_record_without_any_script(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    page.fill("[name=patient]", "王敏")
    page.keyboard.press("Escape")
    page.fill("[name=reason]", "取药")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator("dd[data-field=patient]")).to_have_text("王敏")


def test_errors_stand_beside_their_fields_and_are_summed_up_on_top(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    page.fill("[name=fee]", "-1")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator("[data-error-for=patient]")).to_contain_text("病人")
    summary = page.locator("[data-problems]")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.locator("[name=patient]")).to_be_focused()
    page.locator("[name=patient]").press_sequentially("王敏")
    page.locator("#o-patient [role=option]").first.click()
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator("[data-error-for=fee]")).to_contain_text("诊费不能为负")
    expect(page.locator("[name=fee]")).to_have_value("-1")


def test_a_conditional_field_comes_and_goes_while_one_types(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_PATIENT)
    field = page.locator("[data-placed=id_number]")
    expect(field).to_be_hidden()
    page.fill("[name=born_on]", "1990-01-01")
    expect(field).to_be_visible()
    page.fill("[name=born_on]", "")
    expect(field).to_be_hidden()


def test_a_warning_asks_for_a_reason_which_is_kept(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    page.fill("[name=patient]", "王敏")
    page.keyboard.press("Escape")
    page.fill("[name=fever]", "33.0")
    page.get_by_role("button", name="新建就诊").click()
    warning = page.locator("[data-warnings]")
    expect(warning).to_contain_text("体温不寻常")
    warning.locator("input").fill("体温计换过")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator("dd[data-field=fever]")).to_have_text("33.0")
    expect(page.locator(".tl").first).to_contain_text("体温计换过")


def test_changes_to_different_fields_merge_and_to_the_same_ask_which(visit: Visit) -> None:
    one = visit()
    address = patient(one, "赵文博")
    other = visit()
    one.goto(address + "/edit")
    other.goto(address + "/edit")
    other.fill("[name=mail]", "theirs@example.cn")
    other.get_by_role("button", name="保存").click()
    other.get_by_role("tab", name="资料").click()
    expect(other.locator("dd[data-field=mail]")).to_have_text("theirs@example.cn")

    one.fill("[name=born_on]", "1966-01-16")
    one.get_by_role("button", name="保存").click()
    one.get_by_role("tab", name="资料").click()
    expect(one.locator("dd[data-field=born_on]")).to_have_text("1966-01-16")
    expect(one.locator("dd[data-field=mail]")).to_have_text("theirs@example.cn")

    one.goto(address + "/edit")
    other.goto(address + "/edit")
    other.fill("[name=mail]", "again@example.cn")
    other.get_by_role("button", name="保存").click()
    one.fill("[name=mail]", "ours@example.cn")
    one.get_by_role("button", name="保存").click()
    conflict = one.locator("[data-conflict]")
    expect(conflict).to_contain_text("again@example.cn")
    expect(conflict).to_contain_text("ours@example.cn")
    expect(conflict).to_contain_text("林医生 今天")
    conflict.get_by_role("button", name="按选择保存").click()
    one.get_by_role("tab", name="资料").click()
    expect(one.locator("dd[data-field=mail]")).to_have_text("ours@example.cn")


def test_several_records_are_picked_and_taken_away(visit: Visit) -> None:
    page = visit()
    address = patient(page, "林书宁")
    page.goto(address + "/edit")
    page.locator("[name=allergies]").press_sequentially("青")
    page.locator("#o-allergies [role=option]", has_text="青霉素").click()
    expect(page.locator("[data-placed=allergies] [data-chip]")).to_have_count(1)
    page.locator("[data-placed=allergies] [data-remove]").click()
    expect(page.locator("[data-placed=allergies] [data-chip]")).to_have_count(0)
    page.locator("[name=allergies]").press_sequentially("花")
    page.locator("#o-allergies [role=option]", has_text="花粉").first.click()
    page.get_by_role("button", name="保存").click()
    page.get_by_role("tab", name="资料").click()
    expect(page.locator("dd[data-field=allergies]")).to_have_text("花粉")


def test_a_related_record_is_added_from_the_page_it_belongs_to(visit: Visit) -> None:
    page = visit()
    address = patient(page, "张思远")
    page.goto(address + "?tab=overview")
    page.get_by_role("complementary").get_by_role("link", name="添加就诊").click()
    expect(page.locator("[name=patient]")).to_have_value("张思远")
    page.fill("[name=reason]", "随访")
    page.get_by_role("button", name="新建就诊").click()
    page.wait_for_url(lambda url: address in url)
    expect(page.locator("h1")).to_contain_text("张思远")


def test_a_day_is_understood_in_words(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_PATIENT)
    page.fill("[name=born_on]", "1990/3/2")
    page.keyboard.press("Tab")
    expect(page.locator("[name=born_on]")).to_have_value("1990-03-02")


def test_leaving_with_unsaved_work_asks_once(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_PATIENT)
    page.locator("[name=name]").press_sequentially("半途")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator(".crumb a").first.click()
    page.wait_for_url("**/views/patients")
    assert asked == ["beforeunload"]


def test_a_form_sent_without_the_sessions_word_changes_nothing(visit: Visit) -> None:
    page = visit()
    answer = page.request.post(NEW_PATIENT, form={"name": "伪造"}, headers={"Accept": "text/html"})
    assert answer.status == 403
