"""Inputs of files: what stands in them, where they hand files in, and what a form that names files by id means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.fields.files import FILES_MAX, FileType
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.file_faces import FileFace, file_face, files_in, size_text
from dougong_runtime.pages.reading import Reader

_WORDS_OF_TYPES = {
    "application/pdf": "PDF",
    "image/*": "",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
}


@dataclass(frozen=True, slots=True)
class FilesEntry:
    """What an input of files needs."""

    files: tuple[FileFace, ...]
    url: str
    """Where files are handed in; the app's files lie below `shown`."""
    shown: str
    accept: str
    most: int
    size_max: int
    """Bytes; 0 where only the site's own limit holds."""
    takes: str
    """In words: types and size."""
    is_image: bool


def files_entry(desk: Desk, entity: Entity, field: Field, value: Json) -> FilesEntry:
    """The input of a field of files with what stands in it."""
    kind = field.kind
    accepted = kind.accepts(field) if isinstance(kind, FileType) else ()
    limit = (kind.size_max(field) if isinstance(kind, FileType) else None) or 0
    app = desk.app.name
    return FilesEntry(
        tuple(file_face(facts, field, desk.address) for facts in files_in(value)),
        f"/api/v1/apps/{app}/{entity.name}/files?field={field.name}",
        f"/files/{app}/",
        ",".join(accepted),
        FILES_MAX if field.options.get("multiple") else 1,
        limit,
        _takes(desk.reader, accepted, limit),
        field.type == "image",
    )


def _takes(reader: Reader, accepted: Sequence[str], limit: int) -> str:
    words = [_WORDS_OF_TYPES.get(a, a.rpartition("/")[2].upper()) for a in accepted]
    parts = [reader.joined([w for w in words if w])] if any(words) else []
    if limit:
        parts.append(reader.t("file.at_most", size=size_text(limit)))
    return " · ".join(p for p in parts if p)


def ids_in(value: Json) -> list[str]:
    """Ids of the files that a value names: facts, ids, or a list of these."""
    values = value if isinstance(value, list) else [value]
    return [str(v["id"]) if isinstance(v, dict) else str(v) for v in values if v]
