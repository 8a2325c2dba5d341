"""Records out by the file, as their reader sees them. Headers are field names, so that writable columns come in again.

Formats: `csv` (UTF-8 with a byte order mark, for Excel), `csv-gb18030`, `xlsx`. A record that is named stands there by
its title where that names it alone, else by its id.
"""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from dougong_runtime.errors import FORBIDDEN, TOO_MUCH, Refused, refuse
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.fields.times import instant_of
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.cells import EXCEL_DIGITS, join_values, safe_text, show_cell
from dougong_runtime.transfer.problems import BAD_EXPORT
from dougong_runtime.transfer.resolve import Resolver, pages
from dougong_runtime.transfer.sheets import Cell

FORMATS = ("csv", "csv-gb18030", "xlsx")
XLSX_ROWS_MAX = 1_048_575
XLSX_CELL_LENGTH_MAX = 32_767
_LAST = ("created_at", "created_by", "updated_at", "updated_by")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    field: Field | None
    """None for what is no field of the app: such values stand as they are."""


def export(
    records: Records,
    query: Query,
    format: str,
    out: BinaryIO,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write all records of a query; gives how many. Entered in the audit. `out` stays open.

    Raises Refused where the viewer may not export, for an unknown format, and for what a format cannot hold.
    """
    entity = records.running.app.entities.get(query.entity)
    if entity is None or not records.can(query.entity, "export"):
        shown = query.entity if entity is None else entity.label
        raise refuse(FORBIDDEN, entity=shown, action=Label("导出", "exporting"))
    if format not in FORMATS:
        known = ", ".join(FORMATS)
        raise refuse(BAD_EXPORT, zh=f"格式应为其中之一：{known}。", en=f"the format must be one of: {known}.")
    zone = ZoneInfo(records.viewer.time_zone)
    columns = _columns(records, query)
    names = tuple(column.name for column in columns)
    writer: _Writer
    if format == "xlsx":
        writer = _Xlsx(out, columns, zone)
    else:
        writer = _Csv(out, columns, "gb18030" if format == "csv-gb18030" else "utf-8-sig")
    count = 0
    try:
        for items in pages(records, replace(query, fields=names, titles=True, export=True)):
            for row in _rows(records, columns, items, zone):
                writer.row(row)
            count += len(items)
            if progress is not None:
                progress(count)
    except BaseException:
        writer.abandon()
        raise
    writer.close()
    facts: dict[str, Any] = {
        "format": format,
        "fields": list(names),
        "filter": query.filter,
        "search": query.search,
    }
    records.exported(query.entity, count, facts)
    return count


def _columns(records: Records, query: Query) -> list[_Column]:
    app = records.running.app
    if query.fields is not None:
        return [_Column(name, _field_at(app, query.entity, name)) for name in query.fields]
    own, kept = [], {}
    for view in records.fields(query.entity):
        if not view.read:
            continue
        column = _Column(view.field.name, view.field)
        if not view.field.is_system:
            own.append(column)
        elif view.field.name in _LAST:
            kept[view.field.name] = column
    first = _Column("id", app.entities[query.entity].fields["id"])
    return [first, *own, *(kept[name] for name in _LAST if name in kept)]


def _field_at(app: App, entity: str, path: str) -> Field | None:
    *hops, last = path.split(".")
    for hop in hops:
        field = app.entities[entity].fields.get(hop)
        if field is None or len(field.targets) != 1:
            return None
        entity = field.targets[0]
    return app.entities[entity].fields.get(last)


def _rows(
    records: Records, columns: Sequence[_Column], items: Sequence[dict[str, Json]], zone: ZoneInfo
) -> Iterator[list[Cell]]:
    resolver = Resolver(records)
    names = {
        column.name: _record_names(resolver, column.field, [item.get(column.name) for item in items])
        for column in columns
        if column.field is not None and column.field.targets
    }
    for place, item in enumerate(items):
        yield [
            names[column.name][place]
            if column.name in names
            else _plain(column.field, item.get(column.name), zone)
            for column in columns
        ]


def _plain(field: Field | None, value: Json, zone: ZoneInfo) -> Cell:
    if field is not None:
        return show_cell(field, value, zone)
    return value if value is None or isinstance(value, str | int) else str(value)


def _record_names(resolver: Resolver, field: Field, values: Sequence[Json]) -> list[Cell]:
    """What each value's records are called, so that an import finds the same ones."""
    listed = [value if isinstance(value, list) else [] if value is None else [value] for value in values]
    titles: dict[str, set[str]] = {}
    for named in listed:
        for one in named:
            if isinstance(one, dict) and one.get("title"):
                titles.setdefault(one.get("entity") or field.targets[0], set()).add(one["title"])
    found = {entity: resolver.resolve(entity, texts) for entity, texts in titles.items()}

    def name(one: Json) -> str:
        if not isinstance(one, dict):
            return str(one)
        entity = one.get("entity") or field.targets[0]
        title = one.get("title")
        text = str(title if title and found[entity].get(title) == one["id"] else one["id"])
        return f"{entity}:{text}" if field.is_polymorphic else text

    texts = [[name(one) for one in named] for named in listed]
    return [(join_values(t) if field.is_many else t[0]) if t else None for t in texts]


class _Writer(ABC):
    """Writes one format, row by row."""

    @abstractmethod
    def row(self, cells: Sequence[Cell]) -> None:
        """The next row."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more comes."""

    @abstractmethod
    def abandon(self) -> None:
        """Nothing of it is wanted."""


class _Csv(_Writer):
    def __init__(self, out: BinaryIO, columns: Sequence[_Column], encoding: str) -> None:
        self._text = io.TextIOWrapper(out, encoding=encoding, newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([column.name for column in columns])

    def row(self, cells: Sequence[Cell]) -> None:
        self._writer.writerow([self._cell(cell) for cell in cells])

    def close(self) -> None:
        self._text.flush()
        self._text.detach()

    abandon = close

    def _cell(self, cell: Cell) -> str:
        match cell:
            case None:
                return ""
            case str():
                return safe_text(cell)
            case bool():
                return "true" if cell else "false"
            case date():
                return cell.isoformat()
            case _:
                return str(cell)


class _Xlsx(_Writer):
    def __init__(self, out: BinaryIO, columns: Sequence[_Column], zone: ZoneInfo) -> None:
        self._out, self._columns, self._zone = out, columns, zone
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("data")
        self._sheet.freeze_panes = "A2"
        self._count = 0
        head = []
        for column in columns:
            cell = self._made(column.name)
            cell.font = Font(bold=True)
            head.append(cell)
        self._sheet.append(head)

    def row(self, cells: Sequence[Cell]) -> None:
        self._count += 1
        if self._count > XLSX_ROWS_MAX:
            raise refuse(TOO_MUCH, what=Label("XLSX 的行数", "The rows of XLSX"), limit=f"{XLSX_ROWS_MAX:,}")
        pairs = zip(self._columns, cells, strict=True)
        self._sheet.append([self._cell(column.field, cell) for column, cell in pairs])

    def close(self) -> None:
        self._book.save(self._out)

    def abandon(self) -> None:
        self._book.save(io.BytesIO())  # removes the rows that openpyxl keeps in a temporary file

    def _cell(self, field: Field | None, cell: Cell) -> Any:
        match cell:
            case None:
                return None
            case bool():
                return self._made(cell)
            case datetime():
                local = cell.replace(tzinfo=None)
                exact = not local.microsecond and instant_of(local, self._zone) == cell
                return self._made(local, "yyyy-mm-dd hh:mm:ss") if exact else self._made(cell.isoformat())
            case date():
                return self._made(cell, "yyyy-mm-dd")
            case str() | int() if field is not None and field.value_type.kind is Kind.NUMBER:
                return self._number(field, cell)
            case _:
                return self._made(safe_text(str(cell)))

    def _number(self, field: Field, cell: str | int) -> Any:
        text = str(cell)
        if sum(c.isdigit() for c in text.lstrip("-0.")) > EXCEL_DIGITS or "•" in text:
            return self._made(text)
        if isinstance(cell, int):
            return self._made(cell)
        places = "0" + ("." + "0" * field.value_type.scale if field.value_type.scale else "")
        return self._made(Decimal(text), places)

    def _made(self, value: Any, number_format: str | None = None) -> Any:
        if isinstance(value, str):
            value = _CONTROL.sub("", value)
            if len(value) > XLSX_CELL_LENGTH_MAX:
                raise _too_long()
        cell = WriteOnlyCell(self._sheet, value)
        if isinstance(value, str):
            cell.data_type = "s"  # a text that begins with = would be taken as a formula
        if number_format is not None:
            cell.number_format = number_format
        return cell


def _too_long() -> Refused:
    limit = XLSX_CELL_LENGTH_MAX
    return refuse(
        BAD_EXPORT,
        zh=f"XLSX 的单元格最多 {limit} 个字符，有一个值更长。",
        en=f"a cell of XLSX holds {limit} characters, and one value is longer.",
    )
