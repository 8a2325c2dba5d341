"""Puts the page of a view together: what is around the list, and the table or whatever stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.pages import conditions
from dougong_runtime.pages.boards import fitting
from dougong_runtime.pages.desk import Desk, count_text
from dougong_runtime.pages.lists import chips, groups, heads
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Body, Link, ListPage
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.lists.totals import totals
from dougong_runtime.pages.lists.ways import WAYS
from dougong_runtime.pages.views import View, views_of
from dougong_runtime.records.query import Page

NOTHING_FOUND = Page([], None, 0, True)


class ListBuilder:
    """Makes the page of a view for one reader."""

    def __init__(self, desk: Desk, view: View, state: ListState) -> None:
        self.frame = Frame(desk, view, state)
        self.group = groups.group_of(self.frame)

    def page(self) -> ListPage:
        """The whole page. A filter that is wrong gives a page that says so."""
        frame = self.frame
        way = WAYS.get(frame.as_)
        try:
            body = way(frame) if way is not None else None
            found = NOTHING_FOUND if body is not None else self._found()
        except Refused as refused:
            said = " ".join(self._explained(p) for p in refused.problems)
            return self._made(NOTHING_FOUND, None, problem=said)
        return self._made(found, body)

    def _found(self) -> Page:
        frame = self.frame
        asked = frame.query(sort=groups.order_with(self.group, frame.sort))
        if self.group:
            asked = replace(asked, fields=tuple(dict.fromkeys([*(asked.fields or ()), self.group])))
        return frame.desk.records.list(asked)

    def _explained(self, problem: Problem) -> str:
        """What is wrong with the filter, what to do, and the nearest name that there is."""
        reader = self.frame.desk.reader
        words = [problem.text(reader.language), problem.remedy(reader.language)]
        near = problem.facts.get("nearest")
        if near and not words[1]:
            words.append(reader.t("list.nearest", name=near))
        return " ".join(w for w in words if w)

    def _made(self, found: Page, body: Body | None, problem: str = "") -> ListPage:
        """The page around an answer."""
        frame, group = self.frame, self.group if body is None else ""
        desk, state, entity = frame.desk, frame.state, frame.entity
        reader = desk.reader
        rows = tuple(desk.row(entity, item, frame.shown_columns) for item in found.items)
        summed = totals(frame, found) if not problem and body is None else {}
        last = frame.parts[-1] if frame.parts else None
        return ListPage(
            view=frame.view.name,
            title=reader.label(frame.view.label),
            base=frame.base,
            icon=entity.icon,
            entity_label=desk.word(entity),
            entity_plural=desk.word(entity, many=True),
            new_href=f"{desk.address}/{entity.name}/new" if desk.records.can(entity.name, "create") else "",
            trash_href=f"{desk.address}/{entity.name}/trash"
            if desk.records.can(entity.name, "delete")
            else "",
            tabs=self._tabs(),
            chips=chips.chips(frame),
            filterable=bool(conditions.filterable(desk.app, entity, desk.views(entity.name))),
            formula=frame.formula,
            heads=tuple(heads.head(frame, c, summed) for c in frame.shown_columns),
            rows=rows,
            is_empty=body.is_empty if body is not None else not rows,
            bands=groups.bands(frame, group, found, rows) if group else (),
            body=body,
            ways=fitting.way_links(frame),
            groups=groups.group_links(frame) if body is None else (),
            sorts=heads.sort_links(frame),
            group=group,
            group_label=reader.label(entity.fields[group].label) if group else "",
            sort_label=heads.sort_label(frame),
            search=state.search,
            as_=frame.as_ if body is not None else "table",
            changed=bool(state.filter or state.search or state.all or state.sort or state.group),
            count_text=body.count_text if body is not None else count_text(found.count, found.count_is_exact),
            more_href=replace(state, cursor=found.next).address(frame.base) if found.next else "",
            state=state,
            problem=problem,
            drop_href=chips.without(frame, len(frame.parts) - 1)
            if last and not rows and body is None
            else "",
            no_match_hint=reader.t("list.no_match_hint", what=chips.spoken(frame, last)) if last else "",
        )

    def filtered(self, texts: Sequence[str]) -> str:
        """The list under other conditions."""
        return chips.filtered(self.frame, texts)

    def _tabs(self) -> tuple[Link, ...]:
        """The entity's views."""
        frame = self.frame
        all_views = views_of(frame.desk.app, frame.entity.name)
        views = [v for v in all_views if v.document and frame.desk.may_see(v.document.data)] or [frame.view]
        reader = frame.desk.reader
        return tuple(
            Link(
                reader.label(v.label),
                f"{frame.desk.address}/views/{v.name}",
                v.name == frame.view.name,
                v.icon,
            )
            for v in views
        )
