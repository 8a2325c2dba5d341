"""Bounds on what a client may send: how much, and how slowly."""

from __future__ import annotations

import re

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dougong_platform.http.problem_types import BAD_REQUEST, BODY_TOO_LARGE, SLOW_BODY
from dougong_runtime.errors import refuse

BODY_BYTES_MAX = 1024 * 1024
IMPORT_BYTES_MAX = 64 * 1024 * 1024
BODY_SECONDS_MAX = 20.0
IMPORT_SECONDS_MAX = 300.0
FILE_BYTES_MAX = 100 * 1024 * 1024
FILE_SECONDS_MAX = 1_800.0
_IMPORT = re.compile(
    r"/api/v[0-9]+/(?:apps/[^/]+/[^/]+/import|studio/packages|studio/[^/]+/spreadsheets)\Z"
    r"|/studio/(?:package|[^/]+/spreadsheet)\Z"
)
_FILES = re.compile(r"/api/v[0-9]+/apps/[^/]+/[^/]+/files\Z")
_AROUND_FILE = 64 * 1024
"""What a form adds to the file in it."""


class Bodies:
    """Counts and times a body while it is read. Files may be sent to the addresses of imports and uploads only.

    Raises Refused through `receive`, thus inside whoever reads: 413, 408. A stated length beyond the limit is
    refused before anything is read.
    """

    def __init__(
        self,
        app: ASGIApp,
        bytes_max: int = BODY_BYTES_MAX,
        import_bytes_max: int = IMPORT_BYTES_MAX,
        seconds_max: float = BODY_SECONDS_MAX,
        import_seconds_max: float = IMPORT_SECONDS_MAX,
        file_bytes_max: int = FILE_BYTES_MAX,
        file_seconds_max: float = FILE_SECONDS_MAX,
    ) -> None:
        self.app = app
        self.usual = (bytes_max, seconds_max)
        self.imports = (import_bytes_max, import_seconds_max)
        self.files = (file_bytes_max + _AROUND_FILE, file_seconds_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, seconds = self._bounds(scope)
        stated = Headers(scope=scope).get("content-length")
        if stated is not None:
            if not (stated.isascii() and stated.isdecimal()):
                raise refuse(
                    BAD_REQUEST, zh="Content-Length 不是数字。", en="Content-Length is not a number."
                )
            if len(stated) > 18 or int(stated) > limit:
                raise refuse(BODY_TOO_LARGE, limit=limit)
        await self.app(scope, _Bounded(receive, limit, seconds), send)

    def _bounds(self, scope: Scope) -> tuple[int, float]:
        if scope["method"] == "POST":
            if _IMPORT.match(scope["path"]):
                return self.imports
            if _FILES.match(scope["path"]):
                return self.files
        return self.usual


class _Bounded:
    """`receive`, counting bytes until the body has come whole."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self.receive = receive
        self.limit = limit
        self.seconds = seconds
        self.read = 0
        self.whole = False
        self.deadline: float | None = None

    async def __call__(self) -> Message:
        if self.whole:
            return await self.receive()
        if self.deadline is None:
            self.deadline = anyio.current_time() + self.seconds
        try:
            with anyio.fail_after(max(self.deadline - anyio.current_time(), 0.0)):
                message = await self.receive()
        except TimeoutError:
            raise refuse(SLOW_BODY, seconds=int(self.seconds)) from None
        if message["type"] == "http.request":
            self.read += len(message.get("body", b""))
            if self.read > self.limit:
                raise refuse(BODY_TOO_LARGE, limit=self.limit)
            self.whole = not message.get("more_body", False)
        return message
