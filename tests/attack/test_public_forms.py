"""Forms that anybody may fill in: what strangers may do by a link, and what they may not, however they try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import PATH, Clinic, open_clinic
from databases import every_database
from dougong_platform import public_forms
from dougong_platform.tables_forms import PUBLIC_FORM, RECEIPT
from dougong_runtime.host import FixedClock

LINKS = "/api/v1/public-forms"


@pytest.fixture(params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic on a clock that is moved by hand."""
    with open_clinic(request.param, tmp_path, FixedClock()) as made:
        yield made


def link(clinic: Clinic, **given: Any) -> dict[str, Any]:
    """A new link to the clinic's public form."""
    body = {"app": "clinic", "form": "registration", **given}
    answer = clinic.client("admin").post(LINKS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def wait(clinic: Clinic, **time: float) -> None:
    """Let time pass."""
    clock = clinic.site.clock
    assert isinstance(clock, FixedClock)
    clock.at += timedelta(**time)


def shown(clinic: Clinic, path: str) -> str:
    """The page as a stranger sees it."""
    answer = clinic.client(Accept="text/html").get(path)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def part(pattern: str, text: str) -> str:
    """What stands in the one pair of brackets of a pattern, which must be there."""
    found = re.search(pattern, text)
    assert found is not None, text[:2000]
    return found[1]


def ticket(clinic: Clinic, path: str) -> str:
    """The ticket of a page that is shown, and filled in for a minute."""
    found = part(r'name="ticket" value="([^"]+)"', shown(clinic, path))
    wait(clinic, seconds=60)
    return found


def send(clinic: Clinic, path: str, **fields: Any) -> Any:
    """Fill in and send, as a stranger; with a fresh ticket unless one is given."""
    given = {"ticket": fields.pop("ticket", None) or ticket(clinic, path), **fields}
    return clinic.client(Accept="text/html").post(path, data=given)


def patients(clinic: Clinic, **condition: str) -> list[dict[str, Any]]:
    """Patients as the desk sees them."""
    answer = clinic.client("desk_tao").get(f"{PATH}/patient", params={**condition, "limit": 100})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_stranger_fills_in_a_form_and_takes_a_receipt(clinic: Clinic) -> None:
    made = link(clinic, name="诊所主页")
    page = shown(clinic, made["path"])
    assert 'name="name"' in page
    for absent in ('name="risk"', 'name="owner"', 'name="allergies"', "王敏", 'class="nav"'):
        assert absent not in page
    answer = send(clinic, made["path"], name="陌生人", phone="13811112222", consent="true")
    assert answer.status_code == 200, answer.text
    number = part(r"data-receipt>(R\d{6}-[0-9A-Z]{6})<", answer.text)
    found = patients(clinic, filter="name = '陌生人'")
    assert [p["phone"] for p in found] == ["13811112222"]
    assert found[0]["owner"] is None
    history = clinic.client("desk_tao").get(f"{PATH}/patient/{found[0]['id']}/history").text
    assert "form:诊所主页" in history
    with clinic.site.database.read() as connection:
        rows = connection.execute(
            sa.text("SELECT actor_name, via, facts FROM dg_audit WHERE action = 'received'")
        )
        row = rows.one()
    assert (row.actor_name, row.via) == ("form:诊所主页", "form")
    assert made["id"] in row.facts
    assert number in row.facts
    assert clinic.client("admin").get(LINKS).json()["items"][0]["received"] == 1


def test_nothing_but_the_fields_of_the_form_is_taken(clinic: Clinic) -> None:
    made = link(clinic, role="head")
    answer = send(
        clinic, made["path"], name="越权", risk="high", stage="discharged", version="9", **{
            "owner.id": clinic.users["dr_lin"], "visits.rows": "a", "visits.a.reason": "x", "code": "P1",
            "_reasons.risk_without_reason": "x", "quick": "1", "left_on": "2020-01-01",
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    [found] = patients(clinic, filter="name = '越权'")
    whole = clinic.make("patient", name="anders")
    assert (found["owner"], found["stage"], found["left_on"]) == (None, "registered", None)
    assert found["version"] == 1
    with clinic.site.database.read() as connection:
        risk = connection.scalar(sa.text("SELECT risk FROM clinic__patient WHERE name = '越权'"))
    assert risk == whole["risk"]


def test_pickers_offer_only_what_the_named_role_may_read(clinic: Clinic) -> None:
    clinic.make("allergy", name="青霉素", severity="severe")
    clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])
    plain, nurse = link(clinic), link(clinic, role="nurse")
    stranger = clinic.client(Accept="text/html")
    assert "allergies" not in shown(clinic, plain["path"])
    assert stranger.get(plain["path"] + "/options/allergies/allergy").status_code == 404
    assert 'name="allergies"' in shown(clinic, nurse["path"])
    assert "青霉素" in stranger.get(nurse["path"] + "/options/allergies/allergy").text
    for other in ("owner/user", "allergies/patient", "visits/visit", "name/patient", "phone/patient"):
        answer = stranger.get(f"{nurse['path']}/options/{other}")
        assert answer.status_code == 404
        assert "王敏" not in answer.text
    for path in (f"{PATH}/patient", "/apps/clinic/views/patients", "/admin/links"):
        answer = stranger.get(path, follow_redirects=False)
        assert answer.status_code in (303, 401), path


def test_what_is_there_already_is_not_told_to_strangers(clinic: Clinic) -> None:
    made = link(clinic)
    clinic.make("patient", name="已有", phone="13812345678")
    answer = send(clinic, made["path"], name="探子", phone="13812345678")
    assert answer.status_code == 422
    assert "This was not accepted" in answer.text
    assert "taken by another" not in answer.text
    assert 'aria-invalid="true"' not in answer.text
    assert patients(clinic, filter="name = '探子'") == []
    checked = clinic.client().post(
        made["path"] + "/check", data={"phone": "13812345678", "_touched": "phone"}
    )
    assert checked.json() == {"errors": {"phone": ""}}


def test_errors_are_told_in_place_and_nothing_typed_is_lost(clinic: Clinic) -> None:
    made = link(clinic)
    kept = ticket(clinic, made["path"])
    answer = send(clinic, made["path"], ticket=kept, name="", mail="kein mail", phone="13900000001")
    assert answer.status_code == 422
    assert 'data-goes-to="name"' in answer.text
    assert 'value="kein mail"' in answer.text
    answer = send(clinic, made["path"], ticket=kept, name="改好了", mail="a@b.cn", phone="13900000001")
    assert "data-receipt" in answer.text


def test_a_page_counts_once_however_often_it_is_sent(clinic: Clinic) -> None:
    made = link(clinic)
    kept = ticket(clinic, made["path"])
    answers = [send(clinic, made["path"], ticket=kept, name="重放") for _ in range(3)]
    receipts = {part(r"data-receipt>([^<]+)<", a.text) for a in answers}
    assert len(receipts) == 1
    assert len(patients(clinic, filter="name = '重放'")) == 1


@pytest.mark.parametrize("trick", ["none", "forged", "of another link", "too old", "too quick", "trap"])
def test_what_no_person_sends_is_not_taken(clinic: Clinic, trick: str) -> None:
    made, other = link(clinic), link(clinic)
    good = ticket(clinic, made["path"])
    fields: dict[str, Any] = {"name": "程序", "ticket": good}
    if trick == "none":
        fields["ticket"] = "-"
    elif trick == "forged":
        fields["ticket"] = good[:-1] + ("0" if good[-1] != "0" else "1")
    elif trick == "of another link":
        fields["ticket"] = ticket(clinic, other["path"])
    elif trick == "too old":
        wait(clinic, hours=25)
    elif trick == "too quick":
        page = shown(clinic, made["path"])
        fields["ticket"] = part(r'name="ticket" value="([^"]+)"', page)
    else:
        fields["website_2"] = "http://spam.example"
    answer = send(clinic, made["path"], **fields)
    assert answer.status_code == 422, answer.text
    assert patients(clinic, filter="name = '程序'") == []
    found = {item["id"]: item for item in clinic.client("admin").get(LINKS).json()["items"]}
    assert found[made["id"]]["refused"] == 1


def test_a_token_cannot_be_guessed_or_made_from_an_id(clinic: Clinic) -> None:
    made = link(clinic)
    token = made["path"].removeprefix("/f/")
    stranger = clinic.client(Accept="text/html")
    tries = [
        "x",
        "A" * 43,
        token[:-1],
        token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        made["id"],
        token + "A",
    ]
    for wrong in tries:
        answer = stranger.get(f"/f/{wrong}")
        assert answer.status_code == 404, wrong
        assert "registration" not in answer.text
        assert stranger.post(f"/f/{wrong}", data={"name": "x"}).status_code == 404
    with clinic.site.database.read() as connection:
        assert token not in str(connection.execute(sa.select(PUBLIC_FORM)).all())


def test_a_link_ends_on_its_day_and_when_it_is_closed(clinic: Clinic) -> None:
    short, long = link(clinic, days=1), link(clinic)
    kept = ticket(clinic, long["path"])
    wait(clinic, hours=25)
    stranger = clinic.client(Accept="text/html")
    assert stranger.get(short["path"]).status_code == 410
    for username in ("head_yu", "dr_lin"):
        assert clinic.client(username).post(f"{LINKS}/{long['id']}/close").status_code == 403
    assert clinic.client("admin").post(f"{LINKS}/{long['id']}/close").status_code == 200
    for path in (long["path"], long["path"] + "/options/allergies/allergy"):
        assert stranger.get(path).status_code == 410
    assert send(clinic, long["path"], ticket=kept, name="晚了").status_code == 410
    assert patients(clinic, filter="name = '晚了'") == []


def test_a_flood_is_slowed_for_the_link_and_for_the_address(clinic: Clinic) -> None:
    few = link(clinic, per_hour=3)
    answers = [send(clinic, few["path"], ticket="-", name="x").status_code for _ in range(5)]
    assert answers == [422, 422, 422, 429, 429]
    many = link(clinic, per_hour=1000)
    answers = [send(clinic, many["path"], ticket="-", name="x").status_code for _ in range(40)]
    assert answers.count(429) >= 40 - public_forms.PER_ADDRESS_MAX
    wait(clinic, hours=1)
    assert send(clinic, few["path"], name="后来").status_code == 200


def test_another_site_cannot_send_it_and_a_session_gives_nothing(clinic: Clinic) -> None:
    made = link(clinic)
    kept = ticket(clinic, made["path"])
    crossing = clinic.client(Accept="text/html", **{"Sec-Fetch-Site": "cross-site"})
    assert crossing.post(made["path"], data={"ticket": kept, "name": "x"}).status_code == 403
    admin = clinic.browser("admin")
    assert 'name="risk"' not in admin.get(made["path"]).text
    admin.post(made["path"], data={"ticket": kept, "name": "管理员"})
    [found] = patients(clinic, filter="name = '管理员'")
    assert found["created_by"] is None


def test_only_administrators_make_links_and_only_to_public_forms(clinic: Clinic) -> None:
    for username in ("head_yu", "dr_lin", "nobody"):
        assert clinic.client(username).get(LINKS).status_code == 403
        assert (
            clinic.client(username).post(LINKS, json={"app": "clinic", "form": "registration"}).status_code
            == 403
        )
    admin = clinic.client("admin")
    for body in (
        {"app": "clinic", "form": "patient_form"},
        {"app": "clinic", "form": "nonsense"},
        {"app": "clinic", "form": "registration", "role": "nonsense"},
        {"app": "clinic", "form": "registration", "role": "public:registration"},
    ):
        assert admin.post(LINKS, json=body).status_code == 422, body
    given = clinic.browser("admin").post(
        "/admin/people/dr_lin/roles", data={"roles": "clinic.public:registration"}
    )
    assert given.status_code in (404, 422), given.text


@every_database
def test_two_that_send_one_page_at_once_make_one_record(database_kind: str, tmp_path: Path) -> None:
    with open_clinic(database_kind, tmp_path, FixedClock()) as clinic:
        made = link(clinic)
        kept = ticket(clinic, made["path"])
        nonce = public_forms.read_ticket(clinic.site, _link(clinic, made), kept)
        with clinic.site.database.write() as connection:
            connection.execute(
                sa.insert(RECEIPT).values(
                    number="R1", link=made["id"], nonce_hash=nonce, entity="patient", record=made["id"],
                    at=clinic.site.clock.now(),
                )
            )  # fmt: skip
        assert "R1" in send(clinic, made["path"], ticket=kept, name="第二个").text
        assert patients(clinic, filter="name = '第二个'") == []


def _link(clinic: Clinic, made: dict[str, Any]) -> public_forms.Link:
    with clinic.site.database.read() as connection:
        return public_forms.find(clinic.site, connection, made["path"].removeprefix("/f/"))
