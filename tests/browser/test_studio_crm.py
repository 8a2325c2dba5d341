"""A template in use is changed by somebody from the business, with data in it, and nobody who works in it is hindered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from looking import findings
from playwright.sync_api import Locator, Page, expect
from serving import SYSTEM, Served, serving

import sites
from dougong_runtime.host import SystemClock

Visit = Callable[..., Page]
CRM = Path(__file__).parents[2] / "templates" / "crm_investment"
APP, STUDIO = "/apps/crm_investment", "/studio/crm_investment"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The template as it ships, with one customer whose birthday is today and one lead."""
    folder = tmp_path_factory.mktemp("crm")
    site = sites.make_site(f"sqlite:///{folder / 'site.db'}", folder, SystemClock())
    sites.install(site, CRM)
    sites.add_person(site, "boss", ["admin"], name="管理员")
    sites.add_person(site, "suitable", ["crm_investment.suitability"], name="适当性岗")
    owner = sites.add_person(site, "adviser", ["crm_investment.advisor"], name="客户经理")
    today = datetime.now(UTC) + timedelta(hours=8)
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "crm_investment")
        channel = records.create("channel", {"name": "官网", "code": "web", "kind": "online"})["id"]
        born = f"1984-{today:%m-%d}"
        records.create(
            "customer", {"name": "周礼", "birthday": born, "controller": "周礼本人", "owner": owner}
        )
        lead = {"name": "林远", "phone": "13800001111", "channel": channel, "owner": owner}
        records.create("lead", lead | {"consent_at": f"{today:%Y-%m-%d}T01:00:00Z"})
    with serving(site) as running:
        yield running


def agree(page: Page) -> Locator:
    """The dialog that says where something is named, agreed to."""
    dialog = page.locator("#ent-ask dialog")
    assert findings(page, dialog) == []
    dialog.locator("[type=submit]").click()
    return dialog


def publish(page: Page, note: str) -> None:
    page.goto(f"{STUDIO}/publish")
    page.locator("#pub-note").fill(note)
    page.locator("#pub [type=submit]").click()
    expect(page.locator("#pub-job")).to_have_attribute("data-state", "done")


def customer(page: Page, name: str = "周礼") -> None:
    """Open a customer's record from the list."""
    page.goto(f"{APP}/views/customers?search={name}")
    page.locator("a[data-opens-record]").first.click()
    expect(page.locator("h1")).to_contain_text(name)
    page.goto(page.url.partition("?")[0] + "?tab=overview")


def test_what_is_named_everywhere_is_renamed_a_section_moved_and_a_stage_added(visit: Visit) -> None:
    page = visit("boss")
    page.goto(f"{STUDIO}/entity/customer")
    page.locator("[data-name=birthday] [data-choose]").click()
    page.locator("#p-name").fill("born_on")
    page.keyboard.press("Tab")
    for place in ("视图", "表单", "角色", "实体", "流程"):
        expect(page.locator("#ent-ask dialog")).to_contain_text(place)
    agree(page)
    expect(page.locator("[data-name=born_on]")).to_have_count(1)
    expect(page.locator("[data-problems]")).to_contain_text("没有错误")

    page.goto(f"{STUDIO}/form/customer_form")
    parts = page.locator("#paper > [data-parts] > [data-part]")
    expect(parts.nth(1)).to_contain_text("身份证件")
    parts.nth(2).locator(".lo-grip").first.focus()
    parts.nth(2).locator(".lo-grip").first.press("Enter")
    page.keyboard.press("Alt+ArrowUp")
    expect(parts.nth(1)).to_contain_text("同意与退订")
    expect(parts.nth(2)).to_contain_text("身份证件")

    page.goto(f"{STUDIO}/entity/lead")
    page.locator("[data-name=stage] [data-choose]").click()
    expect(page.locator("[data-option]")).to_have_count(7)
    page.locator("[data-adds]").fill("待复核")
    page.keyboard.press("Enter")
    expect(page.locator("[data-option]")).to_have_count(8)

    publish(page, "出生日期改名，同意提前，线索多一个阶段")

    adviser = visit("adviser")
    adviser.goto(f"{APP}/views/customers_birthday")
    expect(adviser.locator("th[data-field=born_on]")).to_be_visible()
    expect(adviser.locator("[data-record]", has_text="周礼")).to_be_visible()
    customer(adviser)
    expect(adviser.locator("[data-field=born_on]").first).to_contain_text("1984-")
    adviser.goto(f"{APP}/views/leads_board")
    expect(adviser.locator(".kc", has_text="林远")).to_be_visible()
    # Whom the field was masked from, it still is.
    suitable = visit("suitable")
    customer(suitable)
    expect(suitable.locator("[data-field=born_on]").first).not_to_contain_text("1984")


def test_what_is_retired_comes_back_with_its_values(visit: Visit) -> None:
    page = visit("boss")
    page.goto(f"{STUDIO}/entity/customer")
    page.locator("[data-name=controller] [data-menu-of]").click()
    page.locator("#ent-menu [data-row-do=retire]").click()
    expect(page.locator("#ent-ask dialog")).to_contain_text("客户")
    agree(page)
    expect(page.locator("[data-gone]")).to_have_count(1)
    publish(page, "不再记录控制人")
    adviser = visit("adviser")
    customer(adviser)
    expect(adviser.locator("[data-field=city]").first).to_be_visible()
    expect(adviser.locator("[data-field=controller]")).to_have_count(0)
    page.goto(f"{STUDIO}/entity/customer")
    page.locator("[data-gone] button").click()
    expect(page.locator("[data-name=controller]")).to_have_count(1)
    publish(page, "控制人还是要的")
    customer(adviser)
    expect(adviser.locator("[data-field=controller]").first).to_contain_text("周礼本人")
