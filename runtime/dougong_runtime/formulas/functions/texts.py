"""Text: counted in code points; empty text is absent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dougong_runtime.exact import texts, times
from dougong_runtime.formulas.function import Example, Function, Parameter, Want, define
from dougong_runtime.formulas.functions.operators import check_concat
from dougong_runtime.formulas.tree import Call, Literal, Node
from dougong_runtime.formulas.types import BOOLEAN, TEXT, Kind, number
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

FAMILY = "texts"
LABEL = Label("文本", "Text")
_T = Parameter("text", Want.TEXT)
_PART = Parameter("part", Want.TEXT)
_N = Parameter("count", Want.NUMBER)
_COUNT = number(0, 10)
_D = Decimal


def _check_text(checker: Checker, syntax: Calling) -> Node:
    """TEXT: by the kind of its first argument."""
    if len(syntax.arguments) not in (1, 2):
        checker.fail(syntax, "写法是 TEXT(value, [pattern])", "It is written TEXT(value, [pattern])")
    nodes = checker.nodes(syntax.arguments)
    if len(nodes) == 1:
        return checker.converted(nodes[0], Want.TEXT, syntax.arguments[0])
    pattern = checker.converted(nodes[1], Want.TEXT, syntax.arguments[1])
    match nodes[0].type.kind:
        case Kind.DATE:
            return Call("_format_day", (nodes[0], pattern), TEXT)
        case Kind.DATETIME:
            return Call("_format_instant", (nodes[0], pattern), TEXT)
    value = checker.converted(nodes[0], Want.NUMBER, syntax.arguments[0])
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        checker.fail(syntax.arguments[1], "数字的格式要写成文本", "A number's pattern is written as a text")
    shape = pattern.value.replace("#,##0", "0").replace("0,000", "0")
    head, _, tail = shape.partition(".")
    if head not in ("0", "#") or tail.strip("0"):
        checker.fail(
            syntax.arguments[1],
            "数字的格式写成 '0.00' 或 '#,##0.00'",
            "A number's pattern is written '0.00' or '#,##0.00'",
        )
    places = Literal(Decimal(len(tail)), number(0, 2))
    return Call("fixed", (value, places, Literal("," in pattern.value, BOOLEAN)), TEXT)


for _function in (
    Function(
        name="LEN", family=FAMILY, parameters=(_T,), result=_COUNT, python=texts.length,
        help=Label("字符数，一个汉字算一个。", "How many characters, a Chinese one counting as one."),
        examples=(Example("LEN('张三丰')", _D(3)), Example("LEN('')", None)),
    ),
    Function(
        name="LEFT", family=FAMILY, parameters=(_T, Parameter("count", Want.NUMBER, True)), result=TEXT, python=texts.left,
        help=Label("左边几个字符。", "The first characters."),
        examples=(Example("LEFT('张三丰', 2)", "张三"), Example("LEFT('abc')", "a"), Example("LEFT('abc', 0)", None)),
    ),
    Function(
        name="RIGHT", family=FAMILY, parameters=(_T, Parameter("count", Want.NUMBER, True)), result=TEXT, python=texts.right,
        help=Label("右边几个字符。", "The last characters."),
        examples=(Example("RIGHT('13812345678', 4)", "5678"),),
    ),
    Function(
        name="MID", family=FAMILY, parameters=(_T, Parameter("start", Want.NUMBER), _N), result=TEXT, python=texts.mid,
        help=Label("从第几个字符起的几个字符，从 1 数起。", "So many characters from a place on, counted from 1."),
        examples=(Example("MID('abcdef', 2, 3)", "bcd"), Example("MID('abc', 9, 1)", None)),
    ),
    Function(
        name="UPPER", family=FAMILY, parameters=(_T,), result=TEXT, python=texts.upper,
        help=Label("转成大写。", "In capitals."), examples=(Example("UPPER('aé')", "AÉ"),),
    ),
    Function(
        name="LOWER", family=FAMILY, parameters=(_T,), result=TEXT, python=texts.lower,
        help=Label("转成小写。", "In small letters."), examples=(Example("LOWER('ABC')", "abc"),),
    ),
    Function(
        name="TRIM", family=FAMILY, parameters=(_T,), result=TEXT, python=texts.trim,
        help=Label("去掉两端空格，中间连续空格只留一个；全角空格也算。", "Without spaces at the ends, inner runs as one; the full-width space counts."),
        examples=(Example("TRIM('  a \u3000 b ')", "a b"), Example("TRIM('  ')", None)),
    ),
    Function(
        name="CONCAT", family=FAMILY, syntax="CONCAT(a, b, …)", check=check_concat,
        help=Label("连起来，空值当作空文本；也可写 a & b。", "Joined, what is absent as empty text; also written a & b."),
        examples=(Example("CONCAT('No. ', 7, NULL)", "No. 7"), Example("'a' & NULL & 'b'", "ab"), Example("NULL & ''", None)),
    ),
    Function(
        name="REPLACE", family=FAMILY, parameters=(_T, Parameter("start", Want.NUMBER), _N, Parameter("new", Want.TEXT)),
        result=TEXT, python=texts.replace, last_may_be_absent=True,
        help=Label("从第几个字符起的几个字符换成新的。", "So many characters from a place on give way to others."),
        examples=(Example("REPLACE('abcdef', 2, 3, 'X')", "aXef"), Example("REPLACE('abc', 1, 1, '')", "bc")),
    ),
    Function(
        name="SUBSTITUTE", family=FAMILY, parameters=(_T, Parameter("old", Want.TEXT), Parameter("new", Want.TEXT)),
        result=TEXT, python=texts.substitute, last_may_be_absent=True,
        help=Label("每一处旧的都换成新的；最多变长到十万个字符。", "Every occurrence of the old becomes the new; it grows to 100,000 characters at most."),
        examples=(Example("SUBSTITUTE('a-b-c', '-', '/')", "a/b/c"), Example("SUBSTITUTE('a b', ' ', '')", "ab")),
    ),
    Function(
        name="CONTAINS", family=FAMILY, parameters=(_T, _PART), result=BOOLEAN, python=texts.contains,
        help=Label("是否含有；没有通配符，分大小写。", "Whether it holds the part; no wildcards, and case counts."),
        examples=(Example("CONTAINS('招商银行', '银行')", True), Example("CONTAINS('100%', '%')", True), Example("CONTAINS('abc', '_')", False)),
    ),
    Function(
        name="STARTS", family=FAMILY, parameters=(_T, _PART), result=BOOLEAN, python=texts.starts,
        help=Label("是否以它开头。", "Whether it begins with the part."), examples=(Example("STARTS('C2026-1', 'C2026')", True),),
    ),
    Function(
        name="ENDS", family=FAMILY, parameters=(_T, _PART), result=BOOLEAN, python=texts.ends,
        help=Label("是否以它结尾。", "Whether it ends with the part."), examples=(Example("ENDS('report.pdf', '.pdf')", True),),
    ),
    Function(
        name="FIND", family=FAMILY, parameters=(_PART, _T, Parameter("start", Want.NUMBER, True)), result=_COUNT, python=texts.find,
        help=Label("第一次出现在第几个字符，没有则为空。", "The place where the part first stands, from 1; absent where it does not."),
        examples=(Example("FIND('三', '张三')", _D(2)), Example("FIND('x', 'abc')", None), Example("FIND('a', 'banana', 3)", _D(4))),
    ),
    Function(
        name="REPT", family=FAMILY, parameters=(_T, _N), result=TEXT, python=texts.rept,
        help=Label("重复几遍，最多一万个字符。", "So many times over; at most 10,000 characters."),
        examples=(Example("REPT('★', 3)", "★★★"), Example("REPT('a', 0)", None)),
    ),
    Function(
        name="PAD_LEFT", family=FAMILY, parameters=(_T, Parameter("length", Want.NUMBER), Parameter("fill", Want.TEXT, True)),
        result=TEXT, python=texts.pad_left,
        help=Label("左边补足到几个字符，已够长则不变。", "Filled up on the left to a length; longer text stays."),
        examples=(Example("PAD_LEFT(7, 3, '0')", "007"), Example("PAD_LEFT('abcd', 3)", "abcd")),
    ),
    Function(
        name="SPLIT", family=FAMILY, parameters=(_T, Parameter("separator", Want.TEXT), Parameter("number", Want.NUMBER)),
        result=TEXT, python=texts.split,
        help=Label("按分隔符切开后的第几段，从 1 数起。", "The n-th part between separators, counted from 1."),
        examples=(Example("SPLIT('a/b/c', '/', 2)", "b"), Example("SPLIT('a', '/', 2)", None)),
    ),
    Function(
        name="DIGITS", family=FAMILY, parameters=(_T,), result=TEXT, python=texts.digits,
        help=Label("只留数字。", "Only the digits in it."), examples=(Example("DIGITS('021-5888 0000')", "02158880000"),),
    ),
    Function(
        name="MASK", family=FAMILY, parameters=(_T, Parameter("first", Want.NUMBER), Parameter("last", Want.NUMBER)),
        result=TEXT, python=texts.mask,
        help=Label("留下头尾几个字符，中间用圆点。", "The first and last characters; dots between."),
        examples=(Example("MASK('13812345678', 3, 4)", "138••••5678"),),
    ),
    Function(
        name="REVERSE", family=FAMILY, parameters=(_T,), result=TEXT, python=texts.reverse,
        help=Label("倒过来。", "Back to front."), examples=(Example("REVERSE('abc')", "cba"),),
    ),
    Function(
        name="VALUE", family=FAMILY, parameters=(_T,), result=number(20, 58), python=texts.value,
        help=Label("把文本读成数字，认得千分位和全角数字；不是数字则为空。", "A number read from text, with 1,234.50 and full-width digits; absent where it is none."),
        examples=(Example("VALUE('1,234.50')", _D("1234.5")), Example("VALUE('１２')", _D(12)), Example("VALUE('abc')", None)),
    ),
    Function(
        name="TEXT", family=FAMILY, syntax="TEXT(value, [pattern])", check=_check_text,
        help=Label("写成文本。数字用 '0.00' 或 '#,##0.00'；日期用 yyyy yy mm m dd d q，时间再加 hh mi ss。",
                   "As text. Numbers by '0.00' or '#,##0.00'; dates by yyyy yy mm m dd d q, instants with hh mi ss too."),
        examples=(
            Example("TEXT(1234.5, '#,##0.00')", "1,234.50"), Example("TEXT(DATE('2026-03-02'), 'yyyy年m月d日')", "2026年3月2日"),
            Example("TEXT(0.50)", "0.5"),
        ),
    ),
    Function(name="_format_day", family=FAMILY, help=Label("", ""), hidden=True, python=times.format_day, sql="format_day"),
    Function(name="_format_instant", family=FAMILY, help=Label("", ""), hidden=True, python=times.format_instant, zone=True, sql="format_instant"),
):  # fmt: skip
    define(_function)
