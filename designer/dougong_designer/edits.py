"""What is done to documents beyond setting a value: each gives the documents as they are to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong_designer.draft import Draft
from dougong_designer.patch import Documents
from dougong_designer.shapes import check_shapes
from dougong_runtime.documents import refactor
from dougong_runtime.documents.identity import adopt
from dougong_runtime.documents.ids import filled
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import BAD_NAME, DUPLICATE
from dougong_runtime.documents.references import References, Target
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.names import NAME_LENGTH_MAX, is_name

LAST_ONES = ("app",)
"""Kinds of which an app has one document, which stays."""


def with_document(draft: Draft, data: Mapping[str, Any], *, key: str | None = None) -> Documents:
    """A document added, or put in place of the one at `key`, whose name it keeps. What it says no ids of keeps those
    that it had: who leaves them out of a text means the same things.

    Raises Refused (BAD_NAME, DUPLICATE).
    """
    kind, name = str(data.get("kind", "")), str(data.get("name", ""))
    own = f"{kind}/{name}"
    if not is_name(name):
        raise refuse(BAD_NAME, "name", name=name)
    if key is None and own in draft.documents:
        raise refuse(DUPLICATE, "name", what=KINDS.get(kind).label, name=name)
    if key is not None and key != own:
        raise refuse(BAD_NAME, "name", name=name)
    made = dict(data)
    if key is not None:
        check_shapes(draft.documents, {**draft.documents, own: made}, [own])
        made = adopt(draft.app, {own: draft.documents[own]}, {own: filled(draft.app, kind, made)})[own]
    return {**draft.documents, own: made}


def without_document(draft: Draft, key: str) -> Documents:
    """A document taken away. Its data, if it is an entity, stay under a trash name when this is published."""
    if key not in draft.documents or key.partition("/")[0] in LAST_ONES:
        raise refuse(NOT_FOUND, name=key)
    return {other: data for other, data in draft.documents.items() if other != key}


def renamed(draft: Draft, references: References, target: Target, name: str) -> Documents:
    """A thing under another name everywhere. Raises Refused where the name cannot be or is taken."""
    return refactor.rename(draft.documents, references, target, name)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or with a number behind it where that is taken: `visit`, `visit_2`.

    >>> free_name("visit", ["visit", "visit_2"])
    'visit_3'
    """
    used = set(taken)
    name = wanted[:NAME_LENGTH_MAX]
    number = 2
    while name in used:
        tail = f"_{number}"
        name = wanted[: NAME_LENGTH_MAX - len(tail)] + tail
        number += 1
    return name
