"""What a formula gives now: on three records that the builder may see, and how many records a condition is true of.

Everything is asked at the one door, as the builder: who may not see a field learns nothing of it here. A draft's names
are those of the running version first, by the ids of fields and entities; what is not stored yet is said to be so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dougong_designer.formulas import Standing, quoted, scan
from dougong_runtime.access.grants import shapes_of
from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.formulas.check import Checked, Place, check_formula
from dougong_runtime.formulas.dependencies import dependencies, nodes
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.shapes import Shapes
from dougong_runtime.formulas.tree import Changed, Hop, Node, Path
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Entity
from dougong_runtime.model.naming import renamed
from dougong_runtime.pages.faces import face
from dougong_runtime.pages.reading import ABSENT, Reader
from dougong_runtime.publish.renames import Renames
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Measure, Query

SAMPLES = 3
_UNSHOWABLE = (Kind.LIST, Kind.JSON, Kind.FILE, Kind.RECORDS)
NOT_STORED = Label(
    "用到的字段还没有发布，没有存储的值，暂时不能试算。",
    "It uses fields that are not stored yet: there is nothing to try it on before they are published.",
)
OF_A_WRITE = Label(
    "结果取决于一次改动（OLD、CHANGED），不能在现有记录上试算。",
    "It depends on a change (OLD, CHANGED), so it cannot be tried on records as they are.",
)
OF_A_RUN = Label(
    "结果取决于流程运行时的值，不能在现有记录上试算。",
    "It depends on values that a run of the workflow has, so it cannot be tried here.",
)
NO_ENTITY = Label("这里没有记录可以试算。", "There are no records here to try it on.")
NO_RECORDS = Label("没有你能查看的记录。", "There are no records that you may see.")
NOT_SHOWN = Label("这种结果不能在这里显示。", "Results of this type cannot be shown here.")


@dataclass(frozen=True, slots=True)
class Sample:
    """A record and what the formula gives for it."""

    id: str
    title: str
    value: str


@dataclass(frozen=True, slots=True)
class Results:
    """The samples; or why there are none."""

    samples: tuple[Sample, ...] = ()
    says: Label | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Of how many records a condition is true; or why that cannot be said."""

    found: int = 0
    of: int = 0
    is_exact: bool = True
    says: Label | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    app: App
    entity: Entity
    text: str
    tree: Node


class _Unanswered(Exception):
    def __init__(self, says: Label) -> None:
        self.says = says


def results(records: Records, standing: Standing, text: str, tree: Node, reader: Reader) -> Results:
    """The formula on three records, those changed last. `tree`: what it means in the draft."""
    try:
        place: Place = "measure" if standing.at.place == "measure" else "filter"
        asked = _asked(records, standing, text, tree, place)
        if asked.tree.type.kind in _UNSHOWABLE:
            return Results(says=NOT_SHOWN)
        if place == "measure":
            return _whole(records, asked, reader)
        return _each(records, standing, asked, reader)
    except _Unanswered as none:
        return Results(says=none.says)
    except Refused as refused:
        return Results(says=_said(refused))


def count(records: Records, standing: Standing, text: str, tree: Node) -> Count:
    """Of how many of the records that the builder may see a condition is true, of how many in all."""
    try:
        asked = _asked(records, standing, text, tree, "filter")
        query = Query(asked.entity.name, fields=("id",), limit=1)
        found = records.list(replace(query, filter=asked.text))
        whole = records.list(query)
    except _Unanswered as none:
        return Count(says=none.says)
    except Refused as refused:
        return Count(says=_said(refused))
    return Count(found.count, whole.count, found.count_is_exact and whole.count_is_exact)


def _each(records: Records, standing: Standing, asked: _Asked, reader: Reader) -> Results:
    entity = asked.entity.name
    newest = Query(entity, fields=("id",), sort=("-updated_at",), limit=SAMPLES, count=False)
    ids = [str(item["id"]) for item in records.list(newest).items]
    if not ids:
        return Results(says=NO_RECORDS)
    among = f"id IN ({', '.join(quoted(one) for one in ids)})"
    answer = records.aggregate(
        AggregateQuery(entity, rows=("id", asked.text), filter=among, listed=True, total=False)
    )
    given = {str(row["id"]): row.get(asked.text) for row in answer.rows}
    titles = records.titles(entity, ids)
    values = [given.get(one) for one in ids]
    shown = _shown(records, _field(standing, asked), asked.tree.type, values, reader)
    return Results(
        tuple(Sample(one, titles.get(one) or one[-6:], value) for one, value in zip(ids, shown, strict=True))
    )


def _whole(records: Records, asked: _Asked, reader: Reader) -> Results:
    measured = AggregateQuery(asked.entity.name, measures=(Measure("value", asked.text),), listed=True)
    value = records.aggregate(measured).total.get("value")
    label = reader.label(asked.entity.plural or asked.entity.label)
    shown = _shown(records, _typed(asked.tree.type), asked.tree.type, [value], reader)
    return Results((Sample("", label, shown[0]),))


# --- asking the running version -----------------------------------------------------------------------------------
def _asked(records: Records, standing: Standing, text: str, tree: Node, place: Place) -> _Asked:
    """The formula as the running version reads it, of what the builder may see. Raises _Unanswered."""
    found = list(nodes(tree))
    if any(isinstance(node, Changed) or (isinstance(node, Path) and node.base == "old") for node in found):
        raise _Unanswered(OF_A_WRITE)
    name, text = _of_record(standing, text, found)
    shape = standing.app.entities.get(name or "")
    if shape is None:
        raise _Unanswered(NO_ENTITY)
    running = records.running.app
    entity = _same(shape, running)
    if entity is None:
        raise _Unanswered(NOT_STORED)
    try:
        renames = Renames.of(standing.app, running)
        if renames is not None:
            text = renamed(
                text, renames.names, entity=shape.name, shapes=standing.shapes, settings=standing.settings,
                place=place,
            )  # fmt: skip
        meant = _check(running, entity, text, place)
    except FormulaProblems:
        raise _Unanswered(NOT_STORED) from None
    hidden = _unseen(records, running, entity, meant.tree)
    if hidden is not None:
        raise _Unanswered(hidden)
    return _Asked(running, entity, text, meant.tree)


def _check(running: App, entity: Entity, text: str, place: Place) -> Checked:
    settings = {code: one.field.value_type for code, one in running.settings.items()}
    shapes: Shapes = shapes_of(running)
    return check_formula(text, entity=entity.name, shapes=shapes, settings=settings, place=place)


def _of_record(standing: Standing, text: str, found: Sequence[Node]) -> tuple[str | None, str]:
    """The entity to try it on, and the formula over its fields: of a workflow's, over those of `record`."""
    variables = {node.variable for node in found if isinstance(node, Path) and node.base == "variable"}
    if not variables and standing.at.entity is not None:
        return standing.at.entity, text
    type_ = standing.at.variables.get("record")
    if variables - {"record"} or standing.at.entity is not None:
        raise _Unanswered(OF_A_RUN)
    if type_ is None or type_.kind is not Kind.RECORD or len(type_.targets) != 1:
        raise _Unanswered(NO_ENTITY)
    made, end = [], len(text)
    for piece, frame in reversed(list(scan.names(standing, text))):
        head, _, rest = piece.text.partition(".")
        if head == "record":
            plain = rest or "id"
            made += [text[piece.end : end], f"THIS.{plain}" if frame.outer is not None else plain]
            end = piece.start
    made.append(text[:end])
    return type_.targets[0], "".join(reversed(made))


def _same(entity: Entity, running: App) -> Entity | None:
    """A draft's entity as it runs: the one of its id, or of its name."""
    by_id = next((e for e in running.entities.values() if e.id and e.id == entity.id), None)
    return by_id or running.entities.get(entity.name)


def _unseen(records: Records, running: App, entity: Entity, tree: Node) -> Label | None:
    """A sentence where the formula reads what the builder may not see whole: a field, or an entity at all."""
    zh, en = [], []
    for owner, field in sorted(_read(entity, tree)):
        if not _shows(records, owner, field):
            known = running.entities[owner]
            label = known.fields[field].label if field in known.fields else known.label
            zh.append(f"「{known.label.zh}」的「{label.zh}」")
            en.append(f"{label.en} of {known.label.en}")
    if not zh:
        return None
    return Label(
        f"你不能查看{'、'.join(zh)}，所以不显示结果。",
        f"You may not see {', '.join(en)}, so no result is shown.",
    )


def _read(entity: Entity, tree: Node) -> Iterator[tuple[str, str]]:
    """Entity and field of everything that is read."""
    told: set[tuple[str, str]] = set()
    for one in dependencies(tree):
        owner = _at(entity, one.hops)
        if one.field not in ("id", "deleted_at", "version") and (owner, one.field) not in told:
            told.add((owner, one.field))
            yield owner, one.field


def _at(entity: Entity, hops: tuple[Hop, ...]) -> str:
    return hops[-1].entity if hops else entity.name


def _shows(records: Records, entity: str, field: str) -> bool:
    if not records.can(entity, "read"):
        return False
    return any(v.field.name == field and v.shown == "yes" for v in records.fields(entity))


def _said(refused: Refused) -> Label:
    first = (refused.problems or refused.warnings)[0]
    return Label(first.text("zh"), first.text("en"))


# --- values as text -----------------------------------------------------------------------------------------------
def _field(standing: Standing, asked: _Asked) -> Field:
    """What the result is shown as: the computed field that it is written for, the field that it is, or its type."""
    tree = asked.tree
    entity, _, name = standing.at.result_of.partition(".")
    own = standing.app.entities.get(entity)
    if own is not None and name in own.fields:
        return own.fields[name]
    if isinstance(tree, Path) and tree.base == "row" and tree.part is None and tree.field != "id":
        return asked.app.entities[_at(asked.entity, tree.hops)].fields[tree.field]
    return _typed(tree.type)


def _typed(type_: ValueType) -> Field:
    word = Label("结果", "Result")
    return Field(id="", name="result", type="formula", label=word, value_type=type_, targets=type_.targets)


def _shown(
    records: Records, field: Field, type_: ValueType, values: Sequence[Json], reader: Reader
) -> list[str]:
    """Values as this person reads them."""
    if type_.kind is not Kind.RECORD or not type_.targets:
        return [face(field, value, reader).text for value in values]
    titles: dict[str, str] = {}
    for target in type_.targets:
        titles |= records.titles(target, [str(v) for v in values if v is not None])
    return [titles.get(str(v), ABSENT) if v is not None else ABSENT for v in values]
