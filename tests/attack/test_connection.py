"""Clients that take their time, never end, or say two things at once, against the protocol that serves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from dougong_platform.http import protocol

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once, whatever of the body has come."""
    if scope["type"] != "http":
        return
    names = b",".join(name for name, _ in scope["headers"])
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", str(len(names)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": names})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with short deadlines."""
    kept = protocol.HEAD_SECONDS_MAX, protocol.REST_SECONDS_MAX
    protocol.HEAD_SECONDS_MAX = protocol.REST_SECONDS_MAX = 0.5
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(echo, log_config=None, lifespan="off", **protocol.options())
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)
    protocol.HEAD_SECONDS_MAX, protocol.REST_SECONDS_MAX = kept


def talk(port: int, *pieces: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """What came until the server ended the connection, and after how many seconds."""
    started = time.monotonic()
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            while more := connection.recv(65536):
                came += more
        except (BrokenPipeError, ConnectionResetError):
            pass
    return came, time.monotonic() - started


@pytest.mark.parametrize(
    "pieces",
    [(), (b"GET",), (b"\r\n",), (HEAD,), tuple(b"X-%d: 1\r\n" % n if n else HEAD for n in range(12))],
)
def test_a_head_that_does_not_end_ends_the_connection(port: int, pieces: tuple[bytes, ...]) -> None:
    came, seconds = talk(port, *pieces, pause=0.2 if len(pieces) > 2 else 0.0)
    assert came == b""
    assert seconds < 10


def test_a_head_without_bounds_is_not_kept(port: int) -> None:
    came, _ = talk(port, HEAD + b"X: ", *[b"x" * 65536] * 40)
    assert b" 200 " not in came


def test_the_rest_of_a_body_that_nobody_reads_is_not_awaited_for_ever(port: int) -> None:
    came, seconds = talk(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
    assert came.startswith(b"HTTP/1.1 200 ")
    assert seconds < 10


@pytest.mark.parametrize(
    "said",
    [b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 5\r\nContent-Length: 6", b"Transfer-Encoding: chunked, x",
     b"Content-Length : 5", b"Content-Length: +5", b" folded: x"],
)  # fmt: skip
def test_a_request_that_says_two_things_of_its_length_is_refused(port: int, said: bytes) -> None:
    came, _ = talk(
        port,
        b"POST / HTTP/1.1\r\nHost: a\r\n"
        + said
        + b"\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    assert came.count(b"HTTP/1.1 200") == 0


def test_there_are_no_web_sockets(port: int) -> None:
    ask = b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    came, _ = talk(port, HEAD + ask)
    assert b" 101 " not in came
