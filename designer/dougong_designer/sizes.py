"""How large documents are, counted once each."""

from __future__ import annotations

import json
from typing import Any

from dougong_designer.remembering import Remembering


def size_of(data: Any) -> int:
    """Bytes of a document as JSON."""
    return _sizes.of(data)


def _size(data: Any) -> int:
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


_sizes = Remembering(_size)
