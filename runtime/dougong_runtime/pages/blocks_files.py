"""The block of files on a record's page: those of its own fields, and of records that refer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.blocks import BLOCKS, Block, Standing
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.file_faces import FileFace, file_face, files_in
from dougong_runtime.pages.related import Related
from dougong_runtime.records.files import is_file
from dougong_runtime.records.query import Query

RELATED_MAX = 30
"""Records of each kind that are looked at for files: those last changed."""
FILES_MAX = 60


@dataclass(frozen=True, slots=True)
class FileItem:
    """A file with where it comes from."""

    file: FileFace
    field: str
    title: str = ""
    href: str = ""
    """The related record that names it; empty for the record's own."""


@dataclass(frozen=True)
class FileList(Block):
    """The block as drawn."""

    images: tuple[FileItem, ...] = ()
    files: tuple[FileItem, ...] = ()
    count: int = 0


@BLOCKS.adding("files")
def _files(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """All files that the reader may have; left out where there can be none."""
    if standing.entity is None or standing.record is None or not raw["files"]:
        return None
    desk, reader = standing.desk, standing.desk.reader
    found = list(_own(desk, standing.entity, standing.record))
    found += _related(desk, standing.entity, str(standing.record["id"]))
    shown = found[:FILES_MAX]
    return FileList(
        "files",
        name,
        reader.label(Label.of(raw["label"])) if raw.get("label") else reader.t("files.title"),
        width,
        images=tuple(i for i in shown if i.file.thumb),
        files=tuple(i for i in shown if not i.file.thumb),
        count=len(found),
    )


def _own(desk: Desk, entity: Entity, record: Mapping[str, Any]) -> Iterator[FileItem]:
    for field in _fields(desk, entity):
        for facts in files_in(record.get(field.name)):
            yield FileItem(file_face(facts, field, desk.address), desk.reader.label(field.label))


def _related(desk: Desk, entity: Entity, record: str) -> Iterator[FileItem]:
    related = Related(desk, entity, record)
    for inverse in entity.inverses:
        target = related.target(inverse)
        fields = _fields(desk, target) if target is not None and related.may_ask(inverse) else []
        if target is None or not fields:
            continue
        names = [f.name for f in fields]
        some = " OR ".join(f"{n} <> NULL" for n in names)
        if target.title in desk.views(target.name):
            names.append(target.title)
        asked = Query(
            target.name,
            f"({related.condition(inverse)}) AND ({some})",
            ("-updated_at",) if "updated_at" in desk.views(target.name) else (),
            tuple(dict.fromkeys(names)),
            limit=RELATED_MAX,
            count=False,
        )
        try:
            items = desk.records.list(asked).items
        except Refused:
            continue
        for item in items:
            title, href = desk.title(target, item), desk.href(target.name, str(item["id"]))
            for field in fields:
                for facts in files_in(item.get(field.name)):
                    label = desk.reader.label(field.label)
                    yield FileItem(file_face(facts, field, desk.address), label, title, href)


def _fields(desk: Desk, entity: Entity) -> list[Field]:
    shown = desk.views(entity.name)
    return [f for f in entity.own_fields if is_file(f) and f.name in shown]
