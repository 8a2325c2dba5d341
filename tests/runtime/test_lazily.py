"""What one instance computes keeps no other waiting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from dougong_runtime.lazily import cached_property


class _Slow:
    def __init__(self, may_end: Event) -> None:
        self._may_end = may_end
        self.computed = 0

    @cached_property
    def value(self) -> int:
        """Comes when it may."""
        self._may_end.wait(20)
        self.computed += 1
        return 7


def test_an_instance_that_waits_keeps_no_other_waiting() -> None:
    never_yet, at_once = Event(), Event()
    at_once.set()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: _Slow(never_yet).value)
        assert _Slow(at_once).value == 7
        assert not waiting.done()
        never_yet.set()
        assert waiting.result(20) == 7


def test_a_value_is_computed_once_and_can_be_forgotten() -> None:
    at_once = Event()
    at_once.set()
    slow = _Slow(at_once)
    assert (slow.value, slow.value, slow.computed) == (7, 7, 1)
    del slow.__dict__["value"]
    assert (slow.value, slow.computed) == (7, 2)
