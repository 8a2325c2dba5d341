"""Words of a record's page: the way from one to the next, prints, reasons."""

from __future__ import annotations

RECORD_WORDS: dict[str, tuple[str, str]] = {
    "walk.before": ("上一条", "Previous"),
    "walk.after": ("下一条", "Next"),
    "walk.none.before": ("前面没有了", "This is the first"),
    "walk.none.after": ("后面没有了", "This is the last"),
    # --- why not --------------------------------------------------------------------------------------------
    "why.ask": ("为什么？", "Why?"),
    "why.ask.update": ("为什么不能编辑？", "Why can I not edit?"),
    "why.ask.delete": ("为什么不能删除？", "Why can I not delete?"),
    "why.field": ("不能修改{field}", "You cannot change {field}"),
    "why.update": ("不能编辑{what}", "You cannot edit {what}"),
    "why.delete": ("不能删除{what}", "You cannot delete {what}"),
    "why.move": ("不能转到{stage}", "It cannot go to {stage}"),
    "why.unseen": ("看不到这条{entity}", "You cannot see this {entity}"),
    "why.allowed": ("你的角色允许这样做。", "Your roles allow it."),
    "why.guarded": (
        "你的角色允许；能不能做还要看锁定、保存期限和引用它的记录。",
        "Your roles allow it; locks, retention and records that refer to it decide.",
    ),
    "why.append_only": (
        "「{entity}」写入后不能修改或删除。",
        "“{entity}” records stay as they were written.",
    ),
    "why.no_role": ("你的角色都没有这项权限。", "None of your roles gives this."),
    "why.not_this": (
        "你的角色有这项权限，但不包括这条记录。",
        "Your roles give this, but not on this record.",
    ),
    "why.no_way": ("从现在的阶段没有路通向它。", "No way leads there from the stage it is at."),
    "why.conditions": ("要满足这些条件：", "It takes these conditions:"),
    "why.by_roles": ("由{roles}来做", "Done by {roles}"),
    "why.requires": ("填写「{field}」", "“{field}” filled in"),
    "why.unseen_text": (
        "没有这条记录，或它不在你的角色能看的范围里：",
        "There is no such record, or it is not among those that your roles show:",
    ),
    "why.unseen_none": ("你的角色都不能看{entity}。", "None of your roles shows records of “{entity}”."),
    "why.sees": ("{role}：{rows}", "{role}: {rows}"),
    "why.share": ("共享给你", "Shared with you"),
    "why.role_yes": ("{role}：可以", "{role}: yes"),
    "why.role_no": ("{role}：没有这项权限", "{role}: does not give it"),
    "why.role_rows": ("{role}：只对{rows}", "{role}: only on {rows}"),
    "why.roles": ("有这项权限的角色：{roles}", "Roles that give it: {roles}"),
    "why.people": ("可以请：{people}", "You can ask {people}"),
    "rows.own": ("自己负责的记录", "one's own records"),
    "rows.team": ("本团队的记录", "records of one's team"),
    "rows.team_below": ("本团队及下属团队的记录", "records of one's team and those below"),
    "rows.all": ("全部记录", "all records"),
    "rows.shared": ("共享给自己的记录", "records shared with one"),
    "rows.self": ("自己的记录", "one's own record"),
    "rows.condition": ("符合条件的记录", "records that meet a condition"),
    # --- paper ----------------------------------------------------------------------------------------------
    "print.open": ("打印", "Print"),
    "print.pdf": ("下载 PDF", "Download as PDF"),
    "print.do": ("打印", "Print"),
    "print.hint": ("打印时也可以存为 PDF", "A browser can save what it prints as a PDF"),
    "print.foot": ("{what} · {who} 打印于 {at}", "{what} · printed by {who}, {at}"),
    "reveal.reason": ("为什么要看", "Why you need it"),
    "reveal.do": ("查看 30 秒", "Show for 30 s"),
}
