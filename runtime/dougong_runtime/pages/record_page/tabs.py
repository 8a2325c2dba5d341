"""The tabs of a record's page, and what refers to the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.labels import Label
from dougong_runtime.pages.blocks import Standing, made, tabs_in
from dougong_runtime.pages.forms import Sublist, Tab, sublist
from dougong_runtime.pages.record_page.facts import section
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import PageTab, Panel, Story
from dougong_runtime.pages.related import Related, RelatedList
from dougong_runtime.pages.sentences import Day

LAZY = frozenset({"tab", "history"})
RELATED_SHOWN = 6


@dataclass
class Tabs:
    """The page document's view of the record, overview, the document's tabs, the form's tabs, and history."""

    look: Look
    history: Callable[[], tuple[Day, ...]]
    said: Callable[[], Story | None] = lambda: None

    def standing(self) -> Standing:
        """Where the blocks of a page document stand."""
        return Standing(self.look.desk, self.look.entity, self.look.values, self.history, said=self.said)

    def all(self, current: str) -> tuple[PageTab, ...]:
        """All of them, the one of that id open, else the first."""
        look, reader = self.look, self.look.desk.reader
        found: list[PageTab] = []
        if look.document is not None:
            found.append(PageTab("page", reader.label(look.document.label), "page"))
        overview = reader.t("record.overview" if look.document is None else "record.details")
        found.append(PageTab("overview", overview, "overview"))
        own = self.own()
        found += [PageTab(i, reader.label(Label.of(t["label"])), "tab") for i, t in own.items()]
        listed = {x for t in own.values() for x in _lists_of(t)}
        found += [
            PageTab(t.id, reader.label(t.label), "tab")
            for t in look.form.tabs
            if self.has_content(t) and (t.sections or not {x.inverse for x in t.lists} <= listed)
        ]
        found.append(PageTab("history", reader.t("record.history"), "history"))
        known = {t.id for t in found}
        chosen = current if current in known else found[0].id
        return tuple(replace(t, current=t.id == chosen, lazy=t.kind in LAZY or t.id != chosen) for t in found)

    def own(self) -> dict[str, Mapping[str, Any]]:
        """The tabs that the page document has, but for one of nothing but history: every record has that."""
        if self.look.document is None:
            return {}
        tabs = tabs_in(self.standing(), self.look.document)
        return {i: t for i, t in tabs.items() if any("history" not in b for b in t.get("blocks") or ())}

    def has_content(self, tab: Tab) -> bool:
        """Whether the reader sees anything of a tab."""
        related = Related(self.look.desk, self.look.entity, self.look.record)
        if any(related.target(x.inverse) is not None or related.may_add(x.inverse) for x in tab.lists):
            return True
        return any(s.field.name in self.look.views for part in tab.sections for s in part.slots)

    def panel(self, tab: str) -> Panel | None:
        """The content of one tab that is loaded when it is shown; None where there is none of that id."""
        look = self.look
        if tab == "overview" or (tab == "page" and look.document is not None):
            return Panel(tab)
        raw = self.own().get(tab)
        if raw is not None:
            return Panel("blocks", blocks=made(self.standing(), raw.get("blocks") or (), tab))
        found = next((t for t in look.form.tabs if t.id == tab), None)
        if found is None:
            return None
        sections = [section(look, s) for s in found.sections]
        related = Related(look.desk, look.entity, look.record)
        lists = [related.table(x) for x in found.lists]
        return Panel(
            "tab",
            tuple(s for s in sections if s is not None and s.facts),
            tuple(x for x in lists if x is not None),
        )

    def related(self) -> tuple[RelatedList, ...]:
        """Short lists of what refers to the record: those of the form first, then the other inverses."""
        look = self.look
        related = Related(look.desk, look.entity, look.record)
        tab_of = {x.inverse: t.id for t in look.form.tabs for x in t.lists}
        tab_of |= {x: i for i, t in self.own().items() for x in _lists_of(t)}
        wanted: list[Sublist] = list(look.form.lists())
        known = {x.inverse for x in wanted}
        for name in look.entity.inverses:
            found = sublist(look.desk.app, look.entity, name)
            if found is not None and name not in known:
                wanted.append(found)
        lists = (related.short_list(x, tab_of.get(x.inverse, "")) for x in wanted[:RELATED_SHOWN])
        return tuple(r for r in lists if r is not None and (r.count or r.add_href))


def _lists_of(tab: Mapping[str, Any]) -> set[str]:
    """The inverses whose lists a document's tab shows whole."""
    lists = [b["list"] for b in tab.get("blocks") or () if isinstance(b, Mapping) and "list" in b]
    read = [x if isinstance(x, Mapping) else {"of": x} for x in lists]
    return {str(x.get("of")) for x in read if not x.get("filter")}
