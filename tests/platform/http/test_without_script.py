"""Forms that the browser sends by itself, before a script of the page was there: what comes is a page."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from clinic import Clinic

NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
STUDIO = "/studio/clinic"
CANVAS = f"{STUDIO}/entity/patient"
QUICK = f"{CANVAS}/do/quick"
ROW = 'data-label="复诊日期"'


@pytest.fixture
def browser(clinic: Clinic, building: None) -> TestClient:
    """A browser of somebody who may build; it goes from page to page."""
    found = clinic.browser("head_yu", Accept=NAVIGATION)
    found.follow_redirects = False
    return found


def send(browser: TestClient, address: str, referer: str = "", **values: str) -> Any:
    headers = {"Referer": referer} if referer else {}
    return browser.post(address, data=values, headers=headers)


def test_an_act_leads_back_to_the_page_on_which_its_form_stood(browser: TestClient) -> None:
    host = str(browser.base_url)
    answer = send(browser, QUICK, f"{host}{CANVAS}?tab=fields", text="复诊日期 日期")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{CANVAS}?tab=fields")
    assert ROW in browser.get(CANVAS).text
    undone = send(browser, f"{STUDIO}/undo", f"{host}{CANVAS}")
    assert (undone.status_code, undone.headers["location"]) == (303, CANVAS)
    assert ROW not in browser.get(CANVAS).text


@pytest.mark.parametrize(
    "referer", ["", "http://elsewhere.example/x", "nonsense", "{host}//elsewhere.example/x", "{host}/logout"]
)
def test_it_leads_nowhere_else(browser: TestClient, referer: str) -> None:
    answer = send(browser, QUICK, referer.format(host=browser.base_url), text="复诊日期 日期")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_an_act_that_leads_on_does_so(browser: TestClient) -> None:
    values = {"label.zh": "研究报告", "label.en": "Research report"}
    answer = send(browser, f"{STUDIO}/new-entity", f"{browser.base_url}{STUDIO}", **values)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{STUDIO}/entity/research_report")
    assert browser.get(f"{STUDIO}/entity/research_report").status_code == 200


def test_what_is_refused_says_so_on_a_page(browser: TestClient) -> None:
    answer = send(browser, QUICK, f"{browser.base_url}{CANVAS}", text="a text: b")
    assert answer.status_code == 422
    assert answer.text.startswith("<!doctype html>")
    assert "This line makes no field" in answer.text
