"""A file made to burst or to mislead the import is refused; a process is never ended by one."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from dougong_runtime.errors import Refused
from dougong_runtime.transfer.sheets import read_table

HEAD = '<?xml version="1.0"?>'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
LINKS = (
    f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>"
)
RELS = (
    f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
NAME = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row>'
LOL = (
    '<!DOCTYPE x [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
FILE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'
NOTHING: Mapping[str, str] = MappingProxyType({})


def sheet(rows: str, dimension: str = "A1:B2") -> str:
    return (
        f'<worksheet xmlns="{MAIN}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    )


def workbook(
    inside: str | bytes, book: str = BOOK, links: str = LINKS, more: Mapping[str, str] = NOTHING
) -> bytes:
    packed = io.BytesIO()
    parts = {"_rels/.rels": RELS, "xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": links} | dict(more)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, HEAD + text)
        archive.writestr("xl/worksheets/sheet1.xml", inside)
    return packed.getvalue()


def cell(place: str, text: str = "x") -> str:
    return f'<row><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'


BOMBS: dict[str, bytes] = {
    "a cell at the far corner": workbook(sheet(NAME + cell("XFD1048576"))),
    "the same in other quotes": workbook(sheet(NAME + "<row><c r = 'XFD1048576'><v>1</v></c></row>")),
    "the same with a prefix": workbook(sheet(NAME + '<x:row xmlns:x="y"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>')),
    "the same as an entity": workbook(sheet(NAME + '<row><c r="&#88;FD1048576"><v>1</v></c></row>')),
    "the same behind a bracket": workbook(sheet(NAME + '<row><c s=">" r="XFD1048576"><v>1</v></c></row>')),
    "the same in another encoding": workbook(sheet(NAME + cell("XFD1048576")).encode("utf-16")),
    "a cell beyond all columns": workbook(sheet(NAME + cell("ZZZZZZZZ99999999999"))),
    "a cell without a place": workbook(sheet(NAME + cell("-1"))),
    "a row without a place": workbook(sheet(NAME + '<row r="99999999999"><c><v>1</v></c></row>')),
    "many far cells": workbook(sheet(NAME + "".join(cell(f"XFD{n}") for n in range(2, 2000)))),
    "laughs in the sheet": workbook(LOL + sheet(cell("A1", "&j;"))),
    "laughs in the book": workbook(sheet(NAME), book=LOL + BOOK.replace('"a"', '"&j;"')),
    "laughs in the links": workbook(sheet(NAME), links=LOL + LINKS.replace("rId1", "&j;")),
    "a file of ours in the sheet": workbook(FILE + sheet(cell("A1", "&j;"))),
    "a file of ours in the book": workbook(sheet(NAME), book=FILE + BOOK.replace('"a"', '"&j;"')),
    "a text that is not there": workbook(sheet('<row><c r="A1" t="s"><v>99999999</v></c></row>')),
    "a sheet outside": workbook(sheet(NAME), links=LINKS.replace("worksheets/", "../../../etc/worksheets/")),
    "a sheet elsewhere": workbook(sheet(NAME), links=LINKS.replace("worksheets/", "http://127.0.0.1/worksheets/")),
    "tags without end": workbook("<a>" * 200_000),
    "a row without end": workbook(sheet(NAME + " " * 20_000_000)),
    "a broken sheet": workbook(sheet(NAME)[:-30]),
    "no zip": b"PK\x03\x04" + b"x" * 1000,
    "half a zip": workbook(sheet(NAME))[:400],
    "a wrong length": workbook(sheet(NAME)).replace(b"PK\x01\x02", b"PK\x01\x03"),
    "a long line": b"name\n" + b"a" * 3_000_000,
    "a million columns": b"a," * 1_000_000 + b"\n1\n",
    "a quote without end": b'name\n"' + b"a\n" * 500_000,
    "no encoding": bytes(range(256)) * 1000,
    "half a character": b"\xff\xfe" + b"a\x00\n\x00\x00\xd8\n\x00",
    "nothing but a mark": b"\xef\xbb\xbf",
    "blanks": b" \n \n",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(name: str) -> None:
    began = time.thread_time()
    with pytest.raises(Refused):
        list(read_table(BOMBS[name]).rows)
    assert time.thread_time() - began < 20


def test_a_claim_about_the_size_is_not_believed() -> None:
    table = read_table(workbook(sheet(NAME + cell("A2"), "A1:XFD1048576")))
    assert [row.cells for row in table.rows] == [("x",)]


def test_two_parts_of_one_name_are_refused() -> None:
    packed = io.BytesIO(workbook(sheet(NAME)))
    with zipfile.ZipFile(packed, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", sheet(NAME + cell("XFD1048576")))
    with pytest.raises(Refused):
        read_table(packed.getvalue())


def test_a_part_that_is_longer_than_it_claims_is_refused() -> None:
    content = bytearray(workbook(sheet(NAME), more={"xl/sharedStrings.xml": "<sst/>" + " " * 100_000}))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        size = archive.getinfo("xl/sharedStrings.xml").file_size
    claimed = size.to_bytes(4, "little")
    assert content.count(claimed) >= 1
    lied = bytes(content).replace(claimed, (10).to_bytes(4, "little"))
    with pytest.raises(Refused):
        read_table(lied)


def test_a_zero_in_a_csv_is_a_value_like_any_other() -> None:
    """No cut, no crash: the field's type refuses it."""
    table = read_table(b"name\na\x00b\n")
    assert [row.cells for row in table.rows] == [("a\x00b",)]
