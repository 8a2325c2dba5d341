"""One record before one reader: its values on a day, and how each of its fields is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import Document, Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.forms import Form, States, form_of, states
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.reading import end_of_day
from dougong_runtime.pages.record_page.parts import ShownFact
from dougong_runtime.pages.widgets import is_masked, widget_of

ELSEWHERE = ("none", "files", "signature", "rich", "code")
"""Inputs that need the whole form."""


@dataclass
class Look:
    """A record as one reader sees it. Raises Refused(NOT_FOUND) where it may not be read."""

    desk: Desk
    entity: Entity
    record: str
    as_of: date | None = None
    values: dict[str, Json] = field(init=False)
    now: dict[str, Json] = field(init=False)
    """Today's values, where `values` are those of an earlier day."""

    def __post_init__(self) -> None:
        self.now = self.desk.records.get(self.entity.name, self.record, titles=True)
        self.values = self.now
        if self.as_of is not None:
            at = end_of_day(self.as_of, self.desk.reader.time_zone)
            state = self.desk.records.as_of(self.entity.name, self.record, at)
            titled = Titles(self.desk)
            fields = self.entity.fields
            self.values = {n: titled.of(fields[n], v) if n in fields else v for n, v in state.items()}

    @cached_property
    def views(self) -> Mapping[str, Any]:
        """What the reader sees of each field."""
        return self.desk.views(self.entity.name)

    @cached_property
    def form(self) -> Form:
        """The form whose layout the facts follow."""
        return form_of(self.desk.app, self.entity)

    @cached_property
    def judged(self) -> States:
        """What the form's conditions show of this record."""
        return states(self.form, Judge(self.desk, self.entity, self.values).holds)

    @cached_property
    def document(self) -> Document | None:
        """The page document of this entity that the reader's roles may see."""
        found = (d for d in self.desk.app.of("page").values() if d.data.get("entity") == self.entity.name)
        return next((d for d in found if self.desk.may_see(d.data)), None)

    @property
    def href(self) -> str:
        """The record's address."""
        return self.desk.href(self.entity.name, self.record)

    @property
    def title(self) -> str:
        """What the record is called."""
        return self.desk.title(self.entity, self.values)

    def shown(self, field_: Field) -> ShownFact:
        """A field as a fact."""
        view = self.views[field_.name]
        value = self.values.get(field_.name)
        now: Face | None = None
        if self.as_of is not None and plain(value) != plain(self.now.get(field_.name)):
            now = self.desk.face(field_, self.now.get(field_.name))
        return ShownFact(
            field_.name,
            self.desk.reader.label(field_.label),
            self.desk.unit(field_),
            self.desk.face(field_, value),
            bool(view.reveal) and self.as_of is None,
            now,
            self.desk.as_of(field_) if self.as_of is None else "",
            self.edits(field_),
            bool(view.reveal_reason),
        )

    def edits(self, field_: Field) -> bool:
        """Whether a field may be filled in where it stands, as far as the reader's roles say; asked, it may be told
        why not all the same."""
        if self.as_of is not None or self.desk.records.viewer.acting_for is not None:
            return False
        masked = is_masked(self.values.get(field_.name))
        return self.views[field_.name].update and not masked and widget_of(field_).draw not in ELSEWHERE

    def present(self) -> list[Field]:
        """Own fields that the reader sees and that have a value."""
        names = [f.name for f in self.entity.own_fields if f.name in self.views]
        return [self.entity.fields[n] for n in names if self.values.get(n) not in (None, "", [])]

    def changed(self) -> int:
        """How many shown fields have another value now than on the day looked back to."""
        if self.as_of is None:
            return 0
        return sum(
            1
            for name in self.views
            if not self.entity.fields[name].is_system
            and plain(self.values.get(name)) != plain(self.now.get(name))
        )


def plain(value: Json) -> Json:
    """A value without the titles of what it names, for comparing."""
    if isinstance(value, Mapping) and "id" in value:
        return value["id"]
    if isinstance(value, list):
        return [plain(v) for v in value]
    return None if value in ("", []) else value
