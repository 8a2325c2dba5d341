"""An app written out is read back as the same app, and written again to the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong_runtime.documents import export, source
from dougong_runtime.documents.yaml_text import parse
from dougong_runtime.model.link import link
from make import APPS, app

NAMES = ("clinic", "workshop", "school")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["", ".zip"])
def test_exporting_reading_elsewhere_and_exporting_again_gives_the_same_bytes(
    name: str, ending: str, tmp_path: Path
) -> None:
    first, second = tmp_path / f"first{ending}", tmp_path / f"second{ending}"
    export.write(app(name).source, first)
    again = link(source.read(first))
    assert again == app(name)
    export.write(again.source, second)
    if ending:
        assert first.read_bytes() == second.read_bytes()
    else:
        files = {p.relative_to(first): p.read_bytes() for p in first.rglob("*") if p.is_file()}
        assert files == {p.relative_to(second): p.read_bytes() for p in second.rglob("*") if p.is_file()}
        assert files == {Path(path): content for path, content in export.files_of(app(name).source).items()}


@pytest.mark.parametrize("name", NAMES)
def test_stories_people_and_data_travel_byte_for_byte(name: str, tmp_path: Path) -> None:
    export.write(app(name).source, tmp_path)
    for folder in ("data", "stories"):
        for file in (APPS / name / folder).glob("*"):
            assert (tmp_path / folder / file.name).read_bytes() == file.read_bytes()


def test_a_zip_holds_no_time_and_no_place(tmp_path: Path) -> None:
    export.write(app("school").source, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        names = packed.namelist()
        assert names == sorted(names)
        assert {entry.date_time for entry in packed.infolist()} == {(2020, 1, 1, 0, 0, 0)}
    assert export.zip_of(app("school").source) == (tmp_path / "a.zip").read_bytes()


def test_documents_stay_readable() -> None:
    text = export.document_text(app("clinic").source["view/patients"])
    lines = text.splitlines()
    assert lines[:2] == ["kind: view", "name: patients"]
    assert "columns: [code, name, phone, risk, stage, spent, last_visit_at, owner]" in lines
    assert "filter: stage <> 'discharged'" in lines


_CONTROL = [chr(code) for code in (*range(32), 127) if chr(code) not in "\t\n\r"]
_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=_CONTROL), max_size=40
) | st.sampled_from(
    ["yes", "on", "2026-12-31", "0.10", "~", "null", "", " a", "a: b", "# x", "x\ny", "\n x", "007", "1e3"]
)
_NUMBER = st.integers(-(10**17), 10**17) | st.decimals(-1_000_000, 1_000_000, places=4, allow_nan=False).map(
    float
)
_VALUE = st.recursive(
    _TEXT | _NUMBER | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(data=st.dictionaries(_TEXT, _VALUE, min_size=1, max_size=6))
def test_any_plain_value_survives_writing_and_reading(data: dict[str, Any]) -> None:
    ((back, _),) = parse(export.document_text(data), "x.yaml")
    assert back == data
    assert [type(value) for value in back.values()] == [type(value) for value in data.values()]
