"""What was sealed cannot be changed without being found, even by who owns the database."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.audit import log, seal
from dougong_runtime.audit.verify import Verdict
from dougong_runtime.audit.verify import verify as verify_audit
from dougong_runtime.host import FixedClock, Viewer

SECRET = "kept outside the database"
CLOCK = FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
TELLER = Viewer(user="u1", username="teller")


def write(engine: sa.Engine, *words: str) -> None:
    with engine.begin() as connection:
        log.write(connection, TELLER, CLOCK.now(), [log.Event(log.CREATE, reason=word) for word in words])


def seal_all(engine: sa.Engine) -> seal.Sealing:
    with engine.begin() as connection:
        return seal.seal(connection, SECRET, CLOCK)


def verify(
    engine: sa.Engine,
    secret: str = SECRET,
    *,
    anchors: Iterable[seal.Seal] = (),
    older_secrets: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    with engine.begin() as connection:
        return verify_audit(
            connection, secret, anchors=anchors, older_secrets=older_secrets, progress=progress
        )


def drop_triggers(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
        for name in names.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        for table in ("dg_audit", "dg_seal"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


@pytest.fixture
def sealed(engine: sa.Engine) -> sa.Engine:
    """Three batches over rows 1–3, 4–6 and 7–9; row 10 is not sealed; the triggers are gone."""
    for batch in ("abc", "def", "ghi"):
        write(engine, *batch)
        seal_all(engine)
    write(engine, "j")
    with engine.begin() as connection:
        drop_triggers(connection)
    return engine


@every_database
def test_an_untouched_audit_is_found_whole(sealed: sa.Engine) -> None:
    told: list[int] = []
    assert verify(sealed, progress=told.append) == Verdict(True, None, rows=9, batches=3, unsealed=1)
    assert told == [3, 6, 9]


@every_database
def test_an_empty_audit_is_whole_and_sealing_it_makes_nothing(engine: sa.Engine) -> None:
    assert seal_all(engine) == seal.Sealing(())
    assert verify(engine) == Verdict(True, None, rows=0, batches=0)


@every_database
def test_sealing_twice_makes_no_second_seal(engine: sa.Engine) -> None:
    write(engine, "a")
    [made] = seal_all(engine).seals
    assert (made.batch, made.rows, made.previous) == (1, 1, "0" * 64)
    assert seal_all(engine).seals == ()


@every_database
def test_much_is_sealed_in_several_batches(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH_ROWS_MAX", 100)
    write(engine, *map(str, range(250)))
    made = seal_all(engine).seals
    assert [(s.batch, s.rows) for s in made] == [(1, 100), (2, 100), (3, 50)]
    assert [s.previous for s in made[1:]] == [s.seal for s in made[:-1]]
    assert verify(engine).ok


Tamper = Callable[[sa.Connection], None]
COPY = (
    "at, actor, actor_name, acting_for, via, address, request, action, app, app_version, entity, record, "
    "before, after, facts, salt"
)


def statements(*sql: str) -> Tamper:
    def tamper(connection: sa.Connection) -> None:
        for statement in sql:
            connection.exec_driver_sql(statement)

    return tamper


def reseal_without_the_secret(connection: sa.Connection) -> None:
    connection.exec_driver_sql("DELETE FROM dg_seal")
    connection.exec_driver_sql("UPDATE dg_audit SET actor_name = 'somebody else'")
    seal.seal(connection, "a guess", CLOCK)


def put_an_old_seal_back(connection: sa.Connection) -> None:
    """Rows 4–6 are rewritten, and the seals from there on are made anew over them."""
    connection.exec_driver_sql("DELETE FROM dg_seal WHERE batch > 1")
    connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE seq = 4")
    seal.seal(connection, "a guess", CLOCK)


TAMPERING: list[tuple[str, Tamper, str, str]] = [
    (
        "a row is edited",
        statements("UPDATE dg_audit SET reason = 'x' WHERE seq = 5"),
        "Row 5 was changed.",
        "行 5 的内容被改过。",
    ),
    (
        "an absent value becomes empty text",
        statements("UPDATE dg_audit SET address = '' WHERE seq = 9"),
        "Row 9 was changed.",
        "行 9 的内容被改过。",
    ),
    (
        "a value moves to the neighbouring column",
        statements("UPDATE dg_audit SET actor = NULL, acting_for = actor WHERE seq = 1"),
        "Row 1 was changed.",
        "行 1 的内容被改过。",
    ),
    (
        "a row is deleted",
        statements("DELETE FROM dg_audit WHERE seq = 4"),
        "Row 4 was removed.",
        "行 4 被删除了。",
    ),
    (
        "the last sealed row is deleted",
        statements("DELETE FROM dg_audit WHERE seq >= 9"),
        "Row 9 was removed.",
        "行 9 被删除了。",
    ),
    (
        "a row is planted before the first",
        statements(f"INSERT INTO dg_audit (seq, {COPY}) SELECT 0, {COPY} FROM dg_audit WHERE seq = 2"),
        "Row 0 was inserted after sealing.",
        "行 0 是封存之后插入的。",
    ),
    (
        "two rows change places",
        statements(
            "UPDATE dg_audit SET seq = -2 WHERE seq = 2",
            "UPDATE dg_audit SET seq = 2 WHERE seq = 8",
            "UPDATE dg_audit SET seq = 8 WHERE seq = -2",
        ),
        "Row 2 was reordered: what stands there was sealed as row 8.",
        "行 2 的顺序被换过：现在的内容封存时是行 8。",
    ),
    (
        "a seal in the middle is deleted",
        statements("DELETE FROM dg_seal WHERE batch = 2"),
        "The seal of batch 2 is gone: rows after 3 and before 7 cannot be checked.",
        "第 2 批的封存不见了：行 3 之后、行 7 之前无法核对。",
    ),
    (
        "a seal's figures are edited",
        statements("UPDATE dg_seal SET rows = 2 WHERE batch = 2"),
        "The seal of batch 2 (rows 4–6) was not made with this secret, or was changed.",
        "第 2 批（行 4–6）的封存不是用这个密钥做的，或被改过。",
    ),
    (
        "a seal's list is emptied",
        statements("UPDATE dg_seal SET leaves = '' WHERE batch = 2"),
        "The list of rows in the seal of batch 2 (rows 4–6) was changed.",
        "第 2 批（行 4–6）的封存清单被改过。",
    ),
    (
        "everything is replaced and sealed with a guessed secret",
        reseal_without_the_secret,
        "The seal of batch 1 (rows 1–10) was not made with this secret, or was changed.",
        "第 1 批（行 1–10）的封存不是用这个密钥做的，或被改过。",
    ),
    (
        "the end is replaced and sealed with a guessed secret",
        put_an_old_seal_back,
        "The seal of batch 2 (rows 4–10) was not made with this secret, or was changed.",
        "第 2 批（行 4–10）的封存不是用这个密钥做的，或被改过。",
    ),
]


@every_database
@pytest.mark.parametrize(("tamper", "en", "zh"), [t[1:] for t in TAMPERING], ids=[t[0] for t in TAMPERING])
def test_tampering_is_named(sealed: sa.Engine, tamper: Tamper, en: str, zh: str) -> None:
    with sealed.begin() as connection:
        tamper(connection)
    verdict = verify(sealed)
    assert not verdict.ok
    assert verdict.problem is not None
    assert (verdict.problem.en, verdict.problem.zh) == (en, zh)


@every_database
def test_a_row_planted_into_a_gap_is_named(engine: sa.Engine) -> None:
    write(engine, "a", "b", "c")
    with engine.begin() as connection:
        drop_triggers(connection)
        connection.exec_driver_sql("UPDATE dg_audit SET seq = seq + 10 WHERE seq > 1")
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('dg_audit', 'seq'), 13)")
        seal.seal(connection, SECRET, CLOCK)
        connection.exec_driver_sql(
            f"INSERT INTO dg_audit (seq, {COPY}) SELECT 7, {COPY} FROM dg_audit WHERE seq = 1"
        )
    assert verify(engine).seq == 7


@every_database
def test_what_was_checked_before_the_first_difference_is_told(sealed: sa.Engine) -> None:
    with sealed.begin() as connection:
        connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE seq = 5")
    verdict = verify(sealed)
    assert (verdict.rows, verdict.batches, verdict.seq, verdict.batch) == (4, 1, 5, 2)


@every_database
def test_an_anchor_outside_shows_what_was_cut_off_the_end(sealed: sa.Engine) -> None:
    write(sealed, "k")
    [anchor] = seal_all(sealed).seals
    assert verify(sealed, anchors=[anchor]).ok
    with sealed.begin() as connection:
        connection.exec_driver_sql("DELETE FROM dg_seal WHERE batch = 4")
        connection.exec_driver_sql("DELETE FROM dg_audit WHERE seq > 9")
    assert verify(sealed).ok
    verdict = verify(sealed, anchors=[anchor])
    assert verdict.problem is not None
    assert "batch 4 is gone" in verdict.problem.en


@every_database
def test_an_anchor_outside_shows_what_who_has_the_secret_made_anew(sealed: sa.Engine) -> None:
    with sealed.begin() as connection:
        anchors = [seal.Seal(*row) for row in connection.execute(sa.select(*seal.dg_seal.c[:8]))]
        connection.exec_driver_sql("DELETE FROM dg_seal WHERE batch = 3")
        connection.exec_driver_sql("UPDATE dg_audit SET reason = 'x' WHERE seq = 8")
        seal.seal(connection, SECRET, CLOCK)
    assert verify(sealed).ok
    verdict = verify(sealed, anchors=anchors)
    assert verdict.problem is not None
    assert "was made anew" in verdict.problem.en


@every_database
def test_a_changed_secret_needs_the_older_one_as_well(sealed: sa.Engine) -> None:
    assert not verify(sealed, "new").ok
    assert verify(sealed, "new", older_secrets=[SECRET]).ok


def test_the_root_is_that_of_rfc_6962() -> None:
    """Against the definition itself, which splits at the greatest power of two below n."""

    def tree(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return hashlib.sha256(b"\x00" + leaves[0]).digest()
        split = 1 << (len(leaves) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:])).digest()

    for count in range(1, 40):
        leaves = [hashlib.sha256(bytes([n])).digest() + b"12345678" for n in range(count)]
        assert seal.root(b"".join(leaves)) == tree(leaves)


def test_a_seal_covers_every_figure_of_its_batch() -> None:
    whole = seal.Seal(2, 4, 6, 3, "aa", "bb", "", "2026-03-02T02:00:00.000000Z")
    key = seal.key_of(SECRET)
    altered = [
        replace(whole, **{name: value})
        for name, value in {
            "batch": 3, "first_seq": 5, "last_seq": 7, "rows": 4, "root": "ab", "previous": "bc", "at": "x",
        }.items()
    ]  # fmt: skip
    assert len({seal.signature(key, s) for s in (whole, *altered)}) == 8


# --- PostgreSQL gives out seq before it commits ------------------------------------------------------------------
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_row_that_commits_late_is_not_left_out(engine: sa.Engine) -> None:
    with engine.connect() as slow:
        log.write(slow, TELLER, CLOCK.now(), [log.Event(log.CREATE, reason="taken first, committed last")])
        write(engine, "taken second")
        with engine.begin() as connection:
            waiting = seal.seal(connection, SECRET, CLOCK, patience_seconds=0.05)
        assert waiting == seal.Sealing((), waiting=True)
        slow.commit()
    [made] = seal_all(engine).seals
    assert (made.first_seq, made.last_seq, made.rows) == (1, 2, 2)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_the_sealer_waits_for_earlier_writers_only(engine: sa.Engine) -> None:
    made: list[seal.Seal] = []
    with engine.connect() as early, engine.connect() as late:
        log.write(early, TELLER, CLOCK.now(), [log.Event(log.CREATE)])
        write(engine, "b")
        sealer = threading.Thread(target=lambda: made.extend(seal_all(engine).seals))
        sealer.start()
        with engine.connect() as looking:
            while not _sealer_waits(looking):
                looking.rollback()
        log.write(late, TELLER, CLOCK.now(), [log.Event(log.CREATE)])
        early.commit()
        sealer.join(timeout=8)
        assert [(s.first_seq, s.last_seq, s.rows) for s in made] == [(1, 2, 2)]
        late.commit()
    assert [s.first_seq for s in seal_all(engine).seals] == [3]
    assert verify(engine).ok


def _sealer_waits(connection: sa.Connection) -> bool:
    asking = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT virtualtransaction%'"
    return bool(connection.exec_driver_sql(asking.replace("%", "%%")).scalar_one())


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_sealing_under_a_fixed_snapshot_is_refused(engine: sa.Engine) -> None:
    frozen = engine.execution_options(isolation_level="REPEATABLE READ")
    with frozen.connect() as connection, pytest.raises(RuntimeError, match="READ COMMITTED"):
        seal.seal(connection, SECRET, CLOCK)


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        seal.key_of("")
