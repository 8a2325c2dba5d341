"""The one way out: every call that the site makes to another server goes through `open_guarded`.

The target is judged by `addresses.judge` and the connection goes to the address that was judged; TLS and the header
`Host` go by the name. Redirects are followed for GET and HEAD, each judged anew. Time, size and number are bounded.
No proxy of the environment is used: it would resolve the name a second time.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from dougong_platform.addresses import UNREACHABLE, InternalServer, Resolve, Target, judge
from dougong_platform.logs import logger
from dougong_runtime.errors import Refused, refuse

SECONDS_MAX = 15
"""For one call as a whole, redirects included."""
ANSWER_BYTES_MAX = 1_000_000
REDIRECTS_MAX = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_FOLLOWED = ("GET", "HEAD")
_KEPT_ABROAD = ("accept", "accept-language", "user-agent")
"""Headers that a redirect to another server takes along; no key goes there."""
_AGENT = "Dougong"
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. A status of 400 or above is an answer too: the caller judges it."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of several of one name the last."""
    body: bytes = field(repr=False)
    url: str
    """Where it came from, after redirects."""


def open_guarded(
    url: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    internal: tuple[InternalServer, ...] = (),
    seconds_max: float = SECONDS_MAX,
    answer_bytes_max: int = ANSWER_BYTES_MAX,
    resolve: Resolve | None = None,
    trust: ssl.SSLContext | None = None,
) -> Answer:
    """Call another server; only where `addresses.judge` allows it.

    `internal`: `addresses.internal_servers(settings.internal_servers)`. `resolve` and `trust` (certificates believed)
    are the machine's own unless given. Raises Refused: ADDRESS_REFUSED for a target that is not allowed, UNREACHABLE
    for one that does not answer in time, breaks off, says more than `answer_bytes_max`, or redirects too often.
    """
    deadline = time.monotonic() + seconds_max
    context = trust or ssl.create_default_context()
    given = {"user-agent": _AGENT, **{name.lower(): value for name, value in (headers or {}).items()}}
    here = url
    for _ in range(REDIRECTS_MAX + 1):
        target = _judged(here, internal, resolve)
        answer = _call(target, here, method, body, given, context, deadline, answer_bytes_max)
        onward = answer.headers.get("location")
        if answer.status not in _REDIRECTS or onward is None or method not in _FOLLOWED:
            return answer
        there = urljoin(here, onward)
        if target.scheme == "https" and not there.lower().startswith("https:"):
            raise _unreachable(
                target, "它跳转到不加密的地址。", "it redirects to an address without encryption."
            )
        if not _same_server(here, there):
            given = {name: value for name, value in given.items() if name in _KEPT_ABROAD}
        here = there
    raise _unreachable(target, "跳转次数过多。", "it redirects too often.")


def _judged(url: str, internal: tuple[InternalServer, ...], resolve: Resolve | None) -> Target:
    try:
        return judge(url, internal, resolve)
    except Refused as refused:
        _log.warning("call refused", why=str(refused))
        raise


def _same_server(here: str, there: str) -> bool:
    return here.split("/")[:3] == there.split("/")[:3]


def _call(
    target: Target,
    url: str,
    method: str,
    body: bytes,
    headers: Mapping[str, str],
    context: ssl.SSLContext,
    deadline: float,
    answer_bytes_max: int,
) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connected: socket.socket | None = None
    try:
        connected = _connected(target, context, deadline)
        connection.sock = _Timed(connected, deadline)
        connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", target.host_header)
        connection.putheader("connection", "close")
        connection.putheader("accept-encoding", "identity")
        if body or method not in _FOLLOWED:
            connection.putheader("content-length", str(len(body)))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        with connection.getresponse() as response:
            content = response.read(answer_bytes_max + 1)
            if len(content) > answer_bytes_max:
                raise _unreachable(target, "回答过长。", "its answer is too long.")
            said = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, said, content, url)
    except TimeoutError:
        raise _unreachable(target, "没有及时回答。", "it does not answer in time.") from None
    except (OSError, http.client.HTTPException) as error:
        name = type(error).__name__
        raise _unreachable(target, f"连接失败（{name}）。", f"the connection failed ({name}).") from None
    finally:
        if connected is not None:
            connected.close()


def _connected(target: Target, context: ssl.SSLContext, deadline: float) -> socket.socket:
    """A connection to the first address that takes one."""
    failed: OSError = OSError("no address")
    for address in target.addresses:
        try:
            plain = socket.create_connection((address, target.port), _left(deadline))
        except TimeoutError:
            raise
        except OSError as error:
            failed = error
            continue
        if target.scheme != "https":
            return plain
        try:
            return context.wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise
    raise failed


def _left(deadline: float) -> float:
    """Seconds left. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Timed:
    """A socket as `http.client` uses it, whose every step must end before the deadline: a server that sends a byte
    now and then does not hold a thread for ever."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = connected, deadline

    def sendall(self, data: Any) -> None:
        """Send all of it."""
        self._socket.settimeout(_left(self._deadline))
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What comes back."""
        return io.BufferedReader(_Incoming(self._socket, self._deadline))

    def close(self) -> None:
        """The connection lets go of it as soon as the headers are there; what follows is still to be read."""


class _Incoming(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = connected, deadline

    def readable(self) -> bool:
        """Nothing else can be done with it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes. Raises TimeoutError after the deadline."""
        self._socket.settimeout(_left(self._deadline))
        return self._socket.recv_into(buffer)


def _unreachable(target: Target, zh: str, en: str) -> Refused:
    return refuse(UNREACHABLE, address=target.shown, zh=zh, en=en)
