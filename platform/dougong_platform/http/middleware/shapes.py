"""What a request must look like before anything else looks at it: its host, its size, its address, its coding.

An address is put together from the `Host` header wherever one is needed whole, so that header has to be a host; NUL is
no character of any database's text; and a body that would have to be unpacked first could be a thousand times its size.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from dougong_platform.http.problem_types import (
    ADDRESS_TOO_LONG,
    BAD_REQUEST,
    HEADERS_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
)
from dougong_runtime.errors import refuse

ADDRESS_BYTES_MAX = 64 * 1024
"""Path and query as sent: a filter of some thousand Chinese characters takes nine bytes for each."""
HEADERS_BYTES_MAX = 32 * 1024
HEADERS_MAX = 100
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")


class Shapes:
    """Refuses with 400, 414, 415 or 431 what has another shape."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _check_address(scope)
            _check_headers(scope)
        await self.app(scope, receive, send)


def _check_address(scope: Scope) -> None:
    query: bytes = scope.get("query_string", b"")
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if len(raw) + len(query) > ADDRESS_BYTES_MAX:
        raise refuse(ADDRESS_TOO_LONG, limit=ADDRESS_BYTES_MAX)
    if "\0" in scope["path"] or b"%00" in query or b"\0" in query:
        raise refuse(BAD_REQUEST, zh="地址含有 NUL 字符。", en="The address holds a NUL character.")


def _check_headers(scope: Scope) -> None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(headers) > HEADERS_MAX or sum(len(n) + len(v) for n, v in headers) > HEADERS_BYTES_MAX:
        raise refuse(HEADERS_TOO_LARGE, limit=HEADERS_BYTES_MAX, fields=HEADERS_MAX)
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) > 1 or any(not _HOST.match(host) for host in hosts):
        raise refuse(BAD_REQUEST, zh="Host 不是一个主机名。", en="Host is not one host's name.")
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            given = f"Content-Encoding: {value.decode('latin-1')[:40]}"
            raise refuse(UNSUPPORTED_MEDIA_TYPE, given=given, expected="identity")
