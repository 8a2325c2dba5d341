"""Two people and a record: one is mentioned, hears of it at once, comes and answers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def open_patient(page: Page, name: str) -> str:
    """Go to a patient's page by the list; gives its address."""
    page.goto(f"/apps/clinic/views/patients?search={name}")
    href = str(page.locator("a[data-opens-record]").first.get_attribute("href")).partition("?")[0]
    page.goto(f"{href}?tab=overview")
    return href


def test_a_mention_is_heard_of_at_once_and_answered(visit: Visit) -> None:
    nurse, doctor = visit("nurse_bai"), visit("dr_lin")
    nurse.goto("/notifications")
    badge = nurse.locator(".nav [data-unread]")
    expect(badge).to_be_hidden()
    open_patient(doctor, "王敏")

    composer = doctor.locator(".compose textarea")
    doctor.keyboard.press("l")
    expect(composer).to_be_focused()
    doctor.keyboard.type("@白")
    expect(doctor.locator("[data-people] [role=option]")).to_have_count(1)
    doctor.keyboard.press("Enter")
    expect(composer).to_have_value("@白护士 ")
    doctor.keyboard.type("明天复查 <b>前</b>先看过敏史")
    doctor.keyboard.press("Control+Enter")
    said = doctor.locator(".said").first
    expect(said.locator(".words-of")).to_have_text("@白护士 明天复查 <b>前</b>先看过敏史")
    expect(said.locator(".at")).to_have_text("@白护士")
    expect(composer).to_have_value("")

    expect(badge).to_have_text("1")
    expect(nurse).to_have_title("(1) 消息 · 斗拱")
    nurse.reload()
    notice = nurse.locator("li.new")
    expect(notice).to_contain_text("林医生 在「王敏」的评论里提到了你")
    notice.locator("a.whole").click()
    expect(nurse.locator(".said .words-of").first).to_contain_text("明天复查")
    expect(badge).to_be_hidden()
    nurse.locator(".compose textarea").fill("看过了，对青霉素过敏。")
    nurse.get_by_role("button", name="发送").click()
    expect(nurse.locator(".said")).to_have_count(2)

    expect(doctor.locator(".nav [data-unread]")).not_to_be_hidden()
    doctor.goto("/notifications?which=unread")
    expect(doctor.locator("li.new").first).to_contain_text("白护士 评论了「王敏」")
    expect(doctor.locator("li.new").first).to_contain_text("对青霉素过敏")
    doctor.get_by_role("button", name="全部标为已读").click()
    expect(doctor.locator("li.new")).to_have_count(0)
    expect(doctor.locator(".nav [data-unread]")).to_be_hidden()


def test_one_who_may_not_see_the_record_is_not_mentioned_and_the_words_stay(visit: Visit) -> None:
    page = visit("dr_lin")
    open_patient(page, "张思远")
    composer = page.locator(".compose textarea")
    composer.click()
    page.keyboard.type("@毛")
    option = page.locator("[data-people] [role=option]")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("看不到这条记录")
    expect(option).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    composer.fill("@毛医生 请会诊")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".compose [role=alert]")).to_contain_text("「毛医生」看不到这条记录")
    expect(page.locator(".compose textarea")).to_have_value("@毛医生 请会诊")
    expect(page.locator(".said")).to_have_count(0)
    page.locator(".compose textarea").fill("请会诊")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".said")).to_have_count(1)


def test_a_comment_is_changed_and_taken_away_in_its_place(visit: Visit) -> None:
    page = visit("dr_lin")
    open_patient(page, "赵文博")
    page.locator(".compose textarea").fill("第一版")
    page.keyboard.press("Control+Enter")
    said = page.locator(".said").first
    said.get_by_role("button", name="修改").click()
    editing = page.locator(".said .compose textarea")
    expect(editing).to_be_focused()
    editing.fill("第二版")
    page.get_by_role("button", name="保存").click()
    expect(said.locator(".words-of")).to_have_text("第二版")
    expect(said).to_contain_text("改过")
    page.locator(".words").get_by_role("button", name="变化").click()
    expect(page.locator(".said")).to_have_count(0)
    page.locator(".words").get_by_role("button", name="评论").click()
    expect(page.locator(".said")).to_have_count(1)
    page.locator(".said").get_by_role("button", name="删除评论").first.click()
    page.get_by_role("dialog", name="删除评论").get_by_role("button", name="删除评论").click()
    expect(page.locator(".said")).to_have_count(0)
    page.locator(".words").get_by_role("button", name="全部").click()
    expect(page.locator(".tl")).to_contain_text("删除了一条评论")
    expect(page.locator(".tl")).not_to_contain_text("第二版")


def test_following_ends_and_begins_by_a_press(visit: Visit) -> None:
    page = visit("nurse_bai")
    open_patient(page, "林书宁")
    bell = page.get_by_role("button", name="关注")
    expect(bell).to_have_attribute("aria-pressed", "false")
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name="关注")).to_have_attribute("aria-pressed", "true")
