"""A cell of a table and a field's value. Law: `parse_cell(field, show_cell(field, v)) == v` for what can be written.

Field types read texts themselves (full-width digits, `1,234.50`, `2026/3/2`). Here stands what only tables know: Excel's
own numbers and dates, labels of choices, several values in one cell, dates whose day and month cannot be told apart,
and the apostrophe that keeps a spreadsheet from running a text as a formula.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dougong_runtime.fields.base import Field, Json, Value, ValueProblem
from dougong_runtime.fields.writing import narrow
from dougong_runtime.formulas.types import Kind
from dougong_runtime.transfer.sheets import Cell

EXCEL_DIGITS = 15
"""Digits of a number that Excel keeps."""
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)
"""Numbers read as Excel's count of days: 1954 to 2119."""

_RISKY = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NUMERIC = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?%?\Z", re.ASCII)
_ESCAPED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")

_DAY_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\Z")
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_WORDED = re.compile(
    r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})\Z|([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})\Z"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_INSTANT = re.compile(
    r"(.+?)(?:[Tt]|\s++)(上午|下午)?\s*+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*+([AaPp][Mm])?\s*+(Z|[+-]\d{2}:?\d{2})?\Z",
    re.ASCII,
)
_INSTANT_LENGTH_MAX = 80
_ACCOUNTING = re.compile(r"\(([\d,.]+)\)\Z", re.ASCII)
_CURRENCY = re.compile(r"^([+-]?)\s*[¥￥$€£]\s*")

_DATES = ("date", "datetime")
_LISTS = ("multi_choice", "tags")
_FILES = ("file", "image", "signature")


# --- in ----------------------------------------------------------------------------------------------------------
def parse_cell(field: Field, cell: Cell) -> Value:
    """The value that a cell gives a field which names no record. Raises ValueProblem; a blank is None.

    To be called inside `fields.times.reading_zone`: times without an offset are taken in that zone.
    """
    if cell is None:
        return None
    if field.type in _FILES:
        raise ValueProblem("不能从表格导入文件。", "takes files, which a table cannot hold.")
    raw: object
    match cell:
        case str():
            raw = _from_text(field, cell)
        case bool():
            raw = cell if field.type == "boolean" else str(cell).lower()
        case int() | float():
            raw = _from_number(field, cell)
        case datetime():
            raw = _from_datetime(field, cell)
        case date():
            raw = _from_day(field, cell)
        case time():
            raw = cell if field.type == "time" else _seconds_of(field, cell)
        case timedelta():
            raw = _from_timedelta(field, cell)
    return field.kind.coerce(field, raw)


def cell_text(cell: Cell) -> str:
    """A cell as a person reads it in a table; numbers without Excel's empty decimals."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case float():
            return f"{Decimal(format(cell, '.15g')):f}" if abs(cell) < 1e30 else str(cell)
        case datetime() | date() | time():
            return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
        case _:
            return str(cell)


def plain_text(text: str) -> str:
    """Without the apostrophe that an export sets before what a spreadsheet would run."""
    return text[1:] if _ESCAPED.match(text) else text


def split_values(text: str) -> list[str]:
    """The values between `;`, `；` and line ends, `\\\\` before one that belongs to the value; blanks left out.

    >>> split_values("a; b；c\\\\;d")
    ['a', 'b', 'c;d']
    """
    parts = [""]
    escaped = False
    for char in text:
        if escaped:
            parts[-1] += char if char in ";；\\\n" else "\\" + char
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in ";；\n":
            parts.append("")
        else:
            parts[-1] += char
    if escaped:
        parts[-1] += "\\"
    return [part.strip() for part in parts if part.strip()]


def join_values(values: list[str]) -> str:
    """The reverse of `split_values`."""
    return ";".join(re.sub(r"([;；\\\n])", r"\\\1", value) for value in values)


def _from_number(field: Field, cell: float) -> object:
    if abs(cell) >= 10**EXCEL_DIGITS:
        raise ValueProblem(
            f"Excel 只保留了前 {EXCEL_DIGITS} 位数字，请把这一列设为文本后重新填写。",
            f"has lost digits: Excel keeps {EXCEL_DIGITS} of a number. Format the column as text and enter it again.",
        )
    if field.type == "date" and cell == int(cell) and int(cell) in _SERIALS:
        return _EXCEL_EPOCH + timedelta(days=int(cell))
    if field.type == "datetime" and int(cell) in _SERIALS:
        midnight = datetime.combine(_EXCEL_EPOCH, time())
        return midnight + timedelta(milliseconds=round(cell * 86_400_000))
    number = Decimal(format(cell, f".{EXCEL_DIGITS}g"))
    if field.type == "boolean" or field.value_type.kind is not Kind.NUMBER:
        text = f"{number:f}"
        return _choice_value(field, text) if field.choices else text
    return int(number) if field.type == "duration" and number == int(number) else number


def _from_datetime(field: Field, cell: datetime) -> object:
    if field.type == "datetime":
        return cell
    if field.type == "time" and cell.year < 1901:
        return cell.time()
    if cell.time() == time():
        return _from_day(field, cell.date())
    if field.type == "date":
        raise ValueProblem("应为日期，不带时间。", "takes a date without a time of day.")
    return cell.isoformat(sep=" ")


def _from_day(field: Field, cell: date) -> object:
    if field.type == "datetime":
        return datetime.combine(cell, time())
    return cell if field.type == "date" else cell.isoformat()


def _seconds_of(field: Field, cell: time) -> object:
    if field.type == "duration":
        return cell.hour * 3600 + cell.minute * 60 + cell.second
    return cell.isoformat()


def _from_timedelta(field: Field, cell: timedelta) -> object:
    seconds = round(cell.total_seconds())
    if field.type == "duration":
        return seconds
    if field.type == "time" and 0 <= seconds < 86_400:
        return (datetime.combine(_EXCEL_EPOCH, time()) + timedelta(seconds=seconds)).time()
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _from_text(field: Field, cell: str) -> object:
    text = plain_text(cell)
    if field.type in _DATES:
        return _date_text(field, narrow(text))
    if field.type in _LISTS:
        return [_choice_value(field, value) for value in split_values(text)]
    if field.choices:
        return _choice_value(field, text)
    if field.value_type.kind is Kind.NUMBER and field.type != "duration":
        if text.isascii() and text.isdigit():
            return text
        amount = narrow(text)
        symbol = _CURRENCY.match(amount)
        amount = symbol[1] + amount[symbol.end() :] if symbol else amount
        negative = _ACCOUNTING.match(amount)
        return f"-{negative[1]}" if negative else amount
    return text


def _choice_value(field: Field, text: str) -> object:
    """The value of the option that a text names by value or, failing that, by one of its labels."""
    if any(str(option.value) == text for option in field.choices):
        return text
    word = text.casefold()
    found = [o.value for o in field.choices if word in (o.label.zh.casefold(), o.label.en.casefold())]
    if len(found) > 1:
        raise ValueProblem(
            f"有多个选项叫「{text}」，请填写它的值。",
            f"has several options called “{text}”: give its value.",
        )
    return found[0] if found else text


def _date_text(field: Field, text: str) -> object:
    """An ISO date, or an ISO date and a time; the rest is left to the field type to refuse."""
    found = _INSTANT.match(text) if len(text) <= _INSTANT_LENGTH_MAX else None
    day, at, zone = text, "", ""
    if found is not None:
        half = (found[2] or found[4] or "").lower()
        day, at, zone = found[1], _clock_text(found[3], half), found[5] or ""
    known = _day_text(field, day)
    if field.type == "datetime":
        return f"{known} {at or '00:00'}{zone}"
    if at.strip("0:."):
        raise ValueProblem("应为日期，不带时间。", "takes a date without a time of day.")
    return known


def _clock_text(clock: str, half: str) -> str:
    hour, _, rest = clock.partition(":")
    if half in ("pm", "下午") and int(hour) < 12:
        return f"{int(hour) + 12}:{rest}"
    return f"0:{rest}" if half in ("am", "上午") and int(hour) == 12 else clock


def _day_text(field: Field, text: str) -> str:
    if found := _DAY_MONTH.match(text):
        first, second, year = int(found[1]), int(found[3]), found[4]
        if first <= 12 and second <= 12 and first != second:
            raise ValueProblem(
                f"「{text}」分不清日和月，请写成 {year}-{first:02d}-{second:02d} 或 {year}-{second:02d}-{first:02d}。",
                f"cannot tell day and month in “{text}”: write {year}-{first:02d}-{second:02d} or "
                f"{year}-{second:02d}-{first:02d}.",
            )
        day, month = (first, second) if first > 12 else (second, first)
        return f"{year}-{month:02d}-{day:02d}"
    if _SHORT_YEAR.match(text):
        raise ValueProblem(f"「{text}」的年份要写四位。", f"needs a year of four digits, not “{text}”.")
    if found := _COMPACT.match(text):
        return "-".join(found.groups())
    if text.isascii() and text.isdigit() and int(text) in _SERIALS:
        return (_EXCEL_EPOCH + timedelta(days=int(text))).isoformat()
    if found := _WORDED.match(text):
        day_word, month_word, year = (
            (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        )
        month_name = month_word.lower()[:3]
        if month_name in _MONTHS:
            return f"{year}-{_MONTHS.index(month_name) + 1:02d}-{int(day_word):02d}"
    return text


# --- out ---------------------------------------------------------------------------------------------------------
def show_cell(field: Field, value: Json, zone: ZoneInfo) -> Cell:
    """What stands in a table for a JSON value of a field which names no record: numbers, dates and booleans as such.

    Decimals are `Decimal` in texts of their own scale; instants are texts with the offset of `zone`. A masked value is
    a text and stays one.
    """
    if value is None or value == []:
        return None
    if isinstance(value, str) and "•" in value:
        return value
    if field.type in _FILES:
        return join_values([str(v.get("name", "")) for v in (value if isinstance(value, list) else [value])])
    match field.value_type.kind:
        case Kind.BOOLEAN:
            return bool(value)
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.DATETIME:
            return datetime.fromisoformat(value).astimezone(zone)
        case Kind.LIST:
            return join_values([str(item) for item in value])
        case Kind.JSON:
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value) if isinstance(value, bool | dict | list) else value


def safe_text(text: str) -> str:
    """With an apostrophe before what a spreadsheet would run as a formula, unless it is a number; `plain_text` undoes it."""
    return f"'{text}" if _RISKY.match(text) and not _NUMERIC.match(text) else text
