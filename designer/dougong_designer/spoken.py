"""Formulas as a person would say them, as far as that goes without linking: labels for names, words for signs.

For one line on a canvas, never to be read back: `stage <> 'done'` becomes `阶段 不是「已完成」`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dougong_designer.panel.offers import entity_at, options_of
from dougong_designer.patch import Documents, Tokens
from dougong_runtime.labels import Label
from dougong_runtime.model.system_fields import system_fields

LENGTH_MAX = 600
"""Longer formulas are shown as they are written."""
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*|[A-Z][A-Z_0-9]*\b(?:\(\))?|<>|<=|>=|[=<>&]|\s+|[^\s]"
)
_SIGNS: Mapping[str, tuple[str, str]] = {
    "<>": ("不是", "is not"),
    "=": ("是", "is"),
    ">=": ("≥", "≥"),
    "<=": ("≤", "≤"),
    "AND": ("且", "and"),
    "OR": ("或", "or"),
    "NOT": ("非", "not"),
    "NULL": ("空", "empty"),
    "TRUE": ("是", "yes"),
    "FALSE": ("否", "no"),
    "IN": ("属于", "in"),
    "&": ("连", "&"),
    "COUNT()": ("数量", "count"),
    "TODAY()": ("今天", "today"),
    "NOW()": ("现在", "now"),
    "ME()": ("本人", "oneself"),
    "SUM": ("合计", "sum of "),
    "AVG": ("平均", "mean of "),
    "MIN": ("最小", "least of "),
    "MAX": ("最大", "greatest of "),
    "COUNT": ("个数", "count of "),
    "SETTING": ("设置", "setting"),
}
_EITHER_CASE = frozenset({"AND", "OR", "NOT", "NULL", "TRUE", "FALSE", "IN"})
"""Signs that formulas may write in small letters too; no field is called so."""
_DIRECTORY: Mapping[str, tuple[str, str]] = {
    "team": ("团队", "team"),
    "leader": ("负责人", "leader"),
    "name": ("姓名", "name"),
    "parent": ("上级", "above"),
    "manager": ("上级", "manager"),
}
"""Fields of people and teams, which are no part of an app's documents."""
_ROOTS = frozenset({"record", "item", "old", "previous"})


def spoken(documents: Documents, tokens: Tokens, text: Any) -> Label:
    """A formula that stands at a place, in words."""
    written = str(text).lower() if isinstance(text, bool) else str(text)
    if not isinstance(text, str) or len(text) > LENGTH_MAX:
        return Label(written, written)
    entity = entity_at(documents, tokens)
    zh: list[str] = []
    en: list[str] = []
    options: dict[str, Label] = {}
    before = ""
    for token in _TOKEN.findall(" ".join(text.split())):
        sign = token.upper() if token.upper() in _EITHER_CASE else token
        word = _SIGNS.get(sign)
        if word is None and token.startswith("'"):
            inner = token[1:-1].replace("''", "'")
            said = options.get(inner) or (_setting(documents, inner) if before == "(" else None)
            said = said or Label(inner, inner)
            word = (f"「{said.zh}」", f"“{said.en}”")
        elif word is None and token[0].islower():
            path, options = _path(documents, tokens, entity, token)
            word = (path.zh, path.en)
        zh.append(word[0] if word else token)
        en.append(word[1] if word else token)
        before = token if token.strip() else before
    return Label("".join(zh).strip().replace(" 「", "「"), "".join(en).strip())


def _path(
    documents: Documents, tokens: Tokens, entity: str | None, text: str
) -> tuple[Label, dict[str, Label]]:
    parts = text.split(".")
    said: list[Label] = []
    if parts[0] == "steps" and len(parts) > 1:
        step = next((s for s in _steps(documents.get(tokens[0])) if s.get("id") == parts[1]), {})
        entity = str(step.get("entity") or "") or entity_at(documents, tokens)
        target = documents.get(f"entity/{step.get('entity')}")
        named = step.get("label") or (target.get("label") if isinstance(target, Mapping) else None)
        said.append(Label.of(named, parts[1]))
        parts = parts[2:]
    elif parts[0] in _ROOTS and len(parts) > 1:
        parts = parts[1:]
    options: dict[str, Label] = {}
    for part in parts:
        field = _field(documents, entity, part)
        if field is None:
            system = system_fields("", "").get(part)
            said.append(system.label if system is not None else Label(*_DIRECTORY.get(part, (part, part))))
            entity = None
            continue
        said.append(Label.of(field.get("label"), part))
        options = {str(one.value): one.label for one in options_of(field)}
        target = field.get("to")
        entity = target if isinstance(target, str) else None
    return Label(" › ".join(s.zh for s in said), " › ".join(s.en for s in said)), options


def _field(documents: Documents, entity: str | None, name: str) -> Mapping[str, Any] | None:
    data = documents.get(f"entity/{entity}")
    listed = data.get("fields") if isinstance(data, Mapping) else None
    for field in listed if isinstance(listed, list) else ():
        if isinstance(field, Mapping) and field.get("name") == name:
            return field
    return None


def _setting(documents: Documents, code: str) -> Label | None:
    for key, data in documents.items():
        if key.startswith("settings/"):
            for one in data.get("values", ()):
                if isinstance(one, Mapping) and one.get("code") == code:
                    return Label.of(one.get("label"), code)
    return None


def _steps(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "do" in value:
            yield value
        for one in value.values():
            yield from _steps(one)
    elif isinstance(value, list):
        for one in value:
            yield from _steps(one)
