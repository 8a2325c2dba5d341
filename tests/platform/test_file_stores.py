"""Where the bytes of files lie: the same promises from a folder and from a store that speaks S3."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import s3_server
from darkroom import open_darkroom, png
from dougong_platform.doctor import CHECKS
from dougong_platform.files.places import make_store
from dougong_platform.files.s3 import S3Store
from dougong_platform.files.store import FolderStore, Store
from dougong_platform.settings import Settings
from dougong_runtime.errors import Refused


def settings(folder: Path, **given: str) -> Settings:
    env = {"DOUGONG_DATA_DIR": str(folder)} | {f"DOUGONG_{n.upper()}": v for n, v in given.items()}
    return Settings.load(env, folder / "none.toml")


@pytest.fixture(params=["folder", "s3", "s3 below a prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield make_store(settings(tmp_path))
        return
    with s3_server.serving() as served:
        url = served.url + ("/of/site?region=cn-north-1" if "prefix" in request.param else "")
        yield make_store(
            settings(tmp_path, files_url=url, files_key_id=s3_server.KEY_ID, files_key=s3_server.KEY)
        )


def put(store: Store, folder: Path, content: bytes) -> str:
    draft = folder / "draft"
    draft.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    store.put(draft, digest)
    assert not draft.exists()
    return digest


def test_what_is_put_there_can_be_read_whole_and_in_part(store: Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * 3000
    digest = put(store, tmp_path, content)
    kept = store.find(digest)
    assert kept is not None
    assert (kept.sha256, kept.size) == (digest, len(content))
    assert b"".join(store.read(digest)) == content
    assert b"".join(store.read(digest, 1000)) == content[1000:]
    assert b"".join(store.read(digest, 5, 7)) == content[5:12]
    assert b"".join(store.read(digest, 5, 0)) == b""


def test_what_is_not_there_is_said_before_the_first_piece(store: Store) -> None:
    assert store.find("a" * 64) is None
    with pytest.raises(FileNotFoundError):
        store.read("a" * 64)
    store.remove("a" * 64)


def test_everything_that_lies_there_is_listed_until_it_is_removed(store: Store, tmp_path: Path) -> None:
    digests = {put(store, tmp_path, bytes([n]) * n) for n in range(1, 6)}
    again = put(store, tmp_path, b"\x01")
    assert again in digests
    assert {kept.sha256 for kept in store.all()} == digests
    for digest in digests:
        store.remove(digest)
    assert list(store.all()) == []


def test_a_store_that_does_not_know_the_key_is_an_error_of_the_system(tmp_path: Path) -> None:
    with s3_server.serving() as served:
        wrong = settings(tmp_path, files_url=served.url, files_key_id=s3_server.KEY_ID, files_key="another")
        with pytest.raises(OSError, match="SignatureDoesNotMatch"):
            list(S3Store.of(wrong).all())
        with pytest.raises(OSError, match="SignatureDoesNotMatch"):
            put(S3Store.of(wrong), tmp_path, b"x")
    gone = settings(tmp_path, files_url=served.url, files_key_id="a", files_key="b")
    with pytest.raises(OSError, match="connect"):
        next(iter(S3Store.of(gone).all()))


def test_a_site_keeps_its_files_in_such_a_store(tmp_path: Path) -> None:
    with s3_server.serving() as served:
        given = {"files_url": served.url, "files_key_id": s3_server.KEY_ID, "files_key": s3_server.KEY}
        with open_darkroom("sqlite", tmp_path, **given) as room:
            content = png(50, 40)
            made = room.print("author_bo", picture=room.file("author_bo", "picture", content))
            path = f"/files/darkroom/print/{made['id']}/picture"
            client = room.client("author_bo")
            assert client.get(path).content == content
            assert client.get(path, headers={"Range": "bytes=1-3"}).content == content[1:4]
            assert client.get(f"{path}?size=96").headers["content-type"] == "image/webp"
            assert [kept for kept, _ in served.objects.values()] == [content]
            look = next(c for c in CHECKS if c.name == "files").look
            assert [f.state for f in look(room.site)] == ["good"]
            served.objects.clear()
            assert [f.state for f in look(room.site)] == ["bad"]
    assert not list((tmp_path / "data" / "files").glob("??"))


@pytest.mark.parametrize(
    "url", ["https://a.example/b", "s3+https://a.example", "s3+https:///b", "s3://bucket"]
)
def test_an_address_that_is_none_of_a_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(Refused):
        settings(tmp_path, files_url=url)


def test_a_folder_gives_nothing_but_contents(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in ("../secret", "A" * 64, "a" * 63, ""):
        with pytest.raises(ValueError, match=r".*"):
            store.find(name)
