"""Signing in: where one wanted to go, wrong passwords, the second factor, language and theme before it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pyotp
from looking import findings, too_wide
from playwright.sync_api import Page, expect
from serving import Served

from sites import PASSWORD

Visit = Callable[..., Page]


def test_one_is_led_to_sign_in_and_back_to_where_one_wanted(visit: Visit) -> None:
    page = visit("")
    page.goto("/apps/clinic/views/patients?search=zs")
    assert urlsplit(page.url).path == "/login"
    page.fill("[name=username]", "dr_lin")
    page.fill("[name=password]", PASSWORD)
    page.locator(".gate button.pri").click()
    page.wait_for_url("**/apps/clinic/views/patients?search=zs")


def test_a_wrong_password_says_so_beside_the_field(visit: Visit) -> None:
    page = visit("")
    page.fill("[name=username]", "dr_mao")
    page.fill("[name=password]", "not the password")
    page.locator(".gate button.pri").click()
    expect(page.locator("[data-error-for=password]")).to_contain_text("用户名或密码不对")
    expect(page.locator("[data-error-for=password]")).to_contain_text("还可以再试 4 次")
    expect(page.locator("[name=username]")).to_have_value("dr_mao")
    expect(page.locator("[name=password]")).to_have_value("")


def test_language_and_theme_are_chosen_before_signing_in(visit: Visit) -> None:
    page = visit("")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_second_factor_is_set_up_and_asked_for(visit: Visit, served: Served) -> None:
    page = visit("head_yu")
    page.goto("/me")
    page.get_by_role("button", name="开启两步验证").click()
    secret = page.locator("#totp .secret").inner_text()
    expect(page.locator("#totp .qr svg")).to_be_visible()
    page.fill("#totp-code", "000000")
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("alert")).to_contain_text("验证码不对")
    expect(page.locator("#totp .secret")).to_have_text(secret)
    page.fill("#totp-code", pyotp.TOTP(secret).now())
    page.get_by_role("button", name="启用").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10

    other = visit("")
    other.fill("[name=username]", "head_yu")
    other.fill("[name=password]", PASSWORD)
    other.locator(".gate button.pri").click()
    expect(other.locator("[name=code]")).to_be_focused()
    other.fill("[name=code]", "000000")
    other.locator(".gate button.pri").click()
    expect(other.locator("[data-error-for=code]")).not_to_be_empty()
    other.fill("[name=code]", codes[0])
    other.locator(".gate button.pri").click()
    other.wait_for_url(served.url + "/apps/clinic")
    page.goto("/me")
    page.fill("#totp-current", PASSWORD)
    page.get_by_role("button", name="关闭两步验证").click()
    expect(page.get_by_role("button", name="开启两步验证")).to_be_visible()


def test_signing_out_ends_the_session(visit: Visit) -> None:
    page = visit()
    page.locator(".me").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_text("你已退出登录。")).to_be_visible()
    page.goto("/apps/clinic")
    assert parse_qs(urlsplit(page.url).query)["next"] == ["/apps/clinic"]


def test_who_uses_one_app_lands_on_its_home(visit: Visit) -> None:
    page = visit()
    expect(page.locator("h1")).to_contain_text("林医生")
    assert page.url.endswith("/apps/clinic")
    expect(page.locator(".nav .nav-a[href='/']")).to_have_attribute("aria-current", "page")
    page.goto("/me")
    expect(page.locator(".nav-a", has_text="病人").first).to_be_visible()


def test_a_firm_asks_for_a_second_factor_and_one_goes_on_to_where_one_wanted(visit: Visit) -> None:
    boss = visit("boss")
    boss.goto("/admin/settings")
    boss.get_by_label("哪些人必须两步验证").select_option(label="所有人")
    boss.locator("form", has=boss.locator("[name=second_factor]")).get_by_role("button", name="保存").click()
    boss.wait_for_url("**/login/factor**")

    page = visit("")
    page.goto("/apps/clinic/views/patients?search=zs")
    page.fill("[name=username]", "dr_lin")
    page.fill("[name=password]", PASSWORD)
    page.locator(".gate button.pri").click()
    expect(page.get_by_role("heading", name="设置两步验证")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="开始设置").click()
    expect(page.locator(".qr svg")).to_be_visible()
    expect(page.locator("[name=code]")).to_be_focused()
    page.fill("[name=code]", "000000")
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-for=code]")).to_contain_text("验证码不对")
    assert findings(page) == []
    page.fill("[name=code]", pyotp.TOTP(page.locator(".secret").inner_text()).now())
    page.get_by_role("button", name="启用").click()
    expect(page.locator(".codes code")).to_have_count(10)
    assert findings(page) == []
    assert too_wide(page) == []
    page.get_by_role("link", name="已保存恢复码，继续").click()
    page.wait_for_url("**/apps/clinic/views/patients?search=zs")
