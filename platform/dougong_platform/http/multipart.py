"""A form of one file, read as it comes: nothing of it is kept in memory but the piece in hand."""

from __future__ import annotations

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from dougong_platform.http.problem_types import BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE
from dougong_runtime.errors import Refused, refuse

FORM = "multipart/form-data"
FILE_PART = "file"
HEADERS_MAX = 20
HEADER_BYTES_MAX = 8_192
IDLE_BYTES_MAX = 65_536
"""Bytes of parts that are no file: there is nothing to say in them."""


class OneFile:
    """Takes a body piece by piece; gives the pieces of its one part named `file`."""

    def __init__(self, request: Request) -> None:
        """Raises Refused where the request is no such form."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != FORM.encode() or not boundary:
            raise refuse(UNSUPPORTED_MEDIA_TYPE, given=kind.decode("latin-1") or "—", expected=FORM)
        self.name: str | None = None
        """What the sender calls the file, once its head has been read."""
        self.is_whole = False
        self.size = 0
        """Bytes that wait to be taken."""
        self._pieces: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self._field, self._value = b"", b""
        self._in_file = False
        self._idle = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._head_read,
                "on_part_data": self._data,
                "on_part_end": self._part_end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Some more of the body. Raises Refused where it is not formed as it should be."""
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise self._malformed() from None

    def take(self) -> list[bytes]:
        """The pieces of the file that have come since."""
        pieces, self._pieces, self.size = self._pieces, [], 0
        return pieces

    def end(self) -> str:
        """The body has come whole: the file's name. Raises Refused where it held no whole file."""
        if self.name is None or not self.is_whole:
            raise refuse(BAD_REQUEST, FILE_PART, zh="没有完整的文件。", en="There is no whole file.")
        return self.name

    def _begin(self) -> None:
        self._headers, self._field, self._value = {}, b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._bound()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bound()

    def _bound(self) -> None:
        if len(self._field) + len(self._value) > HEADER_BYTES_MAX or len(self._headers) > HEADERS_MAX:
            raise self._malformed()

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _head_read(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._in_file = options.get(b"name") == FILE_PART.encode() and b"filename" in options
        if self._in_file:
            if self.name is not None:
                raise refuse(BAD_REQUEST, FILE_PART, zh="一次一个文件。", en="One file at a time.")
            self.name = options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._pieces.append(data[start:end])
            self.size += end - start
            return
        self._idle += end - start
        if self._idle > IDLE_BYTES_MAX:
            raise self._malformed()

    def _part_end(self) -> None:
        self.is_whole = self.is_whole or self._in_file
        self._in_file = False

    def _malformed(self) -> Refused:
        return refuse(BAD_REQUEST, zh="表单的格式不对。", en="The form is not well formed.")
