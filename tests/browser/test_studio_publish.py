"""A version's whole life with the real mouse: built with data in it, published, compared, taken back, tried out."""

from __future__ import annotations

from collections.abc import Callable

from looking import findings
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
STUDIO = "/studio/clinic"
API = "/api/v1/studio/clinic"


def build(page: Page, method: str, path: str, body: object) -> None:
    """An act over the interface, in the browser's own session."""
    status = page.evaluate(
        """async ([method, path, body]) => {
            const word = document.querySelector("meta[name=csrf-token]").content;
            const headers = {"Content-Type": "application/json", "X-CSRF-Token": word};
            const answer = await fetch(path, {method, headers, body: JSON.stringify(body)});
            return answer.status === 200 ? 200 : await answer.text();
        }""",
        [method, API + path, body],
    )
    assert status == 200, status


def test_a_version_is_published_compared_taken_back_and_tried(visit: Visit) -> None:
    page = visit("boss")
    page.goto(STUDIO)
    # The risk of a patient is named in a formula, a form, views and their filters, a page and roles.
    build(page, "POST", "/rename", {"kind": "field", "name": "risk", "owner": "patient", "to": "danger"})
    fields = page.evaluate(
        f"async () => (await (await fetch('{API}/documents/entity/patient')).json()).fields"
    )
    stage = next(f for f in fields if f["name"] == "stage")
    new = {"value": "moved", "label": {"zh": "转院", "en": "Moved"}}
    place = f"/entity~1patient/fields/{stage['id']}/stages/-"
    rule = {"name": "long_name", "check": "LEN(name) > 2", "message": {"zh": "名字太短", "en": "Short name"}}
    patch = [
        {"op": "add", "path": place, "value": new},
        {"op": "add", "path": "/entity~1patient/rules/-", "value": rule},
    ]
    build(page, "PATCH", "", {"patch": patch})

    page.goto(STUDIO)
    page.locator(".s-top a.btn.pri").click()
    expect(page.locator(".pub h1")).to_contain_text("发布 v")
    renamed = page.locator("[data-change=renamed]")
    expect(renamed).to_contain_text("内部名")
    expect(renamed.locator("del")).to_have_text("risk")
    expect(renamed.locator("ins")).to_have_text("danger")
    expect(renamed).to_contain_text("处引用已同步")
    expect(page.locator(".diff")).to_contain_text("新增阶段「转院」")
    expect(page.locator("[data-breaking=rule]")).to_contain_text("不符合新规则「名字太短」")
    expect(page.locator(".plan")).to_contain_text("patient.risk → danger")
    assert findings(page, page.locator(".pub")) == []
    page.locator("#pub-version").fill("3.0.0")
    page.locator("#pub-note").fill("风险改名，增加转院")
    page.locator(".pub button[type=submit]").click()
    done = page.locator("#pub-job[data-state=done]")
    expect(done).to_contain_text("已发布 v3.0.0")
    page.reload()
    expect(done).to_contain_text("已发布 v3.0.0")
    assert findings(page, page.locator(".pub")) == []

    # Everybody has it at once: the list by its filter, the stage on the form.
    page.goto("/apps/clinic/views/patients")
    expect(page.locator("th[data-field=danger]")).to_be_visible()

    page.goto(f"{STUDIO}/versions")
    latest = page.locator("[data-version]").first
    expect(latest).to_contain_text("风险改名，增加转院")
    latest.get_by_role("link", name="比较").click()
    expect(page.locator("[data-change=renamed] ins")).to_have_text("danger")
    assert findings(page, page.locator("main")) == []
    page.get_by_role("link", name="全部版本").click()
    page.locator("[data-version='1']").get_by_role("link", name="退回这一版").click()
    expect(page.locator(".pub h1")).to_contain_text("退回第 1 版")
    expect(page.locator("[data-change=renamed] ins")).to_have_text("risk")
    page.locator(".pub button[type=submit]").click()
    expect(page.locator("#pub-job[data-state=done]")).to_contain_text("已退回")
    page.goto("/apps/clinic/views/patients")
    expect(page.locator("th[data-field=risk]")).to_be_visible()

    # The draft begins anew from what was taken back, and is tried out on a copy.
    page.goto(f"{STUDIO}/versions")
    page.locator("[data-version='2']").get_by_role("button", name="草稿从这一版开始").click()
    expect(page.locator(".toast")).to_contain_text("草稿已改为第 2 版的内容")
    page.goto(f"{STUDIO}/trial")
    page.locator(".pub button[type=submit]").click()
    page.wait_for_url("**/apps/clinic")
    expect(page.locator(".as-band")).to_contain_text("这里是副本")
    page.goto("/apps/clinic/views/patients")
    expect(page.locator("th[data-field=danger]")).to_be_visible()
    page.locator(".as-band").get_by_role("button", name="结束试用").click()
    page.goto("/apps/clinic/views/patients")
    expect(page.locator("th[data-field=risk]")).to_be_visible()
