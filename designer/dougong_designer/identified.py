"""Ids for what is new: every named thing of a document has one that never changes."""

from __future__ import annotations

from typing import Any

from dougong_runtime.documents.ids import filled
from dougong_runtime.names import uuid7


def identified(app: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """A document with an id on everything that is to have one; short forms become whole ones, as in what is stored.

    Ids that stand there are kept. New ones are random, not made from names: what was renamed away from a name keeps
    the id that the name once gave. The very document where nothing is to be added: what it shares with the former is
    known to be the same.
    """
    made = filled(f"{app} {uuid7()}", kind, data)
    # Ids and long forms are all that is ever put in, so that equal is the same.
    return data if made == data else made
