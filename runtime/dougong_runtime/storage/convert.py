"""Values of one type as values of another: `(from, to)` → a conversion, a registry with a default.

A conversion gives the value, or raises ValueProblem for what does not convert. None stays None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dougong_runtime.fields.base import Field, Value, ValueProblem
from dougong_runtime.fields.files import FileType
from dougong_runtime.fields.text import plain_text
from dougong_runtime.fields.times import instant_of
from dougong_runtime.formulas.types import Kind
from dougong_runtime.registry import Registry

SITE_TIME_ZONE = "Asia/Shanghai"
"""The zone of a site that names none."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a conversion may look up: the site's zone, and records by title."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(SITE_TIME_ZONE))
    titles: Mapping[str, str] = field(default_factory=dict)
    """Record id → title, of the records that the values refer to."""
    known: Mapping[str, str] = field(default_factory=dict)
    """Record id → entity, of the records that the values may refer to afterwards."""
    by_title: Mapping[str, str] = field(default_factory=dict)
    """Title → record id, where only one record has it, of the records that the values may refer to afterwards."""


Conversion: TypeAlias = Callable[[Field, Field, Value, Surroundings], Value]
"""(old field, new field, a value that is not None, what may be looked up) → the new value."""

CONVERSIONS: Registry[Conversion] = Registry("conversion")
"""Under `from>to`, each a field type or a kind of formula values; field types are looked for first."""


def convert(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """The value in its new form. Raises ValueProblem where there is none."""
    if value is None:
        return None
    found = (
        CONVERSIONS.find(f"{before.type}>{after.type}")
        or CONVERSIONS.find(f"{_kind(before)}>{_kind(after)}")
        or CONVERSIONS.find(f"*>{_kind(after)}")
        or _by_its_words
    )
    return found(before, after, value, around)


def _kind(of: Field) -> str:
    return of.value_type.kind.value


def _by_its_words(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """The default: what a person would type."""
    return after.kind.coerce(after, written(before, value))


def written(before: Field, value: Value) -> str:
    """A value as a person would type it: plain numbers, ISO dates, values of options."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return str(before.kind.to_json(before, value))
        case date() | time():
            return value.isoformat()
        case list() if isinstance(before.kind, FileType):
            return before.kind.to_text(before, value, "zh")
        case list():
            return "; ".join(str(item) for item in value)
        case dict():
            return str(before.kind.to_text(before, value, "zh"))
        case _:
            return plain_text(value) if before.type == "rich_text" else str(value)


@CONVERSIONS.adding("number>number")
def _number_to_number(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, value)


@CONVERSIONS.adding("boolean>number")
def _boolean_to_number(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, int(value))


@CONVERSIONS.adding("date>datetime")
def _date_to_datetime(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return instant_of(datetime.combine(value, time()), around.zone)


@CONVERSIONS.adding("datetime>date")
def _datetime_to_date(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return value.astimezone(around.zone).date()


@CONVERSIONS.adding("datetime>time")
def _datetime_to_time(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return value.astimezone(around.zone).time()


@CONVERSIONS.adding("text>datetime")
def _text_to_datetime(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    text = str(value).strip()
    try:
        return after.kind.coerce(after, text)
    except ValueProblem:
        local = datetime.fromisoformat(text) if _is_local(text) else None
        if local is None:
            raise
        return instant_of(local, around.zone)


def _is_local(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _option_by_words(after: Field, text: str) -> str | int | None:
    found = after.option(text) or next((o for o in after.choices if str(o.value) == text), None)
    if found is None:
        same = [o for o in after.choices if text in (o.label.zh, o.label.en)]
        found = same[0] if len(same) == 1 else None
    return None if found is None else found.value


@CONVERSIONS.adding("*>choice")
def _to_choice(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """By the option's value, or by its label where only one has it."""
    text = written(before, value).strip()
    found = _option_by_words(after, text)
    if found is None and before.choices:
        option = before.option(value)
        for label in () if option is None else (option.label.zh, option.label.en):
            found = found if found is not None else _option_by_words(after, label)
    return after.kind.coerce(after, text) if found is None else found


@CONVERSIONS.adding("*>record")
def _to_record(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """By the record's id, or by its title where only one has it."""
    if before.value_type.kind is Kind.RECORD:
        identity = value["id"] if isinstance(value, dict) else value
        shared = {value["entity"]} if isinstance(value, dict) else set(before.targets)
        found = identity if around.known.get(identity) in shared else None
    else:
        text = written(before, value).strip()
        found = text.lower() if text.lower() in around.known else around.by_title.get(text)
    if found is None:
        raise ValueProblem("没有对应的记录。", "names no record.")
    return {"entity": around.known[found], "id": found} if after.is_polymorphic else found


@CONVERSIONS.adding("record>text")
def _record_to_text(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """The record's title; its id where it has none."""
    identity = value["id"] if isinstance(value, dict) else value
    return after.kind.coerce(after, around.titles.get(identity, identity))


@CONVERSIONS.adding("file>text")
def _file_to_text(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, value["name"])


@CONVERSIONS.adding("file>file")
@CONVERSIONS.adding("file>json")
@CONVERSIONS.adding("json>file")
def _file_to_file(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """One file as a list of one, and back; several are data in formulas, as their kind says."""
    if not (isinstance(before.kind, FileType) and isinstance(after.kind, FileType)):
        return _by_its_words(before, after, value, around)
    if isinstance(value, list) and not after.options.get("multiple"):
        if len(value) != 1:
            raise ValueProblem("不止一个文件。", "holds more than one file.")
        value = value[0]
    return after.kind.coerce(after, value)


@CONVERSIONS.adding("list>list")
def _list_to_list(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, value)


@CONVERSIONS.adding("choice>list")
def _choice_to_list(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, [value])


@CONVERSIONS.adding("list>choice")
def _list_to_choice(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    if len(value) != 1:
        raise ValueProblem("不止一个值。", "holds more than one value.")
    return after.kind.coerce(after, value[0])


@CONVERSIONS.adding("text>json")
def _text_to_json(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, value)


@CONVERSIONS.adding("*>records")
def _to_records(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """One reference, or a text with `;` between, as several; those without a record are left out."""
    parts = [value] if before.value_type.kind is Kind.RECORD else written(before, value).split(";")
    found = [_to_record(before, after, part, around) for part in parts if part]
    if not found:
        raise ValueProblem("没有对应的记录。", "names no record.")
    return list(dict.fromkeys(found))


@CONVERSIONS.adding("records>records")
def _records_to_records(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    if not set(value) <= set(around.known):
        raise ValueProblem("没有对应的记录。", "names no record.")
    return list(value)


@CONVERSIONS.adding("records>record")
def _records_to_record(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    if len(value) != 1 or value[0] not in around.known:
        raise ValueProblem(
            "不止一条引用，或新目标中没有这条记录。", "names several records, or none of the new target."
        )
    return {"entity": around.known[value[0]], "id": value[0]} if after.is_polymorphic else value[0]


@CONVERSIONS.adding("records>text")
def _records_to_text(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    """The records' titles with `; ` between."""
    return after.kind.coerce(after, "; ".join(around.titles.get(item, item) for item in value))


@CONVERSIONS.adding("records>list")
def _records_to_list(before: Field, after: Field, value: Value, around: Surroundings) -> Value:
    return after.kind.coerce(after, [around.titles.get(item, item) for item in value])
