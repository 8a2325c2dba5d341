"""An entity built from nothing in the browser, by mouse and by keys; then changed, renamed, retyped, retired, restored."""

from __future__ import annotations

from collections.abc import Callable

from hands import drag
from looking import at_a_glance, findings, too_wide
from playwright.sync_api import Page, Route, expect

LINES = (
    "负责人 人员 必填",
    "状态 单选: 新, 处理中, 完成",
    "交付日期",
    "联系电话 电话 敏感",
    "Budget money",
    "摘要 多行文字 可搜索",
    "病人 病人",
)


def names(page: Page) -> list[str]:
    """Inner names of the fields, in their order."""
    found: list[str] = page.locator("[data-field-id]").evaluate_all("rows => rows.map(r => r.dataset.name)")
    return found


def fields(page: Page, count: int) -> None:
    expect(page.locator("[data-field-id]")).to_have_count(count)


def choose(page: Page, name: str) -> None:
    """Choose a field; its properties stand beside."""
    page.locator(f"[data-name='{name}'] [data-choose]").click()
    expect(page.locator("#p-name")).to_have_value(name)


def test_an_entity_is_built_and_changed(visit: Callable[..., Page]) -> None:
    page = visit("boss")
    page.goto("/studio/clinic")
    page.locator("[data-new=entity]").click()
    page.locator("#n-zh").fill("研究报告")
    page.locator("#n-en").fill("Research report")
    page.locator(".ent-new [value=head]").check()
    assert findings(page, page.locator(".ent-new")) == []
    page.locator(".ent-dlg [type=submit]").click()
    page.wait_for_url("**/studio/clinic/entity/research_report")
    fields(page, 1)
    # From the palette: by mouse before the first, by a click at the end, by keys alone.
    drag(page, page.locator("[data-palette=autonumber]"), page.locator("[data-field-id]").first, on=(60, 4))
    fields(page, 2)
    assert names(page) == ["autonumber", "name"]
    expect(page.locator("#p-name")).to_have_value("autonumber")
    page.keyboard.press("/")
    expect(page.locator("[data-palette-find]")).to_be_focused()
    page.locator("[data-palette-find]").fill("percent")
    expect(page.locator("[data-palette]:visible")).to_have_count(1)
    page.locator("[data-palette=percent]").press("Enter")
    fields(page, 3)
    expect(page.locator("#p-name")).to_have_value("percent")
    for n, line in enumerate(LINES, 4):
        page.locator("#ent-quick").fill(line)
        page.keyboard.press("Enter")
        fields(page, n)
    assert names(page)[3:] == ["owner", "state", "jiaofuriqi", "phone", "budget", "zhaiyao", "patient"]
    # A reference asks what it points at.
    page.locator("[data-side=palette]").first.click()
    page.locator("[data-palette=reference]").click()
    page.locator("#ent-to-s").select_option("medicine")
    page.locator("#ent-to [value=do]").click()
    fields(page, 11)
    expect(page.locator("#p-to")).to_have_value("medicine")
    page.locator("[data-side=palette]").first.click()
    expect(page.locator("[data-palette-find]")).to_be_focused()
    drag(page, page.locator("[data-palette=boolean]"), page.locator("[data-field-id]").last, on=(60, 30))
    fields(page, 12)
    # Moved by keys only: said aloud, and focus stays with it.
    page.locator("[data-name=name] [data-choose]").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[data-field-id]").first).to_have_attribute("data-name", "name")
    expect(page.locator("[data-announce]").first).to_contain_text("1")
    expect(page.locator("[data-name=name] [data-choose]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#p-name")).to_have_value("autonumber")
    # An option in another colour, one more, one up by its menu.
    choose(page, "state")
    options = page.locator("[data-option]")
    options.nth(1).locator("[data-hue-of]").click()
    page.locator("[data-hue=purple]").click()
    expect(options.nth(1)).to_have_class("opt c-purple")
    page.locator("[data-adds]").fill("已取消")
    page.keyboard.press("Enter")
    expect(options).to_have_count(4)
    options.nth(3).locator("[data-option-menu]").click()
    page.locator("[data-option-do=up]").click()
    expect(options.nth(2).locator("[name='label.zh']")).to_have_value("已取消")
    # A property saves as it changes; what is refused is said at the input.
    choose(page, "autonumber")
    page.locator("#p-pattern").fill("R{YY")
    page.keyboard.press("Tab")
    expect(page.locator("#p-pattern")).to_have_attribute("aria-invalid", "true")
    page.locator("#p-pattern").fill("R{YYYY}-{0000}")
    page.keyboard.press("Tab")
    expect(page.locator("[data-name=autonumber] .ty")).to_contain_text("R{YYYY}-{0000}")
    expect(page.locator("[data-problems]")).to_contain_text("没有错误")
    assert findings(page) == []
    assert at_a_glance(page, "#main, #s-prop") == []
    assert too_wide(page) == []


def test_what_people_use_is_renamed_retyped_and_retired(visit: Callable[..., Page]) -> None:
    page = visit("boss")
    page.goto("/studio/clinic/entity/patient")
    choose(page, "risk")
    page.locator("#p-name").fill("hazard")
    page.keyboard.press("Tab")
    dialog = page.locator("#ent-ask dialog")
    for word in ("病人", "视图", "表单", "角色", "实体"):
        expect(dialog).to_contain_text(word)
    assert findings(page, dialog) == []
    dialog.locator("[type=submit]").click()
    expect(page.locator("[data-name=hazard]")).to_have_count(1)
    expect(page.locator("[data-name=hazard] .c-wood")).to_contain_text("risk")
    expect(page.locator("[data-problems]")).to_contain_text("没有错误")
    # Another type is looked at first: what converts, what does not, whose it is.
    choose(page, "name")
    page.locator("#p-type").select_option("integer")
    expect(dialog.locator("[data-lost]")).to_contain_text("王敏")
    dialog.locator("[data-closes]").click()
    expect(page.locator("#p-type")).to_have_value("text")
    choose(page, "mail")
    page.locator("#p-type").select_option("text")
    expect(dialog).to_contain_text("所有值都能转换")
    dialog.locator("[type=submit]").click()
    expect(page.locator("[data-name=mail] .ty")).to_contain_text("单行文字")
    # Retired with its places, listed, and back again.
    page.locator("[data-name=mail] [data-menu-of]").click()
    page.locator("#ent-menu [data-row-do=retire]").click()
    expect(dialog).to_contain_text("就诊登记")
    dialog.locator("[type=submit]").click()
    expect(page.locator("[data-gone]")).to_have_count(1)
    assert "mail" not in page.evaluate(
        "fetch('/api/v1/studio/clinic/documents/form/patient_form').then(r => r.text())"
    )
    page.locator("[data-gone] button").click()
    expect(page.locator("[data-name=mail]")).to_have_count(1)
    assert "mail" in page.evaluate(
        "fetch('/api/v1/studio/clinic/documents/form/patient_form').then(r => r.text())"
    )
    for tab in ("rules", "locks", "relations", "uses", "data"):
        page.locator(f"[data-tab={tab}]").click()
        expect(page.locator(f"[data-tab={tab}]")).to_have_attribute("aria-current", "page")
        assert findings(page) == []


def test_a_new_field_is_put_into_forms_and_lists_in_one_click(visit: Callable[..., Page]) -> None:
    page = visit("boss")
    page.goto("/studio/clinic/entity/allergy")
    page.locator("#ent-quick").fill("来源 单行文字")
    page.keyboard.press("Enter")
    expect(page.locator("[data-field-id]").last).to_contain_text("来源")
    page.locator("[data-field-id]").last.locator("[data-choose]").click()
    placing = page.locator("[data-placing]")
    expect(placing).to_contain_text("还没有放进任何表单或视图")
    expect(placing.get_by_label("过敏原", exact=True)).to_be_checked()
    placing.get_by_label("过敏原分类", exact=True).uncheck()
    assert findings(page) == []
    assert at_a_glance(page, "#s-prop") == []
    placing.get_by_role("button", name="放进勾选的地方").click()
    expect(placing.locator("[data-shown='view/allergies']")).to_have_count(1)
    expect(placing).not_to_contain_text("还没有放进")
    # Where else it could go is folded away now, and reached by keys.
    expect(placing.get_by_role("button", name="放进勾选的地方")).to_be_hidden()
    placing.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(placing.get_by_role("button", name="放进勾选的地方")).to_be_visible()
    assert findings(page) == []
    # One act: taken back by the toast, and the field stands nowhere again.
    page.locator("#toasts").get_by_role("button", name="撤销").last.click()
    expect(placing).to_contain_text("还没有放进任何表单或视图")
    expect(page.locator("[data-field-id]").last).to_contain_text("来源")
    placing.get_by_role("button", name="放进勾选的地方").click()
    placing.locator("[data-shown='view/allergies'] a").click()
    page.wait_for_url("**/studio/clinic/view/allergies")
    expect(page.locator("#main")).to_contain_text("来源")


def test_acts_quicker_than_their_answers_are_all_done(visit: Callable[..., Page]) -> None:
    """A hand is quicker than the network: what it does meanwhile waits its turn, and nothing is left out."""
    page = visit("boss")
    page.goto("/studio/clinic/entity/allergy")
    rows = page.locator("[data-field-id]")
    before = rows.count()

    def late(route: Route) -> None:
        page.wait_for_timeout(150)
        route.continue_()

    page.route("**/do/quick*", late)
    for number in range(6):
        page.locator("#ent-quick").fill(f"很快{number} 单行文字")
        page.locator("#ent-quick").press("Enter")
    expect(rows).to_have_count(before + 6)
    expect(page.locator("[data-field-id] .name a").nth(before + 5)).to_have_text("很快5")
