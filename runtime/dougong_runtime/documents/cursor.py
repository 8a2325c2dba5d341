"""A value inside a document, with the way to it: what linking walks along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dougong_runtime.documents.source import Raw
from dougong_runtime.documents.yaml_text import PathSteps, Step
from dougong_runtime.errors import Place


@dataclass(frozen=True, slots=True)
class Cursor:
    """A value of a document that has passed its schema."""

    raw: Raw
    path: PathSteps
    value: Any

    @classmethod
    def of(cls, raw: Raw) -> Cursor:
        """The document as a whole."""
        return cls(raw, (), raw.data)

    def get(self, name: str) -> Cursor | None:
        """A property; None where it is absent or null."""
        found = self.value.get(name) if isinstance(self.value, dict) else None
        return None if found is None else Cursor(self.raw, (*self.path, name), found)

    def __getitem__(self, step: Step) -> Cursor:
        """A part that is known to be there."""
        return Cursor(self.raw, (*self.path, step), self.value[step])

    def __contains__(self, name: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def items(self, name: str | None = None) -> Iterator[Cursor]:
        """The members of a list (of a property, or of this value), without those cut out; a lone value is one."""
        node = self if name is None else self.get(name)
        if node is None:
            return
        if not isinstance(node.value, list):
            yield node
            return
        for index, value in enumerate(node.value):
            if value is not None:
                yield Cursor(self.raw, (*node.path, index), value)

    def pairs(self, name: str) -> Iterator[tuple[str, Cursor]]:
        """The properties of a mapping that is a property."""
        node = self.get(name)
        if node is not None and isinstance(node.value, dict):
            for key, value in node.value.items():
                yield key, Cursor(self.raw, (*node.path, key), value)

    def text(self, name: str, default: str = "") -> str:
        """A property that is text, or `default`."""
        found = self.value.get(name) if isinstance(self.value, dict) else None
        return found if isinstance(found, str) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """A property that is a list of texts."""
        return tuple(node.value for node in self.items(name) if isinstance(node.value, str))

    def place(self, offset: int | None = None, *, key: bool = False) -> Place:
        """Where it stands."""
        return self.raw.places.at(self.path, offset, key=key)
