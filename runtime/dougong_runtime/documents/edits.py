"""Changing one value inside a document without touching the rest."""

from __future__ import annotations

from typing import Any

from dougong_runtime.documents.yaml_text import PathSteps


def value_at(data: Any, path: PathSteps) -> Any:
    """The value at a path. Raises KeyError or IndexError where there is none."""
    for step in path:
        data = data[step]
    return data


def with_value(data: Any, path: PathSteps, value: Any) -> Any:
    """The same data with another value at a path; what lies off the path is shared, not copied."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {key: with_value(inner, rest, value) if key == step else inner for key, inner in data.items()}
    return [with_value(inner, rest, value) if index == step else inner for index, inner in enumerate(data)]


def with_key(data: Any, path: PathSteps, name: str) -> Any:
    """The same data with another name for the property at a path, in the same place among its neighbours."""
    around = value_at(data, path[:-1])
    renamed = {name if key == path[-1] else key: value for key, value in around.items()}
    return with_value(data, path[:-1], renamed)
