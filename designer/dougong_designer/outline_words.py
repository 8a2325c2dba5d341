"""Faces of members on canvases: icon and hue; and the groups of the palette of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STEPS: Mapping[str, tuple[str, str]] = {
    "create_record": ("square-plus", "blue"), "create_records": ("copy-plus", "blue"),
    "upsert_record": ("refresh", "blue"), "update_records": ("pencil", "green"), "delete_records": ("trash", "red"),
    "find_records": ("search", "gray"), "aggregate": ("math-function", "gray"), "transition": ("flag", "green"),
    "link": ("link-plus", "green"), "unlink": ("link", "green"), "assign": ("user-plus", "indigo"),
    "compute": ("variable", "gray"), "branch": ("git-branch", "gray"), "switch": ("route", "gray"),
    "for_each": ("list-details", "gray"), "parallel": ("git-fork", "gray"), "wait": ("clock", "purple"),
    "approve": ("rubber-stamp", "teal"), "notify": ("bell", "pink"), "send_message": ("send", "pink"),
    "request_signature": ("signature", "teal"), "generate_document": ("file-text", "amber"),
    "call_http": ("plug", "amber"), "run_workflow": ("player-play", "indigo"), "predict": ("cpu", "amber"),
    "ask": ("wand", "amber"), "stop": ("check", "gray"), "fail": ("alert-triangle", "red"),
}  # fmt: skip
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("记录", "Records", ("create_record", "update_records", "transition", "assign", "find_records", "create_records",
                       "upsert_record", "delete_records", "link", "unlink")),
    ("走向", "Ways", ("branch", "wait", "for_each", "switch", "parallel", "stop", "fail", "run_workflow")),
    ("人", "People", ("notify", "approve", "send_message", "request_signature")),
    ("计算与外部", "Working out", ("compute", "aggregate", "generate_document", "call_http", "ask", "predict")),
)  # fmt: skip
"""The palette of steps."""
BLOCKS: Mapping[str, str] = {
    "metric": "hash", "timeline": "timeline-event", "list": "table", "fields": "forms", "report": "chart-bar",
    "view": "table", "form": "layout-list", "text": "text-size", "actions": "player-play", "history": "history",
    "comments": "message", "files": "paperclip", "tasks": "clipboard-check", "recent": "clock", "starred": "star",
    "tabs": "layout-navbar",
}  # fmt: skip
LISTS: Mapping[str, tuple[str, str]] = {
    "channels": ("send", "pink"), "measures": ("math-function", "blue"), "rows": ("list", "gray"),
    "columns": ("columns-2", "gray"), "values": ("adjustments", "amber"), "filter": ("filter", "gray"),
    "menu": ("menu-2", "gray"), "items": ("link", "gray"), "requires": ("package", "gray"),
    "closed": ("calendar", "red"), "open": ("calendar", "green"), "grants": ("lock", "teal"),
    "options": ("list", "gray"), "cases": ("route", "gray"), "branches": ("git-fork", "gray"),
}  # fmt: skip
CHANNELS: Mapping[str, str] = {
    "in_app": "bell", "mail": "mail", "sms": "device-mobile", "wecom": "message-circle", "dingtalk": "message-circle",
    "feishu": "message-circle",
}  # fmt: skip
TRIGGERS: Mapping[str, str] = {
    "record_created": "square-plus", "record_updated": "pencil", "record_deleted": "trash", "stage_entered": "flag",
    "date_reached": "calendar-event", "schedule": "alarm", "webhook": "plug", "button": "player-play",
    "form": "forms", "mentioned": "at", "message_received": "message",
}  # fmt: skip
_OBJECTS = (
    ("entity", "entity"),
    ("message", "message"),
    ("workflow", "workflow"),
    ("connector", "connector"),
)


def face(kind: str, name: str, listing: str, value: Any) -> tuple[str, str]:
    """Icon and hue of a member."""
    if isinstance(value, Mapping) and isinstance(value.get("icon"), str) and kind not in ("workflow",):
        return str(value["icon"]), "gray"
    if name in STEPS and kind == "workflow":
        return STEPS[name]
    if kind == "dashboard" and name in BLOCKS:
        return BLOCKS[name], "blue"
    if listing == "channels":
        first = next(iter(value), "") if isinstance(value, Mapping) else str(value)
        return CHANNELS.get(first, "send"), "pink"
    return LISTS.get(listing, ("point", "gray"))
