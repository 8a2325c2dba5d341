"""YAML and JSON text → plain values, safely, with the place of every node; and back to text.

What is understood is the JSON part of YAML 1.2: no tags, no anchors or aliases, no keys twice. A plain scalar is null,
true, false or a number only where JSON would read it so; everything else, dates and `on` and `no` included, is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import yaml

from dougong_runtime.errors import Place

Mark: TypeAlias = "yaml.error.Mark | yaml._yaml.Mark"
Step: TypeAlias = str | int
PathSteps: TypeAlias = tuple[Step, ...]

SCALAR_LENGTH_MAX = 200_000
DEPTH_MAX = 40
NODES_MAX = 300_000
"""Values of all files of one reading together; so are the documents counted."""
DOCUMENTS_MAX = 2_000
DIGITS_EXACT = 15
"""A decimal of up to so many digits survives a binary float; longer ones stay text."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_NULLS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS: dict[str, bool | None] = {
    **_NULLS,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
INTEGER_DIGITS_MAX = 38

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no text of a document may hold, escaped or not: databases refuse it, screens hide it."""


class TextProblem(ValueError):
    """Text that is not a document; with its line and column, counted from 1."""

    def __init__(self, zh: str, en: str, line: int, column: int) -> None:
        self.zh, self.en, self.line, self.column = zh, en, line, column
        super().__init__(f"{line}:{column}: {en}")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value begins: line and column from 1; `shift` is 1 after a quote, None for text over several lines."""

    line: int
    column: int
    shift: int | None = None


@dataclass(frozen=True)
class Places:
    """Where each value and each key of a document stands in its file."""

    file: str
    index: int = 0
    """Which document of its file it is, from 0."""
    values: dict[PathSteps, Spot] = field(default_factory=dict)
    keys: dict[PathSteps, Spot] = field(default_factory=dict)

    def at(self, path: PathSteps, offset: int | None = None, *, key: bool = False) -> Place:
        """The place of a value (or of its key), or of the nearest part around it. `offset` counts into a text."""
        spots = self.keys if key else self.values
        for length in range(len(path), -1, -1):
            spot = spots.get(path[:length]) or self.values.get(path[:length])
            if spot is not None:
                exact = length == len(path) and offset is not None and spot.shift is not None
                column = spot.column + (spot.shift or 0) + (offset or 0) if exact else spot.column
                return Place(self.file, spot.line, column, path_text(path))
        return Place(self.file, 0, 0, path_text(path))


def path_text(path: PathSteps) -> str:
    """`("fields", 3, "formula")` as `fields[3].formula`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def scalar(text: str) -> Any:
    """What a plain scalar means: null, a truth value, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    found = _NUMBER.match(text)
    if found is None:
        return text
    if found[1] is None and found[2] is None:
        return int(text) if len(text) <= INTEGER_DIGITS_MAX else text
    return plain_number(text)


def plain_number(text: str) -> float | str:
    """A decimal as a JSON number where that keeps every digit, else as text."""
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        return text
    digits = "".join(map(str, exact.as_tuple().digits)).strip("0")
    if len(digits) > DIGITS_EXACT or not -300 < exact.adjusted() < 300:
        return text
    return float(text)


@dataclass
class Budget:
    """What has been read so far: one for all files that are read together."""

    nodes: int = 0
    documents: int = 0


def parse(text: str, file: str, budget: Budget | None = None) -> Iterator[tuple[Any, Places]]:
    """The documents of a text, each with its places. Raises TextProblem at the first thing that cannot be read.

    An empty document (two `---` in a row) is left out.
    """
    builder = _Builder(file, budget or Budget())
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            done = builder.take(event)
            if done is not None:
                yield done
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise TextProblem(
            f"YAML 写法有误：{words}", f"This is not valid YAML: {words}.", line, column
        ) from None
    except yaml.YAMLError as error:
        words = str(error).splitlines()[0]
        raise TextProblem(f"YAML 写法有误：{words}", f"This is not valid YAML: {words}.", 1, 1) from None


class _Builder:
    """Turns parser events into values, without recursion."""

    def __init__(self, file: str, budget: Budget) -> None:
        self.file, self.budget = file, budget
        self.given = 0
        self.reset()

    def reset(self) -> None:
        self.places = Places(self.file, self.given)
        self.stack: list[Any] = []
        self.path: list[Step] = []
        self.keys: list[str | None] = []
        self.root: Any = None

    def take(self, event: yaml.Event) -> tuple[Any, Places] | None:
        """One event; a finished document when it was its last."""
        mark = _start(event)
        if isinstance(event, yaml.AliasEvent):
            raise _problem(
                mark, "不能使用 YAML 别名（*）", "Aliases (*name) are not read; write the value out"
            )
        if isinstance(event, yaml.NodeEvent):
            self.budget.nodes += 1
            if self.budget.nodes > NODES_MAX:
                raise _problem(mark, f"内容超过 {NODES_MAX} 项", f"There are more than {NODES_MAX} values")
            if event.anchor is not None:
                raise _problem(mark, "不能使用 YAML 锚点（&）", "Anchors (&name) are not read")
            if getattr(event, "tag", None) is not None:
                raise _problem(mark, "不能使用 YAML 标签（!）", "Tags (!name) are not read")
        if isinstance(event, yaml.DocumentStartEvent):
            self.reset()
        elif isinstance(event, yaml.DocumentEndEvent):
            return self.finish(mark)
        elif isinstance(event, yaml.ScalarEvent):
            self.scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self.open({}, mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.open([], mark)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.close()
        return None

    def finish(self, mark: Mark) -> tuple[Any, Places] | None:
        self.budget.documents += 1
        if self.budget.documents > DOCUMENTS_MAX:
            raise _problem(
                mark, f"文档超过 {DOCUMENTS_MAX} 份", f"There are more than {DOCUMENTS_MAX} documents"
            )
        if self.root is None:
            return None
        self.given += 1
        return self.root, self.places

    def scalar(self, event: yaml.ScalarEvent) -> None:
        mark = _start(event)
        if len(event.value) > SCALAR_LENGTH_MAX:
            raise _problem(
                mark,
                f"一个值超过 {SCALAR_LENGTH_MAX} 个字符",
                f"A value is longer than {SCALAR_LENGTH_MAX} characters",
            )
        if found := CONTROL.search(event.value):
            code = f"U+{ord(found[0]):04X}"
            raise _problem(mark, f"不能有控制字符（{code}）", f"Control characters ({code}) are not read")
        plain = not event.style
        if self.waits_for_key():
            self.key(event.value, mark)
            return
        one_line = (
            event.end_mark is not None
            and mark.line == event.end_mark.line
            and (plain or event.style in ("'", '"'))
        )
        shift = (0 if plain else 1) if one_line else None
        self.note(mark, shift)
        self.put(scalar(event.value) if plain else event.value)

    def waits_for_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], dict) and self.keys[-1] is None

    def key(self, name: str, mark: Mark) -> None:
        if name in self.stack[-1]:
            raise _problem(mark, f"「{name}」写了两次", f"“{name}” stands here twice")
        self.keys[-1] = name
        self.places.keys[(*self.path, name)] = Spot(mark.line + 1, mark.column + 1)

    def here(self) -> PathSteps:
        if not self.stack:
            return ()
        top = self.stack[-1]
        last: Step = len(top) if isinstance(top, list) else self.keys[-1] or ""
        return (*self.path, last)

    def note(self, mark: Mark, shift: int | None = None) -> None:
        self.places.values[self.here()] = Spot(mark.line + 1, mark.column + 1, shift)

    def put(self, value: Any) -> None:
        if not self.stack:
            self.root = value
        elif isinstance(self.stack[-1], list):
            self.stack[-1].append(value)
        else:
            self.stack[-1][self.keys[-1]] = value
            self.keys[-1] = None

    def open(self, container: Any, mark: Mark) -> None:
        if self.waits_for_key():
            raise _problem(mark, "名称必须是文字", "A name must be a plain text")
        if len(self.stack) >= DEPTH_MAX:
            raise _problem(mark, f"嵌套超过 {DEPTH_MAX} 层", f"Nested deeper than {DEPTH_MAX}")
        self.note(mark)
        if self.stack:
            self.path.append(self.here()[-1])
        self.stack.append(container)
        self.keys.append(None)

    def close(self) -> None:
        done = self.stack.pop()
        self.keys.pop()
        if self.stack:
            self.path.pop()
        self.put(done)


def _start(event: yaml.Event) -> Mark:
    """Where an event begins; the parser always says."""
    if event.start_mark is None:
        raise AssertionError("the YAML parser gives every event a place")
    return event.start_mark


def _problem(mark: Mark, zh: str, en: str) -> TextProblem:
    return TextProblem(f"{zh}。", f"{en}.", mark.line + 1, mark.column + 1)
