"""How people write values: full-width digits, signs and white space, before a field type reads them."""

from __future__ import annotations

import re
import unicodedata

from dougong_runtime.fields.base import ValueProblem

_FULL_WIDTH = {ord(full): chr(ord(full) - 0xFEE0) for full in map(chr, range(0xFF01, 0xFF5F))}
_FULL_WIDTH |= {0x3000: " ", ord("−"): "-", ord("–"): "-"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def narrow(text: str) -> str:
    """Digits, signs and Latin letters in their usual width: `１２．５％` becomes `12.5%`.

    >>> narrow("１，２３４．５０")
    '1,234.50'
    """
    return text.strip() if text.isascii() else text.translate(_FULL_WIDTH).strip()


def is_blank(raw: object) -> bool:
    """Whether nothing is written there."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read_text(raw: object, length_max: int, *, lines: bool = False) -> str | None:
    """A text without white space around it; None where nothing is left.

    Raises ValueProblem for what is no text, is too long (code points) or holds characters that cannot be shown.
    """
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise ValueProblem("应为文字。", "must be text.")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip() if lines else raw.strip()
    if not text:
        return None
    if (_CONTROL if lines else _CONTROL_OR_BREAK).search(text):
        what = ("含有不可显示的控制字符", "holds control characters that cannot be shown")
        if not lines and _CONTROL.search(text) is None:
            what = ("只能有一行", "takes one line only")
        raise ValueProblem(f"{what[0]}。", f"{what[1]}.")
    if len(text) > length_max:
        raise ValueProblem(
            f"最多 {length_max} 个字符，现有 {len(text)} 个。",
            f"takes at most {length_max} characters; this has {len(text)}.",
        )
    return text


def searchable(text: str) -> str:
    """One spelling for what readers see as the same: compatibility forms and letter case folded."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
