"""An administrator sets a site up: its face, a team, a person with a role that ends, the mail server; looks at it all as
that person; and finds every step in the audit, sealed and verified."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Taking
from playwright.sync_api import Page, expect
from serving import Served, clinic, serving

import sites
from dougong_platform import seals
from dougong_runtime.host import SystemClock

Visit = Callable[..., Page]
FIRST_PASSWORD = "eight lanterns on the river"


class Box(Taking):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """One message more."""
        self.kept.append(message)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The clinic on a site that may speak with servers of this machine."""
    folder = tmp_path_factory.mktemp("set up")
    first = clinic(folder)
    first.database.close()
    site = sites.make_site(first.settings.database_url, folder, SystemClock(), internal_servers="127.0.0.1")
    with serving(site) as running:
        yield running


@pytest.fixture
def post_office() -> Iterator[tuple[Box, int]]:
    """A mail server on this machine, and its port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    box = Box()
    served = Controller(box, hostname="127.0.0.1", port=port)
    served.start()
    yield box, port
    served.stop()


def test_a_site_is_set_up(visit: Visit, served: Served, post_office: tuple[Box, int]) -> None:
    box, port = post_office
    page = visit("boss")
    _face(page)
    _team_and_person(page)
    _mail(page, port)
    assert len(box.kept) == 1
    _as_that_person(page)
    seals.seal_now(served.site)
    _audit(page)
    _roles(page)


def _face(page: Page) -> None:
    page.goto("/admin")
    expect(page.locator('[data-place="/admin/settings"] .fact')).to_have_text("还没有邮件服务器")
    page.locator('[data-place="/admin/settings"] a').click()
    page.fill("#s-site_name", "云岫诊所")
    page.select_option("#s-accent", "teal")
    page.locator("#looks").get_by_role("button", name="保存").click()
    expect(page.locator(".ws")).to_contain_text("云岫诊所")
    expect(page.locator("html")).to_have_attribute("data-accent", "teal")


def _team_and_person(page: Page) -> None:
    page.goto("/admin/teams")
    page.get_by_role("button", name="新建团队").click()
    page.fill("#tn", "夜诊")
    page.select_option("#tp", "hospital")
    page.locator("#add-team").get_by_role("button", name="新建团队").click()
    expect(page.locator('[data-team="夜诊"]')).to_be_visible()
    page.goto("/admin/people")
    page.get_by_role("button", name="新建账号").click()
    form = page.locator("#add-person")
    form.locator("#ap-u").fill("dr_song")
    form.locator("#ap-n").fill("宋医生")
    form.locator("#ap-e").fill("song@example.cn")
    form.locator("#ap-t").select_option("夜诊")
    form.locator("#ap-p").fill(FIRST_PASSWORD)
    form.locator('[name=roles][value="clinic.doctor"]').check()
    form.get_by_role("button", name="新建账号").click()
    page.locator('[data-person="dr_song"] th a').click()
    page.locator("input[name=until]").fill("2999-12-31")
    page.locator('form[action$="/until"]').get_by_role("button", name="保存").click()
    expect(page.locator("input[name=until]")).to_have_value("2999-12-31")


def _mail(page: Page, port: int) -> None:
    page.goto("/admin/people/boss")
    page.fill("#pd-e", "boss@example.cn")
    page.locator('form[action$="/details"]').get_by_role("button", name="保存").click()
    page.goto("/admin/settings")
    page.fill("#s-mail_host", "127.0.0.1")
    page.fill("#s-mail_port", str(port))
    page.select_option("#s-mail_security", "none")
    page.fill("#s-mail_from", "clinic@example.cn")
    page.locator("#mail").get_by_role("button", name="保存").click()
    page.locator("#mail").get_by_role("button", name="发一封测试邮件").click()
    expect(page.locator(".toast")).to_be_visible()


def _as_that_person(page: Page) -> None:
    page.goto("/admin/people/dr_song")
    page.get_by_role("button", name="以此身份查看").click()
    band = page.locator(".as-band")
    expect(band).to_contain_text("宋医生")
    page.goto("/apps/clinic/views/patients")
    expect(band).to_be_visible()
    expect(page.get_by_text("王敏")).to_have_count(0)
    answer = page.goto("/admin")
    assert answer is not None
    assert answer.status == 403
    page.goto("/apps/clinic")
    band.get_by_role("button", name="结束查看").click()
    expect(page.locator(".as-band")).to_have_count(0)
    expect(page.locator("h1")).to_contain_text("宋医生")


def _audit(page: Page) -> None:
    page.goto("/admin/audit?actor=boss")
    log = page.locator(".log")
    for said in ("以他人身份查看", "修改参数", "授予角色", "新建 团队", "新建 人员"):
        expect(log.locator("summary", has_text=said).first).to_be_visible()
    page.locator("#af-act").select_option("grant")
    page.locator("#audit-filter").get_by_role("button", name="筛选").click()
    expect(page).to_have_url(re.compile("actor=boss.*action=grant"))
    expect(log.locator("li")).to_have_count(2)
    log.locator("summary").first.click()
    expect(log.locator("details[open]")).to_contain_text("2999-12-31")
    page.get_by_role("button", name="核验到此处").first.click()
    expect(page.locator(".note.yes")).to_contain_text("没有改动")
    expect(log.locator("li")).to_have_count(2)
    page.get_by_role("button", name="导出").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="NDJSON").click()
    assert started.value.suggested_filename.endswith(".ndjson")


def _roles(page: Page) -> None:
    page.goto("/admin/roles")
    page.locator('[data-role="clinic.doctor"] a').click()
    expect(page.locator('[data-holder="dr_song"]')).to_contain_text("2999")
    expect(page.locator('[data-grant="病人"]')).to_contain_text("遮盖")


def test_deleted_records_come_back_together(visit: Visit, served: Served) -> None:
    for records in served.records():
        for name in ("尘螨", "海鲜"):
            records.delete("allergy", records.create("allergy", {"name": name, "severity": "mild"})["id"])
    page = visit("boss", width=390, height=844)
    page.goto("/apps/clinic/trash")
    expect(page.locator("tr[data-record]")).to_have_count(2)
    expect(page.locator("[data-chosen]")).to_be_hidden()
    page.locator("[name=record][type=checkbox]").nth(0).check()
    page.locator("[name=record][type=checkbox]").nth(1).check()
    expect(page.locator("[data-chosen]")).to_contain_text("已选 2 条")
    page.locator("[data-chosen]").get_by_role("button", name="恢复").click()
    expect(page.locator(".toast")).to_contain_text("已恢复 2 条记录")
    expect(page.locator("tr[data-record]")).to_have_count(0)
