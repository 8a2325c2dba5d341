"""Conditions and simple sums without typing: rows that are read from a formula and written as one.

The rows stand below an input that holds the formula; what is done to them comes back as rows and as the formula they
say, which the script puts into that input. So wherever a formula is entered, it can be put together too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer import conditions, formulas
from dougong_designer.conditions.form import Block, Form, Row
from dougong_designer.conditions.sent import Given, Sent
from dougong_platform.http.pages.studio import formula as formula_pages
from dougong_platform.http.pages.studio.base import open_studio, part
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_platform.studio_formulas import Formula, formula_at, where_of
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.filters import Filter

TEMPLATE = "studio/condition.html"


@dataclass(frozen=True)
class Tools:
    """What stands below an input for a formula."""

    look: Any
    """The formula as it reads, and what is wrong with it."""
    block: Block | None = None
    sum: Row | None = None
    now: str = ""
    """The formula that the rows say."""
    is_whole: bool = True
    """Whether nothing is missing in them."""
    is_condition: bool = False
    may_build: bool = False
    """Whether rows can say it, where it is shown as text."""
    may_sum: bool = False
    error: str = ""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/condition` and its parts."""
    condition = "/studio/{app}/condition"
    return [
        pages.get(condition, embedded),
        pages.post(condition, build, writes=False),
        pages.post(condition + "/line", line, writes=False),
        pages.post(condition + "/count", count, writes=False),
    ]


def embedded(visit: Visit) -> Response:
    """An input for the condition at `at`, which saves itself as one act; its rows come below it."""
    with visit.reading() as here:
        studio = open_studio(here)
        at, entity = visit.query("at"), visit.query("entity")
        text = formulas.value_at(studio.draft.documents, where_of(at))
        values = {"at": at, "entity": entity, "text": text, "named": visit.query("label")}
        return part(here, studio, TEMPLATE, "embedded", **values)


def line(visit: Visit) -> Response:
    """What stands below an input: rows where the formula can be said in them, else the formula as it reads."""
    with visit.reading() as here:
        studio = open_studio(here)
        found = _asked(studio, visit, visit.text("text"))
        as_text = visit.text("mode") == "text"
        return _shown(here, studio, _tools(here, found, as_text=as_text))


def build(visit: Visit) -> Response:
    """The rows after something was chosen in them (`do`: an act on them), and the formula that they say."""
    with visit.reading() as here:
        studio = open_studio(here)
        found = _asked(studio, visit, visit.text("text"))
        sent = Sent(found.standing, here.desk())
        do = visit.text("do")
        if do in ("sum", "add", "group") and not visit.form.getlist("node"):
            return _shown(here, studio, _begun(here, sent, found, do))
        given = Given(visit.text, lambda name: [v for v in visit.form.getlist(name) if isinstance(v, str)])
        if visit.text("sort") == "sum":
            return _shown(here, studio, _summed(here, sent, found, given, do))
        made = sent.changed(sent.given(given), do)
        return _shown(here, studio, _built(here, found, made))


def count(visit: Visit) -> Response:
    """Of how many records a condition is true now, in a sentence."""
    with visit.reading() as here:
        studio = open_studio(here)
        counted = _asked(studio, visit, visit.text("text")).count()
        reader = here.reader
        if counted.says is not None:
            return HTMLResponse(_escaped(reader.label(counted.says)))
        n = f"{counted.found:,}" + ("" if counted.is_exact else "+")
        return HTMLResponse(_escaped(reader.t("studio.condition.count", n=n, of=f"{counted.of:,}")))


def _asked(studio: Studio, visit: Visit, text: str) -> Formula:
    return formula_at(studio, visit.text("at"), visit.text("entity"), visit.text("place"), text)


def _shown(here: Here, studio: Studio, tools: Tools) -> Response:
    return part(here, studio, TEMPLATE, "tools", x=tools)


def _is_condition(found: Formula, visit: Visit) -> bool:
    expect = found.standing.at.expect
    if expect is not None:
        return expect.kind is Kind.BOOLEAN
    result = found.findings.result
    return (result is not None and result.type.kind is Kind.BOOLEAN) or visit.text("expect") == "condition"


def _tools(here: Here, found: Formula, *, as_text: bool) -> Tools:
    look = formula_pages.look_of(here, found, tried=False)
    is_condition = _is_condition(found, here.visit)
    standing = found.standing
    form = Form(standing, here.desk())
    if is_condition:
        read = conditions.read(standing, found.text)
        if read is None or as_text:
            return Tools(look, is_condition=True, may_build=read is not None)
        return Tools(look, form.shown(read), now=found.text, is_condition=True)
    read_sum = conditions.read_sum(standing, found.text)
    if read_sum is not None and not as_text:
        return Tools(look, sum=form.shown_sum(read_sum), now=found.text)
    empty = not found.text.strip() and standing.at.place == "formula"
    may_sum = empty and Sent(standing, here.desk()).fresh_sum() is not None
    return Tools(look, may_build=read_sum is not None, may_sum=may_sum)


def _begun(here: Here, sent: Sent, found: Formula, do: str) -> Tools:
    if do == "sum":
        first = sent.fresh_sum()
        if first is not None:
            return _sum_of(here, found, first)
    return _built(here, found, sent.changed(Filter(), do))


def _built(here: Here, found: Formula, made: Filter) -> Tools:
    form = Form(found.standing, here.desk())
    now = conditions.write(made)
    again = _again(found, now)
    error = " ".join(here.reader.label(w.says) for w in again.findings.wrong[:1])
    look = formula_pages.look_of(here, again, tried=False)
    return Tools(look, form.shown(made), now=now, is_whole=_is_whole(made), is_condition=True, error=error)


def _summed(here: Here, sent: Sent, found: Formula, given: Given, do: str) -> Tools:
    made = sent.given_sum(given)
    if do:
        after = sent.changed(Filter(items=(made,)), do)
        if not after.items:
            return Tools(formula_pages.look_of(here, _again(found, ""), tried=False), may_sum=True, now="")
        first = after.items[0]
        made = first if isinstance(first, conditions.Clause) else made
    return _sum_of(here, found, made)


def _sum_of(here: Here, found: Formula, made: conditions.Clause) -> Tools:
    form = Form(found.standing, here.desk())
    now = conditions.compose(form.standing, made) or ""
    again = _again(found, now)
    error = " ".join(here.reader.label(w.says) for w in again.findings.wrong[:1])
    whole = bool(now) and (made.inner is None or _is_whole(made.inner))
    look = formula_pages.look_of(here, again, tried=False)
    return Tools(look, sum=form.shown_sum(made), now=now, is_whole=whole, error=error)


def _again(found: Formula, text: str) -> Formula:
    standing = found.standing
    return Formula(found.studio, standing, found.where, text, formulas.checked(standing, text))


def _is_whole(made: Filter) -> bool:
    """Whether every row says something; else what is missing is still to come, and nothing is written."""

    def whole(items: Sequence[Any]) -> bool:
        return all(
            bool(c.text.strip())
            and (not isinstance(c, conditions.Clause) or c.inner is None or _is_whole(c.inner))
            for c in items
        )

    return whole(list(conditions.clauses(made)))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
