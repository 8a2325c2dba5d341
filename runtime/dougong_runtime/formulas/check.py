"""Formula text → typed tree, or all that is wrong with it.

Where a thing may stand depends on the place: `OLD` and `CHANGED` exist when a write is judged, `USER()` where
somebody asks, aggregates over a group's records in a report's measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal as Word
from typing import NoReturn, TypeAlias

from dougong_runtime.exact.numbers import EXACT, WHOLE_DIGITS_MAX
from dougong_runtime.formulas import comparisons
from dougong_runtime.formulas.convert import Mismatch, convert, fit
from dougong_runtime.formulas.dependencies import reads_clock, reads_user, weight
from dougong_runtime.formulas.function import Want
from dougong_runtime.formulas.functions import FUNCTIONS, Function, Parameter
from dougong_runtime.formulas.parse import (
    TOO_COMPLEX,
    Calling,
    Chain,
    Constant,
    Name,
    Several,
    Syntax,
    parse,
)
from dougong_runtime.formulas.problems import FormulaProblem, FormulaProblems
from dougong_runtime.formulas.resolve import Frame, NotFound, Resolved, walk
from dougong_runtime.formulas.shapes import Shapes
from dougong_runtime.formulas.tree import Call, Literal, Node, Path
from dougong_runtime.formulas.types import BOOLEAN, NULL, TEXT, Kind, ValueType, number
from dougong_runtime.names import nearest

Place: TypeAlias = Word[
    "formula", "default", "rule", "row_rule", "filter", "trigger", "message", "workflow", "measure"
]
WEIGHT_MAX = 3_000
"""Nodes of a typed tree, written out."""
_JUDGES_A_WRITE = ("rule", "trigger")
_NOBODY_ASKS = ("formula",)
_COMPARISONS = {"_eq", "_ne", "_lt", "_le", "_gt", "_ge"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A formula understood."""

    text: str
    tree: Node
    clock: bool
    """Whether it depends on what time it is."""
    asks_user: bool
    """Whether it depends on who asks."""

    @property
    def type(self) -> ValueType:
        """The type of its result."""
        return self.tree.type


def check_formula(
    text: str,
    *,
    entity: str | None,
    shapes: Shapes,
    settings: Mapping[str, ValueType] | None = None,
    place: Place = "formula",
    expect: ValueType | None = None,
    variables: Mapping[str, ValueType] | None = None,
) -> Checked:
    """Parse and type a formula whose plain names are fields of `entity` (None: there are none).

    `settings`: code → type of what SETTING may read. `variables`: other names, with their dots, e.g.
    `{"record": record("order"), "steps.best.value": number(2)}`; one of type RECORD is walked like a reference.
    `expect`: the type its result must have; a text literal then becomes a date, a choice or an id.
    Raises FormulaProblems with everything that is wrong.
    """
    checker = Checker(shapes, settings or {}, place, entity, variables or {})
    tree = checker.whole(parse(text), expect)
    return Checked(text, tree, reads_clock(tree), reads_user(tree))


class Failed(Exception):
    """A part could not be understood; its problem is noted already."""


class Checker:
    """Types syntax, part by part, noting every problem it meets. Functions with a typing of their own are handed it."""

    def __init__(
        self,
        shapes: Shapes,
        settings: Mapping[str, ValueType],
        place: Place,
        entity: str | None,
        variables: Mapping[str, ValueType],
    ) -> None:
        self.shapes, self.settings, self.place, self.variables = shapes, settings, place, variables
        self.problems: list[FormulaProblem] = []
        self.frame = Frame(entity, grouped=place == "measure")

    # --- the whole --------------------------------------------------------------------------------------------

    def whole(self, syntax: Syntax, expect: ValueType | None) -> Node:
        """The typed tree, fitted to the type expected."""
        try:
            tree = self.node(syntax)
            if expect is not None:
                tree = self._fitted(tree, expect, syntax)
        except Failed:
            raise FormulaProblems(self.problems) from None
        if self.problems:
            raise FormulaProblems(self.problems)
        if weight(tree) > WEIGHT_MAX:
            raise FormulaProblems([FormulaProblem(0, TOO_COMPLEX.zh, TOO_COMPLEX.en)])
        return tree

    def _fitted(self, tree: Node, expect: ValueType, syntax: Syntax) -> Node:
        try:
            return fit(tree, expect)
        except Mismatch as mismatch:
            self.fail(syntax, mismatch.zh, mismatch.en, mismatch.nearest)

    # --- parts ------------------------------------------------------------------------------------------------

    def fail(self, syntax: Syntax, zh: str, en: str, near: str | None = None) -> NoReturn:
        """Note a problem at this part, and give the part up."""
        self.problems.append(FormulaProblem(syntax.offset, zh, en, near, max(syntax.length, 1)))
        raise Failed

    def node(self, syntax: Syntax, want: Want | None = None) -> Node:
        """The typed tree of a part; converted where a kind is wanted. Raises Failed, its problem noted."""
        made = self._node(syntax)
        return made if want is None else self.converted(made, want, syntax)

    def nodes(self, parts: tuple[Syntax, ...], want: Want | None = None) -> tuple[Node, ...]:
        """Several parts; all their problems are found before the whole is given up."""
        made: list[Node] = []
        failed = False
        for part in parts:
            try:
                made.append(self.node(part, want))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return tuple(made)

    def converted(self, node: Node, want: Want, syntax: Syntax) -> Node:
        """The node as what is wanted; what is not near enough is a problem."""
        try:
            return convert(node, want)
        except Mismatch as mismatch:
            self.fail(syntax, mismatch.zh, mismatch.en, mismatch.nearest)

    def _node(self, syntax: Syntax) -> Node:
        if isinstance(syntax, Constant):
            return literal(syntax.value)
        if isinstance(syntax, Name):
            return self._name(syntax)
        if isinstance(syntax, Calling):
            return self._calling(syntax)
        if isinstance(syntax, Chain):
            return self._chain(syntax)
        return self._several(syntax)

    def _several(self, syntax: Several) -> NoReturn:
        self.fail(
            syntax, "几个值只能放在 IN 后面的括号里", "Several values stand in parentheses only after IN"
        )

    # --- names ------------------------------------------------------------------------------------------------

    def _name(self, syntax: Name) -> Node:
        found = self.resolve(syntax)
        if found.is_many:
            self.fail(
                syntax,
                f"「{syntax.text}」是多条记录，请用 SUM、COUNT 等汇总",
                f"“{syntax.text}” are many records; put it inside SUM, COUNT …",
            )
        if self.frame.grouped and found.base == "row":
            self.fail(
                syntax,
                f"指标里「{syntax.text}」要放在 SUM、COUNT 等里面",
                f"In a measure “{syntax.text}” stands inside SUM, COUNT …",
            )
        return Path(found.base, found.hops, found.field, found.type, found.part, found.variable)

    def resolve(self, syntax: Name) -> Resolved:
        """Where a dotted name leads, many records included. Raises Failed."""
        parts, offsets = syntax.parts, syntax.part_offsets
        try:
            for length in range(len(parts), 0, -1):
                variable = ".".join(parts[:length])
                if variable in self.variables:
                    return self._variable(syntax, variable, length)
            head = parts[0]
            entity = self.frame.entity
            own = entity is not None and (
                head in self.shapes[entity].fields or head in self.shapes[entity].many
            )
            if head.lower() == "this" and not own:
                return self._this(syntax)
            if head.lower() == "old" and not own:
                return self._old(syntax)
            if entity is None:
                self._nothing(syntax)
            if not own and head != "id" and head.upper().lower() in FUNCTIONS and len(parts) == 1:
                self.fail(
                    syntax,
                    f"函数「{head}」后面要有括号",
                    f"The function “{head}” needs parentheses",
                    f"{head}()",
                )
            return walk(self.shapes, entity, parts, offsets, "row")
        except NotFound as error:
            self.problems.append(error.problem)
            raise Failed from None

    def _nothing(self, syntax: Name) -> NoReturn:
        self.fail(
            syntax,
            f"这里没有「{syntax.parts[0]}」",
            f"There is no “{syntax.parts[0]}” here",
            nearest(syntax.parts[0], [v.split(".")[0] for v in self.variables]),
        )

    def _variable(self, syntax: Name, variable: str, length: int) -> Resolved:
        type_ = self.variables[variable]
        rest, offsets = syntax.parts[length:], syntax.part_offsets[length:]
        if not rest:
            return Resolved("variable", (), "id", type_, variable=variable)
        if type_.kind is not Kind.RECORD or len(type_.targets) != 1:
            self.fail(
                syntax,
                f"「{variable}」后面不能再跟「{rest[0]}」",
                f"“{rest[0]}” cannot follow “{variable}”",
            )
        return walk(self.shapes, type_.targets[0], rest, offsets, "variable", variable)

    def _this(self, syntax: Name) -> Resolved:
        outer = self.frame.outer
        if outer is None or outer.entity is None or outer.grouped:
            self.fail(
                syntax,
                "THIS 只在汇总函数里面有意义，指外层记录",
                "THIS has a meaning only inside an aggregate: the outer record",
            )
        return walk(self.shapes, outer.entity, syntax.parts[1:], syntax.part_offsets[1:], "this")

    def _old(self, syntax: Name) -> Resolved:
        entity = self.frame.entity
        if self.place not in _JUDGES_A_WRITE or entity is None:
            self.fail(syntax, "OLD 只能用在规则和触发条件里", "OLD stands only in rules and triggers")
        if self.frame.outer is not None or len(syntax.parts) != 2:
            self.fail(
                syntax,
                "OLD 后面只跟本记录的一个字段，且不在汇总函数里",
                "OLD is followed by one field of the record itself, outside aggregates",
            )
        found = walk(self.shapes, entity, syntax.parts[1:], syntax.part_offsets[1:], "old")
        if found.is_many:
            self.fail(syntax, "OLD 不能用于多条记录", "OLD has no many records")
        return found

    # --- calls ------------------------------------------------------------------------------------------------

    def _calling(self, syntax: Calling) -> Node:
        if syntax.function in _COMPARISONS:
            return self._comparison(syntax)
        function = FUNCTIONS.find(syntax.function)
        if function is None or (function.hidden and not syntax.function.startswith("_")):
            self.fail(
                syntax,
                f"没有函数「{syntax.written}」",
                f"There is no function “{syntax.written}”",
                nearest(syntax.written.upper(), written_functions()),
            )
        made = function.check(self, syntax) if function.check else self._plain_call(function, syntax)
        return self._bounded(made, syntax)

    def _comparison(self, syntax: Calling) -> Node:
        left, right = syntax.arguments
        if syntax.function in ("_eq", "_ne") and isinstance(left, Name) and _is_nothing(right):
            found = self.resolve(left)
            if found.is_many and found.type.kind is Kind.RECORDS:
                none = self.node(Calling("isblank", "ISBLANK", (left,), left.offset, left.length))
                return none if syntax.function == "_eq" else Call("_not", (none,), BOOLEAN)
        sides = self.nodes(syntax.arguments)
        where = next((p for p in (right, left) if isinstance(p, Constant)), syntax)
        return self.compared(syntax.function, sides[0], sides[1], where)

    def _bounded(self, node: Node, syntax: Syntax) -> Node:
        type_ = node.type
        if type_.kind is Kind.NUMBER and type_.precision - type_.scale > WHOLE_DIGITS_MAX:
            self.fail(
                syntax,
                f"结果可能超过 {WHOLE_DIGITS_MAX} 位整数",
                f"The result could have over {WHOLE_DIGITS_MAX} digits before the point",
            )
        return node

    def compared(self, function: str, left: Node, right: Node, syntax: Syntax) -> Node:
        """A comparison, typed; literals take the type of what stands beside them."""
        try:
            return comparisons.compare(function, left, right)
        except Mismatch as mismatch:
            self.fail(syntax, mismatch.zh, mismatch.en, mismatch.nearest)

    def _plain_call(self, function: Function, syntax: Calling) -> Node:
        parameters = self.parameters_for(function, syntax)
        made: list[Node] = []
        failed = False
        for parameter, part in zip(parameters, syntax.arguments, strict=True):
            try:
                made.append(self.node(part, None if parameter.want is Want.ANY else parameter.want))
            except Failed:
                failed = True
        if failed:
            raise Failed
        arguments = tuple(made)
        result = function.result
        if result is None:
            raise AssertionError(f"{function.name} has no result type")
        type_ = result if isinstance(result, ValueType) else result(arguments)
        return Call(function.name.lower(), arguments, type_)

    def parameters_for(self, function: Function, syntax: Calling) -> list[Parameter]:
        """One parameter for each argument given; too many or too few is a problem."""
        own = list(function.parameters)
        given = len(syntax.arguments)
        if function.repeats and given > len(own):
            again = own[-function.repeats :]
            while len(own) < given:
                own += again
        least = sum(not p.optional for p in function.parameters)
        if given < least or given > len(own):
            self.fail(
                syntax,
                f"{function.name} 的写法是 {function.signature}，这里给了 {given} 个参数",
                f"{function.name} is written {function.signature}; {given} arguments are given",
            )
        return own[:given]

    def _chain(self, syntax: Chain) -> Node:
        sides = self.nodes((syntax.first, *(side for _, side in syntax.rest)))
        parts = tuple(
            self.compared(name, sides[index], sides[index + 1], syntax)
            for index, (name, _) in enumerate(syntax.rest)
        )
        return Call("_and", parts, BOOLEAN)

    # --- for functions with a typing of their own ---------------------------------------------------------------

    @contextmanager
    def inside(self, entity: str) -> Iterator[None]:
        """While it lasts, plain names are an inner record's of `entity`, and THIS is the one stood on now."""
        before = self.frame
        self.frame = Frame(entity, None if before.grouped else before)
        try:
            yield
        finally:
            self.frame = before

    @contextmanager
    def over_group(self) -> Iterator[None]:
        """While it lasts, plain names are those of a record of the group measured."""
        before = self.frame
        self.frame = Frame(before.entity)
        try:
            yield
        finally:
            self.frame = before

    @property
    def judges_a_write(self) -> bool:
        """Whether CHANGED has a meaning here."""
        return self.place in _JUDGES_A_WRITE and self.frame.outer is None

    @property
    def somebody_asks(self) -> bool:
        """Whether USER has a meaning here."""
        return self.place not in _NOBODY_ASKS


def literal(value: str | Decimal | bool | None) -> Literal:
    """A constant with its type; empty text is NULL."""
    if value is None or value == "":
        return Literal(None, NULL)
    if isinstance(value, bool):
        return Literal(value, BOOLEAN)
    if isinstance(value, Decimal):
        plain = value.normalize(EXACT) if value else Decimal(0)
        exponent = plain.as_tuple().exponent
        scale = max(0, -exponent) if isinstance(exponent, int) else 0
        return Literal(plain, number(scale, max(1, plain.adjusted() + 1) + scale))
    return Literal(value, TEXT)


def _is_nothing(syntax: Syntax) -> bool:
    return isinstance(syntax, Constant) and (syntax.value is None or syntax.value == "")


def written_functions() -> list[str]:
    """Names of the functions that may be written in a formula."""
    return [f.name for _, f in FUNCTIONS.items() if not f.hidden]
