"""Records of an entity: list, read, create, change, delete, and what lies in the trash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import bytes_answer, json_answer, nothing
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST, BODY_TOO_LARGE, UNKNOWN_MEMBER
from dougong_runtime.errors import refuse
from dougong_runtime.names import nearest
from dougong_runtime.records.query import LIMIT_DEFAULT, LIMIT_MAX, Query
from dougong_runtime.records.whole import RowChange, read_rows

REASONS = "_reasons"
"""Member of a write: rule → why its warning may be passed."""

LISTS = "_lists"
"""Member of a write: inverse → rows that are written with the record, all or nothing."""

_VERSION = re.compile(r'(?:W/)?"?([0-9]{1,18})"?\Z')


def list_records(call: Call) -> Response:
    """`GET /{entity}`: a page of records."""
    return bytes_answer(call.records().list_json(query_of(call)))


def list_trash(call: Call) -> Response:
    """`GET /{entity}/trash`: the same of what was deleted."""
    return bytes_answer(call.records().list_json(query_of(call, trash=True)))


def get_record(call: Call) -> Response:
    """`GET /{entity}/{id}`: one record, its version also as `ETag`."""
    given = parameters.parameters(call.request, "fields", "expand")
    return _one(
        call.records().get(
            call.path("entity"),
            call.path("id"),
            fields=parameters.names(given, "fields") or None,
            expand=parameters.names(given, "expand"),
        )
    )


def create_records(call: Call) -> Response:
    """`POST /{entity}`: one record, or a list of them, all or nothing."""
    parameters.parameters(call.request)
    body = json_body.parse(call.body) if call.body else {}
    if isinstance(body, list):
        if len(body) > json_body.LIST_MAX:
            raise refuse(BODY_TOO_LARGE, limit=json_body.LIST_MAX, records=len(body))
        rows, reasons = _rows(body)
        return json_answer(call.records().create_many(call.path("entity"), rows, reasons=reasons), 201)
    values = _object(body)
    reasons = _reasons(values)
    lists = _lists(values)
    _no_more(values, "version")
    if lists is None:
        made = call.records().create(call.path("entity"), values, reasons=reasons)
    else:
        made, written = call.records().whole.create(call.path("entity"), values, lists, reasons=reasons)
        made = {**made, LISTS: written}
    where = f"/api/v1/apps/{call.path('app')}/{call.path('entity')}/{made['id']}"
    return _one(made, 201, {"Location": where})


def change_record(call: Call) -> Response:
    """`PATCH /{entity}/{id}`: the fields given change, guarded by `If-Match` or `version`."""
    parameters.parameters(call.request)
    values = _object(json_body.parse(call.body) if call.body else {})
    reasons = _reasons(values)
    version = _version(call, values)
    lists = _lists(values)
    _no_more(values)
    entity, id_ = call.path("entity"), call.path("id")
    if lists is None:
        return _one(call.records().update(entity, id_, values, version=version, reasons=reasons))
    made, rows = call.records().whole.update(entity, id_, values, lists, version=version, reasons=reasons)
    return _one({**made, LISTS: rows})


def delete_record(call: Call) -> Response:
    """`DELETE /{entity}/{id}`: into the trash."""
    parameters.parameters(call.request)
    values = _object(json_body.parse(call.body) if call.body else {})
    version = _version(call, values)
    json_body.only(values, ())
    call.records().delete(call.path("entity"), call.path("id"), version=version)
    return nothing()


def restore_record(call: Call) -> Response:
    """`POST /{entity}/{id}/restore`: out of the trash, with what was deleted with it."""
    parameters.parameters(call.request)
    call.json()
    return _one(call.records().restore(call.path("entity"), call.path("id")))


def query_of(call: Call, *, trash: bool = False) -> Query:
    """The list that the address asks for."""
    given = parameters.parameters(
        call.request, "filter", "sort", "fields", "expand", "limit", "cursor", "search", "count"
    )
    return Query(
        entity=call.path("entity"),
        filter=given.get("filter"),
        sort=parameters.names(given, "sort"),
        fields=parameters.names(given, "fields") or None,
        expand=parameters.names(given, "expand"),
        limit=parameters.number(given, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX),
        cursor=given.get("cursor"),
        search=given.get("search"),
        trash=trash,
        count=parameters.flag(given, "count", True),
    )


def _one(record: Mapping[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    known = dict(headers or {})
    if "version" in record:
        known["ETag"] = f'"{record["version"]}"'
    return json_answer(record, status, known)


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise refuse(BAD_REQUEST, zh="这里需要一个 JSON 对象。", en="A JSON object is expected here.")
    return body


def _rows(body: list[Any]) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """Records of a list, and the reasons that stand in them: one a rule, for the list is one act."""
    rows = [_object(row) for row in body]
    together: dict[str, str] = {}
    for row in rows:
        reasons = _reasons(row) or {}
        _no_more(row, "version")
        for rule, reason in reasons.items():
            if together.setdefault(rule, reason) != reason:
                raise refuse(
                    BAD_REQUEST,
                    REASONS,
                    zh=f"同一列表中规则 {rule} 有两个不同的理由，请分开发送。",
                    en=f"The list gives two different reasons for rule {rule}: send them apart.",
                )
    return rows, together or None


def _reasons(values: dict[str, Any]) -> dict[str, str] | None:
    """Take `_reasons` out of the values."""
    given = values.pop(REASONS, None)
    if given is None:
        return None
    if isinstance(given, dict) and all(isinstance(v, str) and v.strip() for v in given.values()):
        return given
    raise json_body.wrong_member(REASONS, "应为“规则: 理由”的对象", "an object of rule and reason")


def _lists(values: dict[str, Any]) -> dict[str, list[RowChange]] | None:
    """Take `_lists` out of the values."""
    given = values.pop(LISTS, None)
    if given is None:
        return None
    if not isinstance(given, dict):
        raise json_body.wrong_member(LISTS, "应为“列表: 行”的对象", "an object of list and rows")
    return {name: read_rows(name, rows) for name, rows in given.items()}


def _no_more(values: Mapping[str, Any], *also: str) -> None:
    """Refuse what is no field by its form: other names that begin with `_`, and `also` where it guards nothing."""
    for name in values:
        if name in also or (name.startswith("_") and name != REASONS):
            known = (REASONS, LISTS)
            raise refuse(UNKNOWN_MEMBER, name, name=name, known=known, nearest=nearest(name, known))


def _version(call: Call, values: dict[str, Any]) -> int | None:
    """The version that guards a change, from `If-Match` or from the body, which may not differ."""
    header = call.request.headers.get("if-match")
    stated = None
    if header is not None and header.strip() != "*":
        found = _VERSION.match(header.strip())
        if found is None:
            raise refuse(
                BAD_REQUEST, "If-Match", zh="If-Match 应为版本号。", en="If-Match must be a version number."
            )
        stated = int(found[1])
    if "version" not in values:
        return stated
    inside = values.pop("version")
    if not isinstance(inside, int) or isinstance(inside, bool) or not 0 <= inside < 2**63:
        raise json_body.wrong_member("version", "应为整数", "a whole number")
    if stated is not None and stated != inside:
        raise refuse(
            BAD_REQUEST,
            "version",
            zh="If-Match 与 version 不一致。",
            en="If-Match and version name different versions.",
        )
    return inside


def routes(prefix: str) -> list[Route]:
    """Its routes; the trash before records, whose ids it would be taken for."""
    one = prefix + "/{entity}/{id}"
    return [
        Route(prefix + "/{entity}", reads(list_records), methods=["GET"]),
        Route(prefix + "/{entity}", writes(create_records), methods=["POST"]),
        Route(prefix + "/{entity}/trash", reads(list_trash), methods=["GET"]),
        Route(one, reads(get_record), methods=["GET"]),
        Route(one, writes(change_record), methods=["PATCH"]),
        Route(one, writes(delete_record), methods=["DELETE"]),
        Route(one + "/restore", writes(restore_record), methods=["POST"]),
    ]
