"""Words of finding one's way: search, the command palette, homes, what was opened lately and starred."""

from __future__ import annotations

FINDING_WORDS: dict[str, tuple[str, str]] = {
    "star.label": ("标星", "Star"),
    "star.on": ("标星，放进首页和搜索框", "Star it, to have it at hand on the home page and in search"),
    "star.off": ("去掉标星", "Take the star off"),
    "recent.title": ("最近打开", "Opened lately"),
    "recent.none": ("还没有打开过记录。", "Nothing opened yet."),
    "starred.title": ("标星", "Starred"),
    "starred.none": (
        "还没有标星的记录。打开一条记录，按 S 标星。",
        "Nothing starred yet. Open a record and press S.",
    ),
}
