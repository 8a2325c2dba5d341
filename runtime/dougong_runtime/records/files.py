"""Files that records name: which a writer may name, whose facts are filled in here, and which a reader may have.

A writer names files by id. They must be the writer's own uploads, or stand in that field of that record already, now
or before. Their facts come from the table, never from the writer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_runtime.errors import FORBIDDEN, INVALID_VALUE, NOT_FOUND, Problem, Refused, refuse
from dougong_runtime.fields.base import Field, Json, Value, ValueProblem
from dougong_runtime.fields.files import FileType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.names import is_record_id
from dougong_runtime.records import file_table
from dougong_runtime.records.change import Change
from dougong_runtime.records.file_table import File
from dougong_runtime.records.hold import Held, readable_cells
from dougong_runtime.records.scene import Scene, known_id
from dougong_runtime.records.values import invalid, unknown_field


def is_file(field: Field) -> bool:
    """Whether a field names files."""
    return field.formula is None and isinstance(field.kind, FileType)


def named(value: Value) -> list[Mapping[str, Any]]:
    """The files that a value names: none, one, or several."""
    if value is None:
        return []
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, Mapping)]


# --- writing ----------------------------------------------------------------------------------------------------------
def check_files(
    scene: Scene,
    entity: Entity,
    rows: Sequence[dict[str, Value]],
    problems: list[Problem],
    held: Held | None = None,
) -> None:
    """Fill in the facts of the files that a writer names; a problem for each that they may not name.

    `held` is the record as it stands, where it is changed. A file of another's and one that is not there are answered
    in the same words, so that ids cannot be tried out.
    """
    fields = [f for f in entity.own_fields if is_file(f)]
    given = [(row, f) for row in rows for f in fields if row.get(f.name) is not None]
    if not given:
        return
    ids = {str(v["id"]) for row, f in given for v in named(row[f.name])}
    known = file_table.find(scene.connection, (i for i in ids if is_record_id(i)))
    before = file_table.used_by(scene.connection, held.id, {f.id for _, f in given}) if held else set()
    for row, f in given:
        current = {str(v["id"]): v for v in named(held.values.get(f.name))} if held else {}
        try:
            facts = [_facts(scene, f, str(v["id"]), current, known, before) for v in named(row[f.name])]
            row[f.name] = f.kind.coerce(f, facts if f.options.get("multiple") else facts[0])
        except ValueProblem as wrong:
            problems.append(invalid(f, wrong))


def _facts(
    scene: Scene,
    field: Field,
    id_: str,
    current: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, File],
    before: set[tuple[str, str]],
) -> Mapping[str, Any]:
    if id_ in current:
        return current[id_]
    found = known.get(id_)
    mine = found is not None and (scene.viewer.is_system or found.by == scene.viewer.user)
    if found is None or not (mine or (field.id, id_) in before):
        raise ValueProblem(
            "没有这个文件，或它不是你上传的。", "there is no such file, or it was not handed in by you."
        )
    return found.facts


def note_uses(scene: Scene, changes: Sequence[Change]) -> None:
    """Note which files the records written name."""
    uses = []
    fields = {n: [f for f in scene.entity(n).own_fields if is_file(f)] for n in {c.entity for c in changes}}
    for change in changes:
        if change.kind in ("create", "update"):
            for field in fields[change.entity]:
                uses += [(str(v["id"]), change.record, field.id) for v in named(change.after.get(field.name))]
    if uses:
        there = file_table.find(scene.connection, (i for i, _, _ in uses if is_record_id(i)))
        file_table.use(scene.connection, [u for u in uses if u[0] in there])


def field_to_fill(scene: Scene, entity: Entity, name: str) -> Field:
    """A field of files that the viewer may fill in on some record: before bytes are taken from them.

    Raises Refused: an unknown name, FORBIDDEN, or a field of another type.
    """
    access = scene.access.entity(entity.name)
    visible = access.visible_names
    field = entity.fields.get(name)
    allowed = field is not None and (
        access.everything or any(h.writes(field, a) for a in ("create", "update") for h in access.giving(a))
    )
    if field is None or not (allowed or name in visible):
        raise Refused([unknown_field(entity, name, visible)])
    if not allowed:
        raise refuse(FORBIDDEN, name, entity=entity.label, action=Label("上传文件", "handing in files"))
    if not is_file(field):
        zh, en = f"「{field.label.zh}」不存放文件。", f"“{field.label.en}” holds no files."
        raise Refused([Problem(INVALID_VALUE, name, {"label": field.label, "zh": zh, "en": en})])
    return field


# --- reading ----------------------------------------------------------------------------------------------------------
def find_file(
    scene: Scene, entity: Entity, id_: str, name: str, *, n: int = 0, file: str | None = None
) -> File:
    """A file of a record's field, under the access to both: the n-th that stands there, or by its id any that stands
    or stood there. Raises Refused(NOT_FOUND) for all that may not be had or is not there, in the same words."""
    field = entity.fields.get(name)
    if field is None or not is_file(field):
        raise refuse(NOT_FOUND)
    cells = readable_cells(scene, entity, id_)
    if cells.shown(name) != "yes":
        raise refuse(NOT_FOUND)
    current = [str(v["id"]) for v in named(cells.held.values.get(name))]
    if file is None:
        wanted = current[n] if 0 <= n < len(current) else None
    else:
        wanted = known_id(file)
        if wanted not in current and (field.id, wanted) not in file_table.used_by(
            scene.connection, cells.id, {field.id}
        ):
            wanted = None
    found = file_table.find(scene.connection, [wanted]) if is_record_id(wanted) and wanted else {}
    if wanted is None or wanted not in found:
        raise refuse(NOT_FOUND)
    return found[wanted]


def forget_erased(scene: Scene, entity: Entity, id_: str, names: Collection[str] | None) -> None:
    """Once the history's values of a record's fields (None: of all) are erased, the files that only it named are named
    by it no longer; what the record names now stays."""
    fields = [f for f in entity.own_fields if is_file(f) and (names is None or f.name in names)]
    try:
        values: Mapping[str, Value] = readable_cells(scene, entity, id_).held.values
    except Refused:
        values = {}
    kept = {f.id: [str(v["id"]) for v in named(values.get(f.name))] for f in fields}
    file_table.forget(scene.connection, id_, None if names is None else [f.id for f in fields], kept)


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and the field of a record by which its reader may have it."""

    file: File
    entity: str
    record: str
    field: Field


def find_by_id(scene: Scene, id_: str) -> Found:
    """A file, where any field of a record that names or named it may be read. Raises Refused(NOT_FOUND)."""
    wanted = known_id(id_)
    if wanted is None:
        raise refuse(NOT_FOUND)
    fields = {f.id: (e, f) for e in scene.app.own_entities for f in e.own_fields if is_file(f)}
    for record, field_id in file_table.uses_of(scene.connection, wanted):
        if field_id not in fields:
            continue
        entity, field = fields[field_id]
        try:
            cells = readable_cells(scene, entity, record)
        except Refused:
            continue
        if cells.shown(field.name) == "yes":
            return Found(file_table.find(scene.connection, [wanted])[wanted], entity.name, cells.id, field)
    raise refuse(NOT_FOUND)


def facts_of(scene: Scene, field: Field, ids: Iterable[str], current: Json) -> Json:
    """What a form that names files by id shows again: facts of those that stand there and of the viewer's own uploads;
    others are left out. A list where the field takes several, else the last one or None."""
    known = {str(v["id"]): v for v in named(current)}
    wanted = list(dict.fromkeys(i for i in ids if i))
    own = file_table.find(scene.connection, (i for i in wanted if i not in known and is_record_id(i)))
    facts = []
    for id_ in wanted:
        found = own.get(id_)
        if id_ in known:
            facts.append(known[id_])
        elif found is not None and found.by == scene.viewer.user:
            facts.append(found.facts)
    if field.options.get("multiple"):
        return facts or None
    return facts[-1] if facts else None
