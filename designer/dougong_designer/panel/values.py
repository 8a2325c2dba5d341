"""How a value stands in an input, and what an entered one is as a value.

shown(widget, value)                  the texts that the inputs of a property bear
entered(property schema, …)           the value that was entered; the old one where the texts are those that were shown

The second law is what keeps documents as they are: 3 stays 3 and "3" stays "3", a label written in one language stays a
text, until somebody really changes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any, Literal, TypeAlias

from dougong_designer.panel.schema import MISSING, Schema, followed
from dougong_runtime.documents.export import document_text
from dougong_runtime.documents.problems import BAD_VALUE
from dougong_runtime.documents.yaml_text import TextProblem, parse, plain_number
from dougong_runtime.errors import Refused, refuse

Widget: TypeAlias = Literal[
    "fixed",
    "text",
    "area",
    "label",
    "number",
    "switch",
    "choice",
    "choices",
    "reference",
    "names",
    "map",
    "formula",
    "scalar",
    "group",
    "members",
    "yaml",
]
"""The kinds of inputs that a property may have."""
Texts: TypeAlias = Mapping[str, Sequence[str]]
"""Part of the input → what it bears: `{"": ["high"]}`, `{"zh": ["就诊"], "en": ["Visit"]}`, `{"key": …, "value": …}`."""

OPENED: frozenset[Widget] = frozenset({"group", "members"})
"""Widgets that are no inputs but ways to what lies below."""
ENTRIES_MAX = 2_000
TEXT_MAX = 100_000
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?\Z")


def shown(widget: Widget, value: Any) -> dict[str, list[str]]:
    """The texts of a property's inputs. Absent is empty."""
    if widget == "label":
        if isinstance(value, Mapping):
            return {"zh": [str(value.get("zh", ""))], "en": [str(value.get("en", ""))]}
        return {"zh": [_text(value)], "en": [""]}
    if widget == "map":
        pairs = list(value.items()) if isinstance(value, Mapping) else []
        return {"key": [str(key) for key, _ in pairs], "value": [_plain(inner) for _, inner in pairs]}
    if widget in ("names", "choices"):
        listed = value if isinstance(value, list) else [] if value is MISSING else [value]
        return {"": [_plain(one) for one in listed]}
    if widget == "yaml":
        return {"": [""] if value is MISSING else [yaml_of(value)]}
    if widget == "switch":
        return {"": ["true"] if value is True else []}
    return {"": [_text(value)]}


def entered(widget: Widget, schema: Schema, old: Any, given: Texts) -> Any:
    """The value that the texts mean; `MISSING` where all are empty. Raises Refused (BAD_VALUE)."""
    texts = {part: [text.replace("\r\n", "\n") for text in found] for part, found in given.items()}
    if sum(len(text) for found in texts.values() for text in found) > TEXT_MAX:
        raise _bad("太长。", "is too long.")
    if any(len(found) > ENTRIES_MAX for found in texts.values()):
        raise _bad("项目太多。", "has too many entries.")
    before = shown(widget, old)
    if {p: f for p, f in texts.items() if f} == {p: f for p, f in before.items() if f}:
        return old
    if widget == "label":
        return _label(old, texts)
    if widget == "map":
        return _map(old, texts)
    if widget == "switch":
        return _one(texts) == "true"
    if widget in ("names", "choices"):
        found = [text.strip() for text in texts.get("", ()) if text.strip()]
        return _listed(schema, old, found)
    text = _one(texts)
    if widget == "yaml":
        return _yaml(text)
    if not text.strip():
        return MISSING
    return _scalar(widget, schema, text if widget in ("area", "formula") else text.strip())


def _scalar(widget: Widget, schema: Schema, text: str) -> Any:
    if widget == "number":
        types = _types(schema)
        pattern = _WHOLE if types == {"integer"} else _NUMBER
        if pattern.match(text) is None:
            zh, en = (
                ("应为整数。", "is a whole number.") if pattern is _WHOLE else ("应为数字。", "is a number.")
            )
            raise _bad(zh, en)
        return typed(text, types)
    if widget == "choice":
        return next((one for one in schema.get("enum", ()) if _plain(one) == text), text)
    if widget in ("formula", "scalar"):
        return typed(text, _types(schema))
    return typed(text, _types(schema)) if "string" not in _types(schema) and _types(schema) else text


def typed(text: str, types: set[str]) -> Any:
    """A text as the plainest of some JSON types: `true` as a truth where one may stand, `3` as a number."""
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if types & {"number", "integer"} and _WHOLE.match(text):
        return int(text)
    if "number" in types and _NUMBER.match(text):
        return plain_number(text)
    return text


def _label(old: Any, texts: Texts) -> Any:
    zh, en = (next(iter(texts.get(part, ())), "").strip() for part in ("zh", "en"))
    if not zh and not en:
        return MISSING
    if not isinstance(old, Mapping) and old is not MISSING and not en:
        return zh
    made = {part: text for part, text in (("zh", zh), ("en", en)) if text}
    if isinstance(old, Mapping):
        order = [part for part in old if part in made] + [part for part in made if part not in old]
        return {part: made[part] for part in order}
    return made


def _map(old: Any, texts: Texts) -> Any:
    keys, values = texts.get("key", ()), texts.get("value", ())
    if len(keys) != len(values):
        raise _bad("名称和值的数目不同。", "has as many names as values.")
    before = old if isinstance(old, Mapping) else {}
    made: dict[str, Any] = {}
    for key, text in zip(keys, values, strict=True):
        name = key.strip()
        if not name and not text.strip():
            continue
        if not name:
            raise _bad("缺少名称。", "lacks a name.")
        if name in made:
            raise _bad(f"「{name}」写了两次。", f"says “{name}” twice.")
        made[name] = before[name] if name in before and _plain(before[name]) == text else _typed_any(text)
    return made


def _typed_any(text: str) -> Any:
    return None if text == "null" else typed(text, {"boolean", "number"})


def _listed(schema: Schema, old: Any, found: list[str]) -> Any:
    if not found:
        return MISSING if old is MISSING or "array" not in _types(schema) else []
    items = followed(schema.get("items", {}))
    known = {_plain(one): one for one in items.get("enum", ())}
    kept = {_plain(one): one for one in (old if isinstance(old, list) else [old]) if one is not MISSING}
    made = [kept.get(text, known.get(text, typed(text, _types(items) - {"string"}))) for text in found]
    if len(made) == 1 and not isinstance(old, list) and old is not MISSING:
        return made[0]
    return made


def _yaml(text: str) -> Any:
    if not text.strip():
        return MISSING
    try:
        found = [data for data, _ in parse(text, "")]
    except TextProblem as wrong:
        raise _bad(f"第 {wrong.line} 行：{wrong.zh}", f"Line {wrong.line}: {wrong.en}") from None
    if len(found) != 1:
        raise _bad("应为一个值。", "One value is expected.")
    return found[0]


def yaml_of(value: Any) -> str:
    """A value as a document writes it."""
    if isinstance(value, Mapping):
        return document_text(value).rstrip("\n")
    body = document_text({"x": value}).removeprefix("x:")
    return dedent(body).strip("\n") if body.startswith("\n") else body.strip()


def _types(schema: Schema) -> set[str]:
    stated = schema.get("type")
    if stated is None and "oneOf" in schema:
        return {one for shape in schema["oneOf"] for one in _types(followed(shape))}
    return {stated} if isinstance(stated, str) else set(stated or ())


def _one(texts: Texts) -> str:
    return next(iter(texts.get("", ())), "")


def _text(value: Any) -> str:
    return "" if value is MISSING or value is None else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _bad(zh: str, en: str) -> Refused:
    return refuse(BAD_VALUE, zh=zh, en=en)
