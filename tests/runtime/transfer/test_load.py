"""Records come in by the file: all or nothing, every bad row named, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from databases import every_database
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused
from dougong_runtime.records.query import Query
from dougong_runtime.transfer import load as loading
from dougong_runtime.transfer import row_reader
from dougong_runtime.transfer.load import LoadAnswer, load
from world import World

pytestmark = every_database


def take_in(
    world: World, text: str, who: str | None = None, entity: str = "pupil", **options: Any
) -> LoadAnswer:
    with world.acting(who) as records:
        return load(records, entity, text.encode(), **options)


def pupils(world: World, *fields: str, entity: str = "pupil") -> dict[str, Any]:
    """Values of all pupils by name: one field's alone, or several as a tuple."""
    with world.acting() as records:
        items = records.list(Query(entity, fields=("name", *fields), limit=1000)).items
    return {i["name"]: i[fields[0]] if len(fields) == 1 else tuple(i[f] for f in fields) for i in items}


def said(answer: LoadAnswer) -> list[tuple[int, str, str, str]]:
    return [(cell.line, cell.column, cell.value, cell.reason.en) for cell in answer.bad]


def test_rows_become_records_by_name_or_label(school: World) -> None:
    answer = take_in(
        school,
        "姓名,number,Born on,学费,年级,住校,Skills,最近到校\n"
        '张三,００１,2026/3/2,"1,234.50",高级,是,跑步;画画,2026-03-02 09:30\n'
        "王敏,002,,,low,,,\n",
        reasons={"fee_usual": "agreed"},
    )
    assert (answer.rows, answer.created, answer.updated, answer.saved, answer.ok) == (2, 2, 0, True, True)
    with school.acting() as records:
        zhang, wang = records.list(Query("pupil", sort=("number",))).items
    assert {n: wang[n] for n in ("name", "born_on", "fee", "level", "boards", "skills")} == {
        "name": "王敏", "born_on": None, "fee": "20.00", "level": "low", "boards": None, "skills": None,
    }  # fmt: skip
    assert {n: zhang[n] for n in ("number", "born_on", "fee", "level", "boards", "skills", "seen_at", "half_fee")} == {
        "number": "００１", "born_on": "2026-03-02", "fee": "1234.50", "level": "high", "boards": True,
        "skills": ["跑步", "画画"], "seen_at": "2026-03-02T01:30:00Z", "half_fee": "617.25",
    }  # fmt: skip


BAD = (
    "name,born_on,fee,level\n"
    "good,2026-01-02,1,low\n"
    "a,03/04/2026,x,low\n"
    ",2026-01-02,1,lwo\n"
    "b,2026-01-02,-5,low\n"
    "better,2026-01-02,2,high\n"
)


def test_one_bad_row_stops_all_and_every_bad_cell_is_named(school: World) -> None:
    answer = take_in(school, BAD)
    assert (answer.rows, answer.rejected, answer.saved, answer.ok) == (5, 3, False, False)
    assert [(line, column, value) for line, column, value, _ in said(answer)] == [
        (3, "born_on", "03/04/2026"),
        (3, "fee", "x"),
        (4, "level", "lwo"),
        (5, "fee", "-5"),
    ]
    reasons = [cell.reason for cell in answer.bad]
    assert "cannot tell day and month" in reasons[0].en
    assert "must be a number" in reasons[1].en
    assert "Nearest: “low”" in reasons[2].en
    assert (reasons[3].zh, reasons[3].en) == ("学费不能为负", "The fee cannot be negative")
    assert pupils(school, "fee") == {}


def test_the_good_rows_are_kept_on_request(school: World) -> None:
    answer = take_in(school, BAD, keep_good=True)
    assert (answer.created, answer.rejected, answer.saved) == (2, 3, True)
    assert pupils(school, "fee") == {"good": "1.00", "better": "2.00"}


def test_the_same_text_is_read_the_same_in_every_row_and_by_each_column_for_itself(
    school: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts read before are remembered, up to a bound: what is wrong is told again, and no column takes another's."""
    monkeypatch.setattr(row_reader, "KNOWN_MAX", 3)
    rows = [f"{i % 7},{i},{i % 7},高级,跑步;画画" for i in range(40)]
    answer = take_in(
        school,
        "name,number,fee,level,skills\n" + "\n".join([*rows, "x,x,x,lwo,跑步", "x,x,x,lwo,跑步"]),
        keep_good=True,
        reasons={"fee_usual": "agreed"},
    )
    assert (answer.created, answer.rejected) == (40, 2)
    assert [(c.line, c.column) for c in answer.bad] == [
        (42, "fee"),
        (42, "level"),
        (43, "fee"),
        (43, "level"),
    ]
    with school.acting() as records:
        found = records.list(Query("pupil", limit=100)).items
    assert {(i["name"], i["fee"], i["level"]) for i in found} == {
        (str(n), f"{n}.00", "high") for n in range(7)
    }
    assert {i["number"] for i in found} == {str(i) for i in range(40)}
    assert all(i["skills"] == ["跑步", "画画"] for i in found)


def test_a_dry_run_says_the_same_and_keeps_nothing(school: World) -> None:
    answer = take_in(school, BAD, dry_run=True, keep_good=True)
    assert (answer.created, answer.rejected, answer.saved) == (2, 3, False)
    assert take_in(school, "name\nx\n", dry_run=True).created == 1
    assert pupils(school, "fee") == {}
    with school.engine.connect() as connection:
        assert log.find(connection, actions=["import", "create"], entity="pupil") == []


def test_rows_to_blame_are_found_among_many(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 40)
    rows = [f"n{i},{-1 if i in (7, 8, 93) else i}" for i in range(100)]
    told: list[int] = []
    answer = take_in(school, "name,fee\n" + "\n".join(rows), keep_good=True, progress=told.append)
    assert [cell.line for cell in answer.bad] == [9, 10, 95]
    assert (answer.created, len(pupils(school, "fee"))) == (97, 97)
    assert told == [40, 80, 100]


def test_reading_stops_when_too_much_is_wrong(school: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BAD_MAX", 3)
    answer = take_in(school, "name,fee\n" + "a,x\n" * 50)
    assert (answer.stopped, len(answer.bad), answer.saved) == (True, 3, False)


def test_shape_of_rows(school: World) -> None:
    answer = take_in(school, "name,,fee\na,,1\nb,x,1\nc\nd,,1,,2\n,,\n")
    assert [(line, words) for line, _, _, words in said(answer)] == [
        (3, "Column 2 has no header."),
        (4, "There are 1 cells where the header has 3."),
        (5, "There are 5 cells where the header has 3."),
    ]


# --- by key ------------------------------------------------------------------------------------------------------
def test_a_key_updates_clears_keeps_and_makes(school: World) -> None:
    take_in(school, "name,number,fee,note\nold,1,5,kept\nother,2,6,kept\n")
    answer = take_in(school, "学号,name,fee\n1,new,\n3,third,\n", key="number")
    assert (answer.created, answer.updated) == (1, 1)
    assert pupils(school, "number", "fee", "note") == {
        "new": ("1", None, "kept"), "other": ("2", "6.00", "kept"), "third": ("3", "20.00", None),
    }  # fmt: skip


def test_the_id_and_an_autonumber_are_keys_that_make_nothing(school: World) -> None:
    made = school.make_record("pupil", name="a")
    for key in ("id", "card"):
        answer = take_in(school, f"{key},name\n{made[key]},by {key}\n", key=key)
        assert (answer.created, answer.updated, answer.ignored) == (0, 1, ())
        assert list(pupils(school, "fee")) == [f"by {key}"]
    answer = take_in(school, f"card,name\nP9999,x\n,y\n{made['card']},z\n{made['card']},z\n", key="卡号")
    assert said(answer) == [
        (2, "card", "P9999", "There is no such record, or you may not see it."),
        (3, "card", "", "The value to update by is missing."),
        (5, "card", made["card"], "is the same as in line 4."),
    ]


def test_a_key_that_several_records_have_is_refused(school: World) -> None:
    take_in(school, "name\nsame\nsame\n")
    answer = take_in(school, "name,fee\nsame,3\n", key="name")
    assert said(answer)[0][3] == "2 records have this value: which one to update is not clear."


def test_an_unchanged_row_changes_nothing(school: World) -> None:
    take_in(school, "number,name,fee,born_on,skills,boards\n1,a,5,2026-01-02,x;y,\n2,b,0,,,否\n")
    same = "number,name,fee,born_on,skills,boards\n1,a,5.0,2026/1/2,x; y,\n2,b,0.00,,,no\n"
    assert take_in(school, same, key="number").updated == 2
    assert pupils(school, "version") == {"a": 1, "b": 1}
    with school.engine.connect() as connection:
        assert log.find(connection, actions=["update"], entity="pupil") == []


def test_nothing_zero_and_no_are_told_apart(school: World) -> None:
    take_in(school, "number,name,fee,boards\n1,a,0,no\n2,b,1,yes\n")
    take_in(school, "number,fee,boards\n1,,\n2,0,no\n", key="number")
    assert pupils(school, "fee", "boards") == {"a": (None, None), "b": ("0.00", False)}
    take_in(school, "number,fee,boards\n1,0,no\n2,0,no\n", key="number")
    assert pupils(school, "fee", "boards", "version") == {"a": ("0.00", False, 3), "b": ("0.00", False, 2)}


# --- references --------------------------------------------------------------------------------------------------
@pytest.fixture
def rooms(school: World) -> dict[str, str]:
    """Two rooms of the same name, one of its own, one that the clerk may not see; two clubs."""
    made = {
        code: school.make_record("room", name=name, code=code)["id"]
        for name, code in (
            ("hall", "h1"),
            ("hall", "h2"),
            ("attic", "a1"),
            ("vault", "secret"),
            ("it's a ’room\\", "q"),
        )
    }
    for club in ("chess", "a;b"):
        made[club] = school.make_record("club", name=club)["id"]
    return made


def test_references_are_found_by_id_unique_field_or_title(school: World, rooms: dict[str, str]) -> None:
    answer = take_in(
        school,
        "name,room,班主任,社团\n"
        f"a,{rooms['h1'].upper()},clerk,chess\n"
        'b,h2,Clerk,"chess; a\\;b"\n'
        f"c,attic,{school.people['clerk'].user},{rooms['chess']}\n"
        "d,it's a ’room\\,,\n",
    )
    assert said(answer) == []
    clerk = school.people["clerk"].user
    assert pupils(school, "room", "teacher", "clubs") == {
        "a": (rooms["h1"], clerk, [rooms["chess"]]),
        "b": (rooms["h2"], clerk, [rooms["chess"], rooms["a;b"]]),
        "c": (rooms["a1"], clerk, [rooms["chess"]]),
        "d": (rooms["q"], None, []),
    }
    assert school.read("room", rooms["a1"])["pupils"] == 1


def test_an_ambiguous_or_unknown_reference_is_refused(school: World, rooms: dict[str, str]) -> None:
    answer = take_in(school, "name,room\na,hall\nb,cellar\n")
    assert said(answer) == [
        (2, "room", "hall", "names more than one room, “hall”: give the id or a unique field."),
        (3, "room", "cellar", "names no room that you may see: “cellar”."),
    ]


def test_a_reference_to_several_entities_says_which(school: World, rooms: dict[str, str]) -> None:
    pupil = school.make_record("pupil", name="王敏")
    answer = take_in(
        school, f"subject,about\na,room:attic\nb,pupil: 王敏\nc,room:{rooms['h1']}\nd,\n", entity="remark"
    )
    assert answer.bad == ()
    with school.acting() as records:
        items = records.list(Query("remark", sort=("subject",))).items
    assert [item["about"] for item in items] == [
        {"entity": "room", "id": rooms["a1"]},
        {"entity": "pupil", "id": pupil["id"]},
        {"entity": "room", "id": rooms["h1"]},
        None,
    ]
    answer = take_in(school, "subject,about\na,attic\nb,club:chess\nc,room:cellar\n", entity="remark")
    assert [words for _, _, _, words in said(answer)] == [
        "is written as one of: pupil:…, room:….",
        "is written as one of: pupil:…, room:….",
        "names no room that you may see: “cellar”.",
    ]


def test_a_record_that_may_not_be_read_cannot_be_told_from_none(school: World, rooms: dict[str, str]) -> None:
    words = [
        said(take_in(school, f"name,room\na,{text}\n", "clerk"))[0][3].replace(text, "…")
        for text in ("vault", "secret", rooms["secret"], "cellar")
    ]
    assert len(set(words)) == 1
    assert take_in(school, "name,room\na,attic\n", "clerk").ok


def test_rows_of_a_file_refer_to_each_other_in_any_order(
    school: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK", 2)
    answer = take_in(
        school, "name,number,mentor\nleaf,1,mid\nmid,2,root\nroot,3,\nother,4,3\nlone,5,\nlast,6,leaf\n"
    )
    assert said(answer) == []
    assert answer.created == 6
    ids, mentors = pupils(school, "id"), pupils(school, "mentor")
    assert {name: next((n for n, i in ids.items() if i == mentor), None) for name, mentor in mentors.items()} == {
        "leaf": "mid", "mid": "root", "root": None, "other": "root", "lone": None, "last": "leaf",
    }  # fmt: skip


def test_a_circle_is_closed_afterwards(school: World) -> None:
    answer = take_in(school, "name,mentor,fee\na,b,1\nb,a,2\nself,self,3\nbelow,a,4\n")
    assert said(answer) == []
    assert (answer.rows, answer.created, answer.updated) == (4, 4, 0)
    ids, mentors = pupils(school, "id"), pupils(school, "mentor")
    assert mentors == {"a": ids["b"], "b": ids["a"], "self": ids["self"], "below": ids["a"]}


def test_a_row_that_names_a_bad_row_says_so(school: World) -> None:
    answer = take_in(school, "name,mentor,fee\nchild,parent,1\nparent,,-1\ntwin,,1\ntwin,,1\nx,twin,1\n")
    assert [(line, column, words) for line, column, _, words in said(answer)] == [
        (2, "mentor", "names “parent” of line 3, which was not taken."),
        (3, "fee", "The fee cannot be negative"),
        (6, "mentor", "names more than one pupil, “twin”: give the id or a unique field."),
    ]


def test_names_that_a_file_gives_count_under_a_key_too(school: World) -> None:
    take_in(school, "number,name\n1,old\n2,b\n")
    assert take_in(school, "number,name,mentor\n2,b,fresh\n1,fresh,\n", key="number").ok
    ids = pupils(school, "id")
    assert pupils(school, "mentor") == {"fresh": None, "b": ids["fresh"]}


# --- guards ------------------------------------------------------------------------------------------------------
def test_two_rows_may_not_share_what_is_unique(school: World) -> None:
    take_in(school, "name,number\nthere,1\n")
    answer = take_in(school, "name,number\na,7\nb,7\nc,1\n")
    assert [(line, column, value) for line, column, value, _ in said(answer)] == [
        (3, "number", "7"),
        (4, "number", "1"),
    ]


def test_a_warning_wants_its_reason(school: World) -> None:
    answer = take_in(school, "name,fee\na,5000\nb,5\n")
    assert [(line, words) for line, _, _, words in said(answer)] == [(2, "An unusual fee")]
    assert (
        take_in(school, "name,fee\na,5000\nb,5\n", reasons={"fee_usual": "agreed with the board"}).created
        == 2
    )


def test_who_may_not_import_is_refused(school: World) -> None:
    with pytest.raises(Refused, match="do not allow importing"):
        take_in(school, "name\na\n", "reader")


def test_a_masked_column_is_passed_over_and_told(school: World) -> None:
    answer = take_in(school, "name,phone\na,13800138000\n", "clerk")
    assert (answer.ignored, answer.created) == (("phone",), 1)
    assert pupils(school, "phone") == {"a": None}


def test_an_import_stands_in_the_audit_with_each_record(school: World) -> None:
    take_in(school, "name\na\nb\n", "clerk", name="pupils.csv")
    with school.engine.connect() as connection:
        [event] = log.find(connection, actions=["import"])
        made = log.find(connection, actions=["create"], entity="pupil")
    assert (event.actor_name, event.entity) == ("clerk", "pupil")
    assert event.facts == {
        "file": "pupils.csv", "rows": 2, "created": 2, "updated": 0, "bad": 0, "key": None, "columns": ["name"],
    }  # fmt: skip
    assert [(e.actor_name, (e.after or {})["name"]) for e in made] == [("clerk", "b"), ("clerk", "a")]
