"""Formulas of a draft before a builder, as pages and the interface ask: what may stand somewhere, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from dougong_designer import formulas
from dougong_designer import patch as patches
from dougong_designer.formulas import Findings, Standing
from dougong_designer.formulas import results as formulas_results
from dougong_designer.formulas.results import Count, Results
from dougong_designer.patch import Tokens
from dougong_platform.studio import DOES_NOT_LINK, Studio
from dougong_runtime.errors import BAD_QUERY, refuse
from dougong_runtime.formulas.check import Place
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.pages.reading import Reader
from dougong_runtime.records.door import Records

POINTER_MAX = 1_000
NO_RESULTS = Label("先把错误改好，再看结果。", "Mend what is wrong to see results.")


@dataclass(frozen=True)
class Formula:
    """A formula at a place of the draft, as it is being written."""

    studio: Studio
    standing: Standing
    where: Tokens
    text: str
    findings: Findings

    @property
    def records(self) -> Records:
        """The door to what the running version keeps, as the builder."""
        studio = self.studio
        return studio.site.records(studio.connection, studio.viewer, studio.name)

    def results(self, reader: Reader) -> Results:
        """What it gives on three records."""
        checked = self.findings.result
        if checked is None:
            return Results(says=NO_RESULTS if self.text.strip() else None)
        return formulas_results.results(self.records, self.standing, self.text, checked.tree, reader)

    def count(self) -> Count:
        """Of how many records it is true, as a condition."""
        checked = self.findings.result
        if checked is None or checked.type.kind is not Kind.BOOLEAN:
            return Count(says=NO_RESULTS)
        return formulas_results.count(self.records, self.standing, self.text, checked.tree)


def where_of(pointer: str) -> Tokens:
    """A place of the draft by its JSON Pointer. Raises Refused (BAD_QUERY)."""
    try:
        if len(pointer) > POINTER_MAX:
            raise ValueError(pointer)
        return patches.tokens_of(pointer)
    except ValueError:
        raise refuse(BAD_QUERY, "at", zh="at 应为 JSON Pointer。", en="“at” is a JSON Pointer.") from None


def standing_at(studio: Studio, pointer: str, entity: str = "", place: str = "") -> Standing:
    """What may stand at a place: as linking says, else over `entity`, as in a `place`. Raises Refused."""
    known: Place = next((p for p in get_args(Place) if p == place), "rule")
    found = formulas.place_of(studio.linked, studio.draft.documents, where_of(pointer), entity, known)
    if found is None:
        raise refuse(DOES_NOT_LINK, count=len(studio.linked.problems))
    return found


def formula_at(
    studio: Studio, pointer: str, entity: str = "", place: str = "", text: str | None = None
) -> Formula:
    """A formula at a place: `text`, or what the draft has there. Raises Refused."""
    standing, where = standing_at(studio, pointer, entity, place), where_of(pointer)
    written = formulas.value_at(studio.draft.documents, where) if text is None else text
    return Formula(studio, standing, where, written, formulas.checked(standing, written))
