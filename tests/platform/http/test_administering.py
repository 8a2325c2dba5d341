"""An administrator at work on people and teams: details, ends of roles, sessions, tokens, the tree of teams."""

from __future__ import annotations

import pytest

from clinic import PATH, Clinic
from dougong_platform import people

PEOPLE, TEAMS = "/admin/people", "/admin/teams"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def posted(clinic: Clinic, path: str, expect: int = 303, **data: str) -> str:
    """What a form of the administrator's is answered."""
    answer = clinic.browser("admin").post(path, data=data, follow_redirects=False)
    assert answer.status_code == expect, answer.text[:2000]
    return answer.text


def tree(clinic: Clinic) -> dict[str, str | None]:
    """Team → the one above it."""
    with clinic.site.database.read() as connection:
        return {t.name: t.parent for t in people.teams(connection)}


@pytest.mark.parametrize("path", ["/details", "/until", "/sessions", "/tokens"])
def test_nobody_else_may(clinic: Clinic, path: str) -> None:
    assert clinic.browser("head_yu").post(f"{PEOPLE}/dr_lin{path}").status_code == 403
    for part in ("", "/change", "/move", "/remove"):
        assert clinic.browser("head_yu").post(f"{TEAMS}{part}", data={"team": "medicine"}).status_code == 403


def test_details_are_changed(clinic: Clinic) -> None:
    posted(clinic, f"{PEOPLE}/dr_mao/details", name="毛晓", email="mao@example.com", team="medicine")
    page = clinic.browser("admin").get(f"{PEOPLE}/dr_mao").text
    assert 'value="毛晓"' in page
    assert 'value="mao@example.com"' in page
    refused = posted(clinic, f"{PEOPLE}/dr_mao/details", 422, name="", email="no mail", team="medicine")
    assert 'role="alert"' in refused
    posted(clinic, f"{PEOPLE}/dr_mao/details", name="毛医生", email="", team="surgery")


def test_a_role_ends_on_its_last_day(clinic: Clinic) -> None:
    posted(clinic, f"{PEOPLE}/nurse_bai/until", role="clinic.nurse", until="2000-01-01")
    assert clinic.client("nurse_bai").get(f"{PATH}/patient").status_code in (403, 404)
    posted(clinic, f"{PEOPLE}/nurse_bai/until", 422, role="clinic.nurse", until="someday")
    posted(clinic, f"{PEOPLE}/nurse_bai/until", role="clinic.nurse", until="")
    assert clinic.client("nurse_bai").get(f"{PATH}/patient").status_code == 200


def test_sessions_and_tokens_are_listed_and_ended(clinic: Clinic) -> None:
    theirs = clinic.browser("dr_lin")
    token = theirs.post("/api/v1/tokens", json={"name": "night import"}).json()
    page = clinic.browser("admin").get(f"{PEOPLE}/dr_lin").text
    assert "night import" in page
    assert token["token"] not in page
    posted(clinic, f"{PEOPLE}/dr_lin/tokens", token=token["id"])
    answer = clinic.client(Authorization=f"Bearer {token['token']}").get("/api/v1/me")
    assert answer.status_code == 401
    posted(clinic, f"{PEOPLE}/dr_mao/tokens", 422, token=token["id"])
    posted(clinic, f"{PEOPLE}/dr_lin/sessions")
    assert theirs.get("/me", follow_redirects=False).status_code == 303


def test_the_tree_of_teams(clinic: Clinic) -> None:
    posted(clinic, TEAMS, name="night", parent="medicine")
    posted(clinic, f"{TEAMS}/change", team="night", name="night ward", leader="dr_lin", parent="surgery")
    assert tree(clinic)["night ward"] == "surgery"
    moved = clinic.browser("admin").post(
        f"{TEAMS}/move", data={"team": "night ward", "parent": ""}, headers=PART
    )
    assert moved.status_code == 200
    assert f'action="{TEAMS}/move"' in moved.text
    assert tree(clinic)["night ward"] is None
    posted(clinic, f"{TEAMS}/change", team="night ward", parent="medicine")
    refused = clinic.browser("admin").post(
        f"{TEAMS}/move", data={"team": "medicine", "parent": "night ward"}, headers=PART
    )
    assert "night ward" in refused.text
    assert tree(clinic)["medicine"] != "night ward"
    assert 'role="alert"' in posted(clinic, f"{TEAMS}/change", 422, team="night ward", name="surgery")
    assert 'role="alert"' in posted(clinic, f"{TEAMS}/remove", 422, team="medicine")
    posted(clinic, f"{TEAMS}/remove", team="night ward")
    assert "night ward" not in tree(clinic)
