"""Schemas as files, and which of several shapes (`oneOf`) a value is meant to have.

The shape is chosen by its mark (`do: branch`, the property `tabs`) before anything below is looked at. The schema
library tries every shape to its full depth, and steps may stand within steps: 28 kinds of steps, each with steps for
its errors, nested four deep, were 28⁴ readings of one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import create

from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.names import folder


@cache
def schema_of(kind: str) -> Mapping[str, Any]:
    """The schema of a kind of document, or `common`, `story`, `people`, `demo`, with every `$ref` naming its file.

    Raises FileNotFoundError.
    """
    file = KINDS.get(kind).schema_file if kind in KINDS else f"{kind}.schema.json"
    text = (folder("_schemas", "schemas") / file).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text, object_hook=lambda part: _naming_file(part, file))
    return found


def _naming_file(part: dict[str, Any], file: str) -> dict[str, Any]:
    pointer = part.get("$ref")
    if isinstance(pointer, str) and pointer.startswith("#"):
        part["$ref"] = file + pointer
    return part


def _one_of(validator: Any, shapes: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """The keyword `oneOf`: only the shape that is meant is looked into; where none is, nothing below is."""
    known = [resolved(shape) for shape in shapes]
    chosen = meant(instance, known)
    among = [chosen] if chosen is not None else []
    if chosen is None and not isinstance(instance, dict | list):
        among = [index for index, shape in enumerate(known) if _type_fits(instance, shape)]
    found: list[ValidationError] = []
    for index in among:
        wrong = list(validator.descend(instance, shapes[index], schema_path=index))
        if not wrong:
            return
        found += wrong
    yield ValidationError("fits none of the shapes", context=found)


Checker = create(
    meta_schema=Draft202012Validator.META_SCHEMA,
    validators={**Draft202012Validator.VALIDATORS, "oneOf": _one_of},
    type_checker=Draft202012Validator.TYPE_CHECKER,
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
"""The schema library's checker, with shapes chosen by their marks."""


def resolved(shape: Any) -> Mapping[str, Any]:
    """A shape with its `$ref` followed, as far as its own type and required properties go."""
    if isinstance(shape, dict) and "$ref" in shape:
        file, _, pointer = shape["$ref"].partition("#/")
        found: Any = schema_of(file.removesuffix(".schema.json"))
        for step in pointer.split("/"):
            found = found[step]
        return {**found, **{k: v for k, v in shape.items() if k != "$ref"}}
    return shape if isinstance(shape, dict) else {}


def tags_of(shape: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """By what a shape is told from its neighbours: a property with one value, else its first required property."""
    properties = shape.get("properties", {})
    fixed = [(name, inner["const"]) for name, inner in properties.items() if "const" in inner]
    yield from fixed
    if not fixed:
        yield from ((name, None) for name in shape.get("required", ())[:1])


def meant(instance: Any, shapes: list[Mapping[str, Any]]) -> int | None:
    """The shape that was meant: the one whose tag is there, else the only one of the value's type."""
    fitting = [index for index, shape in enumerate(shapes) if _type_fits(instance, shape)]
    if isinstance(instance, dict):
        tagged = [
            index
            for index in fitting
            if any(
                name in instance and (value is None or instance[name] == value)
                for name, value in tags_of(shapes[index])
            )
        ]
        if tagged:
            return max(tagged, key=lambda index: len(shapes[index].get("properties", {}).keys() & instance))
        objects = [index for index in fitting if shapes[index].get("type") == "object"]
        return objects[0] if len(objects) == 1 else None
    return fitting[0] if len(fitting) == 1 else None


_PYTHON = {"string": str, "boolean": bool, "array": list, "object": dict}


def _type_fits(instance: Any, shape: Mapping[str, Any]) -> bool:
    wanted = shape.get("type")
    if wanted is None:
        return not isinstance(instance, (dict, list)) if "enum" in shape or "const" in shape else True
    types = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(instance, (int, float)) and not isinstance(instance, bool):
        return "number" in types or ("integer" in types and isinstance(instance, int))
    return any(isinstance(instance, _PYTHON[t]) for t in types if t in _PYTHON)
