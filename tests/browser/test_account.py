"""A person's own page, homes, search across apps, and the administration."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from serving import Served

Visit = Callable[..., Page]


def test_the_home_shows_apps_what_is_mine_and_what_i_changed_lately(visit: Visit) -> None:
    page = visit()
    expect(page.locator("h1")).to_contain_text("林医生")
    expect(page.locator("[data-block=patient] [data-record]")).to_have_count(5)
    page.locator("[data-block=patient] a", has_text="王敏").click()
    page.locator(".rec-h").get_by_role("link", name="编辑").click()
    page.fill("[name=mail]", "wang@example.cn")
    with page.expect_response(lambda answer: answer.url.endswith("/opened")):
        page.get_by_role("button", name="保存").click()
    page.goto("/")
    expect(page.locator("[data-block=recent]")).to_contain_text("王敏")


def test_language_and_theme_follow_the_person(visit: Visit) -> None:
    page = visit("nurse_bai")
    page.goto("/me")
    page.select_option("#pref-language", "en")
    page.select_option("#pref-theme", "dark")
    page.select_option("#pref-density", "compact")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    other = visit("nurse_bai")
    expect(other.locator("html")).to_have_attribute("lang", "en")
    expect(other.locator("h1")).to_contain_text("Good")


def test_a_token_is_shown_once_works_and_is_revoked(visit: Visit, served: Served) -> None:
    page = visit()
    page.goto("/me")
    page.fill("#tk-name", "夜间同步")
    page.get_by_role("button", name="新建令牌").click()
    token = page.locator("[data-token]").inner_text()
    headers = {"Authorization": f"Bearer {token}"}
    context = page.context.browser.new_context(base_url=served.url)  # type: ignore[union-attr]
    assert context.request.get("/api/v1/me", headers=headers).json()["username"] == "dr_lin"
    page.goto("/me")
    expect(page.locator("[data-token]")).to_have_count(0)
    page.locator("tr", has_text="夜间同步").get_by_role("button", name="撤销令牌").click()
    expect(page.locator("tr", has_text="夜间同步")).to_contain_text("已撤销")
    assert context.request.get("/api/v1/me", headers=headers).status == 401
    context.close()


def test_a_password_is_changed_by_who_knows_the_old_one(visit: Visit) -> None:
    page = visit("dr_mao")
    page.goto("/me")
    page.fill("#pw-old", "wrong one here")
    page.fill("#pw-new", "another lantern on water")
    page.get_by_role("button", name="更换密码").click()
    expect(page.get_by_role("alert")).to_contain_text("不对")
    page.fill("#pw-old", "a lantern over water")
    page.fill("#pw-new", "another lantern on water")
    page.get_by_role("button", name="更换密码").click()
    expect(page.locator(".toast")).to_contain_text("密码已更换")


def test_search_goes_across_entities_by_pinyin_and_the_palette_jumps(visit: Visit) -> None:
    page = visit()
    page.goto("/search?q=wm")
    expect(page.locator("[data-entity=patient] [data-record]")).to_have_count(1)
    page.locator("main [name=q]").fill("头痛")
    expect(page.locator("[data-entity=visit] [data-record]").first).to_be_visible()
    page.goto("/apps/clinic")
    page.keyboard.press("Control+k")
    page.keyboard.type("wm")
    expect(page.locator("#palette-results [aria-selected=true]")).to_contain_text("王敏")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("王敏")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(lambda url: url.endswith("/apps/clinic"))


def test_an_administrator_adds_a_person_who_can_then_sign_in(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/admin/people")
    page.get_by_role("button", name="新建账号").first.click()
    dialog = page.locator("#add-person")
    dialog.locator("[name=username]").fill("nurse_he")
    dialog.locator("[name=name]").fill("何护士")
    dialog.locator("[name=password]").fill("short")
    dialog.locator("[name=team]").select_option("medicine")
    dialog.get_by_label("诊所 · 护士").check()
    dialog.get_by_role("button", name="新建账号").click()
    expect(page.locator("#add-person [role=alert]")).to_be_visible()
    page.locator("#add-person [name=password]").fill("a lantern over water")
    page.locator("#add-person").get_by_role("button", name="新建账号").click()
    expect(page.locator("tr[data-person=nurse_he]")).to_contain_text("clinic.nurse")
    expect(page.locator("tr[data-person=nurse_he]")).to_contain_text("medicine")
    other = visit("nurse_he")
    expect(other.locator("h1")).to_contain_text("何护士")

    page.goto("/admin/people/nurse_he")
    page.get_by_role("button", name="停用账号").click()
    expect(page.get_by_text("已停用").first).to_be_visible()
    other.goto("/")
    assert "/login" in other.url


def test_viewing_as_another_shows_their_pages_in_wood_and_changes_nothing(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/admin/people/dr_lin")
    page.get_by_role("button", name="以此身份查看").click()
    expect(page.locator(".as-band")).to_contain_text("林医生")
    page.goto("/apps/clinic/allergy/new")
    answer = page.goto("/apps/clinic/visit/new")
    assert answer is not None
    assert answer.status == 200
    page.fill("[name=patient]", "王敏")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator("[data-problems]")).to_contain_text("查看")
    page.locator(".as-band").get_by_role("button", name="结束查看").click()
    expect(page.locator(".as-band")).to_have_count(0)


def test_settings_are_changed_within_their_bounds(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/admin/settings")
    field = page.locator("[name=discount]")
    expect(field).to_have_value("10")
    save = page.locator("#app-clinic").get_by_role("button", name="保存")
    field.fill("250")
    save.click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("[name=discount]").fill("15")
    save.click()
    expect(page.locator("[name=discount]")).to_have_value("15")


def test_the_audit_tells_what_was_done_and_proves_itself(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/admin/audit")
    expect(page.locator(".log li").first).to_contain_text("登录")
    page.get_by_role("button", name="核验", exact=True).click()
    expect(page.locator(".note.yes")).to_be_visible()


def test_the_administration_is_nobody_elses(visit: Visit) -> None:
    page = visit()
    for address in ("/admin", "/admin/people", "/admin/audit", "/admin/settings", "/admin/health"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 403, address


def test_teams_are_a_tree_with_leaders_and_members(visit: Visit) -> None:
    page = visit("boss")
    page.goto("/admin/teams")
    page.get_by_role("button", name="新建团队").click()
    asked = page.locator("#add-team")
    asked.locator("[name=name]").fill("night_ward")
    asked.locator("[name=parent]").select_option("medicine")
    asked.locator("[name=leader]").select_option("dr_lin")
    asked.get_by_role("button", name="新建团队").click()
    row = page.locator("tr[data-team=night_ward]")
    expect(row.locator(".tree-in")).to_have_count(2)
    expect(row).to_contain_text("林医生")
    expect(page.locator("tr[data-team=surgery]")).to_contain_text("1")
