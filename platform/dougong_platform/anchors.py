"""The audit's seals kept outside the database: in a file that is only added to, or at an address that takes each seal.

What an anchor holds is the whole chain from the first seal on, a JSON object a line. So each line proves itself (it is
signed with the site's key) and its place (it names the one before), and the database is compared with it.

An address takes `POST` of a seal and answers 2xx once it is kept; the same seal again is no error, another of that
batch is answered 409. `GET` with `?after=BATCH` answers the seals behind that batch as lines, as many as it likes, and
an empty body where there are none.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode, urlsplit

import msgspec

from dougong_platform.addresses import InternalServer
from dougong_platform.outgoing import Answer, open_guarded
from dougong_runtime.audit.seal import Seal
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label

TAIL_BYTES = 4_096
"""More than a line takes."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Seal).decode


class AnchorFailed(Exception):
    """An anchor could not be asked, or holds what it should not."""

    def __init__(self, zh: str, en: str, *, tampered: bool = False) -> None:
        super().__init__(en)
        self.label = Label(zh, en)
        self.tampered = tampered
        """Whether it answered, and what it holds is not what it was given."""


class Anchor(Protocol):
    """A place outside the database."""

    @property
    def name(self) -> str:
        """For people; without anything secret."""
        ...

    def kept(self) -> Iterator[Seal]:
        """All that it holds, in order. Raises AnchorFailed."""
        ...

    def adding(self, given: int) -> AbstractContextManager[Adding]:
        """Adding to it, one process at a time. `given` is the last batch that it took, as the database remembers."""
        ...


class Adding(Protocol):
    """An anchor that is being added to."""

    last: Seal | None
    """The last seal that it holds, where it can say so without being asked for all."""
    after: int
    """The batch after which to go on."""
    is_slow: bool
    """Whether what many seals take is spread over several runs."""

    def add(self, seals: Iterable[Seal]) -> Iterator[Seal]:
        """Add seals in order; gives each that is kept. Raises AnchorFailed."""
        ...


@dataclass(frozen=True)
class FileAnchor:
    """A file on other storage, best such that nobody can rewrite: `chattr +a`, or a share that only takes additions.

    Its folder is not made: where a disk is not mounted, the seals must not land under the empty mount point.
    """

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def kept(self) -> Iterator[Seal]:
        """A line a seal. A line cut short by a process that died is followed by the whole one, and passed over."""
        torn: bytes | None = None
        try:
            with self.path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    text = line.rstrip(b"\n")
                    try:
                        seal = _decode(text)
                    except msgspec.DecodeError:
                        if torn is not None:
                            raise self._unreadable(number) from None
                        torn = text
                        continue
                    if torn is not None and not text.startswith(torn):
                        raise self._unreadable(number - 1)
                    torn = None
                    yield seal
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failed(error) from None
        if torn is not None and line.endswith(b"\n"):
            raise self._unreadable(number)

    @contextmanager
    def adding(self, given: int) -> Iterator[FileAdding]:
        """Under a lock on the file, after its last whole line."""
        try:
            with self.path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield FileAdding(self, file.fileno())
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> AnchorFailed:
        why = error.strerror or str(error)
        return AnchorFailed(f"无法使用 {self.path}：{why}", f"{self.path} cannot be used: {why}")

    def _unreadable(self, number: int) -> AnchorFailed:
        return AnchorFailed(
            f"库外留存 {self.path} 的第 {number} 行读不了：它被改过。",
            f"Line {number} of the anchor {self.path} cannot be read: it was changed.",
            tampered=True,
        )


class FileAdding:
    """A file open and locked for adding."""

    is_slow = False

    def __init__(self, anchor: FileAnchor, handle: int) -> None:
        self._handle = handle
        size = os.fstat(handle).st_size
        start = max(0, size - TAIL_BYTES)
        tail = os.pread(handle, size - start, start)
        whole, newline, rest = tail.rpartition(b"\n")
        self._torn = bool(rest)
        line = whole.rpartition(b"\n")[2] if newline else b""
        try:
            self.last = _decode(line) if line else None
        except msgspec.DecodeError:
            raise AnchorFailed(
                f"库外留存 {anchor.path} 的末行读不了：它被改过。",
                f"The last line of the anchor {anchor.path} cannot be read: it was changed.",
                tampered=True,
            ) from None
        self.after = self.last.batch if self.last is not None else 0

    def add(self, seals: Iterable[Seal]) -> Iterator[Seal]:
        """A line each, on the disk before it is said to be kept."""
        if self._torn:
            os.write(self._handle, b"\n")
            self._torn = False
        added = list(seals)
        if added:
            _write(self._handle, b"".join(line_of(seal) + b"\n" for seal in added))
            os.fsync(self._handle)
        yield from added


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


@dataclass(frozen=True)
class AddressAnchor:
    """A server that takes seals and keeps them out of reach of who owns the database."""

    url: str
    token: str
    internal: tuple[InternalServer, ...]

    @property
    def name(self) -> str:
        """The address without what may be secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{(parts.netloc or '').rpartition('@')[2]}{parts.path}"

    def kept(self) -> Iterator[Seal]:
        """Page by page."""
        after = 0
        while True:
            joint = "&" if urlsplit(self.url).query else "?"
            answer = self._asked("GET", self.url + joint + urlencode({"after": after}))
            if answer.status != 200:
                raise self._refused(answer)
            page = [line for line in answer.body.split(b"\n") if line.strip()]
            if not page:
                return
            for line in page:
                seal = self._decoded(line)
                if seal.batch <= after:
                    raise self._nonsense()
                after = seal.batch
                yield seal

    @contextmanager
    def adding(self, given: int) -> Iterator[AddressAdding]:
        """After what it took before: two processes may send the same seal, which does no harm."""
        yield AddressAdding(self, given)

    def send(self, seal: Seal) -> None:
        """Send one. Raises AnchorFailed."""
        answer = self._asked("POST", self.url, line_of(seal))
        if answer.status == 409:
            raise AnchorFailed(
                f"库外留存 {self.name} 已有另一份第 {seal.batch} 批封存。",
                f"The anchor {self.name} holds another seal of batch {seal.batch}.",
                tampered=True,
            )
        if not 200 <= answer.status < 300:
            raise self._refused(answer)

    def _asked(self, method: str, url: str, body: bytes = b"") -> Answer:
        headers = {"accept": "application/x-ndjson, application/json"}
        if body:
            headers["content-type"] = "application/json"
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        try:
            return open_guarded(url, method=method, body=body, headers=headers, internal=self.internal)
        except Refused as refused:
            problem = refused.problems[0]
            raise AnchorFailed(problem.text("zh"), problem.text("en")) from None

    def _decoded(self, line: bytes) -> Seal:
        try:
            return _decode(line)
        except msgspec.DecodeError:
            raise self._nonsense() from None

    def _nonsense(self) -> AnchorFailed:
        return AnchorFailed(
            f"库外留存 {self.name} 的回答不是封存的顺序列表。",
            f"The answer of the anchor {self.name} is no list of seals in order.",
            tampered=True,
        )

    def _refused(self, answer: Answer) -> AnchorFailed:
        return AnchorFailed(
            f"库外留存 {self.name} 回答 {answer.status}", f"The anchor {self.name} answers {answer.status}"
        )


class AddressAdding:
    """An address that is being sent to."""

    last: Seal | None = None
    is_slow = True

    def __init__(self, anchor: AddressAnchor, given: int) -> None:
        self._anchor = anchor
        self.after = given

    def add(self, seals: Iterable[Seal]) -> Iterator[Seal]:
        """One request each."""
        for seal in seals:
            self._anchor.send(seal)
            yield seal


def line_of(seal: Seal) -> bytes:
    """A seal as anchors keep it."""
    return _encode(asdict(seal))
