"""What a page is made with: one reader's door to an app's records, and how that person reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.formulas.types import Kind
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App, Entity
from dougong_runtime.pages.faces import Face, face, hue, initial, is_number, type_of, unit_of
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.views import Column
from dougong_runtime.records.door import Records

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """The letter and hue by which a record is recognised."""

    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in a row. `place` is where it goes on a phone."""

    path: str
    label: str
    face: Face
    number: bool
    place: str = ""
    sized: bool = False
    """Whether its column has a width of its own, which cuts it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a row, card or list item."""

    id: str
    title: str
    href: str
    mark: Mark
    cells: tuple[Cell, ...] = ()
    facts: tuple[Face, ...] = ()
    figure: Face | None = None


@dataclass(frozen=True)
class Desk:
    """One app before one reader."""

    records: Records
    reader: Reader
    _shown: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _found: dict[str, Any] = field(default_factory=dict)

    def once(self, what: str, find: Callable[[], T]) -> T:
        """What several parts of a page ask for, found out by the first of them."""
        if what not in self._found:
            self._found[what] = find()
        found: T = self._found[what]
        return found

    @property
    def app(self) -> App:
        """The app's model."""
        return self.records.running.app

    @cached_property
    def address(self) -> str:
        """Where the app's records live."""
        return f"/apps/{self.app.name}"

    def entity(self, name: str) -> Entity | None:
        """An entity of the app's own, as addresses name it."""
        found = self.app.entities.get(name)
        return found if found is not None and found.app == self.app.name else None

    def may_see(self, data: Mapping[str, Any]) -> bool:
        """Whether a document or block that names roles names one of this reader's."""
        roles = data.get("roles")
        viewer = self.records.viewer
        return not roles or viewer.is_system or bool(viewer.roles_in(self.app.name) & set(roles))

    def views(self, entity: str) -> Mapping[str, Any]:
        """What the reader sees of each field of an entity, by name; empty where nothing may be read."""
        if entity not in self._shown:
            allowed = entity in self.app.entities and self.records.can(entity, "read")
            fields = self.records.fields(entity) if allowed else ()
            self._shown[entity] = {v.field.name: v for v in fields if v.read}
        return self._shown[entity]

    def fillable(self, entity: str) -> Mapping[str, Any]:
        """The same for a form; for who may add records also the fields that they fill in and do not read."""
        if entity not in self.app.entities or not self.records.can(entity, "create"):
            return self.views(entity)
        return {v.field.name: v for v in self.records.fields(entity)}

    def sees(self, column: Column) -> bool:
        """Whether every step of a column's path is shown."""
        at = column.root
        for step in column.path.split("."):
            if step not in self.views(at):
                return False
            field = self.app.entities[at].fields[step]
            at = field.targets[0] if field.targets else at
        return True

    def columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Those that the reader sees."""
        return tuple(c for c in columns if self.sees(c))

    def label(self, entity: Entity, many: bool = False) -> str:
        """The entity's word."""
        return self.reader.label(entity.plural or entity.label if many else entity.label)

    def word(self, entity: Entity, many: bool = False) -> str:
        """The entity's word inside a phrase: in English without the capital it has as a title."""
        label = self.label(entity, many)
        if self.reader.language == "en" and label[1:2].islower():
            return label[0].lower() + label[1:]
        return label

    def face(self, field: Field, value: Json) -> Face:
        """The face of a value, its references linked into this app."""
        return face(field, value, self.reader, link=self.address)

    def unit(self, field: Field) -> str:
        """The unit that stands in a label."""
        return unit_of(field, self.reader)

    def as_of(self, field: Field) -> str:
        """`as of` and when, for a formula that follows the clock and is stored; empty for any other field."""
        at = self.records.refreshed_at(field)
        return "" if at is None else self.reader.t("refresh.as_of", at=self.reader.moment(at))

    def title(self, entity: Entity, item: Mapping[str, Any]) -> str:
        """What a record is called; a short form of its id where its title is not to be seen."""
        field = entity.fields.get(entity.title)
        value = item.get(entity.title)
        if field is not None and value not in (None, ""):
            shown = self.face(field, value)
            if not shown.is_absent and shown.text:
                return shown.text
        return f"{self.reader.label(entity.label)} {str(item.get('id', ''))[-6:]}"

    def href(self, entity: str, record: str) -> str:
        """The address of a record."""
        return f"{self.address}/{entity}/{record}"

    def row(self, entity: Entity, item: Mapping[str, Any], columns: Sequence[Column] = ()) -> Row:
        """A record with cells for columns, each with its place on a phone."""
        title = self.title(entity, item)
        record = str(item["id"])
        return Row(
            record,
            title,
            self.href(entity.name, record),
            Mark(initial(title), hue(record)),
            self.cells(item, columns),
        )

    def rows(
        self, entity: Entity, items: Sequence[Mapping[str, Any]], columns: Sequence[Column]
    ) -> tuple[Row, ...]:
        """Records as rows of a table: what a column says of all its cells is found out once."""
        drawn = self._drawn(columns)
        made = []
        for item in items:
            row = self.row(entity, item)
            made.append(replace(row, cells=self._cells(item, drawn)))
        return tuple(made)

    def cells(self, item: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Cell, ...]:
        """The cells of a record."""
        return self._cells(item, self._drawn(columns))

    def _drawn(self, columns: Sequence[Column]) -> tuple[tuple[Column, str, bool, str], ...]:
        places = phone_places(columns)
        label = self.reader.label
        return tuple((c, label(c.field.label), is_number(c.field), places[c.path]) for c in columns)

    def _cells(
        self, item: Mapping[str, Any], drawn: Sequence[tuple[Column, str, bool, str]]
    ) -> tuple[Cell, ...]:
        reader, link = self.reader, self.address
        return tuple(
            Cell(
                c.path,
                label,
                face(c.field, item.get(c.path), reader, link=link),
                numeric,
                place,
                bool(c.width),
            )
            for c, label, numeric, place in drawn
        )

    def short_row(self, entity: Entity, item: Mapping[str, Any], columns: Sequence[Column]) -> Row:
        """A record as a list item: a figure at the right, and two facts that tell it from its namesakes."""
        row = self.row(entity, item)
        rest = [c for c in columns if c.path != entity.title and item.get(c.path) not in (None, "", [])]
        figure = next((c for c in rest if is_number(c.field)), None)
        facts = [c for c in rest if c is not figure][:2]
        return Row(
            row.id,
            row.title,
            row.href,
            row.mark,
            facts=tuple(self.face(c.field, item.get(c.path)) for c in facts),
            figure=self.face(figure.field, item.get(figure.path)) if figure else None,
        )


def phone_places(columns: Sequence[Column]) -> dict[str, str]:
    """Where each column goes in the two-column row of a phone; those left over are not shown there."""
    places: dict[str, str] = {}
    free = {"k-main", "k-pl", "k-tags", "k-when"}
    for column in columns:
        kind, shown = column.field.value_type.kind, type_of(column.field)
        wanted: tuple[str, ...] = ()
        if is_number(column.field):
            wanted = ("k-main", "k-pl")
        elif kind in (Kind.CHOICE, Kind.LIST) or shown in ("choice", "stage", "tags", "multi_choice"):
            wanted = ("k-tags",)
        elif kind in (Kind.DATE, Kind.DATETIME):
            wanted = ("k-when",)
        taken = next((w for w in wanted if w in free), "k-x")
        free.discard(taken)
        places[column.path] = taken
    return places


def count_text(count: int, exact: bool, limit_sign: str = "+") -> str:
    """A count as a list says it; beyond the limit `10,000+`."""
    return f"{count:,}" if exact else f"{count:,}{limit_sign}"
