"""Properties of what stands on a form or page: which a thing has, and writing one of them.

A property is named as in the schema, `list.filter` or `section.zh` for those within another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from dougong_designer.layouts import (
    Json,
    Spot,
    changed,
    entry_at,
    find,
    plain_entry,
    replace_entry,
    root_of,
)
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse

Form: TypeAlias = Literal["words", "text", "formula", "whole", "yes", "names", "word"]

FORMS: Mapping[str, Form] = {
    "label": "words",
    "help": "words",
    "section": "words",
    "thanks": "words",
    "text": "words",
    "show": "formula",
    "required": "formula",
    "readonly": "formula",
    "filter": "formula",
    "metric": "formula",
    "compare": "formula",
    "target": "formula",
    "columns": "whole",
    "width": "whole",
    "height": "whole",
    "limit": "whole",
    "recent": "whole",
    "starred": "whole",
    "mentions": "whole",
    "collapsed": "yes",
    "public": "yes",
    "edit": "yes",
    "fields": "names",
    "sort": "names",
    "roles": "names",
    "timeline": "names",
    "actions": "names",
    "icon": "word",
    "of": "word",
    "form": "word",
    "report": "word",
    "view": "word",
    "chart": "word",
    "format": "word",
    "entity": "word",
    "tasks": "word",
    "due": "word",
    "done": "word",
    "widget": "word",
}
"""Property → how it is written in a box."""
KEPT = (
    "section",
    "tabs",
    "list",
    "text",
    "metric",
    "timeline",
    "report",
    "view",
    "form",
    "tasks",
    "of",
    "actions",
)
"""Properties that make a thing what it is: emptied, they stay."""
LANGUAGES = ("zh", "en")
DIGITS_MAX = 4

NOT_A_NUMBER = problem_type(
    "layout-not-a-number", 422, "这里要填一个整数。", "A whole number is expected here.")  # fmt: skip


def node_at(data: Json, at: str) -> Json:
    """What is named by `at`: the document itself (""), a part, a tab, or a field's entry as a whole mapping.

    Raises Refused (GONE)."""
    if not at:
        return data
    spot = Spot.of(at)
    if spot is None:
        return find(data, at).node
    entry = entry_at(data, spot)
    return entry if isinstance(entry, Mapping) else {"field": entry}


def kind_at(data: Json, at: str) -> str:
    """`form` or `page`, `field`, `tab`, or the property that makes a part what it is: `section`, `metric` …"""
    if not at:
        return str(data["kind"])
    if Spot.of(at) is not None:
        return "field"
    found = find(data, at)
    return "tab" if found.is_tab else kind_of(found.node)


def kind_of(node: Json) -> str:
    """What makes a part what it is."""
    for kind in _PARTS:
        if kind in node:
            return kind
    return "fields"


_PARTS = (
    "section", "tabs", "metric", "timeline", "report", "tasks", "view", "form", "text", "actions", "history", "comments",
    "files", "recent", "starred", "mentions", "list", "fields",
)  # fmt: skip


def set_property(data: Json, at: str, name: str, texts: Sequence[str]) -> dict[str, Any]:
    """One property as it was written in its box; emptied, it goes. Raises Refused (GONE, NOT_A_NUMBER, NOT_FOUND)."""
    path = tuple(name.split("."))
    node = node_at(data, at)
    new = _with(node, path, _value(path, texts))
    if not at:
        return dict(new)
    spot = Spot.of(at)
    if spot is not None:
        if not new.get("field"):
            raise refuse(NOT_FOUND, name=name)
        return replace_entry(data, spot, plain_entry(new))
    return changed(data, at, lambda _: new)


def form_of_property(path: Sequence[str]) -> Form:
    """How a property is written. Raises Refused (NOT_FOUND) for one that is none."""
    last = path[-2] if path[-1] in LANGUAGES and len(path) > 1 else path[-1]
    found = FORMS.get(last)
    if found is None:
        raise refuse(NOT_FOUND, name=".".join(path))
    return found


def _value(path: Sequence[str], texts: Sequence[str]) -> Any:
    """The value of a box; None where it is empty."""
    form = form_of_property(path)
    text = texts[-1].strip() if texts else ""
    if form == "yes":
        return True if text in ("true", "on", "1") else None
    if form == "names":
        names = [n.strip() for t in texts for n in t.replace("，", ",").split(",")]
        return [n for n in names if n] or None
    if form == "whole":
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX):
            raise refuse(NOT_A_NUMBER, path[-1])
        return int(text)
    if (
        form == "formula"
        and text.upper() in ("TRUE", "FALSE")
        and path[-1] in ("show", "required", "readonly")
    ):
        return text.upper() == "TRUE"
    return text or None


def _with(node: Json, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A mapping with a property written, or taken out (None)."""
    name, rest = path[0], path[1:]
    if rest and rest[0] in LANGUAGES:
        return _put(node, name, _said(node.get(name), rest[0], value))
    if rest:
        inner = node.get(name)
        new = _with(inner if isinstance(inner, Mapping) else {}, rest, value)
        return _put(node, name, new)
    return _put(node, name, value)


def _put(node: Json, name: str, value: Any) -> dict[str, Any]:
    if value is None or value == {}:
        if name in KEPT and name in node:
            kept = node[name]
            empty: Any = [] if isinstance(kept, list) else kept if isinstance(kept, Mapping) else ""
            return {**node, name: kept if name in ("list", "timeline", "actions", "of") else empty}
        return {key: old for key, old in node.items() if key != name}
    return {**node, name: value}


def _said(raw: Any, language: str, text: str | None) -> Any:
    """Words with those of one language written; what is said in the other stays."""
    words = dict(raw) if isinstance(raw, Mapping) else dict.fromkeys(LANGUAGES, raw) if raw else {}
    if isinstance(raw, str) and raw and text == raw:
        return raw
    if text:
        words[language] = text
    else:
        words.pop(language, None)
    return {key: words[key] for key in LANGUAGES if key in words} or None


def roots(data: Json) -> list[Json]:
    """The parts at the top of a form or page."""
    return [part for part in data.get(root_of(data)) or () if isinstance(part, Mapping)]
