"""Files handed out: under the access to their record and field, whole or in part, in a way that nothing in them runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dougong_platform.database import retrying
from dougong_platform.files import kinds
from dougong_platform.files.images import PREVIEW_TYPE, SIZES, BadImage
from dougong_platform.files.names import disposition
from dougong_platform.http import parameters
from dougong_platform.http.problem_types import BAD_PARAMETER
from dougong_platform.http.viewer import asker_of, authorise
from dougong_platform.site import Site
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.records import file_table
from dougong_runtime.records.file_table import File
from dougong_runtime.records.files import Found as FoundFile

FILE_MISSING = problem_type(
    "file-missing",
    500,
    "文件「{name}」的内容不在存放处。",
    "The content of the file “{name}” does not lie where it should.",
    remedy=(
        "管理员可运行 dougong doctor 查看缺了哪些文件。",
        "“dougong doctor” tells an administrator which are missing.",
    ),
)
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; sandbox"
_PDF = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; img-src 'self' data:"
"""The browser's own viewer does not open in a sandbox; it runs apart from the page by itself."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
PREVIEW_SECONDS = 600
"""How long a browser shows a small image without asking again; its address names one content."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a file is asked for."""

    size: int | None
    saved: bool
    """To be saved rather than shown."""
    named: bool
    """Whether the address names the file by its id: it then means the same content for ever."""

    @classmethod
    def of(cls, request: Request, given: Mapping[str, str], *, named: bool) -> Asked:
        """From the parameters."""
        return cls(_size(given.get("size")), "save" in request.query_params, named)


def hand_out(site: Site, request: Request) -> Response:
    """A file of a record's field: `?n=` of several, `?file=` by its id (also one that stood there before), `?size=` an
    image made small, `?save` to be saved. Downloads are audited as the setting says. Raises Refused."""
    given = parameters.parameters(request, "n", "file", "size", "save")
    n = parameters.number(given, "n", 0, 0, 1000)
    app, entity, id_, field = (str(request.path_params[p]) for p in ("app", "entity", "id", "field"))
    with _asking(site, request) as (connection, viewer):
        records = site.records(connection, viewer, app)
        file = records.files.find(entity, id_, field, n=n, file=given.get("file"))
        found = FoundFile(file, entity, id_, records.running.app.entities[entity].fields[field])
    return _given_out(site, request, viewer, app, found, Asked.of(request, given, named="file" in given))


def hand_out_by_id(site: Site, request: Request) -> Response:
    """A file by its id: to who may read a field that names or named it, and to who has handed it in. Raises Refused."""
    given = parameters.parameters(request, "size", "save")
    asked = Asked.of(request, given, named=True)
    app, id_ = str(request.path_params["app"]), str(request.path_params["file"])
    with _asking(site, request) as (connection, viewer):
        records = site.records(connection, viewer, app)
        own = file_table.find_own(connection, viewer.user, id_)
        found = None if own is not None else records.files.by_id(id_)
    if found is not None:
        return _given_out(site, request, viewer, app, found, asked)
    return _own(site, request, own, asked)


def hand_back(site: Site, request: Request) -> Response:
    """A file to who has handed it in. Raises Refused(NOT_FOUND) to all others."""
    given = parameters.parameters(request, "size", "save")
    with _asking(site, request) as (connection, viewer):
        own = file_table.find_own(connection, viewer.user, str(request.path_params["id"]))
    return _own(site, request, own, Asked.of(request, given, named=True))


@contextmanager
def _asking(site: Site, request: Request) -> Iterator[tuple[sa.Connection, Viewer]]:
    with site.database.read() as connection:
        asker = asker_of(site, request, connection)
        authorise(asker, writes=False)
        yield connection, asker.viewer


def _own(site: Site, request: Request, file: File | None, asked: Asked) -> Response:
    if file is None:
        raise refuse(NOT_FOUND)
    return _not_changed(request, file, asked) or answer(site, request, file, asked)


def _given_out(
    site: Site, request: Request, viewer: Viewer, app: str, found: FoundFile, asked: Asked
) -> Response:
    """Of a sensitive field nothing is made small: whoever looks takes the file out, and the audit tells of it."""
    if asked.size is not None and found.field.sensitive:
        raise refuse(NOT_FOUND)
    if not_changed := _not_changed(request, found.file, asked):
        return not_changed
    wanted = site.settings.audit_downloads
    if asked.size is None and (wanted == "all" or (wanted == "sensitive" and found.field.sensitive)):

        def note() -> None:
            with site.database.write() as writing:
                records = site.records(writing, viewer, app)
                records.files.taken_out(found.entity, found.record, found.field.name, found.file)

        retrying(note)
    return answer(site, request, found.file, asked)


def answer(site: Site, request: Request, file: File, asked: Asked) -> Response:
    """The content, or the part of it that the request names."""
    headers = _headers(file, asked)
    try:
        if asked.size is not None:
            return _preview(site, file, asked.size, headers)
        return _content(site, request, file, headers)
    except FileNotFoundError:
        raise refuse(FILE_MISSING, name=file.name) from None


def _preview(site: Site, file: File, size: int, headers: dict[str, str]) -> Response:
    if file.media_type not in kinds.RASTER:
        raise refuse(NOT_FOUND)
    try:
        path = site.previews.path(file.sha256, size, site.files.read(file.sha256), file.media_type)
    except BadImage:
        raise refuse(NOT_FOUND) from None
    return Response(path.read_bytes(), headers=headers, media_type=PREVIEW_TYPE)


def _content(site: Site, request: Request, file: File, headers: dict[str, str]) -> Response:
    headers["Accept-Ranges"] = "bytes"
    part = _part(request, file, headers["ETag"])
    if part is None:
        headers["Content-Range"] = f"bytes */{file.size}"
        return Response(status_code=416, headers=headers)
    start, end = part
    is_whole = (start, end) == (0, file.size)
    headers["Content-Length"] = str(end - start)
    if not is_whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    media_type = file.media_type
    if media_type == kinds.PLAIN:
        head = b"".join(site.files.read(file.sha256, 0, min(file.size, kinds.HEAD_BYTES)))
        media_type = f"{media_type}; charset={kinds.encoding_of(head)}"
    pieces = site.files.read(file.sha256, start, end - start)
    return StreamingResponse(pieces, 200 if is_whole else 206, headers, media_type)


def _headers(file: File, asked: Asked) -> dict[str, str]:
    # Said to be encoded already, a content is left alone by the layer that compresses answers: parts of it must fit.
    inline = asked.size is not None or (file.media_type in kinds.INLINE and not asked.saved)
    name = file.name if asked.size is None else f"{file.name}.webp"
    lasting = asked.size is not None and asked.named
    return {
        "ETag": _etag(file, asked),
        "Cache-Control": f"private, max-age={PREVIEW_SECONDS}" if lasting else "private, no-cache",
        "Content-Disposition": disposition(name, inline=inline),
        "Content-Security-Policy": _PDF if inline and file.media_type == "application/pdf" else _SANDBOX,
        "Content-Encoding": "identity",
    }


def _etag(file: File, asked: Asked) -> str:
    return f'"{file.sha256}{f"-{asked.size}" if asked.size else ""}"'


def _not_changed(request: Request, file: File, asked: Asked) -> Response | None:
    etag = _etag(file, asked)
    given = request.headers.get("if-none-match", "")
    if etag not in (part.strip().removeprefix("W/") for part in given.split(",")):
        return None
    kept = {n: v for n, v in _headers(file, asked).items() if n in ("ETag", "Cache-Control")}
    return Response(status_code=304, headers=kept)


def _part(request: Request, file: File, etag: str) -> tuple[int, int] | None:
    """First byte and the one after the last; all where no part is named, or several are; None where there is none."""
    whole = (0, file.size)
    given = request.headers.get("range")
    if given is None or request.headers.get("if-range", etag) != etag:
        return whole
    found = _RANGE.match(given.strip().lower())
    if found is None or (not found[1] and not found[2]):
        return whole
    if not found[1]:
        length = min(int(found[2]), file.size)
        return (file.size - length, file.size) if length else None
    start = int(found[1])
    end = min(int(found[2]) + 1, file.size) if found[2] else file.size
    return (start, end) if start < end else None


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    if text not in map(str, SIZES):
        listed = ", ".join(map(str, SIZES))
        raise refuse(
            BAD_PARAMETER, "size", name="size", zh=f"应为其中之一：{listed}", en=f"it must be one of {listed}"
        )
    return int(text)
