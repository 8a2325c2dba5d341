"""A load of keep-alive requests over raw sockets: the client must cost less than what it measures."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles


@dataclass(frozen=True, slots=True)
class Figure:
    """What a round of requests took. Times in ms; `cpu_ms` is the server process's own, a request."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


Request = Callable[[int], bytes]
"""The bytes of the n-th request."""


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def measure_over(
    servers: Sequence[tuple[int, int]],
    make: Request,
    count: int,
    clients: int,
    expect: Sequence[int] = (200, 201),
) -> Figure:
    """Send `count` requests over `clients` connections, spread over servers given as port and process id.

    `cpu_ms` is that of all of them. Raises RuntimeError at an unexpected status.
    """
    ports = [port for port, _ in servers]
    before, started = sum(cpu_seconds(pid) for _, pid in servers), time.perf_counter()
    times = asyncio.run(_run(ports, make, count, clients, expect))
    seconds = time.perf_counter() - started
    used = sum(cpu_seconds(pid) for _, pid in servers) - before
    cuts = quantiles(times, n=20) if len(times) > 1 else [times[0]] * 19
    return Figure(count, seconds, cuts[9] * 1000, cuts[18] * 1000, used * 1000 / count)


def cpu_seconds(pid: int) -> float:
    """CPU seconds, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _run(
    ports: Sequence[int], make: Request, count: int, clients: int, expect: Sequence[int]
) -> list[float]:
    numbers = iter(range(count))
    times: list[float] = []

    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for n in numbers:
            sent = time.perf_counter()
            writer.write(make(n))
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            length = int(
                next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:"))[15:]
            )
            body = await reader.readexactly(length)
            times.append(time.perf_counter() - sent)
            if status not in expect:
                raise RuntimeError(f"answered {status}: {body[:300]!r}")
        writer.close()

    await asyncio.gather(*(client(ports[i % len(ports)]) for i in range(clients)))
    return times
