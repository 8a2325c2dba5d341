"""What a row's hash covers: who, when and what in the open, and each value behind a salt of its own.

A value that must be erased by law can so be removed, with its salt, while the row's hash still follows from what is
left. Without the salt the commitment that stays tells nothing, not even of a value that could be guessed.
`docs/decisions/0012-erasing.md` has the reasons.

    parts       the values of `before`, `after` and `facts` by name, as the JSON that stands in the table; `reason`
    salts       SHAKE-128 of the row's salt, 16 bytes a part, in the order of the parts
    commitment  SHA-256(salt ‖ part)
    row         SHA-256(JSON of the row's open columns and the parts' labels ‖ the commitments)

Rows without a salt are older than salts: their hash is SHA-256 over the JSON array of all columns, values included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

SALT_BYTES = 16
OPEN = (
    "at", "actor", "actor_name", "acting_for", "via", "address", "request", "action", "app", "app_version",
    "entity", "record",
)  # fmt: skip
"""Columns that the hash covers as they are."""
SIDES = ("before", "after", "facts")
"""Columns that hold a JSON object, each value of it a part."""
REASON = "reason"
COVERED = (*OPEN, "before", "after", REASON, "facts")
"""All that the hash covers, in the order of the table and of hashes made before there were salts."""
KEPT_WITH = ("salt", "erased", "erased_by")
"""What is needed to compute the hash and is not covered by it."""
COLUMNS = (*COVERED, *KEPT_WITH)

_FORM = 2
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode

Columns = Sequence[Any]
"""Values of a row, in the order of `COLUMNS`."""


class Erased(msgspec.Struct, array_like=True, frozen=True):
    """A part of a row of which something was erased: either its salt, or what stays of it and by which event it went."""

    label: str
    salt: str | None = None
    commitment: str | None = None
    by: int | None = None


class ErasedWhole(msgspec.Struct, frozen=True):
    """A row older than salts of which something was erased: the hash that it was sealed under, and what went.

    That hash no longer follows from what is left; the erasure's event tells the hash of what is left instead.
    """

    row: str
    labels: tuple[str, ...]


Remains = list[Erased] | ErasedWhole
_remains: msgspec.json.Decoder[Remains] = msgspec.json.Decoder(Remains)


def row_hash(row: Columns) -> bytes:
    """SHA-256 of what a row says; erasing does not change it. A row that cannot be read hashes like no other."""
    salt, erased = row[-3], row[-2]
    if erased is None:
        return old_hash(row) if salt is None else _new_hash(row, *_committed(row, salt))
    try:
        remains = read_remains(erased)
        if isinstance(remains, ErasedWhole):
            return bytes.fromhex(remains.row)
        return _new_hash(row, *_committed_remains(row, remains))
    except (ValueError, TypeError) as error:
        return hashlib.sha256(repr((error, row)).encode()).digest()


def old_hash(row: Columns) -> bytes:
    """The hash of a row older than salts as it stands, erased or not."""
    return hashlib.sha256(_encode([_typed(value) for value in row[: len(COVERED)]])).digest()


def read_remains(erased: str) -> Remains:
    """The column `erased`. Raises ValueError."""
    return _remains.decode(erased)


def write_remains(remains: Remains) -> str:
    """The column `erased`."""
    return _encode(remains).decode()


def erased_names(erased: str | None) -> frozenset[str]:
    """Labels of what was erased of a row."""
    if erased is None:
        return frozenset()
    remains = read_remains(erased)
    if isinstance(remains, ErasedWhole):
        return frozenset(remains.labels)
    return frozenset(part.label for part in remains if part.commitment is not None)


def parts(row: Columns) -> dict[str, bytes]:
    """The parts that stand in a row: label → what the hash covers of it."""
    return dict(_raw_parts(row))


def salted(row: Columns) -> list[Erased]:
    """The parts of a row that has its salt, each with the salt that follows from it."""
    labels = list(parts(row))
    return [
        Erased(label, salt.hex()) for label, salt in zip(labels, _salts(row[-3], len(labels)), strict=True)
    ]


def disclosed(row: Columns, withheld: Collection[str]) -> Remains | None:
    """What whoever is told a row without some of its parts needs to compute its hash: the salts of what they are told,
    the commitments of what is withheld. None where the hash follows from the row alone, or (of a row older than salts
    that withholds something) cannot follow."""
    if row[-2] is not None:
        known = read_remains(row[-2])
        if isinstance(known, ErasedWhole):
            return known
        listed = known
    elif row[-3] is None:
        return None
    else:
        listed = salted(row)
    there = parts(row)
    return [
        Erased(part.label, None, commitment(part.salt, there[part.label]))
        if part.salt is not None and part.label in withheld
        else part
        for part in listed
    ]


def commitment(salt: str, raw: bytes) -> str:
    """What stays of a part when it is erased."""
    return hashlib.sha256(bytes.fromhex(salt) + raw).hexdigest()


def without(text: str, names: Iterable[str]) -> str:
    """A JSON object without some of its members. One that is not in the form that is written loses all."""
    found = members(text)
    if found is None:
        return "{}"
    gone = set(names)
    return _encode({name: msgspec.Raw(raw) for name, raw in found.items() if name not in gone}).decode()


def members(text: str) -> Mapping[str, bytes] | None:
    """A JSON object's values by name, as they are written; None where it is not in the one form that is written.

    So that a name written twice, or a space, is not overlooked: `row_hash` then covers the text as a whole.
    """
    encoded = text.encode()
    try:
        found = _objects.decode(encoded)
    except ValueError:
        return None
    return {name: bytes(raw) for name, raw in found.items()} if _encode(found) == encoded else None


def _new_hash(row: Columns, labels: list[str], commitments: list[bytes]) -> bytes:
    said = [_FORM, *map(_typed, row[: len(OPEN)]), *(row[place] is None for place in _SIDE_PLACES), labels]
    return hashlib.sha256(_encode(said) + b"".join(commitments)).digest()


_SIDE_PLACES = tuple(COLUMNS.index(side) for side in SIDES)
_REASON_PLACE = COLUMNS.index(REASON)


def _raw_parts(row: Columns) -> Iterator[tuple[str, bytes]]:
    for side, place in zip(SIDES, _SIDE_PLACES, strict=True):
        text = row[place]
        if text is None:
            continue
        found = members(text) if isinstance(text, str) else None
        if found is None:
            yield side, _bytes(text)
            continue
        for name, raw in found.items():
            yield f"{side}.{name}", raw
    if row[_REASON_PLACE] is not None:
        yield REASON, _bytes(row[_REASON_PLACE])


def _committed(row: Columns, salt: bytes) -> tuple[list[str], list[bytes]]:
    listed = list(_raw_parts(row))
    sha256 = hashlib.sha256
    salts = _salts(salt, len(listed))
    return [label for label, _ in listed], [
        sha256(own + raw).digest() for own, (_, raw) in zip(salts, listed, strict=True)
    ]


def _committed_remains(row: Columns, remains: list[Erased]) -> tuple[list[str], list[bytes]]:
    there = dict(_raw_parts(row))
    labels, commitments = [], []
    for part in remains:
        labels.append(part.label)
        if part.commitment is not None:
            commitments.append(bytes.fromhex(part.commitment))
        elif part.salt is not None and part.label in there:
            commitments.append(hashlib.sha256(bytes.fromhex(part.salt) + there.pop(part.label)).digest())
        else:
            raise ValueError(f"nothing stands for {part.label}")
    if there:
        raise ValueError(f"{next(iter(there))} was added")
    return labels, commitments


def _salts(salt: Any, count: int) -> list[bytes]:
    seed = salt if isinstance(salt, bytes) else bytes(salt) if isinstance(salt, memoryview) else _bytes(salt)
    drawn = hashlib.shake_128(seed).digest(SALT_BYTES * count)
    return [drawn[start : start + SALT_BYTES] for start in range(0, len(drawn), SALT_BYTES)]


def _bytes(value: Any) -> bytes:
    """SQLite keeps bytes, or a number, put into a text column by hand: they must not pass as the text they spell."""
    return value.encode() if isinstance(value, str) else repr(value).encode()


def _typed(value: Any) -> Any:
    return {"bytes": value.hex()} if isinstance(value, bytes) else value
