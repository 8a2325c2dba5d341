"""The kinds of documents. A subject adds one by registering it; how it is linked is registered under the same name."""

from __future__ import annotations

from dataclasses import dataclass

from dougong_runtime.labels import Label
from dougong_runtime.registry import Registry


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its name, the folder its files go to, its schema's file, what people call it."""

    name: str
    folder: str
    label: Label
    schema: str = ""
    """File in `schemas/`; `<name>.schema.json` unless said."""

    @property
    def schema_file(self) -> str:
        """The schema's file name."""
        return self.schema or f"{self.name}.schema.json"


KINDS: Registry[Kind] = Registry("kind of document", "dougong.document_kinds")


def _kind(name: str, folder: str, zh: str, en: str) -> None:
    KINDS.register(name, Kind(name, folder, Label(zh, en)))


_kind("app", "", "应用", "app")
_kind("entity", "entities", "实体", "entity")
_kind("form", "forms", "表单", "form")
_kind("view", "views", "视图", "view")
_kind("page", "pages", "页面", "page")
_kind("workflow", "workflows", "流程", "workflow")
_kind("report", "reports", "报表", "report")
_kind("dashboard", "dashboards", "仪表盘", "dashboard")
_kind("role", "roles", "角色", "role")
_kind("message", "messages", "消息", "message")
_kind("connector", "connectors", "连接器", "connector")
_kind("settings", "settings", "设置", "settings")
_kind("calendar", "calendars", "日历", "calendar")
