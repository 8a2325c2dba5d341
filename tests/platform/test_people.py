"""Accounts, teams, and the roles that people hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import apps, people, roster, viewers
from dougong_platform.site import DIRECTORY, Site
from dougong_platform.viewers import Door
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.errors import Refused
from dougong_runtime.host import FixedClock, Viewer
from sites import CLINIC, PASSWORD, SYSTEM, add_person

PAGE = Door("page", "192.0.2.7", "r1")


def viewer_of(site: Site, user_id: str) -> Viewer | None:
    with site.database.read() as connection:
        return viewers.viewer(connection, user_id, site.clock, site.settings, PAGE)


def actions(site: Site, user_id: str) -> list[str]:
    with site.database.read() as connection:
        return list(
            connection.scalars(
                sa.select(dg_audit.c.action).where(dg_audit.c.record == user_id).order_by(dg_audit.c.seq)
            )
        )


@every_database
def test_a_person_is_a_viewer_with_team_zone_and_the_teams_below(site: Site) -> None:
    with site.database.write() as connection:
        for name, parent in (
            ("hospital", None),
            ("medicine", "hospital"),
            ("ward", "medicine"),
            ("surgery", "hospital"),
        ):
            people.add_team(site, connection, SYSTEM, name, parent=parent)
        by_name = {t.name: t.id for t in people.teams(connection)}
    user = add_person(site, "dr_lin", name="林医生", team="medicine", time_zone="Asia/Urumqi", language="en")
    seen = viewer_of(site, user)
    assert seen is not None
    assert (seen.user, seen.username, seen.name, seen.team) == (user, "dr_lin", "林医生", by_name["medicine"])
    assert set(seen.teams_below) == {by_name["medicine"], by_name["ward"]}
    assert (seen.time_zone, seen.language, seen.via, seen.address, seen.request) == (
        "Asia/Urumqi",
        "en",
        "page",
        "192.0.2.7",
        "r1",
    )


@every_database
def test_a_person_without_team_zone_or_roles_follows_the_site(site: Site) -> None:
    seen = viewer_of(site, add_person(site, "guest"))
    assert seen is not None
    assert (seen.team, seen.teams_below, seen.roles, seen.time_zone, seen.language) == (
        None,
        (),
        frozenset(),
        "Asia/Shanghai",
        "zh",
    )


@every_database
def test_a_name_is_taken_once_whatever_the_letters_case(site: Site) -> None:
    add_person(site, "Li")
    with pytest.raises(Refused, match="already"):
        add_person(site, "li")


@pytest.mark.parametrize("name", ["", "two words", "a,b", "x" * 65, "tab\tbed", "line\nbreak"])
@every_database
def test_a_name_that_cannot_be_typed_or_listed_is_refused(site: Site, name: str) -> None:
    with pytest.raises(Refused, match="cannot be a user name"):
        add_person(site, name)


@every_database
def test_unknown_teams_and_roles_are_refused_with_the_nearest(clinic_site: Site) -> None:
    with clinic_site.database.write() as connection:
        people.add_team(clinic_site, connection, SYSTEM, "medicine")
    with pytest.raises(Refused) as caught:
        add_person(clinic_site, "dr_lin", team="medecine")
    assert caught.value.problems[0].remedy("en") == "Nearest: medicine"
    with pytest.raises(Refused) as caught:
        add_person(clinic_site, "dr_lin", roles=["clinic.docter", "admn"])
    assert [p.remedy("en") for p in caught.value.problems] == ["Nearest: clinic.doctor", "Nearest: admin"]
    with clinic_site.database.read() as connection:
        assert people.people(connection) == []


@every_database
def test_a_role_is_held_to_its_last_day_in_the_sites_zone(clinic_site: Site) -> None:
    user = add_person(clinic_site, "dr_lin")
    last = date(2026, 3, 3)
    with clinic_site.database.write() as connection:
        people.grant(clinic_site, connection, SYSTEM, user, ["clinic.doctor"], until=last)
    clock = clinic_site.clock
    assert isinstance(clock, FixedClock)
    clock.at = clock.at.replace(day=3, hour=15, minute=59)  # 23:59 in Shanghai
    seen = viewer_of(clinic_site, user)
    assert seen is not None
    assert seen.roles_in("clinic") == {"doctor"}
    clock.at += timedelta(minutes=1)
    seen = viewer_of(clinic_site, user)
    assert seen is not None
    assert seen.roles == frozenset()
    assert actions(clinic_site, user)[-1] == "grant"


@every_database
def test_roles_that_an_app_keeps_apart_are_not_given_to_one_person(clinic_site: Site) -> None:
    user = add_person(clinic_site, "dr_lin", roles=["clinic.doctor"])
    with (
        pytest.raises(Refused, match=r"clinic.analyst, clinic.doctor"),
        clinic_site.database.write() as connection,
    ):
        people.grant(clinic_site, connection, SYSTEM, user, ["clinic.analyst"])
    with pytest.raises(Refused, match="different people"):
        add_person(clinic_site, "dr_mao", roles=["clinic.doctor", "clinic.analyst"])
    with clinic_site.database.write() as connection:
        people.revoke(clinic_site, connection, SYSTEM, user, ["clinic.doctor"])
        people.grant(clinic_site, connection, SYSTEM, user, ["clinic.analyst"])
    seen = viewer_of(clinic_site, user)
    assert seen is not None
    assert seen.roles == {"clinic.analyst"}


@every_database
def test_who_is_inactive_is_no_viewer(site: Site) -> None:
    user = add_person(site, "dr_lin")
    with site.database.write() as connection:
        people.set_active(site, connection, SYSTEM, user, False)
    assert viewer_of(site, user) is None


@every_database
def test_the_last_administrator_stays(site: Site) -> None:
    first, second = add_person(site, "ann", roles=["admin"]), add_person(site, "ben", roles=["admin"])
    with site.database.write() as connection:
        people.revoke(site, connection, SYSTEM, first, ["admin"])
    with pytest.raises(Refused, match="last administrator"), site.database.write() as connection:
        people.revoke(site, connection, SYSTEM, second, ["admin"])
    with pytest.raises(Refused, match="last administrator"), site.database.write() as connection:
        people.set_active(site, connection, SYSTEM, second, False)


@every_database
def test_people_and_roles_are_the_administrators(site: Site) -> None:
    user = add_person(site, "dr_lin")
    actor = viewer_of(site, user)
    assert actor is not None
    with site.database.write() as connection:
        for act in (
            lambda: people.add_user(site, connection, actor, "friend"),
            lambda: people.grant(site, connection, actor, user, ["admin"]),
            lambda: people.view_as(site, connection, actor, "dr_lin", PAGE),
            lambda: people.add_team(site, connection, actor, "mine"),
        ):
            with pytest.raises(Refused) as caught:
                act()
            assert caught.value.status == 403


@every_database
def test_an_administrator_views_as_another_and_the_audit_knows(site: Site) -> None:
    admin, user = add_person(site, "ann", roles=["admin"]), add_person(site, "dr_lin")
    actor = viewer_of(site, admin)
    assert actor is not None
    with site.database.write() as connection:
        seen = people.view_as(site, connection, actor, "dr_lin", PAGE)
    assert (seen.user, seen.acting_for, seen.is_admin) == (user, "ann", False)
    assert actions(site, user)[-1] == "view_as"


@every_database
def test_a_renamed_role_is_held_under_its_new_name(clinic_site: Site) -> None:
    user = add_person(clinic_site, "dr_lin", roles=["clinic.doctor", "clinic.nurse"])
    with clinic_site.database.write() as connection:
        before = clinic_site.running(connection, "clinic").app
        roles = dict(before.roles)
        doctor = roles.pop("doctor")
        roles["physician"] = replace(doctor, name="physician")
        people.follow_renamed_roles(connection, before, replace(before, roles=roles))
        assert {h.role for h in people.roles(connection, user)} == {"clinic.physician", "clinic.nurse"}


@every_database
def test_the_people_of_a_template_are_entered_once_with_teams_leaders_and_roles(clinic_site: Site) -> None:
    source = apps.read_template(CLINIC)
    with clinic_site.database.write() as connection:
        entered = roster.enter(clinic_site, connection, SYSTEM, source, "clinic", PASSWORD)
        assert "head_yu" in entered
        assert roster.enter(clinic_site, connection, SYSTEM, source, "clinic", PASSWORD) == []
        teams = {t.name: (t.parent, t.leader) for t in people.teams(connection)}
        head = people.get_person(connection, "head_yu")
        assert [h.role for h in people.roles(connection, head.id)] == ["clinic.head"]
    assert teams["medicine"] == ("hospital", None)
    assert teams["hospital"] == (None, "head_yu")


@every_database
def test_making_a_person_is_in_the_audit(clinic_site: Site) -> None:
    user = add_person(clinic_site, "dr_lin", roles=["clinic.doctor"])
    assert actions(clinic_site, user) == ["create", "password", "grant"]
    with clinic_site.database.read() as connection:
        entry = clinic_site.records(connection, SYSTEM, DIRECTORY).get("user", user)
    assert entry["username"] == "dr_lin"
