"""Dotted names → fields, along references and back along inverses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as Word
from typing import TypeAlias

from dougong_runtime.formulas.problems import FormulaProblem
from dougong_runtime.formulas.shapes import EntityShape, Shapes
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.formulas.types import FILE, INTEGER, TEXT, Kind, ValueType, record
from dougong_runtime.names import nearest

FORWARD_HOPS_MAX = 3
"""References that a path follows."""
MANY_HOPS_MAX = 3
"""Inverses and many-to-many references that an aggregate crosses."""

FILE_PARTS: Mapping[str, ValueType] = {
    "name": TEXT,
    "sha256": TEXT,
    "media_type": TEXT,
    "size": INTEGER,
    "seconds": ValueType(Kind.NUMBER, scale=3, precision=15),
}
"""Facts of a file that formulas may read."""

Base: TypeAlias = Word["row", "this", "old", "user", "variable"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What plain names belong to: an entity (None: nothing does), and the frame around, inside an aggregate."""

    entity: str | None
    outer: Frame | None = None
    grouped: bool = False
    """A report's measure: fields stand inside aggregates only."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a dotted name leads."""

    base: Base
    hops: tuple[Hop, ...]
    field: str
    type: ValueType
    part: str | None = None
    variable: str = ""

    @property
    def is_many(self) -> bool:
        """Whether it crosses or ends in many records."""
        return any(h.way != "forward" for h in self.hops)


class NotFound(Exception):
    """The name leads nowhere; carries the problem."""

    def __init__(self, problem: FormulaProblem) -> None:
        self.problem = problem


def walk(
    shapes: Shapes,
    entity: str,
    parts: tuple[str, ...],
    offsets: tuple[int, ...],
    base: Base,
    variable: str = "",
) -> Resolved:
    """Follow `parts` from a record of `entity`. Empty parts mean the record itself. Raises NotFound."""
    hops: list[Hop] = []
    here = shapes[entity]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        many = here.many.get(part)
        if many is not None:
            hops.append(many)
            _bound(hops, part, offsets[index])
            here = shapes[many.entity]
            if last:
                return Resolved(
                    base,
                    tuple(hops),
                    "id",
                    ValueType(Kind.RECORDS, targets=(many.entity,)),
                    variable=variable,
                )
            continue
        type_ = _field_type(here, part)
        if type_ is None:
            raise NotFound(_unknown(here, part, offsets[index], parts[index - 1] if index else None))
        if last:
            return Resolved(base, tuple(hops), part, type_, variable=variable)
        if type_.kind is Kind.FILE:
            return _file_part(
                Resolved(base, tuple(hops), part, type_, variable=variable), parts, offsets, index
            )
        if type_.kind is not Kind.RECORD:
            raise NotFound(
                FormulaProblem(
                    offsets[index + 1],
                    f"「{part}」不是引用，后面不能再跟「{parts[index + 1]}」",
                    f"“{part}” is no reference, so “{parts[index + 1]}” cannot follow it",
                    length=len(parts[index + 1]),
                )
            )
        if len(type_.targets) != 1:
            raise NotFound(
                FormulaProblem(
                    offsets[index],
                    f"「{part}」可以指向几种对象，不能沿它取字段",
                    f"“{part}” may name records of several entities, so no path leads through it",
                    length=len(part),
                )
            )
        hops.append(Hop("forward", part, part, type_.targets[0]))
        _bound(hops, part, offsets[index])
        here = shapes[type_.targets[0]]
    return Resolved(base, (), "id", record(entity), variable=variable)


def _field_type(entity: EntityShape, name: str) -> ValueType | None:
    if name == "id":
        return record(entity.name)
    shape = entity.fields.get(name)
    return None if shape is None else shape.type


def _bound(hops: list[Hop], part: str, offset: int) -> None:
    forward = sum(h.way == "forward" for h in hops)
    if forward > FORWARD_HOPS_MAX or len(hops) - forward > MANY_HOPS_MAX:
        raise NotFound(
            FormulaProblem(
                offset,
                f"路径最多跨 {FORWARD_HOPS_MAX} 层引用",
                f"A path crosses at most {FORWARD_HOPS_MAX} references",
                length=len(part),
            )
        )


def _file_part(found: Resolved, parts: tuple[str, ...], offsets: tuple[int, ...], index: int) -> Resolved:
    part = parts[index + 1]
    if part not in FILE_PARTS or index + 2 != len(parts):
        raise NotFound(
            FormulaProblem(
                offsets[index + 1],
                f"文件没有「{part}」这一项",
                f"A file has no “{part}”",
                nearest(part, FILE_PARTS) or ", ".join(FILE_PARTS),
                len(part),
            )
        )
    return Resolved(found.base, found.hops, found.field, FILE_PARTS[part], part, found.variable)


def _unknown(entity: EntityShape, part: str, offset: int, before: str | None) -> FormulaProblem:
    known = [*entity.fields, *entity.many]
    near = nearest(part, known)
    if near is None and part.lower() != part and part.lower() in known:
        near = part.lower()
    labels = {f.label.zh: f.name for f in entity.fields.values()} | {
        f.label.en: f.name for f in entity.fields.values()
    }
    return FormulaProblem(
        offset,
        f"「{entity.label.zh}」没有字段「{part}」",
        f"{entity.label.en} has no field “{part}”",
        near or labels.get(part),
        len(part),
    )


__all__ = ["FILE", "FILE_PARTS", "Base", "Frame", "NotFound", "Resolved", "walk"]
