"""Words of finding one's way: search, the command palette, homes, what was opened lately and starred."""

from __future__ import annotations

FINDING_WORDS: dict[str, tuple[str, str]] = {
    "search.own": ("界面与账号", "Looks and account"),
    "search.here": ("在这里", "Here"),
    "search.keys": (
        "↑↓ 选择　↵ 打开　Ctrl ↵ 新标签页　> 只看动作",
        "↑↓ choose · ↵ open · Ctrl ↵ new tab · > acts only",
    ),
    "components.title": ("界面部件", "Components"),
    "components.lead": (
        "页面由这些部件组成，每个都列出全部状态。",
        "Pages are made of these parts, each in all its states.",
    ),
    "keys.here": ("这一页", "On this page"),
    "star.label": ("标星", "Star"),
    "star.on": ("标星，放进首页和搜索框", "Star it, to have it at hand on the home page and in search"),
    "star.off": ("去掉标星", "Take the star off"),
    "tasks.late": ("逾期", "Overdue"),
    "tasks.today": ("今天", "Today"),
    "tasks.week": ("7 天内", "Within 7 days"),
    "tasks.later": ("以后", "Later"),
    "tasks.none": ("没有日期", "No date"),
    "tasks.days_late": ("逾期 {n} 天", "{n} d late"),
    "tasks.clear": ("都做完了。", "All done."),
    "tasks.tick": ("把「{what}」移到「{stage}」", "Move “{what}” to “{stage}”"),
    "tasks.ticked": ("「{what}」已移到「{stage}」", "“{what}” moved to “{stage}”"),
    "recent.title": ("最近打开", "Opened lately"),
    "recent.none": ("还没有打开过记录。", "Nothing opened yet."),
    "mentions.title": ("提到我的", "Mentions"),
    "mentions.none": ("还没有人提到你。", "Nobody has mentioned you yet."),
    "starred.title": ("标星", "Starred"),
    "starred.none": (
        "还没有标星的记录。打开一条记录，按 S 标星。",
        "Nothing starred yet. Open a record and press S.",
    ),
}
