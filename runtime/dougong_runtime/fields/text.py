"""Texts: text, long_text, rich_text, color."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from html import unescape
from typing import Any, ClassVar

import nh3
import sqlalchemy as sa

from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value, ValueProblem
from dougong_runtime.fields.columns import PLAIN_TEXT
from dougong_runtime.fields.writing import narrow, read_text
from dougong_runtime.formulas.types import TEXT, ValueType
from dougong_runtime.labels import Label, Language

LONG_TEXT_MAX = 100_000
_WORDS = ("晨光", "north", "木工坊", "river", "三号", "lesson", "春季", "repair")
_COLOR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z")
_RICH_TAGS = {
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "em",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
}
_RICH_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_TAG = re.compile(r"<[^>]*>")


class Textual(FieldType):
    """A type whose values are texts. Empty text is None."""

    widget = "text"
    groupable = True
    length_max: ClassVar[int] = 255
    lines: ClassVar[bool] = False
    schema: ClassVar[Mapping[str, Any]] = {
        "max_length": {"type": "integer", "minimum": 1, "maximum": LONG_TEXT_MAX},
        "placeholder": {"$ref": "common.schema.json#/$defs/label"},
    }

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """Text."""
        return TEXT

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """One text column."""
        return (sa.Column(field.name, PLAIN_TEXT),)

    def limit(self, field: Field) -> int:
        """Code points that a value may have."""
        return min(int(field.options.get("max_length", self.length_max)), LONG_TEXT_MAX)

    def coerce(self, field: Field, raw: object) -> Value:
        """White space around it is dropped; control characters and too long texts are refused."""
        text = read_text(raw, self.limit(field), lines=self.lines)
        return None if text is None else self.normalise(field, text)

    def normalise(self, field: Field, text: str) -> str | None:
        """The form that is kept. Raises ValueProblem for a text that the type does not allow."""
        return text

    def to_json(self, field: Field, value: Value) -> Json:
        """As it is."""
        return value

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """As it is."""
        return "" if value is None else str(value)

    def sample(self, field: Field, random: random.Random) -> Value:
        """Two or three words."""
        return " ".join(random.sample(_WORDS, random.randint(1, 3)))[: self.limit(field)].strip()


class TextType(Textual):
    """text: one line."""

    name: ClassVar[str] = "text"
    label = Label("单行文字", "Text")
    help = Label("名称、标题等一行文字。", "One line: a name, a title.")


class LongTextType(Textual):
    """long_text: several lines."""

    name: ClassVar[str] = "long_text"
    widget = "long_text"
    sortable = False
    groupable = False
    length_max = LONG_TEXT_MAX
    lines = True
    label = Label("多行文字", "Long text")
    help = Label("说明、备注等多行文字。", "Several lines: a description, a note.")
    schema: ClassVar[Mapping[str, Any]] = {**Textual.schema, "markdown": {"type": "boolean"}}


class RichTextType(Textual):
    """rich_text: HTML of a white list. Whatever else is written is taken out before it is kept."""

    name: ClassVar[str] = "rich_text"
    widget = "rich_text"
    sortable = False
    groupable = False
    length_max = LONG_TEXT_MAX
    lines = True
    label = Label("富文本", "Rich text")
    help = Label("带标题、列表、链接等格式的文字。", "Text with headings, lists and links.")

    def normalise(self, field: Field, text: str) -> str | None:
        """Only the tags and attributes allowed; links to http, https and mailto; no script, style or event."""
        clean = sanitise(text).strip()
        if len(clean) > self.limit(field):
            raise ValueProblem(
                f"最多 {self.limit(field)} 个字符。", f"takes at most {self.limit(field)} characters."
            )
        return clean if clean and (plain_text(clean) or "<hr" in clean) else None

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """Without the markup."""
        return "" if value is None else plain_text(value)

    def sample(self, field: Field, random: random.Random) -> Value:
        """A paragraph with one word in bold."""
        return f"<p><b>{random.choice(_WORDS)}</b> {random.choice(_WORDS)}</p>"


class ColorType(Textual):
    """color: `#rrggbb`."""

    name: ClassVar[str] = "color"
    widget = "color"
    label = Label("颜色", "Color")
    help = Label("形如 #1f6feb 的颜色。", "A color such as #1f6feb.")
    schema: ClassVar[Mapping[str, Any]] = {}

    def normalise(self, field: Field, text: str) -> str | None:
        """Lower case, six digits."""
        color = narrow(text).lower()
        if _COLOR.match(color) is None:
            raise ValueProblem("应为 #rrggbb 形式的颜色。", "must be a color such as #1f6feb.")
        return color if len(color) == 7 else "#" + "".join(c * 2 for c in color[1:])

    def sample(self, field: Field, random: random.Random) -> Value:
        """Any color."""
        return f"#{random.randrange(1 << 24):06x}"


def sanitise(html: str) -> str:
    """HTML with nothing in it that could run or reach out."""
    return nh3.clean(
        html,
        tags=_RICH_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_RICH_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )


def plain_text(html: str) -> str:
    """What remains of sanitised HTML for searching and for lists: its words."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


for _made in (TextType(), LongTextType(), RichTextType(), ColorType()):
    FIELD_TYPES.register(_made.name, _made)
