"""A filter's formula as chips `field · operator · value`, and chips as a formula, wherever both say the same.

What no chip can say stays one chip with its own text, so nothing that was written is ever lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App, Entity
from dougong_runtime.pages.faces import type_of
from dougong_runtime.pages.views import resolve

_PATH = r"(?P<path>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
_TEXT = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_ITEM = rf"\s*+(?:{_TEXT}|-?\d++)\s*+"
_VALUE = (
    rf"(?P<value>{_TEXT}|-?\d+(?:\.\d+)?|TRUE|FALSE|NULL|USER\(\)(?:\.team)?|TODAY\(\)(?:\s*[+-]\s*\d+)?)"
)
_COMPARE = re.compile(rf"{_PATH}\s*(?P<op><>|>=|<=|=|>|<)\s*{_VALUE}\Z", re.IGNORECASE)
_CALL = re.compile(
    rf"(?P<not>NOT\s+)?(?P<function>CONTAINS|STARTS|HAS)\(\s*{_PATH}\s*,\s*{_VALUE}\s*\)\Z", re.IGNORECASE
)
_IN = re.compile(
    rf"(?P<not>NOT\s+)?{_PATH}\s+(?P<not2>NOT\s+)?IN\s*\((?P<values>{_ITEM}(?:,{_ITEM})*)\)\Z",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?P<not>NOT\s+)?{_PATH}\Z", re.IGNORECASE)


BRACKETS_MAX = 8
"""Brackets within brackets that chips look into."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One chip. `op` is a key of OPERATORS, or `formula`: then `text` is all there is."""

    text: str
    path: str = ""
    op: str = "formula"
    value: str = ""
    """The literal's content, without quotes; `USER()` and `TODAY() - 7` as written."""
    is_text: bool = False


def operators(field: Field) -> tuple[str, ...]:
    """The operators that make sense for a field, the likeliest first."""
    kind = field.value_type.kind
    if kind is Kind.TEXT:
        return ("contains", "lacks", "eq", "ne", "starts", "in", "empty", "filled")
    if kind is Kind.NUMBER:
        return ("ge", "le", "eq", "ne", "gt", "lt", "empty", "filled")
    if kind in (Kind.DATE, Kind.DATETIME):
        return ("within", "last", "next", "ge", "le", "eq", "gt", "lt", "empty", "filled")
    if kind is Kind.TIME:
        return ("ge", "le", "eq", "gt", "lt", "empty", "filled")
    if kind is Kind.CHOICE:
        ordered = () if type_of(field) == "stage" else ("ge", "le")
        return ("eq", "ne", "in", "notin", *ordered, "empty", "filled")
    if kind is Kind.BOOLEAN:
        return ("yes", "no")
    if kind is Kind.RECORD:
        targets = field.value_type.targets
        mine = "mine" if targets == ("user",) else "myteam" if targets == ("team",) else ""
        return (*filter(None, [mine]), "eq", "ne", "in", "notin", "empty", "filled")
    if kind is Kind.LIST:
        return ("has", "hasnt")
    return ()


LIST_SIGN = "\x1f"
"""Stands between the values of `in` and `notin`."""

WITHOUT_VALUE = frozenset({"empty", "filled", "yes", "no", "mine", "myteam"})
SEVERAL = frozenset({"in", "notin"})
"""Operators that take several values."""
PERIODS = {
    "today": "{} = TODAY()",
    "yesterday": "{} = TODAY() - 1",
    "tomorrow": "{} = TODAY() + 1",
    "this_week": "TODAY() - WEEKDAY(TODAY(), 2) < {} <= TODAY() - WEEKDAY(TODAY(), 2) + 7",
    "last_week": "TODAY() - WEEKDAY(TODAY(), 2) - 7 < {} <= TODAY() - WEEKDAY(TODAY(), 2)",
    "next_week": "TODAY() - WEEKDAY(TODAY(), 2) + 7 < {} <= TODAY() - WEEKDAY(TODAY(), 2) + 14",
    "this_month": "EOMONTH(TODAY(), -1) < {} <= EOMONTH(TODAY(), 0)",
    "last_month": "EOMONTH(TODAY(), -2) < {} <= EOMONTH(TODAY(), -1)",
    "next_month": "EOMONTH(TODAY(), 0) < {} <= EOMONTH(TODAY(), 1)",
    "this_year": "DATE(YEAR(TODAY()), 1, 1) <= {} <= DATE(YEAR(TODAY()), 12, 31)",
    "last_year": "DATE(YEAR(TODAY()) - 1, 1, 1) <= {} <= DATE(YEAR(TODAY()) - 1, 12, 31)",
}
"""Values of `within`: a period that moves with the day, as a formula over a date."""
_AROUND = {"last": "TODAY() - {} <= {} <= TODAY()", "next": "TODAY() <= {} <= TODAY() + {}"}
"""`last` and `next` so many days, today among them."""
DAYS_MAX = 36_500
_SIGNS = {"eq": "=", "ne": "<>", "ge": ">=", "le": "<=", "gt": ">", "lt": "<"}
_OPS = {sign: op for op, sign in _SIGNS.items()}


def filterable(app: App, entity: Entity, names: Iterable[str]) -> list[Field]:
    """Fields of an entity that a chip can be made of, among those a reader sees."""
    shown = set(names)
    own_first = sorted(entity.fields.values(), key=lambda f: f.is_system)
    return [
        f
        for f in own_first
        if f.name in shown and f.name not in ("id", "version", "deleted_at") and operators(f)
    ]


def compose(app: App, entity: Entity, path: str, op: str, value: str, before: str = "") -> str | None:
    """The formula of one chip; None where field and operator do not go together or a value is missing.

    `before`: what stands before the path where it does not start at the record stood on (`record.`, `THIS.`).
    """
    column = resolve(app, entity, path)
    if column is None or op not in operators(column.field):
        return None
    path = before + path
    if op == "empty":
        return f"{path} = NULL"
    if op == "filled":
        return f"{path} <> NULL"
    if op == "yes":
        return f"{path} = TRUE"
    if op == "no":
        return f"NOT {path}"
    if op == "mine":
        return f"{path} = USER()"
    if op == "myteam":
        return f"{path} = USER().team"
    if not value.strip():
        return None
    if op == "within":
        return PERIODS[value].format(path) if value in PERIODS else None
    if op in _AROUND:
        return _around(path, op, value.strip())
    if op in SEVERAL:
        return _one_of(column.field, path, op, value)
    written = literal(column.field, value.strip())
    if op == "contains":
        return f"CONTAINS({path}, {written})"
    if op == "lacks":
        return f"NOT CONTAINS({path}, {written})"
    if op == "starts":
        return f"STARTS({path}, {written})"
    if op == "has":
        return f"HAS({path}, {written})"
    if op == "hasnt":
        return f"NOT HAS({path}, {written})"
    return f"{path} {_SIGNS[op]} {written}"


def _around(path: str, op: str, value: str) -> str | None:
    if not (value.isascii() and value.isdecimal() and int(value[:9]) <= DAYS_MAX):
        return None
    days = str(int(value))
    return _AROUND[op].format(*((days, path) if op == "last" else (path, days)))


def _one_of(field: Field, path: str, op: str, value: str) -> str | None:
    values = [v.strip() for v in value.split(LIST_SIGN) if v.strip()]
    if not values:
        return None
    negated = "NOT " if op == "notin" else ""
    return f"{path} {negated}IN ({', '.join(literal(field, v) for v in values)})"


def literal(field: Field, value: str) -> str:
    """A value as a formula has it beside the field."""
    kind = field.value_type.kind
    if kind is Kind.NUMBER:
        cleaned = value.replace(",", "")
        if re.fullmatch(r"-?\d+(\.\d+)?", cleaned):
            return cleaned
    if kind is Kind.CHOICE and any(isinstance(o.value, int) and str(o.value) == value for o in field.choices):
        return value
    if kind is Kind.RECORD and value.upper() in ("USER()", "USER().TEAM"):
        return "USER().team" if value.upper().endswith("TEAM") else "USER()"
    if kind in (Kind.DATE, Kind.DATETIME) and re.fullmatch(
        r"TODAY\(\)(\s*[+-]\s*\d+)?", value, re.IGNORECASE
    ):
        return value.upper()
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def parse(app: App, entity: Entity, text: str) -> tuple[Condition, ...]:
    """A formula as chips, joined by "and"; parts that are no chip are kept as written, and so is what is too long
    to be a formula."""
    if len(text) > LENGTH_MAX:
        return (Condition(text),)
    parts = _conjuncts(text)
    return tuple(_condition(app, entity, part) for part in parts)


def join(texts: Iterable[str]) -> str:
    """Chips' texts as one formula."""
    parts = [t.strip() for t in texts if t.strip()]
    if len(parts) == 1:
        return parts[0]
    return " AND ".join(f"({p})" if _needs_brackets(p) else p for p in parts)


def _needs_brackets(text: str) -> bool:
    return re.search(r"\bor\b", masked(text), re.IGNORECASE) is not None and not is_bracketed(text)


def masked(text: str) -> str:
    """The same with the content of literals blanked, so that words inside them are not mistaken."""
    return re.sub(_TEXT, lambda m: "'" + "_" * (len(m.group()) - 2) + "'", text)


def is_bracketed(text: str) -> bool:
    """Whether one pair of brackets stands around the whole of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for at, char in enumerate(masked(text)):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at == len(text) - 1
    return False


def _conjuncts(text: str, depth_left: int = BRACKETS_MAX) -> list[str]:
    text = text.strip()
    if not text:
        return []
    if depth_left == 0:
        return [text]
    plain = masked(text)
    depth, start, found = 0, 0, []
    for match in re.finditer(r"[()]|\b(?:and|or)\b", plain, re.IGNORECASE):
        word = match.group().lower()
        if word in "()":
            depth += 1 if word == "(" else -1
        elif depth == 0 and word == "or":
            return [text]
        elif depth == 0:
            found.append(text[start : match.start()].strip())
            start = match.end()
    found.append(text[start:].strip())
    return [inner for part in found for inner in _unbracketed(part, depth_left - 1)]


def _unbracketed(part: str, depth_left: int) -> list[str]:
    if not is_bracketed(part):
        return [part]
    inner = _conjuncts(part[1:-1], depth_left)
    return inner if len(inner) > 1 else [part]


def _pattern(template: str, *groups: str) -> re.Pattern[str]:
    """A formula with gaps, as what finds it however it is spaced."""
    parts = [r"\s*".join(map(re.escape, re.findall(r"\w+|\S", part))) for part in template.split("{}")]
    pattern = parts[0] + "".join(
        rf"\s*{group}\s*{part}" for group, part in zip(groups, parts[1:], strict=True)
    )
    return re.compile(rf"{pattern}\Z", re.IGNORECASE)


_DAYS = r"(?P<days>\d{1,5})"
_MOVING: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    *(("within", name, _pattern(template, _PATH)) for name, template in PERIODS.items()),
    ("last", "", _pattern(_AROUND["last"], _DAYS, _PATH)),
    ("next", "", _pattern(_AROUND["next"], _PATH, _DAYS)),
)


def _condition(app: App, entity: Entity, text: str) -> Condition:
    plain = Condition(text)
    for op, value, pattern in _MOVING:
        if match := pattern.match(text):
            return _checked(app, entity, text, match["path"], op, value or match["days"]) or plain
    if match := _COMPARE.match(text):
        return _compared(app, entity, text, match) or plain
    if match := _CALL.match(text):
        op = {"contains": "contains", "starts": "starts", "has": "has"}[match["function"].lower()]
        if match["not"]:
            op = {"has": "hasnt", "contains": "lacks"}.get(op, "formula")
        return _checked(app, entity, text, match["path"], op, match["value"]) or plain
    if match := _IN.match(text):
        return _listed(app, entity, text, match) or plain
    if match := _BARE.match(text):
        return _checked(app, entity, text, match["path"], "no" if match["not"] else "yes", "") or plain
    return plain


def _compared(app: App, entity: Entity, text: str, match: re.Match[str]) -> Condition | None:
    op, value = _OPS[match["op"]], match["value"]
    upper = value.upper()
    if upper == "NULL" or value in ("''", '""'):
        op, value = ("empty" if op == "eq" else "filled"), ""
    elif upper in ("TRUE", "FALSE"):
        op, value = ("yes" if (upper == "TRUE") == (op == "eq") else "no"), ""
    elif upper == "USER()" and op == "eq":
        op, value = "mine", ""
    elif upper == "USER().TEAM" and op == "eq":
        op, value = "myteam", ""
    return _checked(app, entity, text, match["path"], op, value)


def _listed(app: App, entity: Entity, text: str, match: re.Match[str]) -> Condition | None:
    column = resolve(app, entity, match["path"])
    if column is None or (bool(match["not"]) and bool(match["not2"])):
        return None
    found = re.findall(rf"{_TEXT}|-?\d+", match["values"])
    values = [re.sub(r"\\(.)", r"\1", v[1:-1]) if v[0] in "'\"" else v for v in found]
    op = "notin" if match["not"] or match["not2"] else "in"
    return Condition(text, match["path"], op, LIST_SIGN.join(values), True)


def _checked(app: App, entity: Entity, text: str, path: str, op: str, value: str) -> Condition | None:
    column = resolve(app, entity, path)
    if column is None or op not in operators(column.field):
        return None
    is_text = value[:1] in ("'", '"')
    content = re.sub(r"\\(.)", r"\1", value[1:-1]) if is_text else value
    return Condition(text, path, op, content, is_text)
