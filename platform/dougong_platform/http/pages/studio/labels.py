"""All labels and texts of an app in one table: what is missing in a language, changed in place, out and in as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import labels
from dougong_designer.labels import Place, Wanted
from dougong_designer.labels import table as labels_table
from dougong_designer.patch import CHANGED_MEANWHILE
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import frame_of, open_studio, page, part
from dougong_platform.http.pages.studio.canvases import TOOLS, Tool
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.studio import Studio
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.problems import MALFORMED
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.shell import Toast

TEMPLATE = "studio/labels.html"
ROWS = 200
IMPORT_LINES_MAX = 20_000
SHOWN_MAX = 300


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/labels` and what belongs to it."""
    address = "/studio/{app}/labels"
    return [
        pages.get(address, show),
        pages.get(address + "/counts", counts),
        pages.get(address + "/file", file),
        pages.post(address + "/set", set_words),
        pages.post(address + "/compare", compare),
        pages.post(address + "/take", take),
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """A label in the table."""

    id: str
    document: str
    document_label: str
    href: str
    of: str
    what: str
    pointer: str
    zh: str
    en: str
    missing: tuple[str, ...]
    long: bool


def _rows(here: Here, studio: Studio, found: Sequence[Place]) -> tuple[Row, ...]:
    reader, documents = here.reader, studio.draft.documents
    made = []
    for one in found:
        name = one.document.partition("/")[2]
        label = reader.label(Label.of(documents[one.document].get("label"), name))
        made.append(
            Row(
                f"lb-{labels.mark_of(one.document, one.pointer)}",
                one.document,
                label,
                f"/studio/{studio.name}/{one.document}",
                one.owner,
                _what(here, one.path[-1]),
                one.pointer,
                one.zh,
                one.en,
                one.missing,
                max(len(one.zh), len(one.en)) > 60 or "\n" in one.zh + one.en,
            )
        )
    return tuple(made)


_WHAT = (
    "label",
    "help",
    "plural",
    "message",
    "placeholder",
    "unit",
    "section",
    "text",
    "title",
    "subject",
    "body",
    "prompt",
)
"""Properties that hold labels and have words of their own in the table."""


def _what(here: Here, name: str) -> str:
    return here.reader.t(f"labels.what.{name}") if name in _WHAT else name


def _values(here: Here, studio: Studio) -> dict[str, Any]:
    query = here.visit.query
    every = labels.places(studio.draft.documents)
    chosen = labels.chosen(every, kind=query("kind"), missing=query("missing"), text=query("text"))
    start = int(query("start")) if query("start").isdecimal() and len(query("start")) < 7 else 0
    given = {name: query(name) for name in ("kind", "missing", "text") if query(name)}
    base = f"/studio/{studio.name}/labels"
    kinds = {place.kind for place in every}
    further = start + ROWS
    return {
        "base": base,
        "rows": _rows(here, studio, chosen[start:further]),
        "found_n": len(chosen),
        "given": given,
        "file_href": f"{base}/file?{urlencode(given)}",
        "more_href": f"{base}?{urlencode({**given, 'start': str(further)})}" if further < len(chosen) else "",
        "kinds": [(kind, here.reader.label(KINDS.get(kind).label)) for kind in KINDS if kind in kinds],
        **_counts(every),
    }


def _counts(every: Sequence[Place]) -> dict[str, Any]:
    return {
        "all_n": len(every),
        "zh_n": sum("zh" in place.missing for place in every),
        "en_n": sum("en" in place.missing for place in every),
    }


def show(visit: Visit) -> Response:
    """The table; for htmx its rows alone, or further ones."""
    with visit.reading() as here:
        studio = open_studio(here)
        values = _values(here, studio)
        if visit.is_fragment:
            return part(here, studio, TEMPLATE, "rows" if visit.query("start") else "found", **values)
        shell = here.shell(here.reader.t("labels.title"), toast=_told(here))
        return here.page(TEMPLATE, shell, studio=frame_of(here, studio), **values)


def counts(visit: Visit) -> Response:
    """How many labels there are, and how many lack a language."""
    with visit.reading() as here:
        studio = open_studio(here)
        base = f"/studio/{studio.name}/labels"
        return part(
            here, studio, TEMPLATE, "counts", base=base, **_counts(labels.places(studio.draft.documents))
        )


def file(visit: Visit) -> Response:
    """The labels that are shown, as CSV."""
    with visit.reading() as here:
        studio = open_studio(here)
        query = visit.query
        found = labels.places(studio.draft.documents)
        chosen = labels.chosen(found, kind=query("kind"), missing=query("missing"), text=query("text"))
        return csv_answer(studio.name, chosen)


def csv_answer(app: str, chosen: Sequence[Place]) -> Response:
    """Labels as a file to download."""
    headers = {"Content-Disposition": f'attachment; filename="{app}-labels.csv"'}
    return Response(labels_table.written(chosen), media_type="text/csv; charset=utf-8", headers=headers)


# --- acts -------------------------------------------------------------------------------------------------------
def set_words(visit: Visit) -> Response:
    """One label's words in a language. `was`: what stood there; refused where others have changed it since."""
    language, words, was = visit.text("language"), visit.text("words"), visit.text("was")
    given = {language: words}
    wanted = Wanted(visit.text("document"), visit.text("place"), given.get("zh"), given.get("en"))

    def act(here: Here, studio: Studio) -> Response:
        if language not in ("zh", "en"):
            raise refuse(NOT_FOUND)
        documents = studio.draft.documents
        found = labels.compare(documents, [wanted])
        if found.refused:
            raise _refused(found.refused[0])
        for change in found.changes:
            now = change.place.zh if language == "zh" else change.place.en
            if labels.plain(now) != labels.plain(was):
                where = f"{wanted.document}{wanted.pointer}"
                raise refuse(CHANGED_MEANWHILE, where=where, who="—", now=now)
        step = studio.take(labels.changed(documents, found.changes)) if found.changes else None
        return acted(here, studio, step)

    return acting(visit, act)


def _refused(one: labels.Refusal) -> Refused:
    where = f"{one.wanted.document}{one.wanted.pointer}"
    match one.why:
        case "unknown":
            return refuse(NOT_FOUND, name=where)
        case "long":
            return refuse(
                MALFORMED, where, zh=f"最长 {labels.WORDS_MAX} 字。", en=f"No longer than {labels.WORDS_MAX}."
            )
    return refuse(
        MALFORMED, where, zh="名称不能在两种语言里都空着。", en="A label cannot be empty in both languages."
    )


def compare(visit: Visit) -> Response:
    """What a file would change, before anything is changed."""
    sent = visit.form.get("file")
    content = sent.file.read() if isinstance(sent, UploadFile) else b""
    with visit.reading() as here:
        studio = open_studio(here)
        problem, found = "", labels.Import((), (), 0)
        try:
            wanted = labels_table.read(content)
            if len(wanted) > IMPORT_LINES_MAX:
                raise refuse(
                    MALFORMED,
                    zh=f"最多 {IMPORT_LINES_MAX} 行。",
                    en=f"No more than {IMPORT_LINES_MAX} lines.",
                )
            found = labels.compare(studio.draft.documents, wanted)
        except Refused as refused:
            problem = here.said(refused)
        reader = here.reader
        taken = [[c.place.document, c.place.pointer, c.zh, c.en, c.place.mark] for c in found.changes]
        refusals = [
            (r.wanted.line, r.wanted.document, r.wanted.pointer, reader.t(f"labels.why.{r.why}"))
            for r in found.refused
        ]
        return page(
            here,
            studio,
            "studio/labels_compare.html",
            "",
            reader.t("labels.compare"),
            base=f"/studio/{studio.name}/labels",
            problem=problem,
            changes=[(_rows(here, studio, [c.place])[0], c) for c in found.changes[:SHOWN_MAX]],
            changes_n=len(found.changes),
            refusals=refusals[:SHOWN_MAX],
            refused_n=len(refusals),
            same_n=found.same,
            table=json.dumps(taken, ensure_ascii=False, separators=(",", ":")),
        )


def take(visit: Visit) -> Response:
    """All that a file changes, as one act; what was changed since it was shown is left out and counted."""
    try:
        lines = [list(map(str, line)) for line in json.loads(str(visit.form.get("table") or "[]"))]
        given = [Wanted(document, place, zh, en, mark) for document, place, zh, en, mark in lines]
    except (TypeError, ValueError):
        raise refuse(BAD_REQUEST, zh="表格不完整。", en="The table is not whole.") from None

    def act(here: Here, studio: Studio) -> Response:
        found = labels.compare(studio.draft.documents, given)
        if found.changes:
            studio.take(labels.changed(studio.draft.documents, found.changes))
        told = {"taken": len(found.changes), "left": len(found.refused)}
        return go(f"/studio/{studio.name}/labels?{urlencode(told)}")

    return acting(visit, act)


def _told(here: Here) -> Toast | None:
    """What the address says was just taken from a file."""
    taken, left = (
        int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
        for text in (here.visit.query("taken"), here.visit.query("left"))
    )
    if not taken and not left:
        return None
    said = here.reader.t("labels.taken", n=taken)
    return Toast(f"{said} {here.reader.t('labels.left', n=left)}" if left else said)


TOOLS.register("labels", Tool("labels.title", "language"))
