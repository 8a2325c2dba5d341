"""How large documents are, counted once: those that an act leaves alone are the same objects as before."""

from __future__ import annotations

import json
from collections import OrderedDict
from threading import Lock
from typing import Any

KEPT_MAX = 10_000

_kept: OrderedDict[int, tuple[Any, int]] = OrderedDict()
"""An object's id → the object, which is held so that its id is not given away, and its size."""
_keeping = Lock()


def size_of(data: Any) -> int:
    """Bytes of a document as JSON."""
    with _keeping:
        known = _kept.get(id(data))
        if known is not None:
            _kept.move_to_end(id(data))
            return known[1]
    size = len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    with _keeping:
        _kept[id(data)] = (data, size)
        while len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
    return size
