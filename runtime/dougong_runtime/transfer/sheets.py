"""A table from a file: CSV in the encodings that offices use, or XLSX. Rows are streamed, and can be read again.

Encodings, in the order tried: UTF-16 where a byte order mark or its zero bytes say so, UTF-8 with or without a mark,
GB18030 (GBK is its subset and fails on € and rare characters). The whole file is decoded once to choose, so that no
row turns out wrong half way. Delimiters: `,`, `;`, tab, or the one that a first line `sep=;` names.
"""

from __future__ import annotations

import codecs
import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, TypeAlias

from dougong_runtime.errors import TOO_MUCH, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.transfer.problems import bad_file

FILE_BYTES_MAX = 200 * 1024 * 1024
ROWS_MAX = 1_000_000
COLUMNS_MAX = 500
CELL_LENGTH_MAX = 131_072
"""The csv module's own limit; longer than any field takes."""

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | None
"""What a cell holds: texts without white space around them, None where there is nothing left."""

_DELIMITERS = ",;\t"
_READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Row:
    """A row: where it stands in the file, counted from 1, and a cell for each header."""

    line: int
    cells: tuple[Cell, ...]


class Sheet(ABC):
    """A table with its header. Each walk over `rows` reads the file anew; rows without any content are passed over."""

    header: tuple[str, ...]

    @property
    @abstractmethod
    def rows(self) -> Iterable[Row]:
        """The rows below the header. Raises Refused where the file breaks off or grows beyond its limits."""


def read_table(source: Path | str | bytes) -> Sheet:
    """The table in a file (a path, or the bytes themselves). Raises Refused for what cannot be read as one."""
    raw = _Source(source)
    with raw.open() as stream:
        head = stream.read(8)
    if not head:
        raise bad_file("文件是空的。", "it is empty.")
    if head.startswith(b"PK\x03\x04"):
        from dougong_runtime.transfer.xlsx import Workbook

        return Workbook(raw.path_or_bytes)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise bad_file("旧的 .xls 格式请另存为 .xlsx。", "save the old .xls format as .xlsx.")
    return _Csv(raw)


class _Source:
    def __init__(self, source: Path | str | bytes) -> None:
        self.path_or_bytes = Path(source) if isinstance(source, str) else source
        size = (
            len(self.path_or_bytes)
            if isinstance(self.path_or_bytes, bytes)
            else self.path_or_bytes.stat().st_size
        )
        if size > FILE_BYTES_MAX:
            raise refuse(
                TOO_MUCH, what=Label("文件大小", "The file's size"), limit=f"{FILE_BYTES_MAX >> 20} MB"
            )

    def open(self) -> BinaryIO:
        if isinstance(self.path_or_bytes, bytes):
            return io.BytesIO(self.path_or_bytes)
        return self.path_or_bytes.open("rb")


class _Csv(Sheet):
    def __init__(self, source: _Source) -> None:
        self._source = source
        self._encoding = _encoding(source)
        self._delimiter, self._skip = self._first_line()
        records = self._records()
        header = next(records, None)
        if header is None:
            raise bad_file("没有表头。", "there is no header.")
        self.header = tuple(str(cell or "") for cell in header.cells)
        check_width(self.header)

    @property
    def rows(self) -> Iterable[Row]:
        return Again(self._body)

    def _body(self) -> Iterator[Row]:
        records = self._records()
        next(records, None)
        width = len(self.header)
        for place, row in enumerate(records, start=1):
            if place > ROWS_MAX:
                raise too_many_rows()
            cells = row.cells
            if len(cells) > width and not any(cell is not None for cell in cells[width:]):
                cells = cells[:width]
            yield Row(row.line, cells)

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._source.open(), encoding=self._encoding, newline="")

    def _first_line(self) -> tuple[str, int]:
        """The delimiter, and how many lines stand before the header for its sake."""
        with self._text() as text:
            line = text.readline(1 << 20)
            while line and not line.strip():
                line = text.readline(1 << 20)
            named = line.strip("\r\n")
            if len(named) == 5 and named.lower().startswith("sep="):
                return named[4], 1
            while line.count('"') % 2 and len(line) < 1 << 20:
                more = text.readline(1 << 20)
                if not more:
                    break
                line += more
        plain = "".join(line.split('"')[::2])
        return max(_DELIMITERS, key=plain.count), 0

    def _records(self) -> Iterator[Row]:
        with self._text() as text:
            reader = csv.reader(text, delimiter=self._delimiter, strict=True)
            skip, line = self._skip, 1
            while True:
                line = reader.line_num + 1
                try:
                    found = next(reader, None)
                except csv.Error as wrong:
                    raise _broken(line, wrong) from None
                if found is None:
                    return
                cells = tuple(cell.strip() or None for cell in found)
                if cells.count(None) < len(cells):
                    if skip:
                        skip -= 1
                        continue
                    yield Row(line, cells)


class Again(Iterable[Row]):
    """Rows that can be walked more than once."""

    def __init__(self, walk: Callable[[], Iterator[Row]]) -> None:
        self._walk = walk

    def __iter__(self) -> Iterator[Row]:
        return self._walk()


def check_width(header: tuple[str, ...]) -> None:
    """Raises Refused for more columns than a table may have."""
    if len(header) > COLUMNS_MAX:
        raise refuse(TOO_MUCH, what=Label("列数", "The number of columns"), limit=COLUMNS_MAX)


def too_many_rows() -> Refused:
    """The refusal of a table that is too long."""
    return refuse(TOO_MUCH, what=Label("行数", "The number of rows"), limit=f"{ROWS_MAX:,}")


def _broken(line: int, wrong: csv.Error) -> Refused:
    if "field larger" in str(wrong):
        zh, en = (
            f"单元格超过 {CELL_LENGTH_MAX} 个字符。",
            f"a cell is longer than {CELL_LENGTH_MAX} characters.",
        )
    else:
        zh, en = "引号没有成对。", "a quotation mark has no partner."
    return bad_file(f"第 {line} 行起，{zh}", f"from line {line} on, {en}")


def _encoding(source: _Source) -> str:
    with source.open() as stream:
        head = stream.read(1024)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif head[1::2].count(0) > len(head) // 8:
        candidates = ["utf-16-le"]
    elif head[::2].count(0) > len(head) // 8:
        candidates = ["utf-16-be"]
    else:
        candidates = ["utf-8-sig", "gb18030"]
    for encoding in candidates:
        if _decodes(source, encoding):
            return encoding
    raise bad_file(
        "文字编码不是 UTF-8、UTF-16 或 GB18030。", "its text is neither UTF-8 nor UTF-16 nor GB18030."
    )


def _decodes(source: _Source, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with source.open() as stream:
        try:
            while piece := stream.read(_READ_BYTES):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
