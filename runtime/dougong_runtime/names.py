"""Names, ids and the nearest right word for a wrong one."""

from __future__ import annotations

import difflib
import re
import secrets
import time
import uuid
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

NAME_LENGTH_MAX = 48
NAME = re.compile(r"[a-z](?:_?[a-z0-9])*\Z")
"""What a document, field or option may be called. No double underscore: tables use it as separator."""

RECORD_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")

_IDS = uuid.UUID("6f1c7b52-6d0e-5c57-9a51-0d0c6a3f4f0d")


def is_name(text: str) -> bool:
    """Whether `text` may name a document, field, step or block."""
    return len(text) <= NAME_LENGTH_MAX and NAME.match(text) is not None


def is_record_id(text: object) -> bool:
    """Whether `text` is the lower-case, hyphenated form of a UUID."""
    return isinstance(text, str) and RECORD_ID.match(text) is not None


NEAR_LENGTH_MAX = 80
NEAR_AMONG_MAX = 600
"""A hint is a courtesy: it is not looked for among longer words, or among more of them."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word`, or None where none is near, one is equal, or looking would take long."""
    known = list(candidates)
    if word in known or len(word) > NEAR_LENGTH_MAX or len(known) > NEAR_AMONG_MAX:
        return None
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def derived_id(*path: str) -> str:
    """The id of a thing whose file states none: it follows from app, kind and names, so two machines agree.

    >>> derived_id("shop", "entity", "order") == derived_id("shop", "entity", "order")
    True
    """
    return uuid.uuid5(_IDS, "/".join(path)).hex[:16]


def uuid7() -> str:
    """A new record id, ordered by time (RFC 9562 section 5.7): 48 bits of ms, 12 of its fraction, 62 random."""
    ms, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    digits = f"{ms:012x}7{fraction:03x}{2 << 62 | secrets.randbits(62):016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def folder(packaged: str, source: str) -> Traversable:
    """A data folder by its two homes: inside the wheel, or at the root of a checkout."""
    inside = files("dougong_runtime") / packaged
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / source
