"""A form as pages read it: sections, tabs and sub-lists, each field with its conditions as formulas.

One form serves creating, editing and reading. An entity without a form document has the one that follows from its
fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document, Entity
from dougong_runtime.pages.widgets import widget_of
from dougong_runtime.pages.words import label_of

COLUMNS_MAX = 4
SUBLIST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Slot:
    """A field in its place. Conditions are formulas' texts; `always` stands for one that needs no formula."""

    field: Field
    show: str = ""
    required: str = ""
    readonly: str = ""
    wide: bool = False
    label: Label | None = None
    help: Label | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under a title, in columns."""

    id: str
    label: Label | None
    columns: int
    slots: tuple[Slot, ...]
    show: str = ""
    help: Label | None = None
    text: Label | None = None
    """Words of the document's author, in Markdown; then it has no fields."""
    collapsed: bool = False
    """Whether it starts closed."""


@dataclass(frozen=True, slots=True)
class Sublist:
    """Records that refer back to this one, along an inverse."""

    inverse: str
    fields: tuple[str, ...]
    label: Label
    filter: str = ""
    sort: tuple[str, ...] = ()
    limit: int = 50
    edit: bool = False
    """Whether rows are filled in on the form itself."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: sections of fields, lists, or both."""

    id: str
    label: Label
    sections: tuple[Section, ...] = ()
    lists: tuple[Sublist, ...] = ()
    show: str = ""
    """What its lists are shown for; its sections bear the condition themselves."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of an entity. `document` is None for the one that follows from its fields."""

    name: str
    entity: Entity
    sections: tuple[Section, ...]
    tabs: tuple[Tab, ...] = ()
    document: Document | None = None

    def all_sections(self) -> Iterator[Section]:
        """Sections in order, those inside tabs after the others."""
        yield from self.sections
        for tab in self.tabs:
            yield from tab.sections

    def slots(self) -> Iterator[Slot]:
        """Every placed field."""
        for section in self.all_sections():
            yield from section.slots

    def lists(self) -> Iterator[Sublist]:
        """Every sub-list."""
        for tab in self.tabs:
            yield from tab.lists


ALWAYS = "TRUE"


@dataclass(frozen=True, slots=True)
class State:
    """What conditions say of a field now."""

    show: bool
    required: bool
    readonly: bool


@dataclass(frozen=True, slots=True)
class States:
    """The same for a whole form."""

    fields: Mapping[str, State]
    sections: Mapping[str, bool]


def states(form: Form, holds: Callable[[str], bool]) -> States:
    """Every condition answered. `holds` says whether a formula's text is true of the record as it now stands."""
    sections: dict[str, bool] = {}
    fields: dict[str, State] = {}
    for section in form.all_sections():
        shown = not section.show or holds(section.show)
        sections[section.id] = shown
        for slot in section.slots:
            fields[slot.field.name] = State(
                show=shown and (not slot.show or holds(slot.show)),
                required=slot.field.required or bool(slot.required and holds(slot.required)),
                readonly=bool(slot.readonly and holds(slot.readonly)),
            )
    return States(fields, sections)


def form_of(app: App, entity: Entity, name: str | None = None) -> Form:
    """The form of that name, else the entity's first, else the one that follows from its fields."""
    documents = [d for d in app.of("form").values() if d.data.get("entity") == entity.name]
    usual = [d for d in documents if not d.data.get("public")] or documents
    document = next((d for d in (usual if name is None else documents) if name in (None, d.name)), None)
    return _read(app, entity, document) if document is not None else default_form(entity)


def default_form(entity: Entity) -> Form:
    """One section with the fields that people fill in."""
    slots = tuple(
        Slot(f, wide=widget_of(f).wide)
        for f in entity.own_fields
        if not f.is_computed
        and f.type not in ("autonumber", "stage", "created_at", "created_by", "updated_at", "updated_by")
    )
    return Form(entity.name, entity, (Section("s0", None, 2, slots),))


def _read(app: App, entity: Entity, document: Document) -> Form:
    sections: list[Section] = []
    tabs: list[Tab] = []
    for item in document.data.get("layout") or ():
        if not isinstance(item, Mapping):
            continue
        if "tabs" in item:
            around = _condition(item.get("show"))
            tabs += [
                _tab(app, entity, raw, f"t{len(tabs) + n}", around) for n, raw in enumerate(item["tabs"])
            ]
            continue
        title = item.get("section", item.get("label"))
        if "list" in item:
            found = sublist_of(app, entity, item["list"], Label.of(title) if title else None)
            if found is not None:
                tabs.append(Tab(f"t{len(tabs)}", found.label, (), (found,), _condition(item.get("show"))))
        if "text" in item or "fields" in item or ("section" in item and "list" not in item):
            sections.append(_section(entity, item, f"s{len(sections)}"))
    if not sections and not any(tab.sections for tab in tabs):
        sections = list(default_form(entity).sections)
    return Form(document.name, entity, tuple(sections), tuple(tabs), document)


def _section(entity: Entity, raw: Mapping[str, Any], section_id: str, around: str = "") -> Section:
    title = raw.get("section", raw.get("label"))
    columns = min(max(int(raw.get("columns") or 2), 1), COLUMNS_MAX)
    slots = (_slot(entity, item) for item in raw.get("fields") or ())
    return Section(
        section_id,
        Label.of(title) if isinstance(title, (str, Mapping)) and title else None,
        columns,
        tuple(s for s in slots if s is not None),
        _both(around, _condition(raw.get("show"))),
        Label.of(raw["help"]) if raw.get("help") else None,
        Label.of(raw["text"]) if raw.get("text") else None,
        raw.get("collapsed") is True,
    )


def _both(one: str, other: str) -> str:
    """The condition that two hold."""
    return f"({one}) AND ({other})" if one and other else one or other


def _slot(entity: Entity, raw: Any) -> Slot | None:
    data = raw if isinstance(raw, Mapping) else {"field": raw}
    field = entity.fields.get(str(data.get("field", "")))
    if field is None:
        return None
    wide = int(data.get("width") or 1) > 1 or widget_of(field).wide
    return Slot(
        field,
        _condition(data.get("show")),
        _condition(data.get("required")),
        _condition(data.get("readonly")),
        wide,
        Label.of(data["label"]) if data.get("label") else None,
        Label.of(data["help"]) if data.get("help") else None,
    )


def _condition(raw: Any) -> str:
    if raw is True:
        return ALWAYS
    if raw is False:
        return "FALSE"
    return str(raw or "")


def _tab(app: App, entity: Entity, raw: Mapping[str, Any], tab_id: str, around: str = "") -> Tab:
    sections: list[Section] = []
    lists: list[Sublist] = []
    show = _both(around, _condition(raw.get("show")))
    bare = {key: value for key, value in raw.items() if key not in ("label", "show")}
    inner: list[Mapping[str, Any]] = [bare] if "list" in raw or "fields" in raw else []
    inner += [i for i in raw.get("layout") or () if isinstance(i, Mapping)]
    for item in inner:
        if "list" in item:
            found = sublist_of(app, entity, item["list"], None)
            if found is not None:
                lists.append(found)
        if "fields" in item or "list" not in item:
            sections.append(_section(entity, item, f"{tab_id}s{len(sections)}", show))
    label = Label.of(raw.get("label") or raw.get("tab")) if raw.get("label") or raw.get("tab") else None
    if label is None:
        label = lists[0].label if lists else label_of("form.more")
    return Tab(tab_id, label, tuple(sections), tuple(lists), show)


def sublist_of(app: App, entity: Entity, raw: Any, label: Label | None) -> Sublist | None:
    """A document's `list`, read."""
    data = raw if isinstance(raw, Mapping) else {"of": raw}
    inverse = str(data.get("of", ""))
    fields = tuple(f if isinstance(f, str) else str(f.get("field", "")) for f in data.get("fields") or ())
    sort = data.get("sort") or ()
    order = (
        tuple(s.strip() for s in sort.split(",")) if isinstance(sort, str) else tuple(str(s) for s in sort)
    )
    limit = int(data.get("limit") or SUBLIST_ROWS)
    found = sublist(app, entity, inverse, fields, label, str(data.get("filter") or ""), order, limit)
    return replace(found, edit=bool(data.get("edit"))) if found is not None else None


def sublist(
    app: App,
    entity: Entity,
    inverse: str,
    fields: tuple[str, ...] = (),
    label: Label | None = None,
    condition: str = "",
    sort: tuple[str, ...] = (),
    limit: int = SUBLIST_ROWS,
) -> Sublist | None:
    """The list along an inverse or a `references` field of an entity; None where there is no such way."""
    found = entity.inverses.get(inverse)
    if found is not None and found.entity in app.entities:
        other = app.entities[found.entity]
        return Sublist(inverse, fields, label or other.plural or other.label, condition, sort, limit)
    field = entity.fields.get(inverse)
    if field is not None and field.is_many and field.targets[0] in app.entities:
        return Sublist(inverse, fields, label or field.label, condition, sort, limit)
    return None
