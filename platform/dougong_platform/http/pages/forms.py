"""Creating and editing a record by its form's layout: shown, saved or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform import drafts
from dougong_platform.http.pages import filling as filled
from dougong_platform.http.pages.filling import WAS_ROWS, Filling
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import FORBIDDEN, Refused
from dougong_runtime.fields.base import Json
from dougong_runtime.pages.entry import Entry, Refusal, is_empty
from dougong_runtime.records.whole import RowChange


def routes(pages: Pages) -> list[BaseRoute]:
    """`…/new` and `…/{id}/edit`."""
    base = "/apps/{app}/{entity}"
    return [
        pages.get(base + "/new", new),
        pages.post(base + "/new", create),
        pages.get(base + "/{id}/edit", edit),
        pages.post(base + "/{id}/edit", save),
    ]


# --- showing ------------------------------------------------------------------------------------------------------
def new(visit: Visit) -> Response:
    """An empty form, with defaults and what the address fills in; or with the draft that is gone on with."""
    with visit.reading() as here:
        return _opened(filled.new(here))


def edit(visit: Visit) -> Response:
    """The form with the record's values, or with the draft that is gone on with."""
    with visit.reading() as here:
        return _opened(filled.existing(here))


def _opened(filling: Filling) -> Response:
    here = filling.here
    if here.visit.query("draft") == "1":
        draft = drafts.find(here.connection, here.viewer, filling.key)
        if draft is not None:
            filled.go_on(filling, draft)
    return filled.page(filling)


# --- saving -------------------------------------------------------------------------------------------------------
def create(visit: Visit) -> Response:
    """Create the record, or show the form again with what is wrong."""
    return _write(visit)


def save(visit: Visit) -> Response:
    """Save the changes, or show the form again with what is wrong, asked, or in conflict."""
    return _write(visit)


class _Again(Exception):
    """The form is not whole: nothing was written, and it is shown again."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def _write(visit: Visit) -> Response:
    try:
        with visit.writing() as here:
            return _written(here)
    except _Again as again:
        return _again(visit, again.refusal, 422)
    except Refused as refused:
        if refused.status in (401, 404) and all(p.field is None for p in refused.problems):
            raise
        first = (refused.problems or refused.warnings)[0]
        if first.type is FORBIDDEN and first.field is None:
            raise
        return _again(visit, refused, 422 if refused.status == 404 else refused.status)


def _again(visit: Visit, refused: Refused | Refusal, status: int) -> Response:
    with visit.reading() as here:
        filling = filled.sent(here)
        filling.take(visit.form)
        filling.refusal = filling.refused(refused, visit.form) if isinstance(refused, Refused) else refused
        return filled.page(filling, status)


def _written(here: Here) -> Response:
    """Write what was sent; gives where to go."""
    filling = filled.sent(here)
    entry, visit = filling.entry, here.visit
    said = filling.take(visit.form)
    found = entry.states()
    said += [m for m in entry.missing(found, filling.needed) if m.field not in {s.field for s in said}]
    if said:
        raise _Again(Refusal(said))
    rows = {name: made for name, made in filling.changes(visit.form).items() if made}
    lists = {name: [change for _, change in made] for name, made in rows.items()}
    if filling.record is None:
        answer = _created(filling, lists)
    else:
        answer = _changed(filling, lists)
    drafts.drop(here.connection, here.viewer, filling.key)
    _note_picked(filling)
    return answer


def new_values(filling: Filling) -> dict[str, Json]:
    """What a form gives for a new record: what is filled in, and the defaults that were shown."""
    entry = filling.entry
    names = entry.writable(entry.states())
    values = {n: v for n, v in entry.raw(names).items() if not is_empty(v) or n in filling.defaulted}
    hidden = [n for n in filling.defaulted if n not in names]
    fields = filling.entity.fields
    return values | {n: v for n, v in entry.raw(hidden).items() if n in fields and entry.may_write(fields[n])}


def changed_values(filling: Filling) -> dict[str, Json]:
    """What a form changes of a record: what differs from the values it was shown with."""
    entry, visit = filling.entry, filling.here.visit
    values = entry.raw(entry.writable(entry.states()))
    changed = {
        n: v for n, v in values.items() if v != filling.was.get(n) and visit.text(f"_choice.{n}") != "theirs"
    }
    stage = filling.entity.stage
    if filling.stage and stage is not None:
        changed[stage.name] = filling.stage
    return changed


def reasons_of(visit: Visit) -> dict[str, str]:
    """Reasons given for warnings, by rule."""
    given: dict[str, Any] = {k[9:]: v for k, v in visit.form.items() if k.startswith("_reasons.")}
    return {k: v.strip() for k, v in given.items() if isinstance(v, str) and v.strip()}


def _created(filling: Filling, lists: Mapping[str, list[RowChange]]) -> Response:
    desk, entity = filling.desk, filling.entity
    values, reasons = new_values(filling), reasons_of(filling.here.visit)
    made: Mapping[str, Any]
    if lists:
        made, _ = desk.records.whole.create(entity.name, values, lists, reasons=reasons)
    else:
        made = desk.records.create(entity.name, values, reasons=reasons)
    if filling.quick:
        record = str(made["id"])
        title = desk.records.titles(entity.name, [record]).get(record, "")
        return JSONResponse({"id": record, "title": title or desk.title(entity, made)})
    target = filling.back
    if target == filled.list_address(desk, entity):
        readable = desk.records.can(entity.name, "read")
        target = desk.href(entity.name, str(made["id"])) if readable else desk.address
    return go(f"{target}{'&' if '?' in target else '?'}{urlencode({'done': 'created'})}")


def _changed(filling: Filling, lists: Mapping[str, list[RowChange]]) -> Response:
    desk, entity, visit = filling.desk, filling.entity, filling.here.visit
    record = str(filling.record)
    changed, version = changed_values(filling), visit.whole("version")
    merged = _changed_meanwhile(filling, version) if changed else 0
    reasons = reasons_of(visit)
    if lists:
        desk.records.whole.update(entity.name, record, changed, lists, version=version, reasons=reasons)
    elif changed:
        desk.records.update(entity.name, record, changed, version=version, reasons=reasons)
    done = {"done": "moved" if filling.stage else "merged" if merged else "saved"}
    if merged and not filling.stage:
        done["n"] = str(merged)
    return go(f"{desk.href(entity.name, record)}?{urlencode(done)}")


def _changed_meanwhile(filling: Filling, version: int | None) -> int:
    """How many fields others have changed since the form was shown, which the write leaves as they are."""
    now = filling.entry.values.get("version")
    if version is None or not isinstance(now, int) or version >= now:
        return 0
    was = filling.was
    mine = filling.here.visit.form
    fresh = filling.desk.records.get(filling.entity.name, str(filling.record))
    current = Entry(filling.desk, filling.entry.form, fresh, creating=False)
    names = [n for n in current.editable() if n in was and n != WAS_ROWS]
    stands = current.raw(names)
    return sum(1 for n in names if stands[n] != was[n] and str(mine.get(f"_choice.{n}") or "") != "ours")


def _note_picked(filling: Filling) -> None:
    """Remember the records that were chosen, to be offered first next time."""
    here = filling.here
    if here.viewer.user is None:
        return
    picked: list[tuple[str, str]] = []
    for entry in (filling.entry, *(row.entry for rows in filling.rows for row in rows.rows)):
        for name in entry.editable():
            of = entry.entity.fields[name]
            if not of.targets:
                continue
            value = entry.values.get(name)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Mapping) and one.get("id"):
                    picked.append((str(one.get("entity") or of.targets[0]), str(one["id"])))
    now = here.site.clock.now()
    drafts.note_picked(here.connection, here.viewer.user, filling.desk.app.name, picked, now)
