"""A serving process: its upkeep, and a new site's first page."""

from __future__ import annotations

from starlette.testclient import TestClient

from databases import every_database
from dougong_platform import tokens
from dougong_platform.http.app import make_app
from dougong_platform.serving import with_upkeep
from dougong_platform.site import Site
from dougong_platform.upkeep import Upkeep
from sites import SYSTEM, add_person


@every_database
def test_an_orderly_end_writes_what_was_noted(site: Site) -> None:
    user = add_person(site, "robot")
    with site.database.write() as connection:
        issued = tokens.issue(site, connection, SYSTEM, user)
    with TestClient(with_upkeep(make_app(site), Upkeep(site))) as client:
        asked = client.get("/api/v1/me", headers={"Authorization": f"Bearer {issued.token}"})
        assert asked.json()["username"] == "robot"
    with site.database.read() as connection:
        assert tokens.tokens(connection, user)[0].used_at == site.clock.now()


@every_database
def test_a_site_without_administrator_says_how_to_add_one(site: Site) -> None:
    with TestClient(make_app(site)) as client:
        assert "dougong user add admin --role admin" in client.get("/login").text
        add_person(site, "ann", roles=["admin"])
        assert "dougong user add" not in client.get("/login").text
