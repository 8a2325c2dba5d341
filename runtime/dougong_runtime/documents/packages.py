"""The files of a folder or a zip, as strangers may have made them: nothing leads outside, nothing bursts.

Paths are relative, of printable characters, in Unicode's composed form (NFC), and no two are the same on a system
that does not tell capitals apart. Links are refused: what they lead to is not part of the template. A zip is judged
before it is opened: the number of its entries by their signatures, since reading the list alone takes memory.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

from dougong_runtime.documents.problems import UNREADABLE, said
from dougong_runtime.errors import Place, Refused

FILE_BYTES_MAX = 20_000_000
TOTAL_BYTES_MAX = 50_000_000
"""All files together, unpacked; a zip is no larger itself."""
FILES_MAX = 5_000
PATH_BYTES_MAX = 400
PARTS_MAX = 12
"""Folders within folders."""
_ENTRY = b"PK\x01\x02"
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NO_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What the zip library raises for what is none: `RuntimeError` for a password, `ValueError` for names in no encoding."""


def folder_files(root: Path) -> dict[str, bytes]:
    """Path → bytes of the files in a folder, without hidden ones. Raises Refused at the first that is not readable."""
    found = _Files()
    for place in sorted(root.rglob("*")):
        path = place.relative_to(root).as_posix()
        if is_hidden(path):
            continue
        if place.is_symlink():
            raise unreadable(
                path, "不读取链接，请放入文件本身。", "Links are not read: put the file itself here."
            )
        if not place.is_file():
            continue
        try:
            found.expect(path, place.stat().st_size)
            with place.open("rb") as opened:
                found.add(path, opened.read(FILE_BYTES_MAX + 1))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise unreadable(path, f"无法读取：{why}。", f"It cannot be read: {why}.") from None
    return found.kept


def zip_files(content: bytes, origin: str = "") -> dict[str, bytes]:
    """Path → bytes of the files in a zip, without hidden ones; a single folder around everything is passed over.

    Raises Refused.
    """
    if len(content) > TOTAL_BYTES_MAX:
        raise _too_large(origin, TOTAL_BYTES_MAX)
    if content.count(_ENTRY) > FILES_MAX:
        raise _too_many(origin)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return _unpacked(packed)
    except _NO_ZIP as error:
        why = str(error) if error.args and isinstance(error, zipfile.BadZipFile) else type(error).__name__
        raise unreadable(
            origin, f"不是可用的 zip：{why}", f"This is no zip that can be read: {why}"
        ) from None


def zip_file(path: Path) -> bytes:
    """The bytes of a zip on disk, where it is not too large. Raises Refused."""
    try:
        with path.open("rb") as opened:
            content = opened.read(TOTAL_BYTES_MAX + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise unreadable(str(path), f"无法读取：{why}。", f"It cannot be read: {why}.") from None
    if len(content) > TOTAL_BYTES_MAX:
        raise _too_large(str(path), TOTAL_BYTES_MAX)
    return content


def plain_path(path: str) -> str | None:
    """The path as it is kept, or None for one that leads outside or that no other system could hold.

    >>> plain_path("data/people.yaml")
    'data/people.yaml'
    >>> plain_path("data/../../people.yaml") is None
    True
    """
    made = unicodedata.normalize("NFC", path)
    parts = made.split("/")
    if not path.isprintable() or any(c in '\\:*?"<>|' for c in made):
        return None
    if len(parts) > PARTS_MAX or len(made.encode()) > PATH_BYTES_MAX:
        return None
    if any(part in ("", ".", "..") or part != part.strip() or part.endswith(".") for part in parts):
        return None
    return made


def is_hidden(path: str) -> bool:
    """Whether a path belongs to a tool, not to the template: `.git/…`, `__MACOSX/…`, `visit.yaml~`."""
    return (
        any(part.startswith((".", "__")) or part.endswith("~") for part in path.split("/"))
        and ".." not in path
    )


def unreadable(path: str, zh: str, en: str, line: int = 0, column: int = 1) -> Refused:
    """The refusal of a file, with its place."""
    shown = "".join(c if c.isprintable() else "�" for c in path[:PATH_BYTES_MAX])
    return Refused([said(UNREADABLE, zh, en, Place(shown or "—", line, column if line else 0))])


class _Files:
    """Files so far, and how large all are together."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self._alike: set[str] = set()
        self._total = 0

    def expect(self, path: str, size: int) -> None:
        """Refuse a path that cannot be, or a size that would be too large, before the file is read."""
        if plain_path(path) is None:
            raise unreadable(
                path,
                "路径越界，或含有文件名不能用的字符。",
                "This path leads outside, or has characters that no file name has everywhere.",
            )
        if size > FILE_BYTES_MAX:
            raise _too_large(path, FILE_BYTES_MAX)
        if len(self.kept) >= FILES_MAX:
            raise _too_many(path)
        if self._total + size > TOTAL_BYTES_MAX:
            limit = TOTAL_BYTES_MAX // 1_000_000
            raise unreadable(path, f"内容共超过 {limit} MB。", f"All files together exceed {limit} MB.")

    def add(self, path: str, content: bytes) -> None:
        """Keep a file."""
        self.expect(path, len(content))
        kept = plain_path(path) or path
        if kept.casefold() in self._alike:
            raise unreadable(path, "有两个同名的文件。", "Two files have the same path.")
        self._alike.add(kept.casefold())
        self._total += len(content)
        self.kept[kept] = content


def _unpacked(packed: zipfile.ZipFile) -> dict[str, bytes]:
    named = [(entry, entry.filename.replace("\\", "/")) for entry in packed.infolist()]
    entries = [(entry, path) for entry, path in named if not path.endswith("/")]
    around = {path.partition("/")[0] for _, path in entries}
    inside = len(around) == 1 and all("/" in path for _, path in entries)
    found = _Files()
    for entry, whole in entries:
        path = whole.partition("/")[2] if inside else whole
        if is_hidden(path):
            continue
        found.expect(whole, entry.file_size)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise unreadable(
                path, "不读取链接，请放入文件本身。", "Links are not read: put the file itself here."
            )
        if entry.compress_type not in _PACKINGS:
            raise unreadable(path, "不支持这种压缩方式。", "It is packed in a way that is not read.")
        with packed.open(entry) as opened:
            found.add(path, opened.read(FILE_BYTES_MAX + 1))
    return found.kept


def _too_large(path: str, limit: int) -> Refused:
    shown = limit // 1_000_000
    return unreadable(path, f"文件超过 {shown} MB。", f"The file is larger than {shown} MB.")


def _too_many(path: str) -> Refused:
    return unreadable(path, f"文件超过 {FILES_MAX} 个。", f"There are more than {FILES_MAX} files.")
