"""People named in a text by `@`: by their name, their username, or the id of their record.

Chinese puts no blank between a name and what follows, so a name is looked for in what stands behind each `@`: the
longest that somebody bears.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

NAME_MAX = 40
"""Characters behind an `@` that may belong to a name."""
MENTIONS_MAX = 20
"""People that one comment may name; who is named beyond is not told."""

_LINK = re.compile(r"https?://[^\s<>\"'，。；、）】」]+")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who may be meant: id, and what they are called."""

    id: str
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a comment: plain words, somebody named, or an address of the web."""

    kind: Literal["text", "mention", "link"]
    text: str


def candidates(text: str) -> list[str]:
    """All that may be a name: what stands behind each `@`, one character, two, and so on.

    >>> candidates("@李 好")
    ['李', '李 好']
    """
    found: dict[str, None] = {}
    for place in _places(text)[:MENTIONS_MAX]:
        behind = text[place + 1 : place + 1 + NAME_MAX].partition("\n")[0]
        for length in range(1, len(behind) + 1):
            if not behind[length - 1].isspace():
                found[behind[:length]] = None
    return list(found)


def mentioned(text: str, people: Iterable[Named]) -> tuple[dict[str, str], list[str]]:
    """Who is named: as typed → id; and the names that several people bear, so that nobody is meant by them."""
    bearers: dict[str, set[str]] = {}
    for person in people:
        for word in {person.name, person.username, person.id} - {""}:
            bearers.setdefault(word, set()).add(person.id)
    found: dict[str, str] = {}
    doubtful: dict[str, None] = {}
    for place in _places(text)[:MENTIONS_MAX]:
        behind = text[place + 1 : place + 1 + NAME_MAX]
        name = max((w for w in bearers if behind.startswith(w) and _ends(w, behind)), key=len, default=None)
        if name is None:
            continue
        if len(bearers[name]) > 1:
            doubtful[name] = None
        else:
            found[name] = next(iter(bearers[name]))
    return found, list(doubtful)


def pieces(text: str, names: Mapping[str, str]) -> tuple[Piece, ...]:
    """A comment in its parts, for a page to draw: nothing of it is markup."""
    made: list[Piece] = []
    known = sorted(names, key=len, reverse=True)
    pattern = "|".join([*(re.escape("@" + n) for n in known), _LINK.pattern])
    at = 0
    for match in re.finditer(pattern, text):
        if match.start() > at:
            made.append(Piece("text", text[at : match.start()]))
        made.append(Piece("mention" if match[0].startswith("@") else "link", match[0]))
        at = match.end()
    if at < len(text):
        made.append(Piece("text", text[at:]))
    return tuple(made)


def _places(text: str) -> Sequence[int]:
    """Where an `@` begins a name: not inside a word, as an address of mail has it."""
    return [
        m.start()
        for m in re.finditer("@", text)
        if m.start() == 0 or not (text[m.start() - 1].isascii() and text[m.start() - 1].isalnum())
    ]


def _ends(word: str, behind: str) -> bool:
    """Whether a word of Latin letters ends there: `@li` is not meant by `@lina`."""
    if len(behind) == len(word) or not (word[-1].isascii() and word[-1].isalnum()):
        return True
    following = behind[len(word)]
    return not (following.isascii() and (following.isalnum() or following in "_-"))
