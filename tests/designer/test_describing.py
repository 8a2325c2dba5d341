"""What differs between two versions, in sentences that a reader who knows no key and no name understands."""

from __future__ import annotations

from typing import Any

from dougong_designer.describing import as_data, count, describe
from dougong_runtime.documents import refactor
from dougong_runtime.documents.references import Target
from dougong_runtime.labels import Language
from dougong_runtime.model.link import examine_stored
from make import app_of

SCHOOL = """
kind: app
name: school
version: 1.0.0
---
kind: entity
name: course
label: {zh: 课程, en: Course}
title: name
fields:
  - {name: name, type: text, label: {zh: 名称, en: Name}}
  - {name: fee, type: decimal, scale: 2, label: {zh: 费用, en: Fee}}
  - {name: level, type: choice, label: {zh: 级别, en: Level},
     options: [{value: low, label: {zh: 初级, en: Beginners}, color: green}, {value: high}]}
  - {name: twice, type: formula, formula: "fee * 2 + fee", result: decimal, scale: 2}
  - {name: stage, type: stage, label: {zh: 阶段, en: Stage}, stages: [{value: open, label: {zh: 报名, en: Open}},
     {value: shut, label: {zh: 结束, en: Shut}}], transitions: [{from: open, to: shut}]}
---
kind: form
name: course_form
label: {zh: 课程表单, en: Course form}
entity: course
layout: [{section: {zh: 基本, en: Basics}, fields: [name, {field: fee, show: "fee > 0"}]}]
---
kind: view
name: courses
label: {zh: 全部课程, en: Courses}
entity: course
columns: [name, fee]
filter: "fee > 10"
---
kind: role
name: clerk
label: {zh: 教务, en: Clerk}
grants:
  - {entity: course, actions: [read, export], hide: [fee]}
---
kind: workflow
name: dunning
label: {zh: 催缴, en: Dunning}
trigger: {on: record_updated, entity: course, fields: [fee]}
steps:
  - {id: cheaper, do: update_records, entity: course, filter: "fee > 5", values: {fee: "record.fee - 1"}}
"""


def stored() -> dict[str, Any]:
    return dict(app_of(SCHOOL).source)


def told(old: dict[str, Any], new: dict[str, Any], language: Language) -> list[str]:
    return [s.text(language) for document in describe(old, new) for s in document.sentences]


def changed(documents: dict[str, Any], key: str, **properties: Any) -> dict[str, Any]:
    return {**documents, key: {**documents[key], **properties}}


def field(documents: dict[str, Any], name: str, **properties: Any) -> dict[str, Any]:
    fields = [{**f, **properties} if f["name"] == name else f for f in documents["entity/course"]["fields"]]
    return changed(documents, "entity/course", fields=fields)


def test_a_rename_is_one_sentence_and_says_how_many_places_follow() -> None:
    old = stored()
    new = refactor.rename(old, examine_stored(old).references, Target("field", "fee", "course"), "price")
    assert told(old, new, "zh") == ["字段 费用：内部名 fee → price（8 处引用已同步）"]
    assert told(old, new, "en") == ["field Fee: internal name fee → price (8 references follow)"]
    # What changes besides is told.
    more = changed(new, "view/courses", filter="price > 20")
    assert told(old, more, "en")[-1] == "filter: fee > 10 → price > 20"


def test_labels_and_titles_stand_for_names_and_keys() -> None:
    old = stored()
    options = [
        {**old["entity/course"]["fields"][2]["options"][0], "color": "blue"},
        *old["entity/course"]["fields"][2]["options"][1:],
    ]
    cases: list[tuple[dict[str, Any], str, str]] = [
        (field(old, "fee", required=True), "字段 费用：必填 否 → 是", "field Fee: required no → yes"),
        (field(old, "fee", label={"zh": "费用", "en": "Price"}), "字段 费用：标题 Fee → Price", "field Price: label Fee → Price"),
        (field(old, "fee", type="money"), "字段 费用：类型 小数 → 金额", "field Fee: type Decimal → Money"),
        (field(old, "level", options=options), "字段 级别：选项「初级」 · 颜色 绿 → 蓝", "field Level: option “Beginners” · colour green → blue"),
        (changed(old, "view/courses", columns=["name", "level"]), "列：费用 → 级别", "columns: Fee → Level"),
    ]  # fmt: skip
    for new, zh, en in cases:
        assert told(old, new, "zh") == [zh]
        assert told(old, new, "en") == [en]


def test_what_comes_and_goes_is_named_with_its_kind() -> None:
    old = stored()
    fields = old["entity/course"]["fields"]
    note = {"name": "note", "id": "n1", "type": "long_text", "label": {"zh": "备注", "en": "Note"}}
    new = changed(old, "entity/course", fields=[*fields[:3], *fields[4:], note])
    del new["view/courses"]
    assert told(old, new, "zh") == ["删除字段 twice", "新增字段 备注（多行文字）", "删除视图 全部课程"]
    assert told(old, new, "en")[1:] == ["New field Note (long text)", "view Courses removed"]
    stages = [*fields[4]["stages"], {"value": "gone", "id": "g", "label": {"zh": "取消", "en": "Cancelled"}}]
    assert told(old, field(old, "stage", stages=stages), "zh") == ["字段 阶段：新增阶段「取消」"]


def test_what_a_role_may_do_is_said_as_that() -> None:
    old = stored()
    grant = {**old["role/clerk"]["grants"][0], "actions": ["read", "update"]}
    new = changed(old, "role/clerk", grants=[grant])
    assert told(old, new, "zh") == ["可以 修改 课程", "不再能 导出 课程"]
    assert told(old, new, "en") == ["may update Course", "may no longer export Course"]
    found = describe(old, new)
    assert [d.title("en") for d in found] == ["Role “Clerk”"]
    assert count(found) == 2
    assert as_data(found, "en")[0]["changes"][1]["what"] == "denied"


def test_the_version_of_the_app_itself_is_not_among_the_changes() -> None:
    old = stored()
    assert describe(old, changed(old, "app/school", version="1.1.0")) == ()
