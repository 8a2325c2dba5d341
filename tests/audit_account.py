"""Signing in and what people do with their own account, and the rows that each must leave in the audit."""

from __future__ import annotations

import re
from typing import Any

import pyotp
from starlette.testclient import TestClient

from audit_work import (
    NEW_PASSWORD,
    PASSWORD,
    Row,
    Work,
    accepted,
    account,
    by_api,
    by_page,
    case,
)
from dougong_platform import tokens
from dougong_runtime.audit import log

NO_ROW_ACCOUNT = {"POST /login/preferences": "keeps looks in the browser"}
"""As `audit_http.NO_ROW`."""


# --- signing in -----------------------------------------------------------------------------------------------------
def enter(browser: TestClient, username: str, password: str, **more: str) -> Any:
    """Send the sign-in form."""
    data = {"username": username, "password": password, **more}
    return browser.post("/login", data=data, follow_redirects=False)


@case("POST /login")
def sign_in(work: Work) -> list[Row]:
    me = work.person("sign_in")
    accepted(enter(work.nobody(), "sign_in", PASSWORD), 303)
    return [by_page(log.SIGN_IN, "sign_in", **account(me), facts=None)]


@case("POST /logout")
def sign_out(work: Work) -> list[Row]:
    me = work.person("sign_out")
    accepted(work.browser("sign_out").post("/logout", follow_redirects=False), 303)
    return [by_page(log.SIGN_OUT, "sign_out", **account(me), facts=None)]


@case("POST /login")
def sign_in_failed_until_locked(work: Work) -> list[Row]:
    me = work.person("failing")
    browser = work.nobody()
    for _ in range(5):
        enter(browser, "failing", "wrong")
    failed = by_page(log.SIGN_IN_FAILED, "failing", **account(me), facts={"factor": "password"})
    return [*[failed] * 5, by_page(log.LOCKED_OUT, "failing", **account(me), facts={"failures": 5})]


@case("POST /login")
def sign_in_of_nobody(work: Work) -> list[Row]:
    """What was typed as a name is not kept: people type passwords there."""
    enter(work.nobody(), "no such person", "wrong")
    return [by_page(log.SIGN_IN_FAILED, "unknown", **account(None), facts={"factor": "password"})]


@case("POST /api/v1/tokens", "DELETE /api/v1/tokens/{id}")
def api_tokens(work: Work) -> list[Row]:
    me = work.person("tokens")
    client = work.nobody()
    asked = {"username": "tokens", "password": PASSWORD, "scopes": ["read"]}
    made = accepted(client.post("/api/v1/tokens", json=asked)).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    accepted(client.delete(f"/api/v1/tokens/{made['id']}", headers=bearer), 403)
    work.clinic.tokens["tokens"] = accepted(
        client.post("/api/v1/tokens", json={"username": "tokens", "password": PASSWORD})
    ).json()["token"]
    accepted(work.clinic.client("tokens").delete(f"/api/v1/tokens/{made['id']}"))
    signed_in = by_api(log.SIGN_IN, "tokens", **account(me), facts=None)
    issued = {"token": made["id"], "scopes": ["read"], "until": made["expires_at"].replace("Z", "+00:00")}
    return [
        signed_in,
        by_api(log.TOKEN, "tokens", **account(me), facts=issued),
        signed_in,
        by_api(
            log.TOKEN,
            "tokens",
            **account(me),
            facts={"token": ..., "scopes": ["read", "write"], "until": ...},
        ),
        by_api(log.TOKEN_REVOKED, "tokens", **account(me), facts={"token": made["id"]}),
    ]


# --- one's own account ----------------------------------------------------------------------------------------------
@case("POST /me/tokens", "POST /me/tokens/revoke")
def own_tokens(work: Work) -> list[Row]:
    me = work.person("own_tokens")
    browser = work.browser("own_tokens")
    accepted(browser.post("/me/tokens", data={"name": "a program", "scope": "read"}))
    with work.site.database.read() as connection:
        [kept] = tokens.tokens(connection, me)
    accepted(browser.post("/me/tokens/revoke", data={"token": kept.id}))
    return [
        by_page(
            log.TOKEN, "own_tokens", **account(me), facts={"token": kept.id, "scopes": ["read"], "until": ...}
        ),
        by_page(log.TOKEN_REVOKED, "own_tokens", **account(me), facts={"token": kept.id}),
    ]


@case("POST /me/password")
def own_password(work: Work) -> list[Row]:
    me = work.person("own_password")
    sent = {"current": PASSWORD, "password": NEW_PASSWORD}
    accepted(work.browser("own_password").post("/me/password", data=sent, follow_redirects=False), 303)
    return [
        by_page(log.SIGN_IN, "own_password", **account(me), facts=None),
        by_page(log.PASSWORD, "own_password", **account(me), facts=None),
    ]


@case("POST /me/totp", "POST /me/totp/confirm", "POST /me/totp/remove")
def own_second_factor(work: Work) -> list[Row]:
    me = work.person("own_factor")
    browser = work.browser("own_factor")
    shown = accepted(browser.post("/me/totp")).text
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', shown)
    assert found is not None
    code = pyotp.TOTP(found[1]).at(work.site.clock.now())
    accepted(browser.post("/me/totp/confirm", data={"code": code}))
    accepted(browser.post("/me/totp/remove", data={"current": PASSWORD}))
    return [
        by_page(log.SECOND_FACTOR, "own_factor", **account(me), facts={"state": "on"}),
        by_page(log.SECOND_FACTOR, "own_factor", **account(me), facts={"state": "off"}),
    ]


@case("POST /login/factor", "POST /login/factor/confirm")
def second_factor_that_is_demanded(work: Work) -> list[Row]:
    me, admin = work.person("asked_for_factor"), work.client("admin")
    browser = work.browser("asked_for_factor")
    accepted(admin.patch("/api/v1/settings", json={"second_factor": "all"}))
    shown = accepted(browser.post("/login/factor")).text
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', shown)
    assert found is not None
    code = pyotp.TOTP(found[1]).at(work.site.clock.now())
    accepted(browser.post("/login/factor/confirm", data={"code": code}))
    accepted(admin.patch("/api/v1/settings", json={"second_factor": "own"}))
    facts = {"code": "second_factor"}
    return [
        by_api(
            log.SETTING, "admin", app="dougong", before={"value": "own"}, after={"value": "all"}, facts=facts
        ),
        by_page(log.SECOND_FACTOR, "asked_for_factor", **account(me), facts={"state": "on"}),
        by_api(
            log.SETTING, "admin", app="dougong", before={"value": "all"}, after={"value": "own"}, facts=facts
        ),
    ]


@case("POST /me/preferences")
def own_preferences(work: Work) -> list[Row]:
    me = work.person("own_preferences")
    browser = work.browser("own_preferences")
    accepted(
        browser.post("/me/preferences", data={"language": "en", "theme": "dark"}, follow_redirects=False)
    )
    return [
        Row(
            log.UPDATE, **account(me), before={"language": None}, after={"language": "en"}, facts=...,
            who="system", via="system", reason="own preferences of own_preferences",
        )
    ]  # fmt: skip


@case("POST /me/sessions/end")
def own_sessions(work: Work) -> list[Row]:
    me = work.person("own_sessions")
    work.clinic.browser("own_sessions")
    accepted(work.browser("own_sessions").post("/me/sessions/end"))
    return [by_page(log.SIGN_OUT, "own_sessions", **account(me), facts={"sessions": 1})]
