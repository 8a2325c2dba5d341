"""The audit taken out as a file, with what proves it: each row's hash and the seals of the batches it stands in.

    {"kind": "head", …}     who took it out, when, and what was asked for
    {"kind": "event", …}    a row, newest first: what its reader may be told, `withheld` the labels of the rest, and
                            `proof`: salts of what is told, commitments of what is withheld, so that the hash follows
    {"kind": "seal", …}     each seal over rows of the file, with its list of rows
    {"kind": "end", …}      how many rows there were

`check` computes each row's hash from what the file says of it, and holds it to the seals: one changed letter shows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_platform.seals import KEY
from dougong_platform.site import Site
from dougong_runtime.audit import commit
from dougong_runtime.audit.log import StoredEvent, newest, stored
from dougong_runtime.audit.seal import LEAF_BYTES, SEAL, Seal, dg_seal, key_of, pairs, root
from dougong_runtime.audit.verify import is_signed
from dougong_runtime.labels import Label
from dougong_runtime.transfer.cells import safe_text

PAGE = 500
"""Rows read in one transaction."""
FORMATS = ("ndjson", "csv")
Told = Callable[[sa.Connection, Sequence[StoredEvent]], Sequence[StoredEvent]]
"""Events as the reader may read them, in the same order."""

_encode = msgspec.json.Encoder(decimal_format="string").encode
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
_seal = msgspec.json.Decoder(dict[str, Any])
_COLUMNS = (
    "seq", "at", "actor_name", "acting_for", "via", "action", "app", "entity", "record", "before", "after", "reason",
    "facts", "address", "request", "row", "batch", "seal",
)  # fmt: skip


@dataclass(frozen=True)
class Export:
    """What is to be taken out."""

    site: Site
    wanted: Sequence[sa.ColumnElement[bool]]
    before_seq: int
    """The rows below: fixed at the start, so that what is written meanwhile does not move them."""
    told: Told
    head: Mapping[str, Any]

    def ndjson(self) -> Iterator[bytes]:
        """Line by line."""
        yield _line("head", self.head)
        count = 0
        last: int | None = None
        for row, event in self._rows():
            count += 1
            yield _line("event", _event(row, event))
            last = row.seq
        if last is not None:
            yield from self._seals(last)
        yield _line("end", {"events": count})

    def csv(self) -> Iterator[bytes]:
        """With a head for spreadsheets; each row with its hash and the seal that it stands under."""
        yield "\N{BYTE ORDER MARK}".encode() + _csv(_COLUMNS)
        seal: Seal | None = None
        for row, event in self._rows():
            if seal is None or not seal.first_seq <= row.seq <= seal.last_seq:
                seal = self._seal_of(row.seq)
            yield _csv(_cells(row, event, seal))

    def _rows(self) -> Iterator[tuple[sa.Row[Any], StoredEvent]]:
        before = self.before_seq
        while True:
            with self.site.database.read() as connection:
                rows = connection.execute(newest(self.wanted, before, PAGE)).all()
                told = self.told(connection, list(stored(rows)))
            yield from zip(rows, told, strict=True)
            if len(rows) < PAGE:
                return
            before = rows[-1].seq

    def _seals(self, from_seq: int) -> Iterator[bytes]:
        """Seals from the one over that row on, up to the last over a row of the file."""
        batch = 0
        fits = (dg_seal.c.last_seq >= from_seq) & (dg_seal.c.first_seq < self.before_seq)
        while True:
            asked = sa.select(*SEAL, dg_seal.c.leaves).where(fits, dg_seal.c.batch > batch)
            with self.site.database.read() as connection:
                row = connection.execute(asked.order_by(dg_seal.c.batch).limit(1)).first()
            if row is None:
                return
            batch = row.batch
            yield _line("seal", {**asdict(Seal(*row[:-1])), "leaves": bytes(row.leaves).hex()})

    def _seal_of(self, seq: int) -> Seal | None:
        asked = sa.select(*SEAL).where(dg_seal.c.first_seq <= seq, dg_seal.c.last_seq >= seq).limit(1)
        with self.site.database.read() as connection:
            row = connection.execute(asked).first()
        return None if row is None else Seal(*row)


def _line(kind: str, said: Mapping[str, Any]) -> bytes:
    return _encode({"kind": kind, **said}) + b"\n"


def _columns(row: sa.Row[Any]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in commit.COLUMNS)


def _event(row: sa.Row[Any], event: StoredEvent) -> dict[str, Any]:
    columns = _columns(row)
    withheld = _withheld(columns, event)
    said: dict[str, Any] = {"seq": row.seq, **{name: getattr(row, name) for name in commit.OPEN}}
    for side in commit.SIDES:
        text = getattr(row, side)
        members = None if text is None else commit.members(text)
        said[side] = (
            None
            if members is None
            else {n: msgspec.Raw(v) for n, v in members.items() if f"{side}.{n}" not in withheld}
        )
    said["reason"] = None if commit.REASON in withheld else row.reason
    proof = commit.disclosed(columns, withheld)
    return {
        **said,
        "withheld": sorted(withheld),
        "erased": sorted(event.erased),
        "proof": None if proof is None else msgspec.Raw(commit.write_remains(proof).encode()),
        "row": commit.row_hash(columns).hex(),
    }


def _withheld(columns: Sequence[Any], event: StoredEvent) -> frozenset[str]:
    """Labels of the parts that the reader is not told as they stand."""
    found = set()
    for label, raw in commit.parts(columns).items():
        side, _, name = label.partition(".")
        if label == commit.REASON:
            if event.reason is None or event.reason.encode() != raw:
                found.add(label)
        else:
            told = getattr(event, side) or {}
            if name not in told or _encode(told[name]) != raw:
                found.add(label)
    return frozenset(found)


def _cells(row: sa.Row[Any], event: StoredEvent, seal: Seal | None) -> list[str]:
    values: dict[str, Any] = {
        **{name: getattr(event, name) for name in _COLUMNS if hasattr(event, name)},
        "at": row.at,
        "row": commit.row_hash(_columns(row)).hex(),
        "batch": seal.batch if seal else None,
        "seal": seal.seal if seal else None,
    }
    return [_cell(values[name]) for name in _COLUMNS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _encode(value).decode()
    return safe_text(text)


def _csv(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


# --- checking --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a file found."""

    ok: bool
    problem: Label | None
    events: int
    sealed: int
    """Of these, rows that stand under a seal of the file."""
    unproved: int
    """Rows older than salts of which something is withheld: their hash cannot be computed from the file."""


def check(site: Site, lines: Iterable[bytes]) -> Checked:
    """Hold each row of a file to its seals, and each seal to this site's key."""
    keys = [key_of(site.settings.key(KEY))]
    hashes: dict[int, bytes] = {}
    unproved: set[int] = set()
    sealed = events = 0
    told: int | None = None

    def wrong(zh: str, en: str) -> Checked:
        return Checked(False, Label(zh, en), events, sealed, len(unproved))

    for number, line in enumerate(lines, start=1):
        try:
            said = _raw.decode(line)
            kind = msgspec.json.decode(said["kind"], type=str)
            if kind == "event":
                events += 1
                seq = msgspec.json.decode(said["seq"], type=int)
                hashes[seq] = _hash(said)
                if bytes(said["proof"]) == b"null" and bytes(said["withheld"]) != b"[]":
                    unproved.add(seq)
                    hashes[seq] = bytes.fromhex(msgspec.json.decode(said["row"], type=str))
            elif kind == "seal":
                found = _seal.decode(line)
                leaves = bytes.fromhex(found.pop("leaves"))
                del found["kind"]
                seal = Seal(**found)
                if not is_signed(keys, seal) or not _holds(seal, leaves):
                    return wrong(
                        f"第 {seal.batch} 批的封存不是本站做的，或被改过。",
                        f"The seal of batch {seal.batch} is not this site's, or was changed.",
                    )
                for seq, leaf in pairs(leaves):
                    if seq in hashes and hashes[seq] != leaf:
                        return wrong(f"行 {seq} 的内容被改过。", f"Row {seq} was changed.")
                    sealed += seq in hashes
            elif kind == "end":
                told = msgspec.json.decode(said["events"], type=int)
        except (ValueError, TypeError, KeyError):
            return wrong(f"第 {number} 行读不懂。", f"Line {number} cannot be read.")
    if told != events:
        return wrong("文件不完整：缺少行。", "The file is not whole: lines are missing.")
    return Checked(True, None, events, sealed, len(unproved))


def _holds(seal: Seal, leaves: bytes) -> bool:
    return root(leaves).hex() == seal.root and len(leaves) == seal.rows * LEAF_BYTES


def _hash(said: Mapping[str, msgspec.Raw]) -> bytes:
    """The hash of a row from what the file says of it."""
    row: list[Any] = [msgspec.json.decode(said[name]) for name in commit.OPEN]
    for side in ("before", "after"):
        row.append(_text(said[side]))
    row.append(msgspec.json.decode(said["reason"]))
    row.append(_text(said["facts"]))
    proof = _text(said["proof"])
    return commit.row_hash([*row, None, proof, None])


def _text(raw: msgspec.Raw) -> str | None:
    return None if bytes(raw) == b"null" else bytes(raw).decode()
