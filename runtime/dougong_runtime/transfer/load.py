"""Records in by the file: all or nothing, unless the good rows are to be kept; every bad row with its reason.

Chunks of rows go through `records.Records` set-based. A chunk that is refused is undone and tried again in halves,
down to the rows that are to blame. Memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dougong_runtime.errors import FORBIDDEN, Refused, refuse
from dougong_runtime.fields.base import Value
from dougong_runtime.fields.times import reading_zone
from dougong_runtime.labels import Label
from dougong_runtime.records.door import Records
from dougong_runtime.transfer.columns import Column, match_columns
from dougong_runtime.transfer.resolve import Resolver
from dougong_runtime.transfer.row_reader import BadCell, Parsed, RowReader
from dougong_runtime.transfer.sheets import Row, Sheet, read_table
from dougong_runtime.transfer.staging import Staging

CHUNK = 1_000
SETTLE = 50_000
"""Rows after which figures of their parents are brought up to date, where rows are only added."""
BAD_MAX = 10_000
"""Bad cells told; reading stops there."""


@dataclass(frozen=True, slots=True)
class LoadAnswer:
    """What came of a file."""

    rows: int
    created: int
    updated: int
    """Rows that named a record that is there, changed or not."""
    bad: tuple[BadCell, ...]
    rejected: int
    """Bad rows."""
    ignored: tuple[str, ...]
    """Headers of columns that only the system writes."""
    saved: bool
    """Whether anything was kept: not in a dry run, and not with bad rows unless the good ones were to be kept."""
    stopped: bool = False
    """Whether reading stopped because too much is wrong."""

    @property
    def ok(self) -> bool:
        """Whether every row was good."""
        return not self.rejected


def load(
    records: Records,
    entity: str,
    source: Sheet | Path | str | bytes,
    *,
    key: str | None = None,
    dry_run: bool = False,
    keep_good: bool = False,
    reasons: Mapping[str, str] | None = None,
    name: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> LoadAnswer:
    """Take in a table, in the caller's transaction.

    With `key` (a field's name or label), a row updates the record of that value, a blank cell clears its field, and a
    row without such a record makes a new one. `reasons` answer warnings, by rule. `progress` is called with the rows
    done. `name` is the file's, for the audit.

    Raises Refused for a file or a header that cannot be read, and where the viewer may not import. Bad rows are no
    exception: they are in the answer, and unless `keep_good`, nothing was written.
    """
    fields = records.fields(entity)
    label = records.running.app.entities[entity].label
    if not records.can(entity, "import"):
        raise refuse(FORBIDDEN, entity=label, action=Label("导入", "importing"))
    sheet = source if isinstance(source, Sheet) else read_table(source)
    columns = match_columns(sheet.header, fields, key)
    only_adds = columns.key is None and not reasons

    def attempt(waiting: bool) -> LoadAnswer:
        with Staging() as staging, reading_zone(records.viewer.time_zone):
            resolver = Resolver(records, changing=(entity,))
            reader = RowReader(records.running.app, entity, sheet.header, columns, resolver, staging)
            work = _Load(records, entity, sheet, reader, reasons or {}, progress)
            whole = records.connection.begin_nested()
            try:
                with records.adding(entity) if waiting and not reader.own_references else nullcontext():
                    work.run()
            except _NotTogether:
                whole.rollback()
                raise
            saved = not dry_run and (keep_good or not work.rejected)
            if saved:
                whole.commit()
            else:
                whole.rollback()
            return work.answer(saved)

    try:
        answer = attempt(only_adds)
    except _NotTogether:  # which row is to blame shows when each has all of its consequences
        answer = attempt(False)
    if answer.saved and (answer.created or answer.updated):
        facts = {"file": name, "rows": answer.rows, "created": answer.created, "updated": answer.updated}
        records.imported(entity, facts | {"bad": answer.rejected, "key": key, "columns": list(sheet.header)})
    return answer


class _TooMuchWrong(Exception):
    """No use in reading on."""


class _NotTogether(Exception):
    """What follows from many rows together was refused."""


class _Load:
    def __init__(
        self,
        records: Records,
        entity: str,
        sheet: Sheet,
        reader: RowReader,
        reasons: Mapping[str, str],
        progress: Callable[[int], None] | None,
    ) -> None:
        self._records = records
        self._entity = entity
        self._sheet = sheet
        self._reader = reader
        self._reasons = reasons
        self._progress = progress
        self._staging = reader.staging
        self._taken = reader.columns.taken
        self._rows = self._created = self._updated = self._settled = 0
        self._bad: list[BadCell] = []
        self.rejected = 0
        self._stopped = False

    def run(self) -> None:
        """Write all rows that can be written."""
        try:
            if self._reader.own_references:
                self._run_in_order()
            else:
                for rows in _chunks(self._sheet.rows):
                    self._chunk(rows)
        except _TooMuchWrong:
            self._stopped = True
        self._settle()

    def answer(self, saved: bool) -> LoadAnswer:
        """What came of it."""
        bad = sorted(self._bad, key=lambda cell: cell.line)
        return LoadAnswer(
            rows=self._rows,
            created=self._created,
            updated=self._updated,
            bad=tuple(bad),
            rejected=self.rejected,
            ignored=self._reader.columns.ignored,
            saved=saved,
            stopped=self._stopped,
        )

    def _run_in_order(self) -> None:
        """Rows that others name go first; those that name each other in a circle are written without the names, which
        are added afterwards."""
        for row in self._sheet.rows:
            self._staging.add(row.line, self._reader.names_of(row), self._reader.wishes_of(row))
        for level in range(self._staging.order()):
            for rows in _chunks(self._at(level)):
                self._chunk(rows)
        if self._staging.has_circle():
            own = self._reader.own_references
            for rows in _chunks(self._at(None)):
                self._chunk(rows, [c for c in self._taken if c not in own], note=True)
            for rows in _chunks(self._at(None)):
                self._add_names(rows, own)

    def _at(self, level: int | None) -> Iterator[Row]:
        for rows in _chunks(self._sheet.rows):
            levels = self._staging.levels(row.line for row in rows)
            yield from (row for row, found in zip(rows, levels, strict=True) if found == level)

    def _chunk(
        self, rows: Sequence[Row], columns: Sequence[Column] | None = None, *, note: bool = False
    ) -> None:
        """Write a chunk; `note` remembers which record each row became."""
        parsed = self._reader.read(rows, self._taken if columns is None else columns)
        if self._reader.columns.key is not None:
            self._reader.find_existing([p for p in parsed if not p.bad])
        for one in parsed:
            if one.bad:
                self._refuse(one.row, one.bad)
        good = [p for p in parsed if not p.bad]
        self._try(
            [p for p in good if p.id is None], self._create_noting if note or self._reasons else self._create
        )
        self._try([p for p in good if p.id is not None], self._update)
        if note:
            for one in good:
                if one.id is not None:
                    self._staging.made(one.row.line, one.id)
        self._rows += len(rows)
        if self._created - self._settled >= SETTLE:
            self._settle()
        if self._progress is not None:
            self._progress(self._rows)

    def _settle(self) -> None:
        self._settled = self._created
        try:
            self._records.settle_added()
        except Refused as refused:
            raise _NotTogether from refused

    def _add_names(self, rows: Sequence[Row], own: Sequence[Column]) -> None:
        made = [row for row in rows if not self._staging.is_bad(row.line) and self._staging.id_of(row.line)]
        parsed = self._reader.read(made, own)
        for one in parsed:
            one.id = self._staging.id_of(one.row.line)
            if one.bad:
                self._refuse(one.row, one.bad)
        counted = self._updated
        self._try([p for p in parsed if not p.bad], self._update)
        self._updated = counted

    # --- writing, and finding who is to blame ------------------------------------------------------------------------
    def _try(self, rows: Sequence[Parsed], write: Callable[[Sequence[Parsed]], None]) -> None:
        if not rows:
            return
        attempt = self._records.connection.begin_nested()
        try:
            write(rows)
        except Refused as refused:
            attempt.rollback()
            if len(rows) == 1:
                self._refuse(rows[0].row, list(self._reasons_of(rows[0].row, refused)))
                return
            middle = len(rows) // 2
            self._try(rows[:middle], write)
            self._try(rows[middle:], write)
        else:
            attempt.commit()

    def _create(self, rows: Sequence[Parsed]) -> None:
        self._created += self._records.load_many(self._entity, [_given(p) for p in rows])

    def _create_noting(self, rows: Sequence[Parsed]) -> None:
        made = self._records.create_many(self._entity, [_given(p) for p in rows], reasons=self._reasons)
        for one, record in zip(rows, made, strict=True):
            self._staging.made(one.row.line, record["id"])
        self._created += len(made)

    def _update(self, rows: Sequence[Parsed]) -> None:
        changes = [(p.id, p.values) for p in rows if p.id is not None and p.values]
        if changes:
            self._records.update_many(self._entity, changes, reasons=self._reasons)
        self._updated += len(rows)

    def _reasons_of(self, row: Row, refused: Refused) -> Iterator[BadCell]:
        columns = {column.field.name: column for column in self._taken}
        for problem in (*refused.problems, *refused.warnings):
            words = Label(problem.text("zh"), problem.text("en"))
            column = columns.get(problem.field or "")
            if column is not None:
                yield self._reader.bad(row, column, words)
            else:
                yield BadCell(row.line, problem.field or "", "", words)

    def _refuse(self, row: Row, why: Sequence[BadCell]) -> None:
        self._bad.extend(why)
        self.rejected += 1
        self._staging.mark_bad(row.line)
        if len(self._bad) >= BAD_MAX:
            raise _TooMuchWrong


def _given(parsed: Parsed) -> dict[str, Value]:
    """Of a new record only what is filled in: the rest has its defaults."""
    return {name: value for name, value in parsed.values.items() if value is not None}


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
