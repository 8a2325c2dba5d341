"""A record on paper: what is printed of it, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """Facts under a title: label and value."""

    label: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """Records that refer to it: heads, rows, and which columns hold numbers."""

    label: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A record as it is printed."""

    title: str
    subtitle: str
    kind: str
    """What kind of record it is."""
    facts: tuple[tuple[str, str], ...]
    """Key facts: label and value."""
    sections: tuple[PrintedSection, ...]
    tables: tuple[PrintedTable, ...]
    footer: str
    """Who printed it and when."""
    language: str = "zh"
