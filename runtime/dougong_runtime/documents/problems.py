"""What can be wrong with documents, and how all of it is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dougong_runtime.errors import Place, Problem, ProblemType, problem_type
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import nearest

UNREADABLE = problem_type("document-text", 422, "{zh}", "{en}")
UNKNOWN_KIND = problem_type(
    "unknown-kind", 422, "没有「{name}」这种文档。", "“{name}” is not a kind of document."
)
MALFORMED = problem_type("document-shape", 422, "{zh}", "{en}")
UNKNOWN_PROPERTY = problem_type(
    "unknown-property", 422, "{owner}没有属性「{name}」。", "“{name}” is not a property of {owner}."
)
MISSING_PROPERTY = problem_type(
    "missing-property", 422, "{owner}缺少属性「{name}」。", "{owner} needs the property “{name}”."
)
BAD_NAME = problem_type(
    "bad-name",
    422,
    "「{name}」不能作名称。",
    "“{name}” cannot be a name.",
    remedy=(
        "用小写字母、数字和单个下划线，以字母开头，最多 48 个字符。",
        "Use lower-case letters, digits and single underscores, a letter first, 48 characters at most.",
    ),
)
DUPLICATE = problem_type(
    "duplicate", 422, "{what}「{name}」定义了两次。", "{what} “{name}” is defined twice."
)
UNKNOWN_FIELD = problem_type(
    "unknown-field", 422, "「{name}」不是「{of}」的字段。", "“{name}” is not a field of {of}."
)
UNKNOWN_DOCUMENT = problem_type(
    "unknown-document", 422, "没有{what}「{name}」。", "There is no {what} “{name}”."
)
UNKNOWN_OPTION = problem_type(
    "unknown-option", 422, "「{name}」不是「{of}」的选项。", "“{name}” is not an option of {of}."
)
WRONG_FIELD = problem_type("wrong-field", 422, "{zh}", "{en}")
FORMULA_WRONG = problem_type("formula", 422, "{zh}", "{en}")
FORMULA_TYPE = problem_type("formula-type", 422, "{zh}", "{en}")
BAD_VALUE = problem_type("document-value", 422, "{zh}", "{en}")
REQUIRES = problem_type("requires", 422, "{zh}", "{en}")


def unknown(
    kind: ProblemType, name: object, candidates: Iterable[str], place: Place, **facts: Any
) -> Problem:
    """A name that means nothing here, with the nearest one that does, or all where they are few."""
    known = [str(c) for c in candidates]
    near = nearest(str(name), known)
    return Problem(kind, None, {"name": name, "nearest": near, "known": few(known), **facts}, place)


def few(known: list[str], limit: int = 12) -> str | None:
    """A short list of names, or None where it would be long."""
    return ", ".join(known) if known and len(known) <= limit else None


def said(kind: ProblemType, zh: str, en: str, place: Place, near: str | None = None) -> Problem:
    """A problem in words of its own."""
    return Problem(kind, None, {"zh": zh, "en": en, "nearest": near}, place)


_ENDS = {"zh": "{count} 个问题；没有发布任何内容。", "en": "{count} problems; nothing was published."}
_ONE = {"zh": "1 个问题；没有发布任何内容。", "en": "1 problem; nothing was published."}
_NEAREST = Label("最接近的是：{near}。", "Nearest: {near}.")
_KNOWN = Label("可以是：{known}。", "Known: {known}.")


def sentence(problem: Problem, language: Language) -> str:
    """What is wrong, what would be right, in one or a few sentences."""
    parts = [problem.text(language)]
    near, known = problem.facts.get("nearest"), problem.facts.get("known")
    if near:
        parts.append(_NEAREST.in_(language).format(near=near))
    elif known:
        parts.append(_KNOWN.in_(language).format(known=known))
    remedy = problem.remedy(language)
    if remedy:
        parts.append(remedy)
    return ("" if language == "zh" else " ").join(parts)


def say(problems: Iterable[Problem], language: Language = "en") -> str:
    """All problems as text for a person: place, type and path on one line, the sentence on the next.

    views/people.yaml:6:18  unknown-field  at columns[1]
      “risk_lvl” is not a field of patient. Nearest: risk_level.
    1 problem; nothing was published.
    """
    lines = []
    count = 0
    for problem in problems:
        count += 1
        place = problem.place or Place()
        spot = f"{place.file}:{place.line}:{place.column}" if place.line else place.file
        where = f"  at {place.path}" if place.path else ""
        lines += [f"{spot}  {problem.type.name}{where}".strip(), f"  {sentence(problem, language)}"]
    lines.append(_ONE[language] if count == 1 else _ENDS[language].format(count=count))
    return "\n".join(lines)
