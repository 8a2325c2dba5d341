"""Fields of an entity as builders make them: a line understood, every type whole at once, order, copies, options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

import make
from dougong_designer import patch as patches
from dougong_designer.entities import access as seen_by
from dougong_designer.entities import (
    fields,
    guards,
    making,
    options,
    properties,
    quick,
    retire,
    retyping,
    uses,
)
from dougong_designer.entities.table import lines
from dougong_designer.entities.types import LINKING, grouped
from dougong_designer.identified import identified
from dougong_designer.shapes import check_shapes
from dougong_runtime.documents.references import References
from dougong_runtime.errors import Refused
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.link import examine_stored

KEY = "entity/patient"


@cache
def clinic() -> Mapping[str, Any]:
    """The clinic's documents as they are kept."""
    return dict(make.app("clinic").source)


def references(documents: Mapping[str, Any]) -> References:
    return examine_stored(documents).references


def problems(documents: Mapping[str, Any]) -> list[str]:
    """What is wrong with documents, shapes and links, once everything new has its id."""
    made = {
        key: data if data is clinic().get(key) else identified("clinic", key.partition("/")[0], data)
        for key, data in documents.items()
    }
    check_shapes(clinic(), made, [key for key in made if made[key] is not clinic().get(key)])
    return [problem.text("en") for problem in examine_stored(made).problems]


def names(documents: Mapping[str, Any], key: str = KEY) -> list[str]:
    return [str(field["name"]) for field in fields.fields_of(documents[key])]


def the(documents: Mapping[str, Any], name: str, key: str = KEY) -> Mapping[str, Any]:
    return next(field for field in fields.fields_of(documents[key]) if field["name"] == name)


def refusal(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.problems[0].type.name


LINES = [
    ("负责医生 人员 必填", ("负责医生", "user", ("required",), (), "")),
    ("Manager user required", ("Manager", "user", ("required",), (), "")),
    ("状态 单选: 新, 处理中, 完成", ("状态", "choice", (), ("新", "处理中", "完成"), "")),
    ("Grade choice：A、B；C", ("Grade", "choice", (), ("A", "B", "C"), "")),
    ("工号 唯一 必填 单行文字", ("工号", "text", ("unique", "required"), (), "")),
    ("Long note long text searchable", ("Long note", "long_text", ("search",), (), "")),
    ("身份证 证件号码 敏感", ("身份证", "id_number", ("sensitive",), (), "")),
    ("Born on date", ("Born on", "date", (), (), "")),
    ("复诊日期", ("复诊日期", "date", (), (), "")),
    ("Due date date required", ("Due date", "date", ("required",), (), "")),
    ("Emergency phone", ("Emergency phone", "phone", (), (), "")),
    ("颜色偏好: 红, 蓝", ("颜色偏好", "choice", (), ("红", "蓝"), "")),
    ("上次就诊 就诊", ("上次就诊", "reference", (), (), "visit")),
    ("Previous visit reference → Visit", ("Previous visit", "reference", (), (), "visit")),
    ("必填", ("必填", "text", (), (), "")),
    ("  昵称  ", ("昵称", "text", (), (), "")),
    ("人员", ("人员", "user", (), (), "")),
    ("🙂", ("🙂", "text", (), (), "")),
]


@pytest.mark.parametrize(("text", "wish"), LINES, ids=[text for text, _ in LINES])
def test_a_line_is_understood_in_either_language(text: str, wish: tuple[Any, ...]) -> None:
    found = quick.parse(text, clinic())
    assert (found.label, found.type, found.demands, found.options, found.to) == wish
    language: Language = "zh"
    field = fields.wished(clinic(), KEY, found, language)
    assert problems(fields.with_field(clinic(), KEY, field)) == []


@pytest.mark.parametrize(
    "text", ["", "  ", ": a, b", "a 文本: b, c", "a:", "a 单选: ,，", "x" * 2_001, "b 阶段: c"]
)
def test_nonsense_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(Refused) as refused:
        quick.parse(text, clinic())
    assert refusal(refused) == "not-a-field"
    assert "「" in refused.value.problems[0].remedy("zh")


def every_type() -> Iterator[str]:
    for group in grouped():
        yield from group.types


def test_the_palette_has_every_type_once() -> None:
    assert sorted(every_type()) == sorted(FIELD_TYPES)


def test_a_dropped_field_of_every_type_is_whole_at_once() -> None:
    """Twice each, in an entity that has no stage yet: names and labels differ, shapes and links hold."""
    key = "entity/medicine"
    documents: Mapping[str, Any] = clinic()
    for type_name in every_type():
        to = "visit" if type_name in LINKING else ""
        for turn in range(2):
            if type_name == "stage" and turn:
                with pytest.raises(Refused) as refused:
                    fields.dropped(documents, key, type_name, to)
                assert refusal(refused) == "one-stage-only"
                continue
            documents = fields.with_field(documents, key, fields.dropped(documents, key, type_name, to))
    assert problems(documents) == []
    labels = [Label.of(f["label"]).zh for f in fields.fields_of(documents[key])]
    assert len(set(labels)) == len(labels)
    assert (
        len(list(lines(documents, clinic(), key, "en")))
        == len(names(clinic(), key)) + 2 * len(FIELD_TYPES) - 1
    )


def test_a_reference_asks_what_it_points_at_and_gets_a_way_back() -> None:
    for type_name in LINKING:
        with pytest.raises(Refused) as refused:
            fields.dropped(clinic(), KEY, type_name)
        assert refusal(refused) == "which-entity"
    field = fields.dropped(clinic(), "entity/visit", "reference", "patient")
    assert field["name"] == "patient_2"
    assert field["inverse"] == "visits_2"
    with pytest.raises(Refused) as refused:
        fields.dropped(clinic(), KEY, "no_such_type")
    assert refusal(refused) == "unknown-field-type"


def test_a_field_moves_with_all_that_is_its_own() -> None:
    phone, first = the(clinic(), "phone"), fields.fields_of(clinic()[KEY])[0]
    up = fields.moved(clinic(), KEY, phone["id"], first["id"])
    assert names(up)[:2] == ["phone", first["name"]]
    assert the(up, "phone") is phone
    assert sorted(names(up)) == sorted(names(clinic()))
    patch = patches.between(clinic(), up)
    assert [(one.op, one.before) for one in patch] == [("move", first["id"])]
    down = fields.moved(up, KEY, phone["id"], None)
    assert names(down)[-1] == "phone"
    assert fields.moved(up, KEY, phone["id"], phone["id"]) is up


def test_a_copy_stands_behind_with_ids_of_its_own() -> None:
    risk = the(clinic(), "risk")
    made, identity = fields.doubled(clinic(), KEY, risk["id"])
    assert names(made).index("risk_2") == names(made).index("risk") + 1
    copy = the(made, "risk_2")
    assert copy["id"] == identity != risk["id"]
    assert not {o["id"] for o in copy["options"]} & {o["id"] for o in risk["options"]}
    assert problems(made) == []
    stage = the(clinic(), "stage")
    with pytest.raises(Refused) as refused:
        fields.doubled(clinic(), KEY, stage["id"])
    assert refusal(refused) == "one-stage-only"


def test_options_are_added_coloured_ordered_and_retired() -> None:
    risk = the(clinic(), "risk")["id"]
    made = options.with_option(clinic(), KEY, risk, "处理中", "zh")
    new = the(made, "risk")["options"][-1]
    assert (new["value"], new["label"]) == ("in_progress", {"zh": "处理中"})
    made = options.option_changed(made, KEY, risk, new["id"], "color", "teal")
    made = options.option_changed(made, KEY, risk, new["id"], "label.en", "Under way")
    first = the(made, "risk")["options"][0]["id"]
    made = options.option_moved(made, KEY, risk, new["id"], first)
    one = the(made, "risk")["options"][0]
    assert (one["color"], one["label"]) == ("teal", {"zh": "处理中", "en": "Under way"})
    assert problems(made) == []
    assert the(options.without_option(made, KEY, risk, new["id"]), "risk") == the(clinic(), "risk")


def test_a_retired_stage_takes_its_ways_along() -> None:
    key, stage = "entity/visit", the(clinic(), "stage", "entity/visit")
    signed = next(one for one in stage["stages"] if one["value"] == "signed")
    made = options.without_option(clinic(), key, stage["id"], signed["id"])
    assert all(way["to"] != "signed" for way in the(made, "stage", key)["transitions"])
    made = options.with_way(made, key, stage["id"], "open", "cancelled")
    way = the(made, "stage", key)["transitions"][-1]
    made = options.way_changed(made, key, stage["id"], way["id"], "roles", ["doctor"])
    made = options.way_changed(made, key, stage["id"], way["id"], "when", "fee > 0")
    assert the(made, "stage", key)["transitions"][-1]["roles"] == ["doctor"]
    # What names the stage that is gone is told, not mended behind one's back.
    told = problems(made)
    assert told
    assert all("signed" in line for line in told)


def test_a_property_is_taken_as_its_type_understands_it() -> None:
    fee = the(clinic(), "fee", "entity/visit")["id"]

    def put(name: str, text: str) -> Any:
        made = properties.set_property(clinic(), "entity/visit", fee, name, text)
        return the(made, "fee", "entity/visit").get(name.partition(".")[0])

    assert put("precision", "20") == 20
    assert put("scale", "") is None
    assert put("minimum", "0.5") == "0.5"
    assert put("required", "true") is True
    assert put("required", "") is None
    assert put("label.en", "Charge") == {"zh": "诊费", "en": "Charge"}
    assert put("unit.zh", "元") == {"zh": "元"}
    for name, text in (("precision", "many"), ("scheme", "cn_id"), ("id", "x"), ("type", "text")):
        with pytest.raises(Refused):
            put(name, text)


def test_a_type_changes_with_what_both_know() -> None:
    visit = "entity/visit"
    reason = the(clinic(), "reason", visit)["id"]
    made = retyping.retyped(clinic(), visit, reason, "choice", values=["复查", "体检"])
    field = the(made, "reason", visit)
    assert [one["value"] for one in field["options"]] == ["复查", "体检"]
    assert field["search"] is True
    assert problems(made) == []
    back = retyping.retyped(made, visit, reason, "text")
    assert the(back, "reason", visit) == the(clinic(), "reason", visit)
    for type_name in FIELD_TYPES:
        if type_name == "stage":
            continue
        made = retyping.retyped(clinic(), visit, reason, type_name, to="patient")
        check_shapes(clinic(), made, [visit])
        # Its form, views and labels stay; only what asks for a text may object.
        assert the(made, "reason", visit)["id"] == reason


def test_a_retired_field_leaves_lists_and_comes_back_by_the_inverse() -> None:
    owner = the(clinic(), "mail")
    plan = retire.plan(clinic(), references(clinic()), KEY, owner["id"])
    assert {r.document.partition("/")[0] for r in plan.listed} >= {"form", "role"}
    kept = retire.retired(clinic(), references(clinic()), KEY, owner["id"], places=False)
    assert [key for key in kept if kept[key] is not clinic().get(key)] == [KEY]
    made = retire.retired(clinic(), references(clinic()), KEY, owner["id"], places=True)
    left = uses.of_field(references(made), "patient", owner)
    assert len(left) <= len(plan.left)
    assert not any(
        "mail" in str(made[r.document])
        for r in plan.listed
        if r.document not in {x.document for x in plan.left}
    )
    there = patches.between(made, clinic())
    assert dict(patches.apply(made, there)) == dict(clinic())
    assert [f["name"] for f in retire.gone_from(made, clinic(), KEY)] == ["mail"]
    alone = retire.restored(made, KEY, owner, fields.fields_of(clinic()[KEY]), ())
    assert names(alone) == names(clinic())


def test_a_message_loses_the_channel_of_a_retired_address_but_never_its_last() -> None:
    mail, key = the(clinic(), "mail"), "message/visit_missed"
    made = retire.retired(clinic(), references(clinic()), KEY, mail["id"], places=True)
    assert made[key]["channels"] == ["in_app"]
    assert uses.of_field(references(made), "patient", mail) == ()
    assert problems(made) == []
    only = {**clinic(), key: {**clinic()[key], "channels": clinic()[key]["channels"][:1]}}
    plan = retire.plan(only, references(only), KEY, mail["id"])
    assert key in {r.document for r in plan.left}
    made = retire.retired(only, references(only), KEY, mail["id"], places=True)
    assert made[key] is only[key]


def test_guards_are_made_changed_and_read_as_sentences() -> None:
    visit = "entity/visit"
    made: Any = clinic()
    for kind in guards.KINDS:
        made, identity = guards.with_guard(made, visit, kind)
        assert problems(made) == []
        if kind == "rules":
            made = guards.guard_changed(made, visit, kind, identity, "check", "fee >= 10 and stage <> 'open'")
            made = guards.guard_changed(made, visit, kind, identity, "message.zh", "至少十元")
            rule = guards.guards_of(made[visit], kind)[-1]
            assert guards.sentence(made, visit, kind, rule, "zh") == "必须 诊费 ≥ 10 且 状态 不是「进行中」"
            assert guards.broken_when(rule) == "NOT (fee >= 10 and stage <> 'open')"
        elif kind == "unique":
            made = guards.guard_changed(made, visit, kind, identity, "fields", ["doctor", "visited_at"])
            rule = guards.guards_of(made[visit], kind)[-1]
            assert guards.sentence(made, visit, kind, rule, "en") == "No two records share Doctor, At"
    assert problems(made) == []
    assert guards.retained(made, visit, None, "")[visit].get("retain") is None


def test_what_each_role_sees_of_a_field() -> None:
    def sees(name: str, entity: str = "patient") -> dict[str, str]:
        field = the(clinic(), name, f"entity/{entity}")
        return {one.role: one.seen for one in seen_by.of_field(clinic(), entity, field)}

    assert sees("phone") == {
        "doctor": "masked", "nurse": "masked", "head": "writable", "registrar": "writable",
        "analyst": "hidden", "clerk": "hidden",
    }  # fmt: skip
    assert sees("risk")["doctor"] == "readonly"
    assert sees("risk")["registrar"] == "hidden"
    assert sees("note", "visit")["nurse"] == "hidden"
    assert sees("code", "visit")["clerk"] == "no"


def test_a_whole_entity_is_made_and_taken_away_again() -> None:
    wanted = making.NewEntity(Label("研究报告", "Research report"), icon="news", roles=("doctor", "nurse"))
    made, name = making.made(clinic(), wanted)
    assert name == "research_report"
    assert problems(made) == []
    assert {key for key in made if key not in clinic()} == {
        "entity/research_report", "form/research_report_form", "view/research_reports",
    }  # fmt: skip
    assert made["app/clinic"]["menu"][-1]["items"] == [{"view": "research_reports"}]
    assert making.without(made, f"entity/{name}", with_its_own=True) == dict(clinic())
    with pytest.raises(Refused) as refused:
        making.made(made, making.NewEntity(Label("x", ""), name=name))
    assert refusal(refused) == "duplicate"
    assert making.made(made, wanted)[1] == "research_report_2"
