"""Unsaved work is its owner's alone, is read under the access of the moment, and does not pile up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import Clinic
from dougong_platform import drafts
from dougong_platform.tables_forms import DRAFT
from dougong_platform.upkeep import Upkeep

MINE = "/api/v1/me/drafts"


@pytest.fixture
def patient(clinic: Clinic) -> dict[str, Any]:
    """A patient of dr_lin's."""
    return clinic.make("patient", name="周草稿", owner=clinic.users["dr_lin"], mail="a@b.cn")


def kept(clinic: Clinic, username: str, path: str, **fields: Any) -> Any:
    """What a form is answered that sends unsaved work."""
    return clinic.browser(username).post(path, data=fields)


def address(patient: dict[str, Any]) -> str:
    """The form that changes it."""
    return f"/apps/clinic/patient/{patient['id']}/edit"


def test_a_draft_is_offered_gone_on_with_and_gone_once_saved(clinic: Clinic, patient: dict[str, Any]) -> None:
    page = clinic.browser("dr_lin")
    answer = kept(clinic, "dr_lin", address(patient) + "/draft", mail="typed@b.cn", version="1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["said"].startswith("Draft saved ")
    shown = page.get(address(patient)).text
    assert "data-offer" in shown
    assert "typed@b.cn" not in shown
    gone_on = page.get(address(patient) + "?draft=1").text
    assert 'value="typed@b.cn"' in gone_on
    assert "data-offer" not in gone_on
    saved = page.post(address(patient), data={"mail": "typed@b.cn", "version": "1"}, follow_redirects=False)
    assert saved.status_code == 303, saved.text
    assert "data-offer" not in page.get(address(patient)).text


def test_nobody_else_sees_a_draft_not_even_who_looks_on_as_its_owner(
    clinic: Clinic, patient: dict[str, Any]
) -> None:
    kept(clinic, "dr_lin", address(patient) + "/draft", mail="secret@b.cn", version="1")
    mine = clinic.client("dr_lin").get(MINE).json()["items"]
    drawn = [d for d in mine if d["record"] == patient["id"]]
    assert len(drawn) == 1
    one = f"{MINE}/{drawn[0]['id']}"
    assert ["mail", "secret@b.cn"] in clinic.client("dr_lin").get(one).json()["fields"]
    for username in ("head_yu", "admin", "nobody"):
        client = clinic.client(username)
        assert client.get(one).status_code == 404
        assert client.delete(one).status_code == 404
        assert drawn[0]["id"] not in client.get(MINE).text
    viewing = {"X-View-As": "dr_lin"}
    assert clinic.client("admin", **viewing).get(MINE).status_code == 403
    assert clinic.client("admin", **viewing).get(one).status_code == 403
    page = clinic.browser("admin", **viewing).get(address(patient) + "?draft=1").text
    assert "secret@b.cn" not in page
    assert "data-offer" not in page
    assert clinic.client("dr_lin").get(one).status_code == 200


def test_a_draft_opens_nothing_that_its_owner_may_not_write_or_read_now(clinic: Clinic) -> None:
    own = clinic.make("patient", name="吴", owner=clinic.users["dr_lin"], risk="low")
    foreign = clinic.make("patient", name="别人的病人", owner=clinic.users["dr_mao"])
    visit = clinic.make("visit", patient=own["id"], doctor=clinic.users["dr_lin"])
    fields = {"risk": "high", "spent": "1", "owner.id": clinic.users["dr_mao"], "version": "1"}
    assert kept(clinic, "dr_lin", address(own) + "/draft", **fields).status_code == 200
    shown = clinic.browser("dr_lin").get(address(own) + "?draft=1").text
    assert 'name="risk"' not in shown
    path = f"/apps/clinic/visit/{visit['id']}/edit"
    kept(clinic, "dr_lin", path + "/draft", **{"patient.id": foreign["id"], "patient": "x", "version": "1"})
    assert foreign["id"] not in clinic.browser("dr_lin").get(path + "?draft=1").text
    clinic.change("patient", own["id"], owner=clinic.users["dr_mao"])
    clinic.change("visit", visit["id"], doctor=clinic.users["dr_mao"])
    assert clinic.browser("dr_lin").get(path + "?draft=1").status_code == 404


def test_a_draft_remembers_the_version_it_was_made_of(clinic: Clinic, patient: dict[str, Any]) -> None:
    page = clinic.browser("dr_lin")
    was = '{"mail": "a@b.cn"}'
    kept(clinic, "dr_lin", address(patient) + "/draft", mail="mine@b.cn", version="1", was=was)
    clinic.change("patient", patient["id"], mail="theirs@b.cn")
    assert "has changed since" in page.get(address(patient)).text
    shown = page.get(address(patient) + "?draft=1").text
    assert 'name="version" value="1"' in shown
    answer = page.post(address(patient), data={"mail": "mine@b.cn", "version": "1", "was": was})
    assert answer.status_code == 409
    assert "theirs@b.cn" in answer.text
    assert "data-conflict" in answer.text


def test_a_draft_cannot_be_kept_of_what_may_not_be_filled_in(clinic: Clinic, patient: dict[str, Any]) -> None:
    assert kept(clinic, "stat_gu", "/apps/clinic/patient/new/draft", name="x").status_code == 403
    assert kept(clinic, "dr_mao", address(patient) + "/draft", name="x").status_code == 404
    client = clinic.client("dr_mao")
    body = {"app": "clinic", "entity": "patient", "record": patient["id"], "fields": [["name", "x"]]}
    assert client.put(MINE, json=body).status_code == 404
    assert client.put(MINE, json={**body, "entity": "user", "record": None}).status_code == 404
    assert client.put(MINE, json={**body, "app": "school"}).status_code == 404
    torn = {**body, "record": None, "fields": [["name"]]}
    assert client.put(MINE, json=torn).status_code == 400
    forged = clinic.browser("dr_lin", **{"X-CSRF-Token": "forged"})
    assert forged.post(address(patient) + "/draft", data={"mail": "x"}).status_code == 403


def test_a_draft_is_bounded_in_size_and_number(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    client = clinic.client("desk_tao")
    body = {"app": "clinic", "entity": "patient", "fields": [["name", "x" * drafts.BYTES_MAX]]}
    assert client.put(MINE, json=body).status_code == 413
    many = {**body, "fields": [["name", "x"]] * (drafts.PAIRS_MAX + 1)}
    assert client.put(MINE, json=many).status_code == 413
    monkeypatch.setattr(drafts, "OF_A_PERSON_MAX", 3)
    for n in range(5):
        assert (
            client.put(MINE, json={**body, "form": f"form_{n}", "fields": [["name", "x"]]}).status_code == 200
        )
    assert len(client.get(MINE).json()["items"]) == 3


def test_upkeep_removes_what_was_left_for_a_month(clinic: Clinic, patient: dict[str, Any]) -> None:
    kept(clinic, "dr_lin", address(patient) + "/draft", mail="old@b.cn", version="1")
    kept(clinic, "dr_lin", "/apps/clinic/visit/new/draft", reason="new")
    old = clinic.site.clock.now() - drafts.KEPT_FOR - timedelta(hours=1)
    with clinic.site.database.write() as connection:
        connection.execute(sa.update(DRAFT).where(DRAFT.c.record == patient["id"]).values(updated_at=old))
    Upkeep(clinic.site)._sweep()
    with clinic.site.database.read() as connection:
        left = connection.scalars(sa.select(DRAFT.c.record)).all()
    assert patient["id"] not in left
    assert "" in left
