"""Documents as wholes: a new one, a copy, another name, out of the draft and back, and their text as YAML."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer import beginnings, edits, yaml_edit
from dougong_designer.labels_of import words_of
from dougong_designer.naming import name_from
from dougong_platform.http.pages.studio.acting import acted, acting, led
from dougong_platform.http.pages.studio.base import label_of, open_studio, part
from dougong_platform.http.pages.studio.finding import used_by
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.documents.export import document_text
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.references import Target
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.shell import Toast

TEMPLATE = "studio/documents.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/document/…`: dialogs by GET, acts by POST; `key` names the document."""
    one = "/studio/{app}/document"
    return [
        pages.get(one + "/new", ask_new),
        pages.post(one + "/new", new),
        pages.post(one + "/duplicate", duplicate),
        pages.get(one + "/rename", ask_rename),
        pages.post(one + "/rename", rename),
        pages.get(one + "/remove", ask_remove),
        pages.post(one + "/remove", remove),
        pages.post(one + "/restore", restore),
        pages.get(one + "/yaml", yaml),
        pages.post(one + "/yaml", change_yaml),
    ]


def ask_new(visit: Visit) -> Response:
    """What a new document of a kind is called, and what it is about."""
    with visit.reading() as here:
        return _asked(here, open_studio(here), visit.query("kind"), {})


def new(visit: Visit) -> Response:
    """Make it, and go there. What is refused is said in the dialog."""
    kind = visit.text("kind")
    given = {name: visit.text(name) for name in ("label", "name", "entity")}
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            taken = (k.partition("/")[2] for k in studio.draft.documents if k.startswith(f"{kind}/"))
            label = given["label"] or here.reader.label(_kind_label(kind))
            name = given["name"] or name_from(label, kind, taken)
            key, documents = beginnings.made(
                studio.draft, kind, name, {here.reader.language: label}, given["entity"]
            )
            studio.take(documents)
            return led(studio, key)
    except Refused as refused:
        if (refused.problems or refused.warnings)[0].type.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            return _asked(here, open_studio(here), kind, {**given, "refused": here.said(refused)})


def _asked(here: Here, studio: Studio, kind: str, given: dict[str, str]) -> Response:
    if kind not in KINDS or kind in edits.LAST_ONES:
        raise refuse(NOT_FOUND)
    entities = [
        {"name": key.partition("/")[2], "label": label_of(here, studio, key)}
        for key in studio.draft.documents
        if key.startswith("entity/")
    ]
    values = {
        "kind": kind,
        "kind_label": here.reader.label(_kind_label(kind)),
        "needs_entity": kind in beginnings.NEEDS_ENTITY,
        "may_have_entity": kind in beginnings.MAY_HAVE_ENTITY,
        "entities": entities,
        "given": {"label": "", "name": "", "entity": "", "refused": "", **given},
    }
    return part(here, studio, TEMPLATE, "new", new=values)


def _kind_label(kind: str) -> Label:
    return KINDS.get(kind).label if kind in KINDS else Label(kind, kind)


def duplicate(visit: Visit) -> Response:
    """A copy under a free name; to it."""

    def act(here: Here, studio: Studio) -> Response:
        data = studio.draft.document(visit.text("key"))
        zh, en = words_of(data.get("label") or data.get("name"))
        label = {"zh": f"{zh}（副本）", "en": f"{en} (copy)"}
        key, documents = beginnings.duplicated(studio.draft, visit.text("key"), label)
        studio.take(documents)
        return led(studio, key)

    return acting(visit, act)


def ask_rename(visit: Visit) -> Response:
    """Its name, and every place that will be rewritten."""
    with visit.reading() as here:
        return _renaming(here, open_studio(here), visit.query("key"), "")


def rename(visit: Visit) -> Response:
    """Give it another name, wherever it is named."""
    key = visit.text("key")
    kind, _, _ = key.partition("/")
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            studio.draft.document(key)
            studio.rename(_target(key), visit.text("name"))
            return led(studio, f"{kind}/{visit.text('name')}")
    except Refused as refused:
        if (refused.problems or refused.warnings)[0].type.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            return _renaming(here, open_studio(here), key, here.said(refused))


def _renaming(here: Here, studio: Studio, key: str, refused: str) -> Response:
    studio.draft.document(key)
    if key.partition("/")[0] in edits.LAST_ONES:
        raise refuse(NOT_FOUND)
    found = used_by(here, studio, studio.linked.references.to(_target(key)))
    given = here.visit.text("name") or key.partition("/")[2]
    values = {"uses": found, "name": given, "refused": refused, "title": label_of(here, studio, key)}
    return part(here, studio, TEMPLATE, "rename", key, rename=values)


def ask_remove(visit: Visit) -> Response:
    """Where it is used, before it goes."""
    with visit.reading() as here:
        studio, key = open_studio(here), visit.query("key")
        studio.draft.document(key)
        if key.partition("/")[0] in edits.LAST_ONES:
            raise refuse(NOT_FOUND)
        # What stands in the document itself goes with it.
        within = [r for r in studio.linked.references.within(_target(key)) if r.document != key]
        found = used_by(here, studio, within)
        values = {"uses": found, "title": label_of(here, studio, key), "is_entity": key.startswith("entity/")}
        return part(here, studio, TEMPLATE, "remove", key, remove=values)


def remove(visit: Visit) -> Response:
    """Take it out of the draft; a toast offers it back. Who looks at it is led to the overview."""

    def act(here: Here, studio: Studio) -> Response:
        key = visit.text("key")
        documents = edits.without_document(studio.draft, key)
        text = here.reader.t("studio.done.removed", what=here.reader.quoted(label_of(here, studio, key)))
        step = studio.take(documents)
        if visit.text("shown") == key:
            return led(studio, done="removed", about=key)
        toast = Toast(text, f"/studio/{studio.name}/undo", "trash", in_place=True)
        return acted(here, studio, step, toast)

    return acting(visit, act)


def restore(visit: Visit) -> Response:
    """Bring back a document of the base that the draft has no longer."""

    def act(here: Here, studio: Studio) -> Response:
        key = visit.text("key")
        found = studio.draft.original.get(key)
        if found is None or key.startswith(FILE_KEY) or key in studio.draft.documents:
            raise refuse(NOT_FOUND, name=key)
        studio.take({**studio.draft.documents, key: found})
        return led(studio, key)

    return acting(visit, act)


def yaml(visit: Visit) -> Response:
    """The document as text, to be read, copied or changed."""
    with visit.reading() as here:
        studio, key = open_studio(here), visit.query("key")
        text = document_text(studio.draft.document(key))
        return _text(here, studio, key, text, [])


def change_yaml(visit: Visit) -> Response:
    """Keep the text as the document, as one act; where it is wrong, say so at its line and column."""
    key, text = visit.text("key"), visit.text("text")
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            data = yaml_edit.document_of(studio.draft, key, text)
            step = studio.take(edits.with_document(studio.draft, data, key=key))
            response = acted(here, studio, step, Toast(here.reader.t("studio.yaml_kept")))
            # Nothing is left of the dialog.
            closed = HTMLResponse(bytes(response.body) + b'<p hx-swap-oob="innerHTML:#s-dialogs"></p>')
            closed.headers.update({k: v for k, v in response.headers.items() if k.startswith("hx-")})
            return closed
    except Refused as refused:
        problems = refused.problems or refused.warnings
        if problems[0].type.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            language = here.reader.language
            found: list[dict[str, Any]] = [
                {
                    "line": p.place.line if p.place else 0,
                    "column": p.place.column if p.place else 0,
                    "text": f"{p.text(language)} {p.remedy(language)}".strip(),
                }
                for p in problems
            ]
            return _text(here, open_studio(here), key, text, found)


def _text(here: Here, studio: Studio, key: str, text: str, problems: list[dict[str, Any]]) -> Response:
    title = label_of(here, studio, key)
    values = {"text": text, "rows": min(max(text.count("\n") + 2, 12), 30), "problems": problems}
    return part(here, studio, TEMPLATE, "yaml", key, yaml={**values, "title": title})


def _target(key: str) -> Target:
    kind, _, name = key.partition("/")
    return Target(kind, name)
