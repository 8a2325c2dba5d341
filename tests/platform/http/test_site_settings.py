"""What administrators set while the site serves: its face, its rules for signing in, its mail server."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Taking
from PIL import Image

from clinic import Clinic
from dougong_platform import mail
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused

SITE = "/api/v1/settings"


class Box(Taking):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """One message more."""
        self.kept.append(message)


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[Box, int]]:
    """A real mail server on a free port of this machine."""
    box = Box()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    served = Controller(box, hostname="127.0.0.1", port=port, **options)
    served.start()
    try:
        yield box, port
    finally:
        served.stop()


def problems(answer: Any) -> list[str]:
    """Types of what is wrong."""
    return [p["type"].rsplit("/", 1)[-1] for p in answer.json()["problems"]]


def test_only_administrators(clinic: Clinic) -> None:
    assert clinic.client("head_yu").get(SITE).status_code == 403
    assert clinic.client("head_yu").patch(SITE, json={"site_name": "x"}).status_code == 403
    browser = clinic.browser("head_yu")
    assert browser.get("/admin/settings").status_code == 403
    for part in ("", "/logo", "/mail-test"):
        assert browser.post(f"/admin/settings{part}", data={"site_name": "x"}).status_code == 403
    assert clinic.client("admin").get(SITE).json()["site_name"]["value"] == ""


def test_a_value_is_in_force_at_once_here_and_soon_in_other_processes(clinic: Clinic) -> None:
    other = Site(clinic.site.settings)
    answer = clinic.client("admin").patch(SITE, json={"site_name": "云岫诊所", "accent": "teal"})
    assert answer.status_code == 200
    assert answer.json()["site_name"] == {"value": "云岫诊所", "origin": "database"}
    page = clinic.client().get("/login").text
    assert "云岫诊所" in page
    assert 'data-accent="teal"' in page
    with other.database.read() as connection:
        other.keep_up(connection)
    assert other.settings.site_name == "云岫诊所"
    other.database.close()
    with clinic.site.database.read() as connection:
        newest = log.find(connection, actions=[log.SETTING], limit=2)
    assert {(e.action, (e.facts or {})["code"]) for e in newest} == {
        ("setting", "site_name"),
        ("setting", "accent"),
    }


def test_all_or_nothing_with_every_reason(clinic: Clinic) -> None:
    before = clinic.client("admin").get(SITE).json()
    sent = {"site_name": "y", "accent": "loud", "session_days": 0, "sesion_days": 3, "database_url": "x"}
    answer = clinic.client("admin").patch(SITE, json=sent)
    assert answer.status_code == 400
    assert sorted(p["field"] for p in answer.json()["problems"]) == [
        "accent", "database_url", "sesion_days", "session_days",
    ]  # fmt: skip
    assert clinic.client("admin").get(SITE).json() == before


def test_what_the_environment_decides_stays_decided(tmp_path: Path) -> None:
    given = Settings.load(
        {"DOUGONG_DATA_DIR": str(tmp_path), "DOUGONG_SITE_NAME": "fixed"}, tmp_path / "none.toml"
    )
    after = given.changed(
        {"site_name": "other", "session_days": "3", "password_length_min": "nonsense", "gone": "1"}
    )
    assert (after.site_name, after.session_days) == ("fixed", 3)
    assert after.password_length_min == given.password_length_min
    assert after.origins["session_days"] == "database"
    assert after.origins["site_name"] == "environment"


def test_a_rule_for_passwords_holds_from_then_on(clinic: Clinic) -> None:
    clinic.client("admin").patch(SITE, json={"password_length_min": 30})
    browser = clinic.browser("admin")
    sent = {"password": "seven wooden brackets"}
    refused = browser.post("/admin/people/nobody/password", data=sent)
    assert refused.status_code == 422
    assert "30" in refused.text
    clinic.client("admin").patch(SITE, json={"password_length_min": 10})
    assert browser.post("/admin/people/nobody/password", data=sent, follow_redirects=False).status_code == 303


def test_the_page_saves_a_section_and_says_what_is_wrong(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    assert 'name="session_days"' in browser.get("/admin/settings").text
    wrong = browser.post("/admin/settings", data={"session_days": "999"})
    assert wrong.status_code == 422
    assert 'value="999"' in wrong.text
    saved = browser.post("/admin/settings", data={"session_days": "7"}, follow_redirects=False)
    assert saved.status_code == 303
    assert clinic.site.settings.session_days == 7


def picture(form: str, size: int = 600) -> bytes:
    """An image file."""
    out = io.BytesIO()
    Image.new("RGB", (size, size // 3), "teal").save(out, form)
    return out.getvalue()


def test_a_logo_is_drawn_anew_shown_to_all_and_taken_away(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    content = picture("PNG") + b"<script>hidden behind the end</script>"
    browser.post("/admin/settings/logo", files={"logo": ("l.png", content, "image/png")})
    mark = clinic.site.settings.logo
    shown = clinic.client().get(f"/brand/{mark}")
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/webp"
    assert b"script" not in shown.content
    assert Image.open(io.BytesIO(shown.content)).size == (320, 107)
    assert f'src="/brand/{mark}"' in clinic.client().get("/login").text
    assert clinic.client().get("/brand/0000000000000000").status_code == 404
    for name, bad in (
        ("a.svg", b"<svg onload='alert(1)'/>"),
        ("b.png", picture("PNG")[:200]),
        ("c.png", b""),
    ):
        kept = clinic.site.settings.logo
        answer = browser.post("/admin/settings/logo", files={"logo": (name, bad, "image/png")})
        assert answer.status_code == (422 if bad else 200), name
        assert clinic.site.settings.logo == (kept if bad else "")


@pytest.fixture
def settings(clinic: Clinic) -> Settings:
    """Settings for a mail server of this machine."""
    return replace(
        clinic.site.settings,
        mail_host="127.0.0.1",
        mail_security="none",
        mail_from="clinic@example.com",
        internal_servers="127.0.0.1",
    )


def test_a_message_arrives(settings: Settings) -> None:
    with mail_server() as (box, port):
        mail.send(replace(settings, mail_port=port), "lin@example.com", "测试", "可用。")
    (message,) = box.kept
    assert (message["To"], message["From"]) == ("lin@example.com", "clinic@example.com")
    content = message.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert "可用" in content.decode()


def test_an_account_is_shown_only_under_encryption_that_holds(settings: Settings) -> None:
    with mail_server() as (box, port):
        asked = replace(settings, mail_port=port, mail_security="starttls")
        with pytest.raises(Refused) as plain:
            mail.send(asked, "lin@example.com", "x", "x")
    assert plain.value.problems[0].type is mail.MAIL_FAILED
    assert box.kept == []


def test_no_mail_goes_into_the_firms_network_unless_it_is_named(settings: Settings) -> None:
    with mail_server() as (box, port):
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(Refused) as refused:
                mail.send(
                    replace(settings, mail_host=host, mail_port=port, internal_servers=""),
                    "a@example.com",
                    "x",
                    "x",
                )
            assert refused.value.problems[0].type.name == "address-refused"
    assert box.kept == []


def test_who_writes_the_subject_writes_no_header(settings: Settings) -> None:
    with mail_server() as (box, port), pytest.raises((Refused, ValueError)):
        mail.send(replace(settings, mail_port=port), "a@example.com", "x\r\nBcc: b@example.com", "x")
    assert box.kept == []


def test_the_button_sends_to_oneself_and_says_what_the_server_says(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    assert "mail server" in browser.post("/admin/settings/mail-test").text, "there is none yet"
    with mail_server() as (box, port):
        sent = {
            "mail_host": "127.0.0.1", "mail_port": str(port), "mail_security": "none", "mail_user": "",
            "mail_from": "clinic@example.com",
        }  # fmt: skip
        assert browser.post("/admin/settings", data=sent, follow_redirects=False).status_code == 303
        refused = browser.post("/admin/settings/mail-test")
    assert refused.status_code == 422
    assert box.kept == []


def test_tls_needs_a_certificate_that_somebody_vouches_for(settings: Settings) -> None:
    with mail_server() as (box, port), pytest.raises(Refused):
        mail.send(replace(settings, mail_port=port, mail_security="tls"), "a@example.com", "x", "x")
    assert box.kept == []
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
