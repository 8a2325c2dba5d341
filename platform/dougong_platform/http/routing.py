"""Which route answers an address, found along the parts of the address.

Starlette tries all routes one after the other; with some hundreds of them that took a tenth of the CPU of a read by id,
and more of a page. Here a tree of parts leaves the few whose words and number of parts fit, in the order of the list;
which of them answers, they tell themselves, as ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send

_MANY_PARTS = re.compile(r"\{[^{}]*:path\}")


@dataclass(slots=True)
class _Node:
    """Routes that agree in their parts so far. Numbers are places in the list of routes."""

    words: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    """Where a part may be any text."""
    ending: list[int] = field(default_factory=list)
    """Routes that have no further part."""
    open: list[int] = field(default_factory=list)
    """Routes that may go on with any number of parts."""


class Routes(Router):
    """Starlette's router, which asks only the routes that may fit. Its routes do not change once it is made."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any] | None = None) -> None:
        # A redirect to the same address with or without a slash is made from the Host header: leave it out.
        super().__init__(routes, redirect_slashes=False, lifespan=lifespan)
        self._root = _Node()
        for place, route in enumerate(self.routes):
            _put(self._root, route, place)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the first route that takes address and method, else to the first that takes the address,
        which refuses the method."""
        if scope["type"] != "http":
            await super().app(scope, receive, send)
            return
        scope.setdefault("router", self)
        answering: tuple[BaseRoute, Scope] | None = None
        for place in sorted(_fitting(self._root, _path(scope).split("/"), 0)):
            route = self.routes[place]
            match, found = route.matches(scope)
            if match is Match.FULL or (match is Match.PARTIAL and answering is None):
                answering = (route, found)
            if match is Match.FULL:
                break
        if answering is None:
            await self.default(scope, receive, send)
            return
        route, found = answering
        scope["route"] = route
        scope.update(found)
        await route.handle(scope, receive, send)


def _path(scope: Scope) -> str:
    """The address below where this router is mounted."""
    path, root = str(scope["path"]), scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def _put(node: _Node, route: BaseRoute, place: int) -> None:
    if not isinstance(route, Route):
        node.open.append(place)
        return
    for part in route.path.split("/"):
        if _MANY_PARTS.search(part):
            node.open.append(place)
            return
        if "{" not in part:
            node = node.words.setdefault(part, _Node())
        else:
            node.any = node.any or _Node()
            node = node.any
    node.ending.append(place)


def _fitting(node: _Node, parts: Sequence[str], at: int) -> Iterator[int]:
    yield from node.open
    if at == len(parts):
        yield from node.ending
        return
    word = node.words.get(parts[at])
    if word is not None:
        yield from _fitting(word, parts, at + 1)
    if node.any is not None:
        yield from _fitting(node.any, parts, at + 1)
