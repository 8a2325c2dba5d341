"""Finding in the studio: a search over all documents, and where a thing is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer.places import anchor, href
from dougong_designer.searching import search
from dougong_platform.http.pages.studio.base import label_of, open_studio, part
from dougong_platform.http.pages.studio.tree import ICONS, is_document
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.references import Reference, Target
from dougong_runtime.documents.yaml_text import PathSteps, path_text
from dougong_runtime.labels import Label

USES_MAX = 200
WORDS_MAX = 100
TEMPLATE = "studio/finding.html"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document, to go to."""

    href: str
    icon: str
    title: str
    where: str
    """The document it is in, in words."""
    text: str
    """What stands there."""
    key: str


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/search`, `/studio/{app}/uses`."""
    return [
        pages.get("/studio/{app}/search", searched),
        pages.get("/studio/{app}/uses", uses),
    ]


def searched(visit: Visit) -> Response:
    """Places whose text has the words of `q`; before anything is typed, the documents that were changed."""
    with visit.reading() as here:
        studio, words = open_studio(here), visit.query("q").strip()[:WORDS_MAX]
        found = [
            _place(here, studio, hit.key, hit.at, here.reader.label(hit.title), hit.name, hit.text)
            for hit in search(studio.draft.documents, words, here.reader.language)
        ]
        if not words:
            found = documents_of(here, studio, sorted(studio.draft.changed))
        return part(here, studio, TEMPLATE, "found", found=found, words=words)


def uses(visit: Visit) -> Response:
    """`?kind=&name=&owner=`: every place that names a thing, as a list of links; `within=1`: or anything it owns."""
    with visit.reading() as here:
        studio = open_studio(here)
        target = Target(visit.query("kind"), visit.query("name"), visit.query("owner"))
        references = studio.linked.references
        found = references.within(target) if visit.query("within") else references.to(target)
        return part(here, studio, TEMPLATE, "uses", uses=used_by(here, studio, found))


def used_by(here: Here, studio: Studio, references: Iterable[Reference]) -> list[Place]:
    """References as places, one for each thing that names."""
    met: dict[tuple[str, str], Place] = {}
    for reference in references:
        data = studio.draft.documents.get(reference.document)
        if data is None or not is_document(reference.document):
            continue
        kind = reference.document.partition("/")[0]
        at = anchor(kind, data, reference.path)
        title = title_at(here, data, reference.path, at) or label_of(here, studio, reference.document)
        value = _value(data, reference.path)
        path = path_text(reference.path)
        place = _place(here, studio, reference.document, at, title, path.rpartition(".")[2], value)
        met.setdefault((reference.document, at or path), place)
    ordered = sorted(
        met.values(), key=lambda p: (list(KINDS).index(p.key.partition("/")[0]), p.where, p.title)
    )
    return list(islice(ordered, USES_MAX))


def documents_of(here: Here, studio: Studio, keys: Iterable[str]) -> list[Place]:
    """Documents as places."""
    return [
        _place(here, studio, key, "", label_of(here, studio, key), "", "")
        for key in keys
        if key in studio.draft.documents and is_document(key)
    ]


def title_at(here: Here, data: Any, steps: PathSteps, at: str) -> str:
    """What the thing of that id, which stands on the way, is called."""
    for step in steps:
        data = data[step]
        if isinstance(data, dict) and data.get("id") == at:
            name = next(
                (str(data[n]) for n in ("name", "value", "code", "field", "entity") if data.get(n)), ""
            )
            label = data.get("label") or data.get("section")
            return here.reader.label(Label.of(label, name)) or str(data.get("do", at))
    return ""


def _value(data: Any, steps: PathSteps) -> str:
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return data if isinstance(data, str) else ""


def _place(here: Here, studio: Studio, key: str, at: str, title: str, inner: str, text: str) -> Place:
    kind, _, name = key.partition("/")
    label = label_of(here, studio, key) or name
    kind_label = here.reader.label(KINDS.get(kind).label)
    where = f"{kind_label} · {label}" if title != label else kind_label
    both = Label.of(studio.draft.documents[key].get("label"), name)
    shown = text if text and text not in (title, both.zh, both.en) else (inner if at else name)
    return Place(href(studio.name, key, at), ICONS.get(kind, "file"), title, where, shown, key)
