"""Words of the studio's frame."""

from __future__ import annotations

SHELL_WORDS: dict[str, tuple[str, str]] = {
    "studio.title": ("工作室", "Studio"),
    "studio.draft": ("草稿", "Draft"),
    "studio.base": ("基于第 {n} 版", "based on version {n}"),
    "studio.back": ("返回应用", "Back to the app"),
    "studio.redo": ("重做", "Redo"),
    "studio.undo_what": ("撤销：{what}（Ctrl Z）", "Undo: {what} (Ctrl Z)"),
    "studio.redo_what": ("重做：{what}（Ctrl Shift Z）", "Redo: {what} (Ctrl Shift Z)"),
    "studio.steps_n": ("步骤 {n}", "{n} steps"),
    "studio.saved": ("已保存 {at}", "Saved {at}"),
    "studio.documents": ("文档", "Documents"),
    "studio.properties": ("属性", "Properties"),
    "studio.no_problems": ("没有错误", "No problems"),
    "studio.problems_n": ("{n} 个错误", "{n} problems"),
    "studio.publish_n": ("发布 {n} 处改动", "Publish {n} changes"),
    "studio.publish": ("发布", "Publish"),
    "studio.changed": ("未发布的改动", "Not published yet"),
}
