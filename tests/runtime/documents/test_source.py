"""Documents are read from folders, zips and texts, safely, with the place of every value."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from dougong_runtime.documents import packages, source
from dougong_runtime.documents.yaml_text import (
    DEPTH_MAX,
    SCALAR_LENGTH_MAX,
    TextProblem,
    parse,
    path_text,
)
from dougong_runtime.errors import Refused
from make import APPS


def one(text: str) -> object:
    """The only document of a text."""
    ((data, _),) = parse(text, "x.yaml")
    return data


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-31", "2026-12-31"),
        ("09:30", "09:30"),
        ("on", "on"),
        ("no", "no"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("12", 12),
        ("-3", -3),
        ("0.2", 0.2),
        ("1.10", 1.1),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("true", True),
        ("'true'", "true"),
        ('"12"', "12"),
        ("~", None),
        ("null", None),
        (".inf", ".inf"),
        ("1e400", "1e400"),
    ],
)
def test_a_plain_scalar_is_a_number_only_where_json_would_read_one(written: str, meant: object) -> None:
    assert one(f"x: {written}") == {"x": meant}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: !!python/object/apply:os.system ['true']", "Tags"),
        ("a: !secret x", "Tags"),
        ("a: &x [1]\nb: *x", "Anchors"),
        ("a: *x", "Aliases"),
        ("a: 1\na: 2", "twice"),
        ("? [a, b]\n: 1", "plain text"),
        ("a: [1, 2", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("- " * (DEPTH_MAX + 1) + "x", "deeper"),
        ("a: " + "x" * (SCALAR_LENGTH_MAX + 1), "longer"),
    ],
)
def test_what_is_no_plain_data_is_refused(text: str, why: str) -> None:
    with pytest.raises(TextProblem, match=why):
        list(parse(text, "x.yaml"))


def test_a_nest_of_aliases_costs_nothing() -> None:
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"
    with pytest.raises(TextProblem, match="Anchors") as refused:
        list(parse(bomb, "x.yaml"))
    assert (refused.value.line, refused.value.column) == (1, 4)


def test_every_value_and_key_has_its_place() -> None:
    ((_, places),) = parse("kind: view\ncolumns: [name, {field: risk}]\nfilter: 'a > 1'\n", "v.yaml")
    assert str(places.at(("columns", 1, "field"))) == "v.yaml:2:25  at columns[1].field"
    assert str(places.at(("columns",), key=True)) == "v.yaml:2:1  at columns"
    assert places.at(("filter",), 4).column == 9 + 1 + 4
    assert places.at(("columns", 7, "nowhere")).line == 2


def test_a_path_reads_as_in_code() -> None:
    assert path_text(("fields", 3, "options", 0, "label")) == "fields[3].options[0].label"


def test_several_documents_stand_in_a_file_and_empty_ones_are_passed_over() -> None:
    found = source.of_text("kind: view\nname: a\n---\n---\nkind: view\nname: b\n")
    assert [raw.key for raw in found.documents] == ["view/a", "view/b"]


def test_json_is_read_too() -> None:
    found = source.of_files({"views/a.json": b'{"kind": "view", "name": "a", "columns": ["x"]}'})
    assert found.documents[0].data["columns"] == ["x"]


def test_a_folder_and_its_zip_say_the_same() -> None:
    folder = source.read(APPS / "clinic")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((APPS / "clinic").rglob("*.*")):
            archive.write(path, Path("clinic") / path.relative_to(APPS / "clinic"))
    zipped = source.read_zip(packed.getvalue())
    assert [raw.data for raw in zipped.documents] == [raw.data for raw in folder.documents]
    assert zipped.files == folder.files
    assert set(folder.files) == {"data/people.yaml", "stories/visits.yaml"}


def test_stories_and_people_can_be_read_from_what_travels() -> None:
    found = source.read(APPS / "clinic")
    people = found.people()
    assert people is not None
    assert people.data["people"][0]["username"] == "dr_lin"
    assert [raw.name for raw in found.stories()][1] == "A negative fee is refused"
    assert source.read(APPS / "school").demo() is None


def test_people_may_be_a_plain_list() -> None:
    found = source.of_files({"data/people.yaml": b"- {username: a}\n- {username: b, roles: [x]}\n"}).people()
    assert found is not None
    assert found.data == {"people": [{"username": "a"}, {"username": "b", "roles": ["x"]}]}
    assert found.at("people", 1, "roles", 0).line == 2


@pytest.mark.parametrize("path", ["../x.yaml", "/etc/x.yaml", "a/../../x.yaml", "c:/x.yaml"])
def test_a_zip_cannot_lead_outside(path: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(path, "kind: app")
    with pytest.raises(Refused, match="outside"):
        source.read_zip(packed.getvalue())


def test_what_is_no_zip_is_refused() -> None:
    with pytest.raises(Refused, match="no zip"):
        source.read_zip(b"PK\x03\x04 not really")


def test_a_file_that_unpacks_too_large_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/x.csv", b"0" * (packages.FILE_BYTES_MAX + 1))
    with pytest.raises(Refused, match="larger than"):
        source.read_zip(packed.getvalue())


def test_all_files_that_cannot_be_read_are_named_at_once() -> None:
    with pytest.raises(Refused) as refused:
        source.of_files({"a.yaml": b"a: [", "b.yaml": b"\xff\xfe", "c.yaml": b"- 1", "d.yaml": b"kind: app"})
    assert [p.place.file for p in refused.value.problems if p.place] == ["a.yaml", "b.yaml", "c.yaml"]


def test_there_must_be_something_to_read(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="There is no"):
        source.read(tmp_path / "nothing")


def test_hidden_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("a: [")
    (tmp_path / "app.yaml").write_text("kind: app\nname: a\n")
    assert len(source.read(tmp_path).documents) == 1


def test_a_file_that_is_no_text_travels_unchanged() -> None:
    for content in (b"\x00\xff\x10", "名".encode(), b"a\r\nb"):
        assert source.file_bytes(source.file_value(content)) == content
