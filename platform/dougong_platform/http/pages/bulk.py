"""Acting on many records from a list: chosen, described, tried, done, followed, taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import acts, selections
from dougong_platform.acts import Act, Preview, Sum
from dougong_platform.http import json_body
from dougong_platform.http.acting import Acting, Done
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.jobs.transfers import export_order
from dougong_platform.http.pages.views import frame_of
from dougong_platform.http.pages.visit import RECORDS_CHANGED, Here, Pages, Visit
from dougong_platform.selections import Selection
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.model.app import Entity
from dougong_runtime.pages import bulk
from dougong_runtime.pages.bulk import Asked, OneField, Previewed, Told, WarnedAll
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Choice, Input, Said, Titles
from dougong_runtime.pages.shell import Toast
from dougong_runtime.records.query import Query

VERBS = (*acts.VERBS, "export")
_DIRECT = ("delete", "restore")
"""Verbs of which nothing is to be filled in."""


def routes(pages: Pages) -> list[BaseRoute]:
    """What belongs to the bar of a list's selection."""
    base = "/apps/{app}/{entity}/bulk"
    return [
        pages.post("/apps/{app}/views/{view}/chosen", choose_all),
        pages.post(base, act),
        pages.get(base + "/{job}", job),
        pages.post(base + "/{job}/undo", undo),
        pages.post(base + "/{job}/stop", stop),
    ]


def jobs_of(visit: Visit) -> Jobs:
    """The jobs of the process."""
    found: Jobs = visit.request.app.state.jobs
    return found


# --- choosing -----------------------------------------------------------------------------------------------------
def choose_all(visit: Visit) -> Response:
    """All that the list shows and would show, frozen as they are now."""
    with visit.writing() as here:
        frame = frame_of(here)
        query = Query(frame.entity.name, filter=frame.formula or None, search=frame.state.search or None)
        chosen = selections.choose(frame.desk.records, here.connection, query, here.site.clock.now())
        count = f"{len(chosen.records):,}"
        return here.block("parts/bulk.html", "chosen", selection=chosen.id, count=count)


@dataclass(frozen=True)
class _Choice:
    """The records that a form names, and what is to be done to them."""

    here: Here
    desk: Desk
    entity: Entity
    verb: str
    ids: Sequence[str]
    selection: Selection | None

    @classmethod
    def of(cls, here: Here) -> _Choice:
        visit, desk = here.visit, here.desk()
        entity = here.entity(desk)
        verb, _ = _verb_of(visit)
        if verb not in VERBS or not desk.records.can(entity.name, "read"):
            raise refuse(NOT_FOUND)
        named = visit.text("_selection")
        if named:
            found = selections.find(here.connection, here.viewer, desk.app.name, entity.name, named)
            return cls(here, desk, entity, verb, found.records, found)
        ids = list(dict.fromkeys(i for i in visit.text("_ids").split(",") if i))
        return cls(here, desk, entity, verb, ids, None)

    @property
    def href(self) -> str:
        return f"{self.desk.address}/{self.entity.name}/bulk"

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What every further form brings along."""
        which = ("_selection", self.selection.id) if self.selection else ("_ids", ",".join(self.ids))
        return [which, ("_verb", self.verb)]

    def kept(self) -> Selection:
        """The selection as the act and its undoing will find it."""
        if self.selection is not None:
            return self.selection
        here = self.here
        return selections.name(
            self.desk.records, here.connection, self.entity.name, self.ids, here.site.clock.now()
        )

    def title(self) -> str:
        word = self.desk.word(self.entity, many=len(self.ids) != 1)
        return self.here.reader.t(f"bulk_title.{self.verb}", n=f"{len(self.ids):,}", entity=word)


# --- asking, trying, doing ----------------------------------------------------------------------------------------
def act(visit: Visit) -> Response:
    """One step: what is to be done is asked, tried or done. What cannot be undone unseen is tried before it is done."""
    step = visit.text("_step") or "ask"
    verb, _ = _verb_of(visit)
    if step == "ask" and verb not in (*_DIRECT, "export"):
        with visit.reading() as here:
            return _asked(_Choice.of(here))
    at = visit.site.clock.now()
    try:
        with visit.writing() as here:
            answer = _acted(_Choice.of(here), step, at)
    except _Wrong as wrong:
        with visit.reading() as here:
            return _asked(_Choice.of(here), wrong.said)
    except Refused as refused:
        if refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            return _asked(_Choice.of(here), [Said("", here.said(refused))])
    jobs_of(visit).wake()
    return answer


def _verb_of(visit: Visit) -> tuple[str, str]:
    """The verb, and the field that its button in the bar is about."""
    verb, _, field = visit.text("_do").partition(":")
    return visit.text("_verb") or verb or "update", field


class _Wrong(Exception):
    def __init__(self, said: list[Said]) -> None:
        self.said = said


def _asked(choice: _Choice, errors: Sequence[Said] = ()) -> Response:
    """The form in which the change is described."""
    here, desk, entity, visit = choice.here, choice.desk, choice.entity, choice.here.visit
    reader = here.reader
    fields: tuple[Choice, ...] = ()
    hows: tuple[Choice, ...] = ()
    shown: Input | None = None
    name, how = "", "set"
    if choice.verb == "update":
        known = {f.name: f for f in bulk.editable(desk, entity)}
        if not known:
            raise refuse(NOT_FOUND)
        fields = tuple(Choice(n, reader.label(f.label)) for n, f in known.items())
        asked = visit.text("_field") or _verb_of(visit)[1]
        name = asked if asked in known else next(iter(known))
        hows = bulk.hows_of(desk, known[name])
        how = visit.text("_how") if visit.text("_how") in [h.value for h in hows] else str(hows[0].value)
        one = OneField(desk, entity, known[name], {})
        if visit.text("_field_was") == name:
            one.take(visit.form)
        shown = one.input(" ".join(e.text for e in errors if e.field == name))
    elif choice.verb == "share":
        label = reader.t("bulk.share_with")
        shown = Input(
            "_person", label, "", "", "record", False, True, True, False,
            {"id": "", "title": "", "entity": "user"}, source=f"{desk.address}/user/choices",
        )  # fmt: skip
    made = Asked(
        choice.title(),
        choice.verb,
        len(choice.ids),
        tuple(choice.hidden),
        fields,
        name,
        hows,
        how,
        shown,
        reader.today.isoformat(),
        choice.href,
        tuple(e for e in errors if not e.field or e.field != name),
        len(choice.ids) > bulk.SURE_FROM,
        visit.text("_field") != "" and visit.text("_step") == "",
    )
    return here.block("parts/bulk.html", "ask", ask=made)


def _acted(choice: _Choice, step: str, at: datetime) -> Response:
    here, desk, entity, visit = choice.here, choice.desk, choice.entity, choice.here.visit
    if choice.verb == "export":
        return _exported(choice)
    wanted = _act_of(choice)
    reasons = {
        k[9:]: v.strip()
        for k, v in visit.form.items()
        if k.startswith("_reasons.") and isinstance(v, str) and v.strip()
    }
    acts.may(desk.records, entity.name, wanted)
    if step == "preview" or visit.text("_sure") != "1":
        tried = acts.rehearse(desk.records, entity.name, wanted, choice.ids, reasons)
        fine = not (tried.sum.refused or tried.sum.warnings) and tried.sum.changed + tried.sum.same
        if step == "preview" or len(choice.ids) > bulk.SURE_FROM or not fine:
            return here.block("parts/bulk.html", "preview", p=_previewed(choice, wanted, tried, reasons))
    acting = Acting(jobs_of(visit), here.connection, desk.records, entity.name, at)
    done = acting.act(choice.kept(), wanted, reasons, keep_good=True)
    if done.sum is None:
        return _following(here, desk, entity, done.job)
    return _finished(here, _toast(here, desk, entity, done, wanted), choice.href)


def _act_of(choice: _Choice) -> Act:
    """What the form describes; further steps bring it along as it was described."""
    visit, desk, entity = choice.here.visit, choice.desk, choice.entity
    kept = visit.text("_act")
    if kept:
        given = json_body.parse_object(kept.encode())
        if given.get("verb") != choice.verb:
            raise refuse(NOT_FOUND)
        return Act.of(given)
    if choice.verb == "share":
        person = visit.text("_person.id")
        if not person:
            raise _Wrong([Said("", choice.here.reader.t("bulk.share_with"))])
        return Act("share", user=person, write=visit.text("_write") == "1")
    if choice.verb != "update":
        return Act(choice.verb)
    of = next((f for f in bulk.editable(desk, entity) if f.name == visit.text("_field")), None)
    if of is None:
        raise refuse(NOT_FOUND)
    one = OneField(desk, entity, of, {})
    said = one.take(visit.form)
    if said:
        raise _Wrong(said)
    return Act("update", bulk.edit_of(of, visit.text("_how") or "set", one.raw))


def _previewed(choice: _Choice, wanted: Act, tried: Preview, reasons: Mapping[str, str]) -> Previewed:
    t, sum_ = choice.here.reader.t, tried.sum
    n = f"{tried.records:,}"
    notes = []
    if tried.tried < tried.records:
        notes.append(t("bulk.tried", n=n, tried=f"{tried.tried:,}"))
    if sum_.same:
        notes.append(t("bulk.same", n=f"{sum_.same:,}"))
    warned = tuple(WarnedAll(w.rule, w.text, f"{w.count:,}", reasons.get(w.rule, "")) for w in sum_.warnings)
    pairs = [(s.before, s.after) for s in tried.samples]
    waiting = max((w.count for w in sum_.warnings), default=0)
    whole = tried.tried == tried.records
    able = sum_.changed + waiting if whole else tried.records
    refused = sum_.refused - waiting
    return Previewed(
        choice.title(),
        choice.verb,
        t(f"bulk_will.{choice.verb}", n=f"{sum_.changed:,}") if sum_.changed or not waiting else "",
        tuple(notes),
        t("bulk.cannot", n=f"{refused:,}") if refused > 0 else "",
        tuple(Told(r.text or t("bulk.others"), f"{r.count:,}") for r in sum_.reasons),
        warned,
        bulk.sample_rows(choice.desk, choice.entity, wanted.edit.names, pairs)
        if choice.verb == "update"
        else (),
        (*choice.hidden, ("_act", json.dumps(wanted.as_json(), ensure_ascii=False)), ("_sure", "1")),
        choice.href,
        t(f"bulk_do.{choice.verb}", n=f"{able:,}") if able else "",
        choice.verb == "update",
    )


# --- what came of it ----------------------------------------------------------------------------------------------
def _toast(here: Here, desk: Desk, entity: Entity, done: Done, wanted: Act) -> Toast:
    t, sum_ = here.reader.t, done.sum
    assert sum_ is not None
    n = f"{sum_.changed:,}"
    text = t(f"bulk_done.{wanted.verb}", n=n)
    if wanted.verb == "update" and len(wanted.edit.set) == 1 and not (wanted.edit.add or wanted.edit.remove):
        (name, value), *_ = wanted.edit.set.items()
        of = entity.fields[name]
        shown = desk.face(of, Titles(desk).of(of, value))
        if shown.text and not shown.is_absent and len(shown.text) <= 40:
            text = t("bulk_done.set", n=n, field=here.reader.label(of.label), value=shown.text)
    at = f"{desk.address}/{entity.name}/bulk/{done.job}"
    undo = f"{at}/undo" if sum_.changed and wanted.verb != "share" else ""
    return _with_rest(here, Toast(text, undo, in_place=True), sum_, at)


def _with_rest(here: Here, toast: Toast, sum_: Sum, at: str) -> Toast:
    """The same, with what was not done and where it says why."""
    if not sum_.refused:
        return toast
    rest = here.reader.t("bulk.not_done", n=f"{sum_.refused:,}")
    sign = "，" if here.reader.language == "zh" else "; "
    return Toast(
        toast.text + sign + rest, toast.undo, "check" if sum_.changed else "info-circle",
        in_place=True, href=at, link=here.reader.t("bulk.why"),
    )  # fmt: skip


def _finished(here: Here, toast: Toast, base: str) -> Response:
    """The dialog is over, the list is asked for anew."""
    response = here.block("parts/bulk.html", "over", toast=toast, base=base)
    response.headers["HX-Trigger"] = RECORDS_CHANGED
    return response


def _exported(choice: _Choice) -> Response:
    """A file of the chosen records, as a job."""
    here, desk, entity = choice.here, choice.desk, choice.entity
    query = Query(entity.name, limit=1, count=False, export=True)
    desk.records.list(query)
    order = {**export_order(query, "xlsx"), "selection": choice.kept().id}
    made, _ = jobs_of(here.visit).prepare(
        here.connection, here.viewer, "export", desk.app.name, entity.name, order
    )
    return _following(here, desk, entity, made)


def undo(visit: Visit) -> Response:
    """Take an act of one's own back, as far as nobody has changed the records since."""
    at = visit.site.clock.now()
    with visit.writing() as here:
        desk = here.desk()
        entity = here.entity(desk)
        jobs = jobs_of(visit)
        found = jobs.act(here.connection, here.viewer, visit.path("job"))
        if (found.app, found.entity) != (desk.app.name, entity.name):
            raise refuse(NOT_FOUND)
        done = Acting(jobs, here.connection, desk.records, entity.name, at).undo(found)
        where = f"{desk.address}/{entity.name}/bulk/{done.job}"
        if done.sum is None:
            word = desk.word(entity, many=True)
            text = here.reader.t("bulk_job.undo", entity=word)
            answer = here.done(Toast(text, icon="clock", href=where, link=here.reader.t("bulk.why")))
        else:
            text = here.reader.t("bulk_done.undo", n=f"{done.sum.changed:,}")
            answer = here.done(_with_rest(here, Toast(text), done.sum, where))
    jobs.wake()
    return answer


# --- following a job ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Followed:
    """A job as its dialog tells it."""

    title: str
    state: str
    words: str
    done: int
    total: int
    href: str
    reasons: tuple[Told, ...]
    warnings: tuple[WarnedAll, ...]
    notes: tuple[str, ...]
    undo: bool
    download: str
    is_page: bool = False


def job(visit: Visit) -> Response:
    """How far a job is, and what came of it: within a dialog, or as a page of its own."""
    with visit.reading() as here:
        desk = here.desk()
        entity = here.entity(desk)
        made = _followed(here, desk, entity, visit.path("job"), is_page=not visit.is_fragment)
        if not visit.is_fragment:
            shell = here.shell(made.title, desk=desk, entity=entity.name)
            return here.page("bulk_job.html", shell, job=made)
        answer = here.block("parts/bulk_job.html", "followed", job=made)
        if made.state not in ("queued", "running") and not made.download:
            answer.headers["HX-Trigger"] = RECORDS_CHANGED
        return answer


def stop(visit: Visit) -> Response:
    """Ask that it end; what was done stays."""
    with visit.reading() as here:
        desk = here.desk()
        entity = here.entity(desk)
        jobs_of(visit).cancel(here.connection, here.viewer, visit.path("job"))
        made = _followed(here, desk, entity, visit.path("job"))
        return here.block("parts/bulk_job.html", "followed", job=made)


def _following(here: Here, desk: Desk, entity: Entity, job_id: str) -> Response:
    made = _followed(here, desk, entity, job_id)
    return here.block("parts/bulk.html", "job", job=made)


def _followed(here: Here, desk: Desk, entity: Entity, job_id: str, *, is_page: bool = False) -> Followed:
    told = jobs_of(here.visit).get(here.connection, here.viewer, job_id)
    if (told["app"], told["entity"]) != (desk.app.name, entity.name) or told["kind"] not in _FOLLOWED:
        raise refuse(NOT_FOUND)
    t, state = here.reader.t, told["state"]
    outcome: Mapping[str, Any] = told["outcome"] or {}
    sum_ = Sum.of(outcome) if "records" in outcome else Sum()
    total = int(told["total"] or sum_.records)
    word = desk.word(entity, many=True)
    notes = []
    if state == "failed":
        words = str((told["problem"] or {}).get("detail") or t("bulk.job.failed"))
    elif state == "cancelled":
        words = t("bulk.job.cancelled")
    elif state == "done":
        key = "undo" if told["kind"] == "undo" else "update"
        words = (
            t("bulk.job.done") if told["kind"] == "export" else t(f"bulk_done.{key}", n=f"{sum_.changed:,}")
        )
    else:
        words = t("bulk.job.progress", done=f"{told['done']:,}", n=f"{total:,}") if total else ""
    if sum_.same:
        notes.append(t("bulk.same", n=f"{sum_.same:,}"))
    if sum_.refused:
        notes.append(t("bulk.not_done", n=f"{sum_.refused:,}"))
    return Followed(
        t(f"bulk_job.{told['kind']}", entity=word),
        state,
        words,
        int(told["done"]),
        total,
        f"{desk.address}/{entity.name}/bulk/{job_id}",
        tuple(Told(r.text or t("bulk.others"), f"{r.count:,}") for r in sum_.reasons),
        tuple(WarnedAll(w.rule, w.text, f"{w.count:,}", "") for w in sum_.warnings),
        tuple(notes),
        told["kind"] == "act" and state in ("done", "cancelled", "failed") and bool(sum_.changed),
        str(told["result_url"] or ""),
        is_page,
    )


_FOLLOWED = ("act", "undo", "export")
