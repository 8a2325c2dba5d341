"""A school, small enough to be read whole, with everything that files may hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from make import app_of
from world import World

SCHOOL = """
kind: app
name: school
label: {zh: 学校, en: School}
version: 1.0.0
---
kind: entity
name: room
label: {zh: 教室, en: Room}
title: name
fields:
  - {name: name, type: text, label: {zh: 名称, en: Name}, required: true}
  - {name: code, type: text, label: {zh: 编码, en: Code}, unique: true}
  - {name: pupils, type: formula, formula: COUNT(members), result: integer}
---
kind: entity
name: club
label: {zh: 社团, en: Club}
title: name
fields:
  - {name: name, type: text, label: {zh: 名称, en: Name}, required: true, unique: true}
---
kind: entity
name: pupil
label: {zh: 学生, en: Pupil}
title: name
fields:
  - {name: name, type: text, label: {zh: 姓名, en: Name}, required: true}
  - {name: card, type: autonumber, pattern: "P{0000}", label: {zh: 卡号, en: Card}}
  - {name: number, type: text, label: {zh: 学号, en: Number}, unique: true}
  - {name: phone, type: phone, label: {zh: 电话, en: Phone}, sensitive: true}
  - {name: born_on, type: date, label: {zh: 出生日期, en: Born on}}
  - {name: seen_at, type: datetime, label: {zh: 最近到校, en: Seen at}}
  - {name: fee, type: decimal, precision: 12, scale: 2, default: "20.00", label: {zh: 学费, en: Fee}}
  - {name: boards, type: boolean, label: {zh: 住校, en: Boards}}
  - name: level
    type: choice
    label: {zh: 年级, en: Level}
    options: [{value: low, label: {zh: 初级, en: Junior}}, {value: high, label: {zh: 高级, en: Senior}}]
  - {name: skills, type: tags, label: {zh: 特长, en: Skills}}
  - {name: note, type: long_text, label: {zh: 备注, en: Note}}
  - {name: room, type: reference, to: room, inverse: members, label: {zh: 教室, en: Room}}
  - {name: mentor, type: reference, to: pupil, inverse: mentees, label: {zh: 学长, en: Mentor}}
  - {name: teacher, type: user, label: {zh: 班主任, en: Teacher}}
  - {name: clubs, type: references, to: club, inverse: pupils, label: {zh: 社团, en: Clubs}}
  - {name: half_fee, type: formula, formula: "fee / 2", result: decimal, scale: 2, label: {zh: 半价, en: Half}}
rules:
  - {name: fee_positive, check: "fee >= 0", message: {zh: 学费不能为负, en: The fee cannot be negative}}
  - {name: fee_usual, check: "fee <= 1000", severity: warn, message: {zh: 学费不寻常, en: An unusual fee}}
---
kind: entity
name: remark
label: {zh: 评语, en: Remark}
title: subject
fields:
  - {name: subject, type: text, required: true}
  - {name: about, type: reference, to: [pupil, room], label: {zh: 关于, en: About}}
---
kind: role
name: clerk
label: {zh: 教务, en: Clerk}
grants:
  - {entity: pupil, actions: [read, create, update, import, export], mask: [{field: phone, show: last4}], readonly: [phone]}
  - {entity: room, actions: [read], rows: "code <> 'secret'"}
  - {entity: club, actions: [read]}
---
kind: role
name: reader
label: {zh: 读者, en: Reader}
grants: [{entity: pupil, actions: [read]}]
"""


@pytest.fixture
def school(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A school with a clerk, who takes files in and out, and a reader, who may not."""
    world = World.copied(database_kind, tmp_path, "school", _people)
    yield world
    world.close()


def _people(database_url: str) -> World:
    world = World.make(database_url, app_of(SCHOOL))
    world.person("clerk", "clerk")
    world.person("reader", "reader")
    return world
