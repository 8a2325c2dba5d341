"""Numbers with a checksum that no one was given: made for demo data, never copied.

Identity numbers carry the region 999999, which GB/T 2260 does not allot; phones begin with a prefix that the document
names and that is not allotted either.
"""

from __future__ import annotations

from datetime import date

_CODE_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_REGION = "999999"


def identity_number(birthday: date, order: int) -> str:
    """A number of 18 characters after GB 11643: region, birth date, order (odd for men), ISO 7064 MOD 11-2.

    >>> identity_number(date(1985, 3, 15), 1)
    '999999198503150014'
    """
    head = f"{_REGION}{birthday:%Y%m%d}{order % 1000:03d}"
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(head))
    return head + "10X98765432"[total % 11]


def credit_code(number: int) -> str:
    """A unified social credit code of 18 characters after GB 32100, of the same region.

    >>> len(credit_code(1))
    18
    """
    organisation = _organisation(number)
    head = f"91{_REGION}{organisation}"
    total = sum(_CODE_DIGITS.index(c) * w for c, w in zip(head, _CODE_WEIGHTS, strict=True))
    return head + _CODE_DIGITS[(31 - total % 31) % 31]


def _organisation(number: int) -> str:
    """Nine characters after GB 11714: `MA`, six digits of the number, a check digit."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    values, rest = "", number
    for _ in range(6):
        rest, digit = divmod(rest, 10)
        values = str(digit) + values
    head = "MA" + values
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    check = 11 - sum(digits.index(c) * w for c, w in zip(head, weights, strict=True)) % 11
    return head + {10: "X", 11: "0"}.get(check, str(check))


def phone(prefix: str, number: int) -> str:
    """Eleven digits that begin with `prefix`, a different one for each number, without an order that shows.

    >>> phone("154", 0) != phone("154", 1)
    True
    """
    space = 10 ** (11 - len(prefix))
    return prefix + str((number * 61_803_399 + 10_234_567) % space).zfill(11 - len(prefix))
