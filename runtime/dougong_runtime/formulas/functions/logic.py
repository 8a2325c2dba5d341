"""Conditions and choices between values."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from typing import Literal as Literal_

from dougong_runtime.exact import lists
from dougong_runtime.formulas import comparisons
from dougong_runtime.formulas.convert import (
    Mismatch,
    convert,
    has_number_options,
    read_literal,
    unify,
)
from dougong_runtime.formulas.function import Example, Function, Parameter, Want, define
from dougong_runtime.formulas.functions.operators import check_logic, check_not
from dougong_runtime.formulas.parse import Name
from dougong_runtime.formulas.resolve import Resolved
from dougong_runtime.formulas.tree import Aggregate, Call, Literal, Node, Path
from dougong_runtime.formulas.types import BOOLEAN, INTEGER, TEXT, Kind, ValueType
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

FAMILY = "logic"
LABEL = Label("逻辑与选项", "Logic and choices")


def _united(checker: Checker, syntax: Calling, nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], ValueType]:
    try:
        return unify(nodes)
    except Mismatch as mismatch:
        checker.fail(syntax, mismatch.zh, mismatch.en, mismatch.nearest)


def _count(checker: Checker, syntax: Calling, least: int, most: int, written: str) -> None:
    if not least <= len(syntax.arguments) <= most:
        checker.fail(
            syntax,
            f"写法是 {written}，这里给了 {len(syntax.arguments)} 个参数",
            f"It is written {written}; {len(syntax.arguments)} arguments are given",
        )


def _check_if(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 2, 3, IF.signature)
    nodes = checker.nodes(syntax.arguments)
    test = checker.converted(nodes[0], Want.BOOLEAN, syntax.arguments[0])
    ways = nodes[1:] if len(nodes) == 3 else (nodes[1], Literal(None, nodes[1].type))
    (then, otherwise), type_ = _united(checker, syntax, ways)
    return Call("if", (test, then, otherwise), type_)


def _check_ifs(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 2, 200, IFS.signature)
    nodes = checker.nodes(syntax.arguments)
    odd = len(nodes) % 2 == 1
    pairs = len(nodes) // 2
    tests = [checker.converted(nodes[2 * i], Want.BOOLEAN, syntax.arguments[2 * i]) for i in range(pairs)]
    last = nodes[-1] if odd else Literal(None, nodes[1].type)
    ways, type_ = _united(checker, syntax, (*(nodes[2 * i + 1] for i in range(pairs)), last))
    return _cases(tests, ways, type_)


def _cases(tests: list[Node], ways: tuple[Node, ...], type_: ValueType) -> Node:
    """One `if` of many cases: test, value, test, value, …, otherwise."""
    flat: list[Node] = []
    for test, way in zip(tests, ways, strict=False):
        flat += (test, way)
    return Call("if", (*flat, ways[-1]), type_)


def _check_switch(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 3, 200, SWITCH.signature)
    nodes = checker.nodes(syntax.arguments)
    value, rest = nodes[0], nodes[1:]
    pairs = len(rest) // 2
    tests = [checker.compared("_eq", value, rest[2 * i], syntax.arguments[1 + 2 * i]) for i in range(pairs)]
    last = rest[-1] if len(rest) % 2 else Literal(None, rest[1].type)
    ways, type_ = _united(checker, syntax, (*(rest[2 * i + 1] for i in range(pairs)), last))
    return _cases(tests, ways, type_)


def _check_coalesce(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 1, 50, COALESCE.signature)
    nodes, type_ = _united(checker, syntax, checker.nodes(syntax.arguments))
    return Call("coalesce", nodes, type_)


def _check_nullif(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 2, 2, NULLIF.signature)
    value, unwanted = checker.nodes(syntax.arguments)
    test = checker.compared("_eq", value, unwanted, syntax)
    return Call("if", (test, Literal(None, value.type), value), value.type)


def _check_isblank(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 1, 1, ISBLANK.signature)
    part = syntax.arguments[0]
    if isinstance(part, Name) and checker.resolve(part).is_many:
        found = checker.resolve(part)
        count = Aggregate("count", _aggregate_base(found), found.hops, None, None, None, None, INTEGER)
        return Call("_eq", (count, Literal(Decimal(0), INTEGER)), BOOLEAN)
    node = checker.node(part)
    return Call("_eq", (node, Literal(None, node.type)), BOOLEAN)


def _aggregate_base(found: Resolved) -> Literal_["row", "this", "user"]:
    """The record that an aggregate starts from."""
    if found.base == "this" or found.base == "user":
        return found.base
    return "row"


def _check_in(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 2, 500, IN.signature)
    nodes = checker.nodes(syntax.arguments)
    value, options = nodes[0], nodes[1:]
    if len(options) == 1 and options[0].type.kind is Kind.LIST:
        return _has(checker, syntax, options[0], value)
    if value.type.kind in (Kind.DATETIME, Kind.LIST, Kind.FILE, Kind.JSON):
        tests = tuple(checker.compared("_eq", value, o, syntax) for o in options)
        return tests[0] if len(tests) == 1 else Call("_or", tests, BOOLEAN)
    made: list[Node] = []
    for option, part in zip(options, syntax.arguments[1:], strict=True):
        compared = checker.compared("_eq", value, option, part)
        if not isinstance(compared, Call):
            raise AssertionError("a comparison is a call")
        left, right = compared.arguments
        if left.type.kind is not value.type.kind:  # one was converted: compare one by one
            tests = tuple(checker.compared("_eq", value, o, syntax) for o in options)
            return Call("_or", tests, BOOLEAN)
        made.append(right)
    return Call("in", (value, *made), BOOLEAN)


def _check_has(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 2, 2, HAS.signature)
    part = syntax.arguments[0]
    if isinstance(part, Name) and checker.resolve(part).is_many:
        return _has_record(checker, syntax, part)
    items, wanted = checker.nodes(syntax.arguments)
    return _has(checker, syntax, items, wanted)


def _has(checker: Checker, syntax: Calling, items: Node, wanted: Node) -> Node:
    if items.type.kind is not Kind.LIST:
        checker.fail(syntax, "HAS 的第一个参数要是多个选项", "HAS asks about a field of several choices")
    option = ValueType(Kind.CHOICE, options=items.type.options) if items.type.options else TEXT
    try:
        if isinstance(wanted, Literal) and isinstance(wanted.value, str):
            wanted = read_literal(wanted.value, option)
        elif wanted.type.kind is Kind.NULL:
            wanted = Literal(None, TEXT)
        elif not (
            wanted.type.kind is Kind.CHOICE
            or (wanted.type.kind is Kind.NUMBER and has_number_options(option))
        ):
            wanted = convert(wanted, Want.TEXT)
    except Mismatch as mismatch:
        checker.fail(syntax.arguments[1], mismatch.zh, mismatch.en, mismatch.nearest)
    return Call("has", (items, wanted), BOOLEAN)


def _has_record(checker: Checker, syntax: Calling, part: Name) -> Node:
    """HAS over many records: is there one whose field (or id) is the value?"""
    found = checker.resolve(part)
    split = max(i for i, h in enumerate(found.hops) if h.way != "forward") + 1
    hops, rest = found.hops[:split], found.hops[split:]
    ends_in_records = found.type.kind is Kind.RECORDS
    type_ = ValueType(Kind.RECORD, targets=found.type.targets) if ends_in_records else found.type
    inner = Path("row", rest, "id" if ends_in_records else found.field, type_, found.part)
    wanted = checker.node(syntax.arguments[1])
    with checker.inside(hops[-1].entity):
        test = checker.compared("_eq", inner, outward(wanted), syntax)
    count = Aggregate("count", _aggregate_base(found), hops, None, test, None, None, INTEGER)
    return Call("_gt", (count, Literal(Decimal(0), INTEGER)), BOOLEAN)


def outward(node: Node) -> Node:
    """A node of the outer record, as seen from inside an aggregate."""
    if isinstance(node, Path) and node.base == "row":
        return Path("this", node.hops, node.field, node.type, node.part)
    if isinstance(node, Call):
        return Call(node.function, tuple(outward(a) for a in node.arguments), node.type)
    return node


def _check_has_several(checker: Checker, syntax: Calling) -> Node:
    name = syntax.function
    if len(syntax.arguments) < 2:
        checker.fail(syntax, f"{name.upper()} 至少要两个参数", f"{name.upper()} needs two arguments")
    nodes = checker.nodes(syntax.arguments)
    items, wanted = nodes[0], nodes[1:]
    if items.type.kind is not Kind.LIST:
        checker.fail(
            syntax,
            f"{name.upper()} 的第一个参数要是多个选项",
            f"{name.upper()} asks about a field of several choices",
        )
    if len(wanted) == 1 and wanted[0].type.kind is Kind.LIST:
        return Call(name, (items, wanted[0]), BOOLEAN)
    tests = tuple(_has(checker, syntax, items, w) for w in wanted)
    return Call("_or" if name == "has_any" else "_and", tests, BOOLEAN)


def _check_xor(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 2, 2, XOR.signature)
    return Call("xor", checker.nodes(syntax.arguments, Want.BOOLEAN), BOOLEAN)


def _check_between(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 3, 3, BETWEEN.signature)
    value, low, high = checker.nodes(syntax.arguments)
    tests = (checker.compared("_ge", value, low, syntax), checker.compared("_le", value, high, syntax))
    return Call("_and", tests, BOOLEAN)


def _check_ord(checker: Checker, syntax: Calling) -> Node:
    _count(checker, syntax, 1, 1, ORD.signature)
    node = checker.node(syntax.arguments[0])
    if node.type.kind is Kind.NULL:
        return Literal(None, INTEGER)
    if node.type.kind is not Kind.CHOICE or not node.type.options:
        checker.fail(syntax.arguments[0], "ORD 要一个选项字段", "ORD takes a field of choices")
    return comparisons.ordinal(node)


def _check_list(checker: Checker, syntax: Calling) -> Node:
    if not syntax.arguments:
        checker.fail(syntax, "LIST 至少要一个参数", "LIST needs an argument")
    return Call("list", checker.nodes(syntax.arguments, Want.TEXT), TEXT)


def _first(*values: Any) -> Any:
    return next((v for v in values if v is not None), None)


def _in(value: Any, *options: Any) -> bool:
    return value in options


IF = define(
    Function(
        name="IF", family=FAMILY, syntax="IF(condition, then, [otherwise])", check=_check_if,
        help=Label("条件成立给第二个参数，否则给第三个；条件为空算不成立。",
                   "The second argument where the condition is true, else the third; an absent condition is not true."),
        examples=(Example("IF(3 > 2, 'yes', 'no')", "yes"), Example("IF(NULL, 1, 2)", Decimal(2)), Example("IF(1 > 2, 'a')", None)),
    )
)  # fmt: skip
IFS = define(
    Function(
        name="IFS", family=FAMILY, syntax="IFS(condition, value, …, [otherwise])", check=_check_ifs,
        help=Label("第一个成立的条件后面的值。", "The value after the first condition that is true."),
        examples=(Example("IFS(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"),),
    )
)  # fmt: skip
SWITCH = define(
    Function(
        name="SWITCH", family=FAMILY, syntax="SWITCH(value, case, result, …, [otherwise])", check=_check_switch,
        help=Label("值等于哪一项，就给那一项后面的结果。", "The result after the case that equals the value."),
        examples=(Example("SWITCH(2, 1, 'one', 2, 'two', 'many')", "two"), Example("SWITCH('x', 'a', 1, 0)", Decimal(0))),
    )
)  # fmt: skip
AND = define(
    Function(
        name="AND", family=FAMILY, syntax="AND(a, b, …)", check=check_logic,
        help=Label("都成立；也可写 a AND b。", "All are true; also written a AND b."),
        examples=(Example("AND(1 < 2, 2 < 3)", True), Example("1 < 2 AND NULL", None), Example("1 > 2 and NULL", False)),
    )
)  # fmt: skip
OR = define(
    Function(
        name="OR", family=FAMILY, syntax="OR(a, b, …)", check=check_logic,
        help=Label("至少一个成立；也可写 a OR b。", "At least one is true; also written a OR b."),
        examples=(Example("OR(1 > 2, 2 < 3)", True), Example("1 > 2 OR NULL", None)),
    )
)  # fmt: skip
NOT = define(
    Function(
        name="NOT", family=FAMILY, syntax="NOT(a)", check=check_not,
        help=Label("不成立；空还是空。", "Is not true; absent stays absent."),
        examples=(Example("NOT(1 > 2)", True), Example("NOT 1 < 2", False), Example("NOT(NULL > 1)", None)),
    )
)  # fmt: skip
XOR = define(
    Function(
        name="XOR", family=FAMILY, syntax="XOR(a, b)", check=_check_xor, python=lambda a, b: a != b,
        help=Label("两个条件只有一个成立。", "Exactly one of two is true."),
        examples=(Example("XOR(1 < 2, 2 < 1)", True), Example("XOR(TRUE, TRUE)", False)),
    )
)  # fmt: skip
COALESCE = define(
    Function(
        name="COALESCE", family=FAMILY, syntax="COALESCE(a, b, …)", check=_check_coalesce, python=_first, sees_absent=True,
        help=Label("第一个不为空的值。", "The first value that is there."),
        examples=(Example("COALESCE(NULL, '', 'x')", "x"), Example("COALESCE(NULL, 0)", Decimal(0))),
    )
)  # fmt: skip
NULLIF = define(
    Function(
        name="NULLIF", family=FAMILY, syntax="NULLIF(value, unwanted)", check=_check_nullif,
        help=Label("值等于第二个参数时为空。", "Absent where the value equals the second argument."),
        examples=(Example("NULLIF(5, 5)", None), Example("NULLIF('a', 'b')", "a")),
    )
)  # fmt: skip
ISBLANK = define(
    Function(
        name="ISBLANK", family=FAMILY, syntax="ISBLANK(value)", check=_check_isblank,
        help=Label("是否为空；对多条记录，问是否一条也没有。", "Whether it is absent; of many records, whether there are none."),
        examples=(Example("ISBLANK('')", True), Example("ISBLANK(0)", False)),
    )
)  # fmt: skip
IN = define(
    Function(
        name="IN", family=FAMILY, syntax="IN(value, a, b, …)", check=_check_in, python=_in, sees_absent=True,
        help=Label("值是否在其中；也可写 x IN (a, b)。", "Whether the value is one of these; also written x IN (a, b)."),
        examples=(Example("2 IN (1, 2, 3)", True), Example("IN('x', 'a', 'b')", False), Example("NULL IN (1, 2)", False)),
    )
)  # fmt: skip
BETWEEN = define(
    Function(
        name="BETWEEN", family=FAMILY, syntax="BETWEEN(value, low, high)", check=_check_between,
        help=Label("是否在两者之间，含两端；也可写 a <= x <= b。", "Whether it lies between the two, both included; also written a <= x <= b."),
        examples=(Example("BETWEEN(5, 1, 5)", True), Example("BETWEEN(DATE('2026-03-02'), '2026-03-03', '2026-03-09')", False)),
    )
)  # fmt: skip
HAS = define(
    Function(
        name="HAS", family=FAMILY, syntax="HAS(list, value)", check=_check_has, python=lambda items, value: value in items,
        help=Label("多选字段里有没有这个值；对多条记录，问是否有一条等于它。",
                   "Whether a field of several choices holds the value; of many records, whether one equals it."),
        examples=(Example("HAS(skills, 'weld')", True), Example("HAS(orders.number, 'O-2')", True)),
    )
)  # fmt: skip
HAS_ANY = define(
    Function(
        name="HAS_ANY", family=FAMILY, syntax="HAS_ANY(list, value, …)", check=_check_has_several, python=lists.has_any,
        help=Label("至少有其中一个；第二个参数也可以是另一个多选字段。",
                   "Whether it holds at least one of these; the second argument may be another list."),
        examples=(Example("HAS_ANY(skills, 'paint', 'weld')", True), Example("HAS_ANY(skills, skills)", True)),
    )
)  # fmt: skip
HAS_ALL = define(
    Function(
        name="HAS_ALL", family=FAMILY, syntax="HAS_ALL(list, value, …)", check=_check_has_several, python=lists.has_all,
        help=Label("全部都有。", "Whether it holds all of these."),
        examples=(Example("HAS_ALL(skills, 'turn', 'weld')", True), Example("HAS_ALL(skills, 'turn', 'paint')", False)),
    )
)  # fmt: skip
ORD = define(
    Function(
        name="ORD", family=FAMILY, syntax="ORD(choice)", check=_check_ord, result=INTEGER,
        python=lambda value, options: Decimal(options.index(value) + 1) if value in options else None,
        help=Label("选项排第几，从 1 数起。", "The place of a choice among its options, from 1."),
        examples=(Example("ORD(grade)", Decimal(2)),),
    )
)  # fmt: skip
LIST = define(
    Function(
        name="LIST", family=FAMILY, syntax="LIST(a, b, …)", check=_check_list, sees_absent=True,
        python=lambda *parts: ", ".join(p for p in parts if p is not None) or None,
        help=Label("把不为空的值用逗号连起来；都空则为空。", "What is not empty, joined by commas; absent where all are."),
        examples=(Example("LIST('a', NULL, 'c')", "a, c"), Example("LIST(IF(1 > 2, 'x', NULL), NULL)", None)),
    )
)  # fmt: skip
LIST_COUNT = define(
    Function(
        name="LIST_COUNT", family=FAMILY, parameters=(Parameter("list", Want.LIST),), result=INTEGER, python=lists.count,
        help=Label("多选字段选了几个。", "How many choices a field holds."),
        examples=(Example("LIST_COUNT(skills)", Decimal(2)),),
    )
)  # fmt: skip
LIST_JOIN = define(
    Function(
        name="LIST_JOIN", family=FAMILY, parameters=(Parameter("list", Want.LIST), Parameter("separator", Want.TEXT)),
        result=TEXT, python=lists.joined, last_may_be_absent=True,
        help=Label("多选字段的值，用分隔符连起来。", "The choices of a field, with a separator between."),
        examples=(Example("LIST_JOIN(skills, '/')", "turn/weld"),),
    )
)  # fmt: skip
