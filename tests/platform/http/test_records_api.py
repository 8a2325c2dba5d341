"""Records over HTTP: what the contract promises a client."""

from __future__ import annotations

from typing import Any

import pytest

from clinic import PATH, Clinic

PATIENT = f"{PATH}/patient"


def new_patient(clinic: Clinic, name: str, username: str = "head_yu", **values: Any) -> dict[str, Any]:
    answer = clinic.client(username).post(PATIENT, json={"name": name, **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    """The first problem of a refusal, which must be of that status and type."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/problems/{name}", body
    assert body["instance"] == answer.headers["x-request-id"]
    first: dict[str, Any] = (body["problems"] or body["warnings"])[0]
    assert first["detail"]
    return first


def test_a_record_made_can_be_read_changed_deleted_and_restored(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    made = new_patient(clinic, "张三", born_on="1990-01-02")
    assert made["version"] == 1
    assert made["code"].startswith("P")
    where = f"{PATIENT}/{made['id']}"
    read = head.get(where)
    assert read.json()["name"] == "张三"
    assert read.headers["etag"] == '"1"'
    changed = head.patch(where, json={"mail": "z@clinic.example"}, headers={"If-Match": '"1"'})
    assert changed.json()["version"] == 2
    assert head.delete(where).status_code == 204
    problem(head.get(where), 404, "not-found")
    trash = head.get(f"{PATIENT}/trash").json()
    assert made["id"] in [item["id"] for item in trash["items"]]
    assert head.post(f"{where}/restore").json()["mail"] == "z@clinic.example"
    assert head.get(where).status_code == 200


def test_a_list_is_made_all_or_nothing(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    made = head.post(PATIENT, json=[{"name": "名单甲"}, {"name": "名单乙"}])
    assert made.status_code == 201
    assert [item["name"] for item in made.json()] == ["名单甲", "名单乙"]
    refused = head.post(PATIENT, json=[{"name": "名单丙"}, {"mail": "no@name.example"}])
    assert problem(refused, 422, "required")["field"] == "name"
    assert head.get(PATIENT, params={"filter": "name = '名单丙'"}).json()["items"] == []


def test_a_list_is_filtered_sorted_paged_and_counted(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    head.post(PATIENT, json=[{"name": f"页{n}", "mail": f"page{n}@p.example"} for n in range(7)])
    seen: list[str] = []
    query: dict[str, Any] = {"filter": "STARTS(name, '页')", "sort": "-mail", "limit": 3, "fields": "mail"}
    while True:
        page = head.get(PATIENT, params=query).json()
        assert (page["count"], page["count_is_exact"]) == (7, True)
        seen += [item["mail"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [f"page{n}@p.example" for n in reversed(range(7))]


def test_references_are_followed_and_expanded(clinic: Clinic) -> None:
    lin = clinic.client("dr_lin")
    patient = new_patient(clinic, "引用", "dr_lin")
    visit = lin.post(f"{PATH}/visit", json={"patient": patient["id"], "reason": "复诊", "fee": "12.5"}).json()
    assert visit["patient"] == patient["id"]
    assert visit["fee"] == "12.50"
    one = lin.get(f"{PATH}/visit/{visit['id']}", params={"fields": "patient.name,fee"}).json()
    assert one["patient.name"] == "引用"
    whole = lin.get(f"{PATH}/visit/{visit['id']}", params={"expand": "patient"}).json()
    assert whole["patient"]["name"] == "引用"


def test_decimals_are_exact_both_ways(clinic: Clinic) -> None:
    patient = new_patient(clinic, "小数", "dr_lin")
    lin, id_ = clinic.client("dr_lin"), patient["id"]
    raw = f'{{"patient": "{id_}", "fee": 1234567890.10}}'
    made = lin.post(f"{PATH}/visit", content=raw, headers={"Content-Type": "application/json"})
    assert made.json()["fee"] == "1234567890.10"
    places = lin.post(f"{PATH}/visit", json={"patient": patient["id"], "fee": "0.001"})
    assert places.status_code == 422
    assert places.json()["problems"][0]["field"] == "fee"


def test_a_stale_version_merges_or_conflicts_naming_both(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    made = new_patient(clinic, "版本", mail="a@v.example")
    where = f"{PATIENT}/{made['id']}"
    head.patch(where, json={"mail": "b@v.example", "version": 1})
    merged = head.patch(where, json={"born_on": "2000-01-01"}, headers={"If-Match": "1"})
    assert merged.status_code == 200
    clash = head.patch(where, json={"mail": "c@v.example"}, headers={"If-Match": "1"})
    problem(clash, 409, "conflict")
    assert "b@v.example" in clash.text
    assert "c@v.example" in clash.text
    problem(head.patch(where, json={"mail": "d@v.example", "version": 99}), 409, "bad-version")
    both = head.patch(where, json={"mail": "e@v.example", "version": 2}, headers={"If-Match": "1"})
    assert problem(both, 400, "bad-request")["field"] == "version"
    assert (
        problem(head.patch(where, json={}, headers={"If-Match": "x"}), 400, "bad-request")["field"]
        == "If-Match"
    )


def test_a_warning_wants_a_reason_and_keeps_it(clinic: Clinic) -> None:
    lin = clinic.client("dr_lin")
    patient = new_patient(clinic, "警告", "dr_lin")
    values = {"patient": patient["id"], "fever": "33.0"}
    refused = lin.post(f"{PATH}/visit", json=values)
    assert refused.status_code == 422
    body = refused.json()
    assert body["problems"] == []
    assert body["warnings"][0]["rule"] == "temperature_possible"
    wrong = lin.post(f"{PATH}/visit", json={**values, "_reasons": {"temperature_possible": ""}})
    assert problem(wrong, 400, "bad-request")["field"] == "_reasons"
    made = lin.post(f"{PATH}/visit", json={**values, "_reasons": {"temperature_possible": "刚从冷库出来"}})
    assert made.status_code == 201
    history = lin.get(f"{PATH}/visit/{made.json()['id']}/history").json()["items"]
    assert "刚从冷库出来" in str(history)


def test_all_that_is_wrong_is_told_at_once(clinic: Clinic) -> None:
    refused = clinic.client("head_yu").post(PATIENT, json={"born_on": "2999-01-01", "mail": "x", "phne": "1"})
    fields = {p["field"] for p in refused.json()["problems"]}
    assert {"mail", "phne"} <= fields
    assert "phone" in refused.text


def test_unknown_names_are_answered_with_the_nearest(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    parameter = problem(head.get(PATIENT, params={"filtre": "x"}), 400, "unknown-parameter")
    assert (parameter["field"], parameter["nearest"]) == ("filtre", "filter")
    field = head.get(PATIENT, params={"sort": "nmae"})
    assert field.status_code == 400
    assert field.json()["problems"][0]["nearest"] == "name"
    assert head.get(f"{PATH}/patiant").status_code in (400, 404)
    assert head.get("/api/v1/apps/clinc/patient").status_code == 404
    assert head.get(PATIENT, params={"filter": "name = "}).status_code == 400
    assert head.get(PATIENT, params={"limit": "1001"}).status_code == 400
    assert head.get(PATIENT, params={"cursor": "garbage"}).status_code == 400


def test_figures_are_grouped_with_totals(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    head.post(PATIENT, json=[{"name": "组", "mail": f"g{n}@group.example"} for n in range(3)])
    answer = head.post(
        f"{PATIENT}/aggregate",
        json={
            "rows": ["name"],
            "measures": [{"name": "people", "formula": "COUNT()"}],
            "filter": "name = '组'",
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"] == [{"name": "组", "people": 3}]
    assert answer.json()["total"] == {"people": 3}
    wrong = head.post(f"{PATIENT}/aggregate", json={"measure": []})
    assert problem(wrong, 400, "unknown-member")["nearest"] == "measures"


def test_a_masked_value_is_revealed_where_the_grant_allows(clinic: Clinic) -> None:
    made = new_patient(clinic, "遮盖", "dr_lin", phone="13800138000")
    where = f"{PATIENT}/{made['id']}"
    lin = clinic.client("dr_lin")
    assert "•" in lin.get(where).json()["phone"]
    assert lin.post(f"{where}/reveal", json={"field": "phone"}).json() == {"value": "13800138000"}
    nurse = clinic.client("nurse_bai")
    assert nurse.get(where).status_code == 200
    assert nurse.post(f"{where}/reveal", json={"field": "phone"}).status_code in (403, 404)
    reads_only = lin.get(f"{where}/reveal")
    assert reads_only.status_code == 405


def test_history_and_the_record_as_it_was(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    made = new_patient(clinic, "从前", mail="old@h.example")
    where = f"{PATIENT}/{made['id']}"
    head.patch(where, json={"mail": "new@h.example"})
    items = head.get(f"{where}/history").json()["items"]
    assert [item["action"] for item in items] == ["update", "create"]
    change = next(c for c in items[0]["changes"] if c["field"] == "mail")
    assert (change["before"], change["after"]) == ("old@h.example", "new@h.example")
    assert items[0]["actor"] == "head_yu"
    was = head.get(f"{where}/history", params={"as_of": items[1]["at"]}).json()
    assert was["mail"] == "old@h.example"


def test_a_record_shared_is_read_by_whom_it_is_shared_with(clinic: Clinic) -> None:
    made = new_patient(clinic, "共享", "dr_mao")
    where = f"{PATIENT}/{made['id']}"
    assert clinic.client("dr_lin").get(where).status_code == 404
    head = clinic.client("head_yu")
    share = head.post(f"{where}/shares", json={"user": clinic.users["dr_lin"]})
    assert share.status_code == 201
    assert clinic.client("dr_lin").get(where).status_code == 200
    assert len(head.get(f"{where}/shares").json()["items"]) == 1
    assert clinic.client("dr_lin").delete(f"{where}/shares/{share.json()['id']}").status_code == 403
    assert head.delete(f"{where}/shares/{share.json()['id']}").status_code == 204
    assert clinic.client("dr_lin").get(where).status_code == 404
    assert head.post(f"{where}/shares", json={}).status_code == 400
    assert head.post(f"{where}/shares", json={"user": "nonsense"}).status_code == 422


def test_explain_says_which_grant_decides(clinic: Clinic) -> None:
    made = new_patient(clinic, "为何", "dr_lin")
    answer = clinic.client("dr_lin").get(f"{PATIENT}/{made['id']}/explain", params={"field": "phone"})
    assert answer.status_code == 200, answer.text
    assert "doctor" in answer.text
    hidden = clinic.client("dr_mao").get(f"{PATIENT}/{made['id']}/explain")
    unknown = clinic.client("dr_mao").get(f"{PATIENT}/{made['id'][:-4]}0000/explain")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json()["problems"] == unknown.json()["problems"]
    why = clinic.client("admin").get(f"{PATIENT}/{made['id']}/explain", headers={"X-View-As": "dr_mao"})
    assert why.status_code == 200


def test_settings_are_read_and_changed_by_those_who_may(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    values = admin.get(f"{PATH}/settings")
    assert values.status_code == 200, values.text
    assert "frequent_spent" in values.json()
    unknown = admin.patch(f"{PATH}/settings", json={"frequent_spend": 1})
    assert unknown.status_code == 400
    assert "frequent_spent" in unknown.text


def test_search_finds_by_initials_across_entities(clinic: Clinic) -> None:
    new_patient(clinic, "欧阳娜娜", "dr_lin")
    found = clinic.client("dr_lin").get("/api/v1/search", params={"q": "oynn"})
    assert found.status_code == 200, found.text
    titles = [r["title"] for group in found.json()["items"] for r in group["records"]]
    assert "欧阳娜娜" in titles
    assert problem(clinic.client("dr_lin").get("/api/v1/search"), 400, "bad-parameter")["field"] == "q"


@pytest.mark.parametrize("username", ["nobody", "dr_lin"])
def test_me_tells_who_asks(clinic: Clinic, username: str) -> None:
    me = clinic.client(username).get("/api/v1/me").json()
    assert me["username"] == username
    assert me["id"] == clinic.users[username]
    assert me["roles"] == (["clinic.doctor"] if username == "dr_lin" else [])


def test_apps_are_those_of_ones_roles(clinic: Clinic) -> None:
    assert clinic.client("nobody").get("/api/v1/apps").json() == {"items": []}
    assert clinic.client("nobody").get(PATH).status_code == 404
    assert [a["name"] for a in clinic.client("dr_lin").get("/api/v1/apps").json()["items"]] == ["clinic"]
    described = clinic.client("desk_tao").get(PATH).json()
    patient = next(e for e in described["entities"] if e["name"] == "patient")
    names = {f["name"] for f in patient["fields"]}
    assert "name" in names
    assert not names & {"spent", "segment", "risk", "allergies", "severe_allergies"}
    assert "source" not in described
    assert "source" in clinic.client("admin").get(PATH).json()
