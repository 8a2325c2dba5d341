"""Answers that are not refusals."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from dougong_runtime.labels import Label, Language

JSON = "application/json"
_ENCODE = msgspec.json.Encoder(decimal_format="string").encode


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON; decimals leave as strings, instants in ISO 8601."""
    return Response(_ENCODE(value), status, headers, JSON)


def bytes_answer(ready: bytes) -> Response:
    """JSON that is written already."""
    return Response(ready, 200, None, JSON)


def nothing() -> Response:
    """Done, and nothing to say: 204."""
    return Response(b"", 204)


def words(value: Any, language: Language) -> Any:
    """A value with every label in one language."""
    if isinstance(value, Label):
        return value.in_(language)
    if isinstance(value, dict):
        return {name: words(inner, language) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [words(inner, language) for inner in value]
    return value
