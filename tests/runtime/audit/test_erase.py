"""Values go from the audit by law; the seals stay good, and nothing else can be done in an erasure's name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.audit import commit, erase, history, log, seal
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.verify import Verdict, verify
from dougong_runtime.errors import Refused
from dougong_runtime.host import FixedClock, Viewer

SECRET = "kept outside the database"
CLOCK = FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
NURSE = Viewer(user="u1", username="nurse")
OFFICER = Viewer(user="u2", username="officer")
ONE, OTHER = "01a2141e-85b4-78db-8a9c-6929c5258f30", "01a2141e-85b4-78db-8a9c-6929c5258f31"
PHONE, NEWER = "13800001111", "13900002222"


def event(
    action: str, before: dict[str, object] | None, after: dict[str, object] | None, record: str = ONE
) -> log.Event:
    return log.Event(
        action,
        "clinic",
        "patient",
        record,
        before,
        after,
        "asked by phone",
        {"version": 1, "reasons": {"r": "why"}},
    )


STORY = (
    event(log.CREATE, None, {"name": "王敏", "phone": PHONE, "none": None}),
    event(log.UPDATE, {"phone": PHONE}, {"phone": NEWER}),
    event(log.CREATE, None, {"name": "李强", "phone": "13700003333"}, OTHER),
    log.Event(log.REVEAL, "clinic", "patient", ONE, facts={"field": "phone"}),
)


def write(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        log.write(connection, NURSE, CLOCK.now(), STORY, version=1)


def seal_all(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        seal.seal(connection, SECRET, CLOCK)


def erase_it(engine: sa.Engine, *fields: str, record: str = ONE) -> erase.Erasure:
    with engine.begin() as connection:
        return erase.erase(
            connection, OFFICER, CLOCK.now(), app="clinic", entity="patient", record=record,
            reason="request 7", fields=fields or None,
        )  # fmt: skip


def checked(engine: sa.Engine) -> Verdict:
    with engine.begin() as connection:
        return verify(connection, SECRET)


def everything(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        return repr(connection.execute(sa.select(dg_audit)).all())


def unguard(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER dg_audit_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE dg_audit DISABLE TRIGGER ALL")


@pytest.fixture
def sealed(engine: sa.Engine) -> sa.Engine:
    """Two records of which something is told, sealed."""
    write(engine)
    seal_all(engine)
    return engine


@every_database
def test_a_field_is_erased_and_the_seals_stay_good(sealed: sa.Engine) -> None:
    done = erase_it(sealed, "phone")
    assert (done.rows, done.values, done.fields) == (2, 3, ("phone",))
    seal_all(sealed)
    assert checked(sealed) == Verdict(True, None, rows=5, batches=2, erased=2)
    left = everything(sealed)
    assert PHONE not in left
    assert NEWER not in left
    assert "王敏" in left
    assert "13700003333" in left


@every_database
def test_all_of_a_record_is_erased_with_the_words_of_people(sealed: sa.Engine) -> None:
    erase_it(sealed, "phone")
    done = erase_it(sealed)
    assert done.rows == 2
    assert checked(sealed).ok
    with sealed.connect() as connection:
        told = history.events(connection, "clinic", "patient", ONE)
    assert [(e.action, e.before, e.after, e.reason) for e in told[2:]] == [
        ("reveal", None, None, None),
        ("update", {}, {}, None),
        ("create", None, {}, None),
    ]
    assert told[4].facts == {"version": 1}
    assert told[4].erased == {"after.name", "after.phone", "after.none", "reason", "facts.reasons"}
    assert [(e.actor_name, e.action, e.reason) for e in told[:2]] == [("officer", "erase", "request 7")] * 2


@every_database
def test_what_is_erased_before_it_is_sealed_is_sealed_without_it(engine: sa.Engine) -> None:
    write(engine)
    erase_it(engine)
    seal_all(engine)
    assert checked(engine) == Verdict(True, None, rows=5, batches=1, erased=2)


@every_database
def test_erasing_nothing_is_refused_and_leaves_no_event(sealed: sa.Engine) -> None:
    for fields, record in ((("no such field",), ONE), ((), "no such record")):
        with pytest.raises(Refused, match="no value that could be erased"):
            erase_it(sealed, *fields, record=record)
    erase_it(sealed)
    with pytest.raises(Refused):
        erase_it(sealed)
    with sealed.connect() as connection:
        assert len(log.find(connection, actions=[log.ERASE])) == 1


@every_database
def test_what_stays_does_not_tell_a_value_that_could_be_guessed(sealed: sa.Engine) -> None:
    """The salt of an erased value is gone, and does not follow from those that stay."""
    with sealed.connect() as connection:
        row = connection.execute(sa.select(dg_audit).where(dg_audit.c.seq == 1)).one()
    salts = {part.label: part.salt for part in commit.salted([getattr(row, n) for n in commit.COLUMNS])}
    erase_it(sealed, "phone")
    left = everything(sealed)
    assert row.salt.hex() not in left
    assert repr(row.salt) not in left
    assert salts["after.phone"] not in left
    assert salts["after.name"] in left


# --- in the name of an erasure --------------------------------------------------------------------------------------
def erasing(seq: int, by: str) -> str:
    return (
        f"UPDATE dg_audit SET after = '{{}}', salt = NULL, erased = '[]', erased_by = {by} WHERE seq = {seq}"
    )


@every_database
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE dg_audit SET after = '{}' WHERE seq = 1",
        erasing(1, "NULL"),
        erasing(1, "1"),
        erasing(1, "4"),
        erasing(3, "5"),
        "UPDATE dg_audit SET salt = NULL, erased = '[]', erased_by = 5, actor_name = 'x' WHERE seq = 1",
        "UPDATE dg_audit SET salt = NULL, erased = '[]', erased_by = 5, seq = 99 WHERE seq = 1",
        "UPDATE dg_audit SET erased = '[]', erased_by = 5 WHERE seq = 4",
        "UPDATE dg_audit SET salt = NULL, erased_by = 5 WHERE seq = 4",
        "DELETE FROM dg_audit WHERE seq = 1",
    ],
)
def test_the_database_refuses_what_no_erasure_tells(sealed: sa.Engine, attempt: str) -> None:
    """Row 5 is an erasure of the record of rows 1, 2 and 4; row 3 is another's."""
    erase_it(sealed, "phone")
    before = everything(sealed)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), sealed.begin() as connection:
        connection.exec_driver_sql(attempt)
    assert everything(sealed) == before


Forge = Callable[[sa.Engine], object]


def hide_without_an_event(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        row = connection.execute(sa.select(dg_audit).where(dg_audit.c.seq == 3)).one()
        columns = [getattr(row, n) for n in commit.COLUMNS]
        remains = [
            commit.Erased(p.label, None, commit.commitment(p.salt or "", commit.parts(columns)[p.label]), 5)
            if p.label == "after.phone"
            else p
            for p in commit.salted(columns)
        ]
        connection.execute(
            sa.update(dg_audit)
            .where(dg_audit.c.seq == 3)
            .values(after='{"name":"李强"}', salt=None, erased=commit.write_remains(remains), erased_by=5)
        )


def sql(statement: str) -> Forge:
    def run(engine: sa.Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    return run


FORGERIES: dict[str, tuple[Forge, int, str]] = {
    "a value of another record is hidden behind the erasure": (hide_without_an_event, 3, "no erasure tells"),
    "what stays of an erased row is changed": (
        sql("""UPDATE dg_audit SET after = '{"name":"王五"}' WHERE seq = 1"""), 1, "Row 1 was changed",
    ),
    "a value is put in place of an erased one": (
        sql("""UPDATE dg_audit SET after = '{"name":"王敏","phone":"1"}' WHERE seq = 1"""), 1, "Row 1 was changed",
    ),
    "what stays of a value is changed": (
        sql("UPDATE dg_audit SET erased = replace(erased, 'after.phone', 'after.mail') WHERE seq = 1"),
        1,
        "Row 1 was changed",
    ),
    "what stays cannot be read": (
        sql("UPDATE dg_audit SET erased = 'nonsense' WHERE seq = 1"), 1, "Row 1 was changed",
    ),
    "the erasure is said to be another's": (
        sql("UPDATE dg_audit SET erased = replace(erased, ',5]', ',4]') WHERE seq = 1"), 1, "no erasure tells",
    ),
    "the event of the erasure is removed": (sql("DELETE FROM dg_audit WHERE seq = 5"), 1, "no erasure tells"),
    "the event of the erasure is turned round": (
        sql("""UPDATE dg_audit SET facts = replace(facts, 'phone', 'mail') WHERE seq = 5"""), 1, "no erasure tells",
    ),
}  # fmt: skip


@every_database
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_an_erasure_hides_what_it_names_and_nothing_else(
    sealed: sa.Engine, forgery: tuple[Forge, int, str]
) -> None:
    erase_it(sealed, "phone")
    seal_all(sealed)
    assert checked(sealed).ok
    unguard(sealed)
    if sealed.dialect.name == "sqlite":
        with sealed.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER dg_audit_no_delete")
    forge, seq, why = forgery
    forge(sealed)
    verdict = checked(sealed)
    assert verdict.problem is not None
    assert (verdict.seq, verdict.ok) == (seq, False)
    assert why in verdict.problem.en


# --- rows that the first release wrote ------------------------------------------------------------------------------
@pytest.fixture
def older(engine: sa.Engine) -> sa.Engine:
    """The same rows without salts, as they were written and sealed before there were any."""
    write(engine)
    unguard(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE dg_audit SET salt = NULL")
        log.install(connection)
    seal_all(engine)
    return engine


@every_database
def test_a_row_older_than_salts_is_erased_too(older: sa.Engine) -> None:
    erase_it(older, "phone")
    erase_it(older, "name")
    seal_all(older)
    assert checked(older) == Verdict(True, None, rows=6, batches=2, erased=2)
    assert PHONE not in everything(older)
    assert "王敏" not in everything(older)
    unguard(older)
    sql("UPDATE dg_audit SET reason = 'forged' WHERE seq = 1")(older)
    verdict = checked(older)
    assert (verdict.ok, verdict.seq) == (False, 1)


@every_database
def test_a_value_written_twice_in_one_row_is_not_overlooked(sealed: sa.Engine) -> None:
    unguard(sealed)
    sql(
        """UPDATE dg_audit SET after = '{"name":"forged","name":"李强","phone":"13700003333"}' WHERE seq = 3"""
    )(sealed)
    assert checked(sealed).seq == 3


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_erasures_take_turns(sealed: sa.Engine) -> None:
    """The second must not bring back what the first erased."""
    started = threading.Event()
    with sealed.begin() as first:
        erase.erase(
            first,
            OFFICER,
            CLOCK.now(),
            app="clinic",
            entity="patient",
            record=ONE,
            reason="1",
            fields=["phone"],
        )

        def second() -> None:
            started.set()
            erase_it(sealed, "name")

        thread = threading.Thread(target=second)
        thread.start()
        started.wait()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(10)
    assert PHONE not in everything(sealed)
    assert "王敏" not in everything(sealed)
    assert checked(sealed).ok
