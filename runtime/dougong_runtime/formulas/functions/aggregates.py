"""Figures over many records: along an inverse or a many-to-many reference, or over the records of a report's group."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from dougong_runtime.exact.numbers import PLACES
from dougong_runtime.formulas.comparisons import ordinal
from dougong_runtime.formulas.convert import as_text, has_number_options
from dougong_runtime.formulas.function import Example, Function, Want, define
from dougong_runtime.formulas.functions.numbers import check_extreme
from dougong_runtime.formulas.parse import Calling, Constant, Name, Syntax
from dougong_runtime.formulas.resolve import Resolved
from dougong_runtime.formulas.tree import Aggregate, Call, Hop, Literal, Node, Path
from dougong_runtime.formulas.types import BOOLEAN, INTEGER, TEXT, Kind, ValueType, number
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker

FAMILY = "aggregates"
LABEL = Label("汇总", "Aggregates")
ROWS_DIGITS = 12
"""Digits that a sum over many records may have more than one value."""
_NUMBERS_ONLY = ("sum", "avg", "stdev", "median", "xirr")
_GROUP_TWICE = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}
"""Measures that may be taken over a group of what each record aggregates, and how."""
_RATE = number(PLACES, 10 + PLACES)


def result_type(function: str, value: ValueType | None) -> ValueType:
    """The type of an aggregate over values of a type."""
    if function in ("count", "count_distinct") or value is None:
        return number(0, 18)
    match function:
        case "sum":
            return number(value.scale, value.precision + ROWS_DIGITS)
        case "avg" | "median" | "stdev":
            return number(PLACES, value.precision - value.scale + 1 + PLACES)
        case "xirr":
            return _RATE
        case "join":
            return TEXT
    return value


def _check(checker: Checker, syntax: Calling) -> Node:
    name = syntax.function
    if not syntax.arguments:
        if name == "count" and checker.frame.grouped:
            return Aggregate("count", "row", (), None, None, None, None, result_type("count", None))
        checker.fail(
            syntax, f"{syntax.written} 要说明汇总什么", f"{syntax.written} must say what it is taken over"
        )
    first = syntax.arguments[0]
    found = _many(checker, first)
    if found is not None:
        inner = _over_path(checker, syntax, first, found)
        return _twice(checker, syntax, inner) if checker.frame.grouped else inner
    if not checker.frame.grouped:
        _need_many(checker, syntax)
    return _over_group(checker, syntax)


def _need_many(checker: Checker, syntax: Calling) -> NoReturn:
    checker.fail(
        syntax.arguments[0],
        f"{syntax.written} 的第一个参数要是多条记录的字段，如 {syntax.written}(明细.金额)",
        f"{syntax.written} is taken over a field of many records, such as {syntax.written}(lines.amount)",
    )


def _many(checker: Checker, part: Syntax) -> Resolved | None:
    """Where the first argument leads, if it leads to many records."""
    if not isinstance(part, Name):
        return None
    found = checker.resolve(part)
    return found if found.is_many else None


def _check_extreme(checker: Checker, syntax: Calling) -> Node:
    """MIN and MAX: over many records where the first argument leads to them, else of the values given."""
    first = syntax.arguments[0] if syntax.arguments else None
    if isinstance(first, Name) and len(syntax.arguments) <= 2 and checker.resolve(first).is_many:
        return _check(checker, syntax)
    if checker.frame.grouped and len(syntax.arguments) == 1:
        return _check(checker, syntax)
    if checker.frame.grouped and len(syntax.arguments) == 2 and _is_condition(syntax.arguments[1]):
        return _check(checker, syntax)
    return check_extreme(checker, syntax)


def _is_condition(part: Syntax) -> bool:
    return isinstance(part, Calling) and (
        part.function in ("_eq", "_ne", "_lt", "_le", "_gt", "_ge", "_and", "_or", "_not", "in", "has")
    )


def _over_path(checker: Checker, syntax: Calling, first: Syntax, found: Resolved) -> Aggregate:
    split = max(i for i, hop in enumerate(found.hops) if hop.way != "forward") + 1
    hops, rest = found.hops[:split], found.hops[split:]
    ends_in_records = found.type.kind is Kind.RECORDS
    value: Node | None = None
    if not ends_in_records:
        value = Path("row", rest, found.field, found.type, found.part)
    with checker.inside(hops[-1].entity):
        made: Aggregate = _made(checker, syntax, first, found.base, hops, value)
    return made


def _over_group(checker: Checker, syntax: Calling) -> Aggregate:
    first = syntax.arguments[0]
    with checker.over_group():
        if syntax.function == "count" and len(syntax.arguments) == 1:
            node = checker.node(first)
            if node.type.kind is Kind.BOOLEAN:
                return Aggregate("count", "row", (), None, node, None, None, result_type("count", None))
            return Aggregate("count", "row", (), node, None, None, None, result_type("count", None))
        if syntax.function in ("first", "last"):
            checker.fail(syntax, f"指标里不能用 {syntax.written}", f"{syntax.written} is no measure")
        made: Aggregate = _made(checker, syntax, first, "row", (), checker.node(first))
    return made


def _twice(checker: Checker, syntax: Calling, inner: Aggregate) -> Aggregate:
    """Over a group, of what each record aggregates."""
    again = _GROUP_TWICE.get(syntax.function)
    if again is None:
        checker.fail(
            syntax,
            f"指标里的 {syntax.written} 不能再跨到下级记录，请以下级记录为来源",
            f"As a measure, {syntax.written} cannot go on to inner records; make those the report's source",
        )
    made: Any = again
    return Aggregate(made, "row", (), inner, None, None, None, result_type(again, inner.type))


def _made(
    checker: Checker, syntax: Calling, first: Syntax, base: Any, hops: tuple[Hop, ...], value: Node | None
) -> Any:
    """The aggregate, its further arguments read on an inner record."""
    name, rest = syntax.function, syntax.arguments[1:]
    value = _value(checker, syntax, first, name, hops, value)
    separator: str | None = None
    order: Node | None = None
    if name == "join":
        separator, rest = _separator(checker, rest)
        order = _title(checker)
    elif name in ("first", "last"):
        if rest:
            order, rest = _order(checker, rest[0]), rest[1:]
    elif name == "xirr":
        if not rest:
            checker.fail(
                syntax, "写法是 XIRR(金额, 日期, [条件])", "It is written XIRR(amount, date, [condition])"
            )
        order, rest = checker.node(rest[0], Want.DATE), rest[1:]
    if len(rest) > 1:
        checker.fail(rest[1], f"{syntax.written} 的参数太多", f"{syntax.written} is given too many arguments")
    condition = checker.node(rest[0], Want.BOOLEAN) if rest else None
    function: Any = name
    type_ = result_type(name, value.type if value is not None else None)
    if name in ("first", "last") and value is not None:
        type_ = value.type
    if name in ("min", "max") and value is not None and value.type.kind is Kind.CHOICE:
        places = Aggregate(function, base, hops, ordinal(value), condition, None, None, INTEGER)
        return Call("_option", (places,), value.type)
    return Aggregate(function, base, hops, value, condition, order, separator, type_)


def _value(
    checker: Checker, syntax: Calling, first: Syntax, name: str, hops: tuple[Hop, ...], value: Node | None
) -> Node | None:
    if value is None:
        if name == "count":
            return None
        if name in ("first", "last", "count_distinct"):
            return Path("row", (), "id", ValueType(Kind.RECORD, targets=(hops[-1].entity,)))
        checker.fail(
            first,
            f"{syntax.written} 要说明汇总哪个字段",
            f"{syntax.written} must say which field it is taken over",
        )
    kind = value.type.kind
    if name in _NUMBERS_ONLY:
        return checker.converted(value, Want.NUMBER, first)
    if name == "join":
        return checker.converted(value, Want.TEXT, first)
    if name in ("min", "max"):
        if has_number_options(value.type):
            return checker.converted(value, Want.NUMBER, first)
        allowed = (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.TEXT)
        if kind not in allowed and not (kind is Kind.CHOICE and value.type.options):
            checker.fail(
                first, f"{syntax.written} 不能用于这种字段", f"{syntax.written} has no meaning for this field"
            )
    if name == "count_distinct" and kind in (Kind.FILE, Kind.JSON, Kind.LIST):
        checker.fail(first, "COUNT_DISTINCT 不能用于这种字段", "COUNT_DISTINCT has no meaning for this field")
    return value


def _title(checker: Checker) -> Node | None:
    """The text that names the record stood on; JOIN goes by it."""
    entity = checker.frame.entity
    shape = checker.shapes[entity] if entity is not None else None
    field = shape.fields.get(shape.title) if shape is not None else None
    if field is None or field.type.kind in (Kind.FILE, Kind.JSON, Kind.LIST, Kind.RECORDS):
        return None
    return as_text(Path("row", (), field.name, field.type))


def _separator(checker: Checker, rest: tuple[Syntax, ...]) -> tuple[str, tuple[Syntax, ...]]:
    if not rest:
        return ", ", rest
    part = rest[0]
    if not isinstance(part, Constant) or not isinstance(part.value, str):
        checker.fail(
            part, "JOIN 的第二个参数是分隔符，写成文本", "JOIN's second argument is the separator, a text"
        )
    return part.value, rest[1:]


def _order(checker: Checker, part: Syntax) -> Node:
    node = checker.node(part)
    if node.type.kind is Kind.CHOICE:
        return ordinal(node) if node.type.options else checker.converted(node, Want.TEXT, part)
    if node.type.kind not in (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.TEXT):
        checker.fail(part, "不能按这种值排序", "Such values have no order")
    return node


def _check_exists(checker: Checker, syntax: Calling) -> Node:
    """EXISTS: a count above zero."""
    counted = _check(
        checker, Calling("count", syntax.written, syntax.arguments, syntax.offset, syntax.length)
    )
    return Call("_gt", (counted, Literal(Decimal(0), INTEGER)), BOOLEAN)


_D = Decimal
for _function in (
    Function(
        name="SUM", family=FAMILY, syntax="SUM(path.field, [condition])", check=_check, aggregate=True,
        help=Label("合计；没有记录为 0。条件里的字段是下级记录的，THIS.x 是本记录的。",
                   "The sum; 0 of nothing. In the condition plain names are the inner record's, THIS.x the outer one's."),
        examples=(Example("SUM(orders.amount)", _D("350.50")), Example("SUM(orders.amount, paid)", _D("300.50")), Example("SUM(orders.amount, amount > 1000)", _D(0))),
    ),
    Function(
        name="COUNT", family=FAMILY, syntax="COUNT(path, [condition])", check=_check, aggregate=True,
        help=Label("条数；写到字段则只数不为空的。", "How many records; of a field, how many are not empty."),
        examples=(Example("COUNT(orders)", _D(3)), Example("COUNT(orders.paid_on)", _D(2)), Example("COUNT(orders, amount >= THIS.small_order)", _D(2))),
    ),
    Function(
        name="AVG", family=FAMILY, syntax="AVG(path.field, [condition])", check=_check, aggregate=True,
        help=Label("平均，20 位小数；没有则为空。", "The mean at 20 places; absent of nothing."),
        examples=(Example("AVG(orders.amount, paid)", _D("150.25")), Example("AVG(orders.amount, amount > 1000)", None)),
    ),
    Function(
        name="MIN", family=FAMILY, syntax="MIN(path.field, [condition]), MIN(a, b, …)", check=_check_extreme, aggregate=True,
        help=Label("最小的：多条记录里的，或几个值里的（空值不算）。", "The least: over many records, or of the values given (absent ones do not count)."),
        examples=(Example("MIN(orders.amount)", _D(50)), Example("MIN(1, 0.5)", _D("0.5")), Example("MIN(NULL, 3)", _D(3)), Example("MIN(orders.paid_on)", date(2026, 1, 10))),
    ),
    Function(
        name="MAX", family=FAMILY, syntax="MAX(path.field, [condition]), MAX(a, b, …)", check=_check_extreme, aggregate=True,
        help=Label("最大的：多条记录里的，或几个值里的（空值不算）。", "The greatest: over many records, or of the values given (absent ones do not count)."),
        examples=(Example("MAX(orders.amount)", _D("200.50")), Example("MAX(0, -5)", _D(0)), Example("MAX(orders.amount) / 100", _D("2.005"))),
    ),
    Function(
        name="COUNT_DISTINCT", family=FAMILY, syntax="COUNT_DISTINCT(path.field, [condition])", check=_check, aggregate=True,
        help=Label("有几种不同的值，空值不算。", "How many different values; absent ones do not count."),
        examples=(Example("COUNT_DISTINCT(orders.paid)", _D(2)),),
    ),
    Function(
        name="STDEV", family=FAMILY, syntax="STDEV(path.field, [condition])", check=_check, aggregate=True,
        help=Label("样本标准差；不足两个值为空。", "The sample's standard deviation; absent for fewer than two values."),
        examples=(Example("STDEV(orders.amount, amount < 0)", None), Example("ROUND(STDEV(orders.amount), 4)", _D("76.6491"))),
    ),
    Function(
        name="MEDIAN", family=FAMILY, syntax="MEDIAN(path.field, [condition])", check=_check, aggregate=True,
        help=Label("中位数。", "The middle value."),
        examples=(Example("MEDIAN(orders.amount)", _D(100)), Example("MEDIAN(orders.amount, paid)", _D("150.25"))),
    ),
    Function(
        name="JOIN", family=FAMILY, syntax="JOIN(path.field, [separator], [condition])", check=_check, aggregate=True,
        help=Label("连成文本，按下级记录的名称排列；分隔符默认逗号。", "Joined as text in the order of the inner records' titles; the separator is a comma unless given."),
        examples=(Example("JOIN(orders.number, '、')", "O-1、O-2、O-3"), Example("JOIN(orders.number, '/', paid)", "O-1/O-3")),
    ),
    Function(
        name="FIRST", family=FAMILY, syntax="FIRST(path.field, [order], [condition])", check=_check, aggregate=True,
        help=Label("按次序的第一条的值；不写次序则按建立先后，次序为空的排在后面。", "The value of the first record by an order, or by age; those without order stand last."),
        examples=(Example("FIRST(orders.amount, paid_on)", _D(100)),),
    ),
    Function(
        name="LAST", family=FAMILY, syntax="LAST(path.field, [order], [condition])", check=_check, aggregate=True,
        help=Label("按次序的最后一条的值；次序为空的不算在后。", "The value of the last record by an order; those without order count as least."),
        examples=(Example("LAST(orders.amount, paid_on)", _D("200.50")), Example("LAST(orders.number, amount, NOT paid)", "O-2")),
    ),
    Function(
        name="XIRR", family=FAMILY, syntax="XIRR(path.amount, date, [condition])", check=_check, aggregate=True,
        help=Label("按日期的现金流的年化内部收益率；没有流入或流出为空。", "The yearly internal rate of return of dated flows; absent unless there is an inflow and an outflow."),
        examples=(Example("XIRR(orders.amount, paid_on)", None),),
    ),
    Function(
        name="EXISTS", family=FAMILY, syntax="EXISTS(path, [condition])", check=_check_exists, aggregate=True,
        help=Label("有没有这样的记录。", "Whether there is such a record."),
        examples=(Example("EXISTS(orders, amount > 200)", True), Example("EXISTS(orders, amount > 1000)", False)),
    ),
):  # fmt: skip
    define(_function)
