"""`dougong settings`: every setting, its value and where it was decided."""

from __future__ import annotations

from dougong_platform.cli.terminal import AsJson, answer, open_site, say, table, words
from dougong_platform.settings import SETTINGS


def settings(as_json: AsJson = False) -> None:
    with open_site(install=False) as site:
        found = site.settings
        url = site.database.engine.url.render_as_string(hide_password=True)
    rows = []
    for setting in SETTINGS:
        value = getattr(found, setting.name)
        if setting.name == "database_url":
            value = url
        elif setting.secret:
            value = "••••"
        rows.append(
            (setting.name, setting.variable, value, found.origins[setting.name], words(setting.meaning))
        )
    if as_json:
        keys = ("name", "variable", "value", "origin", "meaning")
        return answer([dict(zip(keys, row, strict=True)) for row in rows], True, "")
    head = (
        say("设置", "Setting"),
        say("环境变量", "Variable"),
        say("值", "Value"),
        say("来源", "From"),
        say("含义", "Meaning"),
    )
    return table(head, rows, "")


settings.__doc__ = say("列出全部设置、取值和来源", "List every setting, its value and where it comes from")
