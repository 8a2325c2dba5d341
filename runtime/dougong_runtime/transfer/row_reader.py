"""From rows of a file to values of records: a chunk at a time, so that names are looked up in sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dougong_runtime.fields.base import Field, Json, Value, ValueProblem
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App
from dougong_runtime.transfer.cells import cell_text, parse_cell, plain_text, split_values
from dougong_runtime.transfer.columns import Column, Columns
from dougong_runtime.transfer.resolve import Found, Resolver, Several
from dougong_runtime.transfer.sheets import Cell, Row
from dougong_runtime.transfer.staging import Staging

KNOWN_MAX = 2_000
"""Different texts of a column whose values are kept: kinds, days and counts come again and again, names do not."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """Why a row is not taken: where it stands, under which header (empty for the row as a whole), what stands there."""

    line: int
    column: str
    value: str
    reason: Label


@dataclass(slots=True)
class Parsed:
    """A row as values by field name; None clears. `id` is that of the record it updates."""

    row: Row
    values: dict[str, Value] = field(default_factory=dict)
    id: str | None = None
    bad: list[BadCell] = field(default_factory=list)


@dataclass(slots=True)
class RowReader:
    """Reads rows of one file for one entity. To be used inside `fields.times.reading_zone`."""

    app: App
    entity: str
    header: Sequence[str]
    columns: Columns
    resolver: Resolver
    staging: Staging
    _known: dict[int, dict[str, Value]] = field(default_factory=dict)
    """Place of a column → its texts read before, and their values."""

    @property
    def own_references(self) -> tuple[Column, ...]:
        """Columns by which rows of the file may name each other."""
        return tuple(c for c in self.columns.taken if self.entity in c.field.targets)

    def names_of(self, row: Row) -> Iterator[str]:
        """What the record of a row may be called by other rows."""
        naming = {f.name for f in self.resolver.naming(self.entity)} | {"id"}
        known = {
            c.place: c for c in (*self.columns.taken, *((self.columns.key,) if self.columns.key else ()))
        }
        for place, column in known.items():
            if column.field.name in naming and place < len(row.cells) and row.cells[place] is not None:
                yield plain_text(cell_text(row.cells[place]))

    def wishes_of(self, row: Row) -> Iterator[str]:
        """What the records are called that a row refers to within its own entity."""
        for column in self.own_references:
            if column.place < len(row.cells):
                for target, text in self._pointed(column.field, row.cells[column.place]):
                    if target == self.entity:
                        yield text

    def read(self, rows: Sequence[Row], columns: Sequence[Column]) -> list[Parsed]:
        """Values of these columns, references resolved; what is wrong is in `bad` of each row."""
        found = [Parsed(row) for row in rows]
        for parsed in found:
            self._check_shape(parsed)
        whole = [parsed for parsed in found if not parsed.bad]
        links = [c for c in columns if c.field.targets]
        resolved = self._resolve(whole, links)
        for column in columns:
            name, place, is_link = column.field.name, column.place, column in links
            known = self._known.setdefault(place, {})
            for parsed in whole:
                cell = parsed.row.cells[place]
                if isinstance(cell, str) and cell in known:
                    parsed.values[name] = known[cell]
                    continue
                try:
                    if is_link:
                        parsed.values[name] = self._link(column.field, cell, resolved)
                    else:
                        value = parsed.values[name] = parse_cell(column.field, cell)
                        if isinstance(cell, str) and len(known) < KNOWN_MAX and _is_one(value):
                            known[cell] = value
                except ValueProblem as wrong:
                    parsed.bad.append(self.bad(parsed.row, column, wrong.label))
        return found

    def find_existing(self, parsed: Sequence[Parsed]) -> None:
        """Give each row the id of the record that its key names; a row without a key, or with one that is doubled or
        names several records, is bad."""
        key = self.columns.key
        assert key is not None
        keyed: dict[Json, list[Parsed]] = {}
        for one, value in zip(parsed, self._key_values(key, parsed), strict=True):
            if isinstance(value, Label):
                one.bad.append(self.bad(one.row, key, value))
                continue
            first = self.staging.first_line(str(value), one.row.line)
            if first != one.row.line:
                words = Label(f"与第 {first} 行的值相同。", f"is the same as in line {first}.")
                one.bad.append(self.bad(one.row, key, words))
            else:
                keyed.setdefault(value, []).append(one)
        values = [key.field.kind.coerce(key.field, json) for json in keyed]
        seen = [column.field.name for column in self.columns.taken if column.seen]
        for json, found in self.resolver.by_field(self.entity, key.field, values, seen).items():
            for one in keyed[json]:
                self._meet(one, key, found)

    def _meet(self, one: Parsed, key: Column, found: Sequence[dict[str, Json]]) -> None:
        """A row and the records of its key: of one record, only what differs is left to be changed."""
        if len(found) > 1:
            words = Label(
                f"有 {len(found)} 条记录是这个值，不知道更新哪一条。",
                f"{len(found)} records have this value: which one to update is not clear.",
            )
            one.bad.append(self.bad(one.row, key, words))
        elif found:
            one.id = found[0]["id"]
            for column in self.columns.taken:
                field = column.field
                if column.seen and field.name in one.values:
                    given = field.kind.to_json(field, one.values[field.name])
                    if _absent(given) == _absent(found[0].get(field.name)):
                        del one.values[field.name]
        elif not key.create:
            words = Label("没有这条记录，或你不能查看它。", "There is no such record, or you may not see it.")
            one.bad.append(self.bad(one.row, key, words))

    def bad(self, row: Row, column: Column, reason: Label) -> BadCell:
        """What is wrong with one cell."""
        cell = row.cells[column.place] if column.place < len(row.cells) else None
        return BadCell(row.line, column.header, cell_text(cell), reason)

    def _check_shape(self, parsed: Parsed) -> None:
        row, width = parsed.row, len(self.header)
        if len(row.cells) != width:
            words = Label(
                f"有 {len(row.cells)} 个单元格，表头有 {width} 个。",
                f"There are {len(row.cells)} cells where the header has {width}.",
            )
            parsed.bad.append(BadCell(row.line, "", "", words))
            return
        for place in self.columns.blank:
            if row.cells[place] is not None:
                words = Label(f"第 {place + 1} 列没有表头。", f"Column {place + 1} has no header.")
                parsed.bad.append(BadCell(row.line, "", cell_text(row.cells[place]), words))

    def _key_values(self, key: Column, parsed: Sequence[Parsed]) -> Iterator[Json | Label]:
        resolved = self._resolve(parsed, [key]) if key.field.targets else {}
        for one in parsed:
            cell = one.row.cells[key.place]
            try:
                value = (
                    self._link(key.field, cell, resolved)
                    if key.field.targets
                    else parse_cell(key.field, cell)
                )
            except ValueProblem as wrong:
                yield wrong.label
                continue
            if value is None:
                yield Label("缺少要按它更新的值。", "The value to update by is missing.")
            else:
                yield key.field.kind.to_json(key.field, value)

    # --- references --------------------------------------------------------------------------------------------------
    def _pointed(self, field: Field, cell: Cell) -> Iterator[tuple[str, str]]:
        """Entity and text of each record that a cell names."""
        text = plain_text(cell_text(cell))
        for part in split_values(text) if field.is_many else [text] if text else []:
            if field.is_polymorphic:
                entity, found, rest = part.partition(":")
                yield (entity.strip(), rest.strip()) if found else ("", part)
            else:
                yield field.targets[0], part

    def _resolve(self, parsed: Sequence[Parsed], links: Sequence[Column]) -> dict[tuple[str, str], Found]:
        wanted: dict[str, dict[str, None]] = {}
        for one in parsed:
            for column in links:
                for entity, text in self._pointed(column.field, one.row.cells[column.place]):
                    if entity in column.field.targets:
                        wanted.setdefault(entity, {})[text] = None
        return {
            (entity, text): found
            for entity, texts in wanted.items()
            for text, found in self.resolver.resolve(entity, texts).items()
        }

    def _link(self, field: Field, cell: Cell, resolved: dict[tuple[str, str], Found]) -> Value:
        ids = [self._one(field, entity, text, resolved) for entity, text in self._pointed(field, cell)]
        if field.is_many:
            return [id_ for _, id_ in ids] or None
        if not ids:
            return None
        entity, id_ = ids[0]
        return {"entity": entity, "id": id_} if field.is_polymorphic else id_

    def _one(
        self, field: Field, entity: str, text: str, resolved: dict[tuple[str, str], Found]
    ) -> tuple[str, str]:
        if entity not in field.targets:
            names = ", ".join(f"{name}:…" for name in field.targets)
            raise ValueProblem(f"应写成以下一种：{names}。", f"is written as one of: {names}.")
        label = self.app.entities[entity].label
        found = resolved[entity, text]
        lines = self.staging.namesakes(text) if entity == self.entity else []
        if isinstance(found, Several) or len(lines) > 1:
            raise ValueProblem(
                f"有多条{label.zh}叫「{text}」，请填写编号或唯一的字段。",
                f"names more than one {label.en.lower()}, “{text}”: give the id or a unique field.",
            )
        if lines and self.staging.is_bad(lines[0]):
            raise ValueProblem(
                f"「{text}」所在的第 {lines[0]} 行没有导入。",
                f"names “{text}” of line {lines[0]}, which was not taken.",
            )
        if found is None:
            raise ValueProblem(
                f"没有叫「{text}」的{label.zh}，或你不能查看它。",
                f"names no {label.en.lower()} that you may see: “{text}”.",
            )
        return entity, found


def _is_one(value: Value) -> bool:
    """Whether a value may be shared by records: nobody changes it in place."""
    return not isinstance(value, (list, dict))


def _absent(value: Json) -> Json:
    return None if value == [] else value
