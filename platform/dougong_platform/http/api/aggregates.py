"""Figures over the records that a caller sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads
from dougong_runtime.records.query import LIMIT_MAX, AggregateQuery, Measure

MEASURES_MAX = 50


def aggregate_records(call: Call) -> Response:
    """`POST /{entity}/aggregate`: groups with their measures, and totals over the records."""
    parameters.parameters(call.request)
    body = call.json("rows", "columns", "measures", "filter", "sort", "limit", "search", "listed")
    answer = call.records().aggregate(query_of(call.path("entity"), body))
    return json_answer({"rows": answer.rows, "total": answer.total, "withheld": answer.withheld})


def query_of(entity: str, body: dict[str, Any]) -> AggregateQuery:
    """The figures that a body asks for. `sort` is a list of names, or names between commas."""
    asked = AggregateQuery(
        entity=entity,
        rows=json_body.texts_member(body, "rows"),
        columns=json_body.texts_member(body, "columns"),
        filter=json_body.text_member(body, "filter"),
        sort=json_body.names_member(body, "sort"),
        limit=json_body.number_member(body, "limit", LIMIT_MAX, 1, LIMIT_MAX),
        search=json_body.text_member(body, "search"),
        listed=json_body.flag_member(body, "listed"),
    )
    return replace(asked, measures=_measures(body["measures"])) if "measures" in body else asked


def _measures(given: Any) -> tuple[Measure, ...]:
    if not isinstance(given, list) or len(given) > MEASURES_MAX:
        raise json_body.wrong_member(
            "measures", f"应为不超过 {MEASURES_MAX} 项的列表", f"a list of at most {MEASURES_MAX}"
        )
    measures = []
    for item in given:
        if not isinstance(item, dict):
            raise json_body.wrong_member("measures", "应由对象组成", "a list of objects")
        json_body.only(item, ("name", "formula", "label"))
        measures.append(
            Measure(
                json_body.needed_text(item, "name", length_max=100), json_body.needed_text(item, "formula")
            )
        )
    return tuple(measures)


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [Route(prefix + "/{entity}/aggregate", reads(aggregate_records, body="json"), methods=["POST"])]
