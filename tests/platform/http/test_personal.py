"""What is a person's own: records opened lately, starred ones, tasks on a home; under their access, seen by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clinic import Clinic
from dougong_platform import personal

STARRED = "/api/v1/me/starred"


@pytest.fixture(scope="module")
def patient(clinic: Clinic) -> str:
    """A patient of Dr Lin's."""
    return str(clinic.make("patient", name="张思远", phone="13912340009", owner=clinic.users["dr_lin"])["id"])


def titles(clinic: Clinic, username: str, what: str = "starred") -> list[str]:
    """What a person's list of their own says."""
    answer = clinic.client(username).get(f"/api/v1/me/{what}")
    assert answer.status_code == 200
    return [item["title"] for item in answer.json()["items"]]


def test_a_star_is_for_the_one_who_set_it(clinic: Clinic, patient: str) -> None:
    lin = clinic.client("dr_lin")
    for _ in range(2):
        assert lin.put(f"{STARRED}/clinic/patient/{patient}").status_code == 204
    assert titles(clinic, "dr_lin") == ["张思远"]
    assert titles(clinic, "head_yu") == []
    assert lin.delete(f"{STARRED}/clinic/patient/{patient}").status_code == 204
    assert titles(clinic, "dr_lin") == []


def test_nobody_stars_what_they_may_not_read_or_what_is_not_there(clinic: Clinic, patient: str) -> None:
    unread = clinic.client("dr_mao").put(f"{STARRED}/clinic/patient/{patient}")
    missing = clinic.client("dr_mao").put(f"{STARRED}/clinic/patient/{patient[:-4]}0000")
    assert unread.status_code == missing.status_code == 404
    assert unread.json()["problems"][0]["type"] == missing.json()["problems"][0]["type"]
    assert clinic.client("dr_lin").put(f"{STARRED}/clinic/nothing/{patient}").status_code == 404
    assert clinic.client("nobody").put(f"{STARRED}/clinic/patient/{patient}").status_code in (403, 404)


def test_what_one_may_no_longer_read_is_no_longer_called_by_its_name(clinic: Clinic) -> None:
    made = clinic.make("patient", name="走失", phone="13912340010", owner=clinic.users["dr_lin"])["id"]
    clinic.client("dr_lin").put(f"{STARRED}/clinic/patient/{made}")
    browser = clinic.browser("dr_lin")
    assert browser.post(f"/apps/clinic/patient/{made}/opened").status_code == 204
    assert "走失" in titles(clinic, "dr_lin")
    assert "走失" in titles(clinic, "dr_lin", "recent")
    clinic.change("patient", made, owner=clinic.users["dr_mao"])
    assert "走失" not in titles(clinic, "dr_lin") + titles(clinic, "dr_lin", "recent")
    assert "走失" not in browser.get("/apps/clinic").text + browser.get("/search/palette?app=clinic").text
    assert clinic.client("dr_lin").delete(f"{STARRED}/clinic/patient/{made}").status_code == 204


def test_opening_stands_on_the_home_the_newest_first(clinic: Clinic, patient: str) -> None:
    other = clinic.make("patient", name="陈嘉禾", phone="13912340011", owner=clinic.users["dr_lin"])["id"]
    browser = clinic.browser("dr_lin")
    for record in (patient, other, patient):
        assert browser.post(f"/apps/clinic/patient/{record}/opened").status_code == 204
    assert titles(clinic, "dr_lin", "recent")[:2] == ["张思远", "陈嘉禾"]
    page = browser.get("/apps/clinic").text
    assert 'data-block="recent"' in page
    assert "陈嘉禾" in page
    assert clinic.browser("dr_mao").post(f"/apps/clinic/patient/{patient}/opened").status_code == 404


def test_only_the_newest_are_kept(clinic: Clinic) -> None:
    viewer, now = clinic.viewer("nurse_bai"), clinic.site.clock.now()
    with clinic.site.database.write() as connection:
        for n in range(personal.RECENT_MAX + 5):
            record = f"01990000-0000-7000-8000-{n:012d}"
            personal.opened(connection, viewer, "clinic", "patient", record, now + timedelta(seconds=n))
        kept = personal.recent(connection, viewer, limit=1_000)
    assert len(kept) == personal.RECENT_MAX
    assert kept[0].record.endswith(f"{personal.RECENT_MAX + 4:012d}")


def test_a_star_on_the_page_and_in_the_palette(clinic: Clinic, patient: str) -> None:
    browser = clinic.browser("dr_lin")
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    pressed = browser.post(f"/apps/clinic/patient/{patient}/star", data={"on": "1"}, headers=part)
    assert pressed.status_code == 200
    assert 'aria-pressed="true"' in pressed.text
    assert 'aria-pressed="true"' in browser.get(f"/apps/clinic/patient/{patient}").text
    assert "张思远" in browser.get("/search/palette?app=clinic").text
    assert (
        browser.post(f"/apps/clinic/patient/{patient}/star", data={"on": "0"}, headers=part).status_code
        == 200
    )
    assert 'aria-pressed="false"' in browser.get(f"/apps/clinic/patient/{patient}").text


def test_tasks_stand_by_their_day_and_are_ticked(clinic: Clinic, patient: str) -> None:
    now = clinic.site.clock.now()
    days = {"late": now - timedelta(days=2), "later": now + timedelta(days=40)}
    made = {
        name: clinic.make("visit", patient=patient, visited_at=at.isoformat(), doctor=clinic.users["dr_lin"])
        for name, at in days.items()
    }
    browser = clinic.browser("head_yu")
    page = browser.get("/apps/clinic?lang=zh").text
    assert page.index("逾期") < page.index(made["late"]["code"]) < page.index(made["later"]["code"])
    assert "逾期 2 天" in page
    late = made["late"]
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    tick = f"/apps/clinic/visit/{late['id']}/tick"
    done = browser.post(tick, data={"to": "open", "version": late["version"]}, headers=part)
    assert done.status_code == 200
    assert late["code"] in done.text
    assert clinic.client("head_yu").get(f"/api/v1/apps/clinic/visit/{late['id']}").json()["stage"] == "open"
    again = browser.post(tick, data={"to": "planned"}, headers=part)
    assert again.headers["HX-Reswap"] == "none"
    assert "alert" in again.text
    assert browser.post(tick, data={"to": "nowhere"}, headers=part).status_code == 404


def test_who_may_not_change_it_sees_the_task_without_its_ring(clinic: Clinic) -> None:
    assert 'class="ring"' not in clinic.browser("dr_mao").get("/apps/clinic").text


def test_the_palette_finds_acts(clinic: Clinic) -> None:
    browser = clinic.browser("dr_lin")
    acts = browser.get("/search/palette?app=clinic&q=%3E&lang=zh").text
    assert "/apps/clinic/visit/new" in acts
    assert "退出登录" in acts
    assert "data-record" not in acts
    assert "退出登录" in browser.get("/search/palette?app=clinic&q=tcdl&lang=zh").text, (
        "by its pinyin's initials"
    )


def test_a_ticked_task_comes_back_where_its_stage_leads_back(clinic: Clinic, patient: str) -> None:
    made = clinic.make("visit", patient=patient, doctor=clinic.users["dr_lin"])
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    tick = f"/apps/clinic/visit/{made['id']}/tick"
    done = clinic.browser("head_yu").post(tick, data={"to": "open"}, headers=part)
    assert done.status_code == 200
    assert tick not in done.text, "an open visit is never planned again"


def test_the_pages_can_be_installed_as_an_app(clinic: Clinic) -> None:
    answer = clinic.client().get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        assert clinic.client().get(icon["src"]).headers["content-type"] == "image/svg+xml"
    page = clinic.client().get("/login")
    assert 'rel="manifest"' in page.text
    assert "manifest-src 'self'" in page.headers["content-security-policy"]


def test_who_is_mentioned_reads_it_on_their_home_while_they_may_read_the_record(
    clinic: Clinic, patient: str
) -> None:
    users = clinic.users
    comments = f"/api/v1/apps/clinic/patient/{patient}/comments"
    for author, named in (("dr_lin", "head_yu"), ("head_yu", "dr_lin")):
        said = clinic.client(author).post(comments, json={"text": f"@{named} 明早一起看化验单"})
        assert said.status_code == 201, said.text
    assert "明早一起看化验单" in clinic.browser("head_yu").get("/apps/clinic").text, (
        "a block of the head's page"
    )
    assert "明早一起看化验单" in clinic.browser("dr_lin").get("/apps/clinic").text, "a home without a page"
    assert "明早一起看化验单" not in clinic.browser("dr_mao").get("/apps/clinic").text
    clinic.change("patient", patient, owner=users["dr_mao"])
    assert "明早一起看化验单" not in clinic.browser("dr_lin").get("/apps/clinic").text
    clinic.change("patient", patient, owner=users["dr_lin"])
