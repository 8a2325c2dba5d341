"""Words of forms: drafts, conflicts, rows, pickers, public forms."""

from __future__ import annotations

FORM_WORDS: dict[str, tuple[str, str]] = {
    # --- drafts ---------------------------------------------------------------------------------------------
    "draft.kept": ("草稿已存 {at}", "Draft saved {at}"),
    "draft.failed": ("草稿没有存上", "The draft was not saved"),
    "draft.offer": ("你有 {at} 的草稿", "You have a draft from {at}"),
    "draft.stale": (
        "这条记录在那之后被改过，保存时会比较。",
        "The record has changed since; saving will compare.",
    ),
    "draft.go_on": ("继续填写", "Continue"),
    "draft.drop": ("丢弃", "Discard"),
    "draft.wait": ("先决定要不要那份草稿，再存新的", "Decide about the earlier draft first"),
    # --- conflicts ------------------------------------------------------------------------------------------
    "conflict.by": ("{who} {when}", "{who} {when}"),
    "conflict.others": ("他人", "Theirs"),
    "conflict.all_theirs": ("都用对方的", "Take all theirs"),
    "conflict.all_ours": ("都用我的", "Keep all mine"),
    "conflict.choose": ("看两边的值", "Compare"),
    "conflict.save": ("按选择保存", "Save these choices"),
    "done.merged": ("已保存，并合并了他人改过的 {n} 项", "Saved; {n} fields that others changed were merged"),
    # --- rows -----------------------------------------------------------------------------------------------
    "rows.place": ("{list}第 {n} 行", "{list}, row {n}"),
    "rows.add": ("添加{entity}", "Add {entity}"),
    "rows.remove": ("移除这一行", "Remove this row"),
    "rows.removed": ("已移除一行", "Row removed"),
    "rows.undo": ("撤销", "Undo"),
    "rows.keys": ("Enter 加一行，Ctrl ⌫ 移除", "Enter adds a row, Ctrl ⌫ removes it"),
    "rows.keys_order": (
        "Enter 加一行，Ctrl ⌫ 移除，Alt ↑↓ 移动",
        "Enter adds a row, Ctrl ⌫ removes it, Alt ↑↓ moves it",
    ),
    "rows.up": ("上移", "Move up"),
    "rows.down": ("下移", "Move down"),
    "rows.total": ("合计", "Total"),
    "rows.number": ("行", "Row"),
    "rows.too_long": (
        "只能在这里改前 {n} 行，其余到列表里改。",
        "Only the first {n} rows can be changed here; change the rest in their list.",
    ),
    # --- steps ----------------------------------------------------------------------------------------------
    "steps.label": ("填写进度", "Progress"),
    "steps.unnamed": ("第 {n} 部分", "Part {n}"),
}
