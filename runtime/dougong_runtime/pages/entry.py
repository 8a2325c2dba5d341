"""Filling in a form: what its page shows, what was sent, and what a refusal says beside which field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from dougong_runtime.fields.base import Field, Json, ValueProblem
from dougong_runtime.formulas.tree import Path
from dougong_runtime.model.app import Entity
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.faces import NOTHING, Face
from dougong_runtime.pages.file_inputs import files_entry, ids_in
from dougong_runtime.pages.following import leaves
from dougong_runtime.pages.forms import Form, Section, Slot, State, States, states
from dougong_runtime.pages.live import NOTHING_AROUND, Judge
from dougong_runtime.pages.widgets import is_masked, widget_of
from dougong_runtime.records.files import is_file


class Sent(Protocol):
    """What a form sent: several values may stand under one name."""

    def getlist(self, key: Any) -> list[Any]:
        """All values under a name, in order."""
        ...

    def __contains__(self, key: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True)
class Input:
    """A field as the form's template draws it."""

    name: str
    label: str
    unit: str
    help: str
    widget: str
    wide: bool
    show: bool
    required: bool
    readonly: bool
    entry: Any
    face: Face = NOTHING
    is_value: bool = False
    """Shown as a value, not as an input."""
    options: tuple[Choice, ...] = ()
    targets: tuple[Choice, ...] = ()
    source: str = ""
    error: str = ""
    top: int = 5
    placeholder: str = ""
    autofocus: bool = False
    now: str = ""
    """The hour and minute that it is for the reader, where a moment is asked for."""


@dataclass(frozen=True, slots=True)
class InputSection:
    """A section as drawn."""

    id: str
    label: str
    columns: int
    show: bool
    fields: tuple[Input, ...]
    help: str = ""
    text: str = ""
    folded: bool = False
    """Whether it starts closed: where nothing in it is asked for or wrong."""


@dataclass(frozen=True, slots=True)
class InputTab:
    """A tab as drawn."""

    id: str
    label: str
    sections: tuple[InputSection, ...]
    lists: tuple[Any, ...] = ()
    """Lists whose rows are filled in here, as `rows.InputList`."""
    wrong: bool = False
    """Whether something in it was refused."""


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal in words, at a field or at the whole; `at` names the row where it is about one."""

    field: str
    text: str
    remedy: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that asks for a reason."""

    rule: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides changed."""

    name: str
    label: str
    theirs: Face
    ours: Face
    who: str = ""
    when: str = ""


@dataclass
class Refusal:
    """What a write was refused for, as a form shows it."""

    errors: list[Said] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    version: int | None = None
    """The version to save against once conflicts are settled."""
    row_versions: dict[str, int] = field(default_factory=dict)
    """The same for rows, by `list.key`."""

    def at(self, name: str) -> str:
        """The sentences at a field."""
        return " ".join(e.text for e in self.errors if e.field == name)


_NO_LISTS: Mapping[str, Any] = MappingProxyType({})


class Entry:
    """One form before one reader, with the values it holds now."""

    def __init__(
        self,
        desk: Desk,
        form: Form,
        values: Mapping[str, Json],
        *,
        creating: bool,
        prefix: str = "",
        pickers: str = "",
    ) -> None:
        """`values`: JSON values by field; references as `{"id", "title"}` where their titles are known. `prefix`
        stands before the names of inputs, where several records are filled in on one page. `pickers`: the address
        below which they ask, unless it is the entity's."""
        self.desk, self.form, self.values, self.creating = desk, form, dict(values), creating
        self.entity: Entity = form.entity
        self.prefix = prefix
        self.pickers = pickers
        self.around = NOTHING_AROUND
        self._views = desk.fillable(self.entity.name)

    # --- conditions ----------------------------------------------------------------------------------------
    def states(self) -> States:
        """Every condition of the form answered for the values it holds."""
        return states(self.form, self.judge().holds)

    def judge(self) -> Judge:
        """Answers formulas of the record as it now stands."""
        return Judge(self.desk, self.entity, self.values, self.around)

    def editable(self) -> list[str]:
        """Fields that can be filled in here."""
        return [
            s.field.name
            for s in self.form.slots()
            if self.may_write(s.field)
            and s.field.type != "stage"
            and not is_masked(self.values.get(s.field.name))
        ]

    def computed(self) -> dict[str, Face]:
        """Input name → the face of each computed value that follows from what stands here now."""
        judge = self.judge()
        return {
            self.prefix + s.field.name: judge.face(s.field.name)
            for s in self.form.slots()
            if s.field.name in self.around.fresh and s.field.name in self._views
        }

    def may_write(self, field: Field) -> bool:
        """Whether this reader may fill it in."""
        view = self._views.get(field.name)
        return view is not None and bool(view.create if self.creating else view.update)

    def fills(self, filled: Collection[str] = ()) -> dict[str, str]:
        """Input name → what stands in its box by default now: of fields left empty, or filled in so before, whose
        default reads others."""
        made: dict[str, str] = {}
        for slot in self.form.slots() if self.creating else ():
            of, name = slot.field, self.prefix + slot.field.name
            plain = of.default is not None and not of.targets and not of.is_many and self.may_write(of)
            if not plain or not (is_empty(self.values.get(of.name)) or name in filled):
                continue
            assert of.default is not None
            if not any(isinstance(leaf, Path) and leaf.base == "row" for leaf in leaves(of.default.tree)):
                continue
            value = self.judge().value(of.default.tree)
            try:
                entry = widget_of(of).entry(
                    of, None if value is None else of.kind.to_json(of, value), self.desk.reader
                )
            except ValueProblem:
                continue
            if isinstance(entry, str):
                made[name] = entry
        return made

    # --- drawing ---------------------------------------------------------------------------------------------
    def sections(self, refusal: Refusal, required: Sequence[str] = ()) -> tuple[InputSection, ...]:
        """Sections outside tabs."""
        found = self.states()
        return self._sections(self.form.sections, found, refusal, required)

    def tabs(
        self, refusal: Refusal, required: Sequence[str] = (), lists: Mapping[str, Any] = _NO_LISTS
    ) -> tuple[InputTab, ...]:
        """Tabs that have fields to fill in, or one of these lists."""
        found = self.states()
        reader = self.desk.reader
        wrong = {e.field.split(".")[0] for e in refusal.errors}
        made = []
        for tab in self.form.tabs:
            sections = self._sections(tab.sections, found, refusal, required)
            open_ = not tab.show or self.judge().holds(tab.show)
            here = tuple(lists[x.inverse] for x in tab.lists if x.inverse in lists) if open_ else ()
            if not here and all(f.is_value for s in sections for f in s.fields):
                continue
            names = {f.name for s in sections for f in s.fields} | {one.name for one in here}
            made.append(InputTab(tab.id, reader.label(tab.label), sections, here, bool(names & wrong)))
        return tuple(made)

    def _sections(
        self, sections: Sequence[Section], found: States, refusal: Refusal, required: Sequence[str]
    ) -> tuple[InputSection, ...]:
        made = []
        for section in sections:
            slots = [s for s in section.slots if s.field.name in self._views and self._belongs(s.field)]
            if not slots and section.text is None:
                continue
            inputs = tuple(
                self.input(s, found.fields[s.field.name], refusal.at(s.field.name), s.field.name in required)
                for s in slots
            )
            say = self.desk.reader.label
            asked = any(i.required or i.error for i in inputs)
            made.append(
                InputSection(
                    section.id,
                    say(section.label),
                    section.columns,
                    found.sections[section.id],
                    inputs,
                    say(section.help),
                    say(section.text),
                    section.collapsed and section.label is not None and not asked,
                )
            )
        return tuple(made)

    def _belongs(self, field: Field) -> bool:
        """Whether a field has a place on this form: when creating, only what can be filled in."""
        if self.creating:
            return self.may_write(field) and field.type != "stage"
        return True

    def input(self, slot: Slot, state: State, error: str = "", needed: bool = False) -> Input:
        """A field with everything its macro needs."""
        field, reader = slot.field, self.desk.reader
        widget = widget_of(field)
        value = self.values.get(field.name)
        fixed = not self.may_write(field) or is_masked(value) or field.is_computed or field.type == "stage"
        return Input(
            name=self.prefix + field.name,
            label=reader.label(slot.label or field.label),
            unit="%" if widget.draw == "percent" and not fixed else self.desk.unit(field),
            help=reader.label(slot.help or field.help),
            widget=widget.draw,
            wide=slot.wide,
            show=state.show,
            required=(state.required or needed) and not fixed,
            readonly=state.readonly,
            entry=files_entry(self.desk, self.entity, field, value)
            if is_file(field)
            else widget.entry(field, value, reader),
            face=self.desk.face(field, value) if fixed else NOTHING,
            is_value=fixed,
            options=tuple(Choice(o.value, reader.label(o.label)) for o in field.choices),
            targets=self.targets(field),
            source=self._source(field),
            error=error,
            top=_top(field),
            now=f"{reader.local(reader.now):%H:%M}" if widget.draw == "moment" else "",
            placeholder=str(field.options.get("placeholder") or ""),
        )

    def _source(self, field: Field) -> str:
        """Where a picker asks for what there is to choose."""
        own = f"{self.desk.address}/{self.entity.name}"
        if field.targets:
            return f"{self.pickers or own}/options/{field.name}/{field.targets[0]}"
        return f"{own}/tags/{field.name}" if field.type == "tags" and not self.pickers else ""

    def targets(self, field: Field) -> tuple[Choice, ...]:
        """The kinds of record that a reference may name."""
        if len(field.targets) < 2:
            return ()
        entities = self.desk.app.entities
        return tuple(Choice(n, self.desk.label(entities[n])) for n in field.targets if n in entities)

    # --- reading what was sent ---------------------------------------------------------------------------------
    def take(self, sent: Sent) -> list[Said]:
        """Put what was sent into the values; what names no record is told. Hidden fields keep what they have."""
        problems: list[Said] = []
        for slot in self.form.slots():
            field = slot.field
            if not self.may_write(field) or field.type == "stage" or is_masked(self.values.get(field.name)):
                continue
            if widget_of(field).draw in ("record", "records"):
                self._take_record(field, sent, problems)
            else:
                self._take_plain(field, sent)
        return problems

    def _take_plain(self, field: Field, sent: Sent) -> None:
        widget = widget_of(field)
        texts = [str(v) for v in sent.getlist(field.name)]
        if (
            not texts
            and widget.draw not in ("check", "checks")
            and not (widget.draw == "tags" and field.choices)
        ):
            return
        value = widget.read(field, texts, self.desk.reader)
        if is_file(field):
            current = self.values.get(field.name)
            value = self.desk.records.files.named(self.entity.name, field.name, ids_in(value), current)
        self.values[field.name] = value

    def _take_record(self, field: Field, sent: Sent, problems: list[Said]) -> None:
        """A picked id counts; without one, a title or id that was typed, if it names exactly one record."""
        if field.name not in sent and f"{field.name}.id" not in sent:
            return
        picked = [str(v) for v in sent.getlist(f"{field.name}.id") if v]
        typed = " ".join(str(v) for v in sent.getlist(field.name)).strip()
        kinds = [str(v) for v in sent.getlist(f"{field.name}.entity")]
        target = kinds[0] if kinds and kinds[0] in field.targets else field.targets[0]
        if field.is_many:
            if typed:
                found = self._named(target, typed)
                if found is None:
                    problems.append(Said(field.name, self.desk.reader.t("form.no_record", text=typed)))
                else:
                    picked.append(found)
            titles = self.desk.records.titles(target, picked)
            self.values[field.name] = [{"id": i, "title": titles.get(i, i)} for i in dict.fromkeys(picked)]
            return
        identity = picked[-1] if picked else None
        if identity is None and typed:
            identity = self._named(target, typed)
            if identity is None:
                problems.append(Said(field.name, self.desk.reader.t("form.no_record", text=typed)))
                self.values[field.name] = {"id": "", "title": typed, "entity": target}
                return
        if identity is None:
            self.values[field.name] = None
            return
        title = self.desk.records.titles(target, [identity]).get(identity, typed or identity)
        self.values[field.name] = {"id": identity, "title": title, "entity": target}

    def _named(self, target: str, text: str) -> str | None:
        """The id of the one record that a typed text means, under the reader's rights."""
        if is_record_id(text.lower()):
            return text.lower()
        choices = self.desk.records.pick(target, text, limit=20)
        exact = [c for c in choices if c.title == text]
        found = exact or choices
        return found[0].id if len(found) == 1 else None

    def raw(self, names: Sequence[str]) -> dict[str, Json]:
        """Values of fields as a write takes them."""
        return {n: _as_written(self.entity.fields[n], self.values.get(n)) for n in names}

    def writable(self, found: States) -> list[str]:
        """Fields of this form that are shown and not read-only now."""
        return [
            s.field.name
            for s in self.form.slots()
            if self.may_write(s.field)
            and s.field.type != "stage"
            and widget_of(s.field).draw != "none"
            and not is_masked(self.values.get(s.field.name))
            and found.fields[s.field.name].show
            and not found.fields[s.field.name].readonly
        ]

    def missing(self, found: States, extra: Sequence[str] = ()) -> list[Said]:
        """Fields that the form demands now and that are empty; the entity's own demands are the write's affair."""
        reader = self.desk.reader
        return [
            Said(s.field.name, reader.t("form.missing", label=reader.label(s.label or s.field.label)))
            for s in self.form.slots()
            if ((state := found.fields[s.field.name]).required or s.field.name in extra)
            and state.show
            and self.may_write(s.field)
            and is_empty(self.values.get(s.field.name))
            and not (self.creating and s.field.default is not None)
        ]


def is_empty(value: Json) -> bool:
    """Whether nothing stands in a box."""
    return value is None or value == "" or value == []


def _as_written(field: Field, value: Json) -> Json:
    if is_file(field):
        ids = ids_in(value)
        return ids if field.options.get("multiple") else (ids[-1] if ids else None)
    if isinstance(value, Mapping) and "id" in value and field.targets:
        if field.is_polymorphic:
            return {"entity": value["entity"], "id": value["id"]}
        return value["id"] or None
    if isinstance(value, list) and field.targets:
        return [v["id"] if isinstance(v, Mapping) else v for v in value]
    return value


def _top(field: Field) -> int:
    raw = field.options.get("maximum") or field.options.get("max") or 5
    return int(raw) if isinstance(raw, (int, str)) else 5


class Titles:
    """Gives references that are bare ids their titles, as far as the reader may read them; asked once a record."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, str], str | None] = {}

    def learn(self, values: Iterable[tuple[Field | None, Json]]) -> None:
        """Ask for the titles of many values at once, so that `of` need not ask for each."""
        wanted: dict[str, set[str]] = {}
        for of, value in values:
            if of is None or not of.targets:
                continue
            for one in value if isinstance(value, list) else [value]:
                record: Json = one.get("id") if isinstance(one, Mapping) else one
                entity = str(one.get("entity") or "") if isinstance(one, Mapping) else ""
                if isinstance(record, str) and is_record_id(record):
                    wanted.setdefault(entity or of.targets[0], set()).add(record)
        for entity, records in wanted.items():
            found = self._desk.records.titles(entity, sorted(records))
            self._known.update({(entity, r): found.get(r) for r in records})

    def of(self, field: Field, value: Json) -> Json:
        """The value with titles where it is a reference; anything else as it is."""
        if not field.targets or value is None:
            return value
        if isinstance(value, list):
            return [self.of(field, v) for v in value]
        if isinstance(value, Mapping):
            if "title" in value:
                return value
            entity = str(value.get("entity") or field.targets[0])
            return {**value, "title": self._title(entity, str(value.get("id")))}
        return {"id": value, "title": self._title(field.targets[0], str(value))}

    def _title(self, entity: str, record: str) -> str | None:
        key = (entity, record)
        if key not in self._known:
            self._known[key] = self._desk.records.titles(entity, [record]).get(record)
        return self._known[key]
