"""Words of how apps begin, and of patterns."""

from __future__ import annotations

START_WORDS: dict[str, tuple[str, str]] = {
    "start.apps": ("你可以搭建的应用", "Apps that you may build"),
    "start.app": ("应用", "App"),
    "start.version": ("版本", "Version"),
    "start.changes": ("草稿", "Draft"),
    "start.changes_n": ("{n} 处未发布", "{n} not published"),
    "start.unchanged": ("与运行版本一致", "As published"),
    "start.last": ("最近改动", "Last change"),
    "start.by": ("{name}，{at}", "{name}, {at}"),
    "start.untouched": ("还没有人在工作室改过", "Not changed in the studio yet"),
    "start.none": ("没有你可以搭建的应用", "There is no app that you may build"),
    "start.none_hint": (
        "搭建权由角色给出。可以请管理员给你一个带“搭建”的角色。",
        "A role gives the right to build. Ask an administrator for one.",
    ),
    "start.none_begin": ("从下面选一种方式开始。", "Choose below how to begin."),
    "start.begin": ("新应用从哪里开始", "Begin a new app"),
    "start.blank": ("空白应用", "Blank app"),
    "start.blank_hint": ("一个实体、一张表单、一个列表、一个角色。", "One entity, form, list and role."),
    "start.sheet": ("从电子表格", "From a spreadsheet"),
    "start.sheet_hint": (
        "CSV 或 Excel 的列变成字段，行在发布后导入。",
        "Columns become fields; rows come in once it is published.",
    ),
    "start.copy": ("复制已有应用", "Copy an app"),
    "start.copy_hint": (
        "另一个名称，同样的文档，没有数据。",
        "The same documents under another name, no data.",
    ),
    "start.copy_of": ("复制哪一个", "Which one"),
    "start.copy_note": (
        "复制运行中的版本；人员、记录和验收故事不带走。",
        "The running version is copied, without people, records and stories.",
    ),
    "start.package": ("安装模板包", "Install a package"),
    "start.package_hint": (
        "上传压缩包或选随附模板，先看计划再安装。",
        "A zip or a bundled template; its plan first.",
    ),
    "start.package_file": ("模板压缩包", "Zip of a template"),
    "start.package_bundled": ("或随附模板", "Or a bundled template"),
    "start.label": ("标题", "Label"),
    "start.name": ("内部名", "Inner name"),
    "start.name_hint": (
        "小写字母、数字和下划线；留空则由标题得出。",
        "Lower-case letters, digits, underscores; made from the label where empty.",
    ),
    "start.language": ("先写哪种语言", "Which language first"),
    "start.create": ("新建应用", "Create app"),
    "start.look": ("看计划", "Show the plan"),
    "start.install": ("安装", "Install"),
    "start.planned": (
        "安装为 {name}：{entities} 个实体，{roles} 个角色，{documents} 份其他文档。",
        "Installs as {name}: entities {entities}, roles {roles}, other documents {documents}.",
    ),
    "pattern.title": ("添加样板", "Add a pattern"),
    "pattern.lead": (
        "常见的实体，连同表单、列表、菜单和授权，一步加进草稿。",
        "A common entity with form, list, menu and grants, added to the draft as one act.",
    ),
    "pattern.label": ("叫什么", "What it is called"),
    "pattern.references": ("引用哪些实体", "Which entities it refers to"),
    "pattern.roles": ("哪些角色可以用", "Which roles may work with it"),
    "pattern.add": ("加入草稿", "Add to the draft"),
    "pattern.sheet_hint": (
        "上传 CSV 或 Excel，列变成字段。",
        "Send a CSV or Excel file; columns become fields.",
    ),
}
