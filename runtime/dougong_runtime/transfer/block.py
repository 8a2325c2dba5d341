"""A block of cells from a spreadsheet's clipboard: rows between line ends, cells between tabs, read as an import reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from dougong_runtime.errors import TOO_MUCH, refuse
from dougong_runtime.fields.times import reading_zone
from dougong_runtime.labels import Label
from dougong_runtime.records.door import Records
from dougong_runtime.transfer.columns import Column, Columns
from dougong_runtime.transfer.resolve import Resolver
from dougong_runtime.transfer.row_reader import Parsed, RowReader
from dougong_runtime.transfer.sheets import Row
from dougong_runtime.transfer.staging import Staging

ROWS_MAX = 1_000
COLUMNS_MAX = 60
LENGTH_MAX = 400_000


@dataclass(frozen=True, slots=True)
class Block:
    """A block read for the columns that it was pasted over."""

    columns: tuple[Column, ...]
    """Those that somebody may fill in, in order."""
    left_out: tuple[str, ...]
    """Names of fields under it that nobody fills in."""
    beyond: int
    """Columns of it that stand beyond the table's."""
    rows: tuple[Parsed, ...]


def read_block(records: Records, entity: str, text: str, names: Sequence[str]) -> Block:
    """Read a block; `names` are the fields of the columns under it. What is wrong with a cell stands in its row.

    Raises Refused (TOO_MUCH).
    """
    if len(text) > LENGTH_MAX:
        raise refuse(TOO_MUCH, what=Label("粘贴的内容", "What is pasted"), limit=f"{LENGTH_MAX:,}")
    lines = _lines(text)
    if len(lines) > ROWS_MAX:
        raise refuse(TOO_MUCH, what=Label("粘贴的行", "The rows pasted"), limit=f"{ROWS_MAX:,}")
    width = max(map(len, lines), default=0)
    views = {v.field.name: v for v in records.fields(entity)}
    columns, left_out = [], []
    for place, name in enumerate(names[: min(width, COLUMNS_MAX)]):
        view = views.get(name)
        if view is not None and (view.create or view.update):
            label = view.field.label.in_(records.viewer.language)
            columns.append(Column(place, label, view.field, view.create, view.update, view.shown == "yes"))
        else:
            left_out.append(name)
    rows = [
        Row(n + 1, tuple((line[i].strip() or None) if i < len(line) else None for i in range(width)))
        for n, line in enumerate(lines)
    ]
    header = [""] * width
    for column in columns:
        header[column.place] = column.header
    with Staging() as staging, reading_zone(records.viewer.time_zone):
        taken = Columns(tuple(columns), None, (), ())
        reader = RowReader(records.running.app, entity, header, taken, Resolver(records), staging)
        parsed = reader.read(rows, columns)
    return Block(tuple(columns), tuple(left_out), max(0, width - len(names)), tuple(parsed))


def _lines(text: str) -> list[list[str]]:
    """Rows of cells; a cell with a tab or a line end in it stands between quotation marks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        return [line.split("\t") for line in text.split("\n")]
