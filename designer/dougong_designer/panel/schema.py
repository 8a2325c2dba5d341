"""What a document's schema says of one place in it: references followed, of several shapes the one that is there.

A place is a path of tokens: the document's key, then properties, members of lists by id or number. Fields of an entity
and values of settings have besides what the schema of their type says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from dougong_designer.patch import Documents, Tokens, value_at
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.schema_shapes import meant, resolved, schema_of, tags_of
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label

Schema: TypeAlias = Mapping[str, Any]

DEPTH_MAX = 40
"""Tokens of a path: what is nested deeper is nobody's document."""
_TYPED = {"entity": "fields", "settings": "values"}
"""Kinds of documents whose members have a field type, and the property that lists them."""
_NEUTRAL = frozenset({"options"})
"""Properties of field types whose schema is that of the document: the types' own says less."""

_FOR_MANY = frozenset({"minimum", "maximum", "pattern"})
"""Properties that some types state in their schema, and others take without."""


class Missing:
    """No value: what a property has that does not stand there."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document: the schema there (with its shapes not yet chosen) and what stands there."""

    tokens: Tokens
    schema: Schema
    value: Any
    name: str = ""
    """The property that leads there; of a list's member, the list's."""

    @property
    def kind(self) -> str:
        """The document's kind."""
        return self.tokens[0].partition("/")[0]

    @property
    def shape(self) -> Schema:
        """The schema of the shape that is there; of several where nothing is, the first."""
        return shape_of(self.schema, self.value)

    @property
    def properties(self) -> Mapping[str, Schema]:
        """The properties that may stand there, each with its references followed."""
        shape = self.shape
        found: dict[str, Schema] = {name: followed(one) for name, one in shape.get("properties", {}).items()}
        if not self._is_typed or not isinstance(self.value, Mapping):
            return found
        own: dict[str, Any] = {}
        for word in ("type", "result"):
            stated = self.value.get(word)
            if isinstance(stated, str) and stated in FIELD_TYPES:
                own |= FIELD_TYPES.get(stated).schema
        for name, one in own.items():
            if name not in _NEUTRAL:
                found[name] = {**followed(one), **_words(found.get(name, {}))}
        for name in self.value:
            found.setdefault(name, {})
        return found

    @property
    def required(self) -> frozenset[str]:
        """Properties that must stand there."""
        return frozenset(self.shape.get("required", ()))

    @property
    def foreign(self) -> frozenset[str]:
        """Properties of a field that mean something for fields of other types only."""
        if not self._is_typed or not isinstance(self.value, Mapping):
            return frozenset()
        stated = {str(self.value.get(word)) for word in ("type", "result")} & set(FIELD_TYPES)
        own = {name for one in stated for name in FIELD_TYPES.get(one).schema}
        return _of_types() - own - _FOR_MANY

    @property
    def _is_typed(self) -> bool:
        return len(self.tokens) == 3 and _TYPED.get(self.kind) == self.tokens[1]


def place(documents: Documents, tokens: Tokens) -> Place:
    """The place at a path. What is absent is a place too, if its schema knows it and what it would stand in is there.

    Raises Refused (NOT_FOUND).
    """
    if not tokens or len(tokens) > DEPTH_MAX or tokens[0].startswith(FILE_KEY) or tokens[0] not in documents:
        raise refuse(NOT_FOUND)
    kind = tokens[0].partition("/")[0]
    if kind not in KINDS:
        raise refuse(NOT_FOUND)
    found = Place(tokens[:1], followed(schema_of(kind)), documents[tokens[0]], kind)
    for token in tokens[1:]:
        found = inner(found, token)
    return found


def inner(around: Place, token: str) -> Place:
    """The place below another one. Raises Refused (NOT_FOUND)."""
    tokens, value = (*around.tokens, token), around.value
    if isinstance(value, list):
        try:
            member = value_at({"": value}, ("", token))
        except (KeyError, IndexError, ValueError, TypeError):
            raise refuse(NOT_FOUND) from None
        return Place(tokens, followed(around.shape.get("items", {})), member, around.name)
    if not isinstance(value, Mapping):
        raise refuse(NOT_FOUND)
    found = around.properties.get(token)
    if found is None:
        others = around.shape.get("additionalProperties")
        if not isinstance(others, Mapping):
            if token not in value:
                raise refuse(NOT_FOUND)
            others = {}
        found = followed(others)
    return Place(tokens, found, value.get(token, MISSING), token)


def followed(schema: Any) -> Schema:
    """A schema with its `$ref` followed to the end; `x-ref` lists the names that were passed: `name`, `label`."""
    if not isinstance(schema, Mapping) or "$ref" not in schema:
        return schema if isinstance(schema, Mapping) else {}
    known = _followed.get(id(schema))
    if known is not None and known[0] is schema:
        return known[1]
    made = _follow(schema)
    _followed[id(schema)] = (schema, made)
    return made


_followed: dict[int, tuple[Schema, Schema]] = {}
"""What was followed once, by the identity of the part of the schema, which is kept with it; parts live as long as the
process, for schemas are read once."""


def _follow(schema: Any) -> Schema:
    passed: list[str] = []
    while isinstance(schema, Mapping) and "$ref" in schema:
        passed.append(str(schema["$ref"]).rpartition("/")[2])
        schema = resolved(dict(schema))
    if not isinstance(schema, Mapping):
        return {}
    return {**schema, "x-ref": (*schema.get("x-ref", ()), *passed)} if passed else schema


def shapes_of(schema: Schema) -> list[Schema]:
    """The shapes that a value may have; itself where there is but one."""
    return [followed(one) for one in schema.get("oneOf", ())] or [schema]


def index_of(schema: Schema, value: Any) -> int:
    """Which of its shapes a value has; 0 where that cannot be told."""
    shapes = shapes_of(schema)
    if len(shapes) == 1 or value is MISSING:
        return 0
    found = meant(value, [dict(one) for one in shapes])
    return 0 if found is None else found


def shape_of(schema: Schema, value: Any) -> Schema:
    """The shape that a value has, with the words of the schema around where it has none of its own."""
    if "oneOf" not in schema:
        return schema
    chosen = shapes_of(schema)[index_of(schema, value)]
    return {**_words(schema), **chosen}


def title_of(schema: Schema, name: str) -> Label:
    """What a property is called; its name made readable where its schema does not say."""
    title = schema.get("title")
    if not isinstance(title, str):
        return Label.of(None, name)
    return Label(str(schema.get("x-zh", {}).get("title") or title), title)


def help_of(schema: Schema) -> Label:
    """The sentence that explains a property; empty where there is none."""
    said = str(schema.get("description", ""))
    return Label(str(schema.get("x-zh", {}).get("description") or said), said)


@dataclass(frozen=True, slots=True)
class MemberKind:
    """A kind of members that a list takes: a step `notify`, a block `report`."""

    key: str
    """Its number among the shapes, as text: what is sent to add one."""
    name: str
    """`notify`; of a list with one kind, the list's."""
    title: Label
    help: Label
    schema: Schema


def member_kinds(listing: Place) -> tuple[MemberKind, ...]:
    """The kinds of members that may be added to a list; short forms of the same are left out."""
    schema = followed(listing.shape.get("items", {}))
    shapes = shapes_of(schema)
    things = [n for n, one in enumerate(shapes) if "properties" in one]
    made = []
    for number in things or range(len(shapes)):
        shape = shapes[number]
        name, title, said = _told(shape, listing, alone=len(things) < 2)
        made.append(MemberKind(str(number), name, title, said, shape))
    return tuple(made)


def kind_of(listing: Schema, value: Any) -> tuple[str, Label]:
    """What a member of a list is: `("notify", 通知)`; an empty name where all are alike."""
    schema = followed(listing.get("items", {}))
    shapes = shapes_of(schema)
    if len([one for one in shapes if "properties" in one]) < 2:
        return "", Label("", "")
    number = meant(value, [dict(one) for one in shapes])
    if number is None:
        return "", Label("", "")
    name, title, _ = _told(shapes[number], None, alone=False)
    return name, title


def _told(shape: Schema, listing: Place | None, *, alone: bool) -> tuple[str, Label, Label]:
    if alone and listing is not None:
        return listing.name, title_of(listing.schema, listing.name), help_of(listing.schema)
    for name, fixed in tags_of(shape):
        tag = followed(shape["properties"][name])
        if fixed is not None and fixed is not True:
            return str(fixed), title_of(shape, str(fixed)), help_of(tag)
        return name, title_of(tag, name), help_of(tag)
    return "", title_of(shape, ""), help_of(shape)


def _words(schema: Schema) -> dict[str, Any]:
    return {word: schema[word] for word in ("title", "description", "x-zh", "examples") if word in schema}


@cache
def _of_types() -> frozenset[str]:
    """Properties that belong to some types of fields only."""
    return frozenset(name for one in FIELD_TYPES for name in FIELD_TYPES.get(one).schema)
