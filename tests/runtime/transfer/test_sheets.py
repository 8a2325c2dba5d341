"""Tables are read as offices write them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from dougong_runtime.errors import Refused
from dougong_runtime.transfer import sheets
from dougong_runtime.transfer.sheets import Row, read_table


def rows(source: bytes | Path) -> list[tuple[int, tuple[sheets.Cell, ...]]]:
    return [(row.line, row.cells) for row in read_table(source).rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings_are_told_apart(encoding: str, tmp_path: Path) -> None:
    data = "姓名,note\n张三,€ 𠮷 café\n".encode(encoding)
    file = tmp_path / "people.csv"
    file.write_bytes(data)
    for source in (data, file, str(file)):
        sheet = read_table(source)
        assert sheet.header == ("姓名", "note")
        assert [row.cells for row in sheet.rows] == [("张三", "€ 𠮷 café")]


def test_a_utf_16_mark_gives_the_byte_order() -> None:
    for mark, encoding in (("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be")):
        assert read_table((mark + "a,b\n1,2\n").encode(encoding)).header == ("a", "b")


def test_an_error_far_into_the_file_still_chooses_gb18030() -> None:
    data = b"name\n" + b"ascii\n" * 100_000 + "张三\n".encode("gb18030")
    assert [row.cells for row in read_table(data).rows][-1] == ("张三",)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("a,b\n", ("a", "b")),
        ("a;b,c;d\n", ("a", "b,c", "d")),
        ("a\tb;c\td\n", ("a", "b;c", "d")),
        ('"a;b;c",d\n', ("a;b;c", "d")),
        ('"a\nb;c;d",e\n', ("a\nb;c;d", "e")),
        ("sep=;\na;b,c,d\n", ("a", "b,c,d")),
        ("sep=\t\na\tb\n", ("a", "b")),
        ("\n\n a , b \n", ("a", "b")),
        ("only\n", ("only",)),
    ],
)
def test_the_delimiter_is_that_of_the_header(text: str, header: tuple[str, ...]) -> None:
    assert read_table(text.encode()).header == header


def test_lines_are_those_of_the_file() -> None:
    text = 'a,b\r\n\r\n1,"two\r\nlines"\r\n,\r\n 3 ,\n'
    assert rows(text.encode()) == [(3, ("1", "two\r\nlines")), (6, ("3", None))]


def test_rows_can_be_read_again() -> None:
    sheet = read_table(b"a\n1\n2\n")
    assert list(sheet.rows) == list(sheet.rows) == [Row(2, ("1",)), Row(3, ("2",))]


def test_rows_keep_what_is_too_little_or_too_much_except_blanks() -> None:
    assert rows(b"a,b\n1\n1,2,,\n1,2,3\n") == [(2, ("1",)), (3, ("1", "2")), (4, ("1", "2", "3"))]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b" \n\n", "there is no header"),
        (b"\xff\xff\xff\xff\xfe", "neither UTF-8"),
        (b'a\n1\n"2\n3\n', "from line 3 on, a quotation mark has no partner"),
        (b'a\n"x"y\n', "from line 2 on"),
        (b"a\n" + b"x" * 140_000, "longer than"),
        (b"PK\x03\x04 rubbish", "no XLSX workbook"),
        (b"\xd0\xcf\x11\xe0....", "save the old .xls"),
        (b",".join([b"a"] * 501) + b"\n", "exceeds the limit of 500"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        list(read_table(data).rows)


def test_a_file_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 2)
    assert len(rows(b"a\n1\n2\n")) == 2
    with pytest.raises(Refused, match="limit"):
        rows(b"a\n1\n2\n3\n")
    monkeypatch.setattr(sheets, "FILE_BYTES_MAX", 3)
    with pytest.raises(Refused, match="limit"):
        read_table(b"a\n1\n")


# --- XLSX --------------------------------------------------------------------------------------------------------
def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(data: bytes, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part.replace(old, new) if name.endswith("sheet1.xml") else part)
    return out.getvalue()


def test_excel_cells_keep_their_kind(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet.append(["text", "number", "date", "instant", "time", "yes", "blank"])
        sheet.append(
            [
                " 张三 ",
                12.5,
                dt.date(2026, 3, 2),
                dt.datetime.fromisoformat("2026-03-02T09:30"),
                dt.time(9, 30),
                True,
            ]
        )

    file = tmp_path / "b.xlsx"
    file.write_bytes(workbook(fill))
    for source in (file, file.read_bytes()):
        assert rows(source) == [
            (
                2,
                (
                    "张三",
                    12.5,
                    dt.date(2026, 3, 2),
                    dt.datetime.fromisoformat("2026-03-02T09:30"),
                    dt.time(9, 30),
                    True,
                    None,
                ),
            )
        ]


def test_the_first_visible_sheet_is_read_from_where_its_table_begins() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.append(["hidden"])
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("data")
        sheet["B3"], sheet["C3"] = "a", "b"
        sheet["B5"], sheet["D5"] = "1", "extra"

    sheet = read_table(workbook(fill))
    assert sheet.header == ("", "a", "b")
    assert list(sheet.rows) == [Row(5, (None, "1", None, "extra"))]
    assert list(sheet.rows) == list(sheet.rows)


def test_a_cell_without_a_value_is_refused_because_a_blank_would_clear() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.append(["a", "b"])
        book.active.append([1, 77])

    def with_formula(book: openpyxl.Workbook) -> None:
        book.active.append(["a", "b"])
        book.active.append([1, "=A2*2"])

    failed = rewritten(workbook(fill), b't="n"><v>77</v>', b't="e"><v>#DIV/0!</v>')
    with pytest.raises(Refused, match="cell B2 holds an Excel error"):
        read_table(failed)
    with pytest.raises(Refused, match="cell B2 has a formula without a result"):
        read_table(workbook(with_formula))
    computed = rewritten(workbook(with_formula), b"</f><v />", b"</f><v>2</v>")
    assert rows(computed) == [(2, (1.0, 2.0))]


@pytest.mark.parametrize("parts", [{}, {"xl/workbook.xml": b"<workbook/>"}, {"xl/workbook.xml": b"<not"}])
def test_an_archive_that_is_no_workbook_is_refused(parts: dict[str, bytes]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme", b"x")
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(Refused, match="no XLSX workbook"):
        read_table(out.getvalue())


def test_a_workbook_that_would_burst_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dougong_runtime.transfer import xlsx

    monkeypatch.setattr(xlsx, "UNPACKED_BYTES_MAX", 1000)
    with pytest.raises(Refused, match="limit"):
        read_table(workbook(lambda book: book.active.append(["a"])))
