"""Names of files: what is kept of a sender's, and how one is said in a header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

NAME_LENGTH_MAX = 150
_UNSHOWN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Categories of characters that show nothing, or turn the text around so that `exe.gpj` reads as a picture."""
_AWKWARD = re.compile(r'[\\/:*?"<>|]')
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ ()-]")


def clean_name(given: str, endings: tuple[str, ...] = ()) -> str:
    """A name to keep: no folder, nothing unseen, not too long; it ends as its content's type does (`endings`, with
    their dots, the usual one first; () for any).

    >>> clean_name("../../etc/passwd\\r\\n"), clean_name("photo.exe", (".png",)), clean_name("  ")
    ('passwd', 'photo.exe.png', 'file')
    """
    text = unicodedata.normalize("NFC", given)
    text = "".join(c for c in text if unicodedata.category(c) not in _UNSHOWN)
    text = _AWKWARD.sub("_", text.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = text.rpartition(".")
    if not stem or not ending.isalnum() or len(ending) > 10:
        stem, dot, ending = text, "", ""
    stem = stem[: NAME_LENGTH_MAX - len(ending)].strip() or "file"
    name = f"{stem}{dot}{ending}"
    if endings and f".{ending.lower()}" not in endings:
        name = f"{name}{endings[0]}"
    return name


def disposition(name: str, *, inline: bool) -> str:
    """The header Content-Disposition (RFC 6266): a plain name for old clients, and the whole one in UTF-8.

    >>> print(disposition('发票 "1".pdf', inline=False))
    attachment; filename="__ _1_.pdf"; filename*=UTF-8''%E5%8F%91%E7%A5%A8%20%221%22.pdf
    """
    plain = _NOT_PLAIN.sub("_", name)
    way = "inline" if inline else "attachment"
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
