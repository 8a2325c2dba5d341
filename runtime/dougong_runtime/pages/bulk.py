"""Acting on many records as a page shows it: which verbs are offered, what is asked, what would come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Choice, Entry, Input, Said, Sent, Titles
from dougong_runtime.pages.faces import Face, is_person
from dougong_runtime.pages.forms import Form, Section, Slot, State
from dougong_runtime.pages.widgets import widget_of
from dougong_runtime.records.each import Edit, takes_several

SURE_FROM = 100
"""Beyond so many records it is asked before they are acted upon."""


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that can be done to the selection. `field` is the one that it is about."""

    name: str
    label: str
    icon: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Acts:
    """What a reader may do to records of an entity from a list."""

    href: str
    lead: tuple[Verb, ...]
    """Verbs with a button of their own."""
    more: tuple[Verb, ...]
    """Those in the menu."""
    cells: tuple[str, ...]
    """Fields whose cells can be filled in where they stand."""
    pastes: bool
    """Whether a block of cells can be pasted."""
    creates: bool
    """Whether records can be made in a row."""

    @property
    def chooses(self) -> bool:
        """Whether there is anything to choose records for."""
        return bool(self.lead or self.more)


def offered(desk: Desk, entity: Entity) -> Acts:
    """What an entity's list offers; to who views as another, nothing that changes anything."""
    records, reader = desk.records, desk.reader
    href = f"{desk.address}/{entity.name}"
    if records.viewer.acting_for is not None:
        return Acts(href, (), (), (), False, False)
    lead: list[Verb] = []
    more: list[Verb] = []
    fields = editable(desk, entity)

    def verb(name: str, icon: str, field: str = "", shown: str = "") -> Verb:
        return Verb(name, reader.t(f"bulk_verb.{shown or name}"), icon, field)

    if fields:
        lead.append(verb("update", "pencil"))
        owner = next((f for f in fields if f.name == entity.owner_field and is_person(f)), None)
        if owner is not None:
            lead.append(verb("update", "user", owner.name, "assign"))
        if entity.stage is not None and entity.stage in fields:
            more.append(verb("update", "arrow-forward-up", entity.stage.name, "move"))
        tags = next((f for f in fields if takes_several(f) and not f.is_many), None)
        if tags is not None:
            lead.append(verb("update", "tag", tags.name, "tag"))
    if records.can(entity.name, "share"):
        more.append(verb("share", "share"))
    if records.can(entity.name, "export"):
        more.append(verb("export", "download"))
    if records.can(entity.name, "delete"):
        more.append(verb("delete", "trash"))
    creates = records.can(entity.name, "create")
    cells = tuple(f.name for f in fields)
    return Acts(href, tuple(lead), tuple(more), cells, bool(fields) or creates, creates)


def offered_in_trash(desk: Desk, entity: Entity) -> Acts:
    """What the list of deleted records offers."""
    restore = Verb("restore", desk.reader.t("bulk_verb.restore"), "restore")
    may = desk.records.can(entity.name, "delete") and desk.records.viewer.acting_for is None
    return Acts(f"{desk.address}/{entity.name}", (restore,) if may else (), (), (), False, False)


def editable(desk: Desk, entity: Entity) -> list[Field]:
    """The fields that the reader may change on some record, and that have an input."""
    if not desk.records.can(entity.name, "update") or entity.append_only:
        return []
    return [
        v.field
        for v in desk.views(entity.name).values()
        if v.update and widget_of(v.field).draw not in ("none", "files") and v.field.type not in _NO_INPUT
    ]


_NO_INPUT = ("file", "image", "signature", "json", "rich_text")
"""Types whose values are not filled in for many records, or within a cell."""


# --- what is asked ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Asked:
    """The form in which a change of many records is described."""

    title: str
    verb: str
    count: int
    hidden: tuple[tuple[str, str], ...]
    fields: tuple[Choice, ...]
    field: str
    hows: tuple[Choice, ...]
    how: str
    input: Input | None
    today: str
    href: str
    errors: tuple[Said, ...] = ()
    is_many: bool = False
    """Whether it is asked before it is done."""
    again: bool = False
    """Whether it is asked again because another field was chosen."""


def hows_of(desk: Desk, of: Field) -> tuple[Choice, ...]:
    """The ways to change a field: a field of several values can be added to."""
    names = ("add", "remove", "set") if takes_several(of) else ("set",)
    return tuple(Choice(n, desk.reader.t(f"bulk_how.{n}")) for n in names)


class OneField:
    """A field filled in by itself, for many records or in the cell of one, by the input that it has in a form."""

    def __init__(self, desk: Desk, entity: Entity, of: Field, values: Mapping[str, Json]) -> None:
        self.desk, self.entity, self.of = desk, entity, of
        form = Form(entity.name, entity, (Section("s0", None, 1, (Slot(of),)),))
        self.entry = Entry(desk, form, values, creating=False)

    def input(self, error: str = "", ways: Sequence[str] | None = None) -> Input:
        """Its input. `ways`: the stages that can be reached, where it is one."""
        made = self.entry.input(Slot(self.of), State(True, False, False), error)
        if self.of.type == "stage":
            reader = self.desk.reader
            value = self.entry.values.get(self.of.name)
            options = [
                Choice(o.value, reader.label(o.label))
                for o in self.of.choices
                if ways is None or o.value in ways or o.value == value
            ]
            made = replace(
                made,
                widget="select",
                is_value=False,
                options=tuple(options),
                entry=str(value or ""),
                required=bool(value),
            )
        return made

    def take(self, sent: Sent) -> list[Said]:
        """Put in what was sent; gives what names no record."""
        if self.of.type == "stage":
            texts = [str(v) for v in sent.getlist(self.of.name)]
            self.entry.values[self.of.name] = texts[-1] if texts and texts[-1] else None
            return []
        return self.entry.take(sent)

    @property
    def raw(self) -> Json:
        """The value as a write takes it."""
        return self.entry.raw([self.of.name])[self.of.name]

    @property
    def face(self) -> Face:
        """The value as it is shown."""
        return self.desk.face(self.of, self.entry.values.get(self.of.name))


def edit_of(of: Field, how: str, value: Json) -> Edit:
    """A change of one field."""
    if how in ("add", "remove") and takes_several(of):
        return Edit(add={of.name: value}) if how == "add" else Edit(remove={of.name: value})
    return Edit(set={of.name: value})


# --- what would come of it ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """Why some records are not acted upon."""

    text: str
    count: str


@dataclass(frozen=True, slots=True)
class WarnedAll:
    """A rule that a reason passes."""

    rule: str
    text: str
    count: str
    reason: str


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A record that would change."""

    title: str
    changes: tuple[tuple[str, Face, Face], ...]
    """Label, now, then."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """What an act would come to, in words."""

    title: str
    verb: str
    lead: str
    notes: tuple[str, ...]
    refused: str
    reasons: tuple[Told, ...]
    warnings: tuple[WarnedAll, ...]
    samples: tuple[SampleRow, ...]
    hidden: tuple[tuple[str, str], ...]
    href: str
    submit: str
    """Empty where nothing can be done."""
    back: bool


def sample_rows(
    desk: Desk,
    entity: Entity,
    names: Iterable[str],
    samples: Iterable[tuple[Mapping[str, Json], Mapping[str, Json]]],
) -> tuple[SampleRow, ...]:
    """Records before and after, as faces."""
    titled = Titles(desk)
    known = [n for n in names if n in entity.fields]
    made = []
    for before, after in samples:
        changes = []
        for name in known:
            of = entity.fields[name]
            old = desk.face(of, titled.of(of, before.get(name)))
            new = desk.face(of, titled.of(of, after.get(name)))
            changes.append((desk.reader.label(of.label), old, new))
        made.append(SampleRow(desk.title(entity, before), tuple(changes)))
    return tuple(made)
