"""What is answered late in the studio: who has gone on meanwhile finds what they chose last."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

Visit = Callable[..., Page]
PANEL = re.compile(r"/studio/clinic/panel\b")


class Answers:
    """Answers to requests of one method and address that are kept back until they are let come."""

    def __init__(self, page: Page, method: str, address: re.Pattern[str]) -> None:
        self._page, self._method = page, method
        self._held: list[Route] = []
        self._keeps = True
        page.route(address, self._take)

    def _take(self, route: Route) -> None:
        if self._keeps and route.request.method == self._method:
            self._held.append(route)
        else:
            route.continue_()

    def wait(self) -> None:
        """Until something has been asked for."""
        while not self._held:
            self._page.wait_for_timeout(20)

    def come(self) -> None:
        """Let them come, and whatever is asked for from now on."""
        self._keeps = False
        for route in self._held:
            route.continue_()


def test_what_is_chosen_on_a_form_while_a_field_is_on_its_way_stays_chosen(visit: Visit) -> None:
    boss = visit("boss")
    boss.goto("/studio/clinic/form/patient_form")
    mail = boss.locator("#paper [data-spot][data-name=mail]")
    acts = Answers(boss, "POST", re.compile("/form/patient_form/do"))
    boss.locator("[data-palette=field][data-field=code]").click()
    acts.wait()
    mail.click()
    name = boss.locator("#lo-prop header b")
    expect(name).to_have_text("邮箱")
    acts.come()
    expect(boss.locator("#paper [data-spot][data-name=code]")).to_be_visible()
    boss.wait_for_load_state("networkidle")
    expect(name).to_have_text("邮箱")
    expect(mail.locator("[data-pick]")).to_have_attribute("aria-pressed", "true")


def test_what_is_chosen_of_a_workflow_while_a_step_is_on_its_way_stays_chosen(visit: Visit) -> None:
    boss = visit("boss")
    boss.goto("/studio/clinic/workflow/call_back")
    cards, name = boss.locator(".flow .nd"), boss.locator("#s-prop h2")
    before = cards.count()
    acts = Answers(boss, "POST", PANEL)
    cards.nth(2).locator("a").focus()
    boss.keyboard.press("/")
    expect(boss.locator("#s-insert [data-find-kind]")).to_be_focused()
    boss.keyboard.type("失败")
    boss.keyboard.press("Enter")
    acts.wait()
    cards.filter(has_text="分支").locator("a").click()
    expect(name).to_have_text("分支")
    # Meanwhile the studio asks for news, as it does now and then.
    boss.wait_for_event("request", lambda request: request.url.endswith("/state"))
    acts.come()
    expect(cards).to_have_count(before + 1)
    boss.wait_for_load_state("networkidle")
    expect(name).to_have_text("分支")


def test_a_panel_that_comes_late_does_not_cover_the_one_chosen_since(visit: Visit) -> None:
    boss = visit("boss")
    boss.goto("/studio/clinic/workflow/call_back")
    cards, name = boss.locator(".flow .nd"), boss.locator("#s-prop h2")
    panels = Answers(boss, "GET", re.compile(r"/studio/clinic/panel\?at=\S*wait"))
    cards.filter(has_text="等待").locator("a").first.click()
    panels.wait()
    cards.filter(has_text="分支").locator("a").click()
    expect(name).to_have_text("分支")
    panels.come()
    boss.wait_for_timeout(500)
    expect(name).to_have_text("分支")
