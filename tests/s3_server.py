"""A store that speaks as much of S3 as files need, and believes nobody whose signature does not fit.

The signature (AWS Signature Version 4) is computed here from its description, not by the client's library.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY_ID, KEY = "test-key", "test/secret+key"
BUCKET = "papers"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
PAGE = 2
"""Keys of one page of a list: so few that every list has several."""


class Store:
    """What lies in the bucket, and what was asked."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def serving() -> Iterator[Store]:
    """Serve an empty bucket until the block ends."""
    store = Store()

    class Handler(_Handler):
        kept = store

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.url = f"s3+http://127.0.0.1:{server.server_address[1]}/{BUCKET}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kept: Store

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self._allowed(body):
            self.kept.objects[self._key()] = (body, datetime.now(UTC))
            self._answer(200)

    def do_GET(self) -> None:
        if not self._allowed(b""):
            return
        if not self._key():
            self._list()
            return
        found = self.kept.objects.get(self._key())
        if found is None:
            self._refuse(404, "NoSuchKey")
            return
        whole = found[0]
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        if part is None:
            self._answer(200, whole, found[1])
        else:
            start, end = int(part[1]), int(part[2] or len(whole) - 1)
            self._answer(206, whole[start : end + 1], found[1])

    def do_HEAD(self) -> None:
        if not self._allowed(b""):
            return
        found = self.kept.objects.get(self._key())
        if found is None:
            self._answer(404)
        else:
            self._answer(200, found[0], found[1], body=False)

    def do_DELETE(self) -> None:
        if self._allowed(b""):
            self.kept.objects.pop(self._key(), None)
            self._answer(204)

    def _key(self) -> str:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        assert bucket == BUCKET
        return key

    def _list(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        after = query.get("continuation-token", "")
        keys = sorted(k for k in self.kept.objects if k.startswith(query.get("prefix", "")) and k > after)
        page = keys[:PAGE]
        more = len(keys) > PAGE
        contents = "".join(
            f"<Contents><Key>{escape(k)}</Key><Size>{len(self.kept.objects[k][0])}</Size>"
            f"<LastModified>{self.kept.objects[k][1]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for k in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = (
            f"<ListBucketResult><Name>{BUCKET}</Name><KeyCount>{len(page)}</KeyCount>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}</ListBucketResult>"
        )
        self._answer(200, text.encode())

    def _answer(
        self, status: int, content: bytes = b"", at: datetime | None = None, *, body: bool = True
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if at is not None:
            self.send_header("Last-Modified", format_datetime(at, usegmt=True))
        self.end_headers()
        if body and content:
            self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    # --- signatures ---------------------------------------------------------------------------------------------
    def _allowed(self, body: bytes) -> bool:
        self.kept.asked.append(f"{self.command} {self._key()}")
        found = _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        digest = self.headers.get("x-amz-content-sha256", "")
        fits = (
            found is not None
            and found[1] == KEY_ID
            and (digest == "UNSIGNED-PAYLOAD" or digest == hashlib.sha256(body).hexdigest())
            and hmac.compare_digest(found[5], self._signature(found[2], found[3], found[4], digest))
        )
        if not fits:
            self._refuse(403, "SignatureDoesNotMatch")
        return fits

    def _signature(self, day: str, region: str, names: str, digest: str) -> str:
        parts = urlsplit(self.path)
        query = "&".join(
            f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}"
            for n, v in sorted(parse_qsl(parts.query, keep_blank_values=True))
        )
        headers = "".join(f"{n}:{' '.join(self.headers[n].split())}\n" for n in names.split(";"))
        request = "\n".join(
            (self.command, quote(unquote(parts.path), safe="/-_.~"), query, headers, names, digest)
        )
        scope = f"{day}/{region}/s3/aws4_request"
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256",
                self.headers["x-amz-date"],
                scope,
                hashlib.sha256(request.encode()).hexdigest(),
            )
        )
        key = f"AWS4{KEY}".encode()
        for step in (day, region, "s3", "aws4_request"):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
