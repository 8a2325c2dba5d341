"""Words of the formula editor and of conditions put together without typing."""

from __future__ import annotations

FORMULA_WORDS: dict[str, tuple[str, str]] = {
    "studio.formula.title": ("公式", "Formula"),
    "studio.formula.of": ("「{entity}」的公式", "Formula of {entity}"),
    "studio.formula.open": ("打开公式编辑器（Alt Enter）", "Open the formula editor (Alt Enter)"),
    "studio.formula.text": ("公式内容", "The formula"),
    "studio.formula.take": ("用这个公式", "Use this formula"),
    "studio.formula.save": ("保存公式", "Save formula"),
    "studio.formula.look": ("检查", "Check"),
    "studio.formula.saved": ("已保存公式", "Formula saved"),
    "studio.formula.find": ("查找字段和函数", "Find fields and functions"),
    "studio.formula.list": ("字段和函数", "Fields and functions"),
    "studio.formula.fields": ("字段", "Fields"),
    "studio.formula.settings": ("参数", "Settings"),
    "studio.formula.result": ("结果", "Result"),
    "studio.formula.record": ("记录", "Record"),
    "studio.formula.type": ("结果类型", "Type"),
    "studio.formula.right": ("公式没有错误", "No problems"),
    "studio.formula.wrong_n": ("{n} 处错误", "{n} problems"),
    "studio.formula.empty": ("还没有写公式。", "No formula yet."),
    "studio.formula.fix_use": ("改为{text}", "Use {text}"),
    "studio.formula.fix_add": ("补上{text}", "Add {text}"),
    "studio.formula.fix_drop": ("去掉", "Remove"),
    "studio.formula.hint": (
        "写字段名或它的中文名会给出补全；引号里补全选项，点后面沿引用走。",
        "Begin a field's name or label for completion; in quotes options are offered, after a dot the path goes on.",
    ),
    "studio.condition.count": ("现有 {of} 条记录中，{n} 条符合。", "{n} of {of} records match now."),
}
