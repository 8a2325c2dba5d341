"""Unsaved work of a form, sent by it while one types and when it is left; and its being dropped."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform import drafts
from dougong_platform.drafts import Key
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.viewer import CSRF_FIELD
from dougong_runtime.errors import FORBIDDEN, refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.forms import form_of

NAME_LENGTH_MAX = 200
_NOT_KEPT = (CSRF_FIELD, "_touched", "quick")


def routes(pages: Pages) -> list[BaseRoute]:
    """Below the address of a form."""
    return [
        pages.post("/apps/{app}/{entity}/new/draft", keep),
        pages.post("/apps/{app}/{entity}/{id}/edit/draft", keep),
    ]


def keep(visit: Visit) -> Response:
    """Keep what was typed, and say when; with `_drop`, drop what was kept and show the form
    without it (`_quiet`: it is shown already)."""
    with visit.writing() as here:
        key = _key(here)
        if "_drop" in visit.form:
            drafts.drop(here.connection, here.viewer, key)
            if "_quiet" in visit.form:
                return JSONResponse({})
            return go(visit.request.url.path.removesuffix("/draft"))
        now = here.site.clock.now()
        pairs = [
            (name, text)
            for name, text in visit.form.multi_items()
            if isinstance(text, str) and name not in _NOT_KEPT and len(name) <= NAME_LENGTH_MAX
        ]
        drafts.keep(here.connection, here.viewer, key, visit.whole("version"), pairs, now)
        at = here.reader.local(now)
        return JSONResponse({"said": here.reader.t("draft.kept", at=f"{at:%H:%M}")})


def _key(here: Here) -> Key:
    """The form that is being filled in. Raises Refused for what its reader could not fill in."""
    desk = here.desk()
    entity = here.entity(desk)
    record = here.visit.request.path_params.get("id")
    action = "create" if record is None else "update"
    if not desk.records.can(entity.name, action):
        word = Label("新建", "creating") if record is None else Label("修改", "changing")
        raise refuse(FORBIDDEN, entity=entity.label, action=word)
    if record is not None:
        record = str(
            desk.records.get(entity.name, record.lower() if is_record_id(record.lower()) else record)["id"]
        )
    form = form_of(desk.app, entity, here.visit.text("form") or None)
    return Key(desk.app.name, entity.name, record or "", form.name if form.document is not None else "")
