"""Requests that another site's page makes a browser send, and ways to lead a person elsewhere."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from clinic import PASSWORD, PATH, Clinic
from dougong_platform import signin
from dougong_platform.http.viewer import COOKIE, CSRF_HEADER
from dougong_runtime.names import uuid7

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
BEFORE_SIGNING_IN = ("/login", "/login/preferences", "/api/v1/tokens")
EVIL = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
)


def writing_routes(clinic: Clinic) -> list[tuple[str, str]]:
    """Method and address of every route that may change something, with records' ids of nobody. Public forms know no
    session: what forges them is tried with them."""
    found = []
    for route in clinic.app.routes:
        if not isinstance(route, Route) or route.path.startswith("/f/"):
            continue
        if route.path not in BEFORE_SIGNING_IN:
            address = (
                route.path.replace("{app}", "clinic")
                .replace("{entity}", "patient")
                .replace("{username}", "dr_mao")
            )
            address = re.sub(r"\{[^}]+\}", "0190c5a4-ffff-7fff-bfff-ffffffffffff", address)
            found += [(m, address) for m in sorted(route.methods or ()) if m in UNSAFE]
    return found


def signed_in(clinic: Clinic, username: str = "admin", **headers: str) -> tuple[TestClient, str]:
    """A browser with a session, and that session's word."""
    session = signin.sign_in(clinic.site, username, PASSWORD)
    client = TestClient(
        clinic.app,
        headers=headers,
        cookies={COOKIE: session.token},
        follow_redirects=False,
        raise_server_exceptions=False,
    )
    return client, session.csrf


@pytest.mark.parametrize("word", ["none", "empty", "wrong", "another's", "half", "not ASCII"])
def test_no_address_that_changes_anything_does_so_without_the_sessions_word(
    clinic: Clinic, word: str
) -> None:
    client, own = signed_in(clinic)
    _, others = signed_in(clinic, "head_yu")
    given = {
        "empty": "",
        "wrong": "0" * 64,
        "another's": others,
        "half": own[:32],
        "not ASCII": "é" * 64,
    }.get(word)
    headers = {} if given is None else {CSRF_HEADER: given.encode("latin-1")}
    routes = writing_routes(clinic)
    assert len(routes) > 30
    for method, address in routes:
        in_form = {"csrf_token": given} if given is not None and not address.startswith("/api/") else {}
        bodies: tuple[dict[str, object], ...] = ({"data": {"x": "1"} | in_form}, {"json": {}}, {})
        for more in bodies if given is None else bodies[:1]:
            answer = client.request(method, address, headers=headers, **more)
            assert answer.status_code in (403, 415), (method, address, answer.status_code)


def test_the_word_in_the_address_or_in_a_cookie_does_not_count(clinic: Clinic) -> None:
    client, own = signed_in(clinic)
    client.cookies.set("csrf_token", own)
    for address in (f"/me/sessions/end?csrf_token={own}", f"{PATH}/patient?csrf_token={own}"):
        assert client.post(address, json={"csrf_token": own}).status_code in (403, 415)


def test_the_right_word_from_another_sites_page_does_not_count(clinic: Clinic) -> None:
    for forged in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        client, own = signed_in(clinic, **forged)
        assert client.post("/me/sessions/end", data={"csrf_token": own}).status_code == 403
        stranger = TestClient(clinic.app, headers=forged, follow_redirects=False)
        planted = stranger.post("/login", data={"username": "dr_mao", "password": PASSWORD})
        assert planted.status_code == 403, "signing a victim in as somebody else"
        assert COOKIE not in planted.headers.get("set-cookie", "")


def test_reading_by_get_changes_nothing_and_logout_by_get_ends_nothing(clinic: Clinic) -> None:
    client, _ = signed_in(clinic)
    client.get("/logout")
    assert client.get("/api/v1/me").status_code == 200
    for address in ("/me/sessions/end", "/admin/view-as", "/login/preferences", "/me/totp"):
        assert client.get(address).status_code in (404, 405)


@pytest.mark.parametrize("trick", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"])
def test_no_header_or_field_stands_in_for_the_method(clinic: Clinic, trick: str) -> None:
    head = clinic.client("head_yu")
    made = head.post(f"{PATH}/patient", json={"name": "方法"}).json()
    one = f"{PATH}/patient/{made['id']}"
    head.get(one, headers={trick: "DELETE"}, params=None)
    head.post(one, headers={trick: "DELETE"}, json={"_method": "DELETE"})
    assert head.get(one).status_code == 200


def test_the_word_in_a_page_is_another_text_each_time_and_taken_each_time(clinic: Clinic) -> None:
    """Packed answers that also repeat what was asked for would else give it away by their length."""
    client, own = signed_in(clinic, Accept="text/html")
    shown = re.compile(r'name="csrf-token" content="([0-9a-f]+)"')
    words = {shown.findall(client.get("/me").text)[0] for _ in range(3)}
    assert len(words) == 3
    assert own not in words
    for word in words:
        assert client.post("/me/preferences", data={"csrf_token": word, "theme": "dark"}).status_code == 303
    damaged = ("0" if next(iter(words))[0] != "0" else "1") + next(iter(words))[1:]
    assert client.post("/me/preferences", data={"csrf_token": damaged}).status_code == 403


# --- leading elsewhere --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("target", EVIL)
def test_no_parameter_leads_to_another_site(clinic: Clinic, target: str) -> None:
    stranger = TestClient(clinic.app, headers={"Accept": "text/html"}, follow_redirects=False)
    client, own = signed_in(clinic, "head_yu", Accept="text/html")
    answers = [
        stranger.post("/login", data={"username": "dr_mao", "password": PASSWORD, "next": target}),
        stranger.post("/login/preferences", data={"theme": "dark", "next": target}),
        TestClient(clinic.app, follow_redirects=False).get(
            "/apps/clinic", headers={"HX-Request": "true", "HX-Current-URL": target}
        ),
        client.get("/login", params={"next": target}),
        client.post("/me/preferences", data={"csrf_token": own, "next": target}),
        client.post(
            "/apps/clinic/allergy/new",
            data={"csrf_token": own, "back": target, "name": uuid7(), "severity": "mild"},
        ),
    ]
    for answer in answers:
        where = answer.headers.get("location") or answer.headers.get("hx-redirect")
        assert where is not None
        assert where.startswith("/")
        assert "evil" not in where.partition("next=")[0]
        assert not where.startswith(("//", "/\\"))
    shown = stranger.get("/login", params={"next": target}).text
    assert f'value="{target}"' not in shown


def test_doubled_slashes_lead_nowhere(clinic: Clinic) -> None:
    stranger = TestClient(clinic.app, headers={"Accept": "text/html"}, follow_redirects=False)
    for path in ("//evil.example", "//evil.example/apps/clinic", "/%2f%2fevil.example", "/apps/clinic/"):
        answer = stranger.get("http://testserver" + path)
        where = answer.headers.get("location", "")
        assert answer.status_code == 404 or where.startswith("/login?next="), (path, where)


@pytest.mark.parametrize("host", ["forged.example", "forged.example:80", "[::1]"])
def test_a_forged_host_is_in_no_answer(clinic: Clinic, host: str) -> None:
    head = clinic.client("head_yu")
    made = head.post(
        f"{PATH}/patient", json={"name": "主机"}, headers={"Host": host, "X-Forwarded-Host": host}
    )
    assert made.headers["location"].startswith("/api/")
    for answer in (
        made,
        head.get(f"{PATH}/openapi.json", headers={"Host": host}),
        head.get("/login", headers={"Host": host, "Accept": "text/html"}),
    ):
        assert host not in f"{answer.headers}{answer.text}"


def test_a_host_header_that_is_no_host_is_refused(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for host in ("[", "a/b?c", "a@b", "a b", "a#b", "a:b", "a:99999999", "x" * 300, "é", "a,b"):
        answer = head.get("/api/v1/me", headers={"Host": host.encode("latin-1")})
        assert answer.status_code == 400, host


def test_other_sites_may_not_read_answers(clinic: Clinic) -> None:
    head = clinic.client("head_yu", Origin="https://evil.example")
    for method in ("GET", "OPTIONS", "HEAD"):
        answer = head.request(method, f"{PATH}/patient", headers={"Access-Control-Request-Method": "PATCH"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
