"""A site that wants a second factor: who has none gets one before anything else, at every door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from clinic import PASSWORD, PATH, Clinic
from dougong_platform import totp
from dougong_runtime.audit import log

SETTINGS = "/api/v1/settings"
GATE = "/login/factor"
OPEN = {"/login", "/login/preferences", "/logout", GATE, f"{GATE}/confirm"}
"""What one needs to get there, or to leave."""


@pytest.fixture(autouse=True)
def demanded(clinic: Clinic) -> Iterator[None]:
    """Of everybody; as it was afterwards."""
    demand(clinic, "all")
    yield
    demand(clinic, "own")
    with clinic.site.database.write() as connection:
        connection.execute(totp.TOTP.delete())
        connection.execute(totp.RECOVERY.delete())


def demand(clinic: Clinic, of: str) -> None:
    assert clinic.client("admin").patch(SETTINGS, json={"second_factor": of}).status_code == 200


def browser(clinic: Clinic, username: str) -> TestClient:
    """Signed in with a password alone."""
    found = clinic.browser(username)
    found.follow_redirects = False
    return found


def is_gated(answer: Any) -> bool:
    """Whether it leads to the gate, or says what is missing; and shows nothing else."""
    if answer.status_code == 303:
        return str(answer.headers["location"]).startswith(GATE)
    if answer.headers.get("hx-redirect", "").startswith(GATE):
        return not answer.content
    return answer.status_code == 403 and "factor-needed" in answer.text + str(answer.headers)


def enrol(person: TestClient, next: str = "/") -> tuple[Any, str]:
    """The way through the gate: the last page, and the secret."""
    begun = person.post(GATE, data={"next": next})
    assert begun.status_code == 303
    page = person.get(begun.headers["location"]).text
    secret = re.search(r'<code class="secret">(\w+)</code>', page)
    assert secret is not None
    code = pyotp.TOTP(secret.group(1)).now()
    return person.post(f"{GATE}/confirm", data={"code": code, "next": next}), secret.group(1)


def test_every_page_leads_there_and_back(clinic: Clinic) -> None:
    person = browser(clinic, "dr_lin")
    answer = person.get("/apps/clinic/views/patients?search=x")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{GATE}?next=%2Fapps%2Fclinic%2Fviews%2Fpatients%3Fsearch%3Dx"
    page = person.get(answer.headers["location"]).text
    assert "Begin" in page
    assert 'value="/apps/clinic/views/patients?search=x"' in page
    done, _ = enrol(person, "/apps/clinic/views/patients?search=x")
    assert len(set(re.findall(r"<code>([0-9a-f]{6}-[0-9a-f]{6})</code>", done.text))) == totp.RECOVERY_CODES
    assert 'href="/apps/clinic/views/patients?search=x"' in done.text
    assert person.get("/apps/clinic/views/patients").status_code == 200
    assert person.get(f"{GATE}?next=/me").headers["location"] == "/me", "who has one is past it"
    assert person.post(GATE, data={"next": "/me"}).headers["location"] == "/me"
    with clinic.site.database.read() as connection:
        entered = log.find(connection, actions=[log.SECOND_FACTOR], limit=10)
    assert [(e.actor, e.facts) for e in entered] == [(clinic.users["dr_lin"], {"state": "on"})]


def test_a_wrong_code_changes_nothing_and_the_picture_stays(clinic: Clinic) -> None:
    person = browser(clinic, "dr_lin")
    person.post(GATE, data={"next": "/me"})
    before = person.get(GATE).text
    answer = person.post(f"{GATE}/confirm", data={"code": "000000", "next": "/me"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    secret = re.compile(r'<code class="secret">(\w+)</code>')
    assert secret.findall(answer.text) == secret.findall(before)
    assert 'name="next" value="/me"' in answer.text
    assert is_gated(person.get("/me"))


def test_no_route_is_open_to_a_session_without_it(clinic: Clinic) -> None:
    person = browser(clinic, "admin")
    known = {"app": "clinic", "entity": "patient", "view": "patients", "id": clinic.users["dr_lin"]}
    open_to_strangers = clinic.client()
    open_to_strangers.follow_redirects = False
    asked = 0
    for route in clinic.app.routes:
        if not isinstance(route, Route) or route.path in OPEN:
            continue
        path = re.sub(r"{(\w+)(:\w+)?}", lambda m: known.get(m.group(1), "x"), route.path)
        for method in sorted(route.methods - {"HEAD"} if route.methods else ()):
            stranger = open_to_strangers.request(method, path)
            answer = person.request(method, path)
            if stranger.status_code in (401, 303) or "HX-Redirect" in stranger.headers:
                assert is_gated(answer), (method, path, answer.status_code, answer.text[:200])
                asked += 1
            else:
                # What is open to strangers is no more to them.
                assert is_gated(answer) or answer.status_code == stranger.status_code, (method, path)
    assert asked > 250


def test_parts_of_a_page_lead_the_whole_page_there(clinic: Clinic) -> None:
    headers = {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Current-URL": "http://testserver/apps/clinic?a=1",
    }
    answer = browser(clinic, "dr_lin").get("/apps/clinic/views/patients", headers=headers)
    assert answer.headers["hx-redirect"] == f"{GATE}?next=%2Fapps%2Fclinic%3Fa%3D1"


def test_of_administrators_only(clinic: Clinic) -> None:
    demand(clinic, "admins")
    assert browser(clinic, "dr_lin").get("/apps/clinic/views/patients").status_code == 200
    admin = browser(clinic, "admin")
    assert is_gated(admin.get("/admin/people"))
    enrol(admin)
    assert admin.get("/admin/people").status_code == 200


def test_a_password_alone_gives_no_token_and_those_given_before_stay(clinic: Clinic) -> None:
    assert clinic.client("dr_lin").get(f"{PATH}/patient").status_code == 200
    given = {"username": "dr_lin", "password": PASSWORD}
    stranger = clinic.client()
    answer = stranger.post("/api/v1/tokens", json=given)
    assert answer.status_code == 403
    assert "factor-needed" in answer.text
    _, secret = enrol(browser(clinic, "dr_lin"))
    # The step of the enrolment's code is spent.
    code = pyotp.TOTP(secret).at(clinic.site.clock.now() + timedelta(seconds=totp.STEP_SECONDS))
    assert stranger.post("/api/v1/tokens", json={**given, "code": code}).status_code == 201


def test_who_takes_it_away_sets_it_up_anew(clinic: Clinic) -> None:
    person = browser(clinic, "dr_lin")
    enrol(person)
    assert person.get("/me").status_code == 200
    person.post("/me/totp/remove", data={"current": PASSWORD})
    assert is_gated(person.get("/me"))


def test_who_looks_on_as_another_is_asked_for_themselves(clinic: Clinic) -> None:
    demand(clinic, "own")
    admin = browser(clinic, "admin")
    assert admin.post("/admin/view-as", data={"username": "dr_lin"}).status_code == 303
    assert 'name="username" value="dr_lin"' in admin.get("/me").text
    with clinic.site.database.write() as connection:
        secret = totp.enrol(clinic.site, connection, clinic.users["dr_lin"], "dr_lin").secret
    demand(clinic, "admins")
    page = admin.get(GATE).text
    assert "Begin" in page
    assert secret not in page
    done, mine = enrol(admin)
    assert done.status_code == 200
    assert mine != secret
    with clinic.site.database.read() as connection:
        assert totp.is_enrolled(connection, clinic.users["admin"])
        assert not totp.is_enrolled(connection, clinic.users["dr_lin"])


def test_one_can_always_leave(clinic: Clinic) -> None:
    person = browser(clinic, "dr_lin")
    assert person.post("/logout").headers["location"] == "/login?left=1"
    assert person.get("/me").headers["location"].startswith("/login?next")
