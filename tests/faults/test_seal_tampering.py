"""What who owns the database can do to the audit, and what shows it: the seals, and the anchor outside."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import seals
from dougong_platform.doctor import examine
from dougong_platform.seals import AnchorState
from dougong_platform.site import Site
from dougong_platform.tables import SITE
from dougong_runtime.audit import log, seal
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.verify import Verdict
from dougong_runtime.host import Viewer
from sites import close, copied_site, make_site

CLERK = Viewer(user="u1", username="clerk")
pytestmark = every_database


def tell(site: Site, *words: str) -> None:
    """Rows, sealed as a batch."""
    with site.database.write() as connection:
        log.write(connection, CLERK, site.clock.now(), [log.Event(log.RUN, reason=word) for word in words])
    seals.seal_now(site)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file on other storage."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere" / "seals.jsonl"


@pytest.fixture
def sealed(database_kind: str, tmp_path: Path, outside: Path) -> Iterator[Site]:
    """Three batches of two rows, and one without a seal, on a site with an anchor outside."""
    empty = copied_site(database_kind, tmp_path)
    empty.database.close()
    site = make_site(empty.settings.database_url, tmp_path, audit_anchor=str(outside))
    for words in (("a", "b"), ("c", "d"), ("e", "f")):
        tell(site, *words)
    with site.database.write() as connection:
        log.write(connection, CLERK, site.clock.now(), [log.Event(log.RUN, reason="g")])
    yield site
    close(site)


def unguard(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('dg_audit', 'dg_seal')"
        )
        for (name,) in connection.exec_driver_sql(query).all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    else:
        for table in ("dg_audit", "dg_seal"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


def row_of(connection: sa.Connection, word: str) -> int:
    found = connection.scalar(sa.select(dg_audit.c.seq).where(dg_audit.c.reason == word))
    assert found is not None
    return int(found)


Tamper = Callable[[sa.Connection, Site], None]
TOLD = ", ".join(c.name for c in dg_audit.c if c.name not in ("seq", "reason"))


def edit(connection: sa.Connection, _: Site) -> None:
    connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE reason = 'c'")


def edit_in_the_open(connection: sa.Connection, _: Site) -> None:
    connection.exec_driver_sql("UPDATE dg_audit SET actor_name = 'x' WHERE reason = 'c'")


def delete(connection: sa.Connection, _: Site) -> None:
    connection.exec_driver_sql("DELETE FROM dg_audit WHERE reason = 'c'")


def insert(connection: sa.Connection, _: Site) -> None:
    seq = row_of(connection, "a")
    connection.exec_driver_sql(f"UPDATE dg_audit SET seq = seq - 100 WHERE seq <= {seq}")
    connection.exec_driver_sql(
        f"INSERT INTO dg_audit (seq, reason, {TOLD}) SELECT {seq}, 'x', {TOLD} FROM dg_audit WHERE reason = 'd'"
    )


def reorder(connection: sa.Connection, _: Site) -> None:
    one, other = row_of(connection, "c"), row_of(connection, "f")
    for change in (f"{-one} WHERE seq = {one}", f"{one} WHERE seq = {other}", f"{other} WHERE seq = {-one}"):
        connection.exec_driver_sql(f"UPDATE dg_audit SET seq = {change}")


def make_anew(connection: sa.Connection, site: Site) -> None:
    """All seals made again, with the site's own secret, over rows that were changed."""
    edit(connection, site)
    connection.exec_driver_sql("DELETE FROM dg_seal")
    seal.seal(connection, site.settings.key(seals.KEY), site.clock)


def make_the_end_anew(connection: sa.Connection, site: Site) -> None:
    connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE reason = 'e'")
    connection.exec_driver_sql("DELETE FROM dg_seal WHERE batch = 3")
    seal.seal(connection, site.settings.key(seals.KEY), site.clock)


def cut_the_end(connection: sa.Connection, _: Site) -> None:
    connection.exec_driver_sql(f"DELETE FROM dg_audit WHERE seq > {row_of(connection, 'd')}")
    connection.exec_driver_sql("DELETE FROM dg_seal WHERE batch = 3")


def empty(connection: sa.Connection, _: Site) -> None:
    connection.exec_driver_sql("DELETE FROM dg_audit")
    connection.exec_driver_sql("DELETE FROM dg_seal")


BY_THE_SEALS: dict[str, tuple[Tamper, str]] = {
    "a value is edited": (edit, "was changed"),
    "who did it is edited": (edit_in_the_open, "was changed"),
    "a row is deleted": (delete, "was removed"),
    "a row is inserted": (insert, "Row"),
    "rows change places": (reorder, "was reordered"),
}
BY_THE_ANCHOR_ALONE: dict[str, tuple[Tamper, str]] = {
    "everything is sealed anew with the secret": (make_anew, "was made anew"),
    "the end is sealed anew with the secret": (make_the_end_anew, "was made anew"),
    "the end is cut off, seals and all": (cut_the_end, "seal of batch 3 is gone"),
    "all is removed, seals and all": (empty, "seal of batch 1 is gone"),
}


def checked(site: Site) -> tuple[Verdict, AnchorState]:
    verdict, states = seals.verify_all(site)
    return verdict, states[-1]


def without_anchors(site: Site) -> Verdict:
    with site.database.read() as connection:
        return seals.verify(connection, site.settings.key(seals.KEY))


def test_what_nobody_touched_is_whole(sealed: Site, outside: Path) -> None:
    verdict, anchor = checked(sealed)
    assert (verdict.ok, verdict.batches, verdict.unsealed) == (True, 3, 1)
    assert anchor == AnchorState(str(outside), True, 3)
    assert [json.loads(line)["batch"] for line in outside.read_text().splitlines()] == [1, 2, 3]


@pytest.mark.parametrize("case", BY_THE_SEALS.values(), ids=BY_THE_SEALS)
def test_the_seals_show_what_is_changed(sealed: Site, case: tuple[Tamper, str]) -> None:
    tamper, says = case
    with sealed.database.write() as connection:
        unguard(connection)
        tamper(connection, sealed)
    verdict, anchor = checked(sealed)
    assert verdict.problem is not None
    assert says in verdict.problem.en
    assert (without_anchors(sealed).ok, anchor.problem) == (False, None)


@pytest.mark.parametrize("case", BY_THE_ANCHOR_ALONE.values(), ids=BY_THE_ANCHOR_ALONE)
def test_the_anchor_shows_what_who_has_the_secret_did(sealed: Site, case: tuple[Tamper, str]) -> None:
    tamper, says = case
    with sealed.database.write() as connection:
        unguard(connection)
        tamper(connection, sealed)
    assert without_anchors(sealed).ok
    verdict, anchor = checked(sealed)
    assert verdict.problem is not None
    assert says in verdict.problem.en
    assert anchor.problem is None
    tell(sealed, "h")
    assert not seals.verify_all(sealed)[0].ok, "the anchor must not be led on"
    assert "bad" in {f.state for f in examine(sealed) if f.name == "anchors"}


def cut(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:2])


def cut_within(text: str) -> str:
    return text[: text.rindex('"root"')]


ANCHORS_CHANGED: dict[str, tuple[Callable[[str], str], str]] = {
    "cut": (cut, "was cut: it took 3 seals and holds 2"),
    "emptied": (lambda text: "", "was cut: it took 3 seals and holds 0"),
    "cut within a line": (cut_within, "was cut"),
    "first line gone": (lambda text: text.partition("\n")[2], "breaks off at batch 1"),
    "line in the middle gone": (
        lambda text: "".join(line for n, line in enumerate(text.splitlines(keepends=True)) if n != 1),
        "breaks off at batch 2",
    ),
    "a figure edited": (lambda text: text.replace('"rows":2', '"rows":3', 1), "was not made with this secret"),
    "a line turned to nonsense": (
        lambda text: text.replace('{"batch":2', 'x"batch":2'), "Line 2 of the anchor",
    ),
    "nonsense at the end": (lambda text: text + "nonsense\n", "Line 4 of the anchor"),
}  # fmt: skip


@pytest.mark.parametrize("case", ANCHORS_CHANGED.values(), ids=ANCHORS_CHANGED)
def test_a_changed_anchor_is_called_so(
    sealed: Site, outside: Path, case: tuple[Callable[[str], str], str]
) -> None:
    change, says = case
    before = outside.read_text()
    outside.write_text(change(before))
    assert outside.read_text() != before
    verdict, anchor = checked(sealed)
    assert verdict.ok
    assert anchor.problem is not None
    assert anchor.tampered
    assert says in anchor.problem.en


@pytest.mark.parametrize("change", [cut, lambda text: ""], ids=["cut", "emptied"])
def test_a_cut_anchor_is_not_filled_up_again(
    sealed: Site, outside: Path, change: Callable[[str], str]
) -> None:
    """Sealing goes on, the doctor says so, and it is filled only when an administrator accepts what it holds."""
    outside.write_text(change(outside.read_text()))
    held = outside.read_text()
    tell(sealed, "h")
    assert outside.read_text() == held
    assert checked(sealed)[0].batches == 4
    assert "was cut" in next(f.says.en for f in examine(sealed) if f.name == "anchors" and f.state == "bad")
    seals.accept(sealed, CLERK, str(outside))
    tell(sealed, "i")
    assert checked(sealed)[1] == AnchorState(str(outside), True, 5)
    with sealed.database.read() as connection:
        assert log.find(connection, actions=[log.SETTING])[0].actor_name == "clerk"


def test_an_anchor_that_cannot_be_reached_gets_what_it_missed(sealed: Site, outside: Path) -> None:
    away = outside.parent.with_name("unmounted")
    outside.parent.rename(away)
    tell(sealed, "h")
    verdict, anchor = checked(sealed)
    assert (verdict.ok, verdict.batches) == (True, 4)
    assert anchor.problem is not None
    assert "holds 0" in anchor.problem.en
    assert not outside.parent.exists(), "seals must not land under an empty mount point"
    [told] = [f for f in examine(sealed) if f.name == "anchors" and f.state == "bad"]
    assert "lacks 1 seals" in told.says.en
    away.rename(outside.parent)
    tell(sealed, "i")
    assert checked(sealed) == (
        Verdict(True, None, 9, 5),
        AnchorState(str(outside), True, 5),
    )
    assert "bad" not in {f.state for f in examine(sealed) if f.name == "anchors"}


def test_a_line_cut_short_by_a_death_is_written_again(sealed: Site, outside: Path) -> None:
    """The process died while it wrote the third line: the file may only be added to, so the piece stays."""
    with sealed.database.write() as connection:
        remembered = SITE.c.name.like("anchor %")
        connection.execute(sa.update(SITE).where(remembered).values(value='{"batch":2}'))
    lines = outside.read_text().splitlines(keepends=True)
    outside.write_text("".join(lines[:2]) + lines[2][:40])
    tell(sealed, "h")
    assert outside.read_text().splitlines()[2] == lines[2][:40]
    verdict, anchor = checked(sealed)
    assert verdict.ok
    assert (anchor.problem, anchor.batches) == (None, 4)


def test_processes_that_seal_at_once_leave_one_chain(sealed: Site, outside: Path, tmp_path: Path) -> None:
    others = [make_site(sealed.settings.database_url, tmp_path, audit_anchor=str(outside)) for _ in range(3)]

    def work(site: Site, name: int) -> None:
        for n in range(4):
            tell(site, f"{name} {n}")

    threads = [threading.Thread(target=work, args=(site, n)) for n, site in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for site in others:
        site.database.close()
    seals.seal_now(sealed)
    verdict, anchor = checked(sealed)
    assert (verdict.ok, verdict.rows, verdict.unsealed) == (True, 7 + 12, 0)
    assert anchor == AnchorState(str(outside), True, verdict.batches)


def test_checking_may_begin_at_a_batch(sealed: Site) -> None:
    with sealed.database.write() as connection:
        unguard(connection)
        connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE reason = 'a'")
    assert seals.verify_all(sealed)[0].seq is not None
    verdict, _ = seals.verify_all(sealed, since=2)
    assert (verdict.ok, verdict.rows, verdict.batches) == (True, 4, 2)
    beyond, _ = seals.verify_all(sealed, since=9)
    assert beyond.problem is not None
    assert "no seal of batch 8" in beyond.problem.en


def test_the_names_of_anchors_hold_no_secret(sealed: Site, tmp_path: Path) -> None:
    site = make_site(
        sealed.settings.database_url,
        tmp_path,
        audit_anchor="https://anchor.example/keep?key=xyzzy",
        audit_anchor_token="xyzzy",
    )
    assert [anchor.name for anchor, outside in seals.anchors(site) if outside] == [
        "https://anchor.example/keep"
    ]
    assert "xyzzy" not in repr(site.settings)
    site.database.close()
