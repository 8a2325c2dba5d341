"""Labels as a table to translate in: out as CSV (UTF-8 with a byte order mark, for Excel), in from CSV or a workbook.

Columns: `document`, `place` (a JSON Pointer), `of` (what it is a label of, to read), `zh`, `en`, and `mark`, by which it is
known whether the label was changed while the table was away. An empty cell leaves its language as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from dougong_designer.labels import Place, Wanted
from dougong_runtime.documents.problems import UNREADABLE
from dougong_runtime.errors import refuse
from dougong_runtime.transfer.cells import cell_text, plain_text, safe_text
from dougong_runtime.transfer.sheets import Cell, read_table

COLUMNS = ("document", "place", "of", "zh", "en", "mark")
_NEEDED = ("document", "place")
_MARK = "m"
"""Before a mark, so that no spreadsheet takes it for a number."""


def written(places: Iterable[Place]) -> bytes:
    """The table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in places:
        cells = (one.document, one.pointer, one.owner, one.zh, one.en, _MARK + one.mark)
        writer.writerow([safe_text(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def read(content: bytes) -> list[Wanted]:
    """What a table wants. Raises Refused for what is no table, and for one without the columns that say where."""
    sheet = read_table(content)
    at = {name.strip().casefold(): index for index, name in reversed(list(enumerate(sheet.header)))}
    lacking = [name for name in _NEEDED if name not in at]
    if lacking or not {"zh", "en"} & at.keys():
        names = ", ".join(lacking or ("zh", "en"))
        raise refuse(UNREADABLE, zh=f"表格缺少列：{names}。", en=f"The table lacks columns: {names}.")
    made = []
    for row in sheet.rows:
        cells = {name: _cell(row.cells[index]) for name, index in at.items() if index < len(row.cells)}
        if cells.get("document"):
            made.append(
                Wanted(
                    cells["document"],
                    cells.get("place", ""),
                    cells.get("zh") or None,
                    cells.get("en") or None,
                    cells.get("mark", "").removeprefix(_MARK),
                    row.line,
                )
            )
    return made


def _cell(cell: Cell) -> str:
    return plain_text(cell_text(cell))
