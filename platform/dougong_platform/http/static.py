"""Static files under hashed names, in the form the browser takes: brotli, gzip or plain; kept for ever."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_HASHED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*-[0-9A-Za-z]{8,64}\.(css|js|svg|woff2|png|ico|json|map)\Z")
_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "png": "image/png",
    "ico": "image/x-icon",
    "json": "application/json",
    "map": "application/json",
}
_IMMUTABLE = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


class StaticFiles:
    """The files of one folder. A name that is not hashed is not served: it could not be cached."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder
        self._read = lru_cache(maxsize=256)(self._read_file)

    def _read_file(self, name: str) -> bytes | None:
        file = self._folder / name
        return file.read_bytes() if file.is_file() else None

    async def serve(self, request: Request) -> Response:
        """`GET /static/{name}`."""
        name = str(request.path_params["name"])
        found = _HASHED.match(name)
        plain = self._read(name) if found else None
        if found is None or plain is None:
            raise HTTPException(404)
        etag = f'"{name}"'
        headers = {"Cache-Control": _IMMUTABLE, "Vary": "Accept-Encoding", "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        content, encoding = self._variant(name, plain, request.headers.get("accept-encoding", ""))
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return Response(content, headers=headers, media_type=_MEDIA_TYPES[found[1]])

    def _variant(self, name: str, plain: bytes, accepted: str) -> tuple[bytes, str | None]:
        tokens = {
            part.split(";")[0].strip() for part in accepted.split(",") if "q=0" not in part.split(";")[1:]
        }
        for encoding, suffix in _ENCODINGS:
            if encoding in tokens:
                packed = self._read(name + suffix)
                if packed is not None:
                    return packed, encoding
        return plain, None

    def routes(self) -> list[Route]:
        """Its route."""
        return [Route("/static/{name:path}", self.serve, methods=["GET"])]
