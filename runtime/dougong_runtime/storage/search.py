"""Search columns and sort keys: what is written into them, and the condition that looks them up.

A search column holds tokens with one space between. Of Chinese text: each character, each pair of neighbours, and
the pinyin of each run (initials and full, from every syllable on, other readings of its characters included). Of
other words: the word, its digits from each place on, and codes with their parts joined. A query's words are looked
up as beginnings of tokens, its Chinese text as pairs; all of them must be found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dougong_runtime.fields.base import Field, Value
from dougong_runtime.fields.text import plain_text
from dougong_runtime.fields.writing import searchable
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.identifiers import (
    ROW,
    SEARCH,
    search_column_name,
    search_table_name,
    sort_column_name,
)

if TYPE_CHECKING:
    from dougong_runtime.storage.tables import Tables

SEARCHED_TYPES = frozenset(
    {
        "text",
        "long_text",
        "rich_text",
        "email",
        "phone",
        "url",
        "id_number",
        "address",
        "autonumber",
        "choice",
        "stage",
        "multi_choice",
        "tags",
        "integer",
        "file",
        "image",
    }
)
TOKEN_LENGTH_MAX = 60
COLUMN_LENGTH_MAX = 24_000
QUERY_TERMS_MAX = 12
SORT_KEY_LENGTH_MAX = 160
_READ_RUN_MAX = 20
"""Longer runs of Chinese text are sentences: nobody looks for their pinyin."""
_READINGS_RUN_MAX = 4
"""Runs up to here are names: every reading of every character counts."""
_READINGS_MAX = 12
_DIGITS_MIN = 4
"""Fewer digits from the end of a number say nothing."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_PIECES = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_CODE = re.compile(rf"[^\W_{_HAN}]+(?:[-_./ ]?[^\W_{_HAN}]+)+")
_DIGITS = re.compile(r"\d+")
_IS_HAN = re.compile(rf"[{_HAN}]")


# --- which fields ---------------------------------------------------------------------------------------------


def searched_fields(entity: Entity) -> tuple[Field, ...]:
    """Fields whose words are searched: those marked, and the title where it is a text of its own."""
    return tuple(
        f
        for f in entity.own_fields
        if f.type in SEARCHED_TYPES
        and f.has_column
        and (f.search or (f.name == entity.title and f.type != "choice"))
    )


def sorted_fields(entity: Entity) -> tuple[Field, ...]:
    """Fields that sort by pinyin, by a key of their own."""
    return tuple(f for f in entity.own_fields if f.type == "text")


def search_columns(entity: Entity) -> dict[str, tuple[Field, ...]]:
    """Search column → the fields whose words it holds. Each sensitive field has its own."""
    fields = searched_fields(entity)
    common = tuple(f for f in fields if not f.sensitive)
    columns = {SEARCH: common} if common else {}
    return columns | {search_column_name(f.name): (f,) for f in fields if f.sensitive}


def auxiliary_columns(entity: Entity) -> tuple[str, ...]:
    """All columns that are kept beside the fields, by name."""
    return (*search_columns(entity), *(sort_column_name(f.name) for f in sorted_fields(entity)))


# --- writing --------------------------------------------------------------------------------------------------


def search_values(entity: Entity, values: Mapping[str, Value]) -> dict[str, str | None]:
    """What stands in the search and sort columns of a record with these coerced values.

    A search column is answered when any of its fields is in `values`, and holds the words of those that are: give
    all fields of `search_columns(entity)[column]` when one of them changes.
    """
    return search_writer(entity)(values)


def search_writer(entity: Entity) -> Callable[[Mapping[str, Value]], dict[str, str | None]]:
    """`search_values` of one entity, for many records."""
    columns = search_columns(entity)
    keys = {field.name: sort_column_name(field.name) for field in sorted_fields(entity)}

    def of(values: Mapping[str, Value]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for column, fields in columns.items():
            if any(f.name in values for f in fields):
                texts = [t for f in fields for t in _texts(f, values.get(f.name))]
                found[column] = tokens_text(texts)
        for name, column in keys.items():
            if name in values:
                found[column] = sort_key(values[name])
        return found

    return of


def _texts(field: Field, value: Value) -> Iterator[str]:
    if value is None:
        return
    if field.type == "rich_text":
        yield plain_text(value)
    elif field.type in ("choice", "stage", "multi_choice", "tags"):
        for item in value if isinstance(value, list) else [value]:
            option = field.option(item)
            yield str(item)
            if option is not None:
                yield from {option.label.zh, option.label.en}
    else:
        yield field.kind.to_text(field, value, "zh") if field.type != "integer" else str(value)


def closeness(title: str, text: str) -> int:
    """How near a title is to what was typed, for the order of what was found: 0 where it begins so, by its letters
    or its reading; 1 where something in it does; 2 where the match lies in another field.

    >>> closeness("张思远", "zs"), closeness("林张声", "zs"), closeness("王敏", "zs")
    (0, 1, 2)
    """
    wanted, whole = searchable(text).strip(), searchable(title)
    if not wanted:
        return 2
    run = next(iter(_PIECES.findall(whole)), "")
    readings = _readings(run) if _IS_HAN.match(run) and len(run) <= _READ_RUN_MAX else set()
    starts = {"".join(s[0] for s in r) for r in readings} | {"".join(r) for r in readings}
    if whole.startswith(wanted) or any(s.startswith(wanted) for s in starts):
        return 0
    return 1 if wanted in whole or any(t.startswith(wanted) for t in tokens(title)) else 2


def tokens_text(texts: Iterable[str]) -> str | None:
    """The tokens of some texts, each once, as a search column holds them; None where there are none."""
    kept: dict[str, None] = {}
    length = 0
    for token in itertools.chain.from_iterable(map(tokens, texts)):
        token = token[:TOKEN_LENGTH_MAX]
        if token not in kept:
            length += len(token) + 1
            if length > COLUMN_LENGTH_MAX:
                break
            kept[token] = None
    return " ".join(kept) or None


def tokens(text: str) -> Iterator[str]:
    """The tokens of one text, in the order of their use to a reader."""
    folded = searchable(text)
    may_be_han = not folded.isascii()
    runs: list[str] = []
    for piece in _PIECES.findall(folded):
        if may_be_han and _IS_HAN.match(piece):
            runs.append(piece)
            yield from piece
            yield from (piece[i : i + 2] for i in range(len(piece) - 1))
        else:
            yield from _word_tokens(piece)
    for code in _CODE.findall(folded):
        joined = "".join(_PIECES.findall(code))
        if joined.isdigit():
            yield from _word_tokens(joined)
        elif len(joined) <= TOKEN_LENGTH_MAX and any(c.isdigit() for c in joined):
            yield joined
    for run in runs:
        if len(run) <= _READ_RUN_MAX:
            yield from pinyin_tokens(run)


def _word_tokens(word: str) -> Iterator[str]:
    yield word
    if word.isalpha():
        return
    for digits in _DIGITS.findall(word):
        if len(digits) > TOKEN_LENGTH_MAX:
            continue
        stripped = digits.lstrip("0")
        if stripped and stripped != word:
            yield stripped
        yield from (digits[i:] for i in range(1, len(digits) - _DIGITS_MIN + 1))


@lru_cache(maxsize=65_536)
def pinyin_tokens(run: str) -> tuple[str, ...]:
    """Initials and full pinyin of a run of Chinese characters, from each syllable on; no tones."""
    found: dict[str, None] = {}
    for syllables in sorted(_readings(run)):
        for start in range(len(syllables)):
            rest = syllables[start:]
            if len(rest) > 1 or len(run) == 1:
                found["".join(s[0] for s in rest)] = None
            found["".join(rest)] = None
    return tuple(found)


def _readings(run: str) -> set[tuple[str, ...]]:
    readings = {_phrase_reading(run)}
    if len(run) <= _READINGS_RUN_MAX:
        each = (_character_readings(c) for c in run)
        readings |= set(itertools.islice(itertools.product(*each), _READINGS_MAX))
    return readings


@cache
def _pypinyin() -> Any:
    import pypinyin

    return pypinyin


@lru_cache(maxsize=65_536)
def _phrase_reading(run: str) -> tuple[str, ...]:
    library = _pypinyin()
    read = library.pinyin(run, style=library.Style.NORMAL, errors=lambda part: list(part), v_to_u=False)
    return tuple(searchable(syllable[0]) for syllable in read if syllable[0])


@lru_cache(maxsize=32_768)
def _character_readings(character: str) -> tuple[str, ...]:
    library = _pypinyin()
    read = library.pinyin(character, style=library.Style.NORMAL, heteronym=True, errors="default")
    return tuple(dict.fromkeys(searchable(r) for r in read[0] if r)) or (character,)


def sort_key(value: Value) -> str | None:
    """A text whose order by code points is that of its pinyin; Latin and digits before Chinese, as in a dictionary."""
    if value is None:
        return None
    folded = searchable(str(value))
    if folded.isascii():
        return folded[:SORT_KEY_LENGTH_MAX]
    return _sort_key(folded[:SORT_KEY_LENGTH_MAX])


@lru_cache(maxsize=65_536)
def _sort_key(folded: str) -> str:
    parts: list[str] = []
    for piece in re.findall(rf"[{_HAN}]+|[^{_HAN}]+", folded):
        if _IS_HAN.match(piece):
            parts.extend(
                f"~{syllable} {character}"
                for syllable, character in zip(_phrase_reading(piece), piece, strict=False)
            )
        else:
            parts.append(piece)
    return "".join(parts)[:SORT_KEY_LENGTH_MAX]


# --- asking ---------------------------------------------------------------------------------------------------


def terms(text: str) -> tuple[tuple[str, bool], ...]:
    """A reader's words as tokens to look up, each with whether it may be the beginning of one."""
    found: dict[tuple[str, bool], None] = {}
    for piece in _PIECES.findall(searchable(text[:400])):
        if _IS_HAN.match(piece):
            if len(piece) == 1:
                found[piece, False] = None
            else:
                found.update({(piece[i : i + 2], False): None for i in range(len(piece) - 1)})
        else:
            found[piece[:TOKEN_LENGTH_MAX], True] = None
    return tuple(found)[:QUERY_TERMS_MAX]


def match(
    tables: Tables, entity_name: str, row: sa.FromClause, text: str, sensitive: Collection[str] = ()
) -> sa.ColumnElement[bool]:
    """The condition that a record holds all words of `text`, in what everyone may search or in the fields named.

    `row` is the entity's table or an alias of it. False where the text has no word or nothing is searched. The text
    is data throughout: no sign in it means anything to the database.
    """
    entity = tables.app.entities[entity_name]
    columns = [
        name
        for name, fields in search_columns(entity).items()
        if name == SEARCH or any(f.name in sensitive for f in fields)
    ]
    wanted = terms(text)
    if not columns or not wanted:
        return sa.false()
    if tables.dialect == "sqlite":
        return _match_sqlite(tables, entity_name, row, columns, wanted)
    return sa.and_(*(sa.or_(*(_contains(row.c[c], *term) for c in columns)) for term in wanted))


def _match_sqlite(
    tables: Tables,
    entity_name: str,
    row: sa.FromClause,
    columns: list[str],
    wanted: tuple[tuple[str, bool], ...],
) -> sa.ColumnElement[bool]:
    name = search_table_name(tables.of(entity_name).name)
    grams = sa.table(name, sa.column("rowid", sa.Integer), sa.column(name, sa.Text))
    query = " AND ".join(f'"{token}"' + ("*" if prefix else "") for token, prefix in wanted)
    scoped = f"{{{' '.join(columns)}}} : ({query})"
    return row.c[ROW].in_(sa.select(grams.c.rowid).where(grams.c[name].op("MATCH")(scoped)))


def vector(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """PostgreSQL: a search column's tokens as they are, past the text parser, which would cut codes apart."""
    return sa.func.array_to_tsvector(
        sa.func.string_to_array(column, sa.literal_column("' '"), type_=postgresql.ARRAY(sa.Text)),
        type_=postgresql.TSVECTOR,
    )


def _contains(column: sa.ColumnElement[Any], token: str, prefix: bool) -> sa.ColumnElement[bool]:
    query = f"'{token}'" + (":*" if prefix else "")
    return vector(column).op("@@", return_type=sa.Boolean())(sa.cast(query, postgresql.TSQUERY))
