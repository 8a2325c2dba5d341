"""A module from nothing by somebody from the business: built, published, used, changed with data in it, rolled back.

By mouse and what one types as names; no text of a document is written by hand.
"""

from __future__ import annotations

from collections.abc import Callable

from hands import drag
from looking import findings
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
QUICK = (
    "负责人 人员 必填",
    "状态 单选: 起草, 评审, 发布",
    "完成日期 日期",
    "摘要 多行文字 可搜索",
    "评分 评分",
    "预算 金额",
    "联系电话 电话 敏感",
    "病人 病人",
    "药品 药品",
    "附件 文件",
)
APP = "/apps/clinic"


def build(page: Page) -> None:
    """An entity with twelve fields, two of them references; its form with tabs; a board; a role."""
    page.goto("/studio/clinic")
    page.locator("[data-new=entity]").click()
    page.locator("#n-zh").fill("研究报告")
    page.locator("#n-en").fill("Research report")
    page.locator(".ent-new [value=head]").check()
    page.locator(".ent-dlg [type=submit]").click()
    page.wait_for_url("**/entity/research_report")
    rows = page.locator("[data-field-id]")
    expect(rows).to_have_count(1)
    for number, line in enumerate(QUICK, 2):
        page.locator("#ent-quick").fill(line)
        page.keyboard.press("Enter")
        expect(rows).to_have_count(number)
    drag(page, page.locator("[data-palette=autonumber]"), rows.first, on=(60, 4))
    expect(rows).to_have_count(12)
    assert set(page.locator("[data-field-id]").evaluate_all("rows => rows.map(r => r.dataset.name)")) >= {
        "name", "owner", "patient", "medicine", "yusuan",
    }  # fmt: skip


def lay_out(page: Page) -> None:
    """The form that came with it: fields by drag and by a click, a tab, and two fields in it."""
    page.locator("[data-document^='form/research_report']").first.click()
    paper = page.locator("#paper")
    expect(paper.locator("[data-fields] [data-name=name]")).to_be_visible()
    loose = page.locator("[data-palette=field]")
    drag(page, loose.filter(has_text="负责人"), paper.locator("[data-name=name]"), on=(300, 30))
    expect(paper.locator("[data-name=owner]")).to_be_visible()
    expect(loose.filter(has_text="负责人")).to_have_count(0)
    for name in ("state", "wanchengriqi", "zhaiyao", "patient"):
        page.locator(f"[data-palette=field][data-field={name}]").click()
        expect(paper.locator(f"[data-name={name}]")).to_be_visible()
        expect(page.locator(f"[data-palette=field][data-field={name}]")).to_have_count(0)
    page.get_by_role("tab", name="布局", exact=True).click()
    page.locator("[data-palette=tabs]").click()
    tab = paper.locator("[data-tab]").first
    expect(tab).to_be_visible()
    page.get_by_role("tab", name="字段", exact=True).click()
    for name in ("yusuan", "medicine"):
        drag(page, page.locator(f"[data-palette=field][data-field={name}]"), tab, on=(20, 10))
        expect(paper.locator(f"[data-tab-body] [data-name={name}]")).to_be_visible()
        expect(page.locator(f"[data-palette=field][data-field={name}]")).to_have_count(0)


def show(page: Page) -> str:
    """A board by state; gives its address in the app."""
    page.goto("/studio/clinic/new-view?entity=research_report")
    page.locator(".vn-kind", has_text="看板").click()
    page.locator("#vn-zh").fill("报告看板")
    page.locator("#vn-en").fill("Report board")
    page.locator("#vn [type=submit]").click()
    expect(page.locator("[data-drop=group] [data-put=state]")).to_be_visible()
    return f"{APP}/views/{page.url.partition('?')[0].rpartition('/')[2]}"


def allow(page: Page) -> None:
    """Nurses read what their team has, and may not see the budget."""
    page.goto("/studio/clinic/role/nurse")
    line = page.locator("tbody[data-entity=research_report]")
    line.locator("[id$=-read]").click()
    expect(line.locator("[id$=-read]")).to_have_attribute("aria-checked", "true")
    line.locator("select[name=rows]").select_option("team")
    expect(line.locator("select[name=rows]")).to_have_class("scope c-teal")
    line.locator("a[aria-expanded]").click()
    line.locator("select[id$=-yusuan]").select_option("hidden")
    expect(line.locator("select[id$=-yusuan]")).to_have_class("scope c-gray")


def publish(page: Page, note: str) -> None:
    """Look at what will happen, say why, and do it."""
    page.goto("/studio/clinic/publish")
    page.locator("#pub-note").fill(note)
    assert findings(page) == []
    page.locator("#pub [type=submit]").click()
    expect(page.locator("#pub-job")).to_have_attribute("data-state", "done")


def use(page: Page, board: str) -> None:
    """The head writes a report by the form, and finds it on the board."""
    page.goto(f"{APP}/research_report/new")
    page.locator("[name=name]").fill("青霉素过敏随访")
    page.locator("[name=zhaiyao]").fill("三年随访，未见复发。")
    page.locator("[name=owner]").press_sequentially("林")
    page.locator("#o-owner [role=option]").first.click()
    page.locator("[name=state]").select_option(label="评审")
    page.locator("form[data-entity] [type=submit].pri").click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    expect(page.locator("h1")).to_contain_text("青霉素过敏随访")
    page.goto(board)
    expect(page.locator(".kc", has_text="青霉素过敏随访")).to_be_visible()


def change(page: Page) -> None:
    """With a report in it: a field under another name, and an option more."""
    page.goto("/studio/clinic/entity/research_report")
    page.locator("[data-name=zhaiyao] [data-choose]").click()
    page.locator("#p-name").fill("summary")
    page.keyboard.press("Tab")
    page.locator("#ent-ask dialog [type=submit]").click()
    expect(page.locator("[data-name=summary]")).to_have_count(1)
    page.locator("[data-name=state] [data-choose]").click()
    page.locator("[data-adds]").fill("撤回")
    page.keyboard.press("Enter")
    expect(page.locator("[data-option]")).to_have_count(4)


def test_a_module_from_nothing_in_one_sitting(visit: Visit) -> None:
    page = visit("boss")
    build(page)
    lay_out(page)
    board = show(page)
    allow(page)
    publish(page, "研究报告上线")
    head = visit("head_yu")
    use(head, board)
    change(page)
    publish(page, "摘要改名，多一个状态")
    head.goto(board)
    head.locator(".kc", has_text="青霉素过敏随访").locator("a").first.click()
    expect(head.locator("[data-field=summary]").first).to_contain_text("三年随访")
    # Back to how it was, and nothing of what was written is lost.
    page.goto("/studio/clinic/versions")
    page.locator("[data-version='2'] a[href*='back=2']").click()
    page.locator("#pub [type=submit]").click()
    expect(page.locator("#pub-job")).to_have_attribute("data-state", "done")
    head.reload()
    expect(head.locator("[data-field=zhaiyao]").first).to_contain_text("三年随访")
