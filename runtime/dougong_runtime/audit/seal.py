"""Sealing the audit: batches of rows under a Merkle root, chained, and keyed with a secret kept outside the database.

Writers never wait for the sealer. Who owns the database can still change rows, drop the triggers and rewrite the
seals' roots, but cannot make a seal that fits without the secret. `docs/decisions/0003-sealing.md` has the reasons.

    row     SHA-256 of what the row says, without `seq` (commit.py)
    leaf    SHA-256(0x00 ‖ seq as 8 bytes ‖ row)                                  … and where it stands
    root    the tree of RFC 6962 section 2.1 over the batch's leaves, in the order of seq
    seal    HMAC-SHA256(key, batch, first_seq, last_seq, rows, root, previous seal, at)
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.audit import commit
from dougong_runtime.audit.guard import append_only
from dougong_runtime.audit.log import dg_audit, instant
from dougong_runtime.host import Clock
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
    key = key_of(secret)
    last = _last(connection)
    made: list[Seal] = []
    while True:
        written = rows(connection, after(last), horizon, BATCH_ROWS_MAX)
        leaves = b"".join(SEQ.pack(row[0]) + commit.row_hash(row[1:]) for row in written)
        if not leaves:
            return Sealing(tuple(made))
        seqs = [seq for seq, _ in pairs(leaves)]
        unsigned = Seal(
            batch=last.batch + 1,
            first_seq=seqs[0],
            last_seq=seqs[-1],
            rows=len(seqs),
            root=root(leaves).hex(),
            previous=last.seal,
            seal="",
            at=instant(clock.now()),
        )
        last = replace(unsigned, seal=signature(key, unsigned))
        connection.execute(sa.insert(dg_seal).values(**asdict(last), leaves=leaves))
        made.append(last)


NONE = Seal(0, 0, 0, 0, "", "", "0" * 64, "")
"""What stands before the first seal."""


def after(last: Seal) -> int:
    """The seq after which the next batch begins: for the first, below any that could be planted."""
    return last.last_seq if last.batch else -(2**63)


def _last(connection: sa.Connection) -> Seal:
    row = connection.execute(sa.select(*SEAL).order_by(dg_seal.c.batch.desc()).limit(1)).first()
    return Seal(*row) if row is not None else NONE


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


def rows(
    connection: sa.Connection, after_seq: int, until: int, limit: int | None = None
) -> Iterator[sa.Row[Any]]:
    """Rows with after_seq < seq ≤ until in order: seq, then `commit.COLUMNS`. A thousand are held at a time."""
    statement = (
        sa.select(dg_audit.c.seq, *(dg_audit.c[name] for name in commit.COLUMNS))
        .where(dg_audit.c.seq > after_seq, dg_audit.c.seq <= until)
        .order_by(dg_audit.c.seq)
        .limit(limit)
    )
    with connection.execute(statement, execution_options={"yield_per": 1_000}) as found:
        yield from found


SEAL = tuple(c for c in dg_seal.c if c.name != "leaves")
"""The columns of a `Seal`, in its order."""
SEQ = struct.Struct(">q")
LEAF_BYTES = 40
_encode = msgspec.json.Encoder().encode


def pairs(leaves: bytes) -> Iterator[tuple[int, bytes]]:
    """The list in a seal: seq and row hash."""
    for start in range(0, len(leaves), LEAF_BYTES):
        yield SEQ.unpack_from(leaves, start)[0], leaves[start + 8 : start + LEAF_BYTES]


def root(leaves: bytes) -> bytes:
    """The Merkle tree hash of RFC 6962 section 2.1, in one pass with a stack of full subtrees."""
    stack: list[tuple[int, bytes]] = []
    for start in range(0, len(leaves), LEAF_BYTES):
        size, node = 1, hashlib.sha256(b"\x00" + leaves[start : start + LEAF_BYTES]).digest()
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


def key_of(secret: Secret) -> bytes:
    """The key that seals are made with. Raises ValueError for an empty secret."""
    raw = secret.encode() if isinstance(secret, str) else secret
    if not raw:
        raise ValueError("sealing needs a secret")
    return hmac.digest(raw, b"dougong audit seal 1", "sha256")


def signature(key: bytes, unsigned: Seal) -> str:
    """What `Seal.seal` must be."""
    said = asdict(unsigned)
    del said["seal"]
    return hmac.digest(key, _encode(list(said.values())), "sha256").hex()
