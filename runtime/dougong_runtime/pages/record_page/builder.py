"""A record's page put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_runtime.model.app import Document
from dougong_runtime.pages.blocks import Block, made
from dougong_runtime.pages.desk import Mark
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.record_page import facts, head, stages
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.parts import Panel, RecordView, RefusedMove, Show, Story
from dougong_runtime.pages.record_page.story import history, story
from dougong_runtime.pages.record_page.tabs import Tabs
from dougong_runtime.pages.sentences import Day
from dougong_runtime.pages.views import main_view
from dougong_runtime.talk import followers
from dougong_runtime.talk.comments import Comments

HISTORY_SHOWN = 30
METRICS = 8
"""Figures that a page document may put at the head of the page."""


@dataclass
class RecordBuilder(Look):
    """Makes the page of a record for one reader. Raises Refused(NOT_FOUND) where it may not be read."""

    talk: Comments | None = None
    """Comments of the app; None where they are of no concern."""
    walk: str = ""
    """The list that the reader came from, as it travels in the address."""
    list_href: str = ""
    """Its address."""
    writes_pdf: bool = False
    """Whether the host has what a PDF takes."""

    def page(self, tab: str = "", refusal: RefusedMove | None = None) -> RecordView:
        """The page, with the tab of that id open; what the other tabs hold is asked for when they are shown."""
        desk, reader, entity, document = self.desk, self.desk.reader, self.entity, self.document
        tabs = self.tabs.all(tab)
        current = next(t.kind for t in tabs if t.current)
        title = self.title
        may_edit = desk.records.can(entity.name, "update") and any(v.update for v in self.views.values())
        raw = document.data.get("blocks") or () if document is not None else ()
        heading = [b for b in raw if "metric" in b and "(" not in str(b["metric"])][:METRICS]
        metrics = made(self.tabs.standing(), heading, "m") if document is not None else ()
        stage = stages.stage_of(self)
        used = {stage.name} if stage else set()
        overview = current == "overview"
        return RecordView(
            id=self.record,
            version=int(self.now.get("version") or 0),
            href=self.href,
            list_href=self.list_href or f"{desk.address}/views/{main_view(desk.app, entity.name)}",
            list_label=desk.label(entity, many=True),
            title=title,
            mark=Mark(initial(title), hue(self.record)),
            chips=head.chips(self),
            meta=head.meta(self, used),
            key_facts=head.metrics(metrics) if metrics else head.key_facts(self),
            stages=stages.steps(self, stage) if stage else (),
            stage_label=reader.label(stage.label) if stage else "",
            stage_name=stage.name if stage else "",
            moves=stages.moves(self, stage) if stage and may_edit else (),
            tabs=tabs,
            sections=facts.sections(self) if overview else (),
            story=self.story() if overview and self.as_of is None else None,
            follows=self.follows(),
            related=self.tabs.related() if overview else (),
            blocks=self.blocks(document, heading) if document is not None and current == "page" else (),
            edit_href=f"{self.href}/edit" if may_edit else "",
            may_delete=desk.records.can(entity.name, "delete") and not entity.append_only,
            today=reader.today.isoformat(),
            refusal=refusal,
            as_of=self.as_of.isoformat() if self.as_of else "",
            as_of_title=reader.t("record.as_of_title", day=reader.day(self.as_of), name=title)
            if self.as_of
            else "",
            changed_n=self.changed(),
            walk=self.walk if self.as_of is None else "",
            has_pdf=self.writes_pdf and desk.records.can(entity.name, "export"),
        )

    @property
    def tabs(self) -> Tabs:
        """Its tabs."""
        return Tabs(self, self.history, lambda: self.story("comments") if self.as_of is None else None)

    def history(self) -> tuple[Day, ...]:
        """What happened to it lately."""
        return history(self, HISTORY_SHOWN)

    def story(
        self, show: Show = "all", cursor: str = "", *, draft: str = "", problem: str = ""
    ) -> Story | None:
        """What happened to it and what was said about it, a page of it."""
        if self.talk is None:
            return None
        return story(self, self.talk, show, cursor, draft=draft, problem=problem)

    def follows(self) -> bool | None:
        """Whether the reader follows it; None where they cannot say so."""
        if self.talk is None or self.as_of is not None or self.desk.records.viewer.acting_for is not None:
            return None
        return followers.follows(self.desk.records, self.entity.name, self.record)

    def blocks(self, document: Document, heading: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
        """The blocks of a page document that stand neither at the head of the page nor inside tabs of their own."""
        raw = [b for b in document.data.get("blocks") or () if "tabs" not in b and b not in heading]
        return made(self.tabs.standing(), raw, document.name)

    def panel(self, tab: str) -> Panel | None:
        """The content of one tab; None where there is none of that id."""
        if tab == "history":
            return Panel("history", story=self.story("changes"))
        return self.tabs.panel(tab)
