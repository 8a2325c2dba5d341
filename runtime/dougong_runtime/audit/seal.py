"""Sealing the audit: batches of rows under a Merkle root, chained, and keyed with a secret kept outside the database.

Writers never wait for the sealer. Who owns the database can still change rows, drop the triggers and rewrite the
seals' roots, but cannot make a seal that fits without the secret. `docs/decisions/0003-sealing.md` has the reasons.

    row     SHA-256 over the JSON array of its columns, `seq` left out            what the row says
    leaf    SHA-256(0x00 ‖ seq as 8 bytes ‖ row)                                  … and where it stands
    root    the tree of RFC 6962 section 2.1 over the batch's leaves, in the order of seq
    seal    HMAC-SHA256(key, batch, first_seq, last_seq, rows, root, previous seal, at)
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.audit.guard import append_only
from dougong_runtime.audit.log import dg_audit, instant
from dougong_runtime.host import Clock
from dougong_runtime.labels import Label
from dougong_runtime.storage.system import SYSTEM

BATCH_ROWS_MAX = 10_000
PATIENCE_SECONDS = 10.0
"""How long the sealer waits for transactions that began before it (PostgreSQL)."""

Secret = str | bytes

dg_seal = sa.Table(
    "dg_seal",
    SYSTEM,
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_seq", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("seal", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("leaves", sa.LargeBinary, nullable=False),
)
"""Append-only too. `leaves` holds 40 bytes a row, seq and SHA-256, from which the root follows: with them the first
row that does not fit can be named. Batches count from 1; `previous` of the first is 64 zeros."""


@sa.event.listens_for(dg_seal, "after_create")
def _guarded(_table: sa.Table, connection: sa.Connection, **_options: Any) -> None:
    install(connection)


def install(connection: sa.Connection) -> None:
    """Let the database itself refuse to change seals; repeatable. `create_all` has done it already."""
    append_only(connection, "dg_seal", "batch")


@dataclass(frozen=True, slots=True)
class Seal:
    """A batch's seal. Kept outside the database as an anchor, it shows that nothing was cut off the end since."""

    batch: int
    first_seq: int
    last_seq: int
    rows: int
    root: str
    previous: str
    seal: str
    at: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a run of the sealer did."""

    seals: tuple[Seal, ...]
    waiting: bool = False
    """Whether rows were left because a transaction that may have written among them is still running."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    ok: bool
    problem: Label | None
    """The first thing that does not fit, in words; None where all fits."""
    rows: int
    """Rows checked and found as sealed."""
    batches: int
    """Seals checked and found good."""
    unsealed: int = 0
    """Rows at the end that no seal covers yet."""
    seq: int | None = None
    """The first row that does not fit."""
    batch: int | None = None
    """The batch that does not fit."""


# --- sealing ---------------------------------------------------------------------------------------------------
def seal(
    connection: sa.Connection, secret: Secret, clock: Clock, *, patience_seconds: float = PATIENCE_SECONDS
) -> Sealing:
    """Seal every row written and committed that has no seal yet, in the caller's transaction (READ COMMITTED).

    On SQLite the caller's transaction must be a writing one.
    """
    horizon = _horizon(connection, patience_seconds)
    if horizon is None:
        return Sealing((), waiting=True)
    key = _key(secret)
    last = _last(connection)
    made: list[Seal] = []
    while True:
        leaves = b"".join(_leaves(connection, _after(last), horizon, BATCH_ROWS_MAX))
        if not leaves:
            return Sealing(tuple(made))
        seqs = [seq for seq, _ in _pairs(leaves)]
        unsigned = Seal(
            batch=last.batch + 1,
            first_seq=seqs[0],
            last_seq=seqs[-1],
            rows=len(seqs),
            root=_root(leaves).hex(),
            previous=last.seal,
            seal="",
            at=instant(clock.now()),
        )
        last = replace(unsigned, seal=_signature(key, unsigned))
        connection.execute(sa.insert(dg_seal).values(**asdict(last), leaves=leaves))
        made.append(last)


_NONE = Seal(0, 0, 0, 0, "", "", "0" * 64, "")


def _after(last: Seal) -> int:
    """The seq after which the next batch begins: for the first, below any that could be planted."""
    return last.last_seq if last.batch else -(2**63)


def _last(connection: sa.Connection) -> Seal:
    row = connection.execute(sa.select(*_SEAL).order_by(dg_seal.c.batch.desc()).limit(1)).first()
    return Seal(*row) if row is not None else _NONE


def _horizon(connection: sa.Connection, patience_seconds: float) -> int | None:
    """The greatest seq up to which no further row can appear; None while that cannot be said.

    SQLite has one writer, and this transaction is it. PostgreSQL gives out seq before it commits, so a lower one may
    become visible after a higher one. Whoever has taken a seq but not ended holds a lock on the table, taken before
    the seq was and let go after the commit is visible: once those that held one when the greatest seq was read are
    gone, all that will ever be at or below it can be read by the next statement.
    """
    if connection.dialect.name == "sqlite":
        return int(
            connection.execute(sa.select(sa.func.coalesce(sa.func.max(dg_audit.c.seq), 0))).scalar_one()
        )
    level = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
    if level != "read committed":
        raise RuntimeError(
            f"sealing needs READ COMMITTED, not {level}: each statement must see what was committed"
        )
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SEALERS})")
    horizon = connection.exec_driver_sql(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence('dg_audit', 'seq')::regclass)"
    ).scalar_one()
    writing = _writers(connection)
    ends = time.monotonic() + patience_seconds
    while writing:
        if time.monotonic() > ends:
            return None
        time.sleep(0.01)
        writing &= _writers(connection)
    return int(horizon or 0)


_SEALERS = 0x0D6_5EA1
"""Key of the advisory lock by which sealers take turns."""


def _writers(connection: sa.Connection) -> set[str]:
    """Transactions, other than this one, that hold the lock of an INSERT into the audit."""
    found = connection.exec_driver_sql(
        "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' "
        "AND relation = 'dg_audit'::regclass AND pid IS DISTINCT FROM pg_backend_pid() "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return set(found.scalars())


def _leaves(connection: sa.Connection, after: int, until: int, limit: int | None = None) -> Iterator[bytes]:
    """Of each row with after < seq ≤ until, in order: seq as 8 bytes and the SHA-256 of what it says."""
    statement = (
        sa.select(*_ROW)
        .where(dg_audit.c.seq > after, dg_audit.c.seq <= until)
        .order_by(dg_audit.c.seq)
        .limit(limit)
    )
    with connection.execute(statement, execution_options={"yield_per": 1_000}) as rows:
        for seq, *said in rows:
            yield _SEQ.pack(seq) + hashlib.sha256(_encode([_typed(value) for value in said])).digest()


def _typed(value: Any) -> Any:
    """SQLite would keep bytes put into a text column by hand: they must not hash as the text they spell."""
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


_SEAL = tuple(c for c in dg_seal.c if c.name != "leaves")
_ROW = tuple(dg_audit.c)
_SEQ = struct.Struct(">q")
_LEAF_BYTES = 40
_encode = msgspec.json.Encoder().encode


def _pairs(leaves: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(leaves), _LEAF_BYTES):
        yield _SEQ.unpack_from(leaves, start)[0], leaves[start + 8 : start + _LEAF_BYTES]


def _root(leaves: bytes) -> bytes:
    """The Merkle tree hash of RFC 6962 section 2.1, in one pass with a stack of full subtrees."""
    stack: list[tuple[int, bytes]] = []
    for start in range(0, len(leaves), _LEAF_BYTES):
        size, node = 1, hashlib.sha256(b"\x00" + leaves[start : start + _LEAF_BYTES]).digest()
        while stack and stack[-1][0] == size:
            node = hashlib.sha256(b"\x01" + stack.pop()[1] + node).digest()
            size *= 2
        stack.append((size, node))
    if not stack:
        return hashlib.sha256(b"").digest()
    _, node = stack.pop()
    while stack:
        node = hashlib.sha256(b"\x01" + stack.pop()[1] + node).digest()
    return node


def _key(secret: Secret) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else secret
    if not raw:
        raise ValueError("sealing needs a secret")
    return hmac.digest(raw, b"dougong audit seal 1", "sha256")


def _signature(key: bytes, unsigned: Seal) -> str:
    said = asdict(unsigned)
    del said["seal"]
    return hmac.digest(key, _encode(list(said.values())), "sha256").hex()


# --- checking --------------------------------------------------------------------------------------------------
def verify(
    connection: sa.Connection,
    secret: Secret,
    *,
    older_secrets: Sequence[Secret] = (),
    anchors: Iterable[Seal] = (),
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Read the whole audit and say whether it stands as it was sealed, in memory for one batch.

    `anchors` are seals kept outside the database: without one, cutting the newest seals *and* rows off the end cannot
    be told from never having written them. `progress` is called with the rows checked so far.
    """
    keys = [_key(s) for s in (secret, *older_secrets)]
    kept = {anchor.batch: anchor for anchor in anchors}
    last, rows = _NONE, 0
    for stored, leaves in _seals(connection):
        problem = _seal_problem(keys, last, stored, leaves, kept.pop(stored.batch, None))
        if problem is not None:
            return Verdict(False, problem, rows, last.batch, batch=last.batch + 1)
        found = _first_difference(connection, _after(last), stored, leaves)
        if found is not None:
            good, seq, problem = found
            return Verdict(False, problem, rows + good, last.batch, seq=seq, batch=stored.batch)
        last, rows = stored, rows + stored.rows
        if progress is not None:
            progress(rows)
    if kept:
        missing = min(kept)
        words = Label(
            f"第 {missing} 批的封存不见了：库外留存的锚记着它（行 {kept[missing].first_seq}–{kept[missing].last_seq}）。",
            f"The seal of batch {missing} is gone: an anchor kept outside remembers it "
            f"(rows {kept[missing].first_seq}–{kept[missing].last_seq}).",
        )
        return Verdict(False, words, rows, last.batch, batch=missing)
    tail = sa.select(sa.func.count()).select_from(dg_audit).where(dg_audit.c.seq > _after(last))
    return Verdict(True, None, rows, last.batch, unsealed=connection.execute(tail).scalar_one())


def _seals(connection: sa.Connection) -> Iterator[tuple[Seal, bytes]]:
    after = -(2**31)
    while True:
        row = connection.execute(
            sa.select(*_SEAL, dg_seal.c.leaves)
            .where(dg_seal.c.batch > after)
            .order_by(dg_seal.c.batch)
            .limit(1)
        ).first()
        if row is None:
            return
        after = row.batch
        leaves: bytes | str = row.leaves  # SQLite would keep a text put there by hand
        yield Seal(*row[:-1]), leaves.encode() if isinstance(leaves, str) else bytes(leaves)


def _seal_problem(
    keys: list[bytes], last: Seal, stored: Seal, leaves: bytes, anchor: Seal | None
) -> Label | None:
    expected = last.batch + 1
    if stored.batch != expected:
        return Label(
            f"第 {expected} 批的封存不见了：行 {last.last_seq} 之后、行 {stored.first_seq} 之前无法核对。",
            f"The seal of batch {expected} is gone: rows after {last.last_seq} and before {stored.first_seq} "
            "cannot be checked.",
        )
    span = f"{stored.first_seq}–{stored.last_seq}"
    if not any(hmac.compare_digest(_signature(key, stored), stored.seal) for key in keys):
        return Label(
            f"第 {expected} 批（行 {span}）的封存不是用这个密钥做的，或被改过。",
            f"The seal of batch {expected} (rows {span}) was not made with this secret, or was changed.",
        )
    if stored.previous != last.seal:
        return Label(
            f"第 {expected} 批（行 {span}）没有接在第 {last.batch} 批之后：前面的封存被换过。",
            f"Batch {expected} (rows {span}) does not follow batch {last.batch}: an earlier seal was replaced.",
        )
    if _root(leaves).hex() != stored.root or len(leaves) != stored.rows * _LEAF_BYTES:
        return Label(
            f"第 {expected} 批（行 {span}）的封存清单被改过。",
            f"The list of rows in the seal of batch {expected} (rows {span}) was changed.",
        )
    if anchor is not None and anchor != stored:
        return Label(
            f"第 {expected} 批（行 {span}）的封存与库外留存的锚不同：它被重新做过。",
            f"The seal of batch {expected} (rows {span}) differs from the anchor kept outside: it was made anew.",
        )
    return None


def _first_difference(
    connection: sa.Connection, after: int, stored: Seal, leaves: bytes
) -> tuple[int, int, Label] | None:
    """How many rows of the batch are good, the seq of the first that is not, and what is wrong with it."""
    sealed = dict(_pairs(leaves))
    waiting = iter(sealed)
    expected = next(waiting, None)
    good = 0
    for leaf in _leaves(connection, after, stored.last_seq):
        seq, said = _SEQ.unpack_from(leaf)[0], leaf[8:]
        if expected is None or seq < expected:
            return good, seq, Label(f"行 {seq} 是封存之后插入的。", f"Row {seq} was inserted after sealing.")
        if seq > expected:
            break
        if said != sealed[seq]:
            return good, seq, _changed(connection, seq, said)
        good += 1
        expected = next(waiting, None)
    if expected is not None:
        return good, expected, Label(f"行 {expected} 被删除了。", f"Row {expected} was removed.")
    return None


def _changed(connection: sa.Connection, seq: int, said: bytes) -> Label:
    """Whether what stands at `seq` was sealed elsewhere (then it was moved), or nowhere (then it was changed)."""
    for stored, leaves in _seals(connection):
        if _root(leaves).hex() != stored.root:
            break
        for other, sealed in _pairs(leaves):
            if sealed == said:
                return Label(
                    f"行 {seq} 的顺序被换过：现在的内容封存时是行 {other}。",
                    f"Row {seq} was reordered: what stands there was sealed as row {other}.",
                )
    return Label(f"行 {seq} 的内容被改过。", f"Row {seq} was changed.")
