"""An entity made of a spreadsheet's columns, with its form, its list, a place in the menu, and who may work with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer import entries, naming
from dougong_designer.edits import free_name
from dougong_designer.identified import identified
from dougong_designer.patch import Documents
from dougong_designer.patterns import plural_name, taken_names
from dougong_designer.spreadsheet import TYPES, WITH_OPTIONS, SheetColumn
from dougong_designer.starts import whole_grant
from dougong_runtime.documents.problems import BAD_NAME, DUPLICATE
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.errors import NOT_FOUND, Problem, Refused, problem_type, refuse
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import is_name
from dougong_runtime.transfer.cells import split_values

COLORS = ("blue", "green", "amber", "purple", "teal", "pink", "orange", "gray")
SHOWN_MAX = 8
"""Columns of the list that is made."""
IN_TWO = 2

NO_COLUMNS = problem_type("no-columns", 422, "至少要一列。", "At least one column is needed.")
NO_ENTITY_LABEL = problem_type("no-entity-label", 422, "实体要有一个名称。", "The entity needs a label.")
NO_TITLE = problem_type(
    "no-title-column",
    422,
    "选一列作为记录的标题，它要是文字、编号或日期一类。",
    "Choose the column that names a record: a text, a number or a date.",
)
TOO_MANY_VALUES = problem_type(
    "too-many-options",
    422,
    "「{column}」有太多不同的值，不能做成选项。",
    "“{column}” has too many different values to become options.",
    remedy=("改用文字或标签。", "Take text or tags instead."),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A column as somebody wants it."""

    place: int
    label: str
    name: str
    type: str
    required: bool = False
    unique: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True)
class SheetWish:
    """An entity as it is to be made of a spreadsheet."""

    label: str
    name: str
    columns: Sequence[Taken]
    title: int
    """Place of the column that names a record."""
    roles: Sequence[str] = ()
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it."""

    documents: Documents
    key: str
    id: str
    fields: Mapping[str, str]
    """Place of a column (as text) → id of the field that it fills."""


def made(app: str, documents: Documents, found: Sequence[SheetColumn], wish: SheetWish) -> Made:
    """The documents with an entity made of the columns that are taken. Raises Refused with everything that is wrong."""
    known = {column.place: column for column in found}
    problems = list(_problems(documents, known, wish))
    if problems:
        raise Refused(problems)
    taken = {key.partition("/")[2] for key in documents if not key.startswith(FILE_KEY)}
    name = wish.name or naming.name_from(wish.label, "table", taken)
    label = _both(wish.label, wish.language)
    fields: list[dict[str, Any]] = []
    backs: dict[str, set[str]] = {}
    for column in wish.columns:
        fields.append(_field(documents, known[column.place], column, name, wish.language, backs))
    title = next(column.name for column in wish.columns if column.place == wish.title)
    entity: dict[str, Any] = {
        "kind": "entity",
        "name": name,
        "label": label,
        "icon": "table",
        "title": title,
        "fields": fields,
    }
    entity = identified(app, "entity", entity)
    names = [column.name for column in wish.columns]
    others = taken | {name}
    form_name = free_name(f"{name}_form", others)
    view_name = free_name(f"{name}_list", others | {form_name})
    first = [n for n in names if n == title] + [n for n in names if n != title]
    form = {
        "kind": "form",
        "name": form_name,
        "label": label,
        "entity": name,
        "layout": [{"section": {"zh": "基本信息", "en": "Basics"}, "columns": IN_TWO, "fields": list(names)}],
    }
    view = {
        "kind": "view",
        "name": view_name,
        "label": label,
        "entity": name,
        "type": "table",
        "columns": first[:SHOWN_MAX],
    }
    new: dict[str, Any] = {
        **documents,
        f"entity/{name}": entity,
        f"form/{form_name}": form,
        f"view/{view_name}": view,
    }
    for role in wish.roles:
        own = new[f"role/{role}"]
        new[f"role/{role}"] = {**own, "grants": [*own.get("grants", ()), whole_grant(name)]}
    new = dict(entries.with_items(new, label, [{"view": view_name}], "table"))
    ids = {
        str(column.place): str(one["id"]) for column, one in zip(wish.columns, entity["fields"], strict=True)
    }
    return Made(new, f"entity/{name}", str(entity["id"]), ids)


def _problems(documents: Documents, known: Mapping[int, SheetColumn], wish: SheetWish) -> list[Problem]:
    found: list[Problem] = []

    def say(refused: Refused) -> None:
        found.extend(refused.problems)

    if not wish.label.strip():
        say(refuse(NO_ENTITY_LABEL, "label"))
    if wish.name and not is_name(wish.name):
        say(refuse(BAD_NAME, "name", name=wish.name))
    elif wish.name and f"entity/{wish.name}" in documents:
        say(refuse(DUPLICATE, "name", what=Label("实体", "entity"), name=wish.name))
    if not wish.columns:
        say(refuse(NO_COLUMNS, "columns"))
    seen: set[str] = set()
    for column in wish.columns:
        at = f"columns.{column.place}"
        if column.place not in known:
            say(refuse(NOT_FOUND, at, name=str(column.place)))
            continue
        if not is_name(column.name):
            say(refuse(BAD_NAME, f"{at}.name", name=column.name))
        if column.name in seen:
            say(refuse(DUPLICATE, f"{at}.name", what=Label("字段", "field"), name=column.name))
        seen.add(column.name)
        if column.type not in TYPES:
            say(refuse(NOT_FOUND, f"{at}.type", name=column.type))
        if column.type in WITH_OPTIONS and not known[column.place].whole:
            say(refuse(TOO_MANY_VALUES, f"{at}.type", column=column.label))
        if column.type in ("reference", "references") and f"entity/{column.to}" not in documents:
            say(refuse(NOT_FOUND, f"{at}.to", name=column.to or "—"))
    titles = [c for c in wish.columns if c.place == wish.title]
    if wish.columns and (not titles or titles[0].type in _NO_TITLES):
        say(refuse(NO_TITLE, "title"))
    for role in wish.roles:
        if f"role/{role}" not in documents:
            say(refuse(NOT_FOUND, "roles", name=role))
    return found


_NO_TITLES = ("reference", "references", "multi_choice", "tags", "boolean", "long_text")


def _field(
    documents: Documents,
    column: SheetColumn,
    taken: Taken,
    entity: str,
    language: Language,
    backs: dict[str, set[str]],
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": taken.name,
        "type": taken.type,
        "label": _both(taken.label or column.header, language),
    }
    if taken.required:
        made["required"] = True
    if taken.unique:
        made["unique"] = True
    match taken.type:
        case "choice" | "multi_choice":
            made["options"] = _options(column, taken.type, language)
        case "tags":
            made["free"] = True
        case "decimal":
            scale = column.guess.scale if column.guess.type == "decimal" else 2
            made |= {"precision": 18, "scale": scale}
        case "percent":
            made["scale"] = 6
        case "id_number":
            made["scheme"] = column.guess.scheme or "any"
        case "reference" | "references":
            used = backs.setdefault(taken.to, taken_names(documents, taken.to))
            inverse = free_name(plural_name(entity), used)
            used.add(inverse)
            made |= {"to": taken.to, "inverse": inverse}
            if taken.type == "reference":
                made["on_delete"] = "refuse"
        case "text":
            made["search"] = True
    return made


def _options(column: SheetColumn, kind: str, language: Language) -> list[dict[str, Any]]:
    """The column's values as options: an inner name each, the value itself as the label."""
    used: list[str] = []
    found = []
    values = column.values
    if kind == "multi_choice":
        values = tuple(dict.fromkeys(piece for text in values for piece in split_values(text)))
    for n, text in enumerate(values):
        value = naming.name_from(text, "value", used)
        used.append(value)
        found.append({"value": value, "label": _both(text, language), "color": COLORS[n % len(COLORS)]})
    return found


def _both(text: str, language: Language) -> dict[str, str]:
    return {"zh": text, "en": text} if language == "zh" else {"en": text, "zh": text}
