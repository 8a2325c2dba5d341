"""Where documents come from: a folder, a zip, files in memory, or the JSON that is kept in the database.

Reading never links anything. It raises `Refused` with every file that cannot be read; what it gives back is plain
values with their places.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dougong_runtime.documents.packages import folder_files, unreadable, zip_file, zip_files
from dougong_runtime.documents.problems import MALFORMED, PROBLEMS_MAX, UNREADABLE, said
from dougong_runtime.documents.yaml_text import Budget, Places, TextProblem, parse
from dougong_runtime.errors import Place, Problem, Refused

DOCUMENT_BYTES_MAX = 5_000_000
DOCUMENTS_BYTES_MAX = 10_000_000
"""All documents of a source together; data and stories are not among them."""
TEXT_SUFFIXES = (".yaml", ".yml", ".json")
TRAVELLING = ("data/", "stories/")
"""Folders whose files travel with an app as they are."""
TRAVELLING_KINDS = ("story", "people", "demo")
ALONE = {"people": "data/people.yaml", "demo": "data/demo.yaml"}
"""Kinds of which one file travels, and its path."""
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

    def travelling(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Path and content of the files of a kind that travels: `story`, `people`, `demo`."""
        if kind in ALONE:
            content = self.files.get(ALONE[kind])
            if content is not None:
                yield ALONE[kind], content
            return
        for path in sorted(self.files):
            if path.startswith("stories/") and path.endswith((".yaml", ".yml")):
                yield path, self.files[path]

    def stories(self) -> tuple[Raw, ...]:
        """The acceptance tests that came along (`kind` is `story`, `name` its title). Raises Refused."""
        read = (read_text(content, path, "story") for path, content in self.travelling("story"))
        return tuple(raw for raws in read for raw in raws)

    def people(self) -> Raw | None:
        """`data/people.yaml`: teams and people of stories and demo. Raises Refused where it cannot be read."""
        return self._single("people")

    def demo(self) -> Raw | None:
        """`data/demo.yaml`: what demo data is made of. Raises Refused where it cannot be read."""
        return self._single("demo")

    def _single(self, kind: str) -> Raw | None:
        read = (read_text(content, path, kind) for path, content in self.travelling(kind))
        return next((raws[0] for raws in read if raws), None)


def read(path: Path | str | bytes) -> Source:
    """The documents of a folder, of a zip file, or of a zip's bytes.

    Raises Refused for what cannot be read: all files at once.
    """
    if isinstance(path, bytes):
        return read_zip(path)
    place = Path(path)
    if place.is_dir():
        return of_files(folder_files(place), origin=str(path))
    if place.is_file():
        return read_zip(zip_file(place), origin=str(path))
    raise Refused([said(UNREADABLE, f"没有「{path}」。", f"There is no “{path}”.", Place(str(path)))])


def read_zip(content: bytes, origin: str = "") -> Source:
    """The documents of a zip. A single folder around everything is passed over. Raises Refused."""
    return of_files(zip_files(content, origin), origin=origin)


def of_text(text: str, file: str = "documents.yaml") -> Source:
    """Documents from one text, several separated by `---`."""
    return of_files({file: text.encode("utf-8", "surrogatepass")})


def of_files(files: Mapping[str, bytes], origin: str = "") -> Source:
    """Documents and travelling files, told apart by their paths. Raises Refused: every file's problem at once."""
    documents: list[Raw] = []
    problems: list[Problem] = []
    travelling: dict[str, bytes] = {}
    budget, size = Budget(), 0
    for path, content in sorted(files.items(), key=lambda pair: _order(pair[0])):
        if path.startswith(TRAVELLING) or not path.endswith(TEXT_SUFFIXES):
            travelling[path] = content
            continue
        size += len(content)
        if size > DOCUMENTS_BYTES_MAX:
            limit = DOCUMENTS_BYTES_MAX // 1_000_000
            raise unreadable(path, f"文档共超过 {limit} MB。", f"All documents together exceed {limit} MB.")
        try:
            documents += read_text(content, path, budget=budget)
        except Refused as refused:
            problems += refused.problems
            if len(problems) > PROBLEMS_MAX:
                break
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
    """A travelling file as JSON: its text, or base64 of what is no text (a zero byte is none that databases keep)."""
    try:
        if b"\x00" not in content:
            return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        pass
    return {"base64": base64.b64encode(content).decode("ascii")}


def file_bytes(value: Mapping[str, str]) -> bytes:
    """The inverse of `file_value`."""
    if "text" in value:
        return value["text"].encode("utf-8")
    return base64.b64decode(value["base64"])


def read_text(content: bytes, path: str, kind: str | None = None, budget: Budget | None = None) -> list[Raw]:
    """The documents of one file. `kind`: what they are where they do not say so themselves (stories, people, demo)."""
    if len(content) > DOCUMENT_BYTES_MAX:
        limit = DOCUMENT_BYTES_MAX // 1_000_000
        raise unreadable(path, f"文件超过 {limit} MB。", f"The file is larger than {limit} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise unreadable(path, "文件不是 UTF-8。", "The file is not UTF-8.", line) from None
    try:
        return [_document(data, places, kind) for data, places in parse(text, path, budget)]
    except TextProblem as problem:
        raise unreadable(path, problem.zh, problem.en, problem.line, problem.column) from None


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


def _order(path: str) -> tuple[bool, str]:
    return path not in ("app.yaml", "app.yml", "app.json"), path
