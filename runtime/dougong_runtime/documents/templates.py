"""Texts with formulas in braces: `Dear {name}, you have {COUNT(visits)} visits.`"""

from __future__ import annotations

from collections.abc import Iterator

_QUOTES = "'\""


class TemplateProblem(ValueError):
    """A brace without its partner; `offset` counts characters from 0."""

    def __init__(self, zh: str, en: str, offset: int) -> None:
        self.zh, self.en, self.offset = zh, en, offset
        super().__init__(en)


def template_parts(text: str) -> Iterator[tuple[int, str, bool]]:
    """The pieces of a text: where each begins, what it says, whether it is a formula.

    `{{` and `}}` stand for braces. Raises TemplateProblem for a brace without its partner.

    >>> list(template_parts("Dear {name}: {{x}}"))
    [(0, 'Dear ', False), (6, 'name', True), (11, ': {x}', False)]
    """
    words, began, index = "", 0, 0
    while index < len(text):
        character = text[index]
        if text[index : index + 2] in ("{{", "}}"):
            words += character
            index += 2
        elif character == "{":
            if words:
                yield began, words, False
            end = _closing(text, index)
            yield index + 1, text[index + 1 : end], True
            words, began = "", end + 1
            index = end + 1
        elif character == "}":
            raise TemplateProblem("这个 } 没有对应的 {。", "This } has no { before it.", index)
        else:
            words += character
            index += 1
    if words:
        yield began, words, False


def _closing(text: str, opened: int) -> int:
    quote = ""
    index = opened + 1
    while index < len(text):
        character = text[index]
        if quote:
            if character == "\\":
                index += 1
            elif character == quote:
                quote = ""
        elif character in _QUOTES:
            quote = character
        elif character == "}":
            return index
        index += 1
    raise TemplateProblem("这个 { 没有对应的 }。", "This { is never closed.", opened)
