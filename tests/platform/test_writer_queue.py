"""Writers of SQLite take turns in the order in which they came."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dougong_platform.writer_queue import WriterQueue
from dougong_runtime.errors import Refused


def test_turns_are_taken_in_the_order_of_coming() -> None:
    queue, order = WriterQueue(), list[int]()

    def write(number: int) -> None:
        with queue.turn():
            order.append(number)

    with ThreadPoolExecutor(10) as pool, queue.turn():
        for number in range(10):
            pool.submit(write, number)
            _wait_until_waiting(queue, number + 1)
    assert order == list(range(10))


def test_who_waits_too_long_is_told_and_leaves_the_queue() -> None:
    queue = WriterQueue(wait_seconds_max=0.05)
    with queue.turn():
        with ThreadPoolExecutor(1) as pool, pytest.raises(Refused) as refused:
            pool.submit(queue.turn().__enter__).result(10)
        assert refused.value.problems[0].type.name == "busy"
    with queue.turn():
        pass


def test_a_write_that_fails_passes_its_turn_on() -> None:
    queue = WriterQueue(wait_seconds_max=1)
    with pytest.raises(ZeroDivisionError), queue.turn():
        raise ZeroDivisionError
    with queue.turn():
        pass


def _wait_until_waiting(queue: WriterQueue, count: int) -> None:
    until = time.monotonic() + 10
    while queue.waiting < count and time.monotonic() < until:
        time.sleep(0.001)
