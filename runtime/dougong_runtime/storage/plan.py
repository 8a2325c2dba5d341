"""Two versions of an app → the steps from the tables of the one to those of the other, by the ids of things."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Entity
from dougong_runtime.storage.forms import Formed, keeps_values
from dougong_runtime.storage.history import History
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
    RenameTargets,
    RestoreEntity,
    RestoreField,
    RetireEntity,
    RetireField,
    RetypeField,
)
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.way import Way


class Trash(Protocol):
    """What lies in the trash, as it was when it was retired."""

    def entity(self, entity_id: str) -> tuple[Entity, Tables] | None:
        """The latest entity of that id, with the tables of its last version."""
        ...

    def left_at(self, entity_id: str) -> int | None:
        """Number of the last version that had that entity."""
        ...

    def field(self, entity_id: str, field_id: str) -> tuple[Field, App] | None:
        """The latest field of that id, and the app that had it."""
        ...


class EmptyTrash:
    """Nothing."""

    def entity(self, entity_id: str) -> tuple[Entity, Tables] | None:
        """None."""
        return None

    def left_at(self, entity_id: str) -> int | None:
        """None."""
        return None

    def field(self, entity_id: str, field_id: str) -> tuple[Field, App] | None:
        """None."""
        return None


@dataclass
class _Fields:
    """Steps of one entity's fields, by their turn."""

    entity: Entity
    table: str
    app: App
    trash: Trash
    history: History | None
    """On the way back to an earlier version."""
    at: int
    """Number of the version that the fields are from, then."""
    retire: list[AnyStep] = field(default_factory=list)
    rename: list[AnyStep] = field(default_factory=list)
    restore: list[AnyStep] = field(default_factory=list)
    retype: list[AnyStep] = field(default_factory=list)
    add: list[AnyStep] = field(default_factory=list)
    values: list[AnyStep] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Old name → new name, of fields that keep their column."""
    changed: set[str] = field(default_factory=set)
    """Ids of fields whose column is another one afterwards, or holds other values."""
    empty: set[str] = field(default_factory=set)
    """Ids of new fields, without a value in any record."""

    def all(self) -> list[AnyStep]:
        """In the order in which no name is in the way."""
        return [*self.retire, *self.rename, *self.restore, *self.retype, *self.add, *self.values]

    def retiring(self, was: Formed) -> None:
        """A field goes."""
        self.retire.append(RetireField(self.entity, self.table, was.field, was.key))
        self.changed.add(was.field.id)

    def appearing(self, now: Formed) -> None:
        """A field comes: out of the trash where it lies there with values of people."""
        self.changed.add(now.field.id)
        if self.history is not None and now.field.formula is None and self._going_back(now):
            return
        trashed = None if now.field.formula is not None else self._trashed(now.field)
        if trashed is None or trashed.field.formula is not None:
            self.add.append(AddField(self.entity, self.table, now.field, now.key))
            if now.field.formula is None and now.field.type != "stage":
                self.empty.add(now.field.id)
        elif keeps_values(trashed, now):
            self.restore.append(RestoreField(self.entity, self.table, now.field, trashed.key))
            self._options(tuple(renamed_options(trashed.field, now.field)), now.field)
        else:
            self._aside(trashed, now)

    def _going_back(self, now: Formed) -> bool:
        """Out of the trash, from where the version left it; whether something lies there."""
        assert self.history is not None
        left = self.history.left(self.entity.id, now.field.id)
        if not left or left[0].kind != "field":
            return False
        assert left[0].version is not None
        trashed = self.history.formed(left[0].version, self.entity.id, now.field.id)
        assert trashed is not None
        way = self.history.way(self.entity.id, now, left[1:], left[0].version)
        if way.kept or not keeps_values(trashed, now):
            self._aside(trashed, now, way)
        else:
            self.restore.append(RestoreField(self.entity, self.table, now.field, trashed.key))
            self._options(tuple(way.renamed.items()), now.field)
        return True

    def _aside(self, trashed: Formed, now: Formed, way: Way | None = None) -> None:
        """Out of the trash under another name, and retyped."""
        name, label = short(f"dg_back_{now.field.id}"), Label.of(None, trashed.field.name)
        aside = replace(trashed.field, name=name, label=label)
        self.restore.append(RestoreField(self.entity, self.table, aside, trashed.key))
        self.retype.append(RetypeField(self.entity, self.table, aside, now.field, trashed.key, now.key, way))

    def changing(self, was: Formed, now: Formed) -> None:
        """A field stays, perhaps under another name or with values of another type."""
        before, after = was.field, now.field
        way = None
        if self.history is not None and after.formula is None:
            if before.formula is not None and self._going_back(now):
                self.retiring(was)
                return
            left = self.history.left(self.entity.id, after.id)
            way = self.history.way(self.entity.id, now, left, self.at)
        if after.formula is not None and (before.formula is None or was.form != now.form):
            self.retiring(was)
            self.add.append(AddField(self.entity, self.table, after, now.key))
        elif keeps_values(was, now) and (way is None or (not way.kept and before.type == after.type)):
            if before.name != after.name:
                self.rename.append(RenameField(self.entity, self.table, before, after))
            self.names[before.name] = after.name
            values = renamed_options(before, after) if way is None else way.renamed.items()
            self._options(tuple(values), after)
        else:
            self.retype.append(RetypeField(self.entity, self.table, before, after, was.key, now.key, way))
            self.changed.add(after.id)

    def retargeting(self, was: Formed, now: Formed, renamed: Mapping[str, str]) -> None:
        """A reference with several targets stays, some of which are called otherwise now."""
        values = tuple((a, b) for a, b in renamed.items() if b in was.field.targets)
        if values and was.field.is_polymorphic:
            self.values.append(RenameTargets(self.entity, self.table, now.field, values))

    def _options(self, values: tuple[tuple[str | int, str | int], ...], after: Field) -> None:
        if values:
            self.values.append(RenameOptions(self.entity, self.table, after, values))
            self.changed.add(after.id)

    def _trashed(self, of: Field) -> Formed | None:
        found = self.trash.field(self.entity.id, of.id)
        if found is None:
            return None
        trashed, app = found
        return Formed.of(trashed, app).with_targets(renamed_entities(app, self.app))


def plan_steps(
    before: Tables | None,
    after: Tables,
    trash: Trash | None = None,
    history: History | None = None,
    indexes_there: Collection[str] | None = None,
) -> tuple[AnyStep, ...]:
    """The steps, in an order that can be carried out, and reversed, as it stands.

    `history`: on the way back to an earlier version, whose values come back. `indexes_there`: names of the database's
    indexes: one that an earlier release did not make is made now. None: those that the version before asks for.
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
        at = 0 if history is None else history.running
        kept = olds.get(identity)
        if kept is None:
            found = trash.entity(identity)
            if found is None:
                creates.append(CreateEntity(new, table_name(new)))
                indexes += (AddIndex(new, table_name(new), spec) for spec in after.indexes(new.name))
                continue
            kept, source = found
            creates.append(RestoreEntity(kept, table_name(kept)))
            at = trash.left_at(identity) or at
        assert source is not None
        made = _fields(kept, new, source.app, after.app, trash, history, at)
        dropped, added = _indexes(kept, new, source, after, made, indexes_there)
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


def renamed_entities(old: App, new: App) -> dict[str, str]:
    """Old name → new name, of entities that are called otherwise now."""
    names = {e.id: e.name for e in new.entities.values()}
    return {e.name: names[e.id] for e in old.entities.values() if names.get(e.id, e.name) != e.name}


def _fields(
    old: Entity, new: Entity, before: App, after: App, trash: Trash, history: History | None, at: int
) -> _Fields:
    found = _Fields(new, table_name(new), after, trash, history, at)
    renamed = renamed_entities(before, after)
    olds = {f.id: Formed.of(f, before).with_targets(renamed) for f in old.own_fields}
    news = {f.id: Formed.of(f, after) for f in new.own_fields}
    for identity, was in olds.items():
        if identity not in news and was.is_stored:
            found.retiring(was)
    for identity, now in news.items():
        known = olds.get(identity)
        if known is None or not known.is_stored:
            if now.is_stored:
                found.appearing(now)
        elif not now.is_stored:
            found.retiring(known)
        else:
            found.changing(known, now)
            if now.field.is_polymorphic and renamed:
                found.retargeting(known, now, renamed)
    return found


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
    told = {c: tuple(words for words in held_after[c] if words[0] not in made.empty) for c in wanted}
    empty = tuple(c for c in added if not told[c])
    unlike = tuple(
        c
        for c in refill
        if held_before[old_names.get(c, c)] != told[c]
        or any(identity in made.changed for identity, *_ in told[c])
    )
    outgoing: list[AnyStep] = []
    incoming: list[AnyStep] = []
    if gone or refill:
        outgoing.append(DropSearch(old, table_name(old), gone, tuple(old_names.get(c, c) for c in refill)))
    if added or unlike:
        incoming.append(FillSearch(new, table_name(new), added, unlike, empty))
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
    old: Entity,
    new: Entity,
    source: Tables,
    after: Tables,
    made: _Fields,
    indexes_there: Collection[str] | None,
) -> tuple[list[AnyStep], list[AnyStep]]:
    table = table_name(new)
    there = {
        spec.name: spec
        for spec in source.indexes(old.name)
        if indexes_there is None or spec.name in indexes_there
    }
    wanted = {spec.name: spec for spec in after.indexes(new.name)}
    fresh = made.changed
    rebuilt = {
        name
        for entity, specs in ((old, there), (new, wanted))
        for name, spec in specs.items()
        if any(_field_id(entity, f) in fresh for f in spec.named)
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
