"""Exports and imports as jobs do them. Either starts anew where its process was stopped: nothing of it was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from dougong_platform import selections
from dougong_platform.database import retrying
from dougong_platform.http.jobs.work import UPLOAD, Outcome, Work
from dougong_platform.http.problems import describe
from dougong_runtime.errors import Problem, Refused, problem_type
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Page, Query
from dougong_runtime.transfer.chosen import Chosen
from dougong_runtime.transfer.export import export
from dougong_runtime.transfer.load import load
from dougong_runtime.transfer.row_reader import BadCell
from dougong_runtime.transfer.sheets import Sheet, read_table

BAD_CELLS_MAX = 1_000
"""Bad cells that an answer lists."""

BAD_ROW = problem_type(
    "bad-row",
    422,
    "第 {line} 行「{column}」的值 {value}：{zh}",
    "Line {line}, “{column}”, value {value}: {en}",
    remedy=("改正后重新导入。", "Correct it and import again."),
)


def export_order(query: Query, form: str) -> dict[str, Any]:
    """An export as a job's row keeps it."""
    asked = asdict(query)
    return {"format": form} | {name: asked[name] for name in ("filter", "sort", "fields", "search")}


class _LateAudit(Records):
    """Records for a file that takes long to write: the export is audited afterwards, so that SQLite's only writer is
    not held meanwhile. Until then the file is nobody's to take."""

    late: tuple[str, int, Mapping[str, Any]] | None = None
    chosen: Sequence[str] | None = None
    """Records to which it is confined, in their order; None for all that the query gives."""

    def list(self, query: Query) -> Page:
        """A page of it; where records were chosen, of these, a thousand at a time."""
        if self.chosen is None:
            return super().list(query)
        at = int(query.cursor or 0)
        part = self.chosen[at : at + query.limit]
        found = self.many.look(query.entity, part, query.fields or (), export=True)
        beyond = at + query.limit
        rows = [found[i] for i in part if i in found]
        return Page(rows, str(beyond) if beyond < len(self.chosen) else None, len(rows), True)

    def exported(self, entity: str, count: int, facts: Mapping[str, Any]) -> None:
        """Remember it."""
        self.late = (entity, count, facts)


def run_export(work: Work) -> None:
    """Write the file, then audit it and end the job in one transaction."""
    site, order = work.site, work.order
    fields = order["fields"]
    query = Query(
        entity=work.entity,
        filter=order["filter"],
        sort=tuple(order["sort"] or ()),
        fields=None if fields is None else tuple(fields),
        search=order["search"],
        count=False,
    )
    name = f"result-{work.holder}.{order['format'].partition('-')[0]}"
    with site.database.read() as connection, (work.folder / name).open("wb") as out:
        running, zone = site.running(connection, work.app), site.settings.site_time_zone
        records = _LateAudit(running, connection, work.viewer, site.clock, time_zone=zone)
        if "selection" in order:
            chosen = selections.find(connection, work.viewer, work.app, work.entity, order["selection"])
            records.chosen = chosen.records
        rows = export(records, query, order["format"], out, progress=work.progress)
    work.progress(rows, rows)

    def keep() -> None:
        with site.database.write() as connection:
            if records.late is not None:
                site.records(connection, work.viewer, work.app).exported(*records.late)
            work.finish(connection, Outcome({"rows": rows}, name))

    retrying(keep)


def run_import(work: Work) -> None:
    """Read the file in and end the job in one transaction; where nothing was kept for the sake of bad rows, raises
    Refused with every bad cell."""
    retrying(lambda: _import(work))


def _import(work: Work) -> None:
    options = {name: work.order[name] for name in ("key", "dry_run", "keep_good", "name")}
    with work.site.database.write() as connection:
        records = work.site.records(connection, replace(work.viewer, via="import"), work.app)
        loaded = load(records, work.entity, _source(work, records), progress=work.progress, **options)
        problems = [_bad_cell(cell) for cell in loaded.bad[:BAD_CELLS_MAX]]
        if problems and not loaded.saved and not options["dry_run"]:
            raise Refused(problems)
        work.progress(loaded.rows, loaded.rows)
        told = (
            describe(Refused(problems), work.viewer.language, work.job).body["problems"] if problems else []
        )
        answer = {
            "rows": loaded.rows,
            "created": loaded.created,
            "updated": loaded.updated,
            "rejected": loaded.rejected,
            "problems": told,
            "ignored": list(loaded.ignored),
            "saved": loaded.saved,
            "stopped": loaded.stopped,
        }
        work.finish(connection, Outcome(answer))


def _source(work: Work, records: Records) -> Sheet | Path:
    """What is read in: the file that was sent, or those of its columns that fill fields by their ids (`columns` of the
    order: place → id), whatever they are called now."""
    columns: Mapping[str, str] | None = work.order.get("columns")
    if columns is None:
        return work.folder / UPLOAD
    names = {field.id: field.name for field in records.running.app.entities[work.entity].own_fields}
    headers = {int(place): names[identity] for place, identity in columns.items() if identity in names}
    return Chosen(read_table(work.folder / UPLOAD), headers)


def _bad_cell(cell: BadCell) -> Problem:
    facts = {"line": cell.line, "column": cell.column, "value": cell.value}
    return Problem(BAD_ROW, cell.column or None, facts | {"zh": cell.reason.zh, "en": cell.reason.en})
