"""Words in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Label:
    """A text in Chinese and in English; where a document gives one only, both are that one."""

    zh: str
    en: str

    @classmethod
    def of(cls, raw: str | Mapping[str, str] | None, fallback: str = "") -> Label:
        """From a document: a string, `{zh: …, en: …}`, or nothing (then `fallback`, made readable)."""
        if raw is None or raw == "":
            words = fallback.replace("_", " ")
            readable = words[:1].upper() + words[1:]
            return cls(readable, readable)
        if isinstance(raw, str):
            return cls(raw, raw)
        zh = raw.get("zh") or raw.get("en") or fallback
        return cls(zh, raw.get("en") or zh)

    def in_(self, language: Language) -> str:
        """The words in one language."""
        return self.zh if language == "zh" else self.en
