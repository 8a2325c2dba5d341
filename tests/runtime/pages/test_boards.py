"""Boards, calendars, time lines, galleries and trees as values: who sees what, in which place, with which way on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import make
from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.pages.boards import calendar, fitting, gallery, kanban, timeline, tree
from dougong_runtime.pages.boards.asking import Mover
from dougong_runtime.pages.boards.days import Days
from dougong_runtime.pages.boards.fitting import Span
from dougong_runtime.pages.boards.shifting import Shift, shifted
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.views import find_view
from world import World

APP = """
kind: app
name: atelier
---
kind: entity
name: job
label: {zh: 活计, en: Job}
title: name
fields:
  - {name: name, type: text, required: true, search: true, label: {zh: 名称, en: Name}}
  - {name: kind, type: choice, label: {zh: 种类, en: Kind}, options: [{value: repair, label: {zh: 修理, en: Repair}, color: blue}, {value: new, label: {zh: 新作, en: New}}]}
  - {name: maker, type: user, label: {zh: 制作人, en: Maker}}
  - {name: starts_at, type: datetime, label: {zh: 开始, en: Starts}}
  - {name: ends_at, type: datetime, label: {zh: 结束, en: Ends}}
  - {name: due_on, type: date, label: {zh: 交期, en: Due}}
  - {name: wood, type: decimal, precision: 10, scale: 2, unit: m3, label: {zh: 木料, en: Wood}}
  - {name: price, type: decimal, precision: 10, scale: 2, unit: CNY, label: {zh: 价, en: Price}}
  - {name: within, type: reference, to: job, inverse: parts, on_delete: clear, label: {zh: 属于, en: Part of}}
  - {name: photo, type: image, label: {zh: 照片, en: Photo}}
  - name: stage
    type: stage
    label: {zh: 阶段, en: Stage}
    stages: [{value: asked, label: {zh: 已询, en: Asked}}, {value: made, label: {zh: 在制, en: Being made}, color: amber}, {value: given, label: {zh: 已交, en: Given}, color: green}]
    transitions:
      - {from: asked, to: made, requires: [maker]}
      - {from: made, to: given, roles: [master], when: "price > 0", message: {zh: 还没有定价, en: It has no price yet}}
      - {from: made, to: asked}
---
{kind: view, name: board, entity: job, type: kanban, group: stage, card: [kind, wood, due_on, maker], end: due_on}
---
{kind: view, name: plan, entity: job, type: calendar, start: starts_at, end: ends_at}
---
{kind: view, name: whole, entity: job, type: tree, parent: within, columns: [name, kind]}
---
{kind: view, name: photos, entity: job, type: gallery, image: photo, card: [kind]}
---
{kind: view, name: jobs, entity: job, columns: [name, kind]}
---
kind: role
name: master
label: {zh: 师傅, en: Master}
grants: [{entity: job, actions: [read, create, update, delete]}]
---
kind: role
name: hand
label: {zh: 学徒, en: Hand}
grants: [{entity: job, actions: [read, create, update], rows: "maker = USER() OR kind = 'new'"}]
---
kind: role
name: guest
grants: [{entity: job, actions: [read], hide: [starts_at, ends_at, due_on, photo, within]}]
"""
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Ten in the morning of a Monday in Shanghai."""


def _atelier(url: str) -> World:
    world = World.make(url, make.app_of(APP))
    for name in ("master", "hand", "guest"):
        world.person(name, name)
    return world


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    made = World.copied(database_kind, tmp_path, "boards", _atelier)
    yield made
    made.close()


@contextmanager
def looking(
    world: World, view: str, who: str = "master", language: str = "zh", **state: str
) -> Iterator[Frame]:
    """A view before somebody."""
    with world.acting(who) as records:
        desk = Desk(records, Reader("en" if language == "en" else "zh", "Asia/Shanghai", NOW))
        found = find_view(desk.app, view)
        assert found is not None
        given = {"as" if k == "as_" else k: v for k, v in state.items()}
        yield Frame(desk, found, ListState.of(given))


def jobs(world: World, *rows: dict[str, object]) -> list[str]:
    """Records made by the system."""
    with world.acting() as records:
        return [str(records.create("job", row)["id"]) for row in rows]


def moved(world: World, id_: str, *stages: str) -> None:
    with world.acting() as records:
        for stage in stages:
            records.update("job", id_, {"stage": stage})


# --- boards -------------------------------------------------------------------------------------------------------
@every_database
def test_lanes_hold_what_the_database_counts_and_sums(world: World) -> None:
    master = world.people["master"].user
    ids = jobs(
        world,
        {"name": "椅", "wood": "1.50", "maker": master, "due_on": "2026-03-01"},
        {"name": "桌", "wood": "2.25", "maker": master, "due_on": "2026-03-04"},
        {"name": "柜", "maker": master, "price": "7.00"},
    )
    moved(world, ids[0], "made")
    with looking(world, "board", totals="price:sum") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert [lane.sum for lane in board.lanes] == ["7.00", "", ""]
        assert [(s.label, s.current) for s in board.sums] == [("木料", False), ("价", True)]
    with looking(world, "board") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert [(lane.key, lane.count, lane.sum) for lane in board.lanes] == [
            ("asked", "2", "2.25"),
            ("made", "1", "1.50"),
            ("given", "0", ""),
        ]
        (late,) = board.lanes[1].cards
        assert (late.due.text, late.due.is_late) == ("逾期 1 天", True) if late.due else False
        assert [c.due.text for c in board.lanes[0].cards if c.due] == ["周三"]


@every_database
def test_further_cards_follow_the_first_without_gap_or_repetition(world: World) -> None:
    jobs(world, *({"name": f"椅 {n:02}"} for n in range(45)))
    with looking(world, "board", sort="name") as frame:
        board = kanban.board(frame)
        assert board is not None
        first = board.lanes[0]
        seen = [c.title for c in first.cards]
        cursor = first.more_href.rsplit("cursor=", 1)[1]
        while cursor:
            more = kanban.further(frame, "asked", cursor)
            assert more is not None
            seen += [c.title for c in more.cards]
            cursor = more.more_href.rsplit("cursor=", 1)[1] if more.more_href else ""
        assert seen == [f"椅 {n:02}" for n in range(45)]


@every_database
def test_a_lane_says_why_it_is_shut_before_anything_is_tried(world: World) -> None:
    with looking(world, "board", "hand") as frame:
        board = kanban.board(frame)
        assert board is not None
        shut = json.loads(board.shut)
        assert shut["asked"] == {"given": "没有这条路径，可以转到：在制"}
        assert shut["made"] == {"given": "只有师傅可以这样做"}
        assert set(shut["given"]) == {"asked", "made"}
    with looking(world, "board", "master") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert "given" not in json.loads(board.shut)["made"]
    with looking(world, "board", "guest") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert not board.movable


@every_database
def test_a_way_says_whether_its_condition_holds_for_this_card(world: World) -> None:
    master = world.people["master"].user
    cheap, dear = jobs(
        world, {"name": "无价", "maker": master}, {"name": "有价", "price": "9.00", "maker": master}
    )
    moved(world, cheap, "made")
    moved(world, dear, "made")
    with looking(world, "board") as frame:
        field = fitting.lane_field(frame)
        assert field is not None
        why = {i: {w.key: w.why for w in Mover.of(frame, field, i).ways().ways} for i in (cheap, dear)}
        assert why[cheap]["given"] == "还没有定价"
        assert why[dear]["given"] == ""


@every_database
def test_what_a_way_demands_is_asked_for_and_a_shut_way_is_a_card(world: World) -> None:
    (bare,) = jobs(world, {"name": "椅"})
    with looking(world, "board") as frame:
        field = fitting.lane_field(frame)
        assert field is not None
        mover = Mover.of(frame, field, bare)
        with pytest.raises(Refused) as refused:
            frame.desk.records.update("job", bare, {"stage": "made"})
        asked = mover.asked(refused.value, "made", _Sent())
        assert [f.name for s in asked.sections for f in s.fields] == ["maker"]
    with looking(world, "board") as frame:
        with pytest.raises(Refused) as refused:
            frame.desk.records.update("job", bare, {"stage": "given"})
        told = Mover.of(frame, field, bare).asked(refused.value, "given", _Sent())
        assert not told.is_form
        assert [r.text for r in told.reasons] == ["没有这条路径，可以转到：在制"]


class _Sent(dict[str, str]):
    """A form that was sent empty."""

    def getlist(self, key: object) -> list[str]:
        return []


@every_database
def test_people_and_choices_make_lanes_too_with_one_for_none(world: World) -> None:
    master, hand = world.people["master"].user, world.people["hand"].user
    jobs(world, {"name": "a", "maker": master}, {"name": "b", "maker": hand}, {"name": "c", "kind": "new"})
    with looking(world, "board", group="maker") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert {lane.key: lane.count for lane in board.lanes} == {master: "1", hand: "1", "": "1"}
        assert board.lanes[-1].key == ""
    with looking(world, "board", group="kind") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert [(lane.label, lane.count) for lane in board.lanes] == [
            ("修理", "0"),
            ("新作", "1"),
            ("未填写", "2"),
        ]


@every_database
def test_a_board_shows_and_counts_what_its_reader_may_read(world: World) -> None:
    hand = world.people["hand"].user
    jobs(
        world,
        {"name": "他的", "kind": "repair"},
        {"name": "我的", "maker": hand},
        {"name": "新", "kind": "new"},
    )
    with looking(world, "board", "hand") as frame:
        board = kanban.board(frame)
        assert board is not None
        assert {c.title for lane in board.lanes for c in lane.cards} == {"我的", "新"}
        assert board.lanes[0].count == "2"


# --- which ways fit -------------------------------------------------------------------------------------------------
@every_database
def test_a_view_offers_the_ways_that_its_fields_allow_its_reader(world: World) -> None:
    with looking(world, "jobs") as frame:
        words = [w.label for w in fitting.way_links(frame)]
        assert words == ["表格", "看板", "日历", "时间线", "卡片", "树"]
    with looking(world, "jobs", "guest") as frame:
        assert [w.label for w in fitting.way_links(frame)] == ["表格", "看板"]
        assert calendar.calendar(frame) is None
        assert tree.tree(frame) is None
        assert gallery.gallery(frame) is None


# --- days -----------------------------------------------------------------------------------------------------------
@every_database
def test_a_month_shows_what_touches_its_days_where_the_reader_is(world: World) -> None:
    jobs(
        world,
        {"name": "夜", "starts_at": "2026-02-28T16:30:00Z"},  # the first of March in Shanghai
        {"name": "长", "starts_at": "2026-03-05T01:00:00Z", "ends_at": "2026-03-07T01:00:00Z"},
        {"name": "从前", "starts_at": "2026-01-10T01:00:00Z", "ends_at": "2026-03-03T02:00:00Z"},
        {"name": "远", "starts_at": "2026-06-01T01:00:00Z"},
        {"name": "无日"},
    )
    with looking(world, "plan", on="2026-03-15") as frame:
        month = calendar.calendar(frame)
        assert month is not None
        assert month.title == "2026 年 3 月"
        cells = {c.on: c for week in month.weeks for c in week}
        shown = {d: [b.item.title for b in c.bars if b.item] for d, c in cells.items()}
        assert shown[date(2026, 3, 1)] == ["夜"]
        assert shown[date(2026, 3, 5)] == ["长"]
        assert cells[date(2026, 3, 5)].bars[0].days == 3
        assert [b.item for b in cells[date(2026, 3, 6)].bars] == [None]
        assert shown[date(2026, 2, 23)] == ["从前"]
        assert "远" not in {t for titles in shown.values() for t in titles}
        assert cells[date(2026, 3, 2)].is_today
        assert cells[date(2026, 3, 7)].is_free
        assert not cells[date(2026, 3, 6)].is_free


@every_database
def test_a_full_day_shows_two_and_counts_the_rest(world: World) -> None:
    jobs(world, *({"name": f"n{n}", "starts_at": f"2026-03-10T0{n}:00:00Z"} for n in range(5)))
    with looking(world, "plan", on="2026-03-10") as frame:
        month = calendar.calendar(frame)
        assert month is not None
        day = next(c for week in month.weeks for c in week if c.on == date(2026, 3, 10))
        assert ([b.item.title for b in day.bars if b.item], day.more, day.count) == (["n0", "n1"], 3, 5)


@every_database
def test_a_month_too_full_to_read_counts_each_day_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs(world, *({"name": f"n{n}", "starts_at": f"2026-03-{n % 3 + 10}T01:00:00Z"} for n in range(12)))
    found = {}
    for limit in (5, 400):
        monkeypatch.setattr(Days.within, "__defaults__", (limit,))
        with looking(world, "plan", on="2026-03-10") as frame:
            month = calendar.calendar(frame)
            assert month is not None
            found[limit] = {c.on: (len(c.bars), c.more) for week in month.weeks for c in week if c.count}
    assert found[5] == found[400] == {date(2026, 3, d): (2, 2) for d in (10, 11, 12)}


@every_database
def test_a_week_has_its_hours_and_entries_beside_each_other(world: World) -> None:
    jobs(
        world,
        {"name": "a", "starts_at": "2026-03-03T01:00:00Z", "ends_at": "2026-03-03T03:00:00Z"},
        {"name": "b", "starts_at": "2026-03-03T02:00:00Z", "ends_at": "2026-03-03T02:30:00Z"},
        {"name": "c", "starts_at": "2026-03-03T05:00:00Z"},
    )
    with looking(world, "plan", on="2026-03-03", span="week") as frame:
        week = calendar.calendar(frame)
        assert week is not None
        blocks = {b.item.title: b for column in week.columns for b in column.blocks}
        assert {t: (b.x, b.width) for t, b in blocks.items()} == {
            "a": ("0.000%", "50.000%"),
            "b": ("50.000%", "50.000%"),
            "c": ("0.000%", "100.000%"),
        }
        assert (blocks["a"].y, blocks["a"].height) == (9 * 48, 2 * 48 - 1)


@every_database
def test_a_record_is_put_on_another_day_by_the_readers_clock(world: World) -> None:
    """In Berlin the clock goes forward on 29 March 2026: a week later is the same hour, not the same instant."""
    values = {"starts_at": "2026-03-25T08:00:00Z", "ends_at": "2026-03-25T09:00:00Z"}
    berlin = Reader("en", "Europe/Berlin", NOW)
    with looking(world, "plan") as frame:
        span = fitting.span(frame)
        assert span is not None
        assert span.end is not None
        assert shifted(span, values, Shift(7, 0), berlin) == {
            "starts_at": "2026-04-01T07:00:00Z",
            "ends_at": "2026-04-01T08:00:00Z",
        }
        assert shifted(span, values, Shift(0, 45, "end"), berlin) == {"ends_at": "2026-03-25T09:45:00Z"}
        assert shifted(span, values, Shift(-3, 0, "end"), berlin) == {"ends_at": "2026-03-25T08:00:00Z"}
        assert shifted(Span(span.start, None), values, Shift(1, 0), berlin) == {
            "starts_at": "2026-03-26T08:00:00Z"
        }


@every_database
def test_a_time_line_puts_bars_on_its_scale_and_the_undated_aside(world: World) -> None:
    master = world.people["master"].user
    jobs(
        world,
        {
            "name": "今",
            "starts_at": "2026-03-02T01:00:00Z",
            "ends_at": "2026-03-08T01:00:00Z",
            "maker": master,
        },
        {"name": "无日"},
    )
    with looking(world, "plan", as_="timeline", group="maker", span="day", on="2026-03-09") as frame:
        line = timeline.timeline(frame)
        assert line is not None
        assert line.first == "2026-03-02"
        (group,) = line.groups
        (row,) = group.rows
        assert (row.x, row.width) == ("0.000%", "25.000%")
        assert line.aside is not None
        assert [link.label for link in line.aside.items] == ["无日"]
        assert line.today_x == f"{50 / 28:.3f}%"


# --- trees ----------------------------------------------------------------------------------------------------------
@every_database
def test_a_tree_opens_branch_by_branch_with_counts(world: World) -> None:
    (root,) = jobs(world, {"name": "房"})
    (roof, _floor) = jobs(world, {"name": "顶", "within": root}, {"name": "地", "within": root})
    jobs(world, {"name": "瓦", "within": roof})
    with looking(world, "whole", sort="name") as frame:
        top = tree.tree(frame)
        assert top is not None
        assert [(n.row.title, n.children) for n in top.branch.nodes] == [("房", 2)]
        below = tree.branch(frame, root, 2, "")
        assert below is not None
        assert [(n.row.title, n.children, n.level) for n in below.nodes] == [("地", 0, 2), ("顶", 1, 2)]
    with looking(world, "whole", search="瓦") as frame:
        flat = tree.tree(frame)
        assert flat is not None
        assert [(n.row.title, n.above) for n in flat.branch.nodes] == [("瓦", "顶")]


@every_database
def test_a_record_below_one_that_its_reader_may_not_see_stands_at_the_root(world: World) -> None:
    (hidden,) = jobs(world, {"name": "不给看", "kind": "repair"})
    jobs(world, {"name": "孤", "kind": "new", "within": hidden}, {"name": "根", "kind": "new"})
    with looking(world, "whole", "hand", sort="name") as frame:
        found = tree.tree(frame)
        assert found is not None
        assert {n.row.title for n in found.branch.nodes} == {"孤", "根"}


@every_database
def test_nothing_comes_to_stand_below_itself(world: World) -> None:
    (a,) = jobs(world, {"name": "甲"})
    (b,) = jobs(world, {"name": "乙", "within": a})
    (c,) = jobs(world, {"name": "丙", "within": b})
    with looking(world, "whole") as frame:
        parent = fitting.parent_field(frame)
        assert parent is not None
        tree.check_place(frame, parent, c, a)
        for below in (a, b, c):
            with pytest.raises(Refused) as refused:
                tree.check_place(frame, parent, a, below)
            assert refused.value.problems[0].text("zh") == "「甲」不能放在它自己的下级里。"


@every_database
def test_a_gallery_goes_on_from_its_cursor(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "PICTURES", 2)
    jobs(world, *({"name": f"g{n}", "kind": "new"} for n in range(3)))
    with looking(world, "photos", sort="name") as frame:
        first = gallery.gallery(frame)
        assert first is not None
        assert ([p.card.title for p in first.pictures], first.count_text) == (["g0", "g1"], "3")
        cursor = first.more_href.rsplit("cursor=", 1)[1]
    with looking(world, "photos", sort="name", cursor=cursor) as frame:
        rest = gallery.gallery(frame)
        assert rest is not None
        assert ([p.card.title for p in rest.pictures], rest.more_href) == (["g2"], "")
