"""What a good password is, and how it is kept."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from dougong_platform import passwords
from dougong_runtime.errors import Refused


def test_a_password_is_kept_as_argon2id_with_a_salt_of_its_own() -> None:
    first, second = passwords.hashed("a lantern over water"), passwords.hashed("a lantern over water")
    assert first != second
    assert first.startswith("$argon2id$")
    assert passwords.verify(first, "a lantern over water")
    assert not passwords.verify(first, "a lantern over wate")


def test_what_looks_the_same_is_the_same() -> None:
    assert passwords.verify(passwords.hashed("pass１２３ｗord"), "pass123word")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "needs 10"),
        ("Zhang_Wei_01", "user name"),
        ("password123", "commonest"),
        ("Qwertyuiop", "commonest"),
        ("aaaaaaaaaaaa", "commonest"),
        ("x" * 257, "256"),
    ],
)
def test_a_bad_password_is_refused_with_its_reason(password: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        passwords.check(password, "zhang_wei_01", 10)


@pytest.mark.parametrize("password", ["a lantern over water", "青山 绿水 白云 明月 清风", "Tr0ub4dor&3x"])
def test_a_good_one_is_taken(password: str) -> None:
    passwords.check(password, "zhang_wei_01", 10)


def test_one_hashed_with_weaker_parameters_is_to_be_hashed_anew() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash("a lantern over water")
    assert passwords.is_outdated(old)
    assert passwords.verify(old, "a lantern over water")
    assert not passwords.is_outdated(passwords.hashed("a lantern over water"))


def test_nobody_has_a_password_and_finding_out_takes_as_long() -> None:
    kept = passwords.hashed("a lantern over water")
    passwords.verify(None, "warm up")

    def seconds(hash_: str | None) -> float:
        times = []
        for _ in range(5):
            started = time.process_time()
            assert not passwords.verify(hash_, "something else")
            times.append(time.process_time() - started)
        return min(times)

    known, unknown = seconds(kept), seconds(None)
    assert 0.5 < known / unknown < 2


def test_even_who_guesses_what_nobody_has_does_not_get_in() -> None:
    assert not passwords.verify(None, "nobody's password")
