"""Cards, entries, rows and bars moved with the real mouse and by keys; what is refused says why, what can go back does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hands import drag, ready
from playwright.sync_api import Locator, Page, expect
from serving import Served, clinic, serving, workshop
from test_accessible import findings, look

from dougong_runtime.records.query import Query

Visit = Callable[..., Page]
BOARD = "/apps/clinic/views/visits_by_stage"
DIARY = "/apps/clinic/views/visit_calendar"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The clinic, and a workshop with a foreman, machines within machines and orders in time."""
    folder = tmp_path_factory.mktemp("boards")
    site = clinic(folder)
    workshop(site)
    with serving(site) as running:
        yield running


def lane(page: Page, key: str) -> Locator:
    return page.locator(f"[data-lane={key}]")


def held(page: Page, key: str) -> Locator:
    """How many cards a lane says it holds."""
    return lane(page, key).locator(".lane-n .mute")


def test_a_card_is_dragged_to_another_stage_and_a_shut_one_says_why(visit: Visit) -> None:
    page = visit()
    page.goto(BOARD)
    before = int(held(page, "planned").inner_text())
    card = lane(page, "planned").locator(".kc").first
    name = card.get_attribute("data-title") or ""
    drag(page, card, lane(page, "open"))
    expect(page.locator(".toast")).to_contain_text(f"已把「{name}」移到「进行中」")
    expect(held(page, "planned")).to_have_text(str(before - 1))
    expect(lane(page, "open").get_by_role("link", name=name, exact=True)).to_be_visible()

    other = lane(page, "planned").locator(".kc").first
    stays = other.get_attribute("data-title") or ""
    drag(page, other, lane(page, "signed"))
    refusal = page.get_by_role("dialog")
    expect(refusal).to_contain_text("暂不能转为「已签署」")
    expect(refusal).to_contain_text("没有这条路径，可以转到：进行中、已取消")
    refusal.get_by_role("button", name="知道了").click()
    expect(lane(page, "planned").get_by_role("link", name=stays, exact=True)).to_be_focused()
    expect(held(page, "signed")).to_have_text("0")


def test_a_lane_that_is_shut_says_why_while_the_card_is_held(visit: Visit) -> None:
    page = visit()
    page.goto(BOARD)
    box = lane(page, "planned").locator(".kc").first.bounding_box()
    there = lane(page, "signed").bounding_box()
    assert box is not None
    assert there is not None
    page.mouse.move(box["x"] + 40, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] + 20, steps=3)
    page.mouse.move(there["x"] + 60, there["y"] + 80, steps=6)
    expect(lane(page, "signed").locator("[data-why]")).to_have_text("没有这条路径，可以转到：进行中、已取消")
    expect(lane(page, "open").locator("[data-why]")).to_be_hidden()
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".ask")).to_have_count(0)


def test_by_keys_a_card_is_lifted_carried_and_asked_for_what_its_way_demands(
    visit: Visit, served: Served
) -> None:
    for records in served.records():
        patient = records.list(_first("patient")).items[0]["id"]
        doctor = records.list(_first("visit")).items[0]["doctor"]
        made = records.create("visit", {"patient": patient, "doctor": doctor, "fee": "20.00"})["id"]
        records.update("visit", made, {"stage": "open"})
    page = visit()
    page.goto(BOARD)
    card = page.locator(f"#c-{made}")
    card.locator("a").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-announce]")).to_contain_text("在进行中")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-announce]")).to_have_text("已签署，按空格放下")
    page.keyboard.press("Space")
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("移到「已签署」前先填写")
    expect(asked.locator("[name=reason]")).to_be_focused()
    page.keyboard.type("发热三天")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("移到「已签署」")
    expect(lane(page, "signed").locator(f"#c-{made}")).to_be_visible()
    page.locator(f"#c-{made} a").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(page.locator("[data-announce]")).to_contain_text("留在已签署")


def _first(entity: str) -> Query:
    return Query(entity, limit=1)


def test_where_the_stage_leads_back_a_move_is_undone(visit: Visit) -> None:
    page = visit("foreman_gu")
    page.goto("/apps/workshop/views/orders_board")
    card = lane(page, "received").locator(".kc").first
    record = card.get_attribute("id")
    drag(page, card, lane(page, "working"))
    asked = page.get_by_role("dialog")
    asked.locator("[name=mechanic]").fill("顾班长")
    asked.get_by_role("option", name="顾班长").click()
    asked.get_by_role("button", name="移过去").click()
    expect(lane(page, "working").locator(f"#{record}")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="撤销").click()
    expect(lane(page, "received").locator(f"#{record}")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("回到「已接单」")


def test_on_a_phone_a_menu_moves_a_card(visit: Visit) -> None:
    page = visit(width=390, height=844)
    page.goto(BOARD)
    card = lane(page, "planned").locator(".kc").first
    record = card.get_attribute("id")
    card.locator("[data-moves]").click()
    menu = page.get_by_role("menu", name="移动")
    expect(menu.locator("[data-to=signed]")).to_have_attribute("aria-disabled", "true")
    expect(menu.locator("[data-to=signed]")).to_contain_text("没有这条路径")
    menu.locator("[data-to=cancelled]").click()
    expect(lane(page, "cancelled").locator(f"#{record}")).to_be_attached()


def test_an_entry_is_dragged_to_another_day_and_back_again(visit: Visit) -> None:
    page = visit()
    page.goto(DIARY + "?on=2026-03-12")
    expect(page.locator("#cal-title")).to_have_text("2026 年 3 月")
    day = page.locator("[data-day='2026-03-12']")
    entry = day.locator("[data-record]").first
    record = entry.get_attribute("id")
    drag(page, entry, page.locator("[data-day='2026-03-25']"))
    expect(page.locator("[data-day='2026-03-25']").locator(f"#{record}")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("改到 3 月 25 日 10:30")
    page.locator(".toast").get_by_role("button", name="撤销").click()
    expect(day.locator(f"#{record}")).to_be_visible()


def test_keys_turn_the_calendar_move_an_entry_and_stretch_it(visit: Visit) -> None:
    page = visit()
    page.goto(DIARY + "?on=2026-02-11")
    entry = page.locator("[data-day='2026-02-12'] [data-record]").first
    record = entry.get_attribute("id")
    entry.focus()
    for key in ("Space", "ArrowDown", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator("[data-day='2026-02-20']").locator(f"#{record}")).to_be_visible()
    expect(page.locator(f"#{record}")).to_be_focused()
    for key in ("Space", "Shift+ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator(f"#{record}.w-2")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#cal-title")).to_have_text("2026 年 3 月")
    page.keyboard.press("w")
    page.wait_for_url("**span=week**")
    expect(page.locator(".calh-col")).to_have_count(7)
    page.keyboard.press("t")
    expect(page.locator(".calh-col.now")).to_have_count(1)


def test_an_entry_is_pulled_among_the_hours(visit: Visit) -> None:
    page = visit()
    page.goto(DIARY + "?on=2026-01-12&span=week")
    entry = page.locator(".calh-col[data-day='2026-01-12'] [data-record]").first
    record = entry.get_attribute("id")
    drag(page, entry, entry, on=(40 + 160, 12 + 48))
    expect(page.locator(".calh-col[data-day='2026-01-13']").locator(f"#{record}")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("1 月 13 日 11:30")
    page.reload()
    expect(page.locator(".calh-col[data-day='2026-01-13']").locator(f"#{record}")).to_be_visible()


def test_a_click_on_a_day_begins_a_record_there(visit: Visit) -> None:
    page = visit()
    page.goto(DIARY + "?on=2026-03-12")
    page.locator("[data-day='2026-03-18']").click(position={"x": 60, "y": 90})
    page.wait_for_url("**/visit/new?**")
    expect(page.locator("[name=visited_at]")).to_have_value("2026-03-18 09:00")


def test_on_a_phone_a_day_opens_as_a_list(visit: Visit) -> None:
    page = visit(width=390, height=844)
    page.goto(DIARY + "?on=2026-04-13")
    page.locator("[data-day='2026-04-13']").click()
    opened = page.get_by_role("dialog", name="4 月 13 日 周一")
    expect(opened.get_by_role("link", name="体检")).to_be_visible()


def test_rows_open_move_below_another_and_never_below_themselves(visit: Visit) -> None:
    page = visit("foreman_gu")
    page.goto("/apps/workshop/views/machine_tree?sort=name")
    row = page.locator("tbody tr[data-record]")
    expect(row).to_have_count(2)
    line = page.locator("tr[data-title=冲压线]")
    line.focus()
    page.keyboard.press("ArrowRight")
    press = page.locator("tr[data-title=压力机]")
    expect(press).to_have_attribute("aria-level", "2")
    drag(page, line, press, at=(300, 14), on=(300, 16))
    refusal = page.get_by_role("dialog")
    expect(refusal).to_contain_text("「冲压线」不能放在它自己的下级里。")
    ready(page)
    page.keyboard.press("Escape")
    expect(refusal).to_have_count(0)
    drag(page, press, page.locator("tr[data-title=喷房]"), at=(300, 14), on=(300, 16))
    expect(page.locator(".toast")).to_contain_text("已把「压力机」移到「喷房」之下")
    expect(page.locator("tr[data-title=喷房]")).to_have_attribute("aria-expanded", "false")
    page.locator(".toast").get_by_role("button", name="撤销").click()
    expect(page.locator("tr[data-title=喷房]")).not_to_have_attribute("aria-expanded", "false")
    line.focus()
    page.keyboard.press("ArrowRight")
    press.focus()
    for key in ("Space", "ArrowUp", "ArrowUp", "Space"):
        page.keyboard.press(key)
    expect(press).to_have_attribute("aria-level", "1")


def test_a_bar_is_pulled_along_the_time_line_and_at_its_end(visit: Visit) -> None:
    page = visit("foreman_gu")
    page.goto("/apps/workshop/views/orders_plan?on=2026-03-04&span=day")
    bar = page.locator("a.gt[data-title=压力机]")
    box = bar.locator(".gt-bar").bounding_box()
    assert box is not None
    day = box["width"] / 5
    for x, dx, last in ((box["x"] + 20, 2 * day, "2026-03-08"), (box["x"] + 7 * day - 3, day, "2026-03-09")):
        page.mouse.move(x, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(x + 6, box["y"] + 10, steps=2)
        page.mouse.move(x + dx, box["y"] + 10, steps=6)
        page.mouse.up()
        expect(bar).to_have_attribute("data-last", last)
    expect(bar).to_have_attribute("data-first", "2026-03-04")
    bar.focus()
    for key in ("Space", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    expect(bar).to_have_attribute("data-first", "2026-03-03")


def test_what_is_in_somebodys_hand_stays_there_when_the_view_comes_again(visit: Visit) -> None:
    page = visit("foreman_gu")

    def comes_again() -> None:
        with page.expect_response(lambda answer: answer.request.method == "GET" and "/views/" in answer.url):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('records-changed'))")
        page.wait_for_timeout(200)

    page.goto("/apps/workshop/views/orders_plan?on=2026-03-04&span=day")
    bar = page.locator("a.gt[data-title=压力机]")
    first, box = str(bar.get_attribute("data-first")), bar.locator(".gt-bar").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 10, steps=3)
    comes_again()
    page.mouse.move(box["x"] + 10 + box["width"] / 2, box["y"] + 10, steps=3)
    page.mouse.up()
    expect(bar).not_to_have_attribute("data-first", first)
    expect(page.locator(".toast")).to_be_visible()

    page.goto("/apps/workshop/views/machine_tree")
    line, booth = page.locator("tr[data-title=冲压线]"), page.locator("tr[data-title=喷房]")
    drag(page, line, booth, at=(300, 14), on=(300, 16), midway=comes_again)
    expect(page.locator(".toast")).to_contain_text("移到「喷房」之下")

    page = visit()
    page.goto(BOARD)
    card = lane(page, "planned").locator(".kc").first
    name = str(card.get_attribute("data-title"))
    drag(page, card, lane(page, "open"), midway=comes_again)
    expect(page.locator(".toast")).to_contain_text(f"已把「{name}」移到「进行中」")


@pytest.mark.parametrize(("dark", "width"), [(False, 1440), (True, 390)])
def test_no_way_of_showing_shuts_anybody_out(visit: Visit, dark: bool, width: int) -> None:
    page = visit("foreman_gu", dark=dark, width=width)
    shown = (
        "orders_board",
        "orders_plan?on=2026-03-04",
        "orders?as=calendar&span=week",
        "machine_tree",
        "machine_photos",
    )
    found = [line for view in shown for line in look(page, f"/apps/workshop/views/{view}")]
    page.goto("/apps/workshop/views/orders_board")
    page.locator("[data-moves]").first.click(force=True)
    expect(page.get_by_role("menu", name="移动")).to_be_visible()
    assert found + findings(page) == []
