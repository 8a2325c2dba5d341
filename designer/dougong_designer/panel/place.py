"""The properties of a place in a document, as the schema allows them there: each with its words, its input, its value.

panel(draft, tokens)                 everything that a property panel shows of a place
property_at(draft, tokens)           one property alone

Pure: nothing is linked and nothing asked of a database. What a property may name is offered from the draft's documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong_designer.draft import Draft
from dougong_designer.panel import words as panel_words
from dougong_designer.panel.offers import Choice, colors, entity_at, fields_of, offered, options_of
from dougong_designer.panel.schema import (
    MISSING,
    Place,
    Schema,
    followed,
    help_of,
    index_of,
    inner,
    kind_of,
    place,
    shape_of,
    shapes_of,
    title_of,
)
from dougong_designer.panel.values import Widget, shown
from dougong_designer.patch import Tokens, pointer, same, value_at
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.labels import Label
from dougong_runtime.model.link_workflows import BRACED, BRACED_IN

_LONG = frozenset({"body", "text", "prompt", "reason", "description"})
"""Properties whose words are usually several lines."""
_FILLED = frozenset({"body", "subject"})
"""Texts of a message, in which `{name}` stands for a field of whom it is sent to."""
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
_ROWS_SHOWN = 100
"""Members that a list shows by themselves; the canvas shows all."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a list, to be opened."""

    token: str
    pointer: str
    title: Label
    kind: Label


@dataclass(frozen=True, slots=True)
class Property:
    """One property as its input shows it."""

    name: str
    pointer: str
    title: Label
    help: Label
    widget: Widget
    value: Any
    texts: Mapping[str, list[str]]
    """What the inputs bear, by their part: see `panel_values`."""
    is_required: bool = False
    is_basic: bool = True
    is_changed: bool = False
    """Whether it differs from the version that runs."""
    default: Any = MISSING
    choices: tuple[Choice, ...] = ()
    """Of a choice all there are; of names those that are offered."""
    shapes: tuple[Label, ...] = ()
    """What it can be, where it can be several things."""
    shape: int = 0
    members: tuple[Member, ...] = ()
    entity: str = ""
    """Of a formula or a path: the entity from which its names go."""
    is_braced: bool = False
    """Whether formulas stand in it between braces."""
    minimum: Any = None
    maximum: Any = None
    kind: str = ""
    """What its text is: date, time, color, icon, duration."""
    example: str = ""
    schema: Schema = field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        """Whether it stands in the document."""
        return self.value is not MISSING

    @property
    def seen(self) -> str:
        """Its value as JSON, to be sent along with an act: nothing where it does not stand there."""
        return json.dumps(self.value, ensure_ascii=False) if self.is_set else ""

    @property
    def one(self) -> str:
        """What its only input bears."""
        return next(iter(self.texts.get("", ())), "")

    @property
    def is_on(self) -> bool:
        """Of a switch: whether it is on, by its value or what holds without one."""
        return bool(self.value) if self.is_set else self.default is True


@dataclass(frozen=True, slots=True)
class Crumb:
    """A place above."""

    pointer: str
    title: Label


@dataclass(frozen=True, slots=True)
class Panel:
    """What a property panel shows of a place."""

    pointer: str
    title: Label
    kind: Label
    help: Label
    crumbs: tuple[Crumb, ...]
    properties: tuple[Property, ...]
    is_member: bool
    """Whether it is a member of a list, and can be moved, doubled, taken out."""
    is_changed: bool

    @property
    def basic(self) -> tuple[Property, ...]:
        """Those that are usually wanted."""
        return tuple(one for one in self.properties if one.is_basic)

    @property
    def more(self) -> tuple[Property, ...]:
        """The others."""
        return tuple(one for one in self.properties if not one.is_basic)

    @property
    def more_set(self) -> int:
        """How many of the others stand there."""
        return sum(1 for one in self.more if one.is_set and one.widget != "fixed")


def panel(draft: Draft, tokens: Tokens) -> Panel:
    """The panel of a place. Raises Refused (NOT_FOUND)."""
    here = place(draft.documents, tokens)
    crumbs = tuple(
        Crumb(pointer(tokens[:depth]), name_of(draft, tokens[:depth]))
        for depth in range(1, len(tokens))
        if not isinstance(_value(draft, tokens[:depth]), list)
    )
    parent = _value(draft, tokens[:-1]) if len(tokens) > 1 else None
    if not isinstance(here.value, Mapping) or "properties" not in here.shape:
        around = place(draft.documents, tokens[:-1])
        found: tuple[Property, ...] = (_property(draft, around, tokens[-1], here),)
    else:
        found = tuple(_property(draft, here, name, inner(here, name)) for name in _ordered(here))
    return Panel(
        pointer=pointer(tokens),
        title=name_of(draft, tokens),
        kind=_kind_words(draft, here, parent),
        help=help_of(here.shape) if len(tokens) == 1 else _help(here, parent, draft),
        crumbs=crumbs,
        properties=found,
        is_member=isinstance(parent, list),
        is_changed=differs(draft, tokens),
    )


def _ordered(here: Place) -> list[str]:
    """The properties in the order of the schema, what it is called first."""
    return sorted(here.properties, key=lambda name: name != "label")


def property_at(draft: Draft, tokens: Tokens) -> Property:
    """One property alone. Raises Refused (NOT_FOUND)."""
    around = place(draft.documents, tokens[:-1])
    return _property(draft, around, tokens[-1], inner(around, tokens[-1]))


def name_of(draft: Draft, tokens: Tokens) -> Label:
    """What people call the thing at a place: by its label, its name, what it shows, or its kind."""
    value = _value(draft, tokens)
    key = tokens[0]
    if len(tokens) == 1:
        return Label.of(value.get("label") if isinstance(value, Mapping) else None, key.partition("/")[2])
    found = panel_words.said_of(draft.documents, tokens, value)
    if found is not None:
        return found
    if isinstance(value, Mapping) and "do" in value:
        listing = place(draft.documents, tokens[:-1])
        return panel_words.step_title(draft.documents, value, kind_of(listing.shape, value)[1])
    here = place(draft.documents, tokens)
    if tokens[-1] == here.name or not isinstance(_value(draft, tokens[:-1]), list):
        return title_of(here.schema, here.name)
    around = place(draft.documents, tokens[:-1])
    name, title = kind_of(around.shape, value)
    return title if name else panel_words.nth(title_of(around.schema, around.name), _number(draft, tokens))


def widget_of(name: str, schema: Schema, value: Any, tokens: Tokens) -> Widget:
    """The input of a property whose schema's references are followed."""
    passed = schema.get("x-ref", ())
    if "const" in schema or (name in ("kind", "id") and not _is_step(tokens, name)):
        return "fixed"
    if "label" in passed:
        return "label"
    if "formula" in passed or name in ("formula",):
        return "formula"
    shape = shape_of(schema, value)
    if shape is not schema and "oneOf" in schema:
        shapes = shapes_of(schema)
        if all(_is_scalar(one) for one in shapes):
            return "scalar" if value is MISSING or not isinstance(value, (list, Mapping)) else "yaml"
        if value is not MISSING and not _fits(shape, value):
            return "yaml"
        return widget_of(name, followed(shape), value, tokens)
    types = _types(shape)
    if value is not MISSING and not _fits(shape, value):
        return "yaml"
    if "enum" in shape:
        return "choice"
    if types == {"boolean"}:
        return "switch"
    if types and types <= {"integer", "number"}:
        return "number"
    if "array" in types:
        return _listing(shape, value)
    if "object" in types or "properties" in shape:
        return _object(shape, value)
    if types == {"string"}:
        return "area" if name in _LONG and "pattern" not in shape else "text"
    return "scalar" if types and types <= _SCALARS else "yaml"


def _listing(shape: Schema, value: Any) -> Widget:
    items = followed(shape.get("items", {}))
    if "enum" in items:
        return "choices"
    options = shapes_of(items)
    if any("properties" in one for one in options):
        return "members"
    plain = not isinstance(value, list) or not any(isinstance(one, (list, Mapping)) for one in value)
    return "names" if plain and all(_is_scalar(one) for one in options) else "yaml"


def _object(shape: Schema, value: Any) -> Widget:
    if "properties" in shape:
        return "group"
    values = value.values() if isinstance(value, Mapping) else ()
    plain = not any(isinstance(one, (list, Mapping)) for one in values)
    others = shape.get("additionalProperties")
    return "map" if plain and isinstance(others, Mapping) and _is_scalar(followed(others)) else "yaml"


def _property(draft: Draft, around: Place, name: str, here: Place) -> Property:
    schema = here.schema
    shape = followed(here.shape)
    widget = widget_of(name, schema, here.value, here.tokens)
    title = title_of(schema, name)
    if isinstance(around.value, list):
        title = title_of(around.schema, around.name)
    if around.kind == "settings" and name == "value" and isinstance(around.value, Mapping):
        widget = _setting_widget(around.value, here.value)
    choices = _choices(draft, around, name, shape, widget)
    if widget in ("text", "scalar") and choices and "string" in _types(shape) | _types_any(schema):
        widget = "reference"
    is_braced = widget in ("label", "area", "text") and _is_braced(around, name)
    default = schema.get("default", panel_words.DEFAULTS.get((here.kind, name), MISSING))
    examples = schema.get("examples", ())
    return Property(
        name=name,
        pointer=pointer(here.tokens),
        title=title,
        help=help_of(schema),
        widget=widget,
        value=here.value,
        texts=shown(widget, here.value),
        is_required=name in around.required,
        is_basic=panel_words.is_basic(here.tokens, around, name)
        and not (widget == "members" and len(here.tokens) == 2),
        is_changed=differs(draft, here.tokens),
        default=default,
        choices=choices,
        shapes=_shape_words(schema, name),
        shape=index_of(schema, here.value),
        members=_members(draft, here) if widget == "members" else (),
        entity=entity_at(draft.documents, here.tokens) or ""
        if is_braced or widget in ("formula", "reference", "names")
        else "",
        is_braced=is_braced,
        minimum=shape.get("minimum"),
        maximum=shape.get("maximum"),
        kind=_text_kind(name, {*schema.get("x-ref", ()), *shape.get("x-ref", ())}),
        example=_example(examples[0])
        if examples and widget in ("text", "formula", "scalar", "number")
        else "",
        schema=shape if "oneOf" not in schema or not _all_scalar(schema) else schema,
    )


def _is_braced(around: Place, name: str) -> bool:
    """Whether a text is one with formulas in braces, as linking reads it."""
    if around.kind == "message":
        return name in _FILLED
    if around.kind == "workflow":
        said = around.value if isinstance(around.value, Mapping) else {}
        return name in BRACED and said.get("do") in BRACED_IN
    return around.kind == "page" and name == "text"


def _choices(draft: Draft, around: Place, name: str, shape: Schema, widget: Widget) -> tuple[Choice, ...]:
    if widget == "choice":
        return tuple(Choice(one, panel_words.word(around.kind, name, one)) for one in shape.get("enum", ()))
    if widget == "choices":
        items = followed(shape.get("items", {}))
        return tuple(Choice(one, panel_words.word(around.kind, name, one)) for one in items.get("enum", ()))
    if name == "value" and len(around.tokens) == 3 and around.kind == "settings":
        return options_of(around.value) if isinstance(around.value, Mapping) else ()
    if "color" in {*shape.get("x-ref", ()), *around.properties.get(name, {}).get("x-ref", ())}:
        return colors()
    if widget == "label" and around.kind == "message" and name in _FILLED:
        entity = entity_at(draft.documents, around.tokens)
        return fields_of(draft.documents, entity, 2) if entity is not None else ()
    if widget in ("text", "names", "scalar", "map"):
        return offered(draft.documents, around, name)
    return ()


def _setting_widget(setting: Mapping[str, Any], value: Any) -> Widget:
    """The input of a setting's value, by the type that the setting states."""
    if isinstance(value, Mapping) or setting.get("type") == "json":
        return "yaml"
    if isinstance(value, list) or setting.get("type") in ("multi_choice", "tags"):
        return "names"
    if setting.get("type") == "boolean" and (value is MISSING or isinstance(value, bool)):
        return "switch"
    return "area" if setting.get("type") == "long_text" else "scalar"


def _members(draft: Draft, here: Place) -> tuple[Member, ...]:
    if not isinstance(here.value, list):
        return ()
    made = []
    for number, one in enumerate(here.value[:_ROWS_SHOWN]):
        token = str(one.get("id") or number) if isinstance(one, Mapping) else str(number)
        tokens = (*here.tokens, token)
        _, kind = kind_of(here.shape, one)
        made.append(Member(token, pointer(tokens), name_of(draft, tokens), kind))
    return tuple(made)


def _kind_words(draft: Draft, here: Place, parent: Any) -> Label:
    if len(here.tokens) == 1:
        return KINDS.get(here.kind).label
    if isinstance(parent, list):
        around = place(draft.documents, here.tokens[:-1])
        name, title = kind_of(around.shape, here.value)
        return title if name else title_of(around.schema, around.name)
    return title_of(here.schema, here.name)


def _help(here: Place, parent: Any, draft: Draft) -> Label:
    if not isinstance(parent, list):
        return help_of(here.schema)
    around = place(draft.documents, here.tokens[:-1])
    name, _ = kind_of(around.shape, here.value)
    return panel_words.member_help(here.kind, name) or help_of(around.schema)


def _shape_words(schema: Schema, name: str) -> tuple[Label, ...]:
    shapes = shapes_of(schema)
    if len(shapes) < 2 or "label" in schema.get("x-ref", ()) or _all_scalar(schema):
        return ()
    return tuple(panel_words.shape_word(name, one) for one in shapes)


def _all_scalar(schema: Schema) -> bool:
    return all(_is_scalar(one) for one in shapes_of(schema))


def differs(draft: Draft, tokens: Tokens) -> bool:
    """Whether what stands at a place is not what the running version has there."""
    now, before = _value(draft, tokens), _at(draft.original, tokens)
    if now is before:
        return False
    return (now is MISSING) != (before is MISSING) or not same(now, before)


def _value(draft: Draft, tokens: Tokens) -> Any:
    return _at(draft.documents, tokens)


def _at(documents: Mapping[str, Any], tokens: Tokens) -> Any:
    try:
        return value_at(documents, tokens)
    except (KeyError, IndexError, TypeError, ValueError):
        return MISSING


def _number(draft: Draft, tokens: Tokens) -> int:
    listed = _value(draft, tokens[:-1])
    for number, one in enumerate(listed if isinstance(listed, list) else (), 1):
        if (isinstance(one, Mapping) and one.get("id") == tokens[-1]) or str(number - 1) == tokens[-1]:
            return number
    return 1


def _text_kind(name: str, passed: set[str]) -> str:
    if name in ("icon", "cron"):
        return name
    return next((one for one in ("date", "time", "color", "duration") if one in passed), "")


def _example(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_step(tokens: Tokens, name: str) -> bool:
    return name == "id" and tokens[0].startswith("workflow/") and len(tokens) > 2


def _is_scalar(schema: Schema) -> bool:
    types = _types(schema)
    return ("enum" in schema and not types) or (bool(types) and types <= _SCALARS)


def _types(schema: Schema) -> set[str]:
    stated = schema.get("type")
    return {stated} if isinstance(stated, str) else set(stated or ())


def _types_any(schema: Schema) -> set[str]:
    return {one for shape in shapes_of(schema) for one in _types(shape)}


_PYTHON: Mapping[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict}


def _fits(shape: Schema, value: Any) -> bool:
    """Whether a value is of the JSON type that a shape wants; what is not is shown as it is written."""
    types = _types(shape)
    if not types:
        return not isinstance(value, (list, Mapping)) if "enum" in shape else True
    if value is None:
        return "null" in types
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, (int, float)):
        return "number" in types or (isinstance(value, int) and "integer" in types)
    return any(isinstance(value, _PYTHON[one]) for one in types if one in _PYTHON)
