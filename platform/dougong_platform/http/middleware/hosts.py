"""The names that the site answers to: a forged `Host` must not find its way into links or caches."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from dougong_platform.http.problem_types import WRONG_HOST
from dougong_platform.http.problems import answer
from dougong_runtime.errors import refuse

_PROBES = ("/healthz", "/readyz", "/metrics")


class Hosts:
    """Refuses other names with 421. No names given: every name is answered. Probes come by address and may."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app = app
        self.names = frozenset(name.strip().lower() for name in names if name.strip())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.names and scope["path"] not in _PROBES:
            given = Headers(scope=scope).get("host", "").lower()
            bare = given if given.endswith("]") else given.rsplit(":", 1)[0]
            if bare not in self.names and given not in self.names:
                response = answer(Request(scope), refuse(WRONG_HOST))
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)
