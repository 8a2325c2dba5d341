"""Server-sent events: `/events` tells a person's open pages what is new, as it happens.

A process asks the database once a second for all who are connected to it, in one thread and one short transaction,
however many they are; between two rounds a connection costs a task that sleeps. So it works over several processes
without a word between them, and with a pooler in front of the database. What a feed counts is cheap; what it tells is
worked out, under the person's access, only for those whose count has changed.

A stream ends with its session: at the next round after signing out. It does not count as use of the session, so an
open page keeps nobody signed in. It ends, too, when the process is about to: the server says so to its connections
(protocol.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import anyio
import anyio.to_thread
import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dougong_platform import signin, talking, viewers
from dougong_platform.http.endpoint import in_thread
from dougong_platform.http.protocol import ENDING
from dougong_platform.http.viewer import session_of
from dougong_platform.logs import logger
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.errors import Refused
from dougong_runtime.host import Viewer
from dougong_runtime.talk.tables import NOTICE

EVERY_SECONDS = 1.0
"""Between two rounds."""
HEARTBEAT_SECONDS = 20.0
"""A line that says nothing, so that whatever stands between holds the connection open, and a dead one is found out."""
RETRY_MS = 3_000
"""After so long a browser connects anew."""
STREAMS_MAX = 400
"""Streams of a process; fewer than half of the connections that it takes (protocol.py)."""
STREAMS_OF_ONE_MAX = 8
"""Streams of one person in a process: as many windows as are seen at once. Hidden ones close theirs."""
TOLD_MAX = 50
"""People for whom what is new is worked out in one round; the others' turn comes in the next."""

_log = logger("dougong.events")


class Feed(Protocol):
    """Something that pages are told of. `name` is the event's."""

    name: str

    def states(self, connection: sa.Connection, users: Collection[str]) -> Mapping[str, Hashable]:
        """How it stands for each of these people, in one statement; who is left out stands at None."""
        ...

    def tell(self, site: Site, connection: sa.Connection, viewer: Viewer) -> dict[str, Any]:
        """What a person is told, under their access: JSON values."""
        ...


class Unread:
    """How many notices a person has not read."""

    name = "unread"

    def states(self, connection: sa.Connection, users: Collection[str]) -> Mapping[str, Hashable]:
        """How many rows there are, and the time of the newest: whatever is added, read or taken away changes it."""
        asked = (
            sa.select(NOTICE.c.user, sa.func.count(), sa.func.max(NOTICE.c.at))
            .where(NOTICE.c.read_at.is_(None), NOTICE.c.user.in_(sorted(users)))
            .group_by(NOTICE.c.user)
        )
        return {user: (count, newest) for user, count, newest in connection.execute(asked)}

    def tell(self, site: Site, connection: sa.Connection, viewer: Viewer) -> dict[str, Any]:
        """Those among them that may be read."""
        return {"unread": talking.inbox(site, connection, viewer).unread()}


@dataclass(eq=False)
class Stream:
    """One open page. `waiting` holds what it has not been sent yet, the newest of each feed."""

    user: str
    session: str
    """SHA-256 of the session's token."""
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def send(self, name: str, data: dict[str, Any]) -> None:
        """Have it told."""
        self.waiting[name] = data
        self.woken.set()

    def end(self) -> None:
        """Have it end."""
        self.ended = True
        self.woken.set()


@dataclass(frozen=True, slots=True)
class _Round:
    ended: frozenset[str]
    states: Mapping[str, tuple[Hashable, ...]]
    told: Mapping[str, Mapping[str, dict[str, Any]]]


class Events:
    """The streams of one process, and the rounds that feed them while there are any."""

    def __init__(
        self, site: Site, feeds: tuple[Feed, ...] = (Unread(),), every: float = EVERY_SECONDS
    ) -> None:
        self._site, self._feeds, self._every = site, feeds, every
        self._streams: set[Stream] = set()
        self._states: dict[str, tuple[Hashable, ...]] = {}
        self._last: dict[str, dict[str, dict[str, Any]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._thread = anyio.CapacityLimiter(1)

    def open(self, user: str, session: str) -> Stream | None:
        """A new stream of somebody; None where they, or the process, have as many as may be."""
        mine = sum(1 for s in self._streams if s.user == user)
        if len(self._streams) >= STREAMS_MAX or mine >= STREAMS_OF_ONE_MAX:
            return None
        stream = Stream(user, session)
        self._streams.add(stream)
        for name, data in self._last.get(user, {}).items():
            stream.send(name, data)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        return stream

    def close(self, stream: Stream) -> None:
        """It has ended."""
        self._streams.discard(stream)
        if not any(s.user == stream.user for s in self._streams):
            self._states.pop(stream.user, None)
            self._last.pop(stream.user, None)

    def end(self) -> None:
        """End all of them: the process ends."""
        for stream in self._streams:
            stream.end()

    async def _run(self) -> None:
        while self._streams:
            users = {s.user for s in self._streams}
            sessions = {s.session for s in self._streams}
            try:
                done = await anyio.to_thread.run_sync(
                    partial(self._round, users, sessions, dict(self._states)), limiter=self._thread
                )
            except (SQLAlchemyError, Refused, OSError) as error:
                _log.warning("events not read", why=str(error))
            else:
                self._take(done)
            await asyncio.sleep(self._every)

    def _take(self, done: _Round) -> None:
        for stream in list(self._streams):
            if stream.session in done.ended:
                stream.end()
            for name, data in done.told.get(stream.user, {}).items():
                stream.send(name, data)
        here = {s.user for s in self._streams}
        self._states.update({u: s for u, s in done.states.items() if u in here})
        self._last.update({u: dict(t) for u, t in done.told.items() if u in here})

    def _round(
        self, users: Collection[str], sessions: Collection[str], known: Mapping[str, tuple[Hashable, ...]]
    ) -> _Round:
        """One look at the database: which sessions are still open, and who has something new."""
        site = self._site
        with site.database.read() as connection:
            ended = frozenset(sessions) - signin.open_among(site, connection, sessions)
            standing = [feed.states(connection, users) for feed in self._feeds]
            states = {u: tuple(s.get(u) for s in standing) for u in users}
            changed = [u for u in sorted(users) if u not in known or known[u] != states[u]][:TOLD_MAX]
            told = {u: self._told(connection, u) for u in changed}
        return _Round(ended, {u: states[u] for u in changed}, told)

    def _told(self, connection: sa.Connection, user: str) -> dict[str, dict[str, Any]]:
        site = self._site
        viewer = viewers.viewer(connection, user, site.clock, site.settings, Door("page"))
        viewers.forget_standing(connection)
        if viewer is None:
            return {}
        return {feed.name: feed.tell(site, connection, viewer) for feed in self._feeds}


class EventStream(Response):
    """The answer that goes on until the page is closed, the session ends, or the process does."""

    media_type = "text/event-stream"

    def __init__(self, events: Events, stream: Stream) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events, self._stream = events, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events as they come; a heartbeat where none does."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with anyio.create_task_group() as group:
                group.start_soon(self._until_gone, receive, group.cancel_scope)
                ending = scope.get("extensions", {}).get(ENDING)
                if isinstance(ending, asyncio.Event):
                    group.start_soon(self._until_ending, ending)
                await self._tell(send)
                group.cancel_scope.cancel()
        finally:
            self._events.close(self._stream)

    async def _tell(self, send: Send) -> None:
        await _write(send, f"retry: {RETRY_MS}\n\n")
        stream = self._stream
        while not stream.ended:
            with contextlib.suppress(TimeoutError), anyio.fail_after(HEARTBEAT_SECONDS):
                await stream.woken.wait()
            stream.woken.clear()
            waiting, stream.waiting = stream.waiting, {}
            lines = [f"event: {n}\ndata: {msgspec.json.encode(d).decode()}\n\n" for n, d in waiting.items()]
            await _write(send, "".join(lines) or ":\n\n")
        await _write(send, "", more=False)

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _until_ending(self, ending: asyncio.Event) -> None:
        await ending.wait()
        self._stream.end()


async def _write(send: Send, text: str, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def listen(request: Request) -> Response:
    """`GET /events`: what is new for who has signed in. 204 ends a browser's wish to connect: nobody has, or there are
    as many streams as may be."""
    site: Site = request.app.state.site
    events: Events = request.app.state.events
    token = session_of(request)

    def identify() -> str | None:
        with site.database.read() as connection:
            return signin.user_of(site, connection, token)

    user = await in_thread(request, identify) if token and len(token) <= signin.TOKEN_LENGTH_MAX else None
    stream = events.open(user, signin.token_hash(token)) if user is not None else None
    return EventStream(events, stream) if stream is not None else Response(status_code=204)


def routes() -> list[Route]:
    """Its route."""
    return [Route("/events", listen, methods=["GET"])]
