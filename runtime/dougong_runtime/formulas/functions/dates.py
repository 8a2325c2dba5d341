"""Dates and instants, on the clocks of the zone in force."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from dougong_runtime.exact import times
from dougong_runtime.exact.numbers import PLACES
from dougong_runtime.formulas.function import Example, Function, Parameter, Want, define
from dougong_runtime.formulas.tree import Call, Context, Literal, Node
from dougong_runtime.formulas.types import DATE, DATETIME, INTEGER, TEXT, TIME, Kind, number
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

FAMILY = "dates"
LABEL = Label("日期与时间", "Dates and times")
_DAY = Parameter("date", Want.DATE)
_AT = Parameter("instant", Want.INSTANT)
_END, _START = Parameter("end", Want.DATE), Parameter("start", Want.DATE)
_LATE, _EARLY = Parameter("end", Want.INSTANT), Parameter("start", Want.INSTANT)
_COUNT = Parameter("count", Want.NUMBER)
_SMALL = number(0, 5)
_FRACTION = number(PLACES, 15 + PLACES)
_D = Decimal


def _check_today(checker: Checker, syntax: Calling) -> Node:
    if syntax.arguments:
        checker.fail(syntax, "TODAY() 没有参数", "TODAY() takes no argument")
    return Context("today", DATE)


def _check_now(checker: Checker, syntax: Calling) -> Node:
    if syntax.arguments:
        checker.fail(syntax, "NOW() 没有参数", "NOW() takes no argument")
    return Context("now", DATETIME)


def _check_date(checker: Checker, syntax: Calling) -> Node:
    """DATE of an instant or of a text literal, or of year, month and day."""
    if len(syntax.arguments) == 1:
        return checker.node(syntax.arguments[0], Want.DATE)
    if len(syntax.arguments) != 3:
        checker.fail(
            syntax,
            "写法是 DATE(year, month, day) 或 DATE(instant)",
            "It is written DATE(year, month, day) or DATE(instant)",
        )
    return Call("make_date", checker.nodes(syntax.arguments, Want.NUMBER), DATE)


def _check_time(checker: Checker, syntax: Calling) -> Node:
    """TIME of an instant or of a text literal, or of hour, minute and second."""
    if len(syntax.arguments) == 1:
        node = checker.node(syntax.arguments[0])
        if node.type.kind is Kind.DATETIME:
            return Call("time_of", (node,), TIME)
        return checker.converted(node, Want.TIME, syntax.arguments[0])
    if len(syntax.arguments) not in (2, 3):
        checker.fail(
            syntax,
            "写法是 TIME(hour, minute, [second]) 或 TIME(instant)",
            "It is written TIME(hour, minute, [second]) or TIME(instant)",
        )
    return Call("make_time", checker.nodes(syntax.arguments, Want.NUMBER), TIME)


def _check_day_part(checker: Checker, syntax: Calling) -> Node:
    node = _only(checker, syntax, Want.DATE)
    return Call("day_part", (node, Literal(syntax.function, TEXT)), _SMALL)


def _check_time_part(checker: Checker, syntax: Calling) -> Node:
    if len(syntax.arguments) != 1:
        checker.fail(syntax, f"{syntax.written} 只有一个参数", f"{syntax.written} takes one argument")
    node = checker.node(syntax.arguments[0])
    which = Literal(syntax.function, TEXT)
    if node.type.kind is Kind.TIME:
        return Call("time_part", (node, which), _SMALL)
    return Call("part", (checker.converted(node, Want.INSTANT, syntax.arguments[0]), which), _SMALL)


def _check_bound(checker: Checker, syntax: Calling) -> Node:
    """START_OF_MONTH and its like."""
    which, unit = syntax.function.rsplit("_", 1)
    return Call(which, (_only(checker, syntax, Want.DATE), Literal(unit, TEXT)), DATE)


def _only(checker: Checker, syntax: Calling, want: Want) -> Node:
    if len(syntax.arguments) != 1:
        checker.fail(syntax, f"{syntax.written} 只有一个参数", f"{syntax.written} takes one argument")
    return checker.node(syntax.arguments[0], want)


def _check_age(checker: Checker, syntax: Calling) -> Node:
    if len(syntax.arguments) not in (1, 2):
        checker.fail(syntax, "写法是 AGE(date, [on])", "It is written AGE(date, [on])")
    nodes = checker.nodes(syntax.arguments, Want.DATE)
    return Call("age", (nodes[0], nodes[1] if len(nodes) == 2 else Context("today", DATE)), _SMALL)


def _check_at(checker: Checker, syntax: Calling) -> Node:
    if len(syntax.arguments) != 2:
        checker.fail(syntax, "写法是 AT(date, time)", "It is written AT(date, time)")
    day = checker.node(syntax.arguments[0], Want.DATE)
    return Call("_at", (day, checker.node(syntax.arguments[1], Want.TIME)), DATETIME)


def _utc(*parts: int) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


for _function in (
    Function(
        name="TODAY", family=FAMILY, syntax="TODAY()", check=_check_today,
        help=Label("今天。页面里按看的人的时区，计算字段里按站点的时区。", "Today: in the reader's zone on pages, in the site's in stored formulas."),
        examples=(Example("TODAY()", date(2026, 3, 2)), Example("TODAY() - 30", date(2026, 1, 31))),
    ),
    Function(
        name="NOW", family=FAMILY, syntax="NOW()", check=_check_now,
        help=Label("现在。", "This instant."), examples=(Example("NOW()", _utc(2026, 3, 2, 2, 0)), Example("NOW() + 0.5", _utc(2026, 3, 2, 14, 0))),
    ),
    Function(
        name="DATE", family=FAMILY, syntax="DATE(year, month, day), DATE(instant)", check=_check_date,
        help=Label("由年月日组成日期，或取时间的那一天；月、日超出会进位。", "A date from year, month and day, or the day of an instant; months and days beyond count on."),
        examples=(
            Example("DATE(2026, 2, 30)", date(2026, 3, 2)), Example("DATE('2026-03-02') + 7", date(2026, 3, 9)),
            Example("DATE(AT('2026-03-02', '23:30'))", date(2026, 3, 2)), Example("DATE('2026-03-09') - DATE('2026-03-02')", _D(7)),
        ),
    ),
    Function(
        name="TIME", family=FAMILY, syntax="TIME(hour, minute, [second]), TIME(instant)", check=_check_time,
        help=Label("由时分秒组成时刻，或取时间的时刻。", "A time of day from hour and minute, or that of an instant."),
        examples=(Example("TIME(9, 30)", time(9, 30)), Example("TIME(25, 0)", None), Example("TIME(AT('2026-03-02', '09:15'))", time(9, 15))),
    ),
    Function(
        name="AT", family=FAMILY, syntax="AT(date, time)", check=_check_at,
        help=Label("某日某时的时间点。", "The instant when clocks show that time on that day."),
        examples=(Example("AT('2026-03-02', '09:00')", _utc(2026, 3, 2, 1, 0)),),
    ),
    Function(
        name="YEAR", family=FAMILY, parameters=(_DAY,), check=_check_day_part,
        help=Label("年。", "The year."), examples=(Example("YEAR('2026-03-02')", _D(2026)),),
    ),
    Function(
        name="MONTH", family=FAMILY, parameters=(_DAY,), check=_check_day_part,
        help=Label("月，1 到 12。", "The month, 1 to 12."), examples=(Example("MONTH('2026-03-02')", _D(3)),),
    ),
    Function(
        name="DAY", family=FAMILY, parameters=(_DAY,), check=_check_day_part,
        help=Label("日，1 到 31。", "The day of the month, 1 to 31."), examples=(Example("DAY('2026-03-02')", _D(2)), Example("DAY(NOW())", _D(2))),
    ),
    Function(
        name="HOUR", family=FAMILY, parameters=(_AT,), check=_check_time_part,
        help=Label("时，0 到 23。", "The hour, 0 to 23."), examples=(Example("HOUR(NOW())", _D(10)), Example("HOUR(TIME('09:30'))", _D(9))),
    ),
    Function(
        name="MINUTE", family=FAMILY, parameters=(_AT,), check=_check_time_part,
        help=Label("分。", "The minute."), examples=(Example("MINUTE(TIME('09:30'))", _D(30)),),
    ),
    Function(
        name="SECOND", family=FAMILY, parameters=(_AT,), check=_check_time_part,
        help=Label("秒。", "The second."), examples=(Example("SECOND(TIME('09:30:15'))", _D(15)),),
    ),
    Function(
        name="QUARTER", family=FAMILY, parameters=(_DAY,), result=_SMALL, python=times.quarter,
        help=Label("季度，1 到 4。", "The quarter, 1 to 4."), examples=(Example("QUARTER('2026-03-02')", _D(1)),),
    ),
    Function(
        name="WEEKDAY", family=FAMILY, parameters=(_DAY, Parameter("kind", Want.NUMBER, True)), result=_SMALL, python=times.weekday,
        help=Label("星期几：默认周日为 1；kind 为 2 时周一为 1，为 3 时周一为 0。", "The day of the week: Sunday is 1; with kind 2 Monday is 1, with 3 Monday is 0."),
        examples=(Example("WEEKDAY('2026-03-02')", _D(2)), Example("WEEKDAY('2026-03-02', 2)", _D(1))),
    ),
    Function(
        name="WEEKNUM", family=FAMILY, parameters=(_DAY, Parameter("kind", Want.NUMBER, True)), result=_SMALL, python=times.weeknum,
        help=Label("一年中的第几周，1 月 1 日在第一周；默认周日起，kind 为 2 时周一起。", "The week of the year, 1 January in the first; from Sunday, or with kind 2 from Monday."),
        examples=(Example("WEEKNUM('2026-03-02', 2)", _D(10)),),
    ),
    Function(
        name="ISOWEEKNUM", family=FAMILY, parameters=(_DAY,), result=_SMALL, python=times.isoweeknum,
        help=Label("ISO 8601 的周次。", "The week by ISO 8601."), examples=(Example("ISOWEEKNUM('2027-01-01')", _D(53)),),
    ),
    Function(
        name="EDATE", family=FAMILY, parameters=(_DAY, Parameter("months", Want.NUMBER)), result=DATE, python=times.edate,
        help=Label("几个月以后，不越过月底。", "So many months later, within the month's end."),
        examples=(Example("EDATE('2024-01-31', 1)", date(2024, 2, 29)), Example("EDATE('2026-03-02', -12)", date(2025, 3, 2))),
    ),
    Function(
        name="EOMONTH", family=FAMILY, parameters=(_DAY, Parameter("months", Want.NUMBER, True)), result=DATE, python=times.eomonth,
        help=Label("几个月以后那个月的最后一天。", "The last day of the month so many months later."),
        examples=(Example("EOMONTH('2026-01-15', 1)", date(2026, 2, 28)),),
    ),
    Function(
        name="DAYS", family=FAMILY, parameters=(_END, _START), result=INTEGER, python=times.days,
        help=Label("从开始到结束的天数。", "Days from start to end."), examples=(Example("DAYS('2026-03-02', '2026-02-28')", _D(2)),),
    ),
    Function(
        name="DATEDIF", family=FAMILY, parameters=(_START, _END, Parameter("unit", Want.TEXT)), result=INTEGER, python=times.datedif,
        help=Label("整年 'Y'、整月 'M' 或天数 'D'。", "Whole years 'Y', months 'M' or days 'D' between two dates."),
        examples=(Example("DATEDIF('2024-02-29', '2025-02-28', 'Y')", _D(1)), Example("DATEDIF('2026-01-31', '2026-03-02', 'M')", _D(1))),
    ),
    Function(
        name="AGE", family=FAMILY, syntax="AGE(date, [on])", check=_check_age, python=times.age,
        help=Label("满几周岁；不写第二个参数则算到今天。", "Whole years since a date, today or on a day."),
        examples=(Example("AGE('1990-03-02')", _D(36)), Example("AGE('1990-03-03')", _D(35)), Example("AGE('2000-02-29', '2001-02-28')", _D(0))),
    ),
    Function(
        name="HOURS_BETWEEN", family=FAMILY, parameters=(_LATE, _EARLY), result=_FRACTION, python=times.hours, sql="hours",
        help=Label("从开始到结束的小时数，带小数。", "Hours from start to end, with their fraction."),
        examples=(Example("HOURS_BETWEEN(NOW(), NOW() - 0.25)", _D(6)),),
    ),
    Function(
        name="MINUTES_BETWEEN", family=FAMILY, parameters=(_LATE, _EARLY), result=_FRACTION, python=times.minutes, sql="minutes",
        help=Label("从开始到结束的分钟数，带小数。", "Minutes from start to end, with their fraction."),
        examples=(Example("MINUTES_BETWEEN(AT('2026-03-02', '10:30'), AT('2026-03-02', '10:00'))", _D(30)),),
    ),
    Function(
        name="ADD_HOURS", family=FAMILY, parameters=(_AT, _COUNT), result=DATETIME, python=times.add_hours,
        help=Label("几小时以后。", "So many hours later."), examples=(Example("ADD_HOURS(NOW(), 24)", _utc(2026, 3, 3, 2, 0)),),
    ),
    Function(
        name="ADD_MINUTES", family=FAMILY, parameters=(_AT, _COUNT), result=DATETIME, python=times.add_minutes,
        help=Label("几分钟以后。", "So many minutes later."), examples=(Example("ADD_MINUTES(NOW(), 90)", _utc(2026, 3, 2, 3, 30)),),
    ),
    *(
        Function(
            name=f"{which}_OF_{unit}", family=FAMILY, parameters=(_DAY,), check=_check_bound,
            help=Label(f"所在{zh}的{'第一' if which == 'START' else '最后一'}天。", f"The {'first' if which == 'START' else 'last'} day of its {unit.lower()}."),
            examples=(Example(f"{which}_OF_{unit}('2026-03-04')", gives),),
        )
        for which, unit, zh, gives in (
            ("START", "WEEK", "周（周一起）", date(2026, 3, 2)), ("START", "MONTH", "月", date(2026, 3, 1)),
            ("START", "QUARTER", "季度", date(2026, 1, 1)), ("START", "YEAR", "年", date(2026, 1, 1)),
            ("END", "WEEK", "周（到周日）", date(2026, 3, 8)), ("END", "MONTH", "月", date(2026, 3, 31)),
            ("END", "QUARTER", "季度", date(2026, 3, 31)), ("END", "YEAR", "年", date(2026, 12, 31)),
        )
    ),
    *(
        Function(name=name, family=FAMILY, help=Label("", ""), hidden=True, python=python, zone=zone)
        for name, python, zone in (
            ("make_date", times.make_date, False), ("make_time", times.make_time, False), ("day_part", times.day_part, False),
            ("time_part", times.time_part, False), ("part", times.part, True), ("time_of", times.time_of, True),
            ("start_of", times.start_of, False), ("end_of", times.end_of, False),
        )
    ),
):  # fmt: skip
    define(_function)
