"""A sheet's cells looked at before they are read: none that would read as blank, none so far away that memory bursts.

The reader keeps a sheet as a whole rectangle, from the first cell to the last, and where memory does not suffice it
ends the process. So the rectangle is measured here, from the places that the cells claim. What the measuring could
read otherwise than the reader does (declarations, entities, other encodings, odd quotes) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dougong_runtime.errors import TOO_MUCH, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.transfer.problems import bad_file

CELLS_MAX = 12_000_000
"""Cells of the rectangle around all that has content: about 32 bytes each while the sheet is read."""
ROW_BYTES_MAX = 16 << 20
"""Of one row's XML."""

_TAG = re.compile(rb"<(?:[^\s<>/:!?]+:)?(c|row)(?=[\s/>])([^>]*)>")
_KIND = re.compile(rb"\bt\s*=\s*[\"'](\w+)[\"']")
_PLACE = re.compile(rb"(?<![\w:.-])r\s*=\s*[\"']([^\"']*)[\"']")
_CELL_PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})\Z")
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)"
)


def check_cells(pieces: Iterable[bytes]) -> None:
    """Look at a sheet's XML, piece by piece. Raises Refused, with the cell where there is one."""
    area = _Area()
    rest = b""
    first = True
    for piece in pieces:
        if first and not piece.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            raise _odd()
        first = False
        text = rest + piece
        cut = max(text.rfind(b"</row>"), text.rfind(b":row>"))
        rest = text[cut:] if cut > 0 else text
        if len(rest) > ROW_BYTES_MAX:
            raise refuse(
                TOO_MUCH, what=Label("一行的大小", "The size of a row"), limit=f"{ROW_BYTES_MAX >> 20} MB"
            )
        if cut > 0:
            area.take(text[:cut])
    area.take(rest)


class _Area:
    """The rectangle around all cells so far."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self._top = self._left = 1 << 30
        self._bottom = self._right = 0

    def take(self, text: bytes) -> None:
        """The cells of some rows."""
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\x00" in text:
            raise _odd()
        for found in _TAG.finditer(text):
            attributes = found[2]
            if b"&" in attributes or attributes.count(b'"') % 2 or attributes.count(b"'") % 2:
                raise _odd()
            if found[1] == b"row":
                self._begin_row(attributes)
            else:
                self._place_cell(attributes)
                _check_value(attributes, text, found.end())
        if self._bottom and (self._bottom - self._top + 1) * (self._right - self._left + 1) > CELLS_MAX:
            raise refuse(
                TOO_MUCH,
                what=Label("工作表的单元格数", "The number of cells of the sheet"),
                limit=f"{CELLS_MAX:,}",
            )

    def _begin_row(self, attributes: bytes) -> None:
        claimed = _PLACE.search(attributes)
        self._column = 0
        if claimed is None:
            self._row += 1
        elif claimed[1].isdigit() and len(claimed[1]) <= 7:
            self._row = int(claimed[1])
        else:
            raise _odd()

    def _place_cell(self, attributes: bytes) -> None:
        claimed = _PLACE.search(attributes)
        if claimed is None:
            self._column += 1
            row = self._row
        else:
            place = _CELL_PLACE.match(claimed[1])
            if place is None:
                raise _odd()
            self._column, row = _number(place[1]), int(place[2])
        self._top, self._bottom = min(self._top, row), max(self._bottom, row)
        self._left, self._right = min(self._left, self._column), max(self._right, self._column)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_value(attributes: bytes, text: bytes, end: int) -> None:
    """An error (#N/A) or a formula never computed would read as blank, and a blank cell clears."""
    kind = _KIND.search(attributes)
    if kind is not None and kind[1] == b"e":
        raise _no_value(attributes, "是一个 Excel 错误值。", "holds an Excel error.")
    if (kind is None or kind[1] != b"str") and _UNCOMPUTED.match(text, end):
        raise _no_value(
            attributes,
            "的公式还没有计算结果，请用 Excel 打开并保存一次。",
            "has a formula without a result: open the file in Excel and save it.",
        )


def _no_value(attributes: bytes, zh: str, en: str) -> Refused:
    place = _PLACE.search(attributes)
    cell = place[1].decode() if place else "?"
    return bad_file(f"单元格 {cell} {zh}", f"cell {cell} {en}")


def _odd() -> Refused:
    return bad_file(
        "工作表的写法不寻常，请用 Excel 打开并另存一次。",
        "its sheet is written in an unusual way: open it in Excel and save it anew.",
    )
