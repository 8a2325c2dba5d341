"""Folders and zips of strangers: nothing leads outside, nothing bursts, nothing but a refusal comes of it."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong_runtime.documents import export, packages, source
from dougong_runtime.errors import Refused
from make import APPS, app

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
APP = b"kind: app\nname: depot\nversion: 1.0.0\n"


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return made.getvalue()


def refused(content: bytes) -> str:
    """Why a zip is refused; there is a place."""
    with pytest.raises(Refused) as caught:
        source.read_zip(content, origin="given.zip")
    assert all(problem.place and problem.place.file for problem in caught.value.problems)
    return str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "../x.yaml", "/etc/x.yaml", "a/../../x.yaml", "data/../x.yaml", "c:/x.yaml", "..\\x.yaml", "data\\..\\..\\x.yaml", "\\\\host\\x.yaml",
        "C:\\x.yaml", "data//x.csv", "data/ x.csv", "data/x.csv ", "data/x.csv.", "data/x\n.csv", "data/x\x7f.csv",
        "data/\u202ex.csv", "data/x\u200b.csv", "data/x:y.csv", "data/x|y.csv", "data/" + "a" * 500 + ".csv", "/".join(["a"] * 40) + "/x.csv",
    ],
)  # fmt: skip
def test_a_path_that_leads_outside_or_is_none_is_refused(path: str) -> None:
    assert "outside" in refused(packed(("app.yaml", APP), (path, b"x")))


@pytest.mark.parametrize(
    "paths", [("data/x.csv", "data/x.csv"), ("data/x.csv", "data/X.CSV"), ("data/é.csv", "data/e\u0301.csv")]
)
def test_two_files_of_one_name_are_refused(paths: tuple[str, str]) -> None:
    with (
        pytest.warns(UserWarning, match="Duplicate") if paths[0] == paths[1] else pytest.MonkeyPatch.context()
    ):
        content = packed(("app.yaml", APP), *((path, b"x") for path in paths))
    assert "same path" in refused(content)


def test_a_link_in_a_zip_is_refused() -> None:
    link = zipfile.ZipInfo("data/x.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "Links" in refused(packed(("app.yaml", APP), (link, b"/etc/passwd")))


def test_a_bomb_stops_at_the_limit() -> None:
    """50 MB of zeros and the same again are 100 kB."""
    zeros = b"\0" * (packages.FILE_BYTES_MAX - 1)
    assert "together" in refused(packed(("app.yaml", APP), *((f"data/{n}.bin", zeros) for n in range(3))))
    assert "larger" in refused(packed(("app.yaml", APP), ("data/0.bin", zeros + b"\0\0")))


def test_a_size_that_is_a_lie_is_found_out() -> None:
    content = packed(("app.yaml", APP), ("data/x.bin", b"\0" * 3_000_000))
    lied = content.replace(struct.pack("<L", 3_000_000), struct.pack("<L", 10))
    assert refused(lied)


def test_too_many_entries_are_refused_before_they_are_listed() -> None:
    assert "5000 files" in refused(
        packed(*((f"data/{n}", b"") for n in range(packages.FILES_MAX + 1)), packing=zipfile.ZIP_STORED)
    )


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(packing: int) -> None:
    assert "packed in a way" in refused(packed(("app.yaml", APP), packing=packing))


def test_a_zip_in_a_zip_stays_closed() -> None:
    found = source.read_zip(packed(("app.yaml", APP), ("data/inner.zip", packed(("../x", b"x")))))
    assert list(found.files) == ["data/inner.zip"]


def test_an_entry_without_a_name_is_refused() -> None:
    """Its name begins with a zero, where the zip library cuts."""
    assert "outside" in refused(
        packed(("app.yaml", APP), ("xdata.csv", b"x")).replace(b"xdata.csv", b"\0data.csv")
    )


def test_a_name_in_no_encoding_is_refused() -> None:
    content = packed(("app.yaml", APP), ("data/名.csv", b"x")).replace("名".encode(), b"\xff\xfe\xfd")
    assert refused(content)


WHOLE = packed(
    ("app.yaml", APP),
    ("entities/thing.yaml", b"kind: entity\nname: thing\nfields: []\n"),
    ("data/x.csv", b"a,b\n1,2\n" * 50),
)


@settings(max_examples=150 * EFFORT, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_zip_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    try:
        source.read_zip(bytes(content))
    except Refused as caught:
        told = caught.problems
    else:
        return
    assert told


def test_a_folder_may_hold_odd_things_and_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_bytes(APP)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pipe").touch()
    assert source.read(tmp_path).files == {"data/pipe": b""}
    (tmp_path / "data" / "pipe").unlink()
    os.mkfifo(tmp_path / "data" / "pipe")
    assert source.read(tmp_path).files == {}
    odd = os.fsencode(tmp_path) + b"/data/\xff.csv"
    Path(os.fsdecode(odd)).touch()
    with pytest.raises(Refused, match="outside"):
        source.read(tmp_path)


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.yaml").write_bytes(APP)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.csv").write_text("s3cret")
    (tmp_path / "app" / "data").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match="Links"):
        source.read(tmp_path / "app")


def test_an_export_follows_no_link_and_no_path_outside(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "entities").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="link"):
        export.write(app("clinic").source, tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    stored = {"file/../../evil.csv": {"text": "x"}}
    with pytest.raises(Refused, match="outside"):
        export.write(stored, tmp_path / "fresh")
    assert not (tmp_path / "evil.csv").exists()


def test_bytes_that_are_no_text_survive_the_database() -> None:
    """A zero byte in a travelling file: PostgreSQL keeps no text with one."""
    assert source.file_value(b"a\x00b") == {"base64": "YQBi"}
    assert source.file_bytes(source.file_value(b"a\x00b")) == b"a\x00b"


def test_the_apps_of_the_tests_come_back_from_their_zip() -> None:
    for name in ("clinic", "workshop", "school"):
        assert source.read_zip(export.zip_of(app(name).source)).files == source.read(APPS / name).files
