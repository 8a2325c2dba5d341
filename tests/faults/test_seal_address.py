"""An anchor that is an address: it takes each seal, and says later what it took."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import seals
from dougong_platform.seals import AnchorState
from dougong_platform.site import Site
from dougong_runtime.audit import log
from dougong_runtime.host import Viewer
from sites import close, copied_site, make_site

CLERK = Viewer(user="u1", username="clerk")
pytestmark = every_database


@dataclass
class Keeper:
    """A server that keeps seals: two a page, refusing another of a batch; `answers` stand in its place."""

    seals: dict[int, Any] = field(default_factory=dict)
    tokens: set[str | None] = field(default_factory=set)
    answers: int | None = None
    page: int = 2

    def post(self, seal: dict[str, Any]) -> int:
        if self.answers is not None:
            return self.answers
        return 200 if self.seals.setdefault(seal["batch"], seal) == seal else 409

    def after(self, batch: int) -> str:
        found = [json.dumps(self.seals[n]) + "\n" for n in sorted(self.seals) if n > batch]
        return "".join(found[: self.page])


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def address(keeper: Keeper) -> Iterator[str]:
    """Where the keeper listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keeper.tokens.add(self.headers["authorization"])
            length = int(self.headers["content-length"])
            self._answer(keeper.post(json.loads(self.rfile.read(length))), "")

        def do_GET(self) -> None:
            [after] = parse_qs(urlsplit(self.path).query)["after"]
            self._answer(keeper.answers or 200, keeper.after(int(after)))

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/seals"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site(database_kind: str, tmp_path: Path, address: str) -> Iterator[Site]:
    empty = copied_site(database_kind, tmp_path)
    empty.database.close()
    made = make_site(
        empty.settings.database_url,
        tmp_path,
        audit_anchor=address,
        audit_anchor_token="a token",
        internal_servers="127.0.0.1",
    )
    yield made
    close(made)


def tell(site: Site, word: str) -> None:
    with site.database.write() as connection:
        log.write(connection, CLERK, site.clock.now(), [log.Event(log.RUN, reason=word)])
    seals.seal_now(site)


def state(site: Site) -> tuple[bool, AnchorState]:
    verdict, states = seals.verify_all(site)
    return verdict.ok, states[-1]


def test_each_seal_is_sent_and_compared(site: Site, keeper: Keeper, address: str) -> None:
    for word in "abcde":
        tell(site, word)
    assert list(keeper.seals) == [1, 2, 3, 4, 5]
    assert keeper.tokens == {"Bearer a token"}
    assert state(site) == (True, AnchorState(address, True, 5))


def test_what_failed_is_sent_later(site: Site, keeper: Keeper) -> None:
    tell(site, "a")
    keeper.answers = 503
    tell(site, "b")
    tell(site, "c")
    assert list(keeper.seals) == [1]
    ok, anchor = state(site)
    assert ok
    assert anchor.problem is not None
    assert "answers 503" in anchor.problem.en
    [told] = [says.en for found, says in seals.examine_anchors(site) if found == "bad"]
    assert "lacks 2 seals" in told
    keeper.answers = None
    tell(site, "d")
    assert list(keeper.seals) == [1, 2, 3, 4]
    assert [found for found, _ in seals.examine_anchors(site)] == ["good", "good"]


def test_a_chain_made_anew_is_shown_by_the_address(site: Site, keeper: Keeper) -> None:
    for word in "ab":
        tell(site, word)
    with site.database.write() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("dg_audit_no_update", "dg_seal_no_delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("dg_audit", "dg_seal"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE reason = 'a'")
        connection.exec_driver_sql("DELETE FROM dg_seal")
        connection.execute(sa.text("DELETE FROM dg_site WHERE name LIKE 'anchor %'"))
    local = next(site.settings.data_dir.glob("audit-seals-*.jsonl"))
    local.unlink()
    seals.seal_now(site)
    verdict, _ = seals.verify_all(site)
    assert verdict.problem is not None
    assert "made anew" in verdict.problem.en
    assert len(keeper.seals) == 2
    assert "holds another seal of batch 1" in next(
        says.en for found, says in seals.examine_anchors(site) if found == "bad"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda kept: kept.pop(3), "was cut: it took 3 seals and holds 2"),
        (lambda kept: kept.pop(2), "breaks off at batch 2"),
        (lambda kept: kept[2].update(rows=9), "was not made with this secret"),
        (lambda kept: kept[2].pop("root"), "no list of seals"),
    ],
    ids=["cut", "gap", "edited", "nonsense"],
)
def test_an_address_that_forgot_or_altered_is_called_so(
    site: Site, keeper: Keeper, change: Any, says: str
) -> None:
    for word in "abc":
        tell(site, word)
    change(keeper.seals)
    ok, anchor = state(site)
    assert ok
    assert anchor.problem is not None
    assert says in anchor.problem.en
    assert anchor.tampered


def test_an_address_that_is_not_allowed_is_not_called(site: Site, keeper: Keeper, tmp_path: Path) -> None:
    """The firm's own servers must be named in `internal_servers`."""
    other = make_site(site.settings.database_url, tmp_path, audit_anchor=site.settings.audit_anchor)
    tell(other, "a")
    assert keeper.seals == {}
    assert "bad" in {found for found, _ in seals.examine_anchors(other)}
    other.database.close()
