"""Steps of a plan, as data: what changes, the way back, how it is said, and what it costs.

What a step does to a database is in `apply.py`. A step names tables as they are called at its turn. Nothing is
destroyed: what goes away is renamed into the trash (`dg_trash`), from where its reverse takes it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.indexes import IndexSpec
from dougong_runtime.storage.way import Way

ROWS_PER_SECOND_SET_BASED = 400_000
ROWS_PER_SECOND_READ_AND_WRITTEN = 20_000
"""What two cores did; a plan only says whether people will notice."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Rows that a step rewrites or reads, and for how many seconds it keeps writers of the table waiting."""

    rows: int
    seconds: float


Stats: TypeAlias = Mapping[str, int]
"""Table → its number of rows."""


class Step(Protocol):
    """A change of the storage."""

    def reverse(self) -> Step:
        """The step that undoes it."""
        ...

    def describe(self, language: Language) -> str:
        """In a sentence."""
        ...

    def cost(self, stats: Stats) -> Cost:
        """What it takes on tables of that size."""
        ...


def _said(language: Language, zh: str, en: str) -> str:
    return zh if language == "zh" else en


def _instant(_stats: Stats) -> Cost:
    return Cost(0, 0.0)


def _labelled(label: Label, language: Language, name: str) -> str:
    words = label.in_(language)
    return f"{words}（{name}）" if language == "zh" else f"{words} ({name})"


@dataclass(frozen=True, slots=True)
class CreateEntity:
    """A new table, with its link tables."""

    entity: Entity
    table: str

    def reverse(self) -> Step:
        """Retire it."""
        return RetireEntity(self.entity, self.table)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = _labelled(self.entity.label, language, self.entity.name)
        return _said(language, f"新建实体 {what}", f"Create entity {what}")

    def cost(self, stats: Stats) -> Cost:
        """Nothing."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RetireEntity:
    """A table, with its link tables, into the trash."""

    entity: Entity
    table: str

    def reverse(self) -> Step:
        """Take it back."""
        return RestoreEntity(self.entity, self.table)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = _labelled(self.entity.label, language, self.entity.name)
        return _said(
            language,
            f"把实体 {what} 移入回收站，数据保留",
            f"Move entity {what} to the trash; its data stays",
        )

    def cost(self, stats: Stats) -> Cost:
        """A renaming."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RestoreEntity:
    """The latest table of that entity out of the trash."""

    entity: Entity
    """As it was when it was retired."""
    table: str

    def reverse(self) -> Step:
        """Retire it."""
        return RetireEntity(self.entity, self.table)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = _labelled(self.entity.label, language, self.entity.name)
        return _said(language, f"从回收站恢复实体 {what}", f"Restore entity {what} from the trash")

    def cost(self, stats: Stats) -> Cost:
        """A renaming."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RenameEntity:
    """A table, with its link tables, under another name."""

    before: Entity
    after: Entity
    table: str
    new_table: str
    links: tuple[str, ...]
    """Its `references` fields, as they are called at its turn."""

    def reverse(self) -> Step:
        """The other way round."""
        return RenameEntity(self.after, self.before, self.new_table, self.table, self.links)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        return _said(
            language,
            f"实体 {self.before.name} 改名为 {self.after.name}",
            f"Rename entity {self.before.name} to {self.after.name}",
        )

    def cost(self, stats: Stats) -> Cost:
        """A renaming."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class AddField:
    """A new column, or link table. Records that are there have no value, but stand at the first stage of a stage."""

    entity: Entity
    table: str
    field: Field
    form: str
    """What its column looks like (`forms.Formed.key`)."""

    def reverse(self) -> Step:
        """Retire it."""
        return RetireField(self.entity, self.table, self.field, self.form)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = f"{self.entity.name}.{self.field.name}"
        return _said(
            language,
            f"新增字段 {what}（{self.field.kind.label.zh}）",
            f"Add field {what} ({self.field.kind.label.en.lower()})",
        )

    def cost(self, stats: Stats) -> Cost:
        """Nothing: rows are not rewritten."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RetireField:
    """A column, or link table, into the trash."""

    entity: Entity
    table: str
    field: Field
    form: str
    """What its column looks like (`forms.Formed.key`)."""

    def reverse(self) -> Step:
        """Take it back."""
        return RestoreField(self.entity, self.table, self.field, self.form)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = f"{self.entity.name}.{self.field.name}"
        return _said(
            language, f"把字段 {what} 移入回收站，数据保留", f"Move field {what} to the trash; its data stays"
        )

    def cost(self, stats: Stats) -> Cost:
        """A renaming."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RestoreField:
    """The latest column, or link table, of that field out of the trash, under the field's name."""

    entity: Entity
    table: str
    field: Field
    form: str
    """What its column looks like (`forms.Formed.key`)."""

    def reverse(self) -> Step:
        """Retire it."""
        return RetireField(self.entity, self.table, self.field, self.form)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = f"{self.entity.name}.{self.field.label.in_(language)}"
        return _said(language, f"从回收站恢复字段 {what}", f"Restore field {what} from the trash")

    def cost(self, stats: Stats) -> Cost:
        """A renaming."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RenameField:
    """A column, or link table, under another name; values, indexes and references stay."""

    entity: Entity
    table: str
    before: Field
    after: Field

    def reverse(self) -> Step:
        """The other way round."""
        return RenameField(self.entity, self.table, self.after, self.before)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        return _said(
            language,
            f"字段 {self.entity.name}.{self.before.name} 改名为 {self.after.name}",
            f"Rename field {self.entity.name}.{self.before.name} to {self.after.name}",
        )

    def cost(self, stats: Stats) -> Cost:
        """A renaming."""
        return _instant(stats)


@dataclass(frozen=True, slots=True)
class RetypeField:
    """A new column with the values converted; the old one, with what does not convert, into the trash.

    Where the trash holds an earlier column of the new type, its values come back wherever they still say the same.
    """

    entity: Entity
    table: str
    before: Field
    after: Field
    form_before: str
    form_after: str
    way: Way | None = None
    """On the way back to an earlier version: the columns in the trash that it leads through."""

    def reverse(self) -> Step:
        """The other way round."""
        return RetypeField(
            self.entity, self.table, self.after, self.before, self.form_after, self.form_before
        )

    def describe(self, language: Language) -> str:
        """In a sentence."""
        return _said(
            language,
            f"字段 {self.entity.name}.{self.after.name} 由{_form(self.before, 'zh')}改为{_form(self.after, 'zh')}，"
            "原值留在回收站",
            f"Change field {self.entity.name}.{self.after.name} from {_form(self.before, 'en')} to "
            f"{_form(self.after, 'en')}; the old values stay in the trash",
        )

    def cost(self, stats: Stats) -> Cost:
        """Every row is read and written."""
        rows = stats.get(self.table, 0)
        return Cost(rows, rows / ROWS_PER_SECOND_READ_AND_WRITTEN)


def _form(field: Field, language: Language) -> str:
    words = field.kind.label.in_(language)
    if field.value_type.scale:
        return (
            f"{words}（{field.value_type.scale} 位小数）"
            if language == "zh"
            else f"{words.lower()} ({field.value_type.scale} places)"
        )
    if field.targets:
        return f"{words}→{'/'.join(field.targets)}"
    return words if language == "zh" else words.lower()


@dataclass(frozen=True, slots=True)
class RenameOptions:
    """Stored values of options that are called otherwise now."""

    entity: Entity
    table: str
    field: Field
    values: tuple[tuple[str | int, str | int], ...]
    """Old and new."""

    def reverse(self) -> Step:
        """The other way round."""
        return RenameOptions(self.entity, self.table, self.field, tuple((b, a) for a, b in self.values))

    def describe(self, language: Language) -> str:
        """In a sentence."""
        pairs = ", ".join(f"{a} → {b}" for a, b in self.values)
        what = f"{self.entity.name}.{self.field.name}"
        return _said(language, f"选项改名 {what}：{pairs}", f"Rename options of {what}: {pairs}")

    def cost(self, stats: Stats) -> Cost:
        """Rows that hold one are rewritten."""
        rows = stats.get(self.table, 0)
        return Cost(rows, rows / ROWS_PER_SECOND_SET_BASED)


@dataclass(frozen=True, slots=True)
class RenameTargets:
    """Stored names of entities, in a reference with several targets, of which some are called otherwise now."""

    entity: Entity
    table: str
    field: Field
    values: tuple[tuple[str, str], ...]
    """Old and new."""

    def reverse(self) -> Step:
        """The other way round."""
        return RenameTargets(self.entity, self.table, self.field, tuple((b, a) for a, b in self.values))

    def describe(self, language: Language) -> str:
        """In a sentence."""
        pairs = ", ".join(f"{a} → {b}" for a, b in self.values)
        what = f"{self.entity.name}.{self.field.name}"
        return _said(language, f"引用目标改名 {what}：{pairs}", f"Rename targets of {what}: {pairs}")

    def cost(self, stats: Stats) -> Cost:
        """Rows that hold one are rewritten."""
        rows = stats.get(self.table, 0)
        return Cost(rows, rows / ROWS_PER_SECOND_SET_BASED)


@dataclass(frozen=True, slots=True)
class DropSearch:
    """Search and sort columns that nothing needs any more. They follow from the fields, so nothing is lost."""

    entity: Entity
    table: str
    columns: tuple[str, ...]
    refill: tuple[str, ...]
    """Columns that stay, and are to be filled anew on the way back."""

    def reverse(self) -> Step:
        """Make them again."""
        return FillSearch(self.entity, self.table, self.columns, self.refill)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        return _said(
            language, f"精简 {self.entity.name} 的搜索列", f"Drop search columns of {self.entity.name}"
        )

    def cost(self, stats: Stats) -> Cost:
        """SQLite writes every row anew."""
        rows = stats.get(self.table, 0) if self.columns else 0
        return Cost(rows, rows / ROWS_PER_SECOND_SET_BASED)


@dataclass(frozen=True, slots=True)
class FillSearch:
    """New search and sort columns, filled; and others filled anew, because what they hold has changed."""

    entity: Entity
    table: str
    columns: tuple[str, ...]
    refill: tuple[str, ...]
    empty: tuple[str, ...] = ()
    """Those of the new columns that hold nothing yet, because their fields are new too."""

    @property
    def filled(self) -> tuple[str, ...]:
        """Columns that every record gets written."""
        return (*(c for c in self.columns if c not in self.empty), *self.refill)

    def reverse(self) -> Step:
        """Drop the new ones."""
        return DropSearch(self.entity, self.table, self.columns, self.refill)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        return _said(
            language, f"更新 {self.entity.name} 的搜索索引", f"Renew the search of {self.entity.name}"
        )

    def cost(self, stats: Stats) -> Cost:
        """Every row is read and written, unless the fields are new."""
        rows = stats.get(self.table, 0) if self.filled else 0
        return Cost(rows, rows / ROWS_PER_SECOND_READ_AND_WRITTEN)


@dataclass(frozen=True, slots=True)
class AddIndex:
    """An index; refused where it is unique and records collide."""

    entity: Entity
    table: str
    index: IndexSpec

    def reverse(self) -> Step:
        """Drop it."""
        return DropIndex(self.entity, self.table, self.index)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = f"{self.entity.name}({', '.join(self.index.fields) or 'deleted_at'})"
        if self.index.unique is not None:
            return _said(language, f"要求唯一：{what}", f"Require to be unique: {what}")
        return _said(language, f"建立索引 {what}", f"Create index on {what}")

    def cost(self, stats: Stats) -> Cost:
        """Every row is read."""
        rows = stats.get(self.table, 0)
        return Cost(rows, rows / ROWS_PER_SECOND_SET_BASED)


@dataclass(frozen=True, slots=True)
class DropIndex:
    """An index that nothing needs any more."""

    entity: Entity
    table: str
    index: IndexSpec

    def reverse(self) -> Step:
        """Create it."""
        return AddIndex(self.entity, self.table, self.index)

    def describe(self, language: Language) -> str:
        """In a sentence."""
        what = f"{self.entity.name}({', '.join(self.index.fields) or 'deleted_at'})"
        if self.index.unique is not None:
            return _said(language, f"不再要求唯一：{what}", f"No longer require to be unique: {what}")
        return _said(language, f"删除索引 {what}", f"Drop index on {what}")

    def cost(self, stats: Stats) -> Cost:
        """Nothing."""
        return _instant(stats)


AnyStep: TypeAlias = (
    CreateEntity
    | RetireEntity
    | RestoreEntity
    | RenameEntity
    | AddField
    | RetireField
    | RestoreField
    | RenameField
    | RetypeField
    | RenameOptions
    | RenameTargets
    | DropSearch
    | FillSearch
    | AddIndex
    | DropIndex
)
QUIET = (AddIndex, DropIndex, DropSearch, FillSearch)
"""Steps that a plan mentions only by number: people see no difference."""


def reversed_steps(steps: tuple[AnyStep, ...]) -> tuple[Step, ...]:
    """The whole way back."""
    return tuple(step.reverse() for step in reversed(steps))
