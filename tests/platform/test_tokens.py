"""API tokens: whose they are, how far they reach, when they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import people, tokens
from dougong_platform.site import Site
from dougong_platform.tables import TOKEN
from dougong_platform.tokens import Bearer, Issued
from dougong_platform.viewers import Door
from dougong_runtime.errors import Refused
from dougong_runtime.host import FixedClock, Viewer
from sites import SYSTEM, add_person

API = Door("api", "192.0.2.9")


def issue(site: Site, user: str, **given: Any) -> Issued:
    with site.database.write() as connection:
        return tokens.issue(site, connection, SYSTEM, user, **given)


def verify(site: Site, token: str) -> Bearer | None:
    with site.database.read() as connection:
        return tokens.verify(site, connection, token, API)


@every_database
def test_a_token_speaks_for_its_person_and_is_kept_as_a_hash(site: Site) -> None:
    user = add_person(site, "robot", roles=["admin"])
    issued = issue(site, user, name="nightly")
    assert issued.token.startswith("dgt_")
    bearer = verify(site, issued.token)
    assert bearer is not None
    assert (bearer.viewer.user, bearer.viewer.via, bearer.viewer.is_admin) == (user, "api", True)
    with site.database.read() as connection:
        assert issued.token not in str(connection.execute(sa.select(TOKEN)).all())


@every_database
def test_without_the_scope_write_it_only_reads(site: Site) -> None:
    user = add_person(site, "robot")
    bearer = verify(site, issue(site, user, scopes=["read"]).token)
    assert bearer is not None
    assert not bearer.may_write
    bearer.require("read")
    with pytest.raises(Refused) as caught:
        bearer.require("write")
    assert caught.value.status == 403


@every_database
def test_scopes_that_name_apps_leave_the_roles_of_those_apps_alone(clinic_site: Site) -> None:
    user = add_person(clinic_site, "robot", roles=["clinic.doctor", "admin"])
    bearer = verify(clinic_site, issue(clinic_site, user, scopes=["read", "clinic"]).token)
    assert bearer is not None
    assert bearer.viewer.roles == {"clinic.doctor"}
    assert not bearer.viewer.is_admin
    with pytest.raises(Refused) as caught:
        issue(clinic_site, user, scopes=["clinik"])
    assert caught.value.problems[0].remedy("en") == "Nearest: clinic"


@every_database
def test_a_token_ends_on_its_day_when_revoked_and_with_its_person(site: Site) -> None:
    user = add_person(site, "robot")
    dated, endless, revoked = (issue(site, user, days=d) for d in (30, None, 30))
    assert isinstance(site.clock, FixedClock)
    with site.database.write() as connection:
        tokens.revoke(site, connection, SYSTEM, revoked.id)
    assert verify(site, revoked.token) is None
    site.clock.at += timedelta(days=29)
    assert verify(site, dated.token) is not None
    site.clock.at += timedelta(days=1)
    assert verify(site, dated.token) is None
    assert verify(site, endless.token) is not None
    with site.database.write() as connection:
        people.set_active(site, connection, SYSTEM, user, False)
    assert verify(site, endless.token) is None


@every_database
def test_people_issue_and_revoke_their_own_and_nobody_elses(site: Site) -> None:
    mine, theirs = add_person(site, "robot"), add_person(site, "other")
    me = Viewer(mine, "robot")
    with site.database.write() as connection:
        own = tokens.issue(site, connection, me, mine)
        with pytest.raises(Refused):
            tokens.issue(site, connection, me, theirs)
    foreign = issue(site, theirs)
    with pytest.raises(Refused) as caught, site.database.write() as connection:
        tokens.revoke(site, connection, me, foreign.id)
    assert caught.value.status == 404
    with site.database.write() as connection:
        tokens.revoke(site, connection, me, own.id)
        assert [t.revoked_at is not None for t in tokens.tokens(connection, mine)] == [True]


@pytest.mark.parametrize("token", ["", "dgt_", "dgt_unknown", "Bearer dgt_x", "dgt_" + "x" * 100_000])
@every_database
def test_what_was_never_issued_opens_nothing(site: Site, token: str) -> None:
    assert verify(site, token) is None


@every_database
def test_use_is_noted_and_written_once_a_minute(site: Site) -> None:
    user = add_person(site, "robot")
    token = issue(site, user).token
    assert isinstance(site.clock, FixedClock)
    verify(site, token)
    verify(site, token)
    with site.database.write() as connection:
        assert site.last_use.write(connection) == 1
    verify(site, token)
    with site.database.write() as connection:
        assert site.last_use.write(connection) == 0
        assert tokens.tokens(connection, user)[0].used_at == site.clock.at
