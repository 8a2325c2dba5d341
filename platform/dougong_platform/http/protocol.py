"""HTTP/1.1 on a connection, bounded in time and size before there is a request that anything else could bound.

uvicorn bounds neither how long a client takes to send a request's head, nor how large it grows, nor how long the answer
may lie unread; a few hundred connections of a patient client would hold the site. The limits of what has arrived as a
request are in `middleware/`.
"""

from __future__ import annotations

import asyncio
from asyncio.events import TimerHandle
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX = 15.0
"""From the first byte of a request, or from the connection's beginning, until its headers have come."""
HEAD_BYTES_MAX = 512 * 1024
"""What may be kept of a head that is not whole yet; a whole one is bounded more narrowly by `middleware/shapes.py`."""
BODY_SECONDS_MAX = 330.0
"""Until the body has come. Whoever reads it waits less long (`middleware/bodies.py`)."""
REST_SECONDS_MAX = 5.0
"""For the rest of a body that nobody reads, once its request has been answered."""
UNREAD_SECONDS_MAX = 60.0
"""How long an answer may wait for its client to take any of it."""
KEEP_ALIVE_SECONDS = 5
CONNECTIONS_MAX = 1000
"""Connections to a process; beyond, it answers 503."""


ENDING = "dougong.ending"
"""Extension of a request's scope: an event that is set when the server ends, for answers that go on until then."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a deadline for each part of a request, and a bound on a head that does not end."""

    _reads_head = True
    _is_whole = True
    _head_bytes = 0
    _deadline: TimerHandle | None = None
    _unread: TimerHandle | None = None

    # --- the connection -----------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected: its first request is due."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._ending = asyncio.Event()
        self._within(HEAD_SECONDS_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._within(None)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        super().data_received(data)
        if self._reads_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._overdue()
        # Blank lines between requests, and the rest of a body that was answered early, end uvicorn's own wait.
        if self._deadline is None and self._is_whole and (self.cycle is None or self.cycle.response_complete):
            self._within(HEAD_SECONDS_MAX)

    def shutdown(self) -> None:
        """The server ends: an answer that would go on is asked to come to its end."""
        self._ending.set()
        super().shutdown()

    # --- the parts of a request ---------------------------------------------------------------------------------
    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = {ENDING: self._ending}
        self._reads_head, self._is_whole, self._head_bytes = True, False, 0
        self._within(HEAD_SECONDS_MAX)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those that follow a body are dropped, for the request has been judged by then."""
        if self._reads_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its head has come."""
        self._reads_head = False
        self._within(BODY_SECONDS_MAX)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it has come."""
        self._is_whole, self._reads_head, self._head_bytes = True, True, 0
        self._within(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It has been answered."""
        super().on_response_complete()
        if not self._is_whole:
            self._within(REST_SECONDS_MAX)

    # --- the answer ---------------------------------------------------------------------------------------------
    def pause_writing(self) -> None:
        """The client takes less than is sent."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(UNREAD_SECONDS_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        """It took enough to go on."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    # --- deadlines ----------------------------------------------------------------------------------------------
    def _within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


def options() -> dict[str, Any]:
    """What `uvicorn.run` is told of all this. There are no WebSockets."""
    return {
        "http": f"{BoundedProtocol.__module__}:{BoundedProtocol.__qualname__}",
        "ws": "none",
        "limit_concurrency": CONNECTIONS_MAX,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
    }
