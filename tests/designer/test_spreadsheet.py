"""A spreadsheet as a new entity: what its columns are taken for, and the entity that is made of them."""

from __future__ import annotations

from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from dougong_designer import spreadsheet, starts
from dougong_designer.spreadsheet import SheetColumn
from dougong_designer.spreadsheet.entity import Made, SheetWish, Taken, made
from dougong_runtime.documents.source import of_stored
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import examine
from dougong_runtime.transfer.chosen import Chosen
from dougong_runtime.transfer.sheets import COLUMNS_MAX, read_table

ZONE = "Asia/Shanghai"
HEADER = "编号,姓名,手机,邮箱,身份证号,出生日期,登记时间,等级,数量,单价,折扣,有效,爱好,网址,备注,合同编号"
ROWS = """A001,王敏,13802166207,wm@example.cn,110101198003051238,1980/3/5,2026-01-02 10:30,金,３,"1,234.50",12.5%,是,木工;金工,https://a.cn,第一行,000123
A002,张思远,139 0000 1111,z@example.cn,,1975-11-20,2026/1/3 9:05,银,４,99.9,5%,否,园艺,https://b.cn,,000124
A003,陈嘉禾,13700002222,c@example.cn,,1992年7月1日,2026-01-04 11:00,银,5,10,0.5%,是,木工,https://c.cn,,000125
A004,赵文博,13600003333,d@example.cn,,1966-01-15,2026-01-05 12:00,金,6,20.25,1%,是,木工；园艺,https://d.cn,,000126
A005,林书宁,13500004444,e@example.cn,,2001-09-09,2026-01-06 13:00,金,7,30,2%,否,金工,https://e.cn,,000127
A006,周岚,13400005555,f@example.cn,,2000-01-01,2026-01-07 14:00,银,8,40,3%,是,园艺,https://f.cn,,000128
A007,周岚,13400005556,g@example.cn,,2000-01-01,2026-01-07 14:00,银,8,40,3%,是,园艺,https://f.cn,,000129
"""


def columns(text: str, encoding: str = "utf-8") -> tuple[SheetColumn, ...]:
    return spreadsheet.examine(read_table(text.encode(encoding)), ZONE)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_type_is_guessed_for_every_column(encoding: str) -> None:
    found = {c.header: c for c in columns(f"{HEADER}\n{ROWS}", encoding)}
    assert {header: c.guess.type for header, c in found.items()} == {
        "编号": "text",
        "姓名": "text",
        "手机": "phone",
        "邮箱": "email",
        "身份证号": "id_number",
        "出生日期": "date",
        "登记时间": "datetime",
        "等级": "choice",
        "数量": "integer",
        "单价": "decimal",
        "折扣": "percent",
        "有效": "boolean",
        "爱好": "multi_choice",
        "网址": "url",
        "备注": "text",
        "合同编号": "text",
    }
    assert [c.header for c in found.values() if c.is_title] == ["姓名"]
    assert {c.header for c in found.values() if c.unique} == {"编号", "合同编号"}
    assert found["等级"].values == ("银", "金")
    assert set(found["爱好"].values) == {"木工", "金工", "园艺"}
    assert found["手机"].guess.certainty > found["身份证号"].guess.certainty > 0
    assert [c.name for c in found.values()][:5] == ["code", "name", "mobile", "email", "id_number"]


def test_what_excel_holds_is_taken_as_it_is() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", "Born", "Seen", "Paid", "Count", "Ratio", "Empty"])
    for n in range(12):
        sheet.append(
            [
                f"P{n}",
                date(2000, 1, n + 1),
                datetime.combine(date(2026, 1, 1), time(9, n)),
                n % 2 == 0,
                n,
                n / 8,
                None,
            ]
        )
    content = BytesIO()
    book.save(content)
    found = spreadsheet.examine(read_table(content.getvalue()), ZONE)
    assert [c.guess.type for c in found] == [
        "text",
        "date",
        "datetime",
        "boolean",
        "integer",
        "decimal",
        "text",
    ]
    assert (found[-1].filled, found[-1].guess.certainty) == (0, 0)


def test_cells_that_the_guess_does_not_read_are_shown() -> None:
    text = "when\n" + "\n".join(["2026-01-02"] * 40 + ["soon"])
    (column,) = columns(text)
    assert (column.guess.type, column.unread) == ("date", ("soon",))
    assert column.guess.certainty == 98


def wish(found: tuple[SheetColumn, ...], **changes: Any) -> SheetWish:
    taken = [
        Taken(c.place, c.header, c.name, c.guess.type, unique=c.unique, to=c.guess.to)
        for c in found
        if c.filled
    ]
    title = next(c.place for c in found if c.is_title)
    given: dict[str, Any] = {
        "label": "会员",
        "name": "",
        "columns": taken,
        "title": title,
        "roles": ["manager"],
    }
    return SheetWish(**{**given, **changes})


def test_the_entity_links_with_all_that_belongs_to_it() -> None:
    blank = starts.blank("club", "俱乐部", "zh")
    found = columns(f"{HEADER}\n{ROWS}")
    new = made("club", blank, found, wish(found))
    linked = examine(of_stored(new.documents))
    assert [p.text("en") for p in linked.problems] == []
    assert linked.app is not None
    entity = linked.app.entities[new.key.partition("/")[2]]
    assert (entity.id, entity.title) == (new.id, "name")
    assert {f.id for f in entity.own_fields} == set(new.fields.values())
    assert [o.label.zh for o in entity.fields["level"].choices] == ["银", "金"]
    kinds = {key.partition("/")[0] for key in new.documents.keys() - blank.keys()}
    assert kinds == {"entity", "form", "view"}
    assert any(g.entity == entity.name and "import" in g.actions for g in linked.app.roles["manager"].grants)


def test_columns_are_corrected_and_left_out() -> None:
    blank = starts.blank("club", "俱乐部", "zh")
    found = columns(f"{HEADER}\n{ROWS}")
    taken = [
        Taken(1, "谁", "who", "text"),
        Taken(0, "号", "number", "choice"),
        Taken(12, "标签", "labels", "tags"),
        Taken(7, "条目", "item", "reference", to="item"),
    ]
    new: Made = made("club", blank, found, wish(found, columns=taken, title=1, name="member"))
    linked = examine(of_stored(new.documents))
    assert [p.text("en") for p in linked.problems] == []
    fields = {f["name"]: f for f in new.documents["entity/member"]["fields"]}
    assert list(fields) == ["who", "number", "labels", "item"]
    assert len(fields["number"]["options"]) == 7
    assert (fields["item"]["to"], fields["item"]["inverse"]) == ("item", "members")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"columns": []}, "no-columns"),
        ({"title": 99}, "no-title-column"),
        ({"label": " "}, "no-entity-label"),
        ({"name": "item"}, "duplicate"),
        ({"roles": ["nobody"]}, "not-found"),
        (
            {"columns": [Taken(1, "a", "same", "text"), Taken(2, "b", "same", "text")], "title": 1},
            "duplicate",
        ),
        ({"columns": [Taken(1, "a", "a", "stage")], "title": 1}, "not-found"),
        ({"columns": [Taken(1, "a", "a", "reference", to="nothing")], "title": 1}, "not-found"),
    ],
)
def test_what_cannot_be_made_is_refused(changes: dict[str, Any], problem: str) -> None:
    found = columns(f"{HEADER}\n{ROWS}")
    with pytest.raises(Refused) as refused:
        made("club", starts.blank("club", "俱乐部", "zh"), found, wish(found, **changes))
    assert problem in {p.type.name for p in refused.value.problems}


def test_what_has_too_many_values_becomes_no_choice() -> None:
    found = columns("name\n" + "\n".join(f"n{n}" for n in range(100)))
    with pytest.raises(Refused) as refused:
        made(
            "club",
            starts.blank("club", "俱乐部", "zh"),
            found,
            wish(found, columns=[Taken(0, "n", "n", "choice")]),
        )
    assert [p.type.name for p in refused.value.problems] == ["too-many-options"]


def test_a_bomb_is_refused_and_chosen_columns_keep_their_lines() -> None:
    with pytest.raises(Refused):
        columns(",".join(f"c{n}" for n in range(COLUMNS_MAX + 1)) + "\n1")
    with pytest.raises(Refused):
        columns(",".join(["c"] * 1_000_000) + "\n1")
    chosen = Chosen(read_table(b"a,b,c\n1,2,3\n,5,\n7,8,9\n"), {2: "third", 0: "first"})
    assert chosen.header == ("first", "third")
    assert [(row.line, row.cells) for row in chosen.rows] == [(2, ("1", "3")), (4, ("7", "9"))]
