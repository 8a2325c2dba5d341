"""Field types as builders meet them: in groups, under words of both languages, and with what a dropped field says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language
from dougong_runtime.names import derived_id, uuid7

HUES = ("blue", "green", "amber", "orange", "red", "purple", "teal", "pink", "indigo", "gray")
"""Colours that options get in turn."""
OPTIONED = ("choice", "multi_choice", "tags")
"""Types with `options`."""
LINKING = ("reference", "references")
"""Types that name another entity."""
OF_SYSTEM = ("created_at", "created_by", "updated_at", "updated_by")
"""Types that show what the system keeps of every record."""
UNWRITTEN = ("formula", "autonumber", *OF_SYSTEM)
"""Types that nobody fills in: never required, without a default."""
UNSTORED = ("formula", "references", *OF_SYSTEM)
"""Types of which a unique value cannot be asked."""
OWN_ICON = "box"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the palette."""

    label: Label
    types: tuple[str, ...]


GROUPS: tuple[Group, ...] = (
    Group(Label("文字", "Text"), ("text", "long_text", "rich_text")),
    Group(
        Label("数字", "Numbers"),
        ("integer", "decimal", "money", "percent", "rating", "autonumber", "duration"),
    ),
    Group(Label("选择", "Choices"), ("choice", "multi_choice", "tags", "boolean", "stage")),
    Group(Label("日期", "Dates"), ("date", "datetime", "time")),
    Group(Label("人员与关系", "People and links"), ("user", "team", "reference", "references")),
    Group(Label("联系方式", "Contact"), ("phone", "email", "url", "address", "id_number")),
    Group(Label("文件", "Files"), ("file", "image", "signature")),
    Group(Label("计算与系统", "Computed and system"), ("formula", *OF_SYSTEM, "color", "filter", "json")),
)
OTHERS = Label("扩展", "Extensions")

ICONS: Mapping[str, str] = {
    "text": "letter-t",
    "long_text": "align-left",
    "rich_text": "file-text",
    "integer": "hash",
    "decimal": "decimal",
    "money": "wallet",
    "percent": "percentage",
    "rating": "star",
    "autonumber": "list-numbers",
    "duration": "hourglass",
    "choice": "list",
    "multi_choice": "list-check",
    "tags": "tag",
    "boolean": "checkbox",
    "stage": "flag",
    "date": "calendar",
    "datetime": "calendar-time",
    "time": "clock",
    "user": "user",
    "team": "users",
    "reference": "link",
    "references": "link-plus",
    "phone": "phone",
    "email": "mail",
    "url": "world",
    "address": "map-pin",
    "id_number": "id",
    "file": "paperclip",
    "image": "photo",
    "signature": "signature",
    "formula": "math-function",
    "filter": "filter",
    "created_at": "calendar-plus",
    "created_by": "user-plus",
    "updated_at": "calendar-event",
    "updated_by": "user-edit",
    "color": "palette",
    "json": "braces",
}

_WORDS: Mapping[str, str] = {
    "text": "文本 文字 单行文本 string",
    "long_text": "长文本 多行文本 备注 note paragraph",
    "rich_text": "格式文本 richtext",
    "integer": "整型 数字 number int whole count",
    "decimal": "小数 float numeric",
    "money": "钱 货币 amount currency",
    "percent": "百分数 比例 percentage",
    "rating": "星级 打分 stars",
    "autonumber": "编号 流水号 number-series serial",
    "duration": "工时 length",
    "choice": "选择 下拉 select dropdown option",
    "multi_choice": "复选 多选框 multiselect multi",
    "tags": "标记 labels",
    "boolean": "是否 开关 布尔 勾选 bool checkbox yes/no switch",
    "stage": "状态 阶段 status",
    "date": "年月日 day",
    "datetime": "时刻 timestamp moment",
    "time": "几点 clock",
    "user": "成员 用户 员工 负责人 user member employee",
    "team": "部门 小组 department",
    "reference": "关联 引用 link relation lookup",
    "references": "多关联 links relations",
    "phone": "手机 电话号码 mobile tel telephone",
    "email": "邮箱 邮件 mail e-mail",
    "url": "链接 网站 website url",
    "address": "住址 location",
    "id_number": "证件 身份证 证件号 id-number",
    "file": "附件 attachment upload",
    "image": "照片 图像 photo picture",
    "signature": "签字 sign",
    "formula": "计算 计算公式 computed expression",
    "color": "颜色 colour",
    "filter": "条件 condition",
}
"""Further words for a type, beside its name and its labels."""


def grouped() -> Iterator[Group]:
    """All types in their groups; those of plug-ins in one of their own."""
    known = {name for group in GROUPS for name in group.types}
    for group in GROUPS:
        yield Group(group.label, tuple(name for name in group.types if name in FIELD_TYPES))
    others = tuple(name for name in FIELD_TYPES if name not in known)
    if others:
        yield Group(OTHERS, others)


def icon_of(type_name: str) -> str:
    """The icon of a field type."""
    return ICONS.get(type_name, OWN_ICON)


@cache
def words() -> Mapping[str, str]:
    """What a type may be called, in lower case → the type."""
    found: dict[str, str] = {}
    for name, kind in FIELD_TYPES.items():
        own = (name, name.replace("_", " "), kind.label.zh, kind.label.en)
        for word in own:
            found.setdefault(word.lower(), name)
    for name, more in _WORDS.items():
        for word in more.split():
            found.setdefault(word.lower(), name)
    return found


def found_by(type_name: str) -> str:
    """All that a type is searched by in the palette."""
    kind = FIELD_TYPES.get(type_name)
    texts = (type_name, kind.label.zh, kind.label.en, kind.help.zh, kind.help.en, _WORDS.get(type_name, ""))
    return " ".join(texts).lower()


def new_id() -> str:
    """An id for something new."""
    return derived_id("new", uuid7())


def option(value: str, label: str | Mapping[str, str], place: int) -> dict[str, Any]:
    """An option or stage in the colour of its place."""
    return {"value": value, "id": new_id(), "label": label, "color": HUES[place % len(HUES)]}


_STAGES = (("todo", "待办", "To do", "gray"), ("done", "完成", "Done", "green"))


def said_by(type_name: str) -> dict[str, Any]:
    """What a new field of a type says besides its name and label, so that it is whole at once."""
    match type_name:
        case "choice" | "multi_choice":
            pairs = (("option_1", "选项一", "Option 1"), ("option_2", "选项二", "Option 2"))
            return {"options": [option(v, {"zh": zh, "en": en}, n) for n, (v, zh, en) in enumerate(pairs)]}
        case "stage":
            stages = [
                {"value": v, "id": new_id(), "label": {"zh": zh, "en": en}, "color": c}
                for v, zh, en, c in _STAGES
            ]
            return {"stages": stages, "transitions": [{"id": new_id(), "from": "todo", "to": "done"}]}
        case "decimal":
            return {"precision": 18, "scale": 2}
        case "money":
            return {"currency": "CNY", "scale": 2}
        case "percent":
            return {"scale": 4}
        case "rating":
            return {"maximum": 5}
        case "autonumber":
            return {"pattern": "{0000}"}
        case "formula":
            return {"formula": "0"}
        case "id_number":
            return {"scheme": "cn_id"}
        case _:
            return {}


def label_words(type_name: str, language: Language) -> str:
    """What the type is called."""
    return FIELD_TYPES.get(type_name).label.in_(language)


def known(names: Iterable[str]) -> tuple[str, ...]:
    """Of some types those that are there."""
    return tuple(name for name in names if name in FIELD_TYPES)
