"""The registry of inputs: how a field is filled in, how its value stands in the box, and how what was typed is read.

A widget belongs to types of fields by name; a plug-in's type names one of these, or registers its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.pages import typed, when
from dougong_runtime.pages.faces import MASK, type_of
from dougong_runtime.pages.reading import Reader, decimal, instant, plain
from dougong_runtime.registry import Registry

Entry = Callable[[Field, Json, Reader], Any]
Read = Callable[[Field, Sequence[str], Reader], Json]


@dataclass(frozen=True, slots=True)
class Widget:
    """`draw` names the macro in `components/input`; `entry` gives what stands in the box, `read` what it means."""

    draw: str
    entry: Entry
    read: Read
    wide: bool = False
    """Whether it takes the whole row."""


WIDGETS: Registry[Widget] = Registry("widget", "dougong.widgets")


def widget_of(field: Field) -> Widget:
    """The widget of a field: that of its own name, else that of its type's face, else a line of text."""
    own = field.options.get("widget")
    for name in (own, field.type, field.kind.widget, type_of(field)):
        found = WIDGETS.find(name) if isinstance(name, str) else None
        if found is not None:
            return found
    return WIDGETS.get("text")


def _as_text(field: Field, value: Json, reader: Reader) -> str:
    return "" if value is None else str(value)


def _first(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = texts[-1].strip() if texts else ""
    return text or None


def _untrimmed(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = texts[-1].replace("\r\n", "\n") if texts else ""
    return text if text.strip() else None


def _number(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _first(field, texts, reader)
    return None if text is None else typed.amount(text)


def _money_entry(field: Field, value: Json, reader: Reader) -> str:
    return "" if value is None else typed.grouped(value)


def _duration_entry(field: Field, value: Json, reader: Reader) -> str:
    return "" if value is None else typed.clock(value)


def _duration(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _first(field, texts, reader)
    return None if text is None else typed.seconds(text)


def _url(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _first(field, texts, reader)
    return None if text is None else typed.web_address(text)


def _percent_entry(field: Field, value: Json, reader: Reader) -> str:
    found = decimal(value)
    return _as_text(field, value, reader) if found is None else plain(found * 100)


def _percent(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _number(field, [t.replace("%", "").replace("％", "") for t in texts], reader)
    found = decimal(text)
    return text if found is None else plain(found / 100)


def _integer_choice(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _first(field, texts, reader)
    option = next((o for o in field.choices if str(o.value) == text), None)
    return text if option is None else option.value


def _several(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    by_text = {str(o.value): o.value for o in field.choices}
    return [by_text.get(t, t) for t in texts if t]


def _tags(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    if field.choices:
        return _several(field, texts, reader)
    parts = [
        p.strip() for t in texts for p in t.replace("，", ",").replace("、", ",").replace(";", ",").split(",")
    ]
    return list(dict.fromkeys(p for p in parts if p))


def _tags_entry(field: Field, value: Json, reader: Reader) -> Any:
    values = value if isinstance(value, list) else []
    return [str(v) for v in values] if field.choices else ", ".join(str(v) for v in values)


def _list_entry(field: Field, value: Json, reader: Reader) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _boolean(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    return bool(texts) and texts[-1] in ("true", "on", "1")


def _boolean_entry(field: Field, value: Json, reader: Reader) -> bool:
    return value is True


def _moment_entry(field: Field, value: Json, reader: Reader) -> str:
    at = instant(value)
    return _as_text(field, value, reader) if at is None else f"{reader.local(at):%Y-%m-%d %H:%M}"


def _moment(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _first(field, texts, reader)
    if text is None:
        return None
    try:
        at = when.moment(text, reader.local(reader.now).replace(tzinfo=None)) or datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(reader.time_zone))
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _date(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _first(field, texts, reader)
    found = None if text is None else when.day(text, reader.today)
    return text if found is None else found.isoformat()


def _date_entry(field: Field, value: Json, reader: Reader) -> str:
    return _as_text(field, value, reader)


def _record_entry(field: Field, value: Json, reader: Reader) -> Mapping[str, str]:
    if isinstance(value, Mapping):
        return {
            "id": str(value.get("id") or ""),
            "title": str(value.get("title") or value.get("id") or ""),
            "entity": str(value.get("entity") or (field.targets[0] if field.targets else "")),
        }
    entity = field.targets[0] if field.targets else ""
    return {"id": str(value or ""), "title": str(value or ""), "entity": entity}


def _records_entry(field: Field, value: Json, reader: Reader) -> list[Mapping[str, str]]:
    return [_record_entry(field, v, reader) for v in value] if isinstance(value, list) else []


def _ids(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    """Ids of files; the box brings an empty text along, so that all may be removed."""
    ids = list(dict.fromkeys(t for t in texts if t))
    return ids if field.options.get("multiple") else (ids[-1] if ids else None)


def _json_entry(field: Field, value: Json, reader: Reader) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _json(field: Field, texts: Sequence[str], reader: Reader) -> Json:
    text = _untrimmed(field, texts, reader)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def is_masked(value: Json) -> bool:
    """Whether a value is only the mask of one: it is never put into a box."""
    return isinstance(value, str) and MASK in value


for _name, _widget in {
    "text": Widget("line", _as_text, _first),
    "long_text": Widget("area", _as_text, _untrimmed, wide=True),
    "rich_text": Widget("rich", _as_text, _untrimmed, wide=True),
    "integer": Widget("number", _as_text, _number),
    "decimal": Widget("number", _as_text, _number),
    "number": Widget("number", _as_text, _number),
    "money": Widget("money", _money_entry, _number),
    "percent": Widget("percent", _percent_entry, _percent),
    "duration": Widget("duration", _duration_entry, _duration),
    "rating": Widget("rating", _as_text, _number),
    "boolean": Widget("check", _boolean_entry, _boolean),
    "date": Widget("date", _date_entry, _date),
    "datetime": Widget("moment", _moment_entry, _moment),
    "time": Widget("time", _as_text, _first),
    "choice": Widget("select", _as_text, _integer_choice),
    "stage": Widget("select", _as_text, _first),
    "multi_choice": Widget("checks", _list_entry, _several, wide=True),
    "tags": Widget("tags", _tags_entry, _tags),
    "email": Widget("email", _as_text, _first),
    "phone": Widget("phone", _as_text, _first),
    "url": Widget("url", _as_text, _url),
    "color": Widget("color", _as_text, _first),
    "json": Widget("code", _json_entry, _json, wide=True),
    "filter": Widget("code", _as_text, _first, wide=True),
    "address": Widget("address", _as_text, _untrimmed, wide=True),
    "user": Widget("record", _record_entry, _first),
    "team": Widget("record", _record_entry, _first),
    "reference": Widget("record", _record_entry, _first),
    "references": Widget("records", _records_entry, _first, wide=True),
    "file": Widget("files", _as_text, _ids),
    "image": Widget("files", _as_text, _ids),
    "signature": Widget("signature", _as_text, _ids),
}.items():
    WIDGETS.register(_name, _widget)
