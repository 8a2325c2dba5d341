"""One or several of a list: boolean, choice, multi_choice, tags, stage."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.exact import JsonValue
from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value, ValueProblem
from dougong_runtime.fields.columns import column_type
from dougong_runtime.fields.writing import narrow, read_text
from dougong_runtime.formulas.types import BOOLEAN, Kind, ValueType
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import nearest

LIST_MAX = 100
TAG_LENGTH_MAX = 60
_SEPARATOR = re.compile(r"[;；\n]")
_YES = {"true", "yes", "y", "1", "on", "是", "对", "有", "√"}
_NO = {"false", "no", "n", "0", "off", "否", "不", "无", "×"}


class BooleanType(FieldType):
    """boolean."""

    name: ClassVar[str] = "boolean"
    widget = "boolean"
    groupable = True
    label = Label("是/否", "Yes or no")
    help = Label("是或否。", "Yes or no.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """Boolean."""
        return BOOLEAN

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """A boolean."""
        return (sa.Column(field.name, sa.Boolean()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """true and false, and the words people write for them; a number other than text `1` and `0` is refused."""
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, str):
            word = narrow(raw).lower()
            if not word:
                return None
            if word in _YES:
                return True
            if word in _NO:
                return False
        raise ValueProblem("应为是或否（true 或 false）。", "must be yes or no (true or false).")

    def to_json(self, field: Field, value: Value) -> Json:
        """A JSON boolean."""
        return None if value is None else bool(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """是 or 否, yes or no."""
        if value is None:
            return ""
        return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")

    def sample(self, field: Field, random: random.Random) -> Value:
        """Either."""
        return random.random() < 0.5


def option_values(raw: Mapping[str, Any], key: str = "options") -> tuple[str | int, ...]:
    """The values of a document's options or stages, in their order."""
    return tuple(o["value"] if isinstance(o, Mapping) else o for o in raw.get(key, ()))


class ChoiceType(FieldType):
    """choice: one option, by its value. Values are texts, or all whole numbers."""

    name: ClassVar[str] = "choice"
    widget = "choice"
    groupable = True
    listed: ClassVar[str] = "options"
    label = Label("单选", "Choice")
    help = Label("从列表中选一个。", "One of a list.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """One of the options, ordered by place."""
        return ValueType(Kind.CHOICE, options=option_values(raw, self.listed))

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """The option's value."""
        return (sa.Column(field.name, column_type(field.value_type)),)

    def coerce(self, field: Field, raw: object) -> Value:
        """A value of an option; labels are not taken."""
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        return option_value(field, raw)

    def to_json(self, field: Field, value: Value) -> Json:
        """The value."""
        return value

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """The option's label."""
        return "" if value is None else option_label(field, value, language)

    def sample(self, field: Field, random: random.Random) -> Value:
        """Any option."""
        return random.choice(field.choices).value if field.choices else None


class StageType(ChoiceType):
    """stage: where in its course a record stands; changed only along its transitions."""

    name: ClassVar[str] = "stage"
    widget = "stage"
    listed = "stages"
    label = Label("阶段", "Stage")
    help = Label(
        "记录所处的阶段，只能按规定的路线变化。", "Where a record stands; it moves along set ways only."
    )


class MultiChoiceType(FieldType):
    """multi_choice: several options, kept in the options' order, each once. None where there are none."""

    name: ClassVar[str] = "multi_choice"
    widget = "multi_choice"
    sortable = False
    label = Label("多选", "Several choices")
    help = Label("从列表中选多个。", "Several of a list.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A list of the options."""
        return ValueType(Kind.LIST, options=option_values(raw))

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """A JSON array."""
        return (sa.Column(field.name, JsonValue()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """From a list, or from one text with `;` between the values."""
        values = [self.item(field, item) for item in _items(field, raw)]
        return self.ordered(field, [v for v in values if v is not None]) or None

    def item(self, field: Field, raw: object) -> str | int | None:
        """One of its values."""
        return option_value(field, raw)

    def ordered(self, field: Field, values: list[str | int]) -> list[str | int]:
        """Each once, in the options' order."""
        return [o.value for o in field.choices if o.value in values]

    def to_json(self, field: Field, value: Value) -> Json:
        """A list, empty where there are none."""
        return [] if value is None else list(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """The labels, one after the other."""
        mark = "、" if language == "zh" else ", "
        return mark.join(option_label(field, v, language) for v in value or ())

    def sample(self, field: Field, random: random.Random) -> Value:
        """Some of them."""
        return [o.value for o in field.choices if random.random() < 0.4] or None


class TagsType(MultiChoiceType):
    """tags: several short texts; free, unless the document lists options and says `free: false`."""

    name: ClassVar[str] = "tags"
    widget = "tags"
    label = Label("标签", "Tags")
    help = Label("若干个短标签。", "Several short tags.")
    schema: ClassVar[Mapping[str, Any]] = {"free": {"type": "boolean", "default": True}}

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A list of texts, of the options where only those are allowed."""
        free = raw.get("free", True) or not raw.get("options")
        return ValueType(Kind.LIST, options=() if free else option_values(raw))

    def item(self, field: Field, raw: object) -> str | int | None:
        """A short text, or an option where only those are allowed."""
        if field.value_type.options:
            return option_value(field, raw)
        return read_text(raw, TAG_LENGTH_MAX)

    def ordered(self, field: Field, values: list[str | int]) -> list[str | int]:
        """Each once; the options' order first, then as written."""
        if field.value_type.options:
            return super().ordered(field, values)
        return list(dict.fromkeys(values))

    def sample(self, field: Field, random: random.Random) -> Value:
        """Some of the options, or of a few words."""
        if field.choices:
            return super().sample(field, random)
        return random.sample(["急", "repeat", "老客", "new"], random.randint(0, 3)) or None


def _items(field: Field, raw: object) -> list[object]:
    if raw is None:
        return []
    if isinstance(raw, str):
        return [part for part in _SEPARATOR.split(raw) if part.strip()]
    if not isinstance(raw, (list, tuple)):
        raise ValueProblem("应为列表。", "must be a list.")
    if len(raw) > LIST_MAX:
        raise ValueProblem(f"最多 {LIST_MAX} 项。", f"takes at most {LIST_MAX} values.")
    return list(raw)


def option_value(field: Field, raw: object) -> str | int:
    """The value of the option that `raw` names. Raises ValueProblem with the nearest one."""
    candidate = raw
    if isinstance(raw, str):
        candidate = raw.strip()
        whole = narrow(raw)
        if field.option(candidate) is None and whole.lstrip("-").isdigit() and whole.isascii():
            candidate = int(whole)
    if isinstance(candidate, (str, int)) and not isinstance(candidate, bool):
        found = field.option(candidate)
        if found is not None:
            return found.value
    shown = str(raw)[:40]
    values = [str(o.value) for o in field.choices]
    near = nearest(shown, values)
    hint = (
        (f"最接近的是「{near}」。", f"Nearest: “{near}”.")
        if near is not None
        else (f"可选：{'、'.join(values[:8])}。", f"Allowed: {', '.join(values[:8])}.")
    )
    raise ValueProblem(f"没有选项「{shown}」。{hint[0]}", f"has no option “{shown}”. {hint[1]}")


def option_label(field: Field, value: object, language: Language) -> str:
    """The label of a value; the value itself where the option is gone."""
    found = field.option(value)
    return str(value) if found is None else found.label.in_(language)


for _made in (BooleanType(), ChoiceType(), MultiChoiceType(), TagsType(), StageType()):
    FIELD_TYPES.register(_made.name, _made)
