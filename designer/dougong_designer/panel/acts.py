"""What is done to properties and members of lists, as patches of one act each.

Nothing here writes: each gives the operations, which the draft carries out as one step if all documents keep their shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dougong_designer.edits import free_name
from dougong_designer.panel.offers import offered
from dougong_designer.panel.schema import (
    MISSING,
    Place,
    Schema,
    followed,
    inner,
    member_kinds,
    place,
    shapes_of,
)
from dougong_designer.patch import Documents, Operation, Patch, Tokens
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.names import is_name

_UNNAMED = "unnamed"
_DEPTH_MAX = 6
_NAMING = ("name", "code", "value")
_STARTS: Mapping[str, Any] = {
    "formula": "COUNT()",
    "metric": "COUNT()",
    "if": "TRUE",
    "when": "TRUE",
    "until": "TODAY()",
    "to": "record.created_by",
    "by": "record.created_by",
    "record": "record",
    "type": "text",
}
"""What a required property begins with, where that is a formula or a name of the platform's."""


def setting(documents: Documents, tokens: Tokens, value: Any) -> Patch:
    """Give a property a value, or take it out (MISSING). () where it has that value."""
    around = place(documents, tokens[:-1])
    old = inner(around, tokens[-1]).value
    if value is old or (value is MISSING and old is MISSING):
        return ()
    if value is MISSING:
        return (Operation("test", tokens, old), Operation("remove", tokens))
    if old is not MISSING:
        return (Operation("test", tokens, old), Operation("replace", tokens, value))
    return (Operation("add", tokens, value, before=_following(around, tokens[-1])),)


def reshaping(documents: Documents, tokens: Tokens, shape: int, today: date) -> Patch:
    """Let a property be another of the things that it can be; an absent group begins."""
    around = place(documents, tokens[:-1])
    here = inner(around, tokens[-1])
    shapes = shapes_of(here.schema)
    if not 0 <= shape < len(shapes):
        raise refuse(NOT_FOUND)
    made = start(documents, around, tokens[-1], shapes[shape], today)
    if isinstance(made, dict) and isinstance(here.value, (str, int)) and not isinstance(here.value, bool):
        # A short form keeps what it says: `owner` becomes `{field: owner}`.
        first = next(
            (
                name
                for name in ("field", "on", "value", "times", "app", "formula")
                if name in shapes[shape].get("properties", {})
            ),
            None,
        )
        if first is not None:
            made = {first: here.value} | {k: v for k, v in made.items() if k != first}
    return setting(documents, tokens, made)


def adding(
    documents: Documents,
    listing: Tokens,
    kind: str,
    before: str | None,
    today: date,
    given: Mapping[str, Any] | None = None,
) -> tuple[Patch, Tokens]:
    """A new member of a list and where it will stand (the last token is `-` where its id is not known yet).

    `kind`: the `key` or `name` of a `MemberKind`, the first where it is empty; `given`: properties that it is to have.
    """
    here = place(documents, listing)
    found = next((one for one in member_kinds(here) if kind in ("", one.key, one.name)), None)
    if found is None:
        raise refuse(NOT_FOUND)
    value = start(documents, here, here.name, found.schema, today)
    if isinstance(value, dict) and given:
        known = found.schema.get("properties", {})
        value |= {name: inner_value for name, inner_value in given.items() if name in known}
    members = here.value if isinstance(here.value, list) else []
    if isinstance(value, dict):
        value = _apart(value, members)
    patch: list[Operation] = []
    if here.value is MISSING:
        patch += setting(documents, listing, [])
    elif not isinstance(here.value, list):
        raise refuse(NOT_FOUND)
    patch.append(_into(listing, members, value, before))
    return tuple(patch), (*listing, "-")


def removing(documents: Documents, tokens: Tokens) -> Patch:
    """Take a member out of its list."""
    around = place(documents, tokens[:-1])
    if not isinstance(around.value, list):
        return setting(documents, tokens, MISSING)
    old = inner(around, tokens[-1]).value
    return (Operation("test", tokens, old), Operation("remove", tokens))


def moving(documents: Documents, tokens: Tokens, listing: Tokens, before: str | None) -> Patch:
    """Move a member within its list or to another; `before`: the token of who will follow it, None: to the end."""
    around, here = place(documents, tokens[:-1]), place(documents, listing)
    if not isinstance(around.value, list) or listing[: len(tokens)] == tokens:
        raise refuse(NOT_FOUND)
    inner(around, tokens[-1])
    if before == tokens[-1] and tokens[:-1] == listing:
        return ()
    patch: list[Operation] = []
    if here.value is MISSING:
        patch += setting(documents, listing, [])
    members = here.value if isinstance(here.value, list) else []
    if before is None or _has(members, before):
        patch.append(Operation("move", (*listing, "-"), source=tokens, before=before))
    else:
        at = _whole(before, len(members))
        if tokens[:-1] == listing and _whole(tokens[-1], len(members)) < at:
            at -= 1
        patch.append(Operation("move", (*listing, str(at)), source=tokens))
    return tuple(patch)


def doubling(documents: Documents, tokens: Tokens) -> Patch:
    """A copy of a member behind it, under names and ids of its own."""
    around = place(documents, tokens[:-1])
    value = inner(around, tokens[-1]).value
    if not isinstance(around.value, list):
        raise refuse(NOT_FOUND)
    members = around.value
    at = next(n for n, one in enumerate(members) if one is value)
    copied = _apart(_anonymous(value), members) if isinstance(value, Mapping) else value
    follower = members[at + 1] if at + 1 < len(members) else None
    before = follower.get("id") if isinstance(follower, Mapping) else None
    listing = tokens[:-1]
    if isinstance(before, str):
        return (Operation("add", (*listing, "-"), copied, before=before),)
    place_ = "-" if follower is None else str(at + 1)
    return (Operation("add", (*listing, place_), copied),)


def start(documents: Documents, around: Place, name: str, schema: Schema, today: date, depth: int = 0) -> Any:
    """What a value of a shape begins as: as little as its schema demands, with names that the draft has."""
    schema = followed(schema)
    if depth > _DEPTH_MAX:
        return {}
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    passed = set(schema.get("x-ref", ()))
    if "oneOf" in schema and "label" not in passed:
        shapes = shapes_of(schema)
        wanted = next((one for one in shapes if name == "in" and "properties" in one), shapes[0])
        return start(documents, around, name, wanted, today, depth + 1)
    types = {schema["type"]} if isinstance(schema.get("type"), str) else set(schema.get("type", ()))
    if "label" in passed:
        return ""
    if "array" in types and "string" not in types:
        least = int(schema.get("minItems", 0))
        one = start(documents, around, name, schema.get("items", {}), today, depth + 1) if least else None
        return [one] * least
    if "properties" in schema:
        return _object(documents, around, schema, today, depth)
    if "object" in types:
        return {}
    if types & {"integer", "number"} and "string" not in types:
        return schema.get("minimum", 1) if schema.get("minimum", 0) > 0 else 1
    if types == {"boolean"}:
        return True
    if "date" in passed:
        return today.isoformat()
    return _text(documents, around, name, passed)


def _object(documents: Documents, around: Place, schema: Schema, today: date, depth: int) -> dict[str, Any]:
    required = schema.get("required", ())
    made: dict[str, Any] = {}
    for name, one in schema["properties"].items():
        if name in required or "const" in one:
            here = Place((*around.tokens, "-"), schema, made, around.name)
            made[name] = start(documents, here, name, one, today, depth + 1)
    if not made and schema.get("minProperties", 0):
        name = next(iter(schema["properties"]))
        made[name] = start(documents, around, name, schema["properties"][name], today, depth + 1)
    return made


def _text(documents: Documents, around: Place, name: str, passed: set[str]) -> Any:
    kind = around.kind
    if name in _NAMING and not (kind == "app" and name == "app"):
        stem = {"measures": "measure", "values": "value", "fields": "field", "options": "option"}.get(
            around.name
        )
        return stem or (around.name.rstrip("s") if is_name(around.name.rstrip("s")) else _UNNAMED)
    if name != "type" and ("formula" not in passed or name in ("rows", "columns", "field")):
        choices = offered(documents, around, name)
        if choices:
            return choices[0].value
    return _STARTS.get(name, _UNNAMED if passed & {"name", "path"} else "")


def _apart(value: dict[str, Any], members: Sequence[Any]) -> dict[str, Any]:
    """A member whose name no other of its list has."""
    for word in _NAMING:
        wanted = value.get(word)
        if isinstance(wanted, str):
            taken = [one.get(word) for one in members if isinstance(one, Mapping)]
            return {**value, word: free_name(wanted, [one for one in taken if isinstance(one, str)])}
    return value


def _anonymous(value: Any) -> Any:
    """A value without the ids in it, which the copy gets anew."""
    if isinstance(value, Mapping):
        return {key: _anonymous(one) for key, one in value.items() if key != "id"}
    return [_anonymous(one) for one in value] if isinstance(value, list) else value


def _into(listing: Tokens, members: Sequence[Any], value: Any, before: str | None) -> Operation:
    if before is None or _has(members, before):
        return Operation("add", (*listing, "-"), value, before=before)
    return Operation("add", (*listing, str(_whole(before, len(members)))), value)


def _has(members: Sequence[Any], token: str) -> bool:
    return any(isinstance(one, Mapping) and one.get("id") == token for one in members)


def _whole(token: str, most: int) -> int:
    if not (token.isascii() and token.isdecimal()) or int(token) > most:
        raise refuse(NOT_FOUND)
    return int(token)


def _following(around: Place, name: str) -> str | None:
    """Before which property a new one stands: the next of the schema's that is there."""
    names = list(around.properties)
    after = names[names.index(name) + 1 :] if name in names else []
    return next((one for one in after if isinstance(around.value, Mapping) and one in around.value), None)
