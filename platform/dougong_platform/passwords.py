"""Passwords: what a good one is, and how it is kept (argon2id)."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dougong_runtime.errors import Problem, Refused, problem_type

LENGTH_MAX = 256
"""Longer ones are refused: hashing takes the whole of what is sent."""

WEAK_PASSWORD = problem_type(
    "weak-password",
    422,
    "这个密码不能用：{zh}",
    "This password cannot be used: {en}",
    remedy=("用几个不相干的词连成一句更好记。", "A few unrelated words in a row are easy to keep in mind."),
)

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane."""

_AT_ONCE = threading.BoundedSemaphore(4)
"""At most 4 × 19 MiB are in use, however many sign in at once."""

COMMONEST = frozenset(
    [
        "0123456789",
        "1234567890",
        "12345678910",
        "123456789a",
        "1234567891",
        "0987654321",
        "9876543210",
        "1111111111",
        "0000000000",
        "1212121212",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "1q2w3e4r5t6y",
        "qwertyuiop",
        "qwerty12345",
        "qwerty123456",
        "qwertyuiop123",
        "asdfghjkl1",
        "asdfghjkl123",
        "zxcvbnm123",
        "password12",
        "password123",
        "password1234",
        "passw0rd123",
        "password01",
        "mypassword",
        "adminadmin",
        "admin12345",
        "admin123456",
        "administrator",
        "letmein123",
        "welcome123",
        "welcome1234",
        "iloveyou12",
        "iloveyou123",
        "abcdefghij",
        "abcd123456",
        "abc1234567",
        "abc123456789",
        "a123456789",
        "a1234567890",
        "aa123456789",
        "aa12345678",
        "123qweasdzxc",
        "123456789q",
        "123456qwerty",
        "woaini1314",
        "woaini520520",
        "woaini123456",
        "5201314520",
        "1314520520",
        "wang123456",
        "zhang123456",
        "li123456789",
        "q123456789",
        "qq123456789",
        "asd123456789",
        "qwe123456789",
        "zxc123456789",
        "1234554321",
        "1122334455",
        "1357924680",
        "2468013579",
        "6666666666",
        "8888888888",
        "9999999999",
        "5555555555",
        "1029384756",
        "changeme123",
        "changeme1234",
        "trustno1trustno1",
        "sunshine123",
        "football123",
        "princess123",
        "superman123",
        "dragon12345",
        "monkey12345",
        "baseball123",
        "michael123",
        "shadow12345",
        "master12345",
    ]
)
"""The commonest among published ones that are long enough to pass by length alone."""


def normal(password: str) -> str:
    """The form in which it is hashed: what looks the same is the same (NFKC, NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check(password: str, username: str, length_min: int) -> None:
    """Raises `Refused` (WEAK_PASSWORD) with every reason against a new password."""
    text = normal(password)
    low = text.casefold()
    reasons: list[tuple[str, str]] = []
    if len(text) < length_min:
        reasons.append(
            (
                f"至少 {length_min} 个字符，现在 {len(text)} 个。",
                f"it needs {length_min} characters; this has {len(text)}.",
            )
        )
    if len(text) > LENGTH_MAX:
        reasons.append((f"最多 {LENGTH_MAX} 个字符。", f"it may have {LENGTH_MAX} characters at most."))
    if username and low == username.casefold():
        reasons.append(("与用户名相同。", "it is the user name."))
    if low in COMMONEST or (text and len(set(low)) <= 2):
        reasons.append(("太常见，几次就会被猜中。", "it is among the commonest, and soon guessed."))
    if reasons:
        raise Refused(Problem(WEAK_PASSWORD, "password", {"zh": zh, "en": en}) for zh, en in reasons)


def hashed(password: str) -> str:
    """Its argon2id hash with a new salt, parameters included, in PHC form."""
    with _AT_ONCE:
        return _HASHER.hash(normal(password))


def verify(kept: str | None, password: str) -> bool:
    """Whether it is the password kept. Takes as long where none is kept, so that time tells nothing of who exists."""
    if len(password) > LENGTH_MAX:
        return False
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _nobody(), normal(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than today's; then it is hashed anew at the next sign-in."""
    return _HASHER.check_needs_rehash(kept)


_NOBODY: list[str] = []


def _nobody() -> str:
    """The hash of a password that nobody has."""
    if not _NOBODY:
        _NOBODY.append(_HASHER.hash("nobody's password"))
    return _NOBODY[0]
