"""Two versions of an app → the steps from the tables of the one to those of the other, by the ids of things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.forms import form, keeps_values
from dougong_runtime.storage.identifiers import search_column_name, short, sort_column_name, table_name
from dougong_runtime.storage.search import auxiliary_columns, search_columns, sorted_fields
from dougong_runtime.storage.steps import (
    AddField,
    AddIndex,
    AnyStep,
    CreateEntity,
    DropIndex,
    DropSearch,
    FillSearch,
    RenameEntity,
    RenameField,
    RenameOptions,
    RestoreEntity,
    RestoreField,
    RetireEntity,
    RetireField,
    RetypeField,
)
from dougong_runtime.storage.tables import Tables

NONE = ("none",)


class Trash(Protocol):
    """What lies in the trash, as it was when it was retired."""

    def entity(self, entity_id: str) -> tuple[Entity, Tables] | None:
        """The latest entity of that id, with the tables of its last version."""
        ...

    def field(self, entity_id: str, field_id: str) -> Field | None:
        """The latest field of that id."""
        ...


class EmptyTrash:
    """Nothing."""

    def entity(self, entity_id: str) -> tuple[Entity, Tables] | None:
        """None."""
        return None

    def field(self, entity_id: str, field_id: str) -> Field | None:
        """None."""
        return None


@dataclass
class _Fields:
    """Steps of one entity's fields, by their turn."""

    retire: list[AnyStep] = field(default_factory=list)
    rename: list[AnyStep] = field(default_factory=list)
    restore: list[AnyStep] = field(default_factory=list)
    retype: list[AnyStep] = field(default_factory=list)
    add: list[AnyStep] = field(default_factory=list)
    options: list[AnyStep] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Old name → new name, of fields that keep their column."""
    changed: set[str] = field(default_factory=set)
    """Ids of fields whose column is another one afterwards, or holds other values."""

    def all(self) -> list[AnyStep]:
        """In the order in which no name is in the way."""
        return [*self.retire, *self.rename, *self.restore, *self.retype, *self.add, *self.options]


def plan_steps(
    before: Tables | None, after: Tables, trash: Trash | None = None, *, going_back: bool = False
) -> tuple[AnyStep, ...]:
    """The steps, in an order that can be carried out, and reversed, as it stands.

    `going_back`: to an earlier version, where a field that became a formula has its own values again.
    """
    trash = trash or EmptyTrash()
    olds = {} if before is None else {e.id: e for e in before.app.own_entities}
    news = {e.id: e for e in after.app.own_entities}
    drops: list[AnyStep] = []
    retires: list[AnyStep] = []
    renames: list[AnyStep] = []
    creates: list[AnyStep] = []
    fields: list[AnyStep] = []
    searches: list[AnyStep] = []
    indexes: list[AnyStep] = []
    for identity, old in olds.items():
        if identity not in news:
            retires.append(RetireEntity(old, table_name(old)))
    for identity, new in news.items():
        source = before
        kept = olds.get(identity)
        if kept is None:
            found = trash.entity(identity)
            if found is None:
                creates.append(CreateEntity(new, table_name(new)))
                indexes += (AddIndex(new, table_name(new), spec) for spec in after.indexes(new.name))
                continue
            kept, source = found
            creates.append(RestoreEntity(kept, table_name(kept)))
        assert source is not None
        made = _fields(kept, new, trash, going_back)
        dropped, added = _indexes(kept, new, source, after, made)
        outgoing, incoming = _search(kept, new, made)
        (drops if identity in olds else creates).extend((*dropped, *outgoing))
        if table_name(kept) != table_name(new):
            links = tuple(f.name for f in kept.own_fields if f.is_many)
            renaming = RenameEntity(kept, new, table_name(kept), table_name(new), links)
            (renames if identity in olds else creates).append(renaming)
        fields += made.all()
        searches += incoming
        indexes += added
    return (*drops, *retires, *renames, *creates, *fields, *searches, *indexes)


def _fields(old: Entity, new: Entity, trash: Trash, going_back: bool) -> _Fields:
    found = _Fields()
    table = table_name(new)
    olds = {f.id: f for f in old.own_fields}
    news = {f.id: f for f in new.own_fields}
    for identity, before in olds.items():
        if identity not in news and form(before) != NONE:
            found.retire.append(RetireField(new, table, before))
            found.changed.add(identity)
    for identity, after in news.items():
        known = olds.get(identity)
        if known is None or form(known) == NONE:
            _appearing(found, new, table, after, trash)
        elif form(after) == NONE:
            found.retire.append(RetireField(new, table, known))
            found.changed.add(identity)
        else:
            _changing(found, new, table, known, after, trash, going_back)
    return found


def _appearing(found: _Fields, entity: Entity, table: str, after: Field, trash: Trash) -> None:
    if form(after) == NONE:
        return
    found.changed.add(after.id)
    trashed = None if after.formula is not None else trash.field(entity.id, after.id)
    if trashed is None or trashed.formula is not None:
        found.add.append(AddField(entity, table, after))
    elif keeps_values(trashed, after):
        found.restore.append(RestoreField(entity, table, after))
        _renamed_options(found, entity, table, trashed, after)
    else:
        aside = replace(trashed, name=short(f"dg_back_{trashed.id}"), label=Label.of(None, trashed.name))
        found.restore.append(RestoreField(entity, table, aside))
        found.retype.append(RetypeField(entity, table, aside, after))


def _changing(
    found: _Fields, entity: Entity, table: str, before: Field, after: Field, trash: Trash, going_back: bool
) -> None:
    computed, was_computed = after.formula is not None, before.formula is not None
    replaced = computed and (not was_computed or form(before) != form(after))
    if was_computed and not computed and going_back:
        own = trash.field(entity.id, after.id)
        if own is not None and own.formula is None and form(own) == form(after):
            found.retire.append(RetireField(entity, table, before))
            found.restore.append(RestoreField(entity, table, after))
            found.changed.add(after.id)
            return
    if replaced:
        found.retire.append(RetireField(entity, table, before))
        found.add.append(AddField(entity, table, after))
        found.changed.add(after.id)
    elif keeps_values(before, after):
        if before.name != after.name:
            found.rename.append(RenameField(entity, table, before, after))
        found.names[before.name] = after.name
        _renamed_options(found, entity, table, before, after)
    else:
        found.retype.append(RetypeField(entity, table, before, after))
        found.changed.add(after.id)


def _renamed_options(found: _Fields, entity: Entity, table: str, before: Field, after: Field) -> None:
    values = tuple(renamed_options(before, after))
    if values:
        found.options.append(RenameOptions(entity, table, after, values))
        found.changed.add(after.id)


def renamed_options(before: Field, after: Field) -> Iterator[tuple[str | int, str | int]]:
    """Values of options that are called otherwise now: old and new."""
    if after.value_type.kind not in (Kind.CHOICE, Kind.LIST):
        return
    olds = {o.id: o for o in before.choices}
    for option in after.choices:
        old = olds.get(option.id)
        if old is not None and old.value != option.value:
            yield old.value, option.value


def _search(old: Entity, new: Entity, made: _Fields) -> tuple[list[AnyStep], list[AnyStep]]:
    """Search and sort columns: what to drop before the fields change, what to add and fill after."""
    names = {
        of(before): of(after)
        for before, after in made.names.items()
        for of in (sort_column_name, search_column_name)
    }
    old_names = {new_name: old_name for old_name, new_name in names.items()}
    there, wanted = auxiliary_columns(old), auxiliary_columns(new)
    gone = tuple(c for c in there if names.get(c, c) not in wanted or _unlike(c, names.get(c, c), old, made))
    kept = {names.get(c, c) for c in there if c not in gone}
    added = tuple(c for c in wanted if c not in kept)
    held_before, held_after = _held(old), _held(new)
    refill = tuple(
        c
        for c in wanted
        if c in kept
        and (
            held_before[old_names.get(c, c)] != held_after[c]
            or any(identity in made.changed for identity, *_ in held_after[c])
        )
    )
    outgoing: list[AnyStep] = []
    incoming: list[AnyStep] = []
    if gone or refill:
        outgoing.append(DropSearch(old, table_name(old), gone, tuple(old_names.get(c, c) for c in refill)))
    if added or refill:
        incoming.append(FillSearch(new, table_name(new), added, refill))
    return outgoing, incoming


def _unlike(column: str, new_name: str, old: Entity, made: _Fields) -> bool:
    """Whether a column of that name belonged to another field, so that it cannot be kept by name alone."""
    if column != new_name:
        return False
    owner = next(
        (f for f in old.own_fields if column in (sort_column_name(f.name), search_column_name(f.name))), None
    )
    return owner is not None and owner.name not in made.names


def _held(entity: Entity) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Search or sort column → what it holds: fields by id and type, with the words of their options."""
    found = {column: tuple(_words(f) for f in fields) for column, fields in search_columns(entity).items()}
    return found | {sort_column_name(f.name): (_words(f),) for f in sorted_fields(entity)}


def _words(of: Field) -> tuple[str, ...]:
    words = [w for o in of.choices for w in (str(o.value), o.label.zh, o.label.en)]
    return (of.id, "text" if of.type in ("text", "long_text") else of.type, *words)


def _indexes(
    old: Entity, new: Entity, source: Tables, after: Tables, made: _Fields
) -> tuple[list[AnyStep], list[AnyStep]]:
    table = table_name(new)
    there = {spec.name: spec for spec in source.indexes(old.name)}
    wanted = {spec.name: spec for spec in after.indexes(new.name)}
    fresh = made.changed
    rebuilt = {
        name
        for entity, specs in ((old, there), (new, wanted))
        for name, spec in specs.items()
        if any(_field_id(entity, f) in fresh for f in spec.fields)
    }
    dropped: list[AnyStep] = [
        DropIndex(old, table_name(old), spec)
        for name, spec in there.items()
        if name not in wanted or name in rebuilt
    ]
    added: list[AnyStep] = [
        AddIndex(new, table, spec) for name, spec in wanted.items() if name not in there or name in rebuilt
    ]
    return dropped, added


def _field_id(entity: Entity, name: str) -> str:
    plain = name.lstrip("-")
    found = entity.fields.get(plain)
    return plain if found is None else found.id
