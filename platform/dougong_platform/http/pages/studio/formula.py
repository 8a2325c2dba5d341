"""The formula editor: functions and fields beside, what is wrong and how it is mended, what it gives on three records.

A text box that asks the server works without any script; the script puts an editor in its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import formulas
from dougong_designer.formulas import Chip, Fix, Standing
from dougong_designer.formulas import acts as formulas_acts
from dougong_designer.formulas import complete as formulas_complete
from dougong_designer.formulas.complete import Offer
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import open_studio, page, part
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_platform.studio_formulas import Formula, formula_at, where_of
from dougong_runtime.formulas.functions import FAMILIES, FUNCTIONS, operators
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.shell import Toast

TEMPLATE = "studio/formula.html"
FIX_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """A group in the list beside the editor."""

    label: str
    offers: tuple[Offer, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong, and the remedy as the page sends it."""

    says: str
    fix: str
    fix_says: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a formula as it reads: words as written, or a name's label."""

    text: str
    name: str = ""


@dataclass(frozen=True)
class Look:
    """What is known of a formula as it stands."""

    text: str
    problems: tuple[Problem, ...]
    pieces: tuple[Piece, ...]
    type: str
    says: str
    samples: tuple[Any, ...]
    count: str


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/formula`, its parts, and the act that writes a formula."""
    formula = "/studio/{app}/formula"
    return [
        pages.get(formula, whole),
        pages.post(formula, dialog, writes=False),
        pages.post(formula + "/look", look, writes=False),
        pages.post(formula + "/save", save),
    ]


def whole(visit: Visit) -> Response:
    """The editor as a page, for what the draft has at `at`; as a part, the dialog."""
    with visit.reading() as here:
        studio = open_studio(here)
        asked = _Asked(*(visit.query(name) for name in ("at", "entity", "place")))
        return _editor(here, studio, asked.formula(studio), asked)


def dialog(visit: Visit) -> Response:
    """The editor for a text; `fix`: a remedy that is carried out first."""
    with visit.reading() as here:
        studio = open_studio(here)
        asked = _asked(visit)
        found = asked.formula(studio, _mended(visit.text("text"), visit.text("fix")))
        return _editor(here, studio, found, asked)


def look(visit: Visit) -> Response:
    """What is wrong with a text, or what it gives."""
    with visit.reading() as here:
        studio = open_studio(here)
        found = _asked(visit).formula(studio, visit.text("text"))
        return part(here, studio, TEMPLATE, "look", f=look_of(here, found, tried=True))


def save(visit: Visit) -> Response:
    """The formula at `at`, which was `seen` when the editor was opened. Empty: the property goes."""

    def written(here: Here, studio: Studio) -> Response:
        where = where_of(visit.text("at"))
        made = formulas_acts.written(studio.draft, where, visit.text("text"), visit.text("seen"))
        return acted(here, studio, studio.take(made), Toast(here.reader.t("studio.formula.saved")))

    return acting(visit, written)


@dataclass(frozen=True, slots=True)
class _Asked:
    at: str
    entity: str
    place: str

    def formula(self, studio: Studio, text: str | None = None) -> Formula:
        return formula_at(studio, self.at, self.entity, self.place, text)


def _asked(visit: Visit) -> _Asked:
    return _Asked(*(visit.text(name) for name in ("at", "entity", "place")))


def _editor(here: Here, studio: Studio, found: Formula, asked: _Asked) -> Response:
    values: Mapping[str, Any] = {
        "f": look_of(here, found, tried=True),
        "shelves": _shelves(here.reader, found.standing),
        "at": asked.at,
        "entity": asked.entity,
        "place": asked.place,
        "seen": here.visit.text("seen") or formulas.value_at(studio.draft.documents, found.where),
        "stands_in": _stands_in(here.reader, found.standing),
    }
    if here.visit.is_fragment:
        return part(here, studio, TEMPLATE, "dialog", **values)
    key = found.where[0] if found.where and found.where[0] in studio.draft.documents else ""
    return page(here, studio, TEMPLATE, key, here.reader.t("studio.formula.title"), **values)


def _stands_in(reader: Reader, standing: Standing) -> str:
    return reader.label(standing.entity.label) if standing.entity is not None else ""


def look_of(here: Here, found: Formula, *, tried: bool) -> Look:
    """What is known of a formula; `tried`: on records too."""
    reader = here.reader
    result = found.findings.result
    given = found.results(reader) if tried else None
    count = ""
    if given is not None and given.says is None and result is not None and result.type.kind is Kind.BOOLEAN:
        counted = found.count()
        if counted.says is None:
            n = f"{counted.found:,}" + ("" if counted.is_exact else "+")
            count = reader.t("studio.condition.count", n=n, of=f"{counted.of:,}")
    return Look(
        text=found.text,
        problems=tuple(
            Problem(
                reader.label(w.says),
                json.dumps({"offset": w.fix.offset, "length": w.fix.length, "text": w.fix.text})
                if w.fix is not None
                else "",
                _fix_says(reader, w.fix),
            )
            for w in found.findings.wrong
        ),
        pieces=pieces(reader, found.text, formulas.chips(found.standing, found.text)),
        type=reader.label(formulas.type_words(result.type, found.standing.app)) if result is not None else "",
        says=reader.label(given.says) if given is not None and given.says is not None else "",
        samples=given.samples if given is not None else (),
        count=count,
    )


def _fix_says(reader: Reader, fix: Fix | None) -> str:
    if fix is None:
        return ""
    if not fix.text:
        return reader.t("studio.formula.fix_drop")
    key = "studio.formula.fix_add" if fix.length == 0 else "studio.formula.fix_use"
    return reader.t(key, text=reader.quoted(fix.text))


def pieces(reader: Reader, text: str, chips: Sequence[Chip]) -> tuple[Piece, ...]:
    """A formula as it reads, labels for names."""
    made: list[Piece] = []
    at = 0
    for chip in chips:
        if chip.offset > at:
            made.append(Piece(text[at : chip.offset]))
        at = chip.offset + chip.length
        made.append(Piece(reader.label(chip.label), text[chip.offset : at]))
    if at < len(text):
        made.append(Piece(text[at:]))
    return tuple(made)


def _mended(text: str, fix: str) -> str:
    """A text with a remedy carried out; as it is where what is given is none."""
    try:
        given = json.loads(fix[:FIX_MAX]) if fix else {}
        offset, length, put = int(given["offset"]), int(given["length"]), str(given["text"])
    except (ValueError, TypeError, KeyError):
        return text
    return text[: max(offset, 0)] + put + text[max(offset, 0) + max(length, 0) :]


def _shelves(reader: Reader, standing: Standing) -> tuple[Shelf, ...]:
    """Fields first, then functions by family, as the manual orders them."""
    offers = formulas_complete.at_start(standing)
    fields = tuple(o for o in offers if o.sort in ("field", "many", "variable"))
    made = [Shelf(reader.t("studio.formula.fields"), fields, is_open=True)] if fields else []
    settings = tuple(o for o in offers if o.sort == "setting")
    functions = {o.label.en: o for o in offers if o.sort == "function"}
    for family in FAMILIES:
        if family is operators:
            continue
        label: Label = family.LABEL
        known = (f.name for _, f in FUNCTIONS.items() if f.family == family.FAMILY)
        made.append(Shelf(reader.label(label), tuple(functions[n] for n in known if n in functions)))
    if settings:
        made.append(Shelf(reader.t("studio.formula.settings"), settings))
    return tuple(shelf for shelf in made if shelf.offers)
