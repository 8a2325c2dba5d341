"""Changes of documents as data: JSON Patch (RFC 6902) over all documents of an app, with members of lists named by id.

`/entity~1visit/fields/3/label` or `/entity~1visit/fields/<id>/label`: both are understood. What is kept in the history
is always the second, made by comparing before and after (`between`), so that a change can be taken back when others
have meanwhile added to the same list. Beyond the standard, `add` and `move` may say `before`: the id (or key) of the
neighbour before which something stands; without it, at the end.

Documents are never changed in place: what lies off a change is shared between the old and the new.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast, get_args

from dougong_runtime.documents.yaml_text import DEPTH_MAX, INTEGER_DIGITS_MAX, NODES_MAX, plain_number
from dougong_runtime.errors import Refused, problem_type, refuse

Documents: TypeAlias = Mapping[str, Any]
"""`kind/name` → document, `file/path` → file, as `App.source` keeps them."""
Tokens: TypeAlias = tuple[str, ...]
Name = Literal["add", "remove", "replace", "move", "copy", "test"]

OPERATIONS_MAX = 2_000
POINTER_LENGTH_MAX = 4_000

BAD_PATCH = problem_type(
    "bad-patch",
    422,
    "第 {number} 步不能执行：{zh}",
    "Operation {number} cannot be done: {en}",
    remedy=(
        "先重新读取草稿，再按其中的名称和编号修改。",
        "Read the draft again, and name what it has by its names and ids.",
    ),
)
CHANGED_MEANWHILE = problem_type(
    "changed-meanwhile",
    409,
    "{where} 已被{who}改为 {now}。",
    "{where} has meanwhile been changed by {who} to {now}.",
    remedy=(
        "看过现在的值，再决定是否覆盖。",
        "Look at the value it has now, then decide whether to replace it.",
    ),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `source` is the standard's `from`; `before` names a neighbour by id or key."""

    op: Name
    path: Tokens
    value: Any = None
    source: Tokens = ()
    before: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept and sent."""
        made: dict[str, Any] = {"op": self.op, "path": pointer(self.path)}
        if self.op in ("move", "copy"):
            made["from"] = pointer(self.source)
        if self.op in ("add", "replace", "test"):
            made["value"] = self.value
        if self.before is not None:
            made["before"] = self.before
        return made

    @property
    def touches(self) -> Tokens:
        """The path of what it changes: of an addition to a list, that of the new member."""
        if self.op == "add" and self.path[-1] == "-" and isinstance(self.value, Mapping):
            return (*self.path[:-1], str(self.value.get("id", "-")))
        return self.source if self.op == "move" else self.path


Patch: TypeAlias = tuple[Operation, ...]


def pointer(tokens: Tokens) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens_of(text: str) -> Tokens:
    """The inverse of `pointer`. Raises ValueError."""
    if text and not text.startswith("/"):
        raise ValueError(text)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def read(given: Any) -> Patch:
    """A patch from JSON. Raises Refused (BAD_PATCH) with the number of the operation, counted from 1."""
    if not isinstance(given, list) or not given or len(given) > OPERATIONS_MAX:
        raise _bad(
            1,
            f"应为 1 到 {OPERATIONS_MAX} 步的列表。",
            f"a list of 1 to {OPERATIONS_MAX} operations is expected.",
        )
    return tuple(_operation(number, one) for number, one in enumerate(given, 1))


def apply(documents: Documents, patch: Iterable[Operation]) -> dict[str, Any]:
    """The documents with a patch carried out. Raises Refused (BAD_PATCH, and for `test`, CHANGED_MEANWHILE)."""
    data: Any = dict(documents)
    room = _Room()
    for number, one in enumerate(patch, 1):
        try:
            data = _applied(data, one, room)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            where = pointer(one.path)
            raise _bad(number, f"没有 {where}。", f"there is no {where}.") from None
        except OverflowError:
            raise _bad(
                number, "得到的文档过大或嵌套过深。", "what it makes is too large or too deep."
            ) from None
    return cast(dict[str, Any], data)


def between(old: Documents, new: Documents, keys: Iterable[str] | None = None) -> Patch:
    """The operations that make `new` of `old`, as few as their ids allow; `keys`: documents to look at, else all."""
    wanted = sorted(old.keys() | new.keys()) if keys is None else sorted(set(keys))
    made: list[Operation] = []
    for key in wanted:
        if key not in new:
            if key in old:
                made.append(Operation("remove", (key,)))
        elif key not in old:
            made.append(Operation("add", (key,), new[key]))
        elif old[key] is not new[key]:
            made += _differences(old[key], new[key], (key,))
    return tuple(made)


def overlap(first: Iterable[Operation], second: Iterable[Operation]) -> Tokens | None:
    """A path that both change, or None: one lies at or below the other."""
    paths = [operation.touches for operation in second]
    for operation in first:
        mine = operation.touches
        for other in paths:
            length = min(len(mine), len(other))
            if mine[:length] == other[:length]:
                return mine if len(mine) >= len(other) else other
    return None


def touched(patch: Iterable[Operation]) -> tuple[str, ...]:
    """Keys of the documents that a patch changes."""
    return tuple(sorted({t[0] for one in patch for t in (one.path, one.source) if t}))


def value_at(documents: Documents, tokens: Tokens) -> Any:
    """The value at a path. Raises KeyError, IndexError or ValueError where there is none."""
    data: Any = documents
    for token in tokens:
        data = data[_index(data, token)] if isinstance(data, list) else data[token]
    return data


def plain(value: Any) -> Any:
    """JSON from outside as documents hold it: numbers as they are read from a file, never Decimals; those of more
    digits than a file's keep are text."""
    if isinstance(value, Decimal):
        return plain_number(str(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**INTEGER_DIGITS_MAX:
        return str(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


# --- reading --------------------------------------------------------------------------------------------------
def _operation(number: int, given: Any) -> Operation:
    if not isinstance(given, Mapping):
        raise _bad(number, "应为一个对象。", "an object is expected.")
    name = given.get("op")
    if name not in get_args(Name):
        known = ", ".join(get_args(Name))
        raise _bad(number, f"op 应为 {known} 之一。", f"op is one of {known}.")
    if unknown := set(given) - {"op", "path", "from", "value", "before"}:
        raise _bad(number, f"不认识「{min(unknown)}」。", f"“{min(unknown)}” is unknown.")
    if name in ("add", "replace", "test") and "value" not in given:
        raise _bad(number, "缺少 value。", "value is missing.")
    path = _tokens(number, given.get("path"), "path")
    source = _tokens(number, given.get("from"), "from") if name in ("move", "copy") else ()
    before = given.get("before")
    if before is not None and not isinstance(before, str):
        raise _bad(number, "before 应为文本。", "before is a text.")
    return Operation(cast(Name, name), path, plain(given.get("value")), source, before)


def _tokens(number: int, given: Any, name: str) -> Tokens:
    try:
        found = tokens_of(given)
    except (ValueError, AttributeError, TypeError):
        found = ()
    if not found or len(found) > DEPTH_MAX or len(given) > POINTER_LENGTH_MAX:
        raise _bad(number, f"{name} 应为 JSON Pointer。", f"{name} is a JSON Pointer.")
    return found


def _bad(number: int, zh: str, en: str) -> Refused:
    return refuse(BAD_PATCH, number=number, zh=zh, en=en)


# --- applying -------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Room:
    """How much the copies and moves of one patch may still carry: a list copied into itself doubles each time."""

    nodes: int = NODES_MAX

    def take(self, value: Any, depth: int) -> None:
        """Count a value that goes to a place so deep. Raises OverflowError where it is too much."""
        waiting = [(value, depth)]
        while waiting:
            inner, at = waiting.pop()
            self.nodes -= 1
            if self.nodes < 0 or at > DEPTH_MAX:
                raise OverflowError
            if isinstance(inner, Mapping):
                waiting += [(below, at + 1) for below in inner.values()]
            elif isinstance(inner, list):
                waiting += [(below, at + 1) for below in inner]


def _applied(data: Any, one: Operation, room: _Room) -> Any:
    if one.op == "test":
        found = value_at(data, one.path)
        if not same(found, one.value):
            now = json.dumps(found, ensure_ascii=False)[:120]
            raise refuse(CHANGED_MEANWHILE, where=pointer(one.path), who="—", now=now)
        return data
    if one.op == "remove":
        return _without(data, one.path)
    if one.op == "replace":
        value_at(data, one.path)
        return _within(data, one.path[:-1], lambda around: _replaced(around, one.path[-1], one.value))
    if one.op == "add":
        return _added(data, one.path, one.value, one.before)
    value = value_at(data, one.source)
    room.take(value, len(one.path))
    if one.op == "copy":
        return _added(data, one.path, another(value), one.before)
    if one.op == "move":
        if one.path[: len(one.source)] == one.source and len(one.path) > len(one.source):
            raise ValueError(one.path)
        data = _without(data, one.source)
    return _added(data, one.path, value, one.before)


def another(value: Any, *, is_member: bool = True) -> Any:
    """A copy is another thing: it and the members of its lists get ids of their own."""
    if isinstance(value, Mapping):
        return {k: another(v, is_member=False) for k, v in value.items() if not (is_member and k == "id")}
    if isinstance(value, list):
        return [another(inner) for inner in value]
    return value


def _within(data: Any, tokens: Tokens, change: Any) -> Any:
    if not tokens:
        return change(data)
    token = tokens[0]
    if isinstance(data, list):
        at = _index(data, token)
        return [_within(inner, tokens[1:], change) if n == at else inner for n, inner in enumerate(data)]
    if token not in data:
        raise KeyError(token)
    return {key: _within(inner, tokens[1:], change) if key == token else inner for key, inner in data.items()}


def _without(data: Any, tokens: Tokens) -> Any:
    def change(around: Any) -> Any:
        if isinstance(around, list):
            at = _index(around, tokens[-1])
            return [inner for n, inner in enumerate(around) if n != at]
        if tokens[-1] not in around:
            raise KeyError(tokens[-1])
        return {key: inner for key, inner in around.items() if key != tokens[-1]}

    return _within(data, tokens[:-1], change)


def _replaced(around: Any, token: str, value: Any) -> Any:
    if isinstance(around, list):
        at = _index(around, token)
        return [value if n == at else inner for n, inner in enumerate(around)]
    return {**around, token: value}


def _added(data: Any, tokens: Tokens, value: Any, before: str | None) -> Any:
    def change(around: Any) -> Any:
        token = tokens[-1]
        if isinstance(around, list):
            at = _place(around, token, before)
            return [*around[:at], value, *around[at:]]
        if not isinstance(around, Mapping):
            raise TypeError(token)
        if token in around or before is None or before not in around:
            return {**around, token: value}
        made: dict[str, Any] = {}
        for key, inner in around.items():
            if key == before:
                made[token] = value
            made[key] = inner
        return made

    return _within(data, tokens[:-1], change)


def _place(members: Sequence[Any], token: str, before: str | None) -> int:
    """Where an addition goes. A neighbour that is gone counts as none: it goes to the end."""
    if before is not None:
        return next((n for n, m in enumerate(members) if _identity(m) == before), len(members))
    if token == "-" or any(_identity(member) == token for member in members):
        return len(members)
    at = int(token)
    if not 0 <= at <= len(members):
        raise IndexError(token)
    return at


def _index(members: Sequence[Any], token: str) -> int:
    """The place of a member named by id, or by number. Raises ValueError or IndexError."""
    for number, member in enumerate(members):
        if _identity(member) == token:
            return number
    at = int(token)
    if not token.isascii() or not 0 <= at < len(members):
        raise IndexError(token)
    return at


def _identity(member: Any) -> str | None:
    found = member.get("id") if isinstance(member, Mapping) else None
    return found if isinstance(found, str) else None


# --- comparing ------------------------------------------------------------------------------------------------
def same(a: Any, b: Any) -> bool:
    """Whether two values are written alike: `1`, `1.0` and `true` differ, and so does another order of properties."""
    if a is b:
        return True
    if type(a) is type(b) and isinstance(a, (str, int)):
        return bool(a == b)
    return json.dumps(a, ensure_ascii=False) == json.dumps(b, ensure_ascii=False)


def alike(a: Any, b: Any) -> bool:
    """The same as `same`, quicker where most of both is the very same."""
    return next(_differences(a, b, ()), None) is None


def _differences(old: Any, new: Any, path: Tokens) -> Iterator[Operation]:
    if old is new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        kept = [key for key in new if key in old]
        if kept == [key for key in old if key in new]:
            yield from _of_mappings(old, new, path)
            return
    elif isinstance(old, list) and isinstance(new, list) and _are_named(old) and _are_named(new):
        yield from _of_lists(old, new, path)
        return
    if not same(old, new):
        yield Operation("replace", path, new)


def _of_mappings(old: Mapping[str, Any], new: Mapping[str, Any], path: Tokens) -> Iterator[Operation]:
    for key in old:
        if key not in new:
            yield Operation("remove", (*path, key))
    following: str | None = None
    for key in reversed(list(new)):
        if key in old:
            yield from _differences(old[key], new[key], (*path, key))
        else:
            yield Operation("add", (*path, key), new[key], before=following)
        following = key


def _are_named(members: Sequence[Any]) -> bool:
    ids = [_identity(member) for member in members]
    return None not in ids and len(set(ids)) == len(ids)


def _of_lists(old: list[Any], new: list[Any], path: Tokens) -> Iterator[Operation]:
    before = {member["id"]: member for member in old}
    after = [member["id"] for member in new]
    for identity in before:
        if identity not in set(after):
            yield Operation("remove", (*path, identity))
    still = _in_order([i for i in before if i in set(after)], [i for i in after if i in before])
    following: str | None = None
    for member in reversed(new):
        identity = member["id"]
        if identity not in before:
            yield Operation("add", (*path, "-"), member, before=following)
        else:
            if identity not in still:
                yield Operation("move", (*path, "-"), source=(*path, identity), before=following)
            yield from _differences(before[identity], member, (*path, identity))
        following = identity


def _in_order(old: list[str], new: list[str]) -> set[str]:
    """The members that may stay where they are: a longest rising run of their old places."""
    place = {identity: index for index, identity in enumerate(old)}
    ends: list[int] = []
    runs: list[tuple[str, ...]] = []
    for identity in new:
        length = bisect_left(ends, place[identity])
        run = (*(runs[length - 1] if length else ()), identity)
        if length == len(ends):
            ends.append(place[identity])
            runs.append(run)
        else:
            ends[length], runs[length] = place[identity], run
    return set(runs[-1]) if runs else set()
