"""From a route to its handler: read the body, go to a thread, open one transaction, find out who asks.

A handler is plain synchronous code that takes a `Call` and gives a `Response`. What it answers is made inside the
transaction and sent after it has ended, so that nobody is told of what was then rolled back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import anyio.to_thread
import sqlalchemy as sa
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from dougong_platform.database import retrying
from dougong_platform.http import json_body
from dougong_platform.http.parameters import form_without_nul
from dougong_platform.http.problem_types import UNSUPPORTED_MEDIA_TYPE
from dougong_platform.http.viewer import Asker, asker_of, authorise, check_csrf
from dougong_platform.site import Site
from dougong_runtime.errors import refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language
from dougong_runtime.records.door import Records
from dougong_runtime.storage.limits import limited

Result = TypeVar("Result")
FILES_MAX = 10
FIELDS_MAX = 1000
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Call:
    """One request inside its transaction."""

    site: Site
    request: Request
    connection: sa.Connection
    viewer: Viewer
    body: bytes = b""
    form: FormData | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is to be done once the transaction has been committed."""
    found: Any = None
    """What was found out before the transaction for writing began."""

    @property
    def language(self) -> Language:
        """The language of the answer."""
        return self.viewer.language

    def path(self, name: str) -> str:
        """A part of the address, as the route's template names it."""
        return str(self.request.path_params[name])

    def records(self) -> Records:
        """The door to the records of the app that the address names. Raises Refused (NO_APP)."""
        return self.site.records(self.connection, self.viewer, self.path("app"))

    def json(self, *known: str) -> dict[str, Any]:
        """The body as an object with no members but those. Raises Refused with the place or the nearest name."""
        value = json_body.parse_object(self.body)
        json_body.only(value, known)
        return value


Handler: TypeAlias = Callable[[Call], Response]
Body: TypeAlias = Literal["none", "json", "form"]


def reads(handler: Handler, *, body: Body = "none") -> Endpoint:
    """A handler that only reads: a read transaction, which never waits for writers."""
    return _endpoint(handler, body, writes=False)


def writes(handler: Handler, *, body: Body = "json", before: Callable[[Call], Any] | None = None) -> Endpoint:
    """A handler that may write: refused to those who view as another and to tokens without the scope. `before` finds
    out what takes long, in a transaction that only reads: the handler has it as `call.found`."""
    return _endpoint(handler, body, writes=True, before=before)


def _endpoint(
    handler: Handler, body: Body, *, writes: bool, before: Callable[[Call], Any] | None = None
) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        site.traffic.note()

        def identify() -> Asker:
            with site.database.read() as connection:
                asker = asker_of(site, request, connection)
            authorise(asker, writes=writes)
            return asker

        # A file is large: whoever may not send it is refused before it is read.
        known = await in_thread(request, identify) if body == "form" else None
        content, form = await _content(request, body)

        def run() -> Response:
            if writes:
                # Found out beforehand where there is one writer only, so that strangers never hold it.
                asked = known or (identify() if site.database.has_one_writer else None)

                found = look() if before is not None else None

                def write() -> tuple[Call, Response]:
                    with site.database.write() as connection:
                        asker = asked or asker_of(site, request, connection)
                        authorise(asker, writes=True)
                        check_csrf(site, asker, request, form)
                        call = Call(site, request, connection, asker.viewer, content, form, found=found)
                        with limited(connection, site.settings.request_seconds):
                            return call, handler(call)

                call, response = retrying(write)
                site.database.wrote(call.viewer.user, site.clock.now())
                for act in call.afterwards:
                    act()
                return response
            return site.database.nearby(read)

        def look() -> Any:
            assert before is not None
            with site.database.read() as connection:
                asker = known or asker_of(site, request, connection)
                authorise(asker, writes=True)
                check_csrf(site, asker, request, form)
                return before(Call(site, request, connection, asker.viewer, content, form))

        def read(nearby: bool) -> Response:
            with site.database.read() as connection:
                asker = known or asker_of(site, request, connection)
                authorise(asker, writes=False)
                check_csrf(site, asker, request, form)
                if not nearby:
                    with limited(connection, site.settings.request_seconds):
                        return handler(Call(site, request, connection, asker.viewer, content, form))
                position = site.database.position_of(connection, asker.viewer.user)
            near = site.database.read_near(position)
            with near as connection, limited(connection, site.settings.request_seconds):
                return handler(Call(site, request, connection, asker.viewer, content, form))

        return await in_thread(request, run)

    endpoint.__name__ = handler.__name__
    endpoint.__doc__ = handler.__doc__
    return endpoint


async def in_thread(request: Request, run: Callable[[], Result]) -> Result:
    """Run synchronous code in a worker thread; as many at once as there are database connections."""
    return await anyio.to_thread.run_sync(run, limiter=request.app.state.threads)


async def read_json(request: Request) -> bytes:
    """The body of a request, which is said to be JSON. Raises Refused (UNSUPPORTED_MEDIA_TYPE)."""
    content = await request.body()
    given = _media_type(request)
    if content and given != "application/json" and not given.endswith("+json"):
        raise refuse(UNSUPPORTED_MEDIA_TYPE, given=given or "—", expected="application/json")
    return content


async def _content(request: Request, body: Body) -> tuple[bytes, FormData | None]:
    if body == "json":
        return await read_json(request), None
    if body == "none":
        return b"", None
    given = _media_type(request)
    if given not in FORMS:
        raise refuse(UNSUPPORTED_MEDIA_TYPE, given=given or "—", expected=FORMS[0])
    return b"", form_without_nul(await request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()
