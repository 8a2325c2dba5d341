"""A field in a line of text: `负责人 人员 必填`, `Manager user required`, `状态 单选: 新, 处理中, 完成`.

First what the field is called, then a type in the words of either language, then what is asked of it; options stand
behind a colon. Without a type the label may tell it (交付日期), else it is a text. A type may also be an entity of the
app: a reference to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dougong_designer.entities.types import LINKING, OPTIONED, words
from dougong_designer.patch import Documents
from dougong_runtime.errors import Refused, problem_type, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label

LENGTH_MAX = 2_000
OPTIONS_MAX = 200
LABEL_MAX = 200
"""Characters of a label, and of an option."""

NOT_A_FIELD = problem_type(
    "not-a-field",
    422,
    "这一行不能成为字段：{zh}",
    "This line makes no field: {en}",
    remedy=(
        "先写名称，再写类型和要求，例如「负责人 人员 必填」或「状态 单选: 新, 完成」。",
        "Write the name, then the type and what is asked, such as “Manager user required” or “Status choice: new, done”.",
    ),
)

_DEMANDS: Mapping[str, str] = {
    "必填": "required",
    "必需": "required",
    "required": "required",
    "mandatory": "required",
    "唯一": "unique",
    "不重复": "unique",
    "unique": "unique",
    "敏感": "sensitive",
    "保密": "sensitive",
    "sensitive": "sensitive",
    "可搜索": "search",
    "搜索": "search",
    "searchable": "search",
    "search": "search",
}
_BY_ENDING: Sequence[tuple[tuple[str, ...], str]] = (
    (("日期", "日", " date", " on", " day"), "date"),
    (("时间", " at", " time"), "datetime"),
    (("手机", "电话", " phone", " mobile"), "phone"),
    (("邮箱", " email", " mail"), "email"),
    (("网址", "链接", " link", " website", " url"), "url"),
    (("地址", " address"), "address"),
    (("金额", "费用", "价格", " amount", " price", " fee"), "money"),
    (("比例", "占比", "率", " rate", " share"), "percent"),
    (("数量", "个数", "次数", "人数", " count", " quantity"), "integer"),
    (("照片", "图片", " photo", " picture", " image"), "image"),
    (("附件", " file", " attachment"), "file"),
    (("备注", "说明", "描述", " note", " notes", " description"), "long_text"),
    (("标签", " tags"), "tags"),
    (("签名", " signature"), "signature"),
)
"""Endings of labels that tell a type; a label in English is looked at as if a blank stood before it."""
_COLON = re.compile(r"[:：]")
_COMMA = re.compile(r"[,，、;；|]")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a line asks for."""

    label: str
    type: str
    demands: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    to: str = ""
    """Of a reference: the entity."""


def parse(text: str, documents: Documents) -> Wish:
    """What a line asks for; `documents` tell the entities that may be referred to. Raises Refused (NOT_A_FIELD)."""
    if len(text) > LENGTH_MAX:
        raise _no(f"超过 {LENGTH_MAX} 个字。", f"it is longer than {LENGTH_MAX} characters.")
    head, *behind = _COLON.split(text, maxsplit=1)
    tokens = head.split()
    if not tokens:
        raise _no("没有名称。", "it has no name.")
    first, rest = tokens[0], tokens[1:]
    demands = tuple(dict.fromkeys(_DEMANDS[t.lower()] for t in rest if t.lower() in _DEMANDS))
    rest = [t for t in rest if t.lower() not in _DEMANDS]
    options = _options(behind[0]) if behind else ()
    label, type_name, to = _typed([first, *rest], _entities(documents))
    if not type_name:
        type_name = "choice" if options else _guessed(label)
    if options and type_name not in (*OPTIONED, "stage"):
        kind = FIELD_TYPES.get(type_name).label
        raise _no(
            f"「{kind.zh}」没有选项，只有单选、多选、标签和阶段有。",
            f"“{kind.en}” has no options; only choices, tags and stages have.",
        )
    if type_name == "stage" and len(options) == 1:
        raise _no("阶段至少要两个。", "there are at least two stages.")
    if len(label) > LABEL_MAX:
        raise _no(f"名称超过 {LABEL_MAX} 个字。", f"the name is longer than {LABEL_MAX} characters.")
    return Wish(label, type_name, demands, options, to)


def _typed(tokens: Sequence[str], entities: Mapping[str, str]) -> tuple[str, str, str]:
    """Label, type and entity referred to; empty where the tokens name none. The label keeps at least one token."""
    known = words()
    for start in range(1, len(tokens)):
        tail = " ".join(tokens[start:]).lower()
        label = " ".join(tokens[:start])
        if tail in known:
            whole = " ".join(tokens) if _belongs(label, tail, known[tail]) else label
            return whole, known[tail], ""
        if tail in entities:
            return label, "reference", entities[tail]
        kind, _, target = tail.replace("→", " ").replace("->", " ").partition(" ")
        target = target.strip()
        if known.get(kind) in LINKING and target in entities:
            return label, known[kind], entities[target]
    return " ".join(tokens), "", ""


def _belongs(label: str, word: str, type_name: str) -> bool:
    """Whether a type's word is rather the end of an English label: `Due date` is called so, `Born on date` is not."""
    ends = any(f" {word}" in endings for endings, _ in _BY_ENDING)
    return ends and label.isascii() and _guessed(label) != type_name


def _guessed(label: str) -> str:
    lower = label.lower()
    exact = words().get(lower)
    if exact is not None and exact not in (*LINKING, "formula", "filter", "stage", "json"):
        return exact
    spaced = f" {lower}"
    for endings, type_name in _BY_ENDING:
        if spaced.endswith(endings) and spaced.strip() not in {"日", "率"}:
            return type_name
    return "text"


def _options(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(t for piece in _COMMA.split(text) if (t := piece.strip())))
    if not found:
        raise _no("冒号后没有选项。", "there are no options behind the colon.")
    if len(found) > OPTIONS_MAX:
        raise _no(f"选项超过 {OPTIONS_MAX} 个。", f"there are more than {OPTIONS_MAX} options.")
    if any(len(one) > LABEL_MAX for one in found):
        raise _no(f"选项超过 {LABEL_MAX} 个字。", f"an option is longer than {LABEL_MAX} characters.")
    return found


def _entities(documents: Documents) -> Mapping[str, str]:
    """What an entity may be called, in lower case → its name."""
    found: dict[str, str] = {}
    for key, data in documents.items():
        kind, _, name = key.partition("/")
        if kind == "entity":
            label = Label.of(data.get("label"), name)
            plural = Label.of(data.get("plural"), name)
            for word in (name, label.zh, label.en, plural.zh, plural.en):
                found.setdefault(word.lower(), name)
    return found


def _no(zh: str, en: str) -> Refused:
    return refuse(NOT_A_FIELD, "text", zh=zh, en=en)
