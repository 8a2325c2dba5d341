"""Who asks: tokens, sessions, forged requests, scopes, viewing as another."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from clinic import PASSWORD, PATH, SYSTEM, Clinic
from dougong_platform import signin, tokens
from dougong_platform.http.viewer import COOKIE, VIEW_AS_COOKIE, safe_next
from dougong_runtime.audit.log import VIEW_AS, find

PATIENT = f"{PATH}/patient"


def signed_in(clinic: Clinic, username: str) -> tuple[TestClient, str]:
    """A browser with a session, and the word against forged requests."""
    session = signin.sign_in(clinic.site, username, PASSWORD)
    return TestClient(clinic.app, cookies={COOKIE: session.token}), session.csrf


def type_of(answer: object) -> str:
    body = answer.json()  # type: ignore[attr-defined]
    return str(body["type"]).removeprefix("/problems/")


def test_nothing_is_answered_to_strangers(clinic: Clinic) -> None:
    stranger = clinic.client()
    for path in (
        "/api/v1/me",
        "/api/v1/apps",
        PATIENT,
        f"{PATH}/openapi.json",
        "/api/v1/jobs",
        "/api/v1/search",
    ):
        answer = stranger.get(path)
        assert (answer.status_code, type_of(answer)) == (401, "not-signed-in")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert stranger.post(PATIENT, json={"name": "x"}).status_code == 401


def test_a_token_for_a_password(clinic: Clinic) -> None:
    stranger = clinic.client()
    made = stranger.post("/api/v1/tokens", json={"username": "dr_lin", "password": PASSWORD})
    assert made.status_code == 201
    token = made.json()["token"]
    me = stranger.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["username"] == "dr_lin"
    wrong = stranger.post("/api/v1/tokens", json={"username": "dr_lin", "password": "wrong"})
    unknown = stranger.post("/api/v1/tokens", json={"username": "dr_who", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["detail"] == unknown.json()["detail"]
    assert stranger.post("/api/v1/tokens", json={}).status_code == 400
    assert stranger.post("/api/v1/tokens", json={"username": 1, "password": []}).status_code == 400
    assert (
        stranger.post(
            "/api/v1/tokens", content="username=x", headers={"Content-Type": "text/plain"}
        ).status_code
        == 415
    )


def test_a_wrong_token_is_not_passed_over_for_a_cookie(clinic: Clinic) -> None:
    browser, _ = signed_in(clinic, "dr_lin")
    assert browser.get("/api/v1/me").status_code == 200
    for header in ("Bearer x", "Bearer ", "Basic ZHI6cHc=", "dgt_x", "Bearer " + "x" * 5000):
        answer = browser.get("/api/v1/me", headers={"Authorization": header})
        assert (answer.status_code, type_of(answer)) == (401, "bad-token")


def test_scopes_bind_a_token(clinic: Clinic) -> None:
    with clinic.site.database.write() as connection:
        issued = tokens.issue(clinic.site, connection, SYSTEM, clinic.users["dr_lin"], scopes=["read"])
    reader = TestClient(clinic.app, headers={"Authorization": f"Bearer {issued.token}"})
    assert reader.get(PATIENT).status_code == 200
    assert reader.post(f"{PATIENT}/aggregate", json={}).status_code == 200
    refused = reader.post(PATIENT, json={"name": "x"})
    assert (refused.status_code, type_of(refused)) == (403, "scope-missing")
    assert reader.post("/api/v1/tokens", json={"name": "more", "scopes": ["write"]}).status_code == 403


def test_a_token_issues_no_token_and_is_ended_by_its_owner_only(clinic: Clinic) -> None:
    lin, mao = clinic.client("dr_lin"), clinic.client("dr_mao")
    assert lin.post("/api/v1/tokens", json={"name": "longer"}).status_code == 403
    browser, csrf = signed_in(clinic, "dr_lin")
    made = browser.post(
        "/api/v1/tokens", json={"name": "mine", "days": 1}, headers={"X-CSRF-Token": csrf}
    ).json()
    listed = lin.get("/api/v1/tokens")
    assert made["id"] in [t["id"] for t in listed.json()["items"]]
    assert made["token"] not in listed.text
    assert mao.delete(f"/api/v1/tokens/{made['id']}").status_code == 404
    assert lin.delete("/api/v1/tokens/nonsense").status_code == 404
    assert lin.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    gone = clinic.client().get("/api/v1/me", headers={"Authorization": f"Bearer {made['token']}"})
    assert gone.status_code == 401


@pytest.mark.parametrize("word", [None, "", "0" * 64, "another"])
def test_a_cookie_alone_changes_nothing(clinic: Clinic, word: str | None) -> None:
    browser, csrf = signed_in(clinic, "dr_lin")
    given = None if word is None else signed_in(clinic, "admin")[1] if word == "another" else word
    headers = {} if given is None else {"X-CSRF-Token": given}
    refused = browser.post(PATIENT, json={"name": "伪造"}, headers=headers)
    assert (refused.status_code, type_of(refused)) == (403, "csrf")
    assert browser.get(PATIENT, params={"filter": "name = '伪造'"}).json()["items"] == []
    good = {"X-CSRF-Token": csrf}
    for forged in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert browser.post(PATIENT, json={"name": "伪造"}, headers=good | forged).status_code == 403
    assert (
        browser.post(
            PATIENT, json={"name": "真实"}, headers=good | {"Sec-Fetch-Site": "same-origin"}
        ).status_code
        == 201
    )


def test_an_administrator_views_as_another_and_changes_nothing(clinic: Clinic) -> None:
    clinic.client("dr_lin").post(PATIENT, json={"name": "林的病人"})
    admin = clinic.client("admin")
    seen = admin.get(PATIENT, params={"filter": "name = '林的病人'"}, headers={"X-View-As": "dr_lin"})
    assert [item["name"] for item in seen.json()["items"]] == ["林的病人"]
    me = admin.get("/api/v1/me", headers={"X-View-As": "dr_lin"}).json()
    assert (me["username"], me["viewed_by"]) == ("dr_lin", "admin")
    refused = admin.post(PATIENT, json={"name": "x"}, headers={"X-View-As": "dr_lin"})
    assert (refused.status_code, type_of(refused)) == (403, "viewing-as")
    assert admin.get(PATIENT, headers={"X-View-As": "dr_whoo"}).status_code == 404
    assert "source" not in admin.get(PATH, headers={"X-View-As": "dr_lin"}).json()
    with clinic.site.database.read() as connection:
        noted = find(connection, actions=[VIEW_AS])
    assert [(e.actor_name, e.record) for e in noted] == [("admin", clinic.users["dr_lin"])]


def test_nobody_else_views_as_another(clinic: Clinic) -> None:
    refused = clinic.client("head_yu").get(PATIENT, headers={"X-View-As": "dr_lin"})
    assert refused.status_code == 403
    browser, _ = signed_in(clinic, "dr_lin")
    browser.cookies.set(VIEW_AS_COOKIE, "head_yu")
    assert browser.get("/api/v1/me").json()["username"] == "dr_lin"
    admin, _ = signed_in(clinic, "admin")
    admin.cookies.set(VIEW_AS_COOKIE, "dr_lin")
    assert admin.get("/api/v1/me").json()["username"] == "dr_lin"


def test_an_ended_session_opens_nothing(clinic: Clinic) -> None:
    browser, _ = signed_in(clinic, "dr_lin")
    with clinic.site.database.write() as connection:
        signin.sign_out_everywhere(clinic.site, connection, SYSTEM, clinic.users["dr_lin"])
    assert browser.get("/api/v1/me").status_code == 401


def test_guessing_is_slowed_and_says_for_how_long(clinic: Clinic) -> None:
    stranger = clinic.client()
    answers = [
        stranger.post("/api/v1/tokens", json={"username": "stat_gu", "password": f"guess {n}"})
        for n in range(7)
    ]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_what_has_been_typed_is_not_kept(clinic: Clinic) -> None:
    clinic.client().post("/api/v1/tokens", json={"username": "dr_lin", "password": "typed in error"})
    with clinic.site.database.read() as connection:
        for table in ("dg_audit", "dg_attempt", "dg_token"):
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            assert "typed in error" not in str(rows)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "///evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/%0d%0aSet-Cookie:x\r\n", "javascript:alert(1)", "evil.example", "", "/login?next=/",
        " //evil.example", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_the_way_back_stays_on_the_site(target: str) -> None:
    assert safe_next(target) == "/"


def test_a_page_leads_to_signing_in_and_back(clinic: Clinic) -> None:
    stranger = TestClient(clinic.app, headers={"Accept": "text/html"}, follow_redirects=False)
    answer = stranger.get("/apps/clinic/views/patients?sort=-name")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fapps%2Fclinic%2Fviews%2Fpatients%3Fsort%3D-name"
