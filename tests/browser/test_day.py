"""Two days in the clinic, from the first look at the home page to the last: of one who sees patients, and of the head
who looks over all of them."""

from __future__ import annotations

from collections.abc import Callable

from hands import address_of, drag
from playwright.sync_api import Page, expect
from serving import Served

Visit = Callable[..., Page]
PATIENTS = "/apps/clinic/views/patients"


def test_a_day_with_patients(visit: Visit) -> None:
    page = visit("head_yu")
    # The morning: what is to be done today, one thing ticked, which folds away.
    page.goto("/apps/clinic")
    tasks = page.locator("[data-block] .task")
    expect(tasks.first).to_be_visible()
    first = str(tasks.first.get_attribute("data-record"))
    tasks.first.locator("button.ring").click()
    expect(page.locator(f".task[data-record='{first}']")).to_have_count(0)

    # By the palette to a patient, without a mouse; a colleague is named in a comment.
    page.keyboard.press("Control+k")
    page.keyboard.type("wm")
    expect(page.locator("#palette-results [role=option]", has_text="王敏").first).to_be_visible()
    with page.expect_response(lambda answer: answer.url.endswith("/opened")):
        page.keyboard.press("Enter")
        page.wait_for_url("**/patient/**")
    expect(page.locator("h1")).to_contain_text("王敏")
    page.keyboard.press("s")
    expect(page.locator(".star")).to_have_attribute("aria-pressed", "true")
    page.goto(page.url.split("?")[0] + "?tab=overview")
    page.keyboard.press("l")
    expect(page.locator(".compose textarea")).to_be_focused()
    page.keyboard.type("@林")
    expect(page.locator("[data-people] [role=option]")).not_to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.type("下午一起看片子")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".said .words-of").first).to_contain_text("下午一起看片子")

    # A stage that is refused says what is missing and leads there.
    page.goto(address_of(page, "陈嘉禾") + "?tab=overview")
    page.get_by_role("button", name="转为就诊中").first.click()
    expect(page.locator(".why")).to_contain_text("身份证号")
    page.locator(".why").get_by_role("link", name="去填写").click()
    expect(page.locator("[data-placed=id_number] label")).to_have_class("req")

    # A form is half filled in when the browser dies; what was typed is offered again.
    record = address_of(page, "张思远")
    page.clock.install()
    page.goto(record + "/edit")
    page.fill("[name=mail]", "after@example.cn")
    page.locator("[name=mail]").press("Tab")
    page.clock.fast_forward(6_000)
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已存")
    page.context.close()
    page = visit("head_yu")
    page.goto(record + "/edit")
    page.locator("[data-offer]").get_by_role("link", name="继续填写").click()
    expect(page.locator("[name=mail]")).to_have_value("after@example.cn")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toast")).to_contain_text("已保存")

    # Two patients are handed over at once, and taken back.
    page.goto(f"{PATIENTS}?columns=name,owner&sort=name")
    page.wait_for_load_state("networkidle")
    rows = page.locator("tr[data-record]")
    rows.first.locator("a[data-opens-record]").focus()
    for key in ("Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    bar = page.get_by_role("toolbar", name="对所选记录的操作")
    expect(bar).to_contain_text("已选 2 条")
    bar.get_by_role("button", name="分配").click()
    dialog = page.get_by_role("dialog", name="修改病人（2 条）")
    dialog.get_by_role("combobox", name="责任医生").fill("毛")
    page.get_by_role("option", name="毛医生").click()
    dialog.get_by_role("button", name="预览").click()
    dialog.get_by_role("button", name="修改 2 条").click()
    expect(page.locator("tbody [data-field=owner]", has_text="毛医生")).to_have_count(2)
    page.locator("[data-toast]").get_by_role("button", name="撤销").click()
    expect(page.locator("tbody [data-field=owner]", has_text="毛医生")).to_have_count(0)

    # A visit is moved on the board, and at home the star and what was opened wait.
    page.goto("/apps/clinic/views/visits_by_stage")
    planned, begun = page.locator("[data-lane=planned]"), page.locator("[data-lane=open]")
    name = str(planned.locator(".kc").first.get_attribute("data-title"))
    drag(page, planned.locator(".kc").first, begun)
    expect(begun.get_by_role("link", name=name, exact=True)).to_be_visible()
    page.goto("/apps/clinic")
    expect(page.locator("[data-block]", has=page.get_by_role("heading", name="标星"))).to_contain_text("王敏")
    expect(page.locator("[data-block]", has=page.get_by_role("heading", name="最近打开"))).to_contain_text(
        "王敏"
    )


def test_a_heads_review(visit: Visit, served: Served) -> None:
    page = visit("head_yu")
    # Patients by risk with what they spent, kept as a view for all heads.
    page.goto(f"{PATIENTS}?group=risk&totals=spent:sum")
    expect(page.locator("tr.group")).to_have_count(3)
    expect(page.locator("tfoot")).to_contain_text("1,429")
    page.get_by_role("button", name="保存视图").click()
    page.get_by_label("视图名称").fill("按风险复盘")
    page.get_by_label("这些角色").check()
    page.get_by_label("科主任", exact=True).check()
    page.locator("#save-menu").get_by_role("button", name="保存视图").click()
    expect(page.locator("h1")).to_have_text("按风险复盘")
    colleague = visit("boss")
    colleague.goto(page.url)
    expect(colleague.locator("h1")).to_have_text("按风险复盘")
    expect(colleague.locator("tr.group")).to_have_count(3)

    # A record is deleted by mistake and found in the trash.
    for records in served.records():
        made = records.create("medicine", {"name": "维生素", "code": "V9"})["id"]
    record = f"/apps/clinic/medicine/{made}"
    page.goto(record)
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("button", name="删除").click()
    expect(page.locator(".toast")).to_contain_text("已移到回收站")
    page.goto("/apps/clinic/medicine/trash")
    page.get_by_role("button", name="恢复").first.click()
    page.wait_for_url(lambda url: record in url)

    # What was changed is told, and the record is looked at as it stood.
    page.goto(address_of(page, "赵文博") + "/edit")
    page.fill("[name=mail]", "moved@example.cn")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toast")).to_contain_text("已保存")
    page.goto(page.url.split("?")[0] + "?tab=history")
    told = page.locator("[role=tabpanel]:visible .tl li", has_text="修改了").first
    expect(told.locator(".was")).to_have_text("p3@example.cn")
    page.get_by_role("button", name="回看某日").click()
    page.locator("#as-of-menu").get_by_role("button", name="回看").click()
    expect(page.locator(".note.draft")).to_contain_text("的赵文博")
    expect(page.get_by_role("link", name="编辑")).to_have_count(0)
    page.get_by_role("link", name="回到现在").click()
    expect(page.locator(".note.draft")).to_have_count(0)
