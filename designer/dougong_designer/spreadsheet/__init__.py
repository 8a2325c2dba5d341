"""What the columns of a spreadsheet seem to hold: a type for each, how sure that is, and samples beside.

A type is guessed by reading: a column is of the most particular type that reads nearly all of its cells. Field types
read cells here exactly as they will when rows are imported (`transfer.cells`), so a guess promises what comes after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

from dougong_designer import naming
from dougong_runtime.fields.base import FIELD_TYPES, Field, ValueProblem
from dougong_runtime.fields.times import reading_zone
from dougong_runtime.labels import Label
from dougong_runtime.transfer.cells import cell_text, parse_cell, split_values
from dougong_runtime.transfer.sheets import Cell, Row, Sheet

EXAMINED_MAX = 2_000
"""Rows that a guess looks at."""
SAMPLES = 4
SAMPLE_LENGTH_MAX = 60
DISTINCT_KEPT = 60
"""Values that are kept of a column, to make options of."""
OPTIONS_GUESSED = 20
"""A text column of more values than this is not taken for a choice unless somebody says so."""
OPTION_LENGTH_MAX = 24
FITS = 0.95
"""Share of cells that a type must read to be guessed."""
LONG_TEXT = 120
ID_LENGTH = 18
"""Of resident ids and company codes alike."""

TYPES = (
    "text",
    "long_text",
    "integer",
    "decimal",
    "percent",
    "date",
    "datetime",
    "time",
    "boolean",
    "choice",
    "multi_choice",
    "tags",
    "phone",
    "email",
    "url",
    "id_number",
    "address",
    "reference",
    "references",
)
"""Types that a column may become."""
WITH_OPTIONS = ("choice", "multi_choice")
TEXTS = ("text", "long_text", "choice", "multi_choice", "tags")

LOOKED_AT_FIRST = 40
MAY_FIT = 0.6
"""Share of the first cells that a type must read to be tried on all."""
Fits = Callable[[Cell, str], bool]

_MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}\Z")
_CODED = re.compile(r"0\d+\Z|\d{16,}\Z")
_PERCENT = re.compile(r"[-+−]?[\d.,]+\s*[%％]\Z")
_SEVERAL = re.compile(r"[;；\n]")
_PHONE_WORD = re.compile(r"电话|手机|联系方式|phone|mobile|tel\b", re.IGNORECASE)
_CODE_WORD = re.compile(r"编号|代码|编码|单号|学号|工号|证号|\bcode\b|\bid\b|\bno\b\.?|number", re.IGNORECASE)
_TITLE_WORD = re.compile(r"名|标题|主题|题目|事项|name|title|subject", re.IGNORECASE)
_ADDRESS_WORD = re.compile(r"地址|住址|address", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column seems to hold. `certainty`: per cent of its cells that this reads, less where there are few."""

    type: str
    certainty: int
    scheme: str = ""
    scale: int = 2
    to: str = ""
    """Of a reference: the entity whose records the cells name."""


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column as it was found."""

    place: int
    header: str
    name: str
    """The inner name that it would get."""
    guess: Guess
    filled: int
    """Cells that hold something, of the rows that were looked at."""
    rows: int
    distinct: int
    unique: bool
    """Whether it seems to be what tells rows apart."""
    is_title: bool
    samples: tuple[str, ...]
    values: tuple[str, ...] = field(default_factory=tuple)
    """Its different values, as many as are kept, the more frequent first; those between `;` where cells hold several."""
    whole: bool = True
    """Whether `values` are all there are."""
    unread: tuple[str, ...] = ()
    """Cells that the guessed type does not read."""

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> SheetColumn:
        """The inverse of `as_json`."""
        texts = {key: tuple(data[key]) for key in ("samples", "values", "unread")}
        return cls(**{**data, **texts, "guess": Guess(**data["guess"])})


def examine(sheet: Sheet, time_zone: str) -> tuple[SheetColumn, ...]:
    """The columns of a table that have a header. Raises Refused as reading it does."""
    rows = list(islice(sheet.rows, EXAMINED_MAX))
    taken: list[str] = []
    found = []
    with reading_zone(time_zone):
        for place, header in enumerate(sheet.header):
            if not header.strip():
                continue
            name = naming.name_from(header, "column", taken)
            taken.append(name)
            found.append(_column(place, header.strip(), name, rows))
    title = next((c.place for c in found if c.guess.type == "text" and _TITLE_WORD.search(c.header)), None)
    if title is None:
        title = next((c.place for c in found if c.guess.type == "text"), found[0].place if found else None)
    return tuple(replace(c, is_title=c.place == title) for c in found)


def _column(place: int, header: str, name: str, rows: Sequence[Row]) -> SheetColumn:
    cells = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place] is not None]
    texts = [cell_text(cell) for cell in cells]
    counted: dict[str, int] = {}
    for text in texts:
        counted[text] = counted.get(text, 0) + 1
    guess = _guess(header, cells, texts, counted)
    if guess.type in ("multi_choice", "tags"):
        counted = {}
        for text in texts:
            for piece in split_values(text):
                counted[piece] = counted.get(piece, 0) + 1
    ordered = sorted(counted, key=lambda text: (-counted[text], text))
    reads = _reader(guess, header)
    unread = [text for cell, text in zip(cells, texts, strict=True) if not reads(cell)]
    told_apart = len(counted) == len(cells) == len(rows) and len(rows) >= 3
    return SheetColumn(
        place,
        header,
        name,
        guess,
        len(cells),
        len(rows),
        len(counted),
        told_apart and (guess.type == "id_number" or bool(_CODE_WORD.search(header))),
        False,
        tuple(text[:SAMPLE_LENGTH_MAX] for text in dict.fromkeys(islice(texts, 40)))[:SAMPLES],
        tuple(ordered[:DISTINCT_KEPT]),
        len(ordered) <= DISTINCT_KEPT,
        tuple(dict.fromkeys(text[:SAMPLE_LENGTH_MAX] for text in unread))[:SAMPLES],
    )


# --- guessing -----------------------------------------------------------------------------------------------------
def _guess(header: str, cells: Sequence[Cell], texts: Sequence[str], counted: Mapping[str, int]) -> Guess:
    if not cells:
        return Guess("text", 0)
    both = list(zip(cells, texts, strict=True))
    for kind, fits, more in _candidates(header, cells, texts):
        if _share(fits, both[:LOOKED_AT_FIRST]) < MAY_FIT:
            continue
        share = _share(fits, both)
        if share >= FITS:
            return Guess(kind, _certainty(share, len(cells)), **more)
    several = sum(bool(_SEVERAL.search(text)) for text in texts) / len(texts)
    if several >= 0.2 and max(map(len, texts)) < LONG_TEXT:
        pieces = {piece for text in texts for piece in split_values(text)}
        kind = "multi_choice" if len(pieces) <= OPTIONS_GUESSED else "tags"
        return Guess(kind, _certainty(0.8, len(cells)))
    if _is_choice(counted, len(cells)):
        return Guess("choice", _certainty(1 - len(counted) / len(cells) / 2, len(cells)))
    if any(len(text) > LONG_TEXT or "\n" in text for text in texts):
        return Guess("long_text", _certainty(1, len(cells)))
    if _ADDRESS_WORD.search(header):
        return Guess("address", _certainty(0.9, len(cells)))
    return Guess("text", _certainty(1, len(cells)))


def _share(fits: Fits, cells: Sequence[tuple[Cell, str]]) -> float:
    return sum(fits(cell, text) for cell, text in cells) / len(cells)


def _certainty(share: float, count: int) -> int:
    """Few cells prove little."""
    return round(100 * share * (1 if count >= 10 else 0.6 + 0.04 * count))


def _is_choice(counted: Mapping[str, int], count: int) -> bool:
    return (
        2 <= len(counted) <= OPTIONS_GUESSED
        and count >= max(6, 3 * len(counted))
        and all(len(text) <= OPTION_LENGTH_MAX for text in counted)
    )


def _candidates(
    header: str, cells: Sequence[Cell], texts: Sequence[str]
) -> Iterator[tuple[str, Fits, dict[str, Any]]]:
    """Types from the most particular on, each with what must hold of a cell, and what else the guess says."""

    known: dict[str, Field] = {}

    def reads(kind: str, **options: Any) -> Fits:
        key = f"{kind} {options}"
        if key not in known:
            known[key] = probe(kind, header, options)
        made = known[key]
        return lambda cell, text: _parses(made, cell)

    def numbered(scheme: str) -> Fits:
        own = reads("id_number", scheme=scheme)
        return lambda cell, text: len(text.strip()) == ID_LENGTH and own(cell, text)

    yield "boolean", lambda c, t: isinstance(c, bool) or (not t.isdigit() and reads("boolean")(c, t)), {}
    for scheme in ("cn_id", "uscc"):
        yield "id_number", numbered(scheme), {"scheme": scheme}
    yield "email", lambda c, t: "@" in t and reads("email")(c, t), {}
    yield "url", lambda c, t: "://" in t and reads("url")(c, t), {}
    yield "phone", lambda c, t: bool(_MOBILE.match(t.strip())), {}
    if _PHONE_WORD.search(header):
        yield "phone", reads("phone"), {}
    yield "date", lambda c, t: not isinstance(c, int | float) and reads("date")(c, t), {}
    yield "datetime", lambda c, t: not isinstance(c, int | float) and reads("datetime")(c, t), {}
    yield "time", lambda c, t: ":" in t and reads("time")(c, t), {}
    yield "percent", lambda c, t: bool(_PERCENT.match(t.strip())) and reads("percent", scale=6)(c, t), {}
    numbers = not any(isinstance(c, str) and _CODED.match(t) for c, t in zip(cells, texts, strict=True))
    if numbers:
        yield "integer", lambda c, t: not isinstance(c, bool) and reads("integer")(c, t), {}
        yield "decimal", reads("decimal", precision=38, scale=18), {"scale": _places(texts)}


def _places(texts: Sequence[str]) -> int:
    """How many decimal places the cells have at most; at least two."""
    found = [len(m[1]) for text in texts if (m := re.search(r"[.．](\d+)\D*\Z", text))]
    return min(max([2, *found]), 8)


def probe(kind: str, header: str, options: Mapping[str, Any]) -> Field:
    """A field of a type, to read cells with."""
    made = FIELD_TYPES.get(kind)
    return Field("probe", "probe", kind, Label(header, header), made.value_type(options), options)


def _parses(made: Field, cell: Cell) -> bool:
    try:
        return parse_cell(made, cell) is not None
    except (ValueProblem, ValueError, ArithmeticError):
        return False


def _reader(guess: Guess, header: str) -> Callable[[Cell], bool]:
    """Whether the guessed type reads a cell; what names or lists values reads any."""
    if guess.type in TEXTS or guess.type in ("address", "reference", "references"):
        return lambda cell: True
    options: dict[str, Any] = {}
    if guess.scheme:
        options["scheme"] = guess.scheme
    if guess.type in ("decimal", "percent"):
        options = {"precision": 38, "scale": 18 if guess.type == "decimal" else 6}
    made = probe(guess.type, header, options)
    return lambda cell: _parses(made, cell)
