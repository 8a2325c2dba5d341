"""The part of the door that is about files: `Records.files`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from dougong_runtime.audit import log
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.records import files
from dougong_runtime.records.file_table import File
from dougong_runtime.records.files import Found
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.scene import Scene


class FileDoor:
    """Files of records, for the viewer of a scene. Their bytes are the host's."""

    def __init__(self, scene: Scene, audit: Callable[..., Any], must_write: Callable[[], None]) -> None:
        """`audit` writes a row; `must_write` refuses who only looks on as another."""
        self._scene, self._audit, self._must_write = scene, audit, must_write

    def find(self, entity: str, id: str, field: str, *, n: int = 0, file: str | None = None) -> File:
        """Facts of a file of a record: the n-th that stands in the field, or by its id any that stands or stood there.

        Raises Refused(NOT_FOUND) where it is not there, or where record or field may not be read.
        """
        return files.find_file(self._scene, entity_of(self._scene, entity), id, field, n=n, file=file)

    def by_id(self, id: str) -> Found:
        """A file that any field which the viewer may read names or named, and that field. Raises Refused(NOT_FOUND)."""
        return files.find_by_id(self._scene, id)

    def taken_out(self, entity: str, id: str, field: str, file: File) -> None:
        """Record in the audit that the viewer took a file out."""
        facts = {"field": field, "file": file.id, "name": file.name, "sha256": file.sha256}
        self._audit(log.DOWNLOAD, entity, id.lower(), facts=facts)

    def field_to_fill(self, entity: str, field: str) -> Field:
        """A field of files that the viewer may fill in on some record. Raises Refused."""
        self._must_write()
        return files.field_to_fill(self._scene, entity_of(self._scene, entity), field)

    def named(self, entity: str, field: str, ids: Iterable[str], current: Json = None) -> Json:
        """What a form that names files by id shows again; `current` is the field's value as the record has it."""
        found = entity_of(self._scene, entity)
        return files.facts_of(self._scene, found.fields[field], ids, current)

    def let_go(self, entity: str, id: str, fields: Collection[str] | None) -> None:
        """Let go of the files that only the erased history of a record's fields (None: of all) named."""
        files.forget_erased(self._scene, entity_of(self._scene, entity), id, fields)
