"""Reading from a streaming replica: one's own writes, what ends at once, and a replica that lags, pauses or dies."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from dougong_platform import people, signin, tokens
from dougong_platform.http.app import make_app
from dougong_platform.http.viewer import COOKIE
from dougong_platform.replica import Replica
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.storage.dialects import make_engine
from replication import Pair, streaming_pair
from sites import CLINIC, PASSWORD, SYSTEM, add_person, install

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
PATH = "/api/v1/apps/clinic/patient"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with streaming_pair() as made:
        yield made


@pytest.fixture(scope="module")
def settings(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Those of a site whose readers are sent to the replica: the clinic, and the doctor `ann`."""
    with pair.primary.connect() as connection:
        connection.execute("CREATE DATABASE site")
    folder = tmp_path_factory.mktemp("replicated")
    env = {
        "DOUGONG_DATABASE_URL": pair.primary.url("site"),
        "DOUGONG_READ_URL": pair.replica.url("site"),
        "DOUGONG_READ_LAG_SECONDS": "1",
        "DOUGONG_DATA_DIR": str(folder),
    }
    made = Settings.load(env, folder / "none.toml")
    site = Site(made)
    site.database.install()
    install(site)
    add_person(site, "ann", ["clinic.doctor"])
    site.database.close()
    return made


class Ann:
    """The doctor's program, and where each of its readings was answered."""

    def __init__(self, site: Site, pair: Pair) -> None:
        self.site = site
        self.pair = pair
        with site.database.write() as connection:
            self.user = people.get_person(connection, "ann").id
            token = tokens.issue(site, connection, SYSTEM, self.user).token
        self.client = TestClient(make_app(site), headers={"Authorization": f"Bearer {token}"})
        self.seen: list[str] = []

    def get(self, address: str) -> Any:
        """The answer; `seen` tells which server gave the rows."""
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def names(self) -> list[str]:
        return [item["name"] for item in self.get(PATH + "?sort=name&limit=1000")["items"]]

    def create(self, name: str) -> None:
        answer = self.client.post(PATH, json={"name": name})
        assert answer.status_code == 201, answer.text


def near(site: Site, pair: Pair) -> Replica:
    """The site's replica, once it has caught up and the site knows it."""
    replica = site.database.replica
    assert replica is not None
    pair.wait()
    while not replica.may_answer(0):
        time.sleep(0.05)
    return replica


@pytest.fixture
def ann(settings: Settings, pair: Pair) -> Iterator[Ann]:
    site = Site(settings)
    made = Ann(site, pair)
    replica = near(site, pair)

    def noting(where: str) -> Any:
        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if "clinic__patient" in statement:
                made.seen.append(where)

        return note

    sa.event.listen(replica.engine, "before_cursor_execute", noting("replica"))
    sa.event.listen(site.database.engine, "before_cursor_execute", noting("primary"))
    sa.event.listen(site.database.reader, "before_cursor_execute", noting("primary"))
    yield made
    site.database.close()


def test_readers_are_answered_by_the_replica(ann: Ann) -> None:
    ann.names()
    assert set(ann.seen) == {"replica"}
    with TestClient(
        make_app(ann.site), cookies={COOKIE: signin.sign_in(ann.site, "ann", PASSWORD).token}
    ) as browser:
        ann.seen.clear()
        assert browser.get("/apps/clinic/views/patients").status_code == 200
    assert set(ann.seen) == {"replica"}


def test_who_writes_reads_it_at_once_every_time(ann: Ann) -> None:
    """However far the replica is."""
    for n in range(15 * EFFORT):
        ann.create(f"own {n}")
        assert f"own {n}" in ann.names()


def test_a_replica_that_stands_still_never_answers_the_writer(ann: Ann, pair: Pair) -> None:
    pair.pause()
    try:
        ann.create("while it paused")
        ann.seen.clear()
        assert "while it paused" in ann.names()
        assert set(ann.seen) == {"primary"}
    finally:
        pair.resume()
    near(ann.site, pair)
    ann.seen.clear()
    assert "while it paused" in ann.names()
    assert set(ann.seen) == {"replica"}


def test_sign_out_and_roles_taken_away_are_in_force_at_once(ann: Ann, pair: Pair) -> None:
    site = ann.site
    session = signin.sign_in(site, "ann", PASSWORD).token
    pair.wait()
    with TestClient(make_app(site), cookies={COOKIE: session}) as browser:
        assert browser.get(PATH).status_code == 200
        pair.pause()
        try:
            with site.database.write() as connection:
                people.revoke(site, connection, SYSTEM, ann.user, ["clinic.doctor"])
            assert browser.get(PATH).status_code != 200
            with site.database.write() as connection:
                people.grant(site, connection, SYSTEM, ann.user, ["clinic.doctor"])
            assert browser.get(PATH).status_code == 200
            with site.database.write() as connection:
                signin.sign_out(site, connection, session, Door("page"))
            assert browser.get(PATH).status_code == 401
        finally:
            pair.resume()


def test_a_version_published_meanwhile_fails_no_reader(ann: Ann, pair: Pair, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(CLINIC, changed)
    document = changed / "entities" / "patient.yaml"
    added = "fields:\n  - {name: post, type: text, label: {zh: 邮编, en: Post code}}\n"
    document.write_text(document.read_text(encoding="utf-8").replace("fields:\n", added, 1), encoding="utf-8")
    ann.create("before the version")
    publishing = threading.Thread(target=install, args=(ann.site, changed))
    publishing.start()
    seen = []
    while publishing.is_alive() or not seen or "post" not in seen[-1]:
        seen.append(ann.get(PATH + "?limit=1")["items"][0])  # 200, under the one version or the other
    publishing.join()
    assert "post" in seen[-1]
    near(ann.site, pair)
    ann.seen.clear()
    assert "post" in ann.get(PATH + "?limit=1")["items"][0]
    assert set(ann.seen) == {"replica"}


def test_what_the_primary_had_written_a_while_ago_must_have_been_replayed(
    settings: Settings, pair: Pair
) -> None:
    """Looking each second, with five seconds allowed: a replica that stands still is read for five more, not longer."""
    now = 0.0
    replica_engine, primary_engine = make_engine(settings.read_url), make_engine(settings.database_url)
    replica = Replica(replica_engine, primary_engine, 5, lambda: now)
    allowed = []
    try:
        for second in range(20):
            now = float(second)
            if second == 8:
                pair.pause()
                with pair.primary.connect() as connection:
                    connection.execute(
                        "SELECT pg_logical_emit_message(false, 'tests', 'something is written')"
                    )
            elif second < 8:
                pair.wait()
            allowed.append(replica.may_answer(0))
            assert replica.lag().answers_readers == allowed[-1]
    finally:
        pair.resume()
    assert allowed == [True] * 13 + [False] * 7
    assert replica.lag().behind is not None
    replica.close()
    primary_engine.dispose()


def test_a_server_that_follows_nobody_is_no_replica(settings: Settings, pair: Pair) -> None:
    replica = Replica(make_engine(settings.database_url), make_engine(settings.database_url), 5)
    assert not replica.may_answer(0)
    assert not replica.lag().is_standby
    replica.close()


def test_a_replica_that_dies_is_passed_over_within_the_request(ann: Ann, pair: Pair) -> None:
    ann.names()
    assert set(ann.seen) == {"replica"}
    pair.replica.stop()
    try:
        ann.seen.clear()
        assert ann.names()
        assert "primary" in ann.seen
        ann.seen.clear()
        assert ann.names()
        assert set(ann.seen) == {"primary"}
    finally:
        pair.replica.start()
