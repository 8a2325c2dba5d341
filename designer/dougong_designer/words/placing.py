"""Words about where a field is shown, and of putting it there."""

from __future__ import annotations

PLACING_WORDS: dict[str, tuple[str, str]] = {
    "entity.placing.shown": ("显示在", "Shown in"),
    "entity.placing.nowhere": (
        "还没有放进任何表单或视图，用的人看不到它。",
        "Not shown in any form or view yet: nobody sees it.",
    ),
    "entity.placing.without": (
        "这个实体没有自己的表单和视图，字段会自动显示。",
        "This entity has no form or view of its own: its fields show by themselves.",
    ),
    "entity.placing.into": ("放进…", "Put into…"),
    "entity.placing.put": ("放进勾选的地方", "Put into what is ticked"),
    "entity.placing.done": ("已把「{label}」放进 {n} 处", "Put “{label}” into {n} places"),
}
