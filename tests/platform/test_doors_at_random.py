"""Every door of the site, under roles drawn at random: each person sees what the reference says, and no more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from access_clinics import PEOPLE, draw_roles, give_roles, may_reveal, seen_whole, town_of
from access_reference import Reference
from clinic import PATH, open_clinic
from doors import DOORS
from ward import ALL, fill

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
WHOLE = ("list", "read")
"""Doors that must show all that may be seen; the others show what their views and forms have room for."""
PLANTED = (
    "api_doors.files",
    "page_doors.files",
    "talk_doors.comments",
    "talk_doors.pages",
    "talk_doors.notices",
    "list_doors.saved",
)
"""Doors before which the head writes a cell's words elsewhere (into a file, a comment, a view): under random roles there
may be no such head, and what was written follows other rules than the cell."""
WALKED = [d for d in DOORS if f"{d.ask.__module__}.{d.ask.__name__}" not in PLANTED]
ASKED = PEOPLE if EFFORT > 1 else ("float_he",)


@pytest.mark.timeout(600 * EFFORT)
@pytest.mark.parametrize("seed", range(EFFORT))
@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"] if EFFORT > 1 else ["sqlite"])
def test_a_door_shows_what_random_roles_give_and_no_more(
    database_kind: str, seed: int, tmp_path: Path
) -> None:
    roles = draw_roles(seed)
    cells = 0
    with open_clinic(database_kind, tmp_path) as clinic:
        give_roles(clinic, roles)
        ward = fill(clinic)
        reference = Reference(town_of(ward, roles))
        for username in ASKED:
            allowed = seen_whole(ward, reference, username)
            for door in WALKED:
                seen = ward.cells_in(door.ask(ward, username))
                also = may_reveal(ward, reference, username) if "reveal" in door.name else set()
                assert seen - allowed - also == set(), f"{door.name} as {username}: {roles}"
                if door.name in WHOLE:
                    living = {c for c in allowed if c[1] in ward.names(c[0])}
                    assert living - seen == set(), f"{door.name} as {username}: {roles}"
                cells += len(ward.texts)
            looking_on = clinic.client("admin", **{"X-View-As": username})
            for entity in ALL:
                seen = ward.cells_in(looking_on.get(f"{PATH}/{entity}", params={"limit": 1000}).text)
                own = ward.cells_in(
                    clinic.client(username).get(f"{PATH}/{entity}", params={"limit": 1000}).text
                )
                assert seen == own, f"viewing as {username}: {roles}"
    print(f"{cells} cells at {len(WALKED)} doors")
