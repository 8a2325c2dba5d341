"""The first visible sheet of an XLSX workbook."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from dougong_runtime.errors import TOO_MUCH, refuse
from dougong_runtime.labels import Label
from dougong_runtime.transfer.problems import bad_file
from dougong_runtime.transfer.sheets import ROWS_MAX, Again, Cell, Row, Sheet, check_width, too_many_rows

UNPACKED_BYTES_MAX = 1 << 30
_READ_BYTES = 1 << 20
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*)>")
_KIND = re.compile(rb'\bt="(\w+)"')
_PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)"
)


class Workbook(Sheet):
    """Cells as Excel has them: numbers as floats, dates and times as such. Holds the sheet while it is read."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source
        part = self._part()
        self._refuse_cells_without_value(part)
        self.header, self._above = self._find_header()
        check_width(self.header)

    @property
    def rows(self) -> Iterable[Row]:
        """The rows below the header."""
        return Again(self._body)

    def _body(self) -> Iterator[Row]:
        width = len(self.header)
        for line, cells in enumerate(self._cells(), start=1):
            if line <= self._above or not any(cell is not None for cell in cells):
                continue
            if line - self._above > ROWS_MAX:
                raise too_many_rows()
            kept = cells[:width] + (None,) * (width - len(cells))
            beyond = cells[width:]
            yield Row(line, kept + beyond if any(cell is not None for cell in beyond) else kept)

    def _stream(self) -> Any:
        return io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source.open("rb")

    def _part(self) -> str:
        """The path inside the archive of the sheet that is read. Refuses what is no workbook, or would burst."""
        try:
            with self._stream() as stream, zipfile.ZipFile(stream) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES_MAX:
                    raise refuse(
                        TOO_MUCH,
                        what=Label("解压后的大小", "The size when unpacked"),
                        limit=f"{UNPACKED_BYTES_MAX >> 20} MB",
                    )
                book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
                links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, RuntimeError):
            raise bad_file("不是 XLSX 工作簿。", "it is no XLSX workbook.") from None
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for sheet in book.findall(".//{*}sheet"):
            if sheet.get("state", "visible") == "visible":
                link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
                target = targets.get(link, "")
                if "worksheets/" in target:
                    self._name = sheet.get("name", "")
                    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        raise bad_file("工作簿里没有可见的工作表。", "the workbook has no visible sheet.")

    def _refuse_cells_without_value(self, part: str) -> None:
        """An error (#N/A) or a formula never computed would read as blank, and a blank cell clears."""
        with self._stream() as stream, zipfile.ZipFile(stream) as archive:
            try:
                sheet = archive.open(part)
            except KeyError:
                raise bad_file("不是 XLSX 工作簿。", "it is no XLSX workbook.") from None
            with sheet:
                rest = b""
                while piece := sheet.read(_READ_BYTES):
                    text = rest + piece
                    cut = max(text.rfind(b"</row>"), text.rfind(b":row>"))
                    rest = text[cut:] if cut > 0 else text
                    _refuse_in(text[:cut] if cut > 0 else b"")
                _refuse_in(rest)

    def _cells(self) -> Iterator[tuple[Cell, ...]]:
        with self._stream() as stream:
            try:
                book = CalamineWorkbook.from_filelike(stream)
                sheet = book.get_sheet_by_name(self._name)
            except CalamineError:
                raise bad_file("不是 XLSX 工作簿。", "it is no XLSX workbook.") from None
            left = sheet.start[1] if sheet.start else 0
            for row in sheet.iter_rows():
                yield (None,) * left + tuple(_plain(cell) for cell in row)

    def _find_header(self) -> tuple[tuple[str, ...], int]:
        for line, cells in enumerate(self._cells(), start=1):
            if any(cell is not None for cell in cells):
                texts = ["" if cell is None else str(cell) for cell in cells]
                while texts and not texts[-1]:
                    texts.pop()
                return tuple(texts), line
        raise bad_file("没有表头。", "there is no header.")


def _plain(cell: str | float | bool | date | datetime | time | timedelta) -> Cell:
    return (cell.strip() or None) if isinstance(cell, str) else cell


def _refuse_in(text: bytes) -> None:
    for found in _CELL.finditer(text):
        kind = _KIND.search(found[1])
        if kind is not None and kind[1] == b"e":
            raise _no_value(found[1], "是一个 Excel 错误值。", "holds an Excel error.")
        if (kind is None or kind[1] != b"str") and _UNCOMPUTED.match(text, found.end()):
            raise _no_value(
                found[1],
                "的公式还没有计算结果，请用 Excel 打开并保存一次。",
                "has a formula without a result: open the file in Excel and save it.",
            )


def _no_value(attributes: bytes, zh: str, en: str) -> Exception:
    place = _PLACE.search(attributes)
    cell = place[1].decode() if place else "?"
    return bad_file(f"单元格 {cell} {zh}", f"cell {cell} {en}")
