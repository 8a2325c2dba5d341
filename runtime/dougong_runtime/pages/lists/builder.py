"""Puts the page of a view together: what is around the list, and the table or whatever stands in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.pages import conditions
from dougong_runtime.pages.boards import fitting
from dougong_runtime.pages.bulk import offered
from dougong_runtime.pages.desk import Desk, Row, count_text
from dougong_runtime.pages.layout import UNSAID
from dougong_runtime.pages.lists import chips, groups, heads, keeping
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.no_match import no_match
from dougong_runtime.pages.lists.parts import Band, Body, ListPage, Tab, Total
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.lists.tabs import tabs
from dougong_runtime.pages.lists.totals import figures, totals
from dougong_runtime.pages.lists.ways import WAYS
from dougong_runtime.pages.saved import Mine
from dougong_runtime.pages.views import View
from dougong_runtime.records.query import LIMIT_DEFAULT, LIMIT_MAX, Page

SUMMED_AT_ONCE = 1_000
"""What more records than these come to is fetched by the page when it is there: summing 5,000 took a fifth of its time."""
NOTHING_FOUND = Page([], None, 0, True)


class ListBuilder:
    """Makes the page of a view for one reader."""

    def __init__(self, desk: Desk, view: View, state: ListState, mine: Mine | None = None) -> None:
        self.mine = mine or Mine()
        self.frame = Frame(desk, view, state, self.mine.kept.get(view.name, UNSAID))

    def page(self, rows: int = LIMIT_DEFAULT) -> ListPage:
        """The whole page, with that many rows of a table. A filter that is wrong gives a page that says so."""
        frame = self.frame
        way = WAYS.get(frame.as_)
        try:
            body = way(frame) if way is not None else None
            if body is not None:
                return self._made(NOTHING_FOUND, body=body)
            if frame.groups:
                bands, more = groups.bands(frame)
                return self._made(NOTHING_FOUND, bands=bands, bands_more=more)
            return self._made(frame.desk.records.list(frame.query(limit=max(1, min(rows, LIMIT_MAX)))))
        except Refused as refused:
            return self._made(NOTHING_FOUND, problem=self.explained(refused))

    def rows(self, found: Page) -> tuple[Row, ...]:
        """Records as rows of the table."""
        frame = self.frame
        return frame.desk.rows(frame.entity, found.items, frame.shown_columns)

    def explained(self, refused: Refused) -> str:
        """What is wrong with the filter, what to do, and the nearest name that there is."""
        return " ".join(self._sentence(p) for p in refused.problems)

    def _sentence(self, problem: Problem) -> str:
        reader = self.frame.desk.reader
        words = [problem.text(reader.language), problem.remedy(reader.language)]
        near = problem.facts.get("nearest")
        if near and not words[1]:
            words.append(reader.t("list.nearest", name=near))
        return " ".join(w for w in words if w)

    def _made(
        self,
        found: Page,
        *,
        body: Body | None = None,
        bands: tuple[Band, ...] = (),
        bands_more: bool = False,
        problem: str = "",
    ) -> ListPage:
        """The page around an answer."""
        frame = self.frame
        desk, state, entity = frame.desk, frame.state, frame.entity
        reader = desk.reader
        rows = self.rows(found)
        is_empty = body.is_empty if body is not None else not rows and not bands
        count = sum(int(b.count.replace(",", "")) for b in bands if b.depth == 0) if bands else found.count
        few = not bands_more and count <= SUMMED_AT_ONCE
        summed, later = self._totals(few) if not problem and body is None and not is_empty else ((), "")
        shown = self.tabs()
        changed = keeping.is_changed(frame)
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
            tabs=shown,
            tab=next(t for t in shown if t.current),
            mine=self.mine,
            chips=chips.chips(frame),
            filterable=bool(conditions.filterable(desk.app, entity, desk.views(entity.name))),
            formula=frame.formula,
            heads=tuple(heads.head(frame, c, n) for n, c in enumerate(frame.shown_columns)),
            rows=rows,
            is_empty=is_empty,
            bands=bands,
            bands_more=bands_more,
            totals=summed,
            totals_href=later,
            body=body,
            ways=fitting.way_links(frame),
            groups=groups.group_links(frame) if body is None else (),
            group=",".join(frame.groups) if body is None else "",
            group_label=groups.group_label(frame) if body is None else "",
            sort_label=heads.sort_label(frame),
            search=state.search,
            as_=frame.as_ if body is not None else "table",
            changed=changed,
            can_save=changed and frame.view.saved is not None and frame.view.saved.may_change,
            left_out=frame.left_out,
            count_text=body.count_text
            if body is not None
            else count_text(count, not bands_more)
            if bands
            else count_text(found.count, found.count_is_exact),
            more_href=replace(state, cursor=found.next).address(frame.base) if found.next else "",
            state=state,
            acts=offered(desk, entity),
            problem=problem,
            no_match=no_match(frame) if is_empty and not problem and body is None else None,
        )

    def _totals(self, few: bool) -> tuple[tuple[Total | None, ...], str]:
        """What stands below the columns; of many records, where it can be asked for."""
        frame = self.frame
        if few or not figures(frame):
            return totals(frame), ""
        return (), replace(frame.state, cursor="").address(f"{frame.base}/totals")

    def tabs(self) -> tuple[Tab, ...]:
        """The entity's views, as tabs."""
        return tabs(self.frame, self.mine)

    def filtered(self, texts: Sequence[str]) -> str:
        """The list under other conditions."""
        return chips.filtered(self.frame, texts)
