"""From headers to fields: by name or label, none unknown, none twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.fields.base import SYSTEM_FIELDS, Field
from dougong_runtime.names import nearest
from dougong_runtime.records.door import FieldView
from dougong_runtime.transfer.problems import BAD_HEADER


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is taken in, or looked up by."""

    place: int
    header: str
    field: Field
    create: bool
    """Whether the reader may set it in a new record."""
    update: bool
    seen: bool
    """Whether the reader sees every value of it, so that an unchanged one can be told."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file's header comes to."""

    taken: tuple[Column, ...]
    """Columns that somebody may write, the key left out where it cannot be written."""
    key: Column | None
    ignored: tuple[str, ...]
    """Headers of fields that only the system writes: exports have them."""
    blank: tuple[int, ...]
    """Places without a header; a cell there is refused."""


def match_columns(header: Sequence[str], views: Sequence[FieldView], key: str | None) -> Columns:
    """The columns of a header. Raises Refused with every header that is unknown, doubtful or doubled."""
    known = {view.field.name: view for view in views}
    named: dict[str, int] = {}
    problems: list[Problem] = []
    for place, text in enumerate(header):
        if not text:
            continue
        found = _named(text, known)
        if not found:
            problems.append(_unknown(text, known))
        elif len(found) > 1:
            names = "、".join(found), ", ".join(found)
            problems.append(
                _problem(
                    text, f"有多个字段叫这个名字：{names[0]}。", f"several fields are called so: {names[1]}."
                )
            )
        elif found[0] in named:
            first = header[named[found[0]]]
            problems.append(
                _problem(text, f"与「{first}」是同一个字段。", f"is the same field as “{first}”.")
            )
        else:
            named[found[0]] = place
    key_name = _key(key, known, named, problems)
    if problems:
        raise Refused(problems)
    columns = {name: _column(place, header, known[name.partition(".")[0]]) for name, place in named.items()}
    taken = tuple(c for n, c in columns.items() if "." not in n and (c.create or c.update))
    return Columns(
        taken=taken,
        key=columns[key_name] if key_name is not None else None,
        ignored=tuple(c.header for n, c in columns.items() if c not in taken and n != key_name),
        blank=tuple(place for place, text in enumerate(header) if not text),
    )


def _named(text: str, known: Mapping[str, FieldView]) -> list[str]:
    """Fields that a header may mean: the one of that name, else those of that label. A path (`device.name`) of an
    export is known by the field it begins with."""
    if text in known or (text in SYSTEM_FIELDS and text != "deleted_at"):
        return [text]
    first, _, rest = text.partition(".")
    if rest and first in known and known[first].field.targets:
        return [text]
    word = text.casefold()
    return [
        name
        for name, view in known.items()
        if word in (view.field.label.zh.casefold(), view.field.label.en.casefold())
    ]


def _key(
    key: str | None, known: Mapping[str, FieldView], named: Mapping[str, int], problems: list[Problem]
) -> str | None:
    if key is None:
        return None
    found = _named(key, known)
    if len(found) != 1 or "." in found[0]:
        problems.append(_unknown(key, known))
        return None
    name = found[0]
    if name not in named:
        problems.append(
            _problem(key, "文件里没有这一列，不能按它更新。", "the file has no such column to update by.")
        )
        return None
    field = known[name].field
    if known[name].shown != "yes" or field.is_many or field.type in _NO_KEYS or not field.has_column:
        problems.append(_problem(key, "不能用来查找记录。", "cannot be used to find records."))
        return None
    return name


_NO_KEYS = (
    "json", "file", "image", "signature", "rich_text", "long_text", "multi_choice", "tags", "boolean",
)  # fmt: skip


def _column(place: int, header: Sequence[str], view: FieldView) -> Column:
    return Column(place, header[place], view.field, view.create, view.update, view.shown == "yes")


def _unknown(text: str, known: Mapping[str, FieldView]) -> Problem:
    words = {
        word
        for view in known.values()
        for word in (view.field.name, view.field.label.zh, view.field.label.en)
    }
    near = nearest(text, words)
    return _problem(text, "没有这个字段。", "there is no such field.", near)


def _problem(text: str, zh: str, en: str, near: str | None = None) -> Problem:
    return Problem(BAD_HEADER, text, {"header": text, "zh": zh, "en": en, "nearest": near})
