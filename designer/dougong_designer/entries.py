"""Entries of an app's menu, as additions to its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.labels import Label


def with_items(documents: Documents, label: Any, items: Sequence[Mapping[str, Any]], icon: str) -> Documents:
    """The documents with entries in the menu: in the group of that label, or in a new one at its end."""
    key = next(key for key in documents if key.startswith("app/"))
    app = documents[key]
    groups = list(app.get("menu", ()))
    wanted = Label.of(label)
    for place, group in enumerate(groups):
        if Label.of(group.get("label")) == wanted:
            groups[place] = {**group, "items": [*group.get("items", ()), *(dict(i) for i in items)]}
            break
    else:
        groups.append({"label": label, "icon": icon, "items": [dict(item) for item in items]})
    return {**documents, key: {**app, "menu": groups}}
