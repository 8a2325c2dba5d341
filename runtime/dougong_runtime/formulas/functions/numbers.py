"""Numbers: exact decimals, never more than 20 places."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dougong_runtime.exact import numbers as exact
from dougong_runtime.exact import texts
from dougong_runtime.exact.numbers import PLACES
from dougong_runtime.formulas.convert import Mismatch, convert, has_number_options, unify, widest
from dougong_runtime.formulas.function import Example, Function, Parameter, Want, define
from dougong_runtime.formulas.functions.operators import check_div, quotient_type
from dougong_runtime.formulas.tree import Call, Literal, Node
from dougong_runtime.formulas.types import BOOLEAN, INTEGER, TEXT, Kind, ValueType, number
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

FAMILY = "numbers"
LABEL = Label("数字", "Numbers")
_X = Parameter("number", Want.NUMBER)
_PLACES = Parameter("places", Want.NUMBER, optional=True)
_MULTIPLE = Parameter("step", Want.NUMBER)


def _constant(node: Node) -> int | None:
    return int(node.value) if isinstance(node, Literal) and isinstance(node.value, Decimal) else None


def _rounded_type(arguments: tuple[Node, ...]) -> ValueType:
    """One digit more before the point; as many places as asked for, or as there are."""
    x = arguments[0].type
    places = _constant(arguments[1]) if len(arguments) > 1 else 0
    scale = x.scale if places is None else max(0, min(x.scale, places))
    return number(scale, x.precision - x.scale + 1 + scale)


def _whole(arguments: tuple[Node, ...]) -> ValueType:
    x = arguments[0].type
    return number(0, x.precision - x.scale + 1)


def _itself(arguments: tuple[Node, ...]) -> ValueType:
    return arguments[0].type


def _stepped(arguments: tuple[Node, ...]) -> ValueType:
    wide = widest(a.type for a in arguments)
    return number(wide.scale, wide.precision + 1)


def _united(arguments: tuple[Node, ...]) -> ValueType:
    return widest(a.type for a in arguments)


def _whole_quotient(arguments: tuple[Node, ...]) -> ValueType:
    type_ = quotient_type(arguments[0].type, arguments[1].type)
    return number(0, type_.precision - type_.scale)


def _power(arguments: tuple[Node, ...]) -> ValueType:
    return number(PLACES, exact.POWER_DIGITS_MAX + PLACES)


def _root(arguments: tuple[Node, ...]) -> ValueType:
    x = arguments[0].type
    return number(PLACES, (x.precision - x.scale) // 2 + 1 + PLACES)


def check_extreme(checker: Checker, syntax: Calling) -> Node:
    """MIN and MAX of values (over many records they are aggregates): of numbers, dates, times or texts."""
    if len(syntax.arguments) < 1:
        checker.fail(syntax, f"{syntax.written} 至少要一个参数", f"{syntax.written} needs an argument")
    try:
        nodes, type_ = unify(checker.nodes(syntax.arguments))
    except Mismatch as mismatch:
        checker.fail(syntax, mismatch.zh, mismatch.en, mismatch.nearest)
    if has_number_options(type_):
        nodes = tuple(convert(n, Want.NUMBER) for n in nodes)
        type_ = _united(nodes)
    if type_.kind not in (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.TEXT, Kind.NULL):
        checker.fail(
            syntax, f"{syntax.written} 不能用于这种值", f"{syntax.written} has no meaning for such values"
        )
    return Call("least" if syntax.function == "min" else "greatest", nodes, type_)


def _check_bucket(checker: Checker, syntax: Calling) -> Node:
    if len(syntax.arguments) < 2:
        checker.fail(
            syntax, "写法是 BUCKET(number, bound, bound, …)", "It is written BUCKET(number, bound, bound, …)"
        )
    nodes = checker.nodes(syntax.arguments, Want.NUMBER)
    bounds: list[Decimal] = []
    for node, part in zip(nodes[1:], syntax.arguments[1:], strict=True):
        if not isinstance(node, Literal) or not isinstance(node.value, Decimal):
            checker.fail(part, "分界要写成数字", "Bounds are written as numbers")
        if bounds and node.value <= bounds[-1]:
            checker.fail(part, "分界要从小到大", "Bounds rise from left to right")
        bounds.append(node.value)
    shown = [exact.canonical(b) for b in bounds]
    names = [
        f"< {shown[0]}",
        *(f"{a} – {b}" for a, b in pairwise(shown)),
        f"≥ {shown[-1]}",
    ]
    flat: list[Node] = [Call("_eq", (nodes[0], Literal(None, nodes[0].type)), BOOLEAN), Literal(None, TEXT)]
    type_ = ValueType(Kind.CHOICE, options=tuple(names))
    for bound, name in zip(nodes[1:], names, strict=False):
        flat += (Call("_lt", (nodes[0], bound), BOOLEAN), Literal(name, type_))
    flat[1] = Literal(None, type_)
    return Call("if", (*flat, Literal(names[-1], type_)), type_)


def _least(*values: Any) -> Any:
    return min((v for v in values if v is not None), default=None)


def _greatest(*values: Any) -> Any:
    return max((v for v in values if v is not None), default=None)


_D = Decimal
for _function in (
    Function(
        name="ROUND", family=FAMILY, parameters=(_X, _PLACES), result=_rounded_type, python=exact.round_half_up,
        help=Label("四舍五入到几位小数，五一律进位（远离零）；位数可为负。", "Rounded to so many places, half away from zero; places may be negative."),
        examples=(Example("ROUND(2.345, 2)", _D("2.35")), Example("ROUND(-0.5)", _D(-1)), Example("ROUND(1250, -2)", _D(1300))),
    ),
    Function(
        name="ROUND_EVEN", family=FAMILY, parameters=(_X, _PLACES), result=_rounded_type, python=exact.round_half_even,
        help=Label("四舍六入五成双。", "Rounded, half to the even neighbour."),
        examples=(Example("ROUND_EVEN(2.5)", _D(2)), Example("ROUND_EVEN(0.125, 2)", _D("0.12"))),
    ),
    Function(
        name="ROUNDUP", family=FAMILY, parameters=(_X, _PLACES), result=_rounded_type, python=exact.round_up,
        help=Label("远离零进位。", "Rounded away from zero."),
        examples=(Example("ROUNDUP(2.001, 1)", _D("2.1")), Example("ROUNDUP(-1.2)", _D(-2))),
    ),
    Function(
        name="ROUNDDOWN", family=FAMILY, parameters=(_X, _PLACES), result=_rounded_type, python=exact.round_down,
        help=Label("向零截去。", "Rounded towards zero."),
        examples=(Example("ROUNDDOWN(2.999, 1)", _D("2.9")), Example("ROUNDDOWN(-1.9)", _D(-1))),
    ),
    Function(
        name="INT", family=FAMILY, parameters=(_X,), result=_whole, python=exact.floor, sql="floor",
        help=Label("不大于它的最大整数。", "The next whole number at or below."),
        examples=(Example("INT(2.9)", _D(2)), Example("INT(-2.1)", _D(-3))),
    ),
    Function(
        name="FLOOR", family=FAMILY, parameters=(_X, _MULTIPLE), result=_stepped, python=exact.floor_to, sql="floor_to",
        help=Label("不大于它的最大倍数；倍数须大于零，否则为空。", "The next multiple of a step at or below; absent unless the step is above zero."),
        examples=(Example("FLOOR(17, 5)", _D(15)), Example("FLOOR(2.37, 0.1)", _D("2.3")), Example("FLOOR(1, 0)", None)),
    ),
    Function(
        name="CEILING", family=FAMILY, parameters=(_X, _MULTIPLE), result=_stepped, python=exact.ceiling_to, sql="ceiling_to",
        help=Label("不小于它的最小倍数；倍数须大于零，否则为空。", "The next multiple of a step at or above; absent unless the step is above zero."),
        examples=(Example("CEILING(17, 5)", _D(20)), Example("CEILING(-2.5, 1)", _D(-2))),
    ),
    Function(
        name="ABS", family=FAMILY, parameters=(_X,), result=_itself, python=exact.absolute,
        help=Label("去掉正负号。", "Without its sign."),
        examples=(Example("ABS(-3.5)", _D("3.5")),),
    ),
    Function(
        name="SIGN", family=FAMILY, parameters=(_X,), result=INTEGER, python=exact.sign,
        help=Label("正数 1，零 0，负数 −1。", "1 above zero, 0, or −1 below."),
        examples=(Example("SIGN(-2)", _D(-1)), Example("SIGN(0)", _D(0))),
    ),
    Function(
        name="MOD", family=FAMILY, parameters=(_X, Parameter("divisor", Want.NUMBER)), result=_stepped, python=exact.modulo,
        help=Label("除后的余数，正负随除数；除以零为空。", "The remainder, with the divisor's sign; absent for a divisor of zero."),
        examples=(Example("MOD(7, 3)", _D(1)), Example("MOD(-7, 3)", _D(2)), Example("MOD(1, 0)", None)),
    ),
    Function(
        name="QUOTIENT", family=FAMILY, parameters=(_X, Parameter("divisor", Want.NUMBER)), result=_whole_quotient, python=exact.quotient,
        help=Label("商的整数部分。", "The whole part of a quotient."),
        examples=(Example("QUOTIENT(17, 5)", _D(3)), Example("QUOTIENT(-17, 5)", _D(-3))),
    ),
    Function(
        name="DIVIDE", family=FAMILY, parameters=(_X, Parameter("divisor", Want.NUMBER)), check=check_div,
        help=Label("相除，20 位小数；除以零为空。与 / 相同。", "The quotient at 20 places; absent for a divisor of zero. The same as /."),
        examples=(Example("DIVIDE(1, 8)", _D("0.125")), Example("1 / 3", _D("0.33333333333333333333")), Example("1 / 0", None)),
    ),
    Function(
        name="PERCENT", family=FAMILY, parameters=(_X, Parameter("whole", Want.NUMBER)), check=check_div,
        help=Label("占总数的比例，写成小数（0.25 即 25%）。", "The share in a whole, as a fraction (0.25 is 25 %)."),
        examples=(Example("PERCENT(1, 4)", _D("0.25")),),
    ),
    Function(
        name="POWER", family=FAMILY, parameters=(_X, Parameter("exponent", Want.NUMBER)), result=_power, python=exact.power,
        help=Label("整数次方，次数从 −100 到 100；每步保留 20 位小数。", "To a whole power from −100 to 100, each step kept at 20 places; absent otherwise."),
        examples=(Example("POWER(1.05, 2)", _D("1.1025")), Example("POWER(2, -2)", _D("0.25")), Example("POWER(2, 0.5)", None)),
    ),
    Function(
        name="SQRT", family=FAMILY, parameters=(_X,), result=_root, python=exact.square_root,
        help=Label("平方根，20 位小数；负数为空。", "The square root at 20 places; absent below zero."),
        examples=(Example("SQRT(2.25)", _D("1.5")), Example("SQRT(-1)", None)),
    ),
    Function(
        name="CLAMP", family=FAMILY, parameters=(_X, Parameter("low", Want.NUMBER), Parameter("high", Want.NUMBER)),
        result=_united, python=exact.clamp,
        help=Label("限制在上下限之间。", "Kept between two bounds."),
        examples=(Example("CLAMP(120, 0, 100)", _D(100)), Example("CLAMP(-0.5, 0, 1)", _D(0))),
    ),
    Function(
        name="BUCKET", family=FAMILY, syntax="BUCKET(number, bound, bound, …)", check=_check_bucket,
        help=Label("落在哪一档；分界从小到大，含下界不含上界。", "The band it falls in; bounds rise, a band holds its lower bound and not its upper."),
        examples=(Example("BUCKET(0.12, 0.1, 0.2)", "0.1 – 0.2"), Example("BUCKET(5, 10)", "< 10"), Example("BUCKET(10, 10)", "≥ 10")),
    ),
    Function(
        name="ISEVEN", family=FAMILY, parameters=(_X,), result=BOOLEAN,
        python=exact.is_even,
        help=Label("整数部分是否偶数。", "Whether its whole part is even."),
        examples=(Example("ISEVEN(4)", True), Example("ISEVEN(7.9)", False)),
    ),
    Function(
        name="FIXED", family=FAMILY,
        parameters=(_X, _PLACES, Parameter("grouped", Want.BOOLEAN, optional=True)), result=TEXT, python=texts.fixed,
        help=Label("写成几位小数的文本，第三个参数为真时加千分位。", "As text with so many places; with the third argument true, in groups of three."),
        examples=(Example("FIXED(1234.5, 2, TRUE)", "1,234.50"), Example("FIXED(0.005, 2)", "0.01")),
    ),
    Function(
        name="least", family=FAMILY, help=Label("", ""), hidden=True, python=_least, sees_absent=True,
    ),
    Function(
        name="greatest", family=FAMILY, help=Label("", ""), hidden=True, python=_greatest, sees_absent=True,
    ),
):  # fmt: skip
    define(_function)
