"""Conditions and simple sums put together without typing, and the same as formulas.

read(standing, text)       a formula as sentences `field · operator · value`, groups and aggregates; None: text only
write(filter)              the formula of such
compose(standing, clause)  the formula of one sentence
read_sum(standing, text)   a formula that is one aggregate over related records

Taking apart and joining is that of lists' filters (`pages.filters`, `pages.conditions`); here it is known besides what
places of an app offer: paths of a workflow's `record`, THIS and OLD, CHANGED, settings, other fields, aggregates. What
none of it can say stays a sentence that is its own text. A sentence that is left alone keeps the text it was read from,
and nothing is taken for a sentence unless what it says means the same as that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from dougong_designer.formulas import Standing, quoted, scan
from dougong_designer.formulas.scan import Frame
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.parse import Calling, Constant, Name, Syntax, parse
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.resolve import NotFound, Resolved, walk
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.formulas.tree import Aggregate, Call, Literal, Node
from dougong_runtime.formulas.types import BOOLEAN, INTEGER, Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.pages import conditions, filters
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.filters import Filter, Group
from dougong_runtime.pages.views import resolve

SIGNS = {"eq": "=", "ne": "<>", "ge": ">=", "le": "<=", "gt": ">", "lt": "<"}
_OPS = {"_eq": "eq", "_ne": "ne", "_ge": "ge", "_le": "le", "_gt": "gt", "_lt": "lt"}
FUNCTIONS = ("count", "exists", "lacks", "sum", "avg", "min", "max", "count_distinct")
"""What may be asked of related records; `exists` and `lacks` have no value."""
WITHOUT_VALUE = ("exists", "lacks")
WITHOUT_FIELD = ("count", "exists", "lacks")
_CHANGED = re.compile(r"(?P<not>NOT\s+)?CHANGED\(\s*(?P<path>[A-Za-z_][A-Za-z0-9_]*)\s*\)\Z", re.IGNORECASE)
_ROLE = re.compile(
    r"(?P<not>NOT\s+)?HAS\(\s*USER\(\)\.roles\s*,\s*(?:'(?P<a>[a-z0-9_]+)'|\"(?P<b>[a-z0-9_]+)\")\s*\)\Z",
    re.IGNORECASE,
)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")


@dataclass(frozen=True, slots=True)
class Clause(Condition):
    """One sentence. `kind`: `plain` (a field), `changed`, `role` (whether who asks has one), `many` (an aggregate over
    related records), or `text`."""

    kind: str = "text"
    before: str = ""
    """What its path begins with, besides the record stood on: `record.`, `THIS.`, `OLD.`."""
    entity: str = ""
    """The entity that the path starts from, behind `before`."""
    against: str = "value"
    """What it is compared with: a value, a setting's code, or another field's path."""
    function: str = ""
    field: str = ""
    """many: the inner records' field, as a path from them."""
    inner: Filter | None = None
    """many: which of the inner records count."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a path may begin: what is written before it, and the entity that it starts from."""

    before: str
    entity: str


# --- reading ------------------------------------------------------------------------------------------------------
def read(standing: Standing, text: str) -> Filter | None:
    """A condition as sentences; None where it is no condition, is wrong, or cannot be said in any."""
    if not text.strip():
        return Filter()
    if len(text) > LENGTH_MAX or _tree(standing, text, BOOLEAN) is None:
        return None
    frame = Frame(standing.at.entity)
    found = filters.read_by(lambda part: _clause(standing, frame, part), text)
    if all(isinstance(c, Clause) and c.kind == "text" for c in clauses(found)):
        return None
    return found if same_meaning(standing, text, write(found)) else None


def read_one(standing: Standing, text: str, frame: Frame) -> Clause | None:
    """One sentence from its text; None where none says it."""
    found = _clause(standing, frame, text)
    return None if found.kind == "text" else found


def read_sum(standing: Standing, text: str) -> Clause | None:
    """A formula that is one aggregate over related records; None where it is anything else."""
    if not text.strip() or len(text) > LENGTH_MAX or _tree(standing, text, None) is None:
        return None
    try:
        syntax = parse(text)
    except FormulaProblems:
        return None
    found = _aggregate(standing, Frame(standing.at.entity), text, syntax)
    if found is None or found.function in WITHOUT_VALUE:
        return None
    made = compose(standing, found)
    return found if made is not None and same_meaning(standing, text, made) else None


def write(found: Filter) -> str:
    """Sentences as a formula; those without a text are left out."""
    return filters.write(found)


def clauses(found: Filter) -> Iterator[Condition]:
    """The sentences of a filter, those in groups too; not those inside aggregates."""
    for item in found.items:
        yield from item.items if isinstance(item, Group) else (item,)


def beginnings(standing: Standing, frame: Frame) -> Iterator[Beginning]:
    """Where the path of a sentence may begin, the record stood on first."""
    if frame.entity is not None:
        yield Beginning("", frame.entity)
    for name, type_ in standing.at.variables.items():
        if type_.kind is Kind.RECORD and len(type_.targets) == 1:
            yield Beginning(f"{name}.", type_.targets[0])
    if frame.outer is not None and frame.outer.entity is not None:
        yield Beginning("THIS.", frame.outer.entity)
    elif standing.judges_a_write and frame.entity is not None:
        yield Beginning("OLD.", frame.entity)


def _clause(standing: Standing, frame: Frame, part: str) -> Clause:
    text = filters.bare(part)
    found = (
        _plain(standing, frame, text)
        or _changed(standing, frame, text)
        or _role(text)
        or _of_syntax(standing, frame, text)
    )
    if found is None or not _says_the_same(standing, frame, found, text):
        return Clause(part)
    return replace(found, text=part)


def _says_the_same(standing: Standing, frame: Frame, clause: Clause, text: str) -> bool:
    """Whether a sentence, composed anew with all in it, means what it was read from. What stands inside an aggregate
    is judged with it: by itself it would not know what THIS is."""
    if frame.outer is not None:
        return True
    made = compose(standing, _anew(standing, clause))
    return made is not None and same_meaning(standing, text, made)


def _anew(standing: Standing, clause: Clause) -> Clause:
    """A sentence whose inner ones say what they are by composing them, not by the text that they were read from."""
    if clause.inner is None:
        return clause

    def one(inner: Condition) -> Condition:
        if not isinstance(inner, Clause):
            return inner
        return replace(inner, text=compose(standing, _anew(standing, inner)) or inner.text)

    items = tuple(
        Group(item.join, tuple(map(one, item.items))) if isinstance(item, Group) else one(item)
        for item in clause.inner.items
    )
    return replace(clause, inner=Filter(clause.inner.join, items))


def _plain(standing: Standing, frame: Frame, text: str) -> Clause | None:
    for begin in beginnings(standing, frame):
        entity = standing.app.entities.get(begin.entity)
        stripped = _stripped(text, begin.before)
        if entity is None or stripped is None:
            continue
        parsed = conditions.parse(standing.app, entity, stripped)
        if len(parsed) == 1 and parsed[0].op != "formula":
            one = parsed[0]
            return Clause(text, one.path, one.op, one.value, one.is_text, "plain", begin.before, begin.entity)
    return None


def _stripped(text: str, before: str) -> str | None:
    """The text with `before` taken from its one name; None where its name begins otherwise."""
    if not before:
        return text
    found = scan.pieces(text)
    spots = [
        p
        for n, p in enumerate(found)
        if p.sort == "name"
        and p.text.lower().startswith(before.lower())
        and (n == 0 or found[n - 1].text != ".")
    ]
    if len(spots) != 1:
        return None
    start = spots[0].start
    return text[:start] + text[start + len(before) :]


def _changed(standing: Standing, frame: Frame, text: str) -> Clause | None:
    match = _CHANGED.match(text)
    if match is None or not standing.judges_a_write or frame.outer is not None or frame.entity is None:
        return None
    op = "unchanged" if match["not"] else "changed"
    return Clause(text, match["path"], op, "", False, "changed", "", frame.entity)


def _role(text: str) -> Clause | None:
    match = _ROLE.match(text)
    if match is None:
        return None
    return Clause(text, "", "hasnt" if match["not"] else "has", match["a"] or match["b"], True, "role")


def _of_syntax(standing: Standing, frame: Frame, text: str) -> Clause | None:
    try:
        syntax = parse(text)
    except FormulaProblems:
        return None
    if not isinstance(syntax, Calling):
        return None
    if syntax.function == "_not" and isinstance(syntax.arguments[0], Calling):
        found = _aggregate(standing, frame, text, syntax.arguments[0])
        return replace(found, function="lacks") if found is not None and found.function == "exists" else None
    if syntax.function == "exists":
        return _aggregate(standing, frame, text, syntax)
    if syntax.function not in _OPS:
        return None
    left, right = syntax.arguments
    given = _given(text, right)
    if given is None:
        return None
    against, value, is_text = given
    op = _OPS[syntax.function]
    if isinstance(left, Calling):
        found = _aggregate(standing, frame, text, left)
        if found is None or against == "field":
            return None
        return replace(found, op=op, value=value, is_text=is_text, against=against)
    if not isinstance(left, Name) or against == "value":
        return None
    place = _placed(standing, frame, left.text)
    if place is None or field_at(standing, place[0].entity, place[1]) is None:
        return None
    begin, path = place
    return Clause(text, path, op, value, False, "plain", begin.before, begin.entity, against)


def _given(text: str, right: Syntax) -> tuple[str, str, bool] | None:
    """What something is compared with: kind, content, whether it was quoted."""
    if isinstance(right, Constant) and right.value is not None and not isinstance(right.value, bool):
        return ("value", str(right.value), isinstance(right.value, str))
    if isinstance(right, Calling) and right.function == "_neg":
        inner = right.arguments[0]
        if isinstance(inner, Constant) and isinstance(inner.value, Decimal):
            return "value", f"-{inner.value}", False
    if isinstance(right, Calling) and right.function == "setting" and len(right.arguments) == 1:
        code = right.arguments[0]
        if isinstance(code, Constant) and isinstance(code.value, str):
            return "setting", code.value, False
    if isinstance(right, Name):
        return "field", right.text, False
    return None


def _aggregate(standing: Standing, frame: Frame, text: str, syntax: Syntax) -> Clause | None:
    if not isinstance(syntax, Calling) or syntax.function not in FUNCTIONS or syntax.parts:
        return None
    if not 1 <= len(syntax.arguments) <= 2 or not isinstance(syntax.arguments[0], Name):
        return None
    place = _placed(standing, frame, syntax.arguments[0].text)
    many = split(standing, place[0].entity, place[1]) if place is not None else None
    if place is None or many is None:
        return None
    path, field, entity = many
    if (syntax.function in WITHOUT_FIELD) != (not field):
        return None
    inner = Filter()
    if len(syntax.arguments) == 2:
        given = syntax.arguments[1]
        written = text[given.offset : given.offset + given.length]
        around = Frame(entity, frame)
        inner = filters.read_by(lambda part: _clause(standing, around, part), written)
    begin = place[0]
    return Clause(
        text, path, "", "", False, "many", begin.before, begin.entity,
        function=syntax.function, field=field, inner=inner,
    )  # fmt: skip


def _placed(standing: Standing, frame: Frame, name: str) -> tuple[Beginning, str] | None:
    """Where a dotted name begins, and the path behind that."""
    found = sorted(beginnings(standing, frame), key=lambda b: -len(b.before))
    for begin in found:
        if begin.before and name.lower().startswith(begin.before.lower()):
            return begin, name[len(begin.before) :]
    return next(((begin, name) for begin in found if not begin.before), None)


def split(standing: Standing, entity: str, path: str) -> tuple[str, str, str] | None:
    """A path over many records: the way to them, the field behind it (empty: they themselves), their entity."""
    parts = tuple(path.split("."))
    found = walked(standing, entity, path)
    if found is None or not found.is_many:
        return None
    at = max(n for n, hop in enumerate(found.hops) if hop.way != "forward") + 1
    return ".".join(parts[:at]), ".".join(parts[at:]), found.hops[at - 1].entity


def walked(standing: Standing, entity: str, path: str) -> Resolved | None:
    """Where a path leads; None where nowhere."""
    if entity not in standing.shapes or not path:
        return None
    parts = tuple(path.split("."))
    try:
        return walk(standing.shapes, entity, parts, tuple(0 for _ in parts), "row")
    except NotFound:
        return None


def field_at(standing: Standing, entity: str, path: str) -> Field | None:
    """The field at the end of a path along references."""
    own = standing.app.entities.get(entity)
    column = resolve(standing.app, own, path) if own is not None and path else None
    return column.field if column is not None else None


# --- writing ------------------------------------------------------------------------------------------------------
def compose(standing: Standing, clause: Clause) -> str | None:
    """The formula of a sentence; None where something is missing or does not go together."""
    path = clause.before + clause.path
    if clause.kind == "text":
        return clause.text or None
    if clause.kind == "changed":
        return f"CHANGED({path})" if clause.op == "changed" else f"NOT CHANGED({path})"
    if clause.kind == "role":
        known = clause.value in standing.app.roles
        return (
            f"{'NOT ' if clause.op == 'hasnt' else ''}HAS(USER().roles, {quoted(clause.value)})"
            if known
            else None
        )
    if clause.kind == "many":
        return _composed_many(standing, clause, path)
    if clause.against != "value":
        right = _right(standing, clause)
        return f"{path} {SIGNS[clause.op]} {right}" if right and clause.op in SIGNS else None
    entity = standing.app.entities.get(clause.entity)
    if entity is None:
        return None
    return conditions.compose(standing.app, entity, clause.path, clause.op, clause.value, clause.before)


def _composed_many(standing: Standing, clause: Clause, path: str) -> str | None:
    if (clause.function in WITHOUT_FIELD) == bool(clause.field) or not clause.path:
        return None
    inner = write(clause.inner) if clause.inner is not None else ""
    over = f"{path}.{clause.field}" if clause.field else path
    arguments = f"{over}, {inner}" if inner else over
    if clause.function in WITHOUT_VALUE:
        return f"{'NOT ' if clause.function == 'lacks' else ''}EXISTS({arguments})"
    call = f"{clause.function.upper()}({arguments})"
    if not clause.op:
        return call
    right = _right(standing, clause)
    return f"{call} {SIGNS[clause.op]} {right}" if right and clause.op in SIGNS else None


def _right(standing: Standing, clause: Clause) -> str | None:
    """The right side of a comparison."""
    if clause.against == "setting":
        return f"SETTING({quoted(clause.value)})" if clause.value in standing.app.settings else None
    if clause.against == "field":
        return clause.value if _PATH.match(clause.value) else None
    field = measured(standing, clause)
    if field is None or not clause.value.strip():
        return None
    return conditions.literal(field, clause.value.strip())


def measured(standing: Standing, clause: Clause) -> Field | None:
    """What an aggregate gives, as a field: a number for counts and sums, else like the field aggregated."""
    many = walked(standing, clause.entity, clause.path)
    if many is None:
        return None
    if clause.function in ("count", "count_distinct"):
        return Field("", "count", "integer", Label("数量", "Number"), INTEGER)
    inner = field_at(standing, many.type.targets[0] if many.type.targets else "", clause.field)
    if inner is None:
        return None
    if clause.function in ("sum", "avg"):
        type_ = ValueType(Kind.NUMBER, scale=inner.value_type.scale)
        return replace(inner, value_type=type_) if inner.value_type.kind is Kind.NUMBER else None
    return inner


# --- meaning ------------------------------------------------------------------------------------------------------
def same_meaning(standing: Standing, first: str, second: str) -> bool:
    """Whether two formulas mean the same at a place: equal typed trees, joined conditions in one list, and `x = TRUE`
    as `x` (they differ for an absent value only, of which a sentence says the same)."""
    if first.strip() == second.strip():
        return True
    one, other = (_tree(standing, text, None) for text in (first, second))
    return one is not None and other is not None and _flat(one) == _flat(other)


def _tree(standing: Standing, text: str, expect: ValueType | None) -> Node | None:
    try:
        return check_formula(
            text,
            entity=standing.at.entity,
            shapes=standing.shapes,
            settings=standing.settings,
            place=standing.at.place,
            expect=expect,
            variables=standing.at.variables,
        ).tree
    except FormulaProblems:
        return None


def _flat(node: Node) -> Node:
    if isinstance(node, Call):
        parts = [_flat(part) for part in node.arguments]
        if node.function in ("_and", "_or"):
            joined: list[Node] = []
            for part in parts:
                same = isinstance(part, Call) and part.function == node.function
                joined += part.arguments if same and isinstance(part, Call) else [part]
            parts = joined
        if (
            node.function == "_eq"
            and len(parts) == 2
            and isinstance(parts[1], Literal)
            and parts[1].type == BOOLEAN
        ):
            return parts[0] if parts[1].value else Call("_not", (parts[0],), BOOLEAN)
        return replace(node, arguments=tuple(parts))
    if isinstance(node, Aggregate):
        return replace(
            node,
            value=_flat(node.value) if node.value is not None else None,
            condition=_flat(node.condition) if node.condition is not None else None,
        )
    return node
