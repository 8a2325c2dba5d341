"""A condition in a few words, for the mark on what it hides: fields and options by their labels, signs as words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dougong_designer.sketches import Sketch
from dougong_runtime.fields.base import Field
from dougong_runtime.pages.reading import Reader

_PIECE = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.]*|<>|<=|>=|\d[\d.]*|\S")
_SIGNS: Mapping[str, tuple[str, str]] = {
    "=": ("是", "is"),
    "<>": ("不是", "is not"),
    ">=": ("≥", "≥"),
    "<=": ("≤", "≤"),
    "AND": ("且", "and"),
    "OR": ("或", "or"),
    "NOT": ("非", "not"),
    "IN": ("属于", "is one of"),
    "NULL": ("空", "empty"),
    "TRUE": ("是", "yes"),
    "FALSE": ("否", "no"),
}
_CLOSE = (")", ",")


def said(formula: str, fields: Mapping[str, Sketch], reader: Reader) -> str:
    """The formula with names and signs in words; whatever it does not know stands as it is written."""
    if formula in ("TRUE", "FALSE", ""):
        return formula
    words: list[str] = []
    spoken: Field | None = None
    for piece in _PIECE.findall(formula):
        found = fields.get(piece)
        if found is not None:
            spoken = found.field
            words.append(reader.label(spoken.label))
        elif piece.startswith("'"):
            words.append(_value(piece, spoken, reader))
        else:
            sign = _SIGNS.get(piece.upper())
            words.append((sign[0] if reader.language == "zh" else sign[1]) if sign is not None else piece)
    made = ""
    for word in words:
        close = not made or word in _CLOSE or made.endswith("(")
        made += word if close else f" {word}"
    return made


def _value(piece: str, of: Field | None, reader: Reader) -> str:
    text = piece[1:-1].replace("''", "'")
    option = of.option(text) if of is not None else None
    return reader.label(option.label) if option is not None else reader.quoted(text)
