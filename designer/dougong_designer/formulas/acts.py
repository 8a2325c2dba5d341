"""Writing a formula at a place of the draft: one act, against the value that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong_designer.draft import Draft
from dougong_designer.formulas import value_at, with_value
from dougong_designer.patch import CHANGED_MEANWHILE, Documents, Tokens, pointer
from dougong_runtime.errors import NOT_FOUND, refuse


def written(draft: Draft, where: Tokens, text: str, seen: str | None = None) -> Documents:
    """The documents with a formula at a place; where `text` is empty, without the property.

    `seen`: what stood there when it was opened. Raises Refused: CHANGED_MEANWHILE where that is another by now,
    NOT_FOUND where the way to the place is none.
    """
    documents = draft.documents
    now = value_at(documents, where)
    if seen is not None and seen.strip() != now.strip():
        shown = now if len(now) <= 80 else now[:79] + "…"
        raise refuse(CHANGED_MEANWHILE, where=pointer(where), who="—", now=shown or "—")
    if text.strip() == now.strip():
        return documents
    if len(where) < 2 or where[0] not in documents:
        raise refuse(NOT_FOUND, name=pointer(where))
    try:
        changed = (
            _without(documents[where[0]], where[1:])
            if not text.strip()
            else with_value(documents[where[0]], where[1:], text.strip())
        )
    except (KeyError, IndexError, TypeError, ValueError):
        raise refuse(NOT_FOUND, name=pointer(where)) from None
    return {**documents, where[0]: changed}


def _without(data: Any, tokens: Tokens) -> Any:
    """A document without a property; a field that keeps nothing but its name stands as the bare name again."""
    if len(tokens) == 1:
        if not isinstance(data, Mapping):
            raise TypeError(tokens[0])
        left = {key: value for key, value in data.items() if key != tokens[0]}
        return left["field"] if left.keys() == {"field"} else left
    if isinstance(data, list):
        found = with_value(data, tokens[:1], None)
        at = next(n for n, (a, b) in enumerate(zip(data, found, strict=True)) if a is not b)
        return [_without(m, tokens[1:]) if n == at else m for n, m in enumerate(data)]
    return {**data, tokens[0]: _without(data[tokens[0]], tokens[1:])}
