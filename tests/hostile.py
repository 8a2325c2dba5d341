"""An app whose every word is markup: labels, options, help, messages, people and values. Nothing of it may be obeyed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sites
from dougong_platform.site import Site
from dougong_runtime.host import SystemClock

PAYLOAD = '"\'><xssmark onclick=pwn()></textarea></title></script><img src=x onerror="window.pwned=1"><svg/onload=window.pwned=1>{{7*7}}${7*7}'
"""Breaks out of attributes, text areas, titles and scripts, were it not escaped."""
LINE = "<xssmark>\"'><img src=x onerror=window.pwned=1>"
"""The same for places with little room."""
RICH = (
    '<p>plain</p><script>window.pwned=1</script><img src=x onerror="window.pwned=1"><a href="javascript:window.pwned=1">a</a>'
    '<a href="data:text/html,<script>1</script>">b</a><b style="background:url(//x)" onclick="window.pwned=1">c</b>'
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe><svg><script>window.pwned=1</script></svg><math><mtext></form><form>"
    '<input name=csrf><style>*{display:none}</style><a href=" java\tscript:window.pwned=1">d</a><base href="//evil.example">'
)
MARKDOWN = (
    PAYLOAD.replace("${7*7}", "")
    + "\n\n[a](javascript:window.pwned=1) [b](data:text/html,x) ![c](javascript:1) <javascript:window.pwned=1>\n\n"
    "[d]: javascript:window.pwned=1\n[d]\n\n`<xssmark>`\n\n    <xssmark>\n\n{name}"
)
APP = "stall"


def documents() -> dict[str, Any]:
    """The app's documents by file; JSON is YAML."""
    label = {"zh": PAYLOAD, "en": PAYLOAD}
    told = {"label": label, "help": label}
    options = [{"value": LINE, **told}, {"value": "b", **told}]
    fields: list[dict[str, Any]] = [
        {"name": "name", "type": "text", "required": True, "search": True, "placeholder": label, **told},
        {"name": "note", "type": "long_text", "search": True, "placeholder": label, **told},
        {"name": "story", "type": "rich_text", **told},
        {"name": "tint", "type": "color", **told},
        {"name": "amount", "type": "decimal", "scale": 2, "unit": label, **told},
        {"name": "size", "type": "integer", "unit": label, **told},
        {"name": "agreed", "type": "boolean", **told},
        {"name": "day", "type": "date", **told},
        {"name": "at", "type": "datetime", **told},
        {"name": "kind", "type": "choice", "options": options, **told},
        {"name": "kinds", "type": "multi_choice", "options": options, **told},
        {"name": "marks", "type": "tags", "free": True, **told},
        {"name": "stage", "type": "stage", "stages": [{"value": "new", **told}, {"value": "old", **told}],
         "transitions": [{"from": "new", "to": "old", "label": label, "when": "size > 5", "message": label}], **told},
        {"name": "mail", "type": "email", **told},
        {"name": "call", "type": "phone", **told},
        {"name": "site", "type": "url", **told},
        {"name": "home", "type": "address", **told},
        {"name": "stars", "type": "rating", **told},
        {"name": "extra", "type": "json", **told},
        {"name": "owner", "type": "user", **told},
        {"name": "above", "type": "reference", "to": "thing", "inverse": "below", **told},
        {"name": "others", "type": "references", "to": "thing", "inverse": "othered", **told},
        {"name": "said", "type": "formula", "formula": "name & '<xssmark>' & note", "result": "text", **told},
    ]  # fmt: skip
    entity = {
        "kind": "entity", "name": "thing", "label": label, "plural": label, "help": label, "icon": "users", "title": "name", "fields": fields,
        "rules": [{"name": "small", "check": "size <= 100", "message": label, "field": "size"},
                  {"name": "warned", "check": "size <> 7", "severity": "warn", "message": label}],
    }  # fmt: skip
    names = [field["name"] for field in fields]
    return {
        "app.yaml": {
            "kind": "app", "name": APP, "label": label, "version": "1.0.0", "author": LINE,
            "menu": [{"label": label, "icon": "users", "items": [{"view": "all", "label": label}, {"view": "board"}, {"page": "front"}]}],
        },
        "entities/thing.yaml": entity,
        "views/all.yaml": {"kind": "view", "name": "all", "label": label, "entity": "thing", "type": "table", "columns": names},
        "views/board.yaml": {"kind": "view", "name": "board", "label": label, "entity": "thing", "type": "kanban", "group": "kind", "card": names[1:12]},
        "forms/thing.yaml": {
            "kind": "form", "name": "thing_form", "label": label, "help": label, "entity": "thing",
            "layout": [{"section": label, "help": label, "fields": [n for n in names if n not in ("said", "stage")]}, {"text": {"zh": MARKDOWN, "en": MARKDOWN}},
                       {"tabs": [{"label": label, "list": {"of": "below", "fields": ["name", "note", "kind"]}}]}],
        },
        "pages/thing.yaml": {
            "kind": "page", "name": "one_thing", "label": label, "entity": "thing",
            "blocks": [{"text": {"zh": MARKDOWN, "en": MARKDOWN}, "label": label, "width": 6}, {"fields": names[:12], "label": label, "width": 6},
                       {"list": {"of": "below", "fields": ["name", "kind"]}, "label": label, "width": 6}, {"metric": "COUNT(below)", "label": label, "width": 3}],
        },
        "pages/front.yaml": {"kind": "page", "name": "front", "label": label, "blocks": [{"text": {"zh": MARKDOWN.replace("{name}", ""), "en": "x"}, "label": label}]},
        "roles/keeper.yaml": {"kind": "role", "name": "keeper", "label": label, "grants": [{"entity": "thing", "actions": ["read", "create", "update", "delete", "export"]}]},
    }  # fmt: skip


def values(owner: str, **more: Any) -> dict[str, Any]:
    """A record with markup wherever a text is taken."""
    return {
        "name": PAYLOAD, "note": PAYLOAD + "\n" + MARKDOWN, "story": RICH, "tint": "#ff0000", "amount": "1.50", "size": 3, "agreed": True,
        "day": "2026-03-02", "at": "2026-03-02T02:00:00Z", "kind": LINE, "kinds": [LINE, "b"], "marks": [LINE, "x"],
        "mail": "a'b&c@example.com", "call": "+86 (021) 5555", "site": "https://example.com/?a='b&c=d", "home": PAYLOAD, "stars": 3,
        "extra": {LINE: [PAYLOAD]}, "owner": owner, **more,
    }  # fmt: skip


@dataclass
class Hostile:
    """The site and what stands in it."""

    site: Site
    first: str
    second: str


def hostile_site(url: str, folder: Path) -> Hostile:
    """A site with the app, an administrator with markup for a name, and two records."""
    site = sites.make_site(url, folder, SystemClock())
    template = folder / "template"
    for path, document in documents().items():
        (template / path).parent.mkdir(parents=True, exist_ok=True)
        (template / path).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    sites.install(site, template)
    person = sites.add_person(site, "boss", ("admin", f"{APP}.keeper"), name=LINE)
    with site.database.write() as connection:
        records = site.records(connection, sites.SYSTEM, APP)
        first = records.create("thing", values(person))["id"]
        second = records.create("thing", values(person, above=first, others=[first]))["id"]
        records.update("thing", second, {"note": LINE, "kind": "b"})
        gone = records.create("thing", values(person))["id"]
        records.delete("thing", gone)
    return Hostile(site, first, second)


def addresses(hostile: Hostile) -> list[str]:
    """Every kind of page that shows some of it."""
    thing, quoted = f"/apps/{APP}/thing", "%22%3E%3Cxssmark%3E"
    return [
        "/", f"/apps/{APP}", f"/apps/{APP}/views/all", f"/apps/{APP}/views/board", f"/apps/{APP}/views/all?as=kanban&group=kind", f"/apps/{APP}/views/all?group=kind",
        f"/apps/{APP}/views/all?search={quoted}", f"/apps/{APP}/views/all?filter={quoted}", f"/apps/{APP}/views/all?sort={quoted}",
        f"/apps/{APP}/views/{quoted}", f"/apps/{quoted}", f"/apps/{APP}/pages/front", f"{thing}/new", f"{thing}/{hostile.first}", f"{thing}/{hostile.second}",
        f"{thing}/{hostile.first}/edit", f"{thing}/{hostile.second}/history", f"{thing}/{quoted}", f"/apps/{APP}/thing/trash", f"/search?q={quoted}", "/search?q=plain",
        "/me", "/admin", "/admin/people", "/admin/roles", "/admin/audit", "/admin/health", "/admin/jobs", "/admin/teams", "/admin/settings", "/admin/templates",
        f"/login?next={quoted}", f"/nothing/{quoted}", f"/?lang={quoted}",
    ]  # fmt: skip
