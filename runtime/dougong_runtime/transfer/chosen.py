"""Some columns of a table, under other headers: what an import reads where its columns were chosen beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dougong_runtime.transfer.sheets import Again, Row, Sheet


class Chosen(Sheet):
    """The columns of a table at some places, each under a header of its own; lines keep their numbers."""

    def __init__(self, sheet: Sheet, headers: Mapping[int, str]) -> None:
        """`headers`: place of a column in the table → what it is called here."""
        self._sheet = sheet
        self._places = tuple(sorted(headers))
        self.header = tuple(headers[place] for place in self._places)

    @property
    def rows(self) -> Iterable[Row]:
        """The rows, those without any content in these columns left out."""
        return Again(self._body)

    def _body(self) -> Iterator[Row]:
        for row in self._sheet.rows:
            cells = tuple(row.cells[p] if p < len(row.cells) else None for p in self._places)
            if any(cell is not None for cell in cells):
                yield Row(row.line, cells)
