"""The last net: what no one expected becomes a problem like any other, and tells nothing."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.http.problems import answer, on_fault
from dougong_runtime.errors import Refused, refuse


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
        except ClientDisconnect:
            # Nobody waits for this answer; it gives the log and the figures a status that is no fault of ours.
            gone = refuse(BAD_REQUEST, zh="连接已断开。", en="the connection ended.")
            if not begun:
                await answer(Request(scope), gone)(scope, receive, send)
        except Refused as refused:
            if begun:
                raise
            await answer(Request(scope), refused)(scope, receive, send)
        except Exception as fault:
            response = on_fault(Request(scope), fault)
            if begun:
                raise
            await response(scope, receive, send)
