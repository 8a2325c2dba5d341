"""Since when a stored formula that follows the clock is true is said wherever it is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from clinic import PATH, Clinic
from dougong_platform.upkeep import Upkeep
from dougong_runtime.records import refresh


def field(clinic: Clinic, name: str) -> dict[str, Any]:
    entities = clinic.client("head_yu").get(PATH).json()["entities"]
    patient = next(e for e in entities if e["name"] == "patient")
    found: dict[str, Any] = next(f for f in patient["fields"] if f["name"] == name)
    return found


def test_the_interface_and_the_pages_say_so(clinic: Clinic) -> None:
    before = datetime.fromisoformat(field(clinic, "days_quiet")["refreshed_at"])
    Upkeep(clinic.site).run_due()
    told = field(clinic, "days_quiet")
    with clinic.site.database.read() as connection:
        at = refresh.refreshed_at(connection, "clinic")["daily"]
    assert (told["refresh"], datetime.fromisoformat(told["refreshed_at"])) == ("daily", at)
    assert before < at, "until then it was true for the instant at which the app was published"
    assert "refreshed_at" not in field(clinic, "name")

    head = clinic.client("head_yu")
    patient = head.post(f"{PATH}/patient", json={"name": "久未就诊", "mail": "quiet@s.example"}).json()["id"]
    clinic.make("visit", patient=patient, fee="10.00", visited_at="2026-01-05T08:00:00Z")
    page = clinic.browser("head_yu").get(f"/apps/clinic/patient/{patient}/tab/overview").text
    hint = page.partition('data-as-of="days_quiet"')[2].partition("</span>")[0]
    assert "as of" in hint, page
    assert 'data-as-of="name"' not in page
