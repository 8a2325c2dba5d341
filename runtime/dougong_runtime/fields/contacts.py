"""How people and firms are reached and known: email, phone, url, id_number, address."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from dougong_runtime.fields.base import FIELD_TYPES, Field, Value, ValueProblem
from dougong_runtime.fields.text import Textual
from dougong_runtime.fields.writing import narrow
from dougong_runtime.labels import Label

_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[\w-]{1,63}\.)+[\w-]{2,63}\Z"
)
_CN_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})\Z")
_PHONE = re.compile(r"\+?[\d\s()./-]+(?:\s?(?:转|ext\.?|x|#)\s?\d{1,6})?\Z", re.IGNORECASE)
_PASSPORT = re.compile(r"[A-Z0-9]{5,12}\Z")
_SCHEMES = ("http", "https", "mailto", "tel")
_CN_ID_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
_CN_ID_CHECKS = "10X98765432"
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class EmailType(Textual):
    """email."""

    name: ClassVar[str] = "email"
    widget = "email"
    length_max = 254
    label = Label("电子邮箱", "Email")
    help = Label("电子邮箱地址。", "An email address.")

    def normalise(self, field: Field, text: str) -> str | None:
        """The domain in lower case; the part before `@` as written."""
        address = narrow(text)
        if _EMAIL.match(address) is None:
            raise ValueProblem(
                "应为邮箱地址，如 name@example.com。", "must be an address such as name@example.com."
            )
        local, _, domain = address.rpartition("@")
        return f"{local}@{domain.lower()}"

    def sample(self, field: Field, random: random.Random) -> Value:
        """At a domain kept for examples."""
        return f"person{random.randrange(10**6)}@example.com"


class PhoneType(Textual):
    """phone: a Chinese mobile number as 11 digits, any other number as written, spaces evened out."""

    name: ClassVar[str] = "phone"
    widget = "phone"
    length_max = 40
    label = Label("电话", "Phone")
    help = Label("手机或座机号码。", "A mobile or landline number.")

    def normalise(self, field: Field, text: str) -> str | None:
        """Lenient: `+`, digits, spaces, hyphens, brackets, an extension."""
        number = " ".join(narrow(text).split())
        mobile = _CN_MOBILE.match(re.sub(r"[\s()-]", "", number))
        if mobile is not None:
            return mobile[1]
        digits = sum(c.isdigit() for c in number)
        if _PHONE.match(number) is None or not 3 <= digits <= 20:
            raise ValueProblem(
                "应为电话号码，如 13800138000 或 021-5555 1234。",
                "must be a phone number, such as +86 138 0013 8000 or 021-5555 1234.",
            )
        return number

    def sample(self, field: Field, random: random.Random) -> Value:
        """A Chinese mobile number."""
        return f"1{random.choice('35789')}{random.randrange(10**9):09d}"


class UrlType(Textual):
    """url: http, https, mailto or tel; nothing that a browser would run."""

    name: ClassVar[str] = "url"
    widget = "url"
    length_max = 2000
    label = Label("网址", "Link")
    help = Label("以 https:// 开头的网址。", "An address that begins with https://.")

    def normalise(self, field: Field, text: str) -> str | None:
        """Scheme and host in lower case."""
        try:
            parts = urlsplit(text)
        except ValueError:
            raise self._wrong(field) from None
        scheme = parts.scheme.lower()
        if scheme not in _SCHEMES or any(c.isspace() or c in '<>"\\^`{|}' for c in text):
            raise self._wrong(field)
        if scheme in ("http", "https"):
            if not parts.hostname:
                raise self._wrong(field)
            return parts._replace(scheme=scheme, netloc=parts.netloc.lower()).geturl()
        if not parts.path:
            raise self._wrong(field)
        return parts._replace(scheme=scheme).geturl()

    def _wrong(self, field: Field) -> Exception:
        return ValueProblem(
            "应为完整网址，如 https://example.com/page（可用 http、https、mailto、tel）。",
            "must be a whole address such as https://example.com/page (http, https, mailto or tel).",
        )

    def sample(self, field: Field, random: random.Random) -> Value:
        """A page of a domain kept for examples."""
        return f"https://example.com/{random.randrange(10**6)}"


class AddressType(Textual):
    """address: a postal address, in one or more lines."""

    name: ClassVar[str] = "address"
    widget = "long_text"
    length_max = 500
    lines = True
    groupable = False
    label = Label("地址", "Address")
    help = Label("通信地址。", "A postal address.")

    def sample(self, field: Field, random: random.Random) -> Value:
        """A street and a number."""
        return f"{random.choice(('建国路', '解放大道', '人民路'))}{random.randint(1, 300)}号"


class IdNumberType(Textual):
    """id_number: an identity number whose checksum is held. `scheme`: cn_id, uscc, passport, or any of these."""

    name: ClassVar[str] = "id_number"
    length_max = 40
    groupable = False
    label = Label("证件号码", "Identity number")
    help = Label(
        "身份证号、统一社会信用代码或护照号，校验位会被核对。",
        "A resident id, a company code or a passport number; its check digit is verified.",
    )
    schema: ClassVar[Mapping[str, Any]] = {
        "scheme": {"enum": ["cn_id", "uscc", "passport", "any"], "default": "cn_id"},
    }

    def normalise(self, field: Field, text: str) -> str | None:
        """Upper case, without spaces and hyphens."""
        number = re.sub(r"[\s-]", "", narrow(text)).upper()
        scheme = field.options.get("scheme", "cn_id")
        if scheme == "any":
            if not (is_resident_id(number) or is_company_code(number) or _PASSPORT.match(number)):
                raise ValueProblem(
                    "不是有效的证件号码：身份证号和统一社会信用代码为 18 位且校验位相符，护照为 5 到 12 位。",
                    "is no valid number: a resident id or company code has 18 characters with a matching check "
                    "digit, a passport 5 to 12.",
                )
        elif scheme == "cn_id":
            if not is_resident_id(number):
                raise ValueProblem(
                    "不是有效的身份证号：应为 18 位，且校验位相符。",
                    "is not a valid resident id: 18 characters with a matching check digit are expected.",
                )
        elif scheme == "uscc":
            if not is_company_code(number):
                raise ValueProblem(
                    "不是有效的统一社会信用代码：应为 18 位，且校验位相符。",
                    "is not a valid company code: 18 characters with a matching check digit are expected.",
                )
        elif _PASSPORT.match(number) is None:
            raise ValueProblem("应为 5 到 12 位字母和数字。", "must be 5 to 12 letters and digits.")
        return number

    def sample(self, field: Field, random: random.Random) -> Value:
        """A number with a right check digit."""
        scheme = field.options.get("scheme", "cn_id")
        if scheme == "cn_id":
            born = date(1950, 1, 1) + timedelta(days=random.randrange(18_000))
            body = f"110101{born:%Y%m%d}{random.randrange(1000):03d}"
            return body + resident_id_check(body)
        if scheme == "uscc":
            from stdnum.cn import uscc

            body = "91110108" + "".join(random.choice(_USCC_LETTERS) for _ in range(9))
            return body + str(uscc.calc_check_digit(body))
        return "E" + f"{random.randrange(10**8):08d}"


def resident_id_check(body: str) -> str:
    """The check digit of the first 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _CN_ID_CHECKS[sum(int(c) * w for c, w in zip(body, _CN_ID_WEIGHTS, strict=True)) % 11]


def is_resident_id(number: str) -> bool:
    """Whether it is a Chinese resident id: 17 digits with a real birthday, and the check digit."""
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return resident_id_check(number[:17]) == number[17]


def is_company_code(number: str) -> bool:
    """Whether it is a Chinese unified social credit code (GB 32100-2015)."""
    from stdnum.cn import uscc

    return bool(uscc.is_valid(number))


for _made in (EmailType(), PhoneType(), UrlType(), AddressType(), IdNumberType()):
    FIELD_TYPES.register(_made.name, _made)
