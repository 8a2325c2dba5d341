"""What the system fills in: autonumber, formula, created_at, created_by, updated_at, updated_by; and filter."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.exact.numbers import rounded
from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value
from dougong_runtime.fields.columns import column_type
from dougong_runtime.fields.links import UserType
from dougong_runtime.fields.text import Textual
from dougong_runtime.fields.times import DatetimeType
from dougong_runtime.formulas.types import NULL, ValueType
from dougong_runtime.labels import Label, Language

RESULTS = (
    "text",
    "long_text",
    "integer",
    "decimal",
    "money",
    "percent",
    "boolean",
    "date",
    "datetime",
    "time",
    "duration",
    "rating",
    "choice",
    "multi_choice",
    "tags",
    "color",
    "url",
    "email",
    "phone",
    "reference",
    "user",
    "team",
    "json",
)
"""Types that a formula's `result` may name."""

_TOKEN = re.compile(r"\{((?:YYYY|YY|MM|DD)+|0{1,12})\}")


class FormulaType(FieldType):
    """formula: always equal to a formula; shown and compared as the type that `result` names."""

    name: ClassVar[str] = "formula"
    widget = "formula"
    groupable = True
    label = Label("公式", "Formula")
    help = Label("由其他字段算出的值，始终保持正确。", "Computed from other fields, always true.")
    schema: ClassVar[Mapping[str, Any]] = {
        "formula": {"type": "string", "minLength": 1},
        "result": {"enum": list(RESULTS)},
        "refresh": {"enum": ["hourly", "daily"]},
        "visible": {"enum": ["stored", "rows"], "default": "stored"},
    }

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """That of its result; NULL where the document leaves it to the formula."""
        result = raw.get("result")
        return NULL if result is None else FIELD_TYPES.get(result).value_type(raw)

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """One column where it is stored."""
        if not field.is_stored_formula:
            return ()
        return (sa.Column(field.name, column_type(field.value_type)),)

    def coerce(self, field: Field, raw: object) -> Value:
        """As its result's type would."""
        return self.result(field).coerce(field, raw)

    def to_json(self, field: Field, value: Value) -> Json:
        """As its result's type would; what is computed when read has more places than the field, and is rounded once."""
        return self.result(field).to_json(field, _kept(field, value))

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """As its result's type would."""
        return self.result(field).to_text(field, _kept(field, value), language)

    def sample(self, field: Field, random: random.Random) -> Value:
        """As its result's type would."""
        return self.result(field).sample(field, random)

    def result(self, field: Field) -> FieldType:
        """The field type of its values."""
        return FIELD_TYPES.get(
            field.options.get("result") or _RESULT_OF_KIND.get(field.value_type.kind, "text")
        )


def _kept(field: Field, value: Value) -> Value:
    return rounded(value, field.value_type.scale) if isinstance(value, Decimal) else value


_RESULT_OF_KIND = {
    "text": "text",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "choice": "choice",
    "list": "tags",
    "record": "reference",
    "json": "json",
    "file": "file",
}


class AutonumberType(Textual):
    """autonumber: the next number of a series, written by a pattern such as `C{YYYY}-{000000}`."""

    name: ClassVar[str] = "autonumber"
    widget = "autonumber"
    label = Label("自动编号", "Autonumber")
    help = Label("保存时自动取下一个号。", "The next number, taken when the record is saved.")
    schema: ClassVar[Mapping[str, Any]] = {
        "pattern": {
            "type": "string",
            "pattern": r"^[^{}]*(\{(YYYY|YY|MM|DD)+\}[^{}]*)*\{0{1,12}\}[^{}]*$",
            "default": "{000000}",
        }
    }

    def sample(self, field: Field, random: random.Random) -> Value:
        """Some number of the series."""
        pattern = str(field.options.get("pattern") or "{000000}")
        return _TOKEN.sub(lambda m: str(random.randrange(10 ** len(m[1]))).zfill(len(m[1])), pattern)


class FilterType(Textual):
    """filter: a condition on records of the entity `of`, kept as its formula's text and checked by `records`."""

    name: ClassVar[str] = "filter"
    widget = "filter"
    sortable = False
    groupable = False
    length_max = 4000
    lines = True
    label = Label("筛选条件", "Condition")
    help = Label(
        "对另一类记录的条件，用于标签规则和客群。", "A condition on records, for tag rules and segments."
    )
    schema: ClassVar[Mapping[str, Any]] = {"of": {"type": "string"}}

    def sample(self, field: Field, random: random.Random) -> Value:
        """A condition that holds for any entity."""
        return "created_at <= NOW()"


class CreatedAtType(DatetimeType):
    """created_at: when the record was created."""

    name: ClassVar[str] = "created_at"
    label = Label("创建时间", "Created at")
    help = Label("记录的创建时间。", "When the record was created.")


class UpdatedAtType(DatetimeType):
    """updated_at: when the record was last changed."""

    name: ClassVar[str] = "updated_at"
    label = Label("修改时间", "Changed at")
    help = Label("记录最近的修改时间。", "When the record was last changed.")


class CreatedByType(UserType):
    """created_by: who created the record."""

    name: ClassVar[str] = "created_by"
    label = Label("创建人", "Created by")
    help = Label("创建记录的人。", "Who created the record.")


class UpdatedByType(UserType):
    """updated_by: who last changed the record."""

    name: ClassVar[str] = "updated_by"
    label = Label("修改人", "Changed by")
    help = Label("最近修改记录的人。", "Who last changed the record.")


for _made in (
    AutonumberType(),
    FormulaType(),
    FilterType(),
    CreatedAtType(),
    CreatedByType(),
    UpdatedAtType(),
    UpdatedByType(),
):
    FIELD_TYPES.register(_made.name, _made)
