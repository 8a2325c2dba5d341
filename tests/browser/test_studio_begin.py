"""An app from nothing: begun, given a pattern and a spreadsheet, its entities joined by a line drawn with the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from looking import findings
from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
CSV = "编号,书名,类别,登记日期\n" + "".join(
    f"B{n:03d},第{n}本书,{('小说', '科学')[n % 2]},2026-01-{n + 1:02d}\n" for n in range(12)
)


def box(page: Page, name: str) -> Locator:
    return page.locator(f"[data-box={name}]")


def middle(place: Locator) -> tuple[float, float]:
    found = place.bounding_box()
    assert found is not None
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def test_an_app_begins_and_its_entities_are_joined_by_hand(visit: Visit, tmp_path: Path) -> None:
    page = visit("boss")
    page.goto("/studio")
    expect(page.locator("[data-studio-app=clinic]")).to_be_visible()
    assert findings(page) == []

    # From nothing to an app that runs, with one entity in the studio.
    page.locator("[data-opens=begin-blank]").click()
    page.locator("#begin-blank-label").fill("图书角")
    page.locator("#begin-blank footer button[type=submit]").click()
    page.wait_for_url("**/studio/tushujiao/entity/item")

    # A pattern, then a spreadsheet whose columns are corrected before they become fields.
    page.goto("/studio/tushujiao/patterns")
    page.locator("[data-pattern=company]").click()
    dialog = page.locator("#pattern-company")
    dialog.locator("[name=label]").fill("出版社")
    dialog.locator("[name=name]").fill("publisher")
    dialog.locator("footer button[type=submit]").click()
    page.wait_for_url("**/studio/tushujiao/entity/publisher")
    page.goto("/studio/tushujiao/spreadsheet")
    sent = tmp_path / "图书.csv"
    sent.write_bytes(CSV.encode("gb18030"))
    page.locator("#sheet-file").set_input_files(sent)
    page.locator(".sheet-up button").click()
    columns = page.locator("[data-column]")
    expect(columns).to_have_count(4)
    kinds = columns.locator("[data-type]")
    assert [kinds.nth(n).input_value() for n in range(4)] == ["text", "text", "choice", "date"]
    assert findings(page) == []
    page.locator("[name='name.1']").fill("title")
    page.locator("[name='take.3']").uncheck()
    expect(columns.nth(3)).to_have_class("left")
    page.locator("#sheet-label").fill("图书")
    page.locator("#sheet-name").fill("book")
    page.locator("#sheet-cols .s-sub button[type=submit]").click()
    page.wait_for_url("**/studio/tushujiao/entity/book")

    # A line from the dot of one box to another asks for a reference, which is drawn and chosen.
    page.goto("/studio/tushujiao/relations")
    expect(page.locator("[data-box]")).to_have_count(4)
    book, publisher = box(page, "book"), box(page, "publisher")
    book.hover()
    page.mouse.move(*middle(book.locator("[data-handle]").first))
    page.mouse.down()
    x, y = middle(publisher.locator("rect.bx"))
    page.mouse.move(x + 40, y + 10, steps=6)
    page.mouse.move(x, y, steps=3)
    expect(publisher).to_have_class("bx-g over")
    page.mouse.up()
    ask = page.locator("#relation-new")
    expect(ask.locator("[name=from]")).to_have_value("book")
    expect(ask.locator("[name=to]")).to_have_value("publisher")
    ask.locator("[name=label]").fill("出版方")
    ask.locator("[name=name]").fill("published_by")
    ask.locator("footer button[type=submit]").click()
    line = page.locator(".wires [data-from=book][data-to=publisher]")
    expect(line).to_have_class("ln on")
    expect(page.locator("#s-prop header b")).to_have_text("图书 — 出版社")
    expect(box(page, "item")).to_have_class("bx-g far")
    page.locator("#s-prop [name=value][value=clear]").check()
    expect(page.locator("#s-top")).to_contain_text("步骤 4")
    assert findings(page) == []

    # Keys: along the line to the other box, which is moved, chosen and let go.
    book.focus()
    page.keyboard.press("ArrowLeft")
    expect(publisher).to_be_focused()
    was = publisher.get_attribute("data-y")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#s-prop")).to_contain_text("图书 · 出版方")
    page.keyboard.press("Escape")
    expect(page.locator(".bx-g.far")).to_have_count(0)
    page.reload()
    expect(publisher).to_have_attribute("data-y", str(float(was or 0) + 20))
    page.keyboard.press("Control+z")
    expect(page.locator("#s-top")).to_contain_text("步骤 5")


def test_the_same_in_english_in_the_dark_and_on_a_phone(visit: Visit) -> None:
    page = visit("boss", dark=True)
    page.goto("/studio/clinic/relations?of=visit&at=visit&lang=en")
    expect(page.locator("#relations h1")).to_have_text("Relations")
    expect(page.locator("#s-prop header b")).to_have_text("Visit")
    assert findings(page) == []
    page.goto("/studio/clinic/relations?shape=table&lang=en")
    expect(page.locator("#relations table")).to_contain_text("patient")
    assert findings(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/studio?lang=en")
    expect(page.locator("#begin-title")).to_be_visible()
    assert findings(page) == []
