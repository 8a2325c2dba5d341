"""Inner names of fields and entities, values of options, ways back: made of what people call a thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dougong_designer.edits import free_name
from dougong_designer.naming import name_from
from dougong_runtime.fields.base import SYSTEM_FIELDS
from dougong_runtime.model.link_entities import RESERVED, SYSTEM_PREFIX
from dougong_runtime.names import NAME_LENGTH_MAX

_OF_OPTIONS: Mapping[str, str] = {
    "新": "new",
    "新建": "new",
    "草稿": "draft",
    "待办": "todo",
    "待处理": "pending",
    "待审批": "pending",
    "审批中": "in_review",
    "审核中": "in_review",
    "处理中": "in_progress",
    "进行中": "in_progress",
    "已通过": "approved",
    "已拒绝": "rejected",
    "已发布": "published",
    "完成": "done",
    "已完成": "done",
    "已取消": "cancelled",
    "已关闭": "closed",
    "高": "high",
    "中": "medium",
    "低": "low",
    "是": "yes",
    "否": "no",
    "男": "male",
    "女": "female",
    "其他": "other",
}
"""What options are usually called."""


def name_of(label: str, taken: Iterable[str], fallback: str = "field") -> str:
    """A name for what is called so, unlike the names taken and those that mean something else.

    >>> name_of("Risk grade (2026)", ["risk_grade_2026"])
    'risk_grade_2026_2'
    """
    made = name_from(label, fallback, {*taken, *SYSTEM_FIELDS, *RESERVED})
    if made.startswith(SYSTEM_PREFIX):
        return free_name(f"own_{made}"[:NAME_LENGTH_MAX], taken)
    return made


def value_of(label: str, taken: Iterable[str]) -> str:
    """A value for an option of that label, unlike those taken.

    >>> value_of("处理中", ["in_progress"])
    'in_progress_2'
    """
    usual = _OF_OPTIONS.get(label.strip())
    return free_name(usual, taken) if usual is not None else name_from(label, "option", taken)


def plural_of(name: str) -> str:
    """The usual name of several: the way back along a reference.

    >>> plural_of("visit"), plural_of("category"), plural_of("box")
    ('visits', 'categories', 'boxes')
    """
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        made = name[:-1] + "ies"
    elif name.endswith(("s", "x", "ch", "sh")):
        made = name + "es"
    else:
        made = name + "s"
    return made[:NAME_LENGTH_MAX]
