"""Records go out as their reader sees them, and what can be written comes in again unchanged."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from databases import every_database
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused
from dougong_runtime.records.query import Query
from dougong_runtime.transfer import export as exporting
from dougong_runtime.transfer.export import export
from dougong_runtime.transfer.load import load
from world import World

pytestmark = every_database


def take_out(
    world: World, format: str = "csv", who: str | None = None, query: Query | None = None, **options: Any
) -> bytes:
    out = io.BytesIO()
    with world.acting(who) as records:
        export(records, query or Query("pupil", sort=("name",)), format, out, **options)
    return out.getvalue()


def table(data: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline="")))


@pytest.fixture
def filled(school: World) -> World:
    """Two pupils who hold everything that is awkward, and one who holds nothing."""
    hall = [school.make_record("room", name="hall", code=code)["id"] for code in ("h1", "h2")]
    attic = school.make_record("room", name="=attic", code="a")["id"]
    clubs = [school.make_record("club", name=name)["id"] for name in ("chess", "a;b\\")]
    clerk = school.people["clerk"].user
    wang = school.make_record(
        "pupil", name="=王敏", number="0017", phone="13800138000", born_on="2026-03-02",
        seen_at="2026-03-02T01:30:00.250Z", fee="123.40", boards=True, level="high", skills=["-a", "b;c"],
        note='two\nlines, "quoted"', room=attic, teacher=clerk, clubs=clubs,
    )  # fmt: skip
    school.make_record(
        "pupil", name="'=x", number="+1", fee="-0", boards=False, seen_at="2026-03-02T01:30:00Z",
        room=hall[1], mentor=wang["id"],
    )  # fmt: skip
    school.make_record("pupil", name="zero", fee=None)
    return school


def test_headers_are_field_names_and_values_are_exact(filled: World) -> None:
    data = take_out(filled)
    assert data.startswith(
        b"\xef\xbb\xbfid,name,card,number,phone,born_on,seen_at,fee,boards,level,skills,note,room,"
    )
    rows = {row["number"]: row for row in table(data)}
    assert {n: rows["0017"][n] for n in ("name", "born_on", "seen_at", "fee", "boards", "level", "skills")} == {
        "name": "'=王敏", "born_on": "2026-03-02", "seen_at": "2026-03-02T09:30:00.250000+08:00", "fee": "123.40",
        "boards": "true", "level": "high", "skills": "'-a;b\\;c",
    }  # fmt: skip
    assert (rows["0017"]["half_fee"], rows["0017"]["note"]) == ("61.70", 'two\nlines, "quoted"')
    assert (rows["+1"]["name"], rows["+1"]["number"]) == ("''=x", "+1")


def test_records_are_named_by_title_where_that_names_them_alone(filled: World) -> None:
    rows = {row["number"]: row for row in table(take_out(filled))}
    assert rows["0017"]["room"] == "'=attic"
    assert rows["0017"]["teacher"] == "Clerk"
    assert rows["0017"]["clubs"] == "chess;a\\;b\\\\"
    assert len(rows["+1"]["room"]) == 36
    assert rows["+1"]["mentor"] == "'=王敏"


@pytest.mark.parametrize("format", ["csv", "csv-gb18030", "xlsx"])
def test_an_export_comes_in_again_unchanged(filled: World, format: str) -> None:
    before, data = take_out(filled), take_out(filled, format)
    with filled.acting() as records:
        answer = load(records, "pupil", data, key="id")
    assert answer.bad == ()
    assert (answer.updated, answer.created) == (3, 0)
    assert take_out(filled) == before
    with filled.engine.connect() as connection:
        assert log.find(connection, actions=["update"], entity="pupil") == []


def test_a_reference_to_several_entities_comes_in_again(filled: World) -> None:
    with filled.acting() as records:
        hall, attic = (
            records.list(Query("room", filter=f"code = '{code}'")).items[0]["id"] for code in ("h1", "a")
        )
        records.create("remark", {"subject": "x", "about": {"entity": "room", "id": attic}})
        records.create("remark", {"subject": "y", "about": {"entity": "room", "id": hall}})
    query = Query("remark", sort=("subject",))
    before = take_out(filled, query=query)
    assert [row["about"] for row in table(before)] == ["room:=attic", f"room:{hall}"]
    with filled.acting() as records:
        answer = load(records, "remark", before, key="id")
    assert (answer.bad, answer.updated) == ((), 2)
    assert take_out(filled, query=query) == before


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_export_fills_another_school(filled: World, format: str) -> None:
    columns = (
        "name",
        "number",
        "phone",
        "born_on",
        "seen_at",
        "fee",
        "boards",
        "level",
        "skills",
        "note",
        "mentor",
    )
    query = Query("pupil", fields=columns, sort=("name",))
    with filled.acting() as records:
        [empty] = records.list(Query("pupil", filter="fee = NULL")).items
        records.update("pupil", empty["id"], {"fee": "0"})  # a blank cell of a new record takes the default
    before, data = take_out(filled, query=query), take_out(filled, format, query=query)
    with filled.acting() as records:
        for item in records.list(Query("pupil", sort=("-number",))).items:
            if item["mentor"]:
                records.update("pupil", item["id"], {"mentor": None})
        for item in records.list(Query("pupil")).items:
            records.delete("pupil", item["id"])
        assert load(records, "pupil", data).bad == ()
    assert take_out(filled, query=query) == before


def test_excel_gets_numbers_dates_and_no_formula(filled: World) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(take_out(filled, "xlsx"))).active
    header = [cell.value for cell in sheet[1]]
    by_number = {row[header.index("number")].value: row for row in sheet.iter_rows(min_row=2)}

    def cell(number: str, name: str) -> Any:
        return by_number[number][header.index(name)]

    assert (cell("0017", "fee").value, cell("0017", "fee").number_format) == (123.4, "0.00")
    assert cell("0017", "born_on").value.isoformat()[:10] == "2026-03-02"
    assert cell("+1", "seen_at").value.isoformat() == "2026-03-02T09:30:00"
    assert cell("0017", "seen_at").value == "2026-03-02T09:30:00.250000+08:00"
    assert cell("0017", "boards").value is True
    assert {c.data_type for row in by_number.values() for c in row} <= {"s", "n", "d", "b"}
    assert cell("0017", "name").value == "'=王敏"


def test_an_export_shows_what_its_reader_sees(filled: World) -> None:
    rows = {row["number"]: row for row in table(take_out(filled, who="clerk"))}
    assert rows["0017"]["phone"].endswith("8000")
    assert "•" in rows["0017"]["phone"]
    with pytest.raises(Refused, match="do not allow exporting"):
        take_out(filled, who="reader")


def test_a_choice_of_fields_and_records(filled: World) -> None:
    query = Query("pupil", filter="fee > 100", fields=("name", "room.code", "half_fee"))
    assert table(take_out(filled, query=query)) == [{"name": "'=王敏", "room.code": "a", "half_fee": "61.70"}]


def test_many_pages_are_read(school: World) -> None:
    with school.acting() as records:
        records.load_many("pupil", ({"name": f"n{i:04}"} for i in range(2_100)))
    told: list[int] = []
    rows = table(take_out(school, progress=told.append))
    assert [row["name"] for row in rows] == [f"n{i:04}" for i in range(2_100)]
    assert told == [1000, 2000, 2100]


def test_an_export_stands_in_the_audit(filled: World) -> None:
    take_out(filled, who="clerk", query=Query("pupil", fields=("name",), filter="fee > 100"))
    with filled.engine.connect() as connection:
        [event] = log.find(connection, actions=["export"])
    assert (event.actor_name, event.entity) == ("clerk", "pupil")
    assert event.facts == {
        "format": "csv",
        "fields": ["name"],
        "filter": "fee > 100",
        "search": None,
        "count": 1,
    }


def test_what_a_format_cannot_hold_is_refused(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="format must be one of: csv, csv-gb18030, xlsx"):
        take_out(school, "pdf")
    school.make_record("pupil", name="a", note="x" * 40_000)
    assert len(table(take_out(school))[0]["note"]) == 40_000
    with pytest.raises(Refused, match="one value is longer"):
        take_out(school, "xlsx")
    monkeypatch.setattr(exporting, "XLSX_ROWS_MAX", 0)
    with pytest.raises(Refused, match="limit"):
        take_out(school, "xlsx", query=Query("pupil", fields=("name",)))
