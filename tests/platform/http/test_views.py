"""Lists as people make them their own: columns, order, groups with totals, filters, saved views; under each one's access."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from clinic import PATH, Clinic
from dougong_runtime.pages.lists import builder

VIEW = "/apps/clinic/views/patients"
VIEWS = f"{PATH}/patient/views"
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(scope="module", autouse=True)
def patients(clinic: Clinic) -> None:
    """Dr Lin's two patients, and one of Dr Mao's, with visits that cost something."""
    for name, owner, risk, fees in (
        ("甲", "dr_lin", "high", (100, 20)),
        ("乙", "dr_lin", "low", (30,)),
        ("丙", "dr_mao", "high", (500,)),
    ):
        made = clinic.make("patient", name=name, owner=clinic.users[owner], risk=risk)
        for fee in fees:
            clinic.make(
                "visit", patient=made["id"], doctor=clinic.users[owner], fee=f"{fee}.00", reason="复查"
            )


def columns(html: str) -> list[str]:
    """The heads of a list, in order."""
    return re.findall(r'<th class="[^"]*" scope="col" data-field="([\w.]+)"', html)


def names(html: str) -> list[str]:
    """What the rows are called, in order."""
    return re.findall(r"data-opens-record class=\"cut\">([^<]+)</a>", html)


def page(clinic: Clinic, query: str = "", username: str = "head_yu", view: str = VIEW) -> str:
    """A list as somebody finds it."""
    answer = clinic.browser(username).get(f"{view}?{query}" if query else view)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def save(clinic: Clinic, username: str, **body: Any) -> dict[str, Any]:
    """A view saved by somebody."""
    answer = clinic.client(username).post(VIEWS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def foot(html: str) -> str:
    """What stands below the columns."""
    found = re.search(r"<tr[^>]*><td class=\"pin2\">.*?</tr>", html, re.DOTALL)
    assert found is not None
    return found.group()


def test_what_many_records_come_to_is_fetched_after_the_page(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "columns=name,spent,risk&totals=spent:sum"
    at_once = foot(page(clinic, query))
    assert "650" in at_once
    monkeypatch.setattr(builder, "SUMMED_AT_ONCE", 2)
    waiting = foot(page(clinic, query))
    assert "650" not in waiting
    address = re.search(r'hx-get="([^"]+)"', waiting)
    assert address is not None
    fetched = clinic.browser("head_yu").get(unescape(address.group(1)), headers=FRAGMENT).text
    assert fetched.strip() == at_once.strip()
    # Who reads two of them has few.
    own = clinic.browser("dr_lin").get(unescape(address.group(1)), headers=FRAGMENT).text
    assert "150" in own
    assert "650" not in own


# --- the address, what is kept, the view's document -----------------------------------------------------------------
def test_columns_follow_the_address_then_what_was_kept_then_the_document(clinic: Clinic) -> None:
    document = ["name", "code", "phone", "risk", "stage", "spent", "last_visit_at", "owner"]
    assert columns(page(clinic)) == document
    assert columns(page(clinic, "columns=spent,name,owner.username:180")) == [
        "name",
        "spent",
        "owner.username",
    ]
    browser = clinic.browser("head_yu", **FRAGMENT)
    arranged = browser.post(f"{VIEW}/arrange", data={"do": "hide:phone"})
    assert columns(arranged.text) == [n for n in document if n != "phone"]
    assert dict(parse_qsl(urlsplit(arranged.headers["HX-Replace-Url"]).query))["columns"].startswith(
        "name,code,risk"
    )
    assert "phone" not in columns(page(clinic))
    assert columns(page(clinic, username="dr_lin")) == document
    assert columns(page(clinic, "columns=name,phone")) == ["name", "phone"]
    browser.post(f"{VIEW}/arrange", data={"do": "reset"})
    assert columns(page(clinic)) == document


def test_acts_on_columns_move_size_freeze_and_sum_them(clinic: Clinic) -> None:
    browser = clinic.browser("head_yu", **FRAGMENT)
    try:
        for do in ("place:spent:1", "width:spent:200", "freeze:2", "total:spent:avg", "show:owner.team.name"):
            answer = browser.post(f"{VIEW}/arrange", data={"do": do})
            assert answer.status_code == 200, answer.text
        html = page(clinic)
        assert columns(html)[:2] == ["name", "spent"]
        assert columns(html)[-1] == "owner.team.name"
        assert '<col data-col="spent" width="200">' in html
        assert 'data-freeze="2"' in html
        assert re.search(r"平均|Avg", html)
        for do in ("hide:name", "place:name:3", "width:nonsense:3", "nonsense"):
            browser.post(f"{VIEW}/arrange", data={"do": do})
        assert columns(page(clinic))[:2] == ["name", "spent"], "what names a record stays first"
    finally:
        browser.post(f"{VIEW}/arrange", data={"do": "reset"})


def test_a_link_shows_a_colleague_only_what_they_may_see(clinic: Clinic) -> None:
    query = "columns=name,phone,spent,owner.username&group=risk&sort=-spent&totals=spent:sum"
    mine = page(clinic, query)
    assert set(names(mine)) == {"甲", "乙", "丙"}
    theirs = page(clinic, query, "dr_lin")
    assert set(names(theirs)) == {"甲", "乙"}
    assert "150.00" in theirs
    assert "650.00" not in theirs
    assert "650.00" in mine
    registrar = page(clinic, query, "desk_tao")
    assert columns(registrar) == ["name", "phone", "owner.username"]
    assert 'class="left-out' in registrar
    assert "650.00" not in registrar


# --- order, groups, totals ------------------------------------------------------------------------------------------
def test_a_list_is_sorted_by_several_keys_in_their_order(clinic: Clinic) -> None:
    assert names(page(clinic, "sort=-risk,-spent")) == ["丙", "甲", "乙"]
    assert names(page(clinic, "sort=-risk,spent")) == ["甲", "丙", "乙"]
    answer = clinic.browser("head_yu", **FRAGMENT).post(
        f"{VIEW}/arrange", data={"do": "sort:spent:0", "sort": "-risk,spent"}
    )
    assert names(answer.text) == ["乙", "甲", "丙"]


def test_groups_count_and_sum_all_their_records_and_bring_their_rows_on_demand(clinic: Clinic) -> None:
    html = page(clinic, "group=risk,owner&totals=spent:sum&columns=name,spent")
    heads = re.findall(r'data-band="([^"]*)" data-depth="(\d)".*?class="n">(\d+)<.*?</tr>', html, re.DOTALL)
    assert [(depth, count) for _, depth, count in heads] == [
        ("0", "1"),
        ("1", "1"),
        ("0", "2"),
        ("1", "1"),
        ("1", "1"),
    ]
    group = re.search(r'data-band="high" data-depth="0".*?</tr>', html, re.DOTALL)
    assert group is not None
    assert "620.00" in group[0]
    rows = clinic.browser("head_yu", **FRAGMENT).get(f"{VIEW}/rows?group=risk&of=high&sort=spent")
    assert names(rows.text) == ["甲", "丙"]
    lin = clinic.browser("dr_lin", **FRAGMENT).get(f"{VIEW}/rows?group=risk&of=high&sort=spent")
    assert names(lin.text) == ["甲"]


def test_groups_and_totals_follow_a_search(clinic: Clinic) -> None:
    html = page(clinic, "group=risk&search=甲&totals=spent:sum&columns=name,spent")
    assert re.findall(r'class="n">(\d+)<', html) == ["1"]
    assert "120.00" in html


def test_each_column_has_the_total_that_is_chosen(clinic: Clinic) -> None:
    wanted = {
        "sum": "650.00",
        "avg": "216.67",
        "min": "30.00",
        "max": "500.00",
        "count": "3",
        "distinct": "3",
    }
    for measure, shown in wanted.items():
        html = page(clinic, f"columns=name,spent&totals=spent:{measure}")
        foot = html[html.index("<tfoot>") : html.index("</tfoot>")]
        assert f">{shown}</b>" in foot, measure


# --- filters --------------------------------------------------------------------------------------------------------
def test_rows_of_the_panel_become_a_formula_with_groups_and_paths(clinic: Clinic) -> None:
    browser = clinic.browser("head_yu", **FRAGMENT)
    sent = {
        "row": ["0", "1", "2"],
        "f.0": ["owner.", "username"], "o.0": "contains", "v.0": "dr", "g.0": "",
        "f.1": "risk", "o.1": "in", "v.1": ["low", "medium"], "g.1": "1",
        "f.2": "spent", "o.2": "ge", "v.2": "500", "g.2": "1", "gj.1": "or", "j": "and", "all": "1",
    }  # fmt: skip
    shown = browser.post(f"{VIEW}/filter", data=sent)
    assert "2 match" in shown.text
    applied = browser.post(f"{VIEW}/filter", data={**sent, "do": "apply"})
    said = dict(parse_qsl(urlsplit(applied.headers["HX-Push-Url"]).query))
    assert said["filter"] == "CONTAINS(owner.username, 'dr') AND (risk IN ('low', 'medium') OR spent >= 500)"
    assert set(names(applied.text)) == {"乙", "丙"}


def test_an_error_stands_at_its_row_and_nothing_is_applied(clinic: Clinic) -> None:
    browser = clinic.browser("head_yu", **FRAGMENT)
    sent = {"row": "0", "f.0": "spent", "o.0": "ge", "v.0": "many", "do": "apply"}
    answer = browser.post(f"{VIEW}/filter", data=sent)
    assert "HX-Push-Url" not in answer.headers
    assert re.search(r'id="frow-0" data-wrong', answer.text)


def test_an_empty_list_names_the_condition_to_drop_and_what_it_hides(clinic: Clinic) -> None:
    html = page(clinic, "filter=risk = 'high' AND spent > 100000&all=1")
    assert re.search(r"there would be 2\.", html)
    assert re.search(r"Drop “Spent &gt; 100,000”", html)


# --- saved views ----------------------------------------------------------------------------------------------------
def test_a_private_view_is_not_there_for_another(clinic: Clinic) -> None:
    made = save(
        clinic, "dr_lin", name="我的高风险", state={"filter": "risk = 'high'", "columns": "name,spent:120"}
    )
    where = f"/apps/clinic/views/{made['id']}"
    mine = page(clinic, username="dr_lin", view=where)
    assert names(mine) == ["甲"]
    assert columns(mine) == ["name", "spent"]
    assert clinic.browser("dr_mao").get(where).status_code == 404
    for call in (clinic.client("dr_mao").get, clinic.client("head_yu").delete):
        assert call(f"{VIEWS}/{made['id']}").status_code == 404
    listed = clinic.client("dr_mao").get(VIEWS).json()["items"]
    assert made["id"] not in [item["id"] for item in listed]
    assert clinic.client("dr_lin").delete(f"{VIEWS}/{made['id']}").status_code == 204
    assert clinic.browser("dr_lin").get(where).status_code == 404


def test_a_shared_view_shows_each_their_own_records(clinic: Clinic) -> None:
    made = save(clinic, "dr_lin", name="高风险", state={"filter": "risk = 'high'"}, roles=["doctor"])
    where = f"/apps/clinic/views/{made['id']}"
    assert names(page(clinic, username="dr_lin", view=where)) == ["甲"]
    assert names(page(clinic, username="dr_mao", view=where)) == ["丙"]
    assert clinic.browser("nurse_bai").get(where).status_code == 404, "shared with doctors only"
    refused = clinic.client("dr_mao").patch(f"{VIEWS}/{made['id']}", json={"name": "我的了"})
    assert refused.status_code == 403
    assert (
        clinic.client("dr_lin").patch(f"{VIEWS}/{made['id']}", json={"shared": False}).json()["shared"]
        is False
    )
    assert clinic.browser("dr_mao").get(where).status_code == 404


def test_only_with_roles_that_one_holds_unless_one_looks_after_views(clinic: Clinic) -> None:
    made = save(clinic, "dr_lin", name="x", state={})
    one = f"{VIEWS}/{made['id']}"
    assert clinic.client("dr_lin").patch(one, json={"roles": ["nurse"]}).status_code == 403
    assert clinic.client("dr_lin").patch(one, json={"shared": True}).status_code == 403, "that is everybody"
    assert clinic.client("dr_lin").patch(one, json={"roles": ["nonsense"]}).status_code == 422


def test_a_view_whose_field_is_gone_opens_and_says_what_is_left_out(clinic: Clinic) -> None:
    state = {
        "filter": "risk = 'high' AND gone = 1",
        "columns": "name,gone,spent",
        "sort": "-gone,name",
        "group": "gone",
    }
    made = save(clinic, "head_yu", name="旧的", state=state)
    html = page(clinic, view=f"/apps/clinic/views/{made['id']}")
    assert set(names(html)) == {"甲", "丙"}
    assert columns(html) == ["name", "spent"]
    assert "4 left out" in html


def test_a_view_saved_by_two_at_once_is_not_overwritten(clinic: Clinic) -> None:
    made = save(clinic, "head_yu", name="两人", state={})
    one = f"{VIEWS}/{made['id']}"
    head = clinic.client("head_yu")
    assert head.patch(one, json={"state": {"sort": "name"}, "version": 1}).json()["version"] == 2
    assert head.patch(one, json={"state": {"sort": "-name"}, "version": 1}).status_code == 409


def test_unsaved_changes_are_told_and_saved_into_the_view(clinic: Clinic) -> None:
    made = save(clinic, "head_yu", name="排序", state={"columns": "name,spent", "sort": "spent"})
    where = f"/apps/clinic/views/{made['id']}"
    assert "Unsaved changes" not in page(clinic, view=where)
    assert "Unsaved changes" in page(clinic, "sort=-spent", view=where)
    browser = clinic.browser("head_yu")
    sent = {"query": "sort=-spent", "version": "1"}
    assert browser.post(f"{where}/save", data=sent, follow_redirects=False).status_code == 303
    assert names(page(clinic, view=where)) == ["丙", "甲", "乙"]
    assert "Unsaved changes" not in page(clinic, view=where)


def test_the_view_chosen_as_default_opens_first_and_tabs_keep_their_order(clinic: Clinic) -> None:
    made = save(clinic, "dr_mao", name="先看", state={"sort": "name"})
    client, browser = clinic.client("dr_mao"), clinic.browser("dr_mao")
    assert client.put(f"{VIEWS}/default", json={"view": made["id"]}).status_code == 204
    answer = browser.get(VIEW, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/apps/clinic/views/{made['id']}")
    assert browser.get(f"{VIEW}?as=table", follow_redirects=False).status_code == 200
    assert clinic.browser("dr_lin").get(VIEW, follow_redirects=False).status_code == 200
    assert client.put(f"{VIEWS}/order", json={"views": [made["id"], "patients"]}).status_code == 204
    assert [item["id"] for item in client.get(VIEWS).json()["items"]][:2] == [made["id"], "patients"]
    assert client.put(f"{VIEWS}/default", json={"view": None}).status_code == 204
    assert browser.get(VIEW, follow_redirects=False).status_code == 200


def test_state_holds_only_what_a_list_knows(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    assert head.post(VIEWS, json={"name": "x", "state": {"cursor": "1"}}).status_code == 400
    assert head.post(VIEWS, json={"name": " ", "state": {}}).status_code in (400, 422)
    assert head.post(VIEWS, json={"name": "x", "base": "visits"}).status_code == 404
    assert head.post(VIEWS, json={"name": "x", "state": {"filter": "a" * 20_000}}).status_code == 422


def test_rows_come_back_in_the_number_that_was_there(clinic: Clinic) -> None:
    answer = clinic.browser("head_yu", **FRAGMENT).get(f"{VIEW}?rows=400&keep=1")
    assert answer.status_code == 200
    assert "HX-Push-Url" not in answer.headers
    assert (
        clinic.browser("head_yu", **FRAGMENT)
        .get(f"{VIEW}?sort=name")
        .headers["HX-Push-Url"]
        .endswith("?sort=name")
    )


# --- figures over what a list shows -----------------------------------------------------------------------------
def test_figures_may_be_drawn_over_what_is_listed_and_searched(clinic: Clinic) -> None:
    body = {"measures": [{"name": "n", "formula": "COUNT()"}], "listed": True, "search": "甲"}
    assert clinic.client("head_yu").post(f"{PATH}/patient/aggregate", json=body).json()["total"] == {"n": 1}


def test_a_block_leads_to_its_form_where_one_may_use_it(clinic: Clinic) -> None:
    patient = clinic.make("patient", name="罗兰", owner=clinic.users["dr_lin"])["id"]
    page = clinic.browser("dr_lin").get(f"/apps/clinic/patient/{patient}?tab=page").text
    assert f'href="/apps/clinic/visit/new?form=visit_form&amp;patient={patient}"' in page
    assert (
        clinic.browser("dr_lin")
        .get(f"/apps/clinic/visit/new?form=visit_form&patient={patient}")
        .text.count("罗兰")
    )
    home = clinic.browser("head_yu").get("/apps/clinic").text
    may = clinic.client("head_yu").get("/api/v1/apps/clinic").json()["entities"]
    creates = next(e for e in may if e["name"] == "visit")["actions"]
    assert ("/apps/clinic/visit/new?form=visit_form" in home) is ("create" in creates)
