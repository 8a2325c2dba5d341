"""Working days, by the calendar in force: Monday to Friday, public holidays and moved working days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dougong_runtime.exact import times
from dougong_runtime.formulas.function import Example, Function, Parameter, Want, define
from dougong_runtime.formulas.types import BOOLEAN, DATE, INTEGER
from dougong_runtime.labels import Label

FAMILY = "calendar"
LABEL = Label("工作日", "Working days")

for _function in (
    Function(
        name="WORKDAY", family=FAMILY, parameters=(Parameter("date", Want.DATE), Parameter("count", Want.NUMBER)),
        result=DATE, python=times.workday, calendar=True,
        help=Label("之后第几个工作日，负数为之前；按所用日历，最多 4,000 个。",
                   "The n-th working day after a date, before it where negative; at most 4,000."),
        examples=(Example("WORKDAY('2026-02-13', 1)", date(2026, 2, 14)), Example("WORKDAY('2026-02-14', 1)", date(2026, 2, 24)), Example("WORKDAY('2026-03-02', -1)", date(2026, 2, 28))),
    ),
    Function(
        name="NETWORKDAYS", family=FAMILY, parameters=(Parameter("start", Want.DATE), Parameter("end", Want.DATE)),
        result=INTEGER, python=times.networkdays, calendar=True,
        help=Label("两个日期之间的工作日数，含两端。", "Working days from start to end, both counted."),
        examples=(Example("NETWORKDAYS('2026-02-13', '2026-02-24')", Decimal(3)),),
    ),
    Function(
        name="IS_WORKDAY", family=FAMILY, parameters=(Parameter("date", Want.DATE),),
        result=BOOLEAN, python=times.is_workday, calendar=True,
        help=Label("是不是工作日。", "Whether it is a working day."),
        examples=(Example("IS_WORKDAY('2026-02-14')", True), Example("IS_WORKDAY('2026-02-17')", False)),
    ),
):  # fmt: skip
    define(_function)
