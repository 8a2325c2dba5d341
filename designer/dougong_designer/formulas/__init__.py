"""A formula while it is written: where it stands, what is wrong with it and how that is mended, what it gives.

place_of(linked, documents, pointer, …)   what names mean at a place of the draft, and what the result must be
checked(place, text)                      problems with their places and remedies, the type of the result
chips(place, text)                        the names in it with their labels, however unfinished it is

All of it rests on the draft linked as far as it holds (`checking.check`); nothing here links it anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer import patch as patches
from dougong_designer.formulas import scan
from dougong_designer.patch import Documents, Tokens
from dougong_runtime.documents.yaml_text import PathSteps
from dougong_runtime.formulas.check import Checked, Place, check_formula
from dougong_runtime.formulas.parse import parse
from dougong_runtime.formulas.problems import FormulaProblem, FormulaProblems
from dougong_runtime.formulas.shapes import EntityShape, Shapes
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.formulas.types import Kind, ValueType, record
from dougong_runtime.labels import LANGUAGES, Label
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App
from dougong_runtime.model.link import Linked, places_in
from dougong_runtime.model.linker import FormulaPlace, formula_text
from dougong_runtime.names import nearest

PROBLEMS_MAX = 20
_PROBE = "TRUE"
"""Stands in for a formula that is not there yet, so that linking says what may be."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OWN_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Standing:
    """Where a formula stands in a draft, and what is known there."""

    app: App
    shapes: Shapes
    at: FormulaPlace

    @property
    def entity(self) -> EntityShape | None:
        """The entity whose fields plain names are."""
        return self.shapes.get(self.at.entity) if self.at.entity is not None else None

    @cached_property
    def settings(self) -> Mapping[str, ValueType]:
        """Setting code → type."""
        return {code: one.field.value_type for code, one in self.app.settings.items()}

    @property
    def judges_a_write(self) -> bool:
        """Whether OLD and CHANGED have a meaning."""
        return self.at.place in ("rule", "trigger")

    def parse(self, text: str) -> Checked:
        """The formula typed. Raises FormulaProblems."""
        return check_formula(
            text,
            entity=self.at.entity,
            shapes=self.shapes,
            settings=self.settings,
            place=self.at.place,
            expect=self.at.expect,
            variables=self.at.variables,
        )


@dataclass(frozen=True, slots=True)
class Fix:
    """A remedy: what stands from `offset` on, `length` characters, gives way to `text`."""

    offset: int
    length: int
    text: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong: where, why, and what would mend it."""

    offset: int
    length: int
    says: Label
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class Chip:
    """A name in a formula with its label: `patient.owner` as 病人 › 责任医生."""

    offset: int
    length: int
    label: Label
    kind: str


@dataclass(frozen=True)
class Findings:
    """What is known of a formula as it stands."""

    wrong: Sequence[Wrong]
    result: Checked | None
    """None where something is wrong."""


# --- where it stands ----------------------------------------------------------------------------------------------
def place_of(
    linked: Linked, documents: Documents, where: Tokens, entity: str = "", place: Place = "rule"
) -> Standing | None:
    """What may stand at a place of the draft, or in the braces of a text there: as linking says, whether a formula is
    there already or not.

    Where the place is no formula's for the linker, `entity` and `place` say what names mean. None without an app.
    """
    if linked.app is None or linked.linker is None:
        return None
    found = _said_by_linking(linked, documents, where) if where else None
    if found is None:
        known = entity if entity in linked.linker.shapes else None
        found = FormulaPlace(known, place, None, {}, "")
    return Standing(linked.app, linked.linker.shapes, found)


def _said_by_linking(linked: Linked, documents: Documents, where: Tokens) -> FormulaPlace | None:
    key, rest = where[0], where[1:]
    data = documents.get(key)
    kind, _, name = key.partition("/")
    if not rest or not isinstance(data, Mapping):
        return None
    try:
        path = _steps(data, rest)
        probed = with_value(data, rest, _PROBE)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    whole, within = places_in(linked, kind, name, probed)
    return whole.get(path) or within.get(path)


def value_at(documents: Documents, where: Tokens) -> str:
    """The formula at a place as text; empty where there is none."""
    try:
        found = patches.value_at(documents, where)
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
    return "" if found is None or isinstance(found, (Mapping, list)) else formula_text(found)


def with_value(data: Any, tokens: Tokens, value: Any) -> Any:
    """A document with a value at a path; a field that stands as a bare name becomes whole to carry it, and a text that
    is not there yet begins with one language.

    Raises KeyError, IndexError, TypeError or ValueError where the way is none.
    """
    if not tokens:
        return value
    if isinstance(data, str):
        data = {"field": data}
    if isinstance(data, list):
        at = _index(data, tokens[0])
        return [with_value(m, tokens[1:], value) if n == at else m for n, m in enumerate(data)]
    if not isinstance(data, Mapping):
        raise TypeError(tokens[0])
    begins = len(tokens) == 2 and tokens[1] in LANGUAGES
    inner = data.get(tokens[0], {}) if begins or len(tokens) == 1 else data[tokens[0]]
    return {**data, tokens[0]: with_value(inner, tokens[1:], value) if len(tokens) > 1 else value}


def _steps(data: Any, tokens: Tokens) -> PathSteps:
    steps: list[str | int] = []
    for token in tokens:
        if isinstance(data, list):
            at = _index(data, token)
            steps.append(at)
            data = data[at]
        else:
            steps.append(token)
            data = data.get(token) if isinstance(data, Mapping) else None
    return tuple(steps)


def _index(members: Sequence[Any], token: str) -> int:
    for number, member in enumerate(members):
        if isinstance(member, Mapping) and member.get("id") == token:
            return number
    if not token.isascii() or not token.isdecimal() or len(token) > 6 or int(token) >= len(members):
        raise IndexError(token)
    return int(token)


# --- what is wrong ------------------------------------------------------------------------------------------------
def checked(standing: Standing, text: str) -> Findings:
    """Everything that is wrong with a formula, by the linker's own checker, each with its remedy where there is one."""
    if not text.strip():
        return Findings((), None)
    try:
        return Findings((), standing.parse(text))
    except FormulaProblems as wrong:
        return Findings(tuple(_wrong(standing, text, one) for one in wrong.problems[:PROBLEMS_MAX]), None)


def _wrong(standing: Standing, text: str, problem: FormulaProblem) -> Wrong:
    offset = min(problem.offset, len(text))
    length = max(1, min(problem.length, len(text) - offset))
    labelled = _by_label(standing, text, offset)
    if labelled is not None:
        says = Label(f"字段写它的名称：{labelled.text}", f"A field is written by its name: {labelled.text}")
        return Wrong(offset, labelled.length, says, labelled)
    fix = _fix(standing, text, offset, length, problem.nearest) or _closing(text, offset, problem)
    return Wrong(offset, length, problem.label, fix)


def _closing(text: str, offset: int, problem: FormulaProblem) -> Fix | None:
    """A bracket or a quotation mark too few or too many, where one more or less does away with the problem."""
    sign = text[offset : offset + 1]
    if sign in scan.OPENERS and sign:
        fix = Fix(len(text), 0, ")")
    elif sign in ("'", '"', "‘", "“") and sign:
        fix = Fix(len(text), 0, {"‘": "’", "“": "”"}.get(sign, sign))
    elif sign in scan.CLOSERS and sign:
        fix = Fix(offset, 1, "")
    else:
        return None
    mended = text[: fix.offset] + fix.text + text[fix.offset + fix.length :]
    is_it = _is_said_of(text, problem) and not _is_said_of(mended, problem)
    return fix if is_it else None


def _is_said_of(text: str, problem: FormulaProblem) -> bool:
    """Whether reading a text alone, without knowing names, meets a problem."""
    try:
        parse(text)
    except FormulaProblems as wrong:
        return any(p.offset == problem.offset and p.zh == problem.zh for p in wrong.problems)
    return False


def _by_label(standing: Standing, text: str, offset: int) -> Fix | None:
    """A label where a name should stand, as people type who read labels."""
    found = _OWN_WORDS.match(text, offset)
    if found is None or found.group().isascii():
        return None
    frame = scan.frame_at(standing, text[: LENGTH_MAX + 1], offset).entity
    shape = standing.shapes.get(frame) if frame else None
    for field in shape.fields.values() if shape is not None else ():
        if found.group() in (field.label.zh, field.label.en):
            return Fix(offset, len(found.group()), field.name)
    return None


def _fix(standing: Standing, text: str, offset: int, length: int, near: str | None) -> Fix | None:
    if near is None:
        return _variable_fix(standing, text, offset, length)
    if ", " in near:
        return None
    word = text[offset : offset + length]
    if word[:1] in ("'", '"'):
        return Fix(offset, length, quoted(near))
    name = _WORD.match(word)
    if (
        name is not None
        and name.end() < length
        and text[offset + name.end() : offset + name.end() + 1] == "("
    ):
        return Fix(offset, name.end(), near)
    if name is None or name.end() < length:
        return None
    return Fix(offset, length, near)


def _variable_fix(standing: Standing, text: str, offset: int, length: int) -> Fix | None:
    """The name that surroundings give (`steps.first.due_on`) nearest to one that they do not."""
    word = text[offset : offset + length]
    variables = list(standing.at.variables)
    if "." not in word or not variables:
        return None
    near = nearest(word, variables)
    return Fix(offset, length, near) if near else None


def quoted(text: str) -> str:
    """A text as a formula writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


# --- names --------------------------------------------------------------------------------------------------------
def chips(standing: Standing, text: str) -> Sequence[Chip]:
    """The names that mean a field, with the labels along their path; what means nothing is left out."""
    made: list[Chip] = []
    for piece, frame in scan.names(standing, text[:LENGTH_MAX]):
        found = labels_along(standing, piece.text, frame)
        if found is not None:
            made.append(Chip(piece.start, len(piece.text), *found))
    return made


def labels_along(standing: Standing, path: str, frame: scan.Frame) -> tuple[Label, str] | None:
    """The labels of a dotted name and what sort of value it is; None where it leads nowhere."""
    start = scan.start_of(standing, path, frame)
    if start is None:
        return None
    words, entity, rest = list(start.words), start.entity, start.rest
    type_: ValueType | None = record(entity) if entity else start.type
    for number, part in enumerate(rest):
        shape = standing.shapes.get(entity or "")
        if shape is None:
            return None
        if part in shape.fields:
            field = shape.fields[part]
            words.append(field.label)
            type_ = field.type
            entity = field.type.targets[0] if len(field.type.targets) == 1 else None
        elif part in shape.many:
            entity = shape.many[part].entity
            words.append(many_label(standing, shape, part))
            type_ = ValueType(Kind.RECORDS, targets=(entity,))
        elif type_ is not None and type_.kind is Kind.FILE and number == len(rest) - 1:
            words.append(Label(part, part))
        else:
            return None
    if not words:
        return None
    label = Label(" › ".join(w.zh for w in words), " › ".join(w.en for w in words))
    return label, str(type_.kind) if type_ is not None else ""


def many_label(standing: Standing, shape: EntityShape, name: str) -> Label:
    """What many records that an entity leads to are called: their entity's word, and which they are where several
    ways lead to the same."""
    hop = shape.many[name]
    own = standing.app.entities.get(shape.name)
    field = own.fields.get(name) if own is not None else None
    if field is not None:
        return field.label
    target = standing.app.entities.get(hop.entity)
    word = (target.plural or target.label) if target is not None else Label(name, name)
    alike = [other for other in shape.many.values() if other.entity == hop.entity]
    if len(alike) < 2 or target is None or hop.field not in target.fields:
        return word
    by = target.fields[hop.field].label
    return Label(f"{word.zh}（{by.zh}）", f"{word.en} ({by.en})")


# --- types in words -----------------------------------------------------------------------------------------------
_KINDS = {
    Kind.TEXT: Label("文本", "Text"),
    Kind.BOOLEAN: Label("是或否", "Yes or no"),
    Kind.DATE: Label("日期", "Date"),
    Kind.DATETIME: Label("日期和时间", "Date and time"),
    Kind.TIME: Label("时刻", "Time of day"),
    Kind.CHOICE: Label("选项之一", "One of the options"),
    Kind.LIST: Label("几个值", "Several values"),
    Kind.FILE: Label("文件", "File"),
    Kind.JSON: Label("结构化数据", "Structured data"),
    Kind.NULL: Label("空", "Nothing"),
    Kind.NUMBER: Label("数字", "Number"),
    Kind.RECORD: Label("引用", "Reference"),
    Kind.RECORDS: Label("多条记录", "Many records"),
}


def kind_words(kind: Kind) -> Label:
    """A sort of value as people say it."""
    return _KINDS[kind]


def type_words(type_: ValueType, app: App) -> Label:
    """A type as people say it: 数字，最多 2 位小数; one record of 病人."""
    if type_.kind is Kind.NUMBER:
        if type_.scale == 0:
            return Label("整数", "Whole number")
        return Label(f"数字，最多 {type_.scale} 位小数", f"Number with up to {type_.scale} places")
    if type_.kind in (Kind.RECORD, Kind.RECORDS):
        found = [app.entities[name].label for name in type_.targets if name in app.entities]
        zh, en = "、".join(label.zh for label in found), ", ".join(label.en for label in found)
        if type_.kind is Kind.RECORD:
            return Label(f"一条记录（{zh}）", f"One record ({en})")
        return Label(f"多条记录（{zh}）", f"Many records ({en})")
    return _KINDS[type_.kind]
