"""The face of a value: what is drawn for it, as plain data. One place decides it for cells, facts, cards and options."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.file_faces import file_face, files_in
from dougong_runtime.pages.markup import markdown, rich
from dougong_runtime.pages.reading import ABSENT, Reader, day, decimal, instant, number, percent

HUES = ("gray", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink")
MASK = "•"
_NUMBERS = frozenset({"integer", "decimal", "money", "percent", "number"})
_PEOPLE = frozenset({"user", "created_by", "updated_by"})
_MOMENTS = frozenset({"datetime", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Face:
    """What is drawn: `draw` names the macro in `components/value`; the rest is what it needs."""

    draw: str
    text: str = ""
    """As read aloud; never the only copy where `hint` has more."""
    color: str = "gray"
    href: str = ""
    hint: str = ""
    parts: tuple[Face, ...] = ()
    raw: Any = None

    @property
    def is_absent(self) -> bool:
        """Whether there is no value."""
        return self.draw == "absent"


NOTHING = Face("absent", ABSENT)


def type_of(field: Field) -> str:
    """The type that decides a field's face: for a formula, that of its result."""
    if field.type != "formula":
        return field.type
    result = field.options.get("result")
    if isinstance(result, str):
        return result
    return {
        Kind.NUMBER: "decimal" if field.value_type.scale else "integer",
        Kind.BOOLEAN: "boolean",
        Kind.DATE: "date",
        Kind.DATETIME: "datetime",
        Kind.TIME: "time",
        Kind.LIST: "tags",
        Kind.RECORD: "user" if field.value_type.targets == ("user",) else "reference",
        Kind.JSON: "json",
    }.get(field.value_type.kind, "text")


def is_number(field: Field) -> bool:
    """Whether its values stand at the right edge."""
    return type_of(field) in _NUMBERS


def is_sum(field: Field) -> bool:
    """Whether its values can be added up to something that means anything: money, or amounts with a unit."""
    kind = type_of(field)
    return kind == "money" or (kind == "decimal" and field.options.get("unit") not in (None, "", "%"))


def is_person(field: Field) -> bool:
    """Whether its values are people."""
    return type_of(field) in _PEOPLE


def unit_of(field: Field, reader: Reader) -> str:
    """The unit or currency, which stands once, in the label or the column's head."""
    unit = field.options.get("unit")
    if isinstance(unit, Mapping):
        return str(unit.get(reader.language) or next(iter(unit.values()), ""))
    if isinstance(unit, str):
        return unit
    currency = field.options.get("currency")
    return currency if isinstance(currency, str) else ""


def hue(key: str) -> str:
    """A hue that follows from a record's id, for recognition only."""
    return HUES[1 + zlib.crc32(key.encode()) % (len(HUES) - 1)]


def initial(name: str) -> str:
    """What an avatar shows: the first character, or the initials of a Latin name."""
    words = name.split()
    if len(words) > 1 and name[0].isascii():
        return (words[0][0] + words[-1][0]).upper()
    return name[:1].upper()


def avatar(key: str, name: str) -> Face:
    """A person's or a record's mark."""
    return Face("avatar", initial(name), color=hue(key or name))


def face(field: Field, value: Json, reader: Reader, *, link: str = "") -> Face:
    """The face of one value as it stands in JSON. `link` is the address of records it may point at, up to the entity."""
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, str) and MASK in value:
        return Face("masked", value)
    maker = _MAKERS.get(type_of(field), _text)
    return maker(field, value, reader, link)


def _text(field: Field, value: Json, reader: Reader, link: str) -> Face:
    if isinstance(value, Mapping):
        return _record(field, value, reader, link)
    if isinstance(value, list):
        return _tags(field, value, reader, link)
    return Face("text", str(value))


def _long(field: Field, value: Json, reader: Reader, link: str) -> Face:
    if field.options.get("markdown"):
        return Face("rich", str(value), raw=markdown(str(value)))
    return Face("long", str(value))


def _rich(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("rich", str(value), raw=rich(str(value)))


def _number(field: Field, value: Json, reader: Reader, link: str) -> Face:
    found = decimal(value)
    return NOTHING if found is None else Face("number", number(value), raw=str(value))


def _percent(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("number", percent(value), raw=str(value))


def _boolean(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("boolean", reader.t("value.yes" if value else "value.no"), raw=bool(value))


def _date(field: Field, value: Json, reader: Reader, link: str) -> Face:
    found = day(value)
    return Face("date", str(value) if found is None else found.isoformat(), raw=str(value))


def _moment(field: Field, value: Json, reader: Reader, link: str) -> Face:
    at = instant(value)
    if at is None:
        return Face("text", str(value))
    return Face("date", reader.moment(at), hint=reader.exact_moment(at), raw=str(value))


def _option(field: Field, value: Json, reader: Reader) -> tuple[str, str]:
    option = field.option(value)
    if option is None:
        return str(value), "gray"
    return reader.label(option.label), option.color if option.color in HUES else "gray"


def _choice(field: Field, value: Json, reader: Reader, link: str) -> Face:
    text, color = _option(field, value, reader)
    return Face("chip", text, color=color, raw=value)


def _stage(field: Field, value: Json, reader: Reader, link: str) -> Face:
    text, color = _option(field, value, reader)
    return Face("state", text, color=color, raw=value)


def _tags(field: Field, value: Json, reader: Reader, link: str) -> Face:
    values = value if isinstance(value, list) else [value]
    if not field.choices:
        return Face("several", parts=tuple(Face("chip", str(v), color=hue(str(v)), raw=v) for v in values))
    return Face("several", parts=tuple(_choice(field, v, reader, link) for v in values))


def _person(field: Field, value: Json, reader: Reader, link: str) -> Face:
    if not isinstance(value, Mapping):
        return Face("text", str(value))
    title = value.get("title")
    if not title:
        return Face("hidden", reader.t("value.not_yours"))
    return Face(
        "person", str(title), color=hue(str(value.get("id", ""))), hint=initial(str(title)), raw=value
    )


def _record(field: Field, value: Json, reader: Reader, link: str) -> Face:
    if not isinstance(value, Mapping):
        return Face("text", str(value))
    title = value.get("title")
    if not title:
        return Face("hidden", reader.t("value.not_yours"), raw=value)
    entity = str(value.get("entity") or (field.targets[0] if field.targets else ""))
    address = f"{link}/{entity}/{value.get('id')}" if link and entity not in ("user", "team") else ""
    return Face("record", str(title), href=address, raw=value)


def _records(field: Field, value: Json, reader: Reader, link: str) -> Face:
    values = value if isinstance(value, list) else [value]
    draw = _person if field.targets == ("user",) else _record
    return Face("several", parts=tuple(replace(draw(field, v, reader, link)) for v in values))


def _email(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("link", str(value), href=f"mailto:{value}")


def _phone(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("link", str(value), href="tel:" + "".join(c for c in str(value) if c in "+0123456789"))


def _url(field: Field, value: Json, reader: Reader, link: str) -> Face:
    text = str(value)
    safe = text.startswith(("https://", "http://"))
    return Face("link", text.removeprefix("https://"), href=text) if safe else Face("text", text)


def _color(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("color", str(value), raw=str(value))


def _rating(field: Field, value: Json, reader: Reader, link: str) -> Face:
    top = int(field.options.get("maximum") or field.options.get("max") or 5)
    got = int(decimal(value) or 0)
    return Face("rating", reader.t("value.rating", got=got, top=top), raw=(got, max(top, got)))


def _json_text(field: Field, value: Json, reader: Reader, link: str) -> Face:
    return Face("json", json.dumps(value, ensure_ascii=False, indent=1))


def _address(field: Field, value: Json, reader: Reader, link: str) -> Face:
    if isinstance(value, Mapping):
        return Face("text", " ".join(str(v) for v in value.values() if v))
    return Face("long", str(value))


def _file(field: Field, value: Json, reader: Reader, link: str) -> Face:
    found = [file_face(facts, field, link) for facts in files_in(value)]
    if not found:
        return Face("text", str(value))
    names = reader.joined([f.name for f in found])
    draw = "images" if all(f.thumb for f in found) else "files"
    return Face(draw, names, hint="signature" if field.type == "signature" else "", raw=tuple(found))


def _plain_duration(field: Field, value: Json, reader: Reader, link: str) -> Face:
    seconds = decimal(value)
    if seconds is None:
        return Face("text", str(value))
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return Face(
        "number", f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}", raw=str(value)
    )


_MAKERS = {
    "long_text": _long,
    "rich_text": _rich,
    "integer": _number,
    "decimal": _number,
    "number": _number,
    "money": _number,
    "percent": _percent,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "created_at": _moment,
    "updated_at": _moment,
    "choice": _choice,
    "stage": _stage,
    "multi_choice": _tags,
    "tags": _tags,
    "user": _person,
    "created_by": _person,
    "updated_by": _person,
    "team": _record,
    "reference": _record,
    "references": _records,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "color": _color,
    "rating": _rating,
    "json": _json_text,
    "address": _address,
    "file": _file,
    "image": _file,
    "signature": _file,
    "duration": _plain_duration,
}
