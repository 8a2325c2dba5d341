"""A label as documents write it: one text for both languages, or one for each; read and written without changing how an
untouched one is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def words_of(raw: Any) -> tuple[str, str]:
    """Chinese and English; a text without a language is both.

    >>> words_of({"zh": "就诊"}), words_of("ID"), words_of(None)
    (('就诊', ''), ('ID', 'ID'), ('', ''))
    """
    if isinstance(raw, Mapping):
        return str(raw.get("zh") or ""), str(raw.get("en") or "")
    return (str(raw), str(raw)) if isinstance(raw, str) else ("", "")


def with_words(raw: Any, zh: str | None = None, en: str | None = None) -> Any:
    """The label with one language's words, or both; None where nothing is left of it.

    >>> with_words("Id", zh="编号"), with_words({"zh": "就诊"}, en="Visit"), with_words("Id", en="Id")
    ({'zh': '编号', 'en': 'Id'}, {'zh': '就诊', 'en': 'Visit'}, 'Id')
    """
    old = words_of(raw)
    new = (old[0] if zh is None else zh, old[1] if en is None else en)
    if new == old:
        return raw
    if isinstance(raw, str) and new[0] == new[1]:
        return new[0] or None
    made = dict(raw) if isinstance(raw, Mapping) else {}
    for language, words in zip(("zh", "en"), new, strict=True):
        if words:
            made[language] = words
        else:
            made.pop(language, None)
    return made or None
