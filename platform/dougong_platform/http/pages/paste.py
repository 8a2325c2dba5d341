"""A block of cells pasted into a list: read, tried and shown before it is written, in one transaction, with undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import selections
from dougong_platform.http.pages.bulk import jobs_of
from dougong_platform.http.pages.visit import RECORDS_CHANGED, Here, Pages, Visit
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.model.app import Entity
from dougong_runtime.names import is_record_id, uuid7
from dougong_runtime.pages.bulk import WarnedAll
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.faces import NOTHING, Face
from dougong_runtime.pages.shell import Toast
from dougong_runtime.pages.views import resolve
from dougong_runtime.records.each import Edit, Wish
from dougong_runtime.transfer.block import Block, read_block
from dougong_runtime.transfer.row_reader import Parsed

SHOWN_MAX = 50
"""Rows that the preview shows."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Where a list's cells are pasted."""
    return [pages.post("/apps/{app}/{entity}/paste", paste)]


@dataclass(frozen=True, slots=True)
class PastedCell:
    """A cell of the preview: what stands there, what would, or why it cannot."""

    now: Face
    then: Face
    bad: str = ""
    same: bool = False


@dataclass(frozen=True, slots=True)
class PastedRow:
    """A row of the preview."""

    title: str
    is_new: bool
    cells: tuple[PastedCell, ...]
    bad: str = ""


@dataclass(frozen=True)
class Pasted:
    """The preview."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[PastedRow, ...]
    notes: tuple[str, ...]
    warnings: tuple[WarnedAll, ...]
    submit: str
    href: str
    hidden: tuple[tuple[str, str], ...]


@dataclass
class _Pasting:
    """One block over one list."""

    here: Here
    desk: Desk
    entity: Entity
    block: Block
    targets: list[str]
    reasons: Mapping[str, str]
    done: list[str] = field(default_factory=list)
    """Ids of the records that were changed or made."""
    changed: int = 0
    made: int = 0
    same: int = 0
    refused: dict[int, Refused] = field(default_factory=dict)
    """Row → why it is not taken."""

    @classmethod
    def of(cls, here: Here) -> _Pasting:
        visit, desk = here.visit, here.desk()
        entity = here.entity(desk)
        if not desk.records.can(entity.name, "read"):
            raise refuse(NOT_FOUND)
        raw = visit.form.get("_block")
        names = [n for n in visit.text("_fields").split(",") if n]
        block = read_block(desk.records, entity.name, raw if isinstance(raw, str) else "", names)
        targets = [i for i in visit.text("_rows").split(",") if is_record_id(i)]
        reasons = {
            k[9:]: v.strip()
            for k, v in visit.form.items()
            if k.startswith("_reasons.") and isinstance(v, str) and v.strip()
        }
        return cls(here, desk, entity, block, targets, reasons)

    def target(self, at: int) -> str | None:
        """The record that a row is written over; None for a new one."""
        return self.targets[at] if at < len(self.targets) else None

    def write(self, batch: str | None) -> None:
        """Write what can be written. What is wrong with a cell keeps its whole row back."""
        many, name = self.desk.records.many, self.entity.name
        good = [(n, p) for n, p in enumerate(self.block.rows) if not p.bad]
        places = {t: n for n, _ in good if (t := self.target(n)) is not None}
        wishes = [Wish(t, Edit(dict(p.values))) for n, p in good if (t := self.target(n)) is not None]
        outcome = many.update(name, wishes, reasons=self.reasons, batch=batch)
        self.done += [c.record for c in outcome.done]
        self.changed, self.same = len(outcome.done), len(outcome.same)
        self.refused |= {places[r]: why for r, why in outcome.refused.items() if r in places}
        new = [(n, _given(p)) for n, p in good if self.target(n) is None]
        if not new:
            return
        if not self.desk.records.can(name, "create"):
            refused = refuse(NOT_FOUND)
            self.refused |= {n: refused for n, _ in new}
            return
        made = many.create(name, [values for _, values in new], reasons=self.reasons, batch=batch)
        self.done += list(made.ids.values())
        self.made = len(made.ids)
        self.refused |= {new[place][0]: why for place, why in made.refused.items()}


def _given(parsed: Parsed) -> dict[str, Any]:
    """Of a new record what is filled in: the rest has its defaults."""
    return {n: v for n, v in parsed.values.items() if v not in (None, "", [])}


def paste(visit: Visit) -> Response:
    """The preview, or with `_step=run` the writing of it."""
    at = visit.site.clock.now()
    with visit.writing() as here:
        pasting = _Pasting.of(here)
        if visit.text("_step") == "run":
            return _run(pasting, at)
        with pasting.desk.records.many.rehearsing():
            pasting.write(None)
        return here.block("parts/paste.html", "paste", p=_preview(pasting))


def _run(pasting: _Pasting, at: datetime) -> Response:
    here, desk, entity = pasting.here, pasting.desk, pasting.entity
    batch = uuid7()
    pasting.write(batch)
    chosen = selections.name(desk.records, here.connection, entity.name, pasting.done, at)
    desk.records.many.ended(batch)
    figures = {
        "records": len(pasting.block.rows),
        "changed": len(pasting.done),
        "same": pasting.same,
        "refused": len(pasting.refused) + sum(bool(p.bad) for p in pasting.block.rows),
    }
    order = {"selection": chosen.id, "act": {"verb": "paste"}, "reasons": dict(pasting.reasons)}
    jobs_of(here.visit).settled(
        here.connection, here.viewer, "act", desk.app.name, entity.name, order, figures, job=batch, at=at
    )
    text = here.reader.t("paste.done", changed=pasting.changed, made=pasting.made)
    undo = f"{desk.address}/{entity.name}/bulk/{batch}/undo" if pasting.done else ""
    response = here.block("parts/bulk.html", "over", toast=Toast(text, undo, in_place=True))
    response.headers["HX-Trigger"] = RECORDS_CHANGED
    return response


def _preview(pasting: _Pasting) -> Pasted:
    here, desk, entity, block = pasting.here, pasting.desk, pasting.entity, pasting.block
    t, reader = here.reader.t, here.reader
    notes = []
    if block.left_out:
        found = [resolve(desk.app, entity, n) for n in block.left_out]
        labels = [reader.label(c.field.label) for c in found if c is not None]
        notes.append(t("paste.left_out", fields=reader.joined(labels)))
    if block.beyond:
        notes.append(t("paste.beyond", n=block.beyond))
    if pasting.same:
        notes.append(t("bulk.same", n=pasting.same))
    bad = sum(bool(p.bad) for p in block.rows)
    warned = _warned(pasting)
    blocked = [r for r in pasting.refused.values() if r.problems]
    if bad + len(blocked):
        notes.append(t("paste.bad", n=bad + len(blocked)))
    able = pasting.changed + pasting.made + sum(1 for r in pasting.refused.values() if not r.problems)
    visit = here.visit
    raw = visit.form.get("_block")
    hidden = (
        ("_block", raw if isinstance(raw, str) else ""),
        ("_rows", visit.text("_rows")),
        ("_fields", visit.text("_fields")),
    )
    return Pasted(
        t("paste.title", rows=len(block.rows), columns=len(block.columns)),
        tuple(c.header for c in block.columns),
        _rows(pasting),
        tuple(notes),
        warned,
        t("paste.do", n=able) if able else "",
        f"{desk.address}/{entity.name}/paste",
        hidden,
    )


def _warned(pasting: _Pasting) -> tuple[WarnedAll, ...]:
    counts: dict[str, int] = {}
    texts: dict[str, str] = {}
    for refused in pasting.refused.values():
        for warning in refused.warnings if not refused.problems else ():
            rule = str(warning.facts.get("rule") or warning.type.name)
            counts[rule] = counts.get(rule, 0) + 1
            texts[rule] = warning.text(pasting.here.reader.language)
    return tuple(WarnedAll(r, texts[r], str(n), pasting.reasons.get(r, "")) for r, n in counts.items())


def _rows(pasting: _Pasting) -> tuple[PastedRow, ...]:
    desk, entity, block = pasting.desk, pasting.entity, pasting.block
    language = pasting.here.reader.language
    titled = Titles(desk)
    names = [c.field.name for c in block.columns if c.field.name in desk.views(entity.name)]
    title = [entity.title] if entity.title in desk.views(entity.name) else []
    known = desk.records.many.look(
        entity.name, pasting.targets[: len(block.rows)][:SHOWN_MAX], list(dict.fromkeys((*title, *names)))
    )
    made = []
    for at, parsed in enumerate(block.rows[:SHOWN_MAX]):
        target = pasting.target(at)
        before = known.get(target, {}) if target is not None else {}
        refused = pasting.refused.get(at)
        problems = refused.problems if refused is not None else ()
        said: dict[str, str] = {}
        for problem in problems:
            where = problem.field if problem.field in {c.field.name for c in block.columns} else ""
            said[where or ""] = f"{said.get(where or '', '')} {problem.text(language)}".strip()
        cells = []
        for column in block.columns:
            of = column.field
            wrong = next((b.reason.in_(language) for b in parsed.bad if b.column == column.header), "")
            wrong = wrong or said.get(of.name, "")
            now = desk.face(of, titled.of(of, before.get(of.name))) if before else NOTHING
            value = parsed.values.get(of.name)
            json = None if value is None else of.kind.to_json(of, value)
            then = desk.face(of, titled.of(of, json))
            if wrong and of.name not in parsed.values:
                raw = parsed.row.cells[column.place]
                then = Face("text", str(raw or ""))
            cells.append(PastedCell(now, then, wrong, not wrong and now == then))
        name = desk.title(entity, before) if before else ""
        made.append(PastedRow(name, target is None, tuple(cells), said.get("", "")))
    return tuple(made)
