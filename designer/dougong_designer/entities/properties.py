"""What a field of a type may say: inputs made from the schema of its type, and values taken from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from dougong_designer.entities.fields import Data, changing, set_label
from dougong_designer.entities.types import LINKING, UNSTORED, UNWRITTEN
from dougong_designer.patch import Documents
from dougong_runtime.documents.schema import schema_of
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label
from dougong_runtime.model.link_fields import COMMON, STRUCTURE, UNRESULTS

Input: TypeAlias = Literal["text", "number", "switch", "select", "label", "formula", "list"]
BAD_NUMBER = problem_type("bad-number", 422, "应为数字。", "A number is expected.")
UNKNOWN_PROPERTY = problem_type(
    "unknown-field-property", 422, "这种字段没有「{name}」。", "Such a field has no “{name}”."
)

_WORDS: Mapping[str, Mapping[str, Label]] = {
    "on_delete": {
        "refuse": Label("还有人引用就不许删", "Refused while it is named"),
        "cascade": Label("一起进回收站", "Goes to the trash with it"),
        "clear": Label("清空这个字段", "This field is cleared"),
    },
    "scheme": {
        "cn_id": Label("居民身份证", "Resident id (China)"),
        "uscc": Label("统一社会信用代码", "Company code (China)"),
        "passport": Label("护照", "Passport"),
        "any": Label("任意号码", "Any number"),
    },
    "refresh": {"hourly": Label("每小时", "Every hour"), "daily": Label("每天", "Every day")},
    "visible": {
        "stored": Label("存下一个值，谁看都一样", "One stored value, the same for all"),
        "rows": Label("按各人能看到的记录算", "Over the records that each reader sees"),
    },
}
_NAMES: Mapping[str, Label] = {
    "on_delete": Label("对方被删除时", "When the other is deleted"),
    "inverse": Label("从对方看回来叫", "Called from the other side"),
    "scheme": Label("号码种类", "Kind of number"),
    "pattern": Label("编号样式", "Pattern"),
    "result": Label("结果类型", "Type of result"),
    "refresh": Label("多久重算", "Computed anew"),
    "visible": Label("给谁算", "Computed for"),
}
_OWN = ("formula", "to", "options", "result")
"""Properties that have inputs of their own, or stand elsewhere."""
_FORMULA_ALSO = ("scale", "precision", "currency", "unit")
"""Properties of the result's type that a formula may say."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property as the panel asks for it."""

    name: str
    input: Input
    label: Label
    value: Any
    choices: tuple[tuple[str, Label], ...] = ()
    help: Label | None = None
    hint: str = ""
    """What holds where it is left out."""


def properties_of(field: Data) -> tuple[Property, ...]:
    """The properties of its own that a field's type has."""
    kind = FIELD_TYPES.find(str(field.get("type")))
    if kind is None:
        return ()
    schema = dict(kind.schema)
    if kind.name == "formula":
        result = FIELD_TYPES.find(str(field.get("result", "")))
        schema |= {n: s for n, s in (result.schema if result else {}).items() if n in _FORMULA_ALSO}
    if kind.name in ("user", "team"):
        reference = FIELD_TYPES.get("reference").schema
        schema |= {name: reference[name] for name in ("inverse", "on_delete")}
    made = []
    for name, part in schema.items():
        if name in _OWN or (name == "pattern" and kind.name != "autonumber"):
            continue
        if name == "on_delete" and not field.get("inverse") and kind.name in ("user", "team"):
            continue
        made.append(_property(name, part, field))
    return tuple(made)


def results() -> tuple[tuple[str, Label], ...]:
    """Types that a formula's result may have."""
    known: list[str] = FIELD_TYPES.get("formula").schema["result"]["enum"]
    return tuple((name, FIELD_TYPES.get(name).label) for name in known if name not in UNRESULTS)


def demands_of(field: Data) -> tuple[str, ...]:
    """What may be asked of a field of its type: required, unique, sensitive, search."""
    kind = str(field.get("type"))
    found = []
    if kind not in UNWRITTEN:
        found.append("required")
    if kind not in UNSTORED:
        found.append("unique")
    return (*found, "sensitive", "search")


def takes_default(field: Data) -> bool:
    """Whether a new record's value may be said beforehand."""
    return str(field.get("type")) not in (*UNWRITTEN, "references")


def allowed(type_name: str, result: str = "") -> frozenset[str]:
    """Properties that a field of a type may have."""
    kind = FIELD_TYPES.get(type_name)
    found = COMMON | STRUCTURE.get(type_name, frozenset()) | kind.schema.keys()
    of_result = FIELD_TYPES.find(result)
    return found | (of_result.schema.keys() if of_result is not None else frozenset())


def set_property(documents: Documents, key: str, identity: str, name: str, text: str) -> Documents:
    """A field with one property as an input gives it: its text; `true` or nothing for a switch.

    Raises Refused (BAD_NUMBER, UNKNOWN_PROPERTY).
    """

    def change(field: Data) -> Data:
        stem, _, language = name.partition(".")
        if stem not in allowed(str(field.get("type")), str(field.get("result", ""))) or stem in (
            "id",
            "name",
            "type",
            "options",
            "stages",
            "transitions",
        ):
            raise refuse(UNKNOWN_PROPERTY, name, name=stem)
        value: Any
        if language in ("zh", "en"):
            value = set_label(field.get(stem), "zh" if language == "zh" else "en", text)
        else:
            value = _value(stem, text, field)
        return with_property(field, stem, value)

    return changing(documents, key, identity, change)


def with_property(data: Data, name: str, value: Any) -> Data:
    """A property set where it stands, else behind the others; None takes it out."""
    made = {**data, name: value}
    return {one: inner for one, inner in made.items() if inner is not None}


def _property(name: str, part: Mapping[str, Any], field: Data) -> Property:
    words = schema_of("entity")["properties"]["fields"]["items"]["properties"].get(name, {})
    zh = words.get("x-zh", {})
    label = _NAMES.get(name) or Label(
        str(zh.get("title", part.get("title", name))), str(words.get("title", part.get("title", name)))
    )
    help_ = Label(str(zh.get("description", "")), str(words.get("description", "")))
    value = field.get(name)
    hint = json.dumps(part["default"]) if "default" in part else ""
    if "enum" in part:
        own = _WORDS.get(name, {})
        choices = tuple((str(one), own.get(str(one), Label(str(one), str(one)))) for one in part["enum"])
        default = part.get("default") if value is None else value
        return Property(name, "select", label, default, choices, help_)
    if str(part.get("$ref", "")).endswith("/label"):
        return Property(name, "label", label, value, (), help_)
    match part.get("type"):
        case "boolean":
            return Property(name, "switch", label, part.get("default") if value is None else value, (), help_)
        case "integer" | ["number", "string"]:
            return Property(name, "number", label, value, (), help_, hint)
        case "array":
            return Property(name, "list", label, ", ".join(value or ()), (), help_)
        case _:
            return Property(name, "text", label, value, (), help_, hint.strip('"'))


def _value(name: str, text: str, field: Data) -> Any:
    if name in ("required", "unique", "sensitive", "search"):
        return True if text == "true" else None
    if name in ("default", "formula"):
        return text or None
    if name == "to" and field.get("type") in LINKING:
        return text or None
    kind = FIELD_TYPES.get(str(field.get("type")))
    part = dict(kind.schema).get(name, {})
    if not part:
        result = FIELD_TYPES.find(str(field.get("result", "")))
        part = dict(result.schema).get(name, {}) if result is not None else {}
    types = part.get("type")
    if types == "boolean":
        stated = text == "true"
        return None if stated == part.get("default", False) else stated
    if not text:
        return None
    if types == "integer":
        return _whole(name, text)
    if types == ["number", "string"]:
        return _whole(name, text) if text.lstrip("-").isdecimal() and len(text) < 16 else text
    if types == "array":
        return [piece for one in text.replace("，", ",").split(",") if (piece := one.strip())]
    if text == part.get("default"):
        return None
    return text


def _whole(name: str, text: str) -> int:
    plain = text.replace(",", "")
    if not plain.lstrip("-").isdecimal() or len(plain) > 15:
        raise refuse(BAD_NUMBER, name)
    return int(plain)
