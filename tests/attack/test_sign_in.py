"""Getting in as somebody else: guessing, the second factor, planted and stolen sessions."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from clinic import PASSWORD, PATH, SYSTEM, Clinic
from dougong_platform import people, signin, tokens, totp
from dougong_platform.guessing import device_of, is_device_of
from dougong_platform.http.viewer import COOKIE, DEVICE_COOKIE, PENDING_COOKIE
from dougong_runtime.host import FixedClock

WRONG = "not the password"


def browser(clinic: Clinic, **more: object) -> TestClient:
    """A browser that has not been here before."""
    return TestClient(
        clinic.app,
        headers={"Accept": "text/html", "Accept-Language": "en"},
        follow_redirects=False,
        raise_server_exceptions=False,
        **more,
    )


def enrol(clinic: Clinic, username: str) -> pyotp.TOTP:
    """Turn a person's second factor on; the code of enrolment is spent."""
    user = clinic.users[username]
    with clinic.site.database.write() as connection:
        made = totp.enrol(clinic.site, connection, user, username)
        now = clinic.site.clock.now()
        totp.confirm(clinic.site, connection, clinic.viewer(username), user, pyotp.TOTP(made.secret).at(now))
    return pyotp.TOTP(made.secret)


def next_code(clinic: Clinic, generator: pyotp.TOTP, clock: FixedClock) -> str:
    """The code of the next half minute, which nobody has used."""
    clock.at += timedelta(seconds=30)
    return generator.at(clock.now())


def give_password(clinic: Clinic, username: str = "dr_lin") -> TestClient:
    """A browser in which the password was right and the code is awaited."""
    person = browser(clinic)
    answer = person.post("/login", data={"username": username, "password": PASSWORD, "next": "/me"})
    assert answer.status_code == 401
    assert 'name="code"' in answer.text
    return person


# --- the second step ----------------------------------------------------------------------------------------------
def test_the_page_that_asks_for_the_code_holds_neither_name_nor_password(
    timed: Clinic, clock: FixedClock
) -> None:
    generator = enrol(timed, "dr_lin")
    person = browser(timed)
    asked = person.post("/login", data={"username": "dr_lin", "password": PASSWORD, "next": "/me"})
    assert PASSWORD not in asked.text
    assert "dr_lin" not in asked.text
    given = asked.headers["set-cookie"].lower()
    assert PENDING_COOKIE in given
    assert "httponly" in given
    assert "samesite=strict" in given
    assert "path=/login" in given
    entered = person.post("/login", data={"code": next_code(timed, generator, clock), "next": "/me"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/me")
    assert person.get("/me").status_code == 200


def test_a_pending_sign_in_opens_nothing_and_is_kept_as_a_hash(timed: Clinic) -> None:
    enrol(timed, "dr_lin")
    person = give_password(timed)
    pending = person.cookies[PENDING_COOKIE]
    thief = browser(timed, cookies={COOKIE: pending})
    assert thief.get("/me").status_code == 303
    asked = timed.client().get("/api/v1/me", headers={"Authorization": f"Bearer {pending}"})
    assert asked.status_code == 401
    with timed.site.database.read() as connection:
        assert pending not in str(connection.execute(sa.text("SELECT * FROM dg_pending_sign_in")).all())


def test_a_pending_sign_in_ends_after_minutes(timed: Clinic, clock: FixedClock) -> None:
    generator = enrol(timed, "dr_lin")
    person = give_password(timed)
    clock.at += signin.PENDING_FOR
    late = person.post("/login", data={"code": next_code(timed, generator, clock)})
    assert late.status_code == 401
    assert 'name="password"' in late.text


def test_a_pending_sign_in_ends_after_a_few_wrong_codes(timed: Clinic, clock: FixedClock) -> None:
    generator = enrol(timed, "dr_lin")
    person = give_password(timed)
    for _ in range(signin.PENDING_TRIES_MAX):
        assert person.post("/login", data={"code": "000000"}).status_code == 422
    clock.at += timedelta(minutes=2)
    refused = person.post("/login", data={"code": next_code(timed, generator, clock)})
    assert refused.status_code == 401


@pytest.mark.parametrize("ends", ["password", "inactive", "everywhere"])
def test_a_pending_sign_in_ends_with_the_sessions(timed: Clinic, clock: FixedClock, ends: str) -> None:
    generator = enrol(timed, "dr_lin")
    person = give_password(timed)
    user = timed.users["dr_lin"]
    with timed.site.database.write() as connection:
        if ends == "password":
            people.set_password(timed.site, connection, SYSTEM, user, "another lantern over water")
        elif ends == "inactive":
            people.set_active(timed.site, connection, SYSTEM, user, False)
        else:
            signin.sign_out_everywhere(timed.site, connection, SYSTEM, user)
    assert person.post("/login", data={"code": next_code(timed, generator, clock)}).status_code == 401


def test_a_code_opens_one_session_and_no_second(timed: Clinic, clock: FixedClock) -> None:
    generator = enrol(timed, "dr_lin")
    first, second = give_password(timed), give_password(timed)
    code = next_code(timed, generator, clock)
    assert first.post("/login", data={"code": code}).status_code == 303
    assert second.post("/login", data={"code": code}).status_code == 422
    again = give_password(timed)
    again.cookies.set(PENDING_COOKIE, "x" * 43, path="/login")
    assert again.post("/login", data={"code": next_code(timed, generator, clock)}).status_code == 401


def test_a_code_without_a_password_before_opens_nothing(timed: Clinic, clock: FixedClock) -> None:
    generator = enrol(timed, "dr_lin")
    stranger = browser(timed)
    code = next_code(timed, generator, clock)
    for sent in (
        {"code": code},
        {"code": code, "username": "dr_lin"},
        {"code": code, "username": "dr_lin", "password": WRONG},
    ):
        assert stranger.post("/login", data=sent).status_code == 401
    assert stranger.get("/me").status_code == 303


# --- guessing -----------------------------------------------------------------------------------------------------
def test_strangers_who_guess_do_not_shut_out_the_browser_a_person_uses(
    timed: Clinic, clock: FixedClock
) -> None:
    own = browser(timed)
    assert own.post("/login", data={"username": "dr_lin", "password": PASSWORD}).status_code == 303
    stranger = browser(timed)
    for hour in range(4):
        for _ in range(8):
            stranger.post("/login", data={"username": "dr_lin", "password": WRONG})
        locked = stranger.post("/login", data={"username": "dr_lin", "password": PASSWORD})
        assert locked.status_code == 429, hour
        own.cookies.delete(COOKIE)
        assert own.post("/login", data={"username": "dr_lin", "password": PASSWORD}).status_code == 303, hour
        clock.at += timedelta(minutes=30)


def test_the_sign_of_a_known_browser_is_of_one_person_and_locks_too(timed: Clinic) -> None:
    own = browser(timed)
    own.post("/login", data={"username": "dr_lin", "password": PASSWORD})
    sign = own.cookies[DEVICE_COOKIE]
    assert is_device_of(timed.site, "DR_LIN", sign)
    for other in ("dr_mao", "", "dr_lin/"):
        assert not is_device_of(timed.site, other, sign)
    last = "1" if sign.endswith("0") else "0"
    for forged in (None, "", ".", sign[:-1] + last, "x" * 32 + sign[32:], "é" * 40, "x" * 5_000):
        assert not is_device_of(timed.site, "dr_lin", forged)
    assert device_of(timed.site, "dr_lin", sign) == sign
    assert device_of(timed.site, "dr_mao", sign) != sign
    statuses = [
        own.post("/login", data={"username": "dr_lin", "password": WRONG}).status_code for _ in range(7)
    ]
    assert statuses == [401] * 5 + [429] * 2


def test_a_lock_is_told_in_words_with_the_time_it_lasts(timed: Clinic) -> None:
    stranger = browser(timed)
    answers = [stranger.post("/login", data={"username": "dr_lin", "password": WRONG}) for _ in range(6)]
    assert "4 tries left" in answers[0].text
    assert answers[-1].status_code == 429
    assert "Try again in" in answers[-1].text


def test_an_address_is_read_from_trusted_proxies_only(timed: Clinic) -> None:
    """Names are tried from one address that claims to be a new one each time."""
    stranger = browser(timed)
    statuses = [
        stranger.post(
            "/login",
            data={"username": f"nobody{n}", "password": WRONG},
            headers={
                "X-Forwarded-For": f"10.0.0.{n}",
                "Forwarded": f"for=10.0.0.{n}",
                "X-Real-IP": f"10.0.0.{n}",
            },
        ).status_code
        for n in range(32)
    ]
    assert statuses[:30] == [401] * 30
    assert statuses[30:] == [429] * 2


def test_neither_words_nor_headers_tell_who_has_an_account(timed: Clinic) -> None:
    with timed.site.database.write() as connection:
        people.set_active(timed.site, connection, SYSTEM, timed.users["dr_mao"], False)
    enrol(timed, "head_yu")
    told = set()
    for username in ("dr_lin", "dr_who", "dr_mao", "head_yu", "x" * 64):
        answer = browser(timed).post("/login", data={"username": username, "password": WRONG})
        text = answer.text.replace(username, "…")
        headers = {n: v for n, v in answer.headers.items() if n not in ("x-request-id", "content-length")}
        told.add((answer.status_code, text, tuple(sorted(headers.items()))))
    assert len(told) == 1


def test_time_does_not_tell_who_has_an_account(timed: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes time is counted: hashes computed, with their cost, and statements run."""
    done: list[str] = []
    compute = PasswordHasher.verify

    def note_hash(hasher: PasswordHasher, kept: str, password: str) -> bool:
        done.append(kept.rpartition("$")[0].rpartition("$")[0])
        return compute(hasher, kept, password)

    def note_statement(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        done.append(statement)

    def work(username: str) -> list[str]:
        done.clear()
        browser(timed).post("/login", data={"username": username, "password": WRONG})
        return list(done)

    monkeypatch.setattr(PasswordHasher, "verify", note_hash)
    work("warming_up")
    sa.event.listen(sa.Engine, "before_cursor_execute", note_statement)
    try:
        with timed.site.database.write() as connection:
            people.set_active(timed.site, connection, SYSTEM, timed.users["dr_mao"], False)
        steps = {name: work(name) for name in ("dr_lin", "dr_who", "dr_mao")}
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note_statement)
    assert steps["dr_lin"] == steps["dr_who"] == steps["dr_mao"]
    assert sum(step.startswith("$argon2id$") for step in steps["dr_lin"]) == 1


@pytest.mark.parametrize("username", ["\0", "a\0b", "a" * 100_000, "\ud800", "%", "'; --", "​", "ADMIN\u202e"])
def test_names_that_nobody_can_have_are_refused_like_others(clinic: Clinic, username: str) -> None:
    sent = {"username": username.encode("utf-8", "replace"), "password": WRONG}
    answer = browser(clinic).post("/login", data=sent)
    assert answer.status_code in (400, 401)


# --- sessions -----------------------------------------------------------------------------------------------------
def test_a_planted_session_is_left_behind_at_signing_in(clinic: Clinic) -> None:
    planted = signin.sign_in(clinic.site, "dr_mao", PASSWORD).token
    victim = browser(clinic)
    sent = {"Cookie": f"{COOKIE}={planted}"}
    victim.post("/login", data={"username": "dr_lin", "password": PASSWORD}, headers=sent)
    assert victim.cookies[COOKIE] != planted
    assert browser(clinic, cookies={COOKIE: planted}).get("/me").status_code == 303


@pytest.mark.parametrize("ends", ["sign-out", "password", "inactive", "deleted"])
def test_a_session_that_has_ended_opens_nothing(clinic: Clinic, ends: str) -> None:
    name = f"tester_{ends.replace('-', '_')}"
    with clinic.site.database.write() as connection:
        user = people.add_user(
            clinic.site, connection, SYSTEM, name, password=PASSWORD, roles=["clinic.clerk"]
        )
    session = signin.sign_in(clinic.site, name, PASSWORD)
    token = clinic_token(clinic, user)
    person = browser(clinic, cookies={COOKIE: session.token})
    assert person.get("/me").status_code == 200
    admin = clinic.client("admin")
    if ends == "sign-out":
        person.post("/logout", data={"csrf_token": session.csrf})
    elif ends == "password":
        with clinic.site.database.write() as connection:
            people.set_password(clinic.site, connection, SYSTEM, user, "another lantern over water")
    elif ends == "inactive":
        assert admin.patch(f"{PATH}/user/{user}", json={"active": False}).status_code == 200
    else:
        assert admin.delete(f"{PATH}/user/{user}").status_code == 204
    thief = browser(clinic, cookies={COOKIE: session.token})
    assert thief.get("/me").status_code == 303
    with clinic.site.database.read() as connection:
        assert not signin.sessions(clinic.site, connection, user)
    if ends != "sign-out":
        refused = clinic.client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 401


def clinic_token(clinic: Clinic, user: str) -> str:
    """A token in that person's name."""
    with clinic.site.database.write() as connection:
        return tokens.issue(clinic.site, connection, SYSTEM, user).token


def test_a_role_taken_back_is_gone_at_the_next_request(clinic: Clinic) -> None:
    person = clinic.browser("desk_tao")
    assert person.get(f"{PATH}/patient").status_code == 200
    with clinic.site.database.write() as connection:
        people.revoke(clinic.site, connection, SYSTEM, clinic.users["desk_tao"], ["clinic.registrar"])
    assert person.get(f"{PATH}/patient").status_code in (403, 404)
    with clinic.site.database.write() as connection:
        people.grant(clinic.site, connection, SYSTEM, clinic.users["desk_tao"], ["clinic.registrar"])
    assert person.get(f"{PATH}/patient").status_code == 200


def test_cookies_are_closed_to_scripts_and_other_sites_and_plain_connections(clinic: Clinic) -> None:
    plain = browser(clinic).post("/login", data={"username": "dr_lin", "password": PASSWORD})
    secure = browser(clinic, base_url="https://testserver").post(
        "/login", data={"username": "dr_lin", "password": PASSWORD}
    )
    for answer in (plain, secure):
        for cookie in answer.headers.get_list("set-cookie"):
            assert "httponly" in cookie.lower(), cookie
            assert "samesite=" in cookie.lower(), cookie
            assert "domain=" not in cookie.lower(), cookie
    assert all("secure" in cookie.lower() for cookie in secure.headers.get_list("set-cookie"))
    named = [c for c in secure.headers.get_list("set-cookie") if c.startswith(f"__Host-{COOKIE}=")]
    assert len(named) == 1
    assert "path=/;" in named[0].lower()
    assert secure.headers["strict-transport-security"].startswith("max-age=31536000")


def test_over_https_no_cookie_that_a_neighbouring_host_could_set_is_taken(clinic: Clinic) -> None:
    session = signin.sign_in(clinic.site, "dr_lin", PASSWORD)
    tossed = browser(clinic, base_url="https://testserver", cookies={COOKIE: session.token})
    assert tossed.get("/me").status_code == 303
    own = browser(clinic, base_url="https://testserver", cookies={f"__Host-{COOKIE}": session.token})
    assert own.get("/me").status_code == 200
    left = own.post("/logout", data={"csrf_token": session.csrf})
    gone = [c for c in left.headers.get_list("set-cookie") if c.startswith("__Host-")]
    assert len(gone) == 1
    assert "secure" in gone[0].lower()


# --- tokens -------------------------------------------------------------------------------------------------------
def test_tokens_are_kept_as_hashes_and_so_many_and_no_more(clinic: Clinic) -> None:
    with clinic.site.database.write() as connection:
        user = people.add_user(clinic.site, connection, SYSTEM, "collector", password=PASSWORD)
        made = [tokens.issue(clinic.site, connection, SYSTEM, user) for _ in range(tokens.IN_FORCE_MAX)]
    stranger = clinic.client()
    refused = stranger.post("/api/v1/tokens", json={"username": "collector", "password": PASSWORD})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/too-many-tokens")
    with clinic.site.database.write() as connection:
        kept = str(connection.execute(sa.text("SELECT * FROM dg_token")).all())
        assert not any(issued.token in kept for issued in made)
        tokens.revoke(clinic.site, connection, SYSTEM, made[0].id)
    assert (
        stranger.post("/api/v1/tokens", json={"username": "collector", "password": PASSWORD}).status_code
        == 201
    )


@pytest.mark.parametrize("token", ["x", "\0", "' OR 1=1", "00000000-0000-0000-0000-000000000000", "é" * 400])
def test_a_token_that_is_none_is_revoked_in_words(clinic: Clinic, token: str) -> None:
    person = clinic.browser("dr_lin")
    assert person.post("/me/tokens/revoke", data={"token": token}).status_code in (400, 422)
