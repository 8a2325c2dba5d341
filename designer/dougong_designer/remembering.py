"""What is known of a value by its identity: documents that an act leaves alone are the same objects as before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
KEPT_MAX = 4_000


class Remembering(Generic[T]):
    """A function of values that are never changed in place, which each is asked about once."""

    def __init__(self, make: Callable[[Any], T], kept_max: int = KEPT_MAX) -> None:
        self._make = make
        self._kept_max = kept_max
        self._kept: OrderedDict[int, tuple[Any, T]] = OrderedDict()
        self._keeping = Lock()

    def of(self, value: Any) -> T:
        """What the function gives for the value, which is held so that its id is not given to another."""
        with self._keeping:
            known = self._kept.get(id(value))
            if known is not None:
                self._kept.move_to_end(id(value))
                return known[1]
        made = self._make(value)
        with self._keeping:
            self._kept[id(value)] = (value, made)
            while len(self._kept) > self._kept_max:
                self._kept.popitem(last=False)
        return made
