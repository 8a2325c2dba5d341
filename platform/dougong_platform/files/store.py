"""Where the bytes of files lie: one copy for each content, under its SHA-256. A folder, or a store that speaks S3."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

PIECE_BYTES = 256 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Kept:
    """A content that lies in the store."""

    sha256: str
    size: int
    at: datetime
    """When it was last put there."""


class Store(Protocol):
    """What holds contents. Any of it may raise OSError where the store does not answer."""

    def put(self, draft: Path, sha256: str) -> None:
        """Keep a file's content, whose digest the caller has computed; the draft is used up. What lies there already
        is put there anew, so that its time is now."""
        ...

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The content, or a part of it, in pieces. Raises FileNotFoundError before the first where it is not there."""
        ...

    def find(self, sha256: str) -> Kept | None:
        """What lies there of that digest."""
        ...

    def remove(self, sha256: str) -> None:
        """Remove a content; nothing happens where it is not there."""
        ...

    def all(self) -> Iterator[Kept]:
        """Everything that lies there."""
        ...


class FolderStore:
    """Contents in a folder of this machine, or one that several share: `ab/cd/abcd…`, in folders of two letters."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, sha256: str) -> Path:
        if _DIGEST.match(sha256) is None:
            raise ValueError(sha256)
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def put(self, draft: Path, sha256: str) -> None:
        """Written through to the disk, then renamed: after a power failure it is there whole, or not at all."""
        path = self._path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(path)
        os.utime(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See Store."""
        file = self._path(sha256).open("rb")

        def pieces() -> Iterator[bytes]:
            with file:
                file.seek(start)
                left = length
                while left is None or left > 0:
                    piece = file.read(PIECE_BYTES if left is None else min(PIECE_BYTES, left))
                    if not piece:
                        return
                    left = None if left is None else left - len(piece)
                    yield piece

        return pieces()

    def find(self, sha256: str) -> Kept | None:
        """See Store."""
        try:
            found = self._path(sha256).stat()
        except FileNotFoundError:
            return None
        return Kept(sha256, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def remove(self, sha256: str) -> None:
        """See Store."""
        self._path(sha256).unlink(missing_ok=True)

    def all(self) -> Iterator[Kept]:
        """See Store."""
        for path in self.folder.glob("??/??/*"):
            if _DIGEST.match(path.name):
                found = self.find(path.name)
                if found is not None:
                    yield found
