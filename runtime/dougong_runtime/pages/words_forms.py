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
    # --- pickers --------------------------------------------------------------------------------------------
    "pick.recent": ("最近选过", "Lately chosen"),
    "pick.new": ("新建{entity}", "New {entity}"),
    "pick.new_named": ("新建{entity}「{text}」", "New {entity} “{text}”"),
    # --- public forms ---------------------------------------------------------------------------------------
    "public.send": ("提交给我们", "Send"),
    "public.sending": ("正在提交", "Sending"),
    "public.thanks": ("我们已经收到。", "We have received it."),
    "public.number": ("回执号", "Receipt"),
    "public.keep": ("记下这个号码，询问时用得上。", "Keep this number: it helps when you ask."),
    "public.trap": ("这一格不要填", "Leave this box empty"),
    "via.form": ("公开表单", "public form"),
    "action.link": ("公开表单链接", "made or closed a link to a form of"),
    "action.received": ("收到公开表单", "sent a public form about"),
    "admin.links": ("公开表单", "Public forms"),
    "links.add": ("新建链接", "New link"),
    "links.none": ("还没有公开表单的链接", "No links to public forms yet"),
    "links.none_hint": (
        "在表单文档中写 public: true，就能在这里给它一个链接。",
        "A form whose document says public: true can be given a link here.",
    ),
    "links.form": ("表单", "Form"),
    "links.name": ("名称", "Name"),
    "links.name_hint": (
        "出现在审计中；不填就用表单的名称。",
        "Stands in the audit; the form's own where left out.",
    ),
    "links.role": ("可查阅的角色", "Role for pickers"),
    "links.role_hint": (
        "外人只能按这个角色选择已有记录；写入只限表单里的字段。",
        "Strangers pick records as this role may read; they write the form's fields and nothing else.",
    ),
    "links.days": ("有效天数", "Days open"),
    "links.per_hour": ("每小时最多", "Most an hour"),
    "links.address": ("链接", "Link"),
    "links.copy": ("复制", "Copy"),
    "links.copied": ("已复制链接", "Link copied"),
    "links.received": ("收到", "Received"),
    "links.refused": ("拦下", "Turned away"),
    "links.until": ("截止", "Until"),
    "links.endless": ("不限", "No end"),
    "links.open": ("开放", "Open"),
    "links.closed": ("已关闭", "Closed"),
    "links.over": ("已到期", "Over"),
    "links.close": ("关闭", "Close"),
}
