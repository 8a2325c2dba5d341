"""Formula text → tokens, each with its place in the text.

Spreadsheet comforts are settled here: case-blind keywords, `=` and `<>`, both quote marks, full-width punctuation as
Chinese keyboards give it, AND, OR, NOT and IN both between operands and as functions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from dougong_runtime.formulas.problems import FormulaProblem, FormulaProblems

LENGTH_MAX = 4000
"""Characters in a formula."""
NESTING_MAX = 60
"""Parentheses inside each other."""
DIGITS_MAX = 38
"""Digits of a number written in a formula."""


class Sort(Enum):
    """What a token is."""

    NAME = auto()
    """A field, a function or a piece of a path."""
    NUMBER = auto()
    TEXT = auto()
    CONSTANT = auto()
    """TRUE, FALSE, NULL: `value` is the constant."""
    SIGN = auto()
    """An operator or a bracket, in Python's spelling, in `word`."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text."""

    sort: Sort
    word: str
    """As Python spells it (SIGN), or as written (NAME, NUMBER)."""
    offset: int
    length: int
    value: str | Decimal | bool | None = None

    @property
    def is_operand_end(self) -> bool:
        """Whether an operator between operands may follow."""
        return self.sort is not Sort.SIGN or self.word == ")"


_WIDE = {"（": "(", "）": ")", "，": ",", "＝": "=", "＜": "<", "＞": ">", "＋": "+", "－": "-", "×": "*", "＊": "*", "÷": "/", "／": "/", "＆": "&", "．": ".", "＇": "'", "＂": '"', "\u3000": " ", "\u00a0": " ", "≤": "<=", "≥": ">=", "≠": "<>"}  # fmt: skip
_QUOTES = {"'": "'", '"': '"', "‘": "’", "’": "’", "“": "”", "”": "”"}
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "’": "’",
    "”": "”",
    "‘": "‘",
    "“": "“",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_SIGNS = {"<>": "!=", "!=": "!=", "<=": "<=", ">=": ">=", "==": "==", "=": "==", "<": "<", ">": ">", "+": "+", "-": "-", "*": "*", "/": "/", "&": "&", "(": "(", ")": ")", ",": ",", ".": "."}  # fmt: skip
_HINTS = {
    "%": ("百分比写成小数（0.2），取余用 MOD", "Write a percentage as a fraction (0.2); for the remainder use MOD"),
    "^": ("乘方用 POWER(x, n)", "For powers use POWER(x, n)"),
    "|": ("或者用 OR", "Write OR"),
    "!": ("不是用 NOT，不等用 <>", "Write NOT, or <> for unequal"),
    "[": ("列表写在圆括号里：IN ('a', 'b')", "Lists stand in parentheses: IN ('a', 'b')"),
    "{": ("公式里不能用花括号", "Braces have no meaning here"),
    ";": ("参数之间用逗号", "Separate arguments by commas"),
    ":": ("公式里不能用冒号", "A colon has no meaning here"),
}  # fmt: skip


def tokens(text: str) -> list[Token]:
    """The tokens of a formula, keywords settled. Raises FormulaProblems."""
    if len(text) > LENGTH_MAX:
        raise FormulaProblems(
            [
                FormulaProblem(
                    LENGTH_MAX,
                    f"公式最长 {LENGTH_MAX} 个字符，这里有 {len(text)} 个",
                    f"A formula has at most {LENGTH_MAX} characters; this has {len(text)}",
                )
            ]
        )
    found = _settle(_scan(text))
    _check_brackets(found)
    return found


def _scan(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        char = _WIDE.get(text[at], text[at])
        if char.isspace():
            at += 1
            continue
        if text[at] in _QUOTES or char in _QUOTES:
            token = _text(text, at)
        elif match := _NUMBER.match(text, at) if char != "." or not _follows_name(found, at) else None:
            token = _number(text, at, match.group())
        elif match := _NAME.match(text, at):
            token = Token(Sort.NAME, match.group(), at, len(match.group()))
        else:
            token = _sign(text, at, char, found)
        if token.word:
            found.append(token)
        at = token.offset + token.length
    return found


def _follows_name(found: list[Token], at: int) -> bool:
    return bool(found) and found[-1].sort is Sort.NAME and found[-1].offset + found[-1].length == at


def _sign(text: str, at: int, char: str, found: list[Token]) -> Token:
    pair = char + (_WIDE.get(text[at + 1], text[at + 1]) if at + 1 < len(text) else "")
    if len(char) == 1 and pair in _SIGNS and len(pair) == 2:
        return Token(Sort.SIGN, _SIGNS[pair], at, 2)
    if char in _SIGNS:
        if char == "=" and not found:  # a spreadsheet formula begins with it
            return Token(Sort.SIGN, "", at, 1)
        return Token(Sort.SIGN, _SIGNS[char], at, 1)
    zh, en = _HINTS.get(char, (f"公式里不能用「{char}」", f"“{char}” has no meaning here"))
    raise FormulaProblems([FormulaProblem(at, zh, en)])


def _number(text: str, at: int, written: str) -> Token:
    end = at + len(written)
    if end < len(text) and (text[end].isalnum() or text[end] == "_"):
        word = written + text[end]
        raise FormulaProblems(
            [
                FormulaProblem(
                    at, f"「{word}…」不是数字", f"“{word}…” is not a number", length=len(written) + 1
                )
            ]
        )
    if sum(c.isdigit() for c in written.lstrip("0.")) > DIGITS_MAX:
        raise FormulaProblems(
            [
                FormulaProblem(
                    at,
                    f"数字最多 {DIGITS_MAX} 位",
                    f"A number has at most {DIGITS_MAX} digits",
                    length=len(written),
                )
            ]
        )
    value = Decimal(written)
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    if places > 20:
        raise FormulaProblems(
            [FormulaProblem(at, "小数最多 20 位", "At most 20 decimal places", length=len(written))]
        )
    return Token(Sort.NUMBER, written, at, len(written), value)


def _text(text: str, at: int) -> Token:
    close = _QUOTES.get(text[at]) or _QUOTES[_WIDE[text[at]]]
    wide_close = {v: k for k, v in _WIDE.items()}.get(close, close)
    parts: list[str] = []
    here = at + 1
    while here < len(text):
        char = text[here]
        if char == "\\" and here + 1 < len(text):
            parts.append(_ESCAPES.get(text[here + 1], "\\" + text[here + 1]))
            here += 2
            continue
        if char in (close, wide_close):
            return Token(
                Sort.TEXT, text[at : here + 1], at, here + 1 - at, "".join(parts).replace("\x00", "")
            )
        parts.append(char)
        here += 1
    raise FormulaProblems(
        [FormulaProblem(at, "引号没有闭合", "The quotation mark is never closed", length=len(text) - at)]
    )


_CONSTANTS = {"true": True, "false": False, "null": None}
_BETWEEN = {"and": "and", "or": "or", "in": "in"}


def _settle(found: list[Token]) -> list[Token]:
    """Tell keywords from names by where they stand."""
    settled: list[Token] = []
    for index, token in enumerate(found):
        word = token.word.lower()
        last = settled[-1] if settled else None
        following = found[index + 1] if index + 1 < len(found) else None
        after_dot = last is not None and last.word == "."
        if token.sort is not Sort.NAME or after_dot:
            settled.append(token)
        elif word in _CONSTANTS:
            settled.append(Token(Sort.CONSTANT, token.word, token.offset, token.length, _CONSTANTS[word]))
        elif (word in _BETWEEN and last is not None and last.is_operand_end) or (
            word in _BETWEEN and last is not None and last.word == "not"
        ):
            settled.append(Token(Sort.SIGN, _BETWEEN[word], token.offset, token.length))
        elif word == "not" and not _is_call(token, following):
            settled.append(Token(Sort.SIGN, "not", token.offset, token.length))
        else:
            settled.append(token)
    return settled


def _is_call(token: Token, following: Token | None) -> bool:
    """`NOT(x)` is a function; `NOT (x)` with a space is the operator."""
    return following is not None and following.word == "(" and following.offset == token.offset + token.length


def _check_brackets(found: list[Token]) -> None:
    opened: list[Token] = []
    for token in found:
        if token.sort is not Sort.SIGN:
            continue
        if token.word == "(":
            opened.append(token)
            if len(opened) > NESTING_MAX:
                raise FormulaProblems(
                    [
                        FormulaProblem(
                            token.offset,
                            f"括号最多嵌套 {NESTING_MAX} 层",
                            f"Parentheses stand in each other at most {NESTING_MAX} deep",
                        )
                    ]
                )
        elif token.word == ")":
            if not opened:
                raise FormulaProblems(
                    [FormulaProblem(token.offset, "多了一个右括号", "One closing parenthesis too many")]
                )
            opened.pop()
    if opened:
        raise FormulaProblems(
            [FormulaProblem(opened[-1].offset, "这个括号没有闭合", "This parenthesis is never closed")]
        )
