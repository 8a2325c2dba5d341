"""Words of the audit's pages."""

from __future__ import annotations

AUDIT_WORDS: dict[str, tuple[str, str]] = {
    "audit.place": ("种类", "Kind"),
    "audit.via": ("途径", "Door"),
    "via.workflow": ("流程", "workflow"),
    "audit.from": ("从", "From"),
    "audit.to": ("到", "To"),
    "audit.record_hint": ("记录编号，36 位", "A record's id, 36 characters"),
    "audit.unsealed": ("尚未封存", "Not sealed yet"),
    "audit.batch": ("第 {batch} 批 · {rows} 条 · {when} 封存", "Batch {batch} · {rows} rows · sealed {when}"),
    "audit.verify_here": ("核验到此处", "Verify up to here"),
    "audit.whole_until": (
        "已核验到第 {until} 批，共 {rows} 条，没有改动。",
        "Verified up to batch {until}: {rows} rows, nothing was altered.",
    ),
    "audit.seq": ("序号", "Number"),
    "audit.open": ("打开", "Open"),
    "audit.only_record": ("只看这条记录", "This record only"),
    "audit.job": ("所属的任务", "The job it was part of"),
    "audit.export": ("导出", "Export"),
    "audit.export.ndjson": ("NDJSON，带封存证明", "NDJSON, with the seals as proof"),
    "audit.export.csv": ("CSV，用于电子表格", "CSV, for spreadsheets"),
    "erase.title": ("依法抹除", "Erase by law"),
    "erase.these": ("依法抹除……", "Erase by law…"),
    "erase.lead": (
        "从审计中抹除一条记录的值，例如个人要求删除其资料。谁在何时做了什么会保留，封存依然有效。",
        "Takes the values of one record out of the audit, where a person asks for it by law. Who did what when stays, and "
        "every seal stays good.",
    ),
    "erase.fields": ("字段", "Fields"),
    "erase.fields_hint": (
        "不选就是全部字段，连同理由和评论。",
        "None chosen: all fields, with reasons and comments.",
    ),
    "erase.reason": ("依据", "On what grounds"),
    "erase.reason_hint": (
        "会写进审计，不要写被抹除的内容。",
        "Stands in the audit; leave out what is erased.",
    ),
    "erase.fields_show": ("选择字段", "Choose fields"),
    "erase.show": ("看看会抹除什么", "Show what would go"),
    "erase.preview": ("将从 {rows} 行审计中抹除 {values} 个值", "{values} values in {rows} rows would go"),
    "erase.for_good": ("抹除之后找不回来。", "What is erased cannot be brought back."),
    "erase.stays": (
        "记录本身和备份不在其内：记录里的值要另外修改，备份到期才消失。",
        "The record itself and backups are not touched: change the record too; backups go when they are due.",
    ),
    "erase.password": ("你的密码", "Your password"),
    "erase.do": ("永久抹除", "Erase for good"),
    "erase.leave": ("保留", "Keep"),
    "done.erased": ("已从审计中抹除", "Erased from the audit"),
}
"""Key → Chinese, English."""
