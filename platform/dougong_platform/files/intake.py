"""A file handed in: who may, what it is, how large; then kept, and entered as its sender's until a record names it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dougong_platform.files.images import BadImage, measure
from dougong_platform.files.kinds import PROGRAM, SVG, endings, kind_of
from dougong_platform.files.names import clean_name
from dougong_platform.site import Site
from dougong_runtime.errors import Problem, Refused, problem_type, refuse
from dougong_runtime.fields.base import Field, ValueProblem
from dougong_runtime.fields.files import FileType
from dougong_runtime.host import Viewer
from dougong_runtime.names import uuid7
from dougong_runtime.pages.file_faces import size_text
from dougong_runtime.records import file_table
from dougong_runtime.records.file_table import File

WAITING_MAX = 300
"""Files that one person may have handed in without saving a record that names them."""
WAITING_BYTES_MAX = 4 << 30

FILE_TOO_LARGE = problem_type(
    "file-too-large",
    413,
    "文件超过了 {limit}。",
    "The file is larger than {limit}.",
    remedy=("换一个较小的文件。", "Choose a smaller file."),
)
FILE_REFUSED = problem_type(
    "file-refused",
    422,
    "「{name}」{zh}",
    "“{name}” {en}",
    remedy=("换一个文件。", "Choose another file."),
)
TOO_MANY_WAITING = problem_type(
    "too-many-files-waiting",
    429,
    "你上传了 {count} 个还没有保存到记录里的文件。",
    "You have handed in {count} files that no record holds yet.",
    remedy=(
        "先保存记录；没用到的一天后会清掉。",
        "Save the records first; what is not used goes after a day.",
    ),
)
_UNSHOWN_IMAGES = ("image/heic", "image/avif", "image/tiff", SVG)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field takes: found out before the first byte is read."""

    field: Field
    size_max: int


def expected(
    site: Site, connection: sa.Connection, viewer: Viewer, app: str, entity: str, name: str
) -> Wanted:
    """Whether this person may hand in a file for a field. Raises Refused."""
    found = site.records(connection, viewer, app).files.field_to_fill(entity, name)
    count, size = file_table.waiting(connection, viewer.user)
    if count >= WAITING_MAX or size >= WAITING_BYTES_MAX:
        raise refuse(TOO_MANY_WAITING, count=count)
    limit = site.settings.file_megabytes_max << 20
    kind = found.kind
    own = kind.size_max(found) if isinstance(kind, FileType) else None
    return Wanted(found, limit if own is None else min(own, limit))


@dataclass
class Draft:
    """A file while it comes in: written beside the store, counted and digested piece by piece."""

    wanted: Wanted
    path: Path
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    @classmethod
    def begin(cls, site: Site, wanted: Wanted) -> Draft:
        """An empty one."""
        site.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=site.incoming, prefix="in-", delete=False) as made:
            return cls(wanted, Path(made.name))

    def write(self, pieces: list[bytes]) -> None:
        """Some more of it. Raises Refused (FILE_TOO_LARGE) as soon as it is more than the field takes."""
        with self.path.open("ab") as out:
            for piece in pieces:
                self.size += len(piece)
                if self.size > self.wanted.size_max:
                    raise refuse(
                        FILE_TOO_LARGE, self.wanted.field.name, limit=size_text(self.wanted.size_max)
                    )
                self.digest.update(piece)
                out.write(piece)

    def drop(self) -> None:
        """Forget it; nothing happens where it was kept."""
        self.path.unlink(missing_ok=True)


def examine(site: Site, draft: Draft, viewer: Viewer, given_name: str) -> File:
    """What has come in whole, looked into. Raises Refused where the field does not take it."""
    of = draft.wanted.field
    found = kind_of(draft.path, given_name)
    name = clean_name(given_name, endings(found))
    try:
        if draft.size == 0:
            raise ValueProblem("是空的。", "is empty.")
        listed = of.options.get("media_types") or ()
        if found == PROGRAM and PROGRAM not in listed:
            raise ValueProblem("是程序，不能上传。", "is a program, which cannot be handed in.")
        kind = of.kind
        if isinstance(kind, FileType):
            if kind.media == "image/" and found in _UNSHOWN_IMAGES and found not in listed:
                raise ValueProblem("请存为 JPEG 或 PNG 后再上传。", "must be saved as JPEG or PNG first.")
            kind.check(of, found, draft.size)
        measured = measure(draft.path, found)
    except ValueProblem as wrong:
        raise _refused(of, name, wrong.label.zh, wrong.label.en) from None
    except BadImage as bad:
        raise _refused(of, name, bad.zh, bad.en) from None
    width, height = measured or (None, None)
    return File(
        uuid7(),
        draft.digest.hexdigest(),
        draft.size,
        name,
        found,
        width,
        height,
        viewer.user,
        site.clock.now(),
    )


def _refused(of: Field, name: str, zh: str, en: str) -> Refused:
    facts: Mapping[str, Any] = {"label": of.label, "name": name, "zh": zh, "en": en}
    return Refused([Problem(FILE_REFUSED, of.name, facts)])
