"""The fields that every entity has before its own: kept by the runtime, never written by a person."""

from __future__ import annotations

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import DATETIME, INTEGER, record
from dougong_runtime.labels import Label
from dougong_runtime.names import derived_id

_LABELS = {
    "id": Label("编号", "Id"),
    "version": Label("版本", "Version"),
    "created_at": Label("创建时间", "Created"),
    "created_by": Label("创建人", "Created by"),
    "updated_at": Label("修改时间", "Changed"),
    "updated_by": Label("修改人", "Changed by"),
    "deleted_at": Label("删除时间", "Deleted"),
}


def system_fields(app: str, entity: str) -> dict[str, Field]:
    """The system's fields of one entity, in the order of its table's columns."""
    types = {
        "id": ("text", record(entity)),
        "version": ("integer", INTEGER),
        "created_at": ("created_at", DATETIME),
        "created_by": ("created_by", record("user")),
        "updated_at": ("updated_at", DATETIME),
        "updated_by": ("updated_by", record("user")),
        "deleted_at": ("datetime", DATETIME),
    }
    return {
        name: Field(
            id=derived_id(app, "entity", entity, "field", name),
            name=name,
            type=type_name,
            label=_LABELS[name],
            value_type=value_type,
            targets=value_type.targets if name != "id" else (),
            on_delete="refuse",
        )
        for name, (type_name, value_type) in types.items()
    }
