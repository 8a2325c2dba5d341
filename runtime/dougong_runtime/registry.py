"""A registry of named things, filled at import and by entry points, frozen once the process serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from dougong_runtime.names import nearest

T = TypeVar("T")


class UnknownName(LookupError):
    """A name that the registry does not hold; carries the nearest that it does."""

    def __init__(self, kind: str, name: str, near: str | None) -> None:
        self.kind, self.name, self.nearest = kind, name, near
        super().__init__(f'no {kind} is called "{name}"' + (f'; nearest: "{near}"' if near else ""))


class Registry(Generic[T]):
    """Named things of one kind, in the order of registration. A name taken twice is refused."""

    def __init__(self, kind: str, group: str | None = None) -> None:
        self.kind = kind
        self._group = group
        self._things: dict[str, T] = {}
        self._frozen = False

    def register(self, name: str, thing: T) -> T:
        """Add a thing. Raises ValueError for a name that is taken, RuntimeError once frozen."""
        if self._frozen:
            raise RuntimeError(f"the registry of {self.kind} is frozen")
        if name in self._things:
            raise ValueError(f'a {self.kind} called "{name}" exists already')
        self._things[name] = thing
        return thing

    def adding(self, name: str) -> Callable[[T], T]:
        """The same as a decorator."""
        return lambda thing: self.register(name, thing)

    def get(self, name: str) -> T:
        """The thing of that name. Raises UnknownName with the nearest one."""
        try:
            return self._things[name]
        except KeyError:
            raise UnknownName(self.kind, name, nearest(name, self._things)) from None

    def find(self, name: str) -> T | None:
        """The thing of that name, or None."""
        return self._things.get(name)

    def load_plugins(self) -> None:
        """Let every installed distribution that names this registry's entry-point group register its things."""
        if self._group:
            for point in entry_points(group=self._group):
                point.load()(self)

    def freeze(self) -> None:
        """Refuse further registration."""
        self._frozen = True

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def items(self) -> Iterator[tuple[str, T]]:
        """Names and things, in order of registration."""
        return iter(self._things.items())
