"""Where documents come from: a folder, a zip, files in memory, or the JSON that is kept in the database.

Reading never links anything. It raises `Refused` with every file that cannot be read; what it gives back is plain
values with their places.
"""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dougong_runtime.documents.problems import MALFORMED, UNREADABLE, said
from dougong_runtime.documents.yaml_text import Places, TextProblem, parse
from dougong_runtime.errors import Place, Problem, Refused

FILE_BYTES_MAX = 20_000_000
DOCUMENT_BYTES_MAX = 5_000_000
TOTAL_BYTES_MAX = 200_000_000
FILES_MAX = 5_000
TEXT_SUFFIXES = (".yaml", ".yml", ".json")
TRAVELLING = ("data/", "stories/")
"""Folders whose files travel with an app as they are."""
TRAVELLING_KINDS = ("story", "people", "demo")
FILE_KEY = "file/"
"""Before the path of such a file, among the keys of what is kept."""


@dataclass(frozen=True)
class Raw:
    """One document as written: plain values, and where each stands."""

    kind: str
    name: str
    data: Mapping[str, Any]
    places: Places

    @property
    def key(self) -> str:
        """How it is called among an app's documents: `entity/visit`."""
        return f"{self.kind}/{self.name}"

    @property
    def travels(self) -> bool:
        """Whether it is kept as a file: a story, people, demo data."""
        return self.kind in TRAVELLING_KINDS

    @property
    def file(self) -> str:
        """The file it stands in, relative to the folder."""
        return self.places.file

    def at(self, *path: str | int, offset: int | None = None, key: bool = False) -> Place:
        """The place of a value in it."""
        return self.places.at(path, offset, key=key)


@dataclass(frozen=True)
class Source:
    """An app's documents as written, and the files that travel with them."""

    documents: tuple[Raw, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Path → bytes: `data/people.yaml`, `data/patients.csv`, `stories/visits.yaml` …"""
    origin: str = ""
    """Folder or file it was read from, for messages."""

    def of(self, kind: str) -> Iterator[Raw]:
        """The documents of one kind, in order."""
        return (raw for raw in self.documents if raw.kind == kind)

    def stories(self) -> tuple[Raw, ...]:
        """The acceptance tests that came along (`kind` is `story`, `name` its title). Raises Refused."""
        found: list[Raw] = []
        for path in sorted(self.files):
            if path.startswith("stories/") and path.endswith((".yaml", ".yml")):
                found += read_text(self.files[path], path, "story")
        return tuple(found)

    def people(self) -> Raw | None:
        """`data/people.yaml`: teams and people of stories and demo. Raises Refused where it cannot be read."""
        return self._single("data/people.yaml", "people")

    def demo(self) -> Raw | None:
        """`data/demo.yaml`: what demo data is made of. Raises Refused where it cannot be read."""
        return self._single("data/demo.yaml", "demo")

    def _single(self, path: str, kind: str) -> Raw | None:
        content = self.files.get(path)
        found = read_text(content, path, kind) if content is not None else []
        return found[0] if found else None


def read(path: Path | str | bytes) -> Source:
    """The documents of a folder, of a zip file, or of a zip's bytes.

    Raises Refused for what cannot be read: all files at once.
    """
    if isinstance(path, bytes):
        return read_zip(path)
    place = Path(path)
    if place.is_dir():
        return of_files(dict(_folder(place)), origin=str(path))
    if place.is_file():
        return read_zip(place.read_bytes(), origin=str(path))
    raise Refused([said(UNREADABLE, f"没有「{path}」。", f"There is no “{path}”.", Place(str(path)))])


def read_zip(content: bytes, origin: str = "") -> Source:
    """The documents of a zip. A single folder around everything is passed over."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return of_files(dict(_packed(packed)), origin=origin)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise Refused(
            [
                said(
                    UNREADABLE,
                    f"不是可用的 zip：{error}",
                    f"This is no zip that can be read: {error}",
                    Place(origin),
                )
            ]
        ) from None


def of_text(text: str, file: str = "documents.yaml") -> Source:
    """Documents from one text, several separated by `---`."""
    return of_files({file: text.encode()})


def of_files(files: Mapping[str, bytes], origin: str = "") -> Source:
    """Documents and travelling files, told apart by their paths. Raises Refused: every file's problem at once."""
    documents: list[Raw] = []
    problems: list[Problem] = []
    travelling: dict[str, bytes] = {}
    for path, content in sorted(files.items(), key=lambda pair: _order(pair[0])):
        if path.startswith(TRAVELLING) or not path.endswith(TEXT_SUFFIXES):
            travelling[path] = content
            continue
        try:
            documents += read_text(content, path)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return Source(tuple(documents), travelling, origin)


def of_stored(stored: Mapping[str, Any]) -> Source:
    """From what the database keeps (`App.source`): keys `kind/name` and `file/path`."""
    documents: list[Raw] = []
    travelling: dict[str, bytes] = {}
    for key, data in stored.items():
        if key.startswith(FILE_KEY):
            travelling[key.removeprefix(FILE_KEY)] = file_bytes(data)
        else:
            kind, _, name = key.partition("/")
            documents.append(Raw(kind, name, data, Places(key)))
    return Source(tuple(documents), travelling)


def file_value(content: bytes) -> dict[str, str]:
    """A travelling file as JSON: its text, or base64 of what is no text."""
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}


def file_bytes(value: Mapping[str, str]) -> bytes:
    """The inverse of `file_value`."""
    if "text" in value:
        return value["text"].encode("utf-8")
    return base64.b64decode(value["base64"])


def read_text(content: bytes, path: str, kind: str | None = None) -> list[Raw]:
    """The documents of one file. `kind`: what they are where they do not say so themselves (stories, people, demo)."""
    if len(content) > DOCUMENT_BYTES_MAX:
        limit = DOCUMENT_BYTES_MAX // 1_000_000
        raise _unreadable(path, f"文件超过 {limit} MB。", f"The file is larger than {limit} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, "文件不是 UTF-8。", "The file is not UTF-8.", line) from None
    try:
        return [_document(data, places, kind) for data, places in parse(text, path)]
    except TextProblem as problem:
        raise _unreadable(path, problem.zh, problem.en, problem.line, problem.column) from None


def _document(data: Any, places: Places, kind: str | None) -> Raw:
    if kind == "people" and isinstance(data, list):
        inside = {("people", *path): spot for path, spot in places.values.items()}
        keys = {("people", *path): spot for path, spot in places.keys.items()}
        data, places = {"people": data}, Places(places.file, places.index, inside, keys)
    if not isinstance(data, dict):
        place = places.at(())
        raise Refused(
            [said(MALFORMED, "文档应是一组属性。", "A document is a set of properties: kind, name, …", place)]
        )
    if kind is not None:
        if data.get("kind") == kind:
            data = {key: value for key, value in data.items() if key != "kind"}
        title = data.get("story") if kind == "story" else PurePosixPath(places.file).stem
        return Raw(kind, title if isinstance(title, str) else "", data, places)
    stated, name = data.get("kind"), data.get("name")
    return Raw(stated if isinstance(stated, str) else "", name if isinstance(name, str) else "", data, places)


def _unreadable(path: str, zh: str, en: str, line: int = 0, column: int = 1) -> Refused:
    return Refused([said(UNREADABLE, zh, en, Place(path, line, column if line else 0))])


def _order(path: str) -> tuple[bool, str]:
    return path not in ("app.yaml", "app.yml", "app.json"), path


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith((".", "__")) or part.endswith("~") for part in path.parts)


def _folder(root: Path) -> Iterator[tuple[str, bytes]]:
    count = total = 0
    for place in sorted(root.rglob("*")):
        path = PurePosixPath(place.relative_to(root).as_posix())
        if _hidden(path) or place.is_symlink() or not place.is_file():
            continue
        size = place.stat().st_size
        count, total = count + 1, total + size
        _check_size(str(path), size, count, total)
        yield str(path), place.read_bytes()


def _packed(packed: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = [entry for entry in packed.infolist() if not entry.is_dir()]
    paths = [PurePosixPath(entry.filename.replace("\\", "/")) for entry in entries]
    tops = {path.parts[0] for path in paths if path.parts}
    inside = len(tops) == 1 and all(len(path.parts) > 1 for path in paths)
    total = 0
    for count, (entry, path) in enumerate(zip(entries, paths, strict=True), 1):
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise _unreadable(str(path), "zip 中的路径越界。", "A path in the zip leads outside.")
        kept = PurePosixPath(*path.parts[1:]) if inside else path
        if _hidden(kept):
            continue
        _check_size(str(kept), entry.file_size, count, total + entry.file_size)
        with packed.open(entry) as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
        total += len(content)
        _check_size(str(kept), len(content), count, total)
        yield str(kept), content


def _check_size(path: str, size: int, count: int, total: int) -> None:
    if size > FILE_BYTES_MAX:
        limit = FILE_BYTES_MAX // 1_000_000
        raise _unreadable(path, f"文件超过 {limit} MB。", f"The file is larger than {limit} MB.")
    if count > FILES_MAX:
        raise _unreadable(path, f"文件超过 {FILES_MAX} 个。", f"There are more than {FILES_MAX} files.")
    if total > TOTAL_BYTES_MAX:
        limit = TOTAL_BYTES_MAX // 1_000_000
        raise _unreadable(path, f"内容共超过 {limit} MB。", f"All files together exceed {limit} MB.")
