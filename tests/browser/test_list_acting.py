"""A head of department tidies the list of patients: by keyboard, in the cells, and with a block from a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
LIST = "/apps/clinic/views/patients?columns=name,born_on,mail,risk,owner&sort=name"


def opened(visit: Visit, username: str = "head_yu") -> Page:
    page = visit(username)
    page.goto(LIST)
    expect(page.locator("tr[data-record]")).to_have_count(5)
    # The list's own script comes with its first rows: arrows are heard once it is there.
    row(page, 0).locator("a[data-opens-record]").focus()
    expect(page.locator("#bulk")).to_be_hidden()
    page.wait_for_load_state("networkidle")
    return page


def row(page: Page, at: int) -> Locator:
    return page.locator("tr[data-record]").nth(at)


def cell(page: Page, at: int, field: str) -> Locator:
    return row(page, at).locator(f"[data-field={field}]")


def column(page: Page, field: str) -> list[str]:
    return page.locator(f"tbody [data-field={field}]").all_inner_texts()


def test_patients_are_chosen_by_keys_handed_over_and_taken_back(visit: Visit) -> None:
    page = opened(visit)
    before = column(page, "owner")
    for key in ("Space", "ArrowDown", "ArrowDown", "Shift+Space"):
        page.keyboard.press(key)
    bar = page.get_by_role("toolbar", name="对所选记录的操作")
    expect(bar).to_contain_text("已选 3 条")
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text("已选 5 条")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    for key in ("Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(bar).to_contain_text("已选 2 条")
    bar.get_by_role("button", name="分配").click()

    dialog = page.get_by_role("dialog", name="修改病人（2 条）")
    dialog.get_by_role("combobox", name="责任医生").fill("毛")
    page.get_by_role("option", name="毛医生").click()
    dialog.get_by_role("button", name="预览").click()
    expect(dialog).to_contain_text("将修改 2 条")
    expect(dialog.get_by_role("row")).to_have_count(3)
    expect(dialog.get_by_role("row").nth(1)).to_contain_text("毛医生")
    assert column(page, "owner") == before, "a preview changes nothing"
    dialog.get_by_role("button", name="修改 2 条").click()

    toast = page.locator("[data-toast]")
    expect(toast).to_contain_text("已把 2 条的责任医生改为「毛医生」")
    expect(dialog).to_be_hidden()
    expect(page.locator("tbody [data-field=owner]", has_text="毛医生")).to_have_count(2)
    expect(bar).to_be_hidden()
    toast.get_by_role("button", name="撤销").click()
    expect(page.locator("[data-toast]")).to_contain_text("已撤销 2 条的改动")
    expect(page.locator("tbody [data-field=owner]", has_text="毛医生")).to_have_count(0)
    assert column(page, "owner") == before


def test_a_cell_is_filled_in_refused_by_a_rule_and_restored(visit: Visit) -> None:
    page = opened(visit)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    born = cell(page, 1, "born_on")
    expect(born).to_be_focused()
    was = born.inner_text()
    page.keyboard.press("F2")
    expect(born.locator("input[name=born_on]")).to_be_focused()
    page.keyboard.type("2999-01-01")
    page.keyboard.press("Enter")
    expect(born.get_by_role("alert")).to_have_text("出生日期不能晚于今天")
    page.keyboard.press("Escape")
    expect(born).to_have_text(was)
    expect(born).to_be_focused()

    # Tab saves and goes on to the next cell, Esc leaves that one as it is.
    page.keyboard.press("Enter")
    page.keyboard.type("1990-02-03")
    page.keyboard.press("Tab")
    expect(born).to_have_text("1990-02-03")
    mail = cell(page, 1, "mail")
    expect(mail.locator("input[name=mail]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(mail).to_be_focused()
    page.reload()
    expect(cell(page, 1, "born_on")).to_have_text("1990-02-03")


def test_a_doctor_is_told_why_a_cell_stays_as_it_is(visit: Visit) -> None:
    page = opened(visit, "dr_lin")
    risk = cell(page, 0, "risk")
    risk.dblclick()
    expect(risk.get_by_role("status")).to_have_text("医生不能修改「风险」。")
    page.keyboard.press("Escape")
    expect(risk.get_by_role("status")).to_have_count(0)


def test_a_block_goes_out_to_a_spreadsheet_and_comes_back_changed(visit: Visit) -> None:
    page = opened(visit)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown", "Control+c"):
        page.keyboard.press(key)
    before = [column(page, "born_on"), column(page, "mail")]
    expect(page.locator("[data-announce]")).to_have_text("已复制 6 个单元格")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "\n".join(f"{day}\t{mail}" for day, mail in list(zip(*before, strict=True))[:3])

    cell(page, 0, "born_on").focus()
    page.evaluate(
        "text => navigator.clipboard.writeText(text)",
        "1971/1/2\ta@paste.example\n1972-02-30\tb@paste.example\n1973-03-04\tc@paste.example",
    )
    page.keyboard.press("Control+v")
    dialog = page.get_by_role("dialog", name="粘贴 3 行 2 列")
    expect(dialog.locator("td.bad")).to_have_count(1)
    expect(dialog).to_contain_text("1 行有不能填写的单元格")
    dialog.get_by_role("button", name="写入 2 行").click()
    toast = page.locator("[data-toast]")
    expect(toast).to_contain_text("已修改 2 条，新建 0 条")
    expect(page.locator("tbody [data-field=mail]", has_text="@paste.example")).to_have_count(2)
    expect(cell(page, 0, "born_on")).to_have_text("1971-01-02")
    toast.get_by_role("button", name="撤销").click()
    expect(page.locator("tbody [data-field=mail]", has_text="@paste.example")).to_have_count(0)
    assert [column(page, "born_on"), column(page, "mail")] == before
