"""What can be refused, and how it is said.

Every refusal that a person or a client can meet is a `Problem`: a stable type from the catalogue, typed facts,
and words in both languages made from those facts, so that text and data cannot differ. Things that are checked
as a whole (documents, a write) collect problems and raise them together as `Refused`.

    Refused(Exception)          carries one or more problems; the HTTP layer answers RFC 9457 from it
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.labels import Label, Language


@dataclass(frozen=True, slots=True)
class ProblemType:
    """An entry of the catalogue. `status` is the HTTP status; `says` and `remedy` are templates over the facts."""

    name: str
    status: int
    title: Label
    says: Label
    remedy: Label


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document: file, line and column counted from 1, and the path inside, e.g. `columns[1]`."""

    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        spot = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{spot}  at {self.path}" if self.path else spot


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: its type, the field it concerns (None for the whole), and its facts."""

    type: ProblemType
    field: str | None = None
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    place: Place | None = None
    words: Label | None = None
    """Words of a document's own (a rule's message) instead of the catalogue's."""

    def text(self, language: Language) -> str:
        """What happened, in a sentence."""
        if self.words is not None:
            return self.words.in_(language)
        return self.type.says.in_(language).format_map(_Facts(self.facts, language))

    def remedy(self, language: Language) -> str:
        """What to do about it, in a sentence; empty where there is no advice, or none that the facts allow."""
        words = self.type.remedy.in_(language)
        if any("{" + name + "}" in words for name, fact in self.facts.items() if fact is None):
            return ""
        return words.format_map(_Facts(self.facts, language))

    def at(self, place: Place) -> Problem:
        """The same, with its place in a document."""
        return replace(self, place=place)


class _Facts(dict[str, str]):
    def __init__(self, facts: Mapping[str, Any], language: Language) -> None:
        super().__init__(
            {k: v.in_(language) if isinstance(v, Label) else _plain(v) for k, v in facts.items()}
        )

    def __missing__(self, key: str) -> str:
        return ""


def _plain(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(v) for v in value)
    return str(value)


class Refused(Exception):
    """Nothing was changed, for these reasons."""

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)
        super().__init__("; ".join(p.text("en") for p in (*self.problems, *self.warnings)))

    @property
    def status(self) -> int:
        """The HTTP status of the whole: that of its gravest problem (the first in the list)."""
        return (self.problems or self.warnings)[0].type.status


CATALOGUE: dict[str, ProblemType] = {}


def problem_type(
    name: str, status: int, zh: str, en: str, *, title: str = "", remedy: tuple[str, str] = ("", "")
) -> ProblemType:
    """Enter a type into the catalogue. Its name never changes once released; `{x}` in the words are facts."""
    if name in CATALOGUE:
        raise ValueError(f"problem type {name} exists already")
    made = ProblemType(
        name, status, Label.of(title or None, name.replace("-", " ")), Label(zh, en), Label(*remedy)
    )
    CATALOGUE[name] = made
    return made


def refuse(kind: ProblemType, field: str | None = None, **facts: Any) -> Refused:
    """The usual case: one problem. Write `raise refuse(NOT_FOUND, entity="order")`."""
    return Refused([Problem(kind, field, facts)])


# --- records ------------------------------------------------------------------------------------------------
NOT_FOUND = problem_type(
    "not-found",
    404,
    "没有这条记录，或你不能查看它。",
    "There is no such record, or you may not see it.",
    remedy=(
        "核对地址，或请有权的同事共享。",
        "Check the address, or ask someone who may see it to share it.",
    ),
)
UNKNOWN_NAME = problem_type(
    "unknown-name",
    400,
    "「{name}」不是{of}中的{what}。",
    "“{name}” is not a {what} of {of}.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
UNKNOWN_ENTITY = problem_type(
    "unknown-entity",
    404,
    "{of}中没有「{name}」这种记录。",
    "{of} has no records called “{name}”.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
FORBIDDEN = problem_type(
    "forbidden",
    403,
    "你的角色不允许对「{entity}」执行{action}。",
    "Your roles do not allow {action} on “{entity}”.",
    remedy=(
        "请管理员调整角色，或请有权的同事处理。",
        "Ask an administrator for the role, or a colleague who may.",
    ),
)
READ_ONLY = problem_type(
    "read-only",
    422,
    "「{label}」不能由你修改。",
    "“{label}” cannot be changed by you.",
    remedy=("从请求中去掉这个字段。", "Leave the field out of the request."),
)
SYSTEM_FIELD = problem_type(
    "system-field",
    422,
    "「{label}」由系统计算，不能填写。",
    "“{label}” is kept by the system and cannot be written.",
    remedy=("从请求中去掉这个字段。", "Leave the field out of the request."),
)
INVALID_VALUE = problem_type("invalid-value", 422, "{zh}", "{en}")
REQUIRED = problem_type(
    "required",
    422,
    "请填写「{label}」。",
    "“{label}” is needed.",
    remedy=("填写后再保存。", "Fill it in and save again."),
)
NOT_UNIQUE = problem_type(
    "not-unique",
    409,
    "「{label}」已被另一条记录使用。",
    "“{label}” is taken by another record.",
    remedy=("换一个值，或打开已有的记录。", "Use another value, or open the record that has it."),
)
RULE_BROKEN = problem_type("rule", 422, "违反规则 {rule}。", "Rule {rule} is not satisfied.")
LOCKED = problem_type(
    "locked",
    422,
    "记录已锁定：{why}。",
    "The record is locked: {why}.",
    remedy=("锁定期间只能修改：{fields}", "While locked, only these may change: {fields}"),
)
APPEND_ONLY = problem_type(
    "append-only",
    422,
    "「{entity}」的记录写入后不能修改或删除。",
    "Records of “{entity}” cannot be changed or deleted once written.",
    remedy=("新增一条更正记录。", "Add a correcting record instead."),
)
RETAINED = problem_type(
    "retained",
    422,
    "依规定须保存到 {until}，不能删除。",
    "It must be kept until {until} and cannot be deleted.",
)
STAGE_REFUSED = problem_type(
    "stage",
    422,
    "不能从「{from_label}」转为「{to_label}」：{why}",
    "Cannot move from “{from_label}” to “{to_label}”: {why}",
)
CONFLICT = problem_type(
    "conflict",
    409,
    "你打开之后，{fields} 已被他人修改。",
    "{fields} changed since you opened it.",
    remedy=("比较两边的值后再保存。", "Compare both values and save again."),
)
BAD_VERSION = problem_type(
    "bad-version",
    409,
    "版本 {version} 不存在，当前是 {current}。",
    "There is no version {version}; the current one is {current}.",
    remedy=("重新读取记录。", "Read the record again."),
)
STILL_REFERRED = problem_type(
    "still-referred",
    409,
    "还有 {count} 条「{entity}」引用它，不能删除。",
    "{count} of “{entity}” still refer to it.",
    remedy=("先处理引用它的记录。", "Deal with the records that refer to it first."),
)
BAD_QUERY = problem_type("bad-query", 400, "{zh}", "{en}")
BAD_FORMULA = problem_type("bad-formula", 400, "公式有误：{zh}", "The formula is wrong: {en}")
WITHHELD = problem_type(
    "aggregate-only",
    403,
    "你的角色只能查看「{entity}」的汇总。",
    "Your roles see only sums of “{entity}”.",
    remedy=("改用汇总查询。", "Ask for an aggregate instead."),
)
TOO_MUCH = problem_type("too-much", 413, "{what} 超过上限 {limit}。", "{what} exceeds the limit of {limit}.")
