"""A record's page as values: head, key facts, stages, tabs, facts by the form's layout, related lists, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label, Language
from dougong_runtime.model.app import Document, Entity
from dougong_runtime.pages.blocks import Block, Standing, made, tabs_in
from dougong_runtime.pages.desk import Desk, Mark
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.faces import Face, hue, initial, is_number, is_person, type_of
from dougong_runtime.pages.forms import Section, Sublist, Tab, form_of, states, sublist
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.reading import end_of_day
from dougong_runtime.pages.related import Related, RelatedList
from dougong_runtime.pages.sentences import Day, sentences
from dougong_runtime.pages.views import main_view, views_of
from dougong_runtime.records.past import FieldChange, HistoryEvent

KEY_FACTS = 6
METRICS = 8
"""Figures that a page document may put at the head of the page."""
LAZY = frozenset({"tab", "history"})
CHIPS = 2
HISTORY_SHOWN = 30
HISTORY_ALL = 200
RELATED_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A field's value on the page; `now` is today's beside one of an earlier day."""

    name: str
    label: str
    unit: str
    face: Face
    reveal: bool = False
    now: Face | None = None
    as_of: str = ""
    """Since when it is true, of what is computed from time to time."""


@dataclass(frozen=True, slots=True)
class FactSection:
    """Facts under a title."""

    label: str
    facts: tuple[ShownFact, ...]


@dataclass(frozen=True, slots=True)
class StageStep:
    """A stage on the bar: before, now, or after."""

    label: str
    color: str
    state: str


@dataclass(frozen=True, slots=True)
class Move:
    """A way on from the stage it is at."""

    to: str
    label: str
    color: str


@dataclass(frozen=True, slots=True)
class PageTab:
    """A tab of the page. `lazy` ones are loaded when they are shown."""

    id: str
    label: str
    kind: str
    count: str = ""
    current: bool = False
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition of a refused act, met or not."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class RefusedMove:
    """The refusal card: what was refused, each reason, and the next step."""

    title: str
    reasons: tuple[Reason, ...]
    fix_href: str = ""


@dataclass(frozen=True)
class RecordView:
    """Everything the template draws."""

    id: str
    version: int
    href: str
    list_href: str
    list_label: str
    title: str
    mark: Mark
    chips: tuple[Face, ...]
    meta: tuple[ShownFact, ...]
    key_facts: tuple[ShownFact, ...]
    stages: tuple[StageStep, ...]
    stage_label: str
    stage_name: str
    moves: tuple[Move, ...]
    tabs: tuple[PageTab, ...]
    sections: tuple[FactSection, ...]
    days: tuple[Day, ...]
    related: tuple[RelatedList, ...]
    blocks: tuple[Block, ...]
    edit_href: str
    may_delete: bool
    today: str
    refusal: RefusedMove | None = None
    as_of: str = ""
    as_of_title: str = ""
    changed_n: int = 0

    @property
    def menu(self) -> bool:
        """Whether there is anything in the menu of further acts."""
        return (self.may_delete or bool(self.edit_href)) and not self.as_of

    @property
    def query(self) -> str:
        """What a lazily loaded tab must be asked with."""
        return f"?as_of={self.as_of}" if self.as_of else ""


@dataclass(frozen=True, slots=True)
class RecordAddress:
    """What a fragment of the page needs of it."""

    href: str
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A tab's content, loaded when it is shown."""

    kind: str
    sections: tuple[FactSection, ...] = ()
    lists: tuple[RelatedList, ...] = ()
    days: tuple[Day, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass
class RecordBuilder:
    """Makes the page of a record for one reader. Raises Refused(NOT_FOUND) where it may not be read."""

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
        self._views = self.desk.views(self.entity.name)
        self._form = form_of(self.desk.app, self.entity)

    # --- the whole -------------------------------------------------------------------------------------------
    def page(self, tab: str = "", refusal: RefusedMove | None = None) -> RecordView:
        """The page, with the tab of that id open; what the other tabs hold is asked for when they are shown."""
        desk, reader, entity = self.desk, self.desk.reader, self.entity
        document = self.document()
        tabs = self.tabs(document, tab)
        current = next(t.kind for t in tabs if t.current)
        title = desk.title(entity, self.values)
        may_edit = desk.records.can(entity.name, "update") and any(v.update for v in self._views.values())
        raw = document.data.get("blocks") or () if document is not None else ()
        heading = [b for b in raw if "metric" in b and "(" not in str(b["metric"])][:METRICS]
        metrics = made(self.standing(), heading, "m") if document is not None else ()
        stage = self.stage()
        used = {stage.name} if stage else set()
        overview = current == "overview"
        return RecordView(
            id=self.record,
            version=int(self.now.get("version") or 0),
            href=desk.href(entity.name, self.record),
            list_href=f"{desk.address}/views/{main_view(desk.app, entity.name)}",
            list_label=desk.label(entity, many=True),
            title=title,
            mark=Mark(initial(title), hue(self.record)),
            chips=self.chips(),
            meta=self.meta(used),
            key_facts=self.metrics(metrics) if metrics else self.key_facts(),
            stages=self.steps(stage) if stage else (),
            stage_label=reader.label(stage.label) if stage else "",
            stage_name=stage.name if stage else "",
            moves=self.moves(stage) if stage and may_edit else (),
            tabs=tabs,
            sections=self.sections() if overview else (),
            days=self.history(HISTORY_SHOWN) if overview and self.as_of is None else (),
            related=self.related(document) if overview else (),
            blocks=self.blocks(document, heading) if document is not None and current == "page" else (),
            edit_href=f"{desk.href(entity.name, self.record)}/edit" if may_edit else "",
            may_delete=desk.records.can(entity.name, "delete") and not entity.append_only,
            today=reader.today.isoformat(),
            refusal=refusal,
            as_of=self.as_of.isoformat() if self.as_of else "",
            as_of_title=reader.t("record.as_of_title", day=reader.day(self.as_of), name=title)
            if self.as_of
            else "",
            changed_n=self.changed(),
        )

    def standing(self) -> Standing:
        """Where the blocks of a page document stand."""
        return Standing(self.desk, self.entity, self.values, lambda: self.history(HISTORY_SHOWN))

    def blocks(self, document: Document, heading: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
        """The blocks of a page document that stand neither at the head of the page nor inside tabs of their own."""
        raw = [b for b in document.data.get("blocks") or () if "tabs" not in b and b not in heading]
        return made(self.standing(), raw, document.name)

    def document(self) -> Document | None:
        """The page document of this entity that the reader's roles may see."""
        found = (d for d in self.desk.app.of("page").values() if d.data.get("entity") == self.entity.name)
        return next((d for d in found if self.desk.may_see(d.data)), None)

    def changed(self) -> int:
        """How many shown fields have another value now than on the day looked back to."""
        if self.as_of is None:
            return 0
        return sum(
            1
            for name in self._views
            if not self.entity.fields[name].is_system
            and _plain(self.values.get(name)) != _plain(self.now.get(name))
        )

    # --- head --------------------------------------------------------------------------------------------------
    def shown(self, field_: Field) -> ShownFact:
        """A field as a fact."""
        view = self._views[field_.name]
        value = self.values.get(field_.name)
        now: Face | None = None
        if self.as_of is not None and _plain(value) != _plain(self.now.get(field_.name)):
            now = self.desk.face(field_, self.now.get(field_.name))
        return ShownFact(
            field_.name,
            self.desk.reader.label(field_.label),
            self.desk.unit(field_),
            self.desk.face(field_, value),
            bool(view.reveal) and self.as_of is None,
            now,
            self.desk.as_of(field_) if self.as_of is None else "",
        )

    def present(self) -> list[Field]:
        """Own fields that the reader sees and that have a value."""
        names = [f.name for f in self.entity.own_fields if f.name in self._views]
        return [self.entity.fields[n] for n in names if self.values.get(n) not in (None, "", [])]

    def chips(self) -> tuple[Face, ...]:
        """Up to two choices beside the title: those that lists show, then any other."""
        listed = [c.path for v in views_of(self.desk.app, self.entity.name) for c in v.columns]
        place = {name: n for n, name in reversed(list(enumerate(listed)))}
        fit = [f for f in self.present() if type_of(f) in ("choice", "multi_choice", "tags")]
        chosen = sorted(fit, key=lambda f: place.get(f.name, len(listed)))
        return tuple(self.desk.face(f, self.values[f.name]) for f in chosen[:CHIPS])

    def meta(self, used: set[str]) -> tuple[ShownFact, ...]:
        """The line under the title: its number, stage, and whose it is."""
        fields = self.present()
        codes = [f for f in fields if f.type == "autonumber" and f.name != self.entity.title]
        people = [f for f in fields if is_person(f)]
        owner = [f for f in people if f.name == self.entity.owner_field] or people[:1]
        stage = [f for f in fields if f.name in used]
        return tuple(self.shown(f) for f in (*codes[:1], *stage, *owner[:1]))

    def key_facts(self) -> tuple[ShownFact, ...]:
        """Up to six figures: numbers and instants of the first view's columns, then any other computed ones."""
        views = views_of(self.desk.app, self.entity.name)
        listed = [c.field for v in views[:1] for c in v.columns if c.is_own]
        computed = [f for f in self.entity.own_fields if f.is_computed]
        chosen: list[Field] = []
        for candidate in (*listed, *computed):
            fit = is_number(candidate) or candidate.value_type.kind in (Kind.DATE, Kind.DATETIME)
            if (
                fit
                and candidate.name in self._views
                and candidate not in chosen
                and candidate.name != self.entity.title
            ):
                chosen.append(candidate)
        return tuple(self.shown(f) for f in chosen[:KEY_FACTS])

    def metrics(self, blocks: tuple[Block, ...]) -> tuple[ShownFact, ...]:
        """The first figures of a page document, as key facts."""
        return tuple(ShownFact(b.field or b.name, b.label, b.unit, b.face) for b in blocks)

    # --- stages --------------------------------------------------------------------------------------------------
    def stage(self) -> Field | None:
        """The stage field, where the reader sees it."""
        found = self.entity.stage
        return found if found is not None and found.name in self._views else None

    def steps(self, stage: Field) -> tuple[StageStep, ...]:
        """The stages in order, the record's own marked."""
        reader = self.desk.reader
        at = next((n for n, o in enumerate(stage.choices) if o.value == self.values.get(stage.name)), -1)
        return tuple(
            StageStep(reader.label(o.label), o.color, "now" if n == at else "done" if n < at else "next")
            for n, o in enumerate(stage.choices)
        )

    def moves(self, stage: Field) -> tuple[Move, ...]:
        """Ways on that the reader's roles allow; whether their conditions hold is said when one is tried."""
        viewer, reader = self.desk.records.viewer, self.desk.reader
        held = viewer.roles_in(self.desk.app.name)
        made = []
        for way in stage.transitions:
            if way.from_ != self.now.get(stage.name) or (
                way.roles and not viewer.is_system and not held & set(way.roles)
            ):
                continue
            option = stage.option(way.to)
            target = reader.label(option.label) if option else way.to
            label = reader.label(way.label) if way.label else reader.t("stage.to", stage=target)
            made.append(Move(way.to, label, option.color if option else "gray"))
        return tuple(made)

    # --- facts ---------------------------------------------------------------------------------------------------
    def sections(self) -> tuple[FactSection, ...]:
        """Facts by the form's sections, then what the system computes and is on no tab."""
        judged = states(self._form, Judge(self.desk, self.entity, self.values).holds)
        made = [self.section(s, judged.fields, judged.sections[s.id]) for s in self._form.sections]
        placed = {s.field.name for s in self._form.slots()}
        rest = [
            f
            for f in self.entity.own_fields
            if f.name in self._views
            and f.name not in placed
            and f.name != self.entity.title
            and f.type != "stage"
            and not f.is_many
        ]
        if rest:
            label = self.desk.reader.t("record.more_facts")
            made.append(FactSection(label, tuple(self.shown(f) for f in rest)))
        return tuple(s for s in made if s is not None and s.facts)

    def section(self, section: Section, fields: Mapping[str, Any], shown: bool) -> FactSection | None:
        """A section's facts, those that its conditions show."""
        if not shown:
            return None
        label = self.desk.reader.label(section.label)
        facts = tuple(
            self.shown(s.field)
            for s in section.slots
            if s.field.name in self._views and fields[s.field.name].show and s.field.type != "stage"
        )
        return FactSection(label, facts)

    # --- tabs ----------------------------------------------------------------------------------------------------
    def tabs(self, document: Document | None, current: str) -> tuple[PageTab, ...]:
        """The page document's view of it, overview, the document's tabs, the form's tabs, and history."""
        reader = self.desk.reader
        found: list[PageTab] = []
        if document is not None:
            found.append(PageTab("page", reader.label(document.label), "page"))
        overview = reader.t("record.overview" if document is None else "record.details")
        found.append(PageTab("overview", overview, "overview"))
        own = self.own_tabs(document)
        found += [PageTab(i, reader.label(Label.of(t["label"])), "tab") for i, t in own.items()]
        listed = {x for t in own.values() for x in _lists_of(t)}
        found += [
            PageTab(t.id, reader.label(t.label), "tab")
            for t in self._form.tabs
            if self.has_content(t) and (t.sections or not {x.inverse for x in t.lists} <= listed)
        ]
        found.append(PageTab("history", reader.t("record.history"), "history"))
        known = {t.id for t in found}
        chosen = current if current in known else found[0].id
        return tuple(replace(t, current=t.id == chosen, lazy=t.kind in LAZY or t.id != chosen) for t in found)

    def own_tabs(self, document: Document | None) -> dict[str, Mapping[str, Any]]:
        """The tabs that the page document has, but for one of nothing but history: every record has that."""
        if document is None:
            return {}
        tabs = tabs_in(self.standing(), document)
        return {i: t for i, t in tabs.items() if any("history" not in b for b in t.get("blocks") or ())}

    def has_content(self, tab: Tab) -> bool:
        """Whether the reader sees anything of a tab."""
        related = Related(self.desk, self.entity, self.record)
        if any(related.target(x.inverse) is not None or related.may_add(x.inverse) for x in tab.lists):
            return True
        return any(s.field.name in self._views for section in tab.sections for s in section.slots)

    def panel(self, tab: str) -> Panel | None:
        """The content of one tab; None where there is none of that id."""
        if tab == "history":
            return Panel("history", days=self.history(HISTORY_ALL))
        document = self.document()
        if tab == "overview" or (tab == "page" and document is not None):
            return Panel(tab)
        raw = self.own_tabs(document).get(tab)
        if raw is not None:
            return Panel("blocks", blocks=made(self.standing(), raw.get("blocks") or (), tab))
        found = next((t for t in self._form.tabs if t.id == tab), None)
        if found is None:
            return None
        judged = states(self._form, Judge(self.desk, self.entity, self.values).holds)
        sections = [self.section(s, judged.fields, judged.sections[s.id]) for s in found.sections]
        related = Related(self.desk, self.entity, self.record)
        lists = [related.table(x) for x in found.lists]
        return Panel(
            "tab",
            tuple(s for s in sections if s is not None and s.facts),
            tuple(x for x in lists if x is not None),
        )

    # --- related and history -------------------------------------------------------------------------------------
    def related(self, document: Document | None) -> tuple[RelatedList, ...]:
        """Short lists of what refers to the record: those of the form first, then the other inverses."""
        related = Related(self.desk, self.entity, self.record)
        tab_of = {x.inverse: t.id for t in self._form.tabs for x in t.lists}
        tab_of |= {x: i for i, t in self.own_tabs(document).items() for x in _lists_of(t)}
        wanted: list[Sublist] = list(self._form.lists())
        known = {x.inverse for x in wanted}
        for name in self.entity.inverses:
            found = sublist(self.desk.app, self.entity, name)
            if found is not None and name not in known:
                wanted.append(found)
        lists = (related.short_list(x, tab_of.get(x.inverse, "")) for x in wanted[:RELATED_SHOWN])
        return tuple(r for r in lists if r is not None and (r.count or r.add_href))

    def history(self, limit: int) -> tuple[Day, ...]:
        """What happened to it, as sentences by day."""
        events = self.desk.records.history(self.entity.name, self.record, limit)
        fields = {n: self.entity.fields[n] for n in self._views if n in self.entity.fields}
        titled = Titles(self.desk)
        titled.learn((fields.get(c.field), v) for e in events for c in e.changes for v in (c.before, c.after))
        people = self.desk.records.titles("user", {e.actor for e in events if e.actor})
        told = [
            replace(_with_titles(e, fields, titled), actor_name=people.get(e.actor or "", e.actor_name))
            for e in events
        ]
        return sentences(told, fields, self.desk.reader, self.desk.address)


def _lists_of(tab: Mapping[str, Any]) -> set[str]:
    """The inverses whose lists a document's tab shows whole."""
    lists = [b["list"] for b in tab.get("blocks") or () if isinstance(b, Mapping) and "list" in b]
    read = [x if isinstance(x, Mapping) else {"of": x} for x in lists]
    return {str(x.get("of")) for x in read if not x.get("filter")}


def _with_titles(event: HistoryEvent, fields: Mapping[str, Field], titled: Titles) -> HistoryEvent:
    """The same event with references titled; what was masked stays masked."""
    changes = tuple(
        FieldChange(c.field, titled.of(fields[c.field], c.before), titled.of(fields[c.field], c.after))
        for c in event.changes
        if c.field in fields
    )
    return replace(event, changes=changes)


def _plain(value: Json) -> Json:
    if isinstance(value, Mapping) and "id" in value:
        return value["id"]
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if value in ("", []) else value


def refused_move(refused: Refused, desk: Desk, builder: RecordBuilder, to: str) -> RefusedMove:
    """The refusal card of a stage that was not reached."""
    reader = desk.reader
    stage = builder.stage()
    option = stage.option(to) if stage else None
    target = reader.label(option.label) if option else to
    problems = (*refused.problems, *refused.warnings)
    needed = [str(n) for p in problems for n in p.facts.get("fields") or () if n in builder.entity.fields]
    way = (
        next((t for t in stage.transitions if t.to == to and t.from_ == builder.now.get(stage.name)), None)
        if stage
        else None
    )
    met = [
        n
        for n in (way.requires if way else ())
        if n not in needed and builder.now.get(n) not in (None, "", [])
    ]
    reasons = [
        Reason(True, reader.t("stage.has", label=reader.label(builder.entity.fields[n].label))) for n in met
    ]
    reasons += [Reason(False, _why(p, reader.language)) for p in problems]
    fix = (
        f"{desk.href(builder.entity.name, builder.record)}/edit?stage={to}"
        if needed or refused.warnings
        else ""
    )
    return RefusedMove(reader.t("stage.refused", stage=reader.quoted(target)), tuple(reasons), fix)


def refused_delete(refused: Refused, desk: Desk, builder: RecordBuilder) -> RefusedMove:
    """The refusal card of a record that stays."""
    reader = desk.reader
    name = reader.quoted(desk.title(builder.entity, builder.now))
    reasons = tuple(
        Reason(False, f"{p.text(reader.language)} {p.remedy(reader.language)}".strip())
        for p in refused.problems
    )
    return RefusedMove(reader.t("record.not_deleted", name=name), reasons)


def _why(problem: Problem, language: Language) -> str:
    why = problem.facts.get("why")
    return why.in_(language) if isinstance(why, Label) else problem.text(language)
