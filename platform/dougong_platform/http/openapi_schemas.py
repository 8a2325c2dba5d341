"""JSON Schemas of an entity's records, field by field, as one person sees and may write them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Language
from dougong_runtime.records.files import is_file

Schema = dict[str, Any]

RECORD_ID: Schema = {"type": "string", "format": "uuid"}
ANY_RECORD: Schema = {
    "type": "object",
    "properties": {"entity": {"type": "string"}, "id": RECORD_ID},
    "required": ["entity", "id"],
    "additionalProperties": False,
}
_FORMATS = {"email": "email", "url": "uri"}
_PLAIN: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.TIME: {"type": "string"},
}
_FILE: Schema = {
    "type": "object",
    "properties": {
        "id": RECORD_ID,
        "name": {"type": "string"},
        "size": {"type": "integer", "description": "bytes"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "media_type": {"type": "string"},
        "width": {"type": "integer", "description": "pixels"},
        "height": {"type": "integer", "description": "pixels"},
        "seconds": {"type": "integer"},
    },
    "required": ["id", "name", "size", "sha256", "media_type"],
}
_FILE_NAMED: Schema = {
    "anyOf": [
        RECORD_ID,
        {"type": "object", "properties": {"id": RECORD_ID}, "required": ["id"], "additionalProperties": True},
    ],
    "description": "id of a file that the writer handed in, or that the field names already",
}


def value_schema(field: Field, *, written: bool) -> Schema:
    """The schema of a field's value in answers, or in requests where `written`; absence aside."""
    kind = field.value_type.kind
    if is_file(field):
        one = _FILE_NAMED if written else _FILE
        return {"type": "array", "items": one} if field.options.get("multiple") else dict(one)
    if kind is Kind.NUMBER:
        return _number(field, written)
    if kind is Kind.CHOICE:
        values = list(field.value_type.options)
        return {"enum": values} if values else {"type": "string"}
    if kind is Kind.LIST:
        options = list(field.value_type.options)
        return {"type": "array", "items": {"enum": options} if options else {"type": "string"}}
    if kind is Kind.RECORD:
        return ANY_RECORD if field.is_polymorphic else RECORD_ID
    if kind is Kind.RECORDS:
        return {"type": "array", "items": RECORD_ID}
    plain = dict(_PLAIN.get(kind, {}))
    if field.type in _FORMATS:
        plain["format"] = _FORMATS[field.type]
    return plain


def _number(field: Field, written: bool) -> Schema:
    if field.value_type.scale == 0:
        whole: Schema = {"type": "integer"}
        return {"anyOf": [whole, {"type": "string", "pattern": "^-?[0-9]+$"}]} if written else whole
    exact: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
    return {"anyOf": [exact, {"type": "number"}]} if written else exact


def or_null(schema: Schema) -> Schema:
    """The same, or absent."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def read_schema(fields: Iterable[Any], language: Language) -> Schema:
    """A record as it is answered. `fields` are `FieldView`s; hidden ones are not among them."""
    properties: dict[str, Schema] = {}
    for view in fields:
        shown = or_null(value_schema(view.field, written=False))
        if view.shown != "yes":
            masked = {"type": "string", "pattern": "•", "description": "masked"}
            shown = masked if view.shown == "masked" else {"anyOf": [shown, masked]}
        properties[view.field.name] = _described(shown, view.field, language) | {"readOnly": not view.update}
    return {"type": "object", "properties": properties}


def row_schema() -> Schema:
    """A row of a list that is written with its record: fields, and what tells it from a new one."""
    properties: dict[str, Schema] = {
        "id": {**RECORD_ID, "description": "a row that is there already"},
        "version": {"type": "integer", "description": "guards its change"},
        "_delete": {"type": "boolean", "description": "moves it to the trash"},
    }
    return {"type": "object", "properties": properties, "additionalProperties": True}


def write_schema(
    fields: Iterable[Any], language: Language, *, creates: bool, lists: Iterable[str] = ()
) -> Schema:
    """The values that a request may give; `required` lists what a new record needs. `lists`: of which rows are taken."""
    writable = [view for view in fields if (view.create if creates else view.update)]
    properties: dict[str, Schema] = {
        view.field.name: _described(or_null(value_schema(view.field, written=True)), view.field, language)
        for view in writable
    }
    if not creates:
        properties["version"] = {"type": "integer", "description": "guards the change, as If-Match does"}
    properties["_reasons"] = {"type": "object", "additionalProperties": {"type": "string"}}
    rows: dict[str, Schema] = {name: {"type": "array", "items": row_schema()} for name in lists}
    if rows:
        properties["_lists"] = {"type": "object", "properties": rows, "additionalProperties": False}
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = [v.field.name for v in writable if creates and v.field.required and v.field.default is None]
    if needed:
        schema["required"] = needed
    return schema


def _described(schema: Schema, field: Field, language: Language) -> Schema:
    described = {**schema, "title": field.label.in_(language)}
    if field.help is not None:
        described["description"] = field.help.in_(language)
    return described


def problem_schema() -> Schema:
    """Problem details: RFC 9457 with our list of problems."""
    text: Schema = {"type": "string"}
    one: Schema = {
        "type": "object",
        "properties": {
            "type": text,
            "field": {"type": ["string", "null"]},
            "detail": text,
            "remedy": text,
        },
        "required": ["type", "field", "detail", "remedy"],
        "additionalProperties": True,
    }
    many = {"type": "array", "items": one}
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "instance": text,
            "problems": many,
            "warnings": many,
        },
        "required": ["type", "title", "status", "detail", "instance", "problems", "warnings"],
    }
