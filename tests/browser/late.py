"""A server whose answers come late, each by another while: what overtakes what on a busy machine is seen on any."""

from __future__ import annotations

import asyncio
import random

from starlette.types import ASGIApp, Receive, Scope, Send

OFTEN = 0.6
"""The share of answers that are late."""


def late(app: ASGIApp, seconds: float) -> ASGIApp:
    """The same application, with most of its answers up to so many seconds late; a page's code, of which each part is
    fetched but once, up to twice as many."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"].endswith(".js"):
                await asyncio.sleep(random.uniform(0, 2 * seconds))
            elif random.random() < OFTEN:
                await asyncio.sleep(random.uniform(0, seconds))
        await app(scope, receive, send)

    return answering
