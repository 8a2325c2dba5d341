"""What can be wrong with documents, and how all of it is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dougong_runtime.errors import Place, Problem, ProblemType, problem_type
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import nearest

_HINT = ("{hint}", "{hint}")
"""The nearest right name, or the names there are: a fact of the problem, absent where none is near."""


def _type(name: str, zh: str, en: str, remedy: tuple[str, str] = _HINT) -> ProblemType:
    return problem_type(name, 422, zh, en, remedy=remedy)


UNREADABLE = _type("document-text", "{zh}", "{en}")
UNKNOWN_KIND = _type("unknown-kind", "没有「{name}」这种文档。", "“{name}” is not a kind of document.")
MALFORMED = _type("document-shape", "{zh}", "{en}")
UNKNOWN_PROPERTY = _type(
    "unknown-property", "{owner}没有属性「{name}」。", "“{name}” is not a property of {owner}."
)
MISSING_PROPERTY = _type(
    "missing-property", "{owner}缺少属性「{name}」。", "{owner} needs the property “{name}”."
)
BAD_NAME = _type(
    "bad-name",
    "「{name}」不能作名称。",
    "“{name}” cannot be a name.",
    (
        "用小写字母、数字和单个下划线，以字母开头，最多 48 个字符。",
        "Use lower-case letters, digits and single underscores, a letter first, 48 characters at most.",
    ),
)
DUPLICATE = _type("duplicate", "{what}「{name}」定义了两次。", "{what} “{name}” is defined twice.")
UNKNOWN_FIELD = _type("unknown-field", "「{name}」不是「{of}」的字段。", "“{name}” is not a field of {of}.")
UNKNOWN_DOCUMENT = _type("unknown-document", "没有{what}「{name}」。", "There is no {what} “{name}”.")
UNKNOWN_OPTION = _type(
    "unknown-option", "「{name}」不是「{of}」的选项。", "“{name}” is not an option of {of}."
)
WRONG_FIELD = _type("wrong-field", "{zh}", "{en}")
FORMULA_WRONG = _type("formula", "{zh}", "{en}")
FORMULA_TYPE = _type("formula-type", "{zh}", "{en}")
BAD_VALUE = _type("document-value", "{zh}", "{en}")
REQUIRES = _type("requires", "{zh}", "{en}")
TOO_MANY_PROBLEMS = _type(
    "too-many-problems",
    "还有 {count} 个问题没有列出。",
    "{count} more problems are not listed.",
    ("先改正列出的问题。", "Correct those that are listed first."),
)
PROBLEMS_MAX = 500
"""How many problems of one source are told."""


def hinted(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with a hint in words, from `nearest`, or from `known` where those are few."""
    near, known = facts.get("nearest"), facts.get("known")
    if near:
        facts["hint"] = Label(f"最接近的是：{near}。", f"Nearest: {near}.")
    elif known:
        facts["hint"] = Label(f"可以是：{known}。", f"Known: {known}.")
    return facts


def unknown(
    kind: ProblemType, name: object, candidates: Iterable[str], place: Place, **facts: Any
) -> Problem:
    """A name that means nothing here, with the nearest one that does, or all where they are few."""
    known = [str(c) for c in candidates]
    near = nearest(str(name), known)
    facts = {"name": name, "nearest": near, "known": few(known), **facts}
    return Problem(kind, None, hinted(facts), place)


def few(known: list[str], limit: int = 12) -> str | None:
    """A short list of names, or None where it would be long."""
    return ", ".join(known) if known and len(known) <= limit else None


def said(kind: ProblemType, zh: str, en: str, place: Place, near: str | None = None) -> Problem:
    """A problem in words of its own."""
    return Problem(kind, None, hinted({"zh": zh, "en": en, "nearest": near}), place)


_ENDS = {"zh": "{count} 个问题；没有发布任何内容。", "en": "{count} problems; nothing was published."}
_ONE = {"zh": "1 个问题；没有发布任何内容。", "en": "1 problem; nothing was published."}


def sentence(problem: Problem, language: Language) -> str:
    """What is wrong, what would be right, in one or a few sentences."""
    remedy = problem.remedy(language)
    between = "" if language == "zh" or not remedy else " "
    return f"{problem.text(language)}{between}{remedy}"


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
        lines += [headline(problem), f"  {sentence(problem, language)}"]
    lines.append(_ONE[language] if count == 1 else _ENDS[language].format(count=count))
    return "\n".join(lines)


def headline(problem: Problem) -> str:
    """Where it is and of what type: `views/people.yaml:6:18  unknown-field  at columns[1]`."""
    place = problem.place or Place()
    spot = f"{place.file}:{place.line}:{place.column}" if place.line else place.file
    where = f"  at {place.path}" if place.path else ""
    return f"{spot}  {problem.type.name}{where}".strip()
