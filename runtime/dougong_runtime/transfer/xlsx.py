"""The first visible sheet of an XLSX workbook."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from dougong_runtime.errors import TOO_MUCH, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.transfer.problems import bad_file
from dougong_runtime.transfer.sheets import ROWS_MAX, Again, Cell, Row, Sheet, check_width, too_many_rows
from dougong_runtime.transfer.xlsx_cells import check_cells

UNPACKED_BYTES_MAX = 1 << 29
PARTS_MAX = 5_000
"""Files in the archive."""
BOOK_BYTES_MAX = 4 << 20
"""Of the list of sheets."""


_READ_BYTES = 1 << 20
_NO_WORKBOOK = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    ElementTree.ParseError,
)


class Workbook(Sheet):
    """Cells as Excel has them: numbers as floats, dates and times as such. Holds the sheet while it is read."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source
        part = self._part()
        self._check_cells(part)
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
                _check_archive(archive)
                book = _plain_xml(archive, "xl/workbook.xml")
                links = _plain_xml(archive, "xl/_rels/workbook.xml.rels")
        except _NO_WORKBOOK:
            raise _no_workbook() from None
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for sheet in book.findall(".//{*}sheet"):
            if sheet.get("state", "visible") == "visible":
                link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
                target = targets.get(link, "")
                if "worksheets/" in target:
                    self._name = sheet.get("name", "")
                    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        raise bad_file("工作簿里没有可见的工作表。", "the workbook has no visible sheet.")

    def _check_cells(self, part: str) -> None:
        """Refuse what would read as blank or burst: see `xlsx_cells`."""
        try:
            with (
                self._stream() as stream,
                zipfile.ZipFile(stream) as archive,
                archive.open(part) as sheet,
            ):
                check_cells(iter(lambda: sheet.read(_READ_BYTES), b""))
        except _NO_WORKBOOK:
            raise _no_workbook() from None

    def _cells(self) -> Iterator[tuple[Cell, ...]]:
        with self._stream() as stream:
            try:
                book = CalamineWorkbook.from_filelike(stream)
                sheet = book.get_sheet_by_name(self._name)
            except (CalamineError, OSError, ValueError):
                raise _no_workbook() from None
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


def _check_archive(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that unpacks to too much, whatever it claims, or in which two parts have one name."""
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise refuse(
            TOO_MUCH,
            what=Label("解压后的大小", "The size when unpacked"),
            limit=f"{UNPACKED_BYTES_MAX >> 20} MB",
        )
    if len(entries) > PARTS_MAX or len({entry.filename for entry in entries}) < len(entries):
        raise _no_workbook()
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            with archive.open(entry) as part:
                while part.read(_READ_BYTES):
                    pass  # raises where a part is longer than it claims


def _plain_xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """A small part, without declarations of its own: they could make much out of little."""
    if archive.getinfo(name).file_size > BOOK_BYTES_MAX:
        raise _no_workbook()
    content = archive.read(name)
    if b"<!" in content.replace(b"<!--", b"") or b"\x00" in content:
        raise _no_workbook()
    return ElementTree.fromstring(content)


def _no_workbook() -> Refused:
    return bad_file("不是 XLSX 工作簿。", "it is no XLSX workbook.")
