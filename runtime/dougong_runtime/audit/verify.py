"""Checking the audit: whether it stands as it was sealed, and as anchors outside the database remember it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dougong_runtime.audit import erase
from dougong_runtime.audit.commit import row_hash
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.seal import (
    LEAF_BYTES,
    NONE,
    SEAL,
    Seal,
    Secret,
    after,
    dg_seal,
    key_of,
    pairs,
    root,
    rows,
    signature,
)
from dougong_runtime.labels import Label


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
    erased: int = 0
    """Rows, of those checked, of which something was erased by law."""
    seq: int | None = None
    """The first row that does not fit."""
    batch: int | None = None
    """The batch that does not fit."""


def verify(
    connection: sa.Connection,
    secret: Secret,
    *,
    older_secrets: Sequence[Secret] = (),
    anchors: Iterable[Seal] = (),
    since: int = 1,
    until: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Read the whole audit and say whether it stands as it was sealed, in memory for one batch.

    `anchors` are seals kept outside the database, in the order of their batches, several of one batch where there are
    several anchors: without one, cutting the newest seals *and* rows off the end cannot be told from never having
    written them. `since` is the first batch to check: those before it are taken on trust; `until` is the last, of what
    follows nothing is said. `progress` is called with the rows checked so far.
    """
    keys = [key_of(s) for s in (secret, *older_secrets)]
    kept = _Anchors(anchors, since)
    checked = _Checked(connection)
    last = _before(connection, since)
    if last is None:
        missing = since - 1
        return Verdict(
            False,
            Label(f"没有第 {missing} 批封存。", f"There is no seal of batch {missing}."),
            0,
            0,
            batch=missing,
        )
    for stored, leaves in seals(connection, last.batch):
        if until is not None and stored.batch > until:
            break
        problem = _seal_problem(keys, last, stored, leaves, kept.of(stored.batch))
        if problem is not None:
            return checked.verdict(problem, batch=last.batch + 1)
        found = checked.batch(last, stored, leaves)
        if found is not None:
            seq, problem = found
            return checked.verdict(problem, seq=seq, batch=stored.batch)
        last = stored
        if progress is not None:
            progress(checked.rows)
    gone = kept.next
    if gone is not None and (until is None or gone.batch <= until):
        words = Label(
            f"第 {gone.batch} 批的封存不见了：库外留存的锚记着它（行 {gone.first_seq}–{gone.last_seq}）。",
            f"The seal of batch {gone.batch} is gone: an anchor kept outside remembers it "
            f"(rows {gone.first_seq}–{gone.last_seq}).",
        )
        return checked.verdict(words, batch=gone.batch)
    if until is not None:
        return checked.verdict(None)
    tail = sa.select(sa.func.count()).select_from(dg_audit).where(dg_audit.c.seq > after(last))
    return checked.verdict(None, unsealed=connection.execute(tail).scalar_one())


def seals(connection: sa.Connection, after_batch: int = 0) -> Iterator[tuple[Seal, bytes]]:
    """Seals in order, each with its list of rows; where none is left out, those numbered below 1 too."""
    last = after_batch if after_batch > 0 else -(2**31)
    while True:
        row = connection.execute(
            sa.select(*SEAL, dg_seal.c.leaves)
            .where(dg_seal.c.batch > last)
            .order_by(dg_seal.c.batch)
            .limit(1)
        ).first()
        if row is None:
            return
        last = row.batch
        leaves: bytes | str = row.leaves  # SQLite would keep a text put there by hand
        yield Seal(*row[:-1]), leaves.encode() if isinstance(leaves, str) else bytes(leaves)


def _before(connection: sa.Connection, since: int) -> Seal | None:
    """The seal before the first to check; None where it is not there."""
    if since <= 1:
        return NONE
    row = connection.execute(sa.select(*SEAL).where(dg_seal.c.batch == since - 1)).first()
    return Seal(*row) if row is not None else None


class _Anchors:
    """Anchors read beside the seals, so that they need no more memory than one."""

    def __init__(self, anchors: Iterable[Seal], since: int) -> None:
        self._left = iter(anchors)
        self.next = next(self._left, None)
        self.of(since - 1)

    def of(self, batch: int) -> list[Seal]:
        """Those of a batch; those before it are left behind."""
        found = []
        while self.next is not None and self.next.batch <= batch:
            if self.next.batch == batch:
                found.append(self.next)
            self.next = next(self._left, None)
        return found


def _seal_problem(
    keys: list[bytes], last: Seal, stored: Seal, leaves: bytes, anchors: Sequence[Seal]
) -> Label | None:
    expected = last.batch + 1
    if stored.batch != expected:
        return Label(
            f"第 {expected} 批的封存不见了：行 {last.last_seq} 之后、行 {stored.first_seq} 之前无法核对。",
            f"The seal of batch {expected} is gone: rows after {last.last_seq} and before {stored.first_seq} "
            "cannot be checked.",
        )
    span = f"{stored.first_seq}–{stored.last_seq}"
    if not is_signed(keys, stored):
        return Label(
            f"第 {expected} 批（行 {span}）的封存不是用这个密钥做的，或被改过。",
            f"The seal of batch {expected} (rows {span}) was not made with this secret, or was changed.",
        )
    if stored.previous != last.seal:
        return Label(
            f"第 {expected} 批（行 {span}）没有接在第 {last.batch} 批之后：前面的封存被换过。",
            f"Batch {expected} (rows {span}) does not follow batch {last.batch}: an earlier seal was replaced.",
        )
    if root(leaves).hex() != stored.root or len(leaves) != stored.rows * LEAF_BYTES:
        return Label(
            f"第 {expected} 批（行 {span}）的封存清单被改过。",
            f"The list of rows in the seal of batch {expected} (rows {span}) was changed.",
        )
    if any(anchor != stored for anchor in anchors):
        return Label(
            f"第 {expected} 批（行 {span}）的封存与库外留存的锚不同：它被重新做过。",
            f"The seal of batch {expected} (rows {span}) differs from the anchor kept outside: it was made anew.",
        )
    return None


def is_signed(keys: Iterable[bytes], stored: Seal) -> bool:
    """Whether a seal was made with one of the keys and not changed since."""
    return any(hmac.compare_digest(signature(key, stored), stored.seal) for key in keys)


class _Checked:
    """How far a check has come."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._erasures = erase.Erasures(connection)
        self.rows = 0
        self._batches = 0
        self._erased = 0

    def verdict(
        self, problem: Label | None, *, unsealed: int = 0, seq: int | None = None, batch: int | None = None
    ) -> Verdict:
        """What was found up to here."""
        return Verdict(problem is None, problem, self.rows, self._batches, unsealed, self._erased, seq, batch)

    def batch(self, last: Seal, stored: Seal, leaves: bytes) -> tuple[int, Label] | None:
        """Check the rows of a batch; gives the seq of the first that is not good, and what is wrong with it."""
        sealed = dict(pairs(leaves))
        waiting = iter(sealed)
        expected = next(waiting, None)
        for row in rows(self._connection, after(last), stored.last_seq):
            seq = row[0]
            if expected is None or seq < expected:
                return seq, Label(f"行 {seq} 是封存之后插入的。", f"Row {seq} was inserted after sealing.")
            if seq > expected:
                break
            said = row_hash(row[1:])
            if said != sealed[seq]:
                return seq, self._changed(seq, said)
            if row.erased is not None or row.erased_by is not None:
                if not self._erasures.explain(row):
                    return seq, Label(
                        f"行 {seq} 的值不见了，而没有一次抹除说明它。",
                        f"Values of row {seq} are gone, and no erasure tells of them.",
                    )
                self._erased += 1
            self.rows += 1
            expected = next(waiting, None)
        if expected is not None:
            return expected, Label(f"行 {expected} 被删除了。", f"Row {expected} was removed.")
        self._batches += 1
        return None

    def _changed(self, seq: int, said: bytes) -> Label:
        """Whether what stands at `seq` was sealed elsewhere (then it was moved), or nowhere (then it was changed)."""
        for stored, leaves in seals(self._connection):
            if root(leaves).hex() != stored.root:
                break
            for other, sealed in pairs(leaves):
                if sealed == said:
                    return Label(
                        f"行 {seq} 的顺序被换过：现在的内容封存时是行 {other}。",
                        f"Row {seq} was reordered: what stands there was sealed as row {other}.",
                    )
        return Label(f"行 {seq} 的内容被改过。", f"Row {seq} was changed.")
