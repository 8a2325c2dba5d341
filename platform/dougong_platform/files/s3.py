"""Contents in a store that speaks S3: `prefix/ab/abcd…` in one bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dougong_platform.files.store import PIECE_BYTES, Kept
from dougong_platform.settings import Settings

REGION = "us-east-1"
"""What stores that know no regions go by."""
_ABSENT = ("404", "NoSuchKey", "NotFound")


class S3Store:
    """A bucket, or what lies in it below a prefix. Safe for threads: a client of this kind is."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    @classmethod
    def of(cls, settings: Settings) -> S3Store:
        """The store that `files_url` names."""
        parts = urlsplit(settings.files_url)
        bucket, _, prefix = parts.path.strip("/").partition("/")
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"max_attempts": 4, "mode": "standard"},
            connect_timeout=5,
            read_timeout=60,
            # Many stores of other makers refuse the checksums that Amazon's took up in 2025.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        client = boto3.client(
            "s3",
            endpoint_url=f"{parts.scheme.removeprefix('s3+')}://{parts.netloc}",
            region_name=parse_qs(parts.query).get("region", [REGION])[0],
            aws_access_key_id=settings.files_key_id,
            aws_secret_access_key=settings.files_key,
            config=config,
        )
        return cls(client, bucket, f"{prefix}/" if prefix else "")

    def _at(self, sha256: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{sha256[:2]}/{sha256}"}

    def put(self, draft: Path, sha256: str) -> None:
        """See Store."""
        with _telling(), draft.open("rb") as content:
            self._client.put_object(**self._at(sha256), Body=content, ContentLength=draft.stat().st_size)
        draft.unlink()

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See Store."""
        if length == 0:
            return iter(())
        end = "" if length is None else str(start + length - 1)
        part = {"Range": f"bytes={start}-{end}"} if start or length is not None else {}
        with _telling():
            body = self._client.get_object(**self._at(sha256), **part)["Body"]

        def pieces() -> Iterator[bytes]:
            with _telling(), body:
                yield from body.iter_chunks(PIECE_BYTES)

        return pieces()

    def find(self, sha256: str) -> Kept | None:
        """See Store."""
        try:
            with _telling():
                found = self._client.head_object(**self._at(sha256))
        except FileNotFoundError:
            return None
        return Kept(sha256, int(found["ContentLength"]), found["LastModified"])

    def remove(self, sha256: str) -> None:
        """See Store."""
        with _telling():
            self._client.delete_object(**self._at(sha256))

    def all(self) -> Iterator[Kept]:
        """See Store."""
        pages = self._client.get_paginator("list_objects_v2")
        with _telling():
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for found in page.get("Contents", ()):
                    name = str(found["Key"]).rpartition("/")[2]
                    if len(name) == 64:
                        yield Kept(name, int(found["Size"]), found["LastModified"])


@contextmanager
def _telling() -> Iterator[None]:
    """What the store refuses, as the system's own errors."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise FileNotFoundError(str(error)) from error
        raise OSError(str(error)) from error
    except BotoCoreError as error:
        raise OSError(str(error)) from error
