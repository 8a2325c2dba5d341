"""Publishing: what differs, what stands against it, what becomes of the tables, a note, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import abilities
from dougong_designer.draft import DRAFT_BEHIND
from dougong_designer.publishing import Breaking, Review
from dougong_designer.publishing.storage import seconds
from dougong_platform import publishing
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.pages.studio.base import ICONS, open_studio, page, part
from dougong_platform.http.pages.studio.problems import Line, lines_of
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.publishing import NOTHING_TO_PUBLISH, Order
from dougong_platform.studio import DOES_NOT_LINK, Studio
from dougong_runtime.documents import versions
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.pages.views import main_view
from dougong_runtime.publish import SeesMore

TEMPLATE = "studio/publish.html"
STAGES = ("wait", "plan", "prepare", "finish")


@dataclass(frozen=True, slots=True)
class Warned:
    """What stands against it, as the page says it."""

    kind: str
    words: str
    remedy: str
    refuses: bool
    count: str
    entity_label: str
    shown: tuple[tuple[str, str, str], ...]
    """Address, title, and why a value does not convert."""
    others: str
    href: str


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line of the storage plan."""

    action: str
    target: str
    rows: str
    time: str
    note: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a publication: `past`, `now` or `next`."""

    word: str
    state: str


@dataclass(frozen=True)
class Following:
    """A publication that was ordered."""

    state: str
    title: str
    words: str
    href: str
    done: int
    total: int | None
    stages: tuple[Stage, ...] = ()
    may_stop: bool = False
    remedy: str = ""
    undo_href: str = ""
    was: int = 0


@dataclass(frozen=True)
class Shown:
    """The page."""

    running: str
    may_publish: bool
    review: Review | None = None
    job: Following | None = None
    back_to: int | None = None
    note: str = ""
    said: str = ""
    breaking: tuple[Warned, ...] = ()
    sees: tuple[str, ...] = ()
    storage: tuple[PlanLine, ...] = ()
    title: str = ""
    hint: str = ""
    lines: tuple[Line, ...] = ()
    merge_href: str = ""
    merge_word: str = ""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/publish`."""
    base = "/studio/{app}/publish"
    return [
        pages.get(base, show),
        pages.post(base, order),
        pages.get(base + "/{job}", job),
        pages.post(base + "/{job}/stop", stop, writes=False),
    ]


def jobs_of(visit: Visit) -> Jobs:
    """The jobs of the process."""
    found: Jobs = visit.request.app.state.jobs
    return found


# --- looking --------------------------------------------------------------------------------------------------
def show(visit: Visit) -> Response:
    """What publishing would do; `back`: what going back to that version would. One's own publication while it runs."""
    return _page(visit)


def _page(visit: Visit, said: str = "") -> Response:
    with visit.rehearsing() as here:
        studio = open_studio(here)
        latest = jobs_of(visit).latest(here.connection, here.viewer, "publish", studio.name)
        if latest is not None and latest["state"] in ("queued", "running"):
            return go(f"/studio/{studio.name}/publish/{latest['id']}")
        made = _shown(here, studio, said)
        title = made.title or here.reader.t("studio.publish")
        return page(here, studio, TEMPLATE, "", title, p=made, icons=ICONS)


def _shown(here: Here, studio: Studio, said: str) -> Shown:
    visit, t = here.visit, here.reader.t
    may = abilities.may_publish(here.viewer, studio.running)
    running = studio.running.version
    given = visit.text("back") or visit.query("back")
    back = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else None
    version, note = visit.text("version") or visit.query("version"), visit.text("note")
    try:
        if back is not None:
            found = publishing.review_rollback(studio, back)
        else:
            try:
                found = publishing.review_draft(studio, version)
            except Refused as refused:
                if refused.problems[0].field != "version":
                    raise
                said, found = said or here.said(refused), publishing.review_draft(studio)
    except Refused as refused:
        return _in_the_way(here, studio, refused, running, may)
    return Shown(
        running,
        may,
        review=found,
        back_to=back,
        note=note or (t("publish.back_title", n=back, version=found.version) if back is not None else ""),
        said=said,
        breaking=tuple(_warned(here, studio, b) for b in found.breaking),
        sees=tuple(_sees(here, found, one) for one in found.plan.sees_more),
        storage=tuple(_line(here, found)),
        title=t("publish.title", version=found.version),
    )


def _in_the_way(here: Here, studio: Studio, refused: Refused, running: str, may: bool) -> Shown:
    """What keeps it from being planned at all, and what to do about it."""
    t, draft, kind = here.reader.t, studio.draft, refused.problems[0].type
    if kind is NOTHING_TO_PUBLISH:
        hint = t("publish.nothing_hint", running=running)
        return Shown(running, may, title=t("publish.nothing"), hint=hint)
    if kind is DRAFT_BEHIND:
        return Shown(
            running,
            may,
            title=t("publish.behind", base=draft.base, running=draft.running),
            hint=t("publish.behind_hint"),
            merge_href=f"/studio/{studio.name}/merge",
            merge_word=t("publish.merge", n=draft.running),
        )
    if kind is DOES_NOT_LINK:
        lines = tuple(lines_of(here, studio, studio.linked.problems))
        return Shown(running, may, title=t("publish.problems"), hint=here.said(refused), lines=lines)
    raise refused


def _warned(here: Here, studio: Studio, b: Breaking) -> Warned:
    language = here.reader.language
    base = f"/apps/{studio.name}"
    href = ""
    if b.filter and b.shown:
        view = main_view(studio.running, b.entity)
        href = f"{base}/views/{view}?{urlencode({'filter': b.filter})}"
    return Warned(
        b.kind,
        b.words(language),
        b.remedy(language),
        b.refuses,
        f"{b.count:,}",
        here.reader.label(b.word),
        tuple((f"{base}/{b.entity}/{i}", title, why) for i, title, why in b.shown),
        f"{b.others:,}" if b.others else "",
        href,
    )


def _sees(here: Here, found: Review, one: SeesMore) -> str:
    app = found.plan.after
    of = app.entities[one.entity]
    return here.reader.t(
        "publish.sees_line",
        role=here.reader.label(app.roles[one.role].label),
        field=f"{here.reader.label(of.label)} · {here.reader.label(of.fields[one.field].label)}",
        of=here.reader.label(app.entities[one.of].label),
    )


def _line(here: Here, found: Review) -> list[PlanLine]:
    label, language = here.reader.label, here.reader.language
    return [
        PlanLine(
            label(row.action),
            row.target,
            f"{row.rows:,}" if row.rows else "—",
            seconds(row.seconds, language),
            label(row.note),
        )
        for row in found.storage
    ]


# --- ordering -------------------------------------------------------------------------------------------------
def order(visit: Visit) -> Response:
    """Have it published; leads to the page that follows it."""
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            back = visit.whole("back")
            version = publishing.checked_version(visit.text("version"))
            if back is None and not version:
                version = publishing.proposed_version(studio)
            wanted = Order(version, visit.text("note") or None, visit.whole("revision"), back)
            made = publishing.ordered(jobs_of(visit), studio, wanted)
    except Refused as refused:
        if refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            said = here.said(refused)
        return _page(visit, said)
    jobs_of(visit).wake()
    return go(f"/studio/{studio.name}/publish/{made}")


# --- following ------------------------------------------------------------------------------------------------
def job(visit: Visit) -> Response:
    """How far it is, and what came of it."""
    with visit.reading() as here:
        studio = open_studio(here)
        made = Shown(studio.running.version, True, job=_following(here, studio))
        assert made.job is not None
        if visit.is_fragment:
            return part(here, studio, TEMPLATE, "job", p=made)
        return page(here, studio, TEMPLATE, "", made.job.title, p=made, icons=ICONS)


def stop(visit: Visit) -> Response:
    """Ask that it end, as long as it can: nothing has changed then."""
    with visit.reading() as here:
        studio = open_studio(here)
        _following(here, studio)
        jobs_of(visit).cancel(here.connection, here.viewer, visit.path("job"))
        if not visit.is_fragment:
            return go(f"/studio/{studio.name}/publish/{visit.path('job')}")
        made = Shown(studio.running.version, True, job=_following(here, studio))
        return part(here, studio, TEMPLATE, "job", p=made)


def _following(here: Here, studio: Studio) -> Following:
    told = jobs_of(here.visit).get(here.connection, here.viewer, here.visit.path("job"))
    if (told["app"], told["kind"]) != (studio.name, "publish"):
        raise refuse(NOT_FOUND)
    t, state, stage = here.reader.t, told["state"], told["stage"]
    href = f"/studio/{studio.name}/publish/{told['id']}"
    wanted: Mapping[str, Any] = told["order"]
    version = str(wanted["version"] or _version_of(here, studio, wanted["back_to"]))
    if state == "done":
        outcome = told["outcome"]
        key = "publish.done" if wanted["back_to"] is None else "publish.done_back"
        may = abilities.may_publish(here.viewer, studio.running)
        return Following(
            state,
            t(key, version=outcome["version"]),
            t("publish.done_hint", n=outcome["number"]),
            href,
            1,
            1,
            undo_href=f"/studio/{studio.name}/publish?back={outcome['from']}" if may else "",
            was=outcome["from"],
        )
    if state == "failed":
        problem = told["problem"] or {}
        remedies = [str(p.get("remedy") or "") for p in problem.get("problems", ())]
        remedy = next((r for r in remedies if r), "")
        words = str(problem.get("detail") or t("publish.failed"))
        return Following(state, t("publish.failed"), words, href, 0, None, remedy=remedy)
    if state == "cancelled":
        return Following(state, t("publish.cancelled"), "", href, 0, None)
    at = STAGES.index(stage) if stage in STAGES else -1
    stages = tuple(
        Stage(_stage_word(here, name, told), "past" if n < at else "now" if n == at else "next")
        for n, name in enumerate(STAGES)
        if name != "wait" or at == 0
    )
    words = _stage_word(here, stage, told) if at >= 0 else t("publish.queued")
    return Following(
        state,
        t("publish.going", version=version),
        words,
        href,
        int(told["done"]),
        told["total"],
        stages,
        may_stop=stage != "finish" and not told["cancelling"],
    )


def _stage_word(here: Here, stage: str, told: Mapping[str, Any]) -> str:
    is_now, done, total = stage == told["stage"] and told["total"], told["done"], told["total"]
    if stage == "prepare" and is_now:
        return here.reader.t("publish.prepare_n", done=f"{done:,}", n=f"{total:,}")
    return here.reader.t(f"publish.{stage}")


def _version_of(here: Here, studio: Studio, number: int | None) -> str:
    found = versions.find(here.connection, studio.name, number or 0)
    return "" if found is None else found.version
