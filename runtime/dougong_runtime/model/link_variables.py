"""The names that expressions of a workflow may use: `record`, `steps.…`, `run.…`, and what a loop has in hand."""

from __future__ import annotations

from typing import Any

from dougong_runtime.formulas.types import JSON, ValueType


class Variables(dict[str, ValueType]):
    """Names that expressions may use; below a name of type JSON any further name is JSON too."""

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or self._inside_json(name)

    def __missing__(self, name: str) -> ValueType:
        if self._inside_json(name):
            return JSON
        raise KeyError(name)

    def _inside_json(self, name: object) -> bool:
        head = str(name).rpartition(".")[0]
        while head:
            if dict.get(self, head) == JSON:
                return True
            head = head.rpartition(".")[0]
        return False

    def get(self, name: str, default: Any = None) -> Any:
        """As of any mapping, what lies inside JSON among it."""
        try:
            return self[name]
        except KeyError:
            return default
