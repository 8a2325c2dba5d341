"""Words of the property panel and of the canvases of kinds without one of their own."""

from __future__ import annotations

PANEL_WORDS: dict[str, tuple[str, str]] = {
    "studio.panel.zh": ("中文", "Chinese"),
    "studio.panel.en": ("英文", "English"),
    "studio.panel.more": ("更多", "More"),
    "studio.panel.more_set": ("已设 {n} 项", "{n} set"),
    "studio.panel.changed": ("已改", "Changed"),
    "studio.panel.above": ("上级", "Above"),
    "studio.panel.open": ("打开", "Open"),
    "studio.panel.set_up": ("设置", "Set up"),
    "studio.panel.add": ("添加…", "Add…"),
    "studio.panel.add_to": ("添加到{what}", "Add to {what}"),
    "studio.panel.clear": ("清除{what}", "Clear {what}"),
    "studio.panel.shape": ("{what}的写法", "How {what} is given"),
    "studio.panel.up": ("上移 {what}", "Move {what} up"),
    "studio.panel.drop": ("去掉 {what}", "Take out {what}"),
    "studio.panel.key": ("名称", "Name"),
    "studio.panel.value": ("值", "Value"),
}
