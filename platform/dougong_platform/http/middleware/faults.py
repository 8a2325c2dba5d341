"""The last net: what no one expected becomes a problem like any other, and tells nothing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dougong_platform.http.problems import answer, on_fault
from dougong_runtime.errors import Refused


class Faults:
    """Answers refusals raised by other layers, and faults. A fault after the answer has begun ends the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Refused as refused:
            if begun:
                raise
            await answer(Request(scope), refused)(scope, receive, send)
        except Exception as fault:
            response = on_fault(Request(scope), fault)
            if begun:
                raise
            await response(scope, receive, send)
