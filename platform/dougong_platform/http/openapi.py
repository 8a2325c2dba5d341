"""OpenAPI 3.1 of an app, typed from its entities, as one person may use it.

What they do not see is not in it: no hidden field, no entity, no action. Kept per version, roles and language.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dougong_platform.acts import VERBS
from dougong_platform.http.description import EntityAccess, entities_of
from dougong_platform.http.openapi_forms import form_paths
from dougong_platform.http.openapi_personal import personal_paths
from dougong_platform.http.openapi_schemas import RECORD_ID, Schema, problem_schema, read_schema, write_schema
from dougong_platform.http.openapi_studio import studio_paths
from dougong_platform.http.openapi_studio_entities import entities_paths
from dougong_platform.http.openapi_studio_formulas import studio_formula_paths
from dougong_platform.http.openapi_studio_labels import labels_paths
from dougong_platform.http.openapi_studio_publish import publish_paths
from dougong_platform.http.openapi_studio_relations import relations_paths
from dougong_platform.http.openapi_studio_roles import studio_role_paths
from dougong_platform.http.openapi_studio_sheets import sheets_paths
from dougong_platform.http.openapi_studio_starts import starts_paths
from dougong_runtime.labels import Language
from dougong_runtime.pages.saved import STATE_NAMES
from dougong_runtime.records.door import Records
from dougong_runtime.records.files import is_file
from dougong_runtime.records.query import LIMIT_DEFAULT, LIMIT_MAX
from dougong_runtime.talk.comments import PAGE_MAX, TEXT_MAX
from dougong_runtime.talk.inbox import COUNTED_MAX
from dougong_runtime.talk.inbox import PAGE as NOTICES
from dougong_runtime.talk.inbox import PAGE_MAX as NOTICES_MAX
from dougong_runtime.transfer.export import FORMATS

V1 = "/api/v1"


def openapi_bytes(records: Records, language: Language) -> bytes:
    """The document as JSON, for the records' viewer."""
    viewer = records.viewer
    key = ("openapi", viewer.roles_in(records.running.app.name), viewer.is_admin, language)
    made: bytes = records.running.plans.get(key, lambda: msgspec.json.encode(openapi(records, language)))
    return made


def openapi(records: Records, language: Language) -> dict[str, Any]:
    """The document as a value."""
    app = records.running.app
    prefix = f"{V1}/apps/{app.name}"
    schemas: dict[str, Schema] = {"Problem": problem_schema(), "Job": _job(), "Comment": _comment()}
    paths: dict[str, Any] = {}
    for found in entities_of(records):
        paths |= _entity_paths(found, prefix, language)
        schemas |= _entity_schemas(found, language, tuple(records.whole.ways(found.entity.name)))
    paths |= _common_paths(prefix)
    return {
        "openapi": "3.1.0",
        "info": {"title": app.label.in_(language), "version": app.version},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": _problem_response()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "dougong_session"},
            },
        },
    }


# --- an entity's routes -----------------------------------------------------------------------------------------
def _entity_schemas(found: EntityAccess, language: Language, lists: tuple[str, ...]) -> dict[str, Schema]:
    """`lists`: those whose rows may be written with a record."""
    name = found.entity.name
    schemas = {name: read_schema(found.fields, language)}
    if "create" in found.actions:
        schemas[f"{name}.new"] = write_schema(found.fields, language, creates=True, lists=lists)
    if "update" in found.actions:
        schemas[f"{name}.change"] = write_schema(found.fields, language, creates=False, lists=lists)
    return schemas


def _entity_paths(found: EntityAccess, prefix: str, language: Language) -> dict[str, Any]:
    name, label = found.entity.name, found.entity.label.in_(language)
    may = frozenset(found.actions)
    all_, one = f"{prefix}/{name}", f"{prefix}/{name}/{{id}}"
    record = _ref(name)
    page = _page(record)
    paths: dict[str, dict[str, Any]] = {all_: {}, f"{all_}/trash": {}, one: {"parameters": [_id()]}}
    if "read" in may:
        paths[all_]["get"] = _op(f"list_{name}", label, page, parameters=_list_parameters())
        paths[f"{all_}/trash"]["get"] = _op(f"trash_{name}", label, page, parameters=_list_parameters())
        paths[one]["get"] = _op(f"get_{name}", label, record, parameters=[_query("fields"), _query("expand")])
        history = {"anyOf": [_items({"type": "object"}), record]}
        paths[f"{one}/history"] = {
            "parameters": [_id()],
            "get": _op(
                f"history_{name}",
                label,
                history,
                parameters=[_query("as_of"), _whole("limit", 100, LIMIT_MAX)],
            ),
        }
        paths[f"{one}/explain"] = {
            "parameters": [_id()],
            "get": _op(f"explain_{name}", label, _items({"type": "object"}), parameters=[_query("field")]),
        }
        paths |= _talk_paths(one, name, label)
        paths |= _view_paths(all_, name, label)
    if "read" in may or "aggregate" in may:
        answer = _object(
            rows=_list({"type": "object"}), total={"type": "object"}, withheld={"type": "integer"}
        )
        paths[f"{all_}/aggregate"] = {"post": _op(f"aggregate_{name}", label, answer, body=_aggregate())}
    if "create" in may:
        new = _ref(f"{name}.new")
        paths[all_]["post"] = _op(
            f"create_{name}",
            label,
            {"anyOf": [record, _list(record)]},
            "201",
            body={"anyOf": [new, _list(new)]},
        )
    if "update" in may:
        paths[one]["patch"] = _op(
            f"change_{name}", label, record, body=_ref(f"{name}.change"), parameters=[_if_match()]
        )
    if "delete" in may:
        paths[one]["delete"] = _op(f"delete_{name}", label, None, "204", parameters=[_if_match()])
        paths[f"{one}/restore"] = {"parameters": [_id()], "post": _op(f"restore_{name}", label, record)}
    if any(is_file(view.field) for view in found.fields):
        paths |= _file_paths(found, all_, one, label)
    revealed = [view.field.name for view in found.fields if view.reveal]
    if revealed:
        paths[f"{one}/reveal"] = {
            "parameters": [_id()],
            "post": _op(
                f"reveal_{name}",
                label,
                _object(value={}),
                body={**_object(field={"enum": revealed}, reason=_TEXT), "required": ["field"]},
            ),
        }
    if "share" in may:
        paths |= _share_paths(one, name, label)
    if may & {"update", "delete", "share"}:
        paths[f"{all_}/bulk"] = {"post": _bulk(name, label)}
    if "export" in may:
        body = _object(
            optional=True,
            format={"enum": list(FORMATS)},
            filter=_TEXT,
            fields=_list(_TEXT),
            sort=_TEXT,
            search=_TEXT,
            ids=_list(RECORD_ID),
        )
        paper = _op(f"pdf_{name}", label, None)
        paper["responses"]["200"]["content"] = {"application/pdf": {}}
        paths[f"{one}/pdf"] = {"parameters": [_id()], "post": paper}
        paths[f"{all_}/export"] = {"post": _op(f"export_{name}", label, _ref("Job"), "202", body=body)}
    if "import" in may:
        paths[f"{all_}/import"] = {"post": _import(name, label)}
    return {path: item for path, item in paths.items() if any(m in item for m in _METHODS)}


_METHODS = ("get", "post", "put", "patch", "delete")
_TEXT: Schema = {"type": "string"}
_CONTENT: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}


def _talk_paths(one: str, name: str, label: str) -> dict[str, Any]:
    text = _object(text={"type": "string", "minLength": 1, "maxLength": TEXT_MAX})
    comment: Schema = {"name": "comment", "in": "path", "required": True, "schema": RECORD_ID}
    given, following = _ref("Comment"), _object(follows={"type": "boolean"})
    page = _object(items=_list(given), next={"type": ["string", "null"]})
    return {
        f"{one}/comments": {
            "parameters": [_id()],
            "get": _op(
                f"comments_{name}",
                label,
                page,
                parameters=[_query("cursor"), _whole("limit", 50, PAGE_MAX)],
            ),
            "post": _op(f"comment_{name}", label, given, "201", body=text),
        },
        f"{one}/comments/{{comment}}": {
            "parameters": [_id(), comment],
            "patch": _op(f"change_comment_{name}", label, given, body=text),
            "delete": _op(f"delete_comment_{name}", label, None, "204"),
        },
        f"{one}/follow": {
            "parameters": [_id()],
            "get": _op(f"following_{name}", label, following),
            "put": _op(f"follow_{name}", label, following),
            "delete": _op(f"unfollow_{name}", label, following),
        },
    }


def _comment() -> Schema:
    instant: Schema = {"type": "string", "format": "date-time"}
    return _object(
        id=RECORD_ID,
        author={"anyOf": [RECORD_ID, {"type": "null"}]},
        author_name=_TEXT,
        at=instant,
        text=_TEXT,
        mentions={"type": "object", "additionalProperties": RECORD_ID},
        edited_at={"anyOf": [instant, {"type": "null"}]},
        may_edit={"type": "boolean"},
        may_delete={"type": "boolean"},
    )


def _notice_paths() -> dict[str, Any]:
    which: Schema = {
        "name": "which",
        "in": "query",
        "schema": {"enum": ["all", "unread", "mentions"], "default": "all"},
    }
    unread: Schema = {"type": "integer", "minimum": 0, "maximum": COUNTED_MAX + 1}
    page = _object(items=_list({"type": "object"}), next={"type": ["string", "null"]}, unread=unread)
    marked = _object(True, ids=_list(_TEXT), all={"type": "boolean"})
    return {
        f"{V1}/notifications": {
            "get": _op(
                "list_notifications",
                "notifications",
                page,
                parameters=[which, _query("cursor"), _whole("limit", NOTICES, NOTICES_MAX)],
            )
        },
        f"{V1}/notifications/read": {
            "post": _op("read_notifications", "notifications", _object(unread=unread), body=marked)
        },
    }


def _view_paths(all_: str, name: str, label: str) -> dict[str, Any]:
    """Saved views; a list's own words for what is shown stand in `state`."""
    state: Schema = {
        "type": "object",
        "properties": dict.fromkeys(STATE_NAMES, _TEXT),
        "additionalProperties": False,
    }
    body = _object(
        optional=True,
        name=_TEXT,
        state=state,
        shared={"type": "boolean"},
        roles=_list(_TEXT),
    )
    new = {**body, "properties": {**body["properties"], "base": _TEXT}, "required": ["name"]}
    change = {**body, "properties": {**body["properties"], "version": {"type": "integer"}}}
    view: Schema = {"name": "view", "in": "path", "required": True, "schema": _TEXT}
    layout = _object(optional=True, columns=_TEXT, freeze=_TEXT, totals=_TEXT)
    found = {"type": "object"}
    one = f"{all_}/views/{{view}}"
    return {
        f"{all_}/views": {
            "get": _op(f"views_{name}", label, _object(items=_list(found), default={}, layouts=found)),
            "post": _op(f"save_view_{name}", label, found, "201", body=new),
        },
        f"{all_}/views/default": {
            "put": _op(
                f"default_view_{name}", label, None, "204", body=_object(view={"type": ["string", "null"]})
            )
        },
        f"{all_}/views/order": {
            "put": _op(f"order_views_{name}", label, None, "204", body=_object(views=_list(_TEXT)))
        },
        one: {
            "parameters": [view],
            "get": _op(f"view_{name}", label, found),
            "patch": _op(f"change_view_{name}", label, found, body=change),
            "delete": _op(f"delete_view_{name}", label, None, "204"),
        },
        f"{one}/layout": {
            "parameters": [view],
            "put": _op(f"layout_view_{name}", label, None, "204", body=layout),
        },
    }


def _share_paths(one: str, name: str, label: str) -> dict[str, Any]:
    until: Schema = {"type": "string", "format": "date-time"}
    body = _object(optional=True, user=RECORD_ID, team=RECORD_ID, write={"type": "boolean"}, until=until)
    share: Schema = {"name": "share", "in": "path", "required": True, "schema": RECORD_ID}
    return {
        f"{one}/shares": {
            "parameters": [_id()],
            "get": _op(f"shares_{name}", label, _items({"type": "object"})),
            "post": _op(f"share_{name}", label, _object(id=RECORD_ID), "201", body=body),
        },
        f"{one}/shares/{{share}}": {
            "parameters": [_id(), share],
            "delete": _op(f"unshare_{name}", label, None, "204"),
        },
    }


def _bulk(name: str, label: str) -> dict[str, Any]:
    """One thing done to many records: figures of what came of it, or would; a job where they are many."""
    flag: Schema = {"type": "boolean"}
    values: Schema = {"type": "object", "additionalProperties": True}
    body = _object(
        optional=True,
        ids=_list(RECORD_ID),
        all=flag,
        filter=_TEXT,
        search=_TEXT,
        trash=flag,
        verb={"enum": list(VERBS)},
        changes=values,
        add=values,
        remove=values,
        user=RECORD_ID,
        team=RECORD_ID,
        write=flag,
        until={"type": "string", "format": "date-time"},
        reasons={"type": "object", "additionalProperties": _TEXT},
        dry_run=flag,
        keep_good=flag,
    )
    sample = _object(id=RECORD_ID, before=values, after=values)
    tried = _figures(tried={"type": "integer"}, samples=_list(sample))
    operation = _op(f"bulk_{name}", label, {"anyOf": [_figures(job=RECORD_ID), tried]}, body=body)
    operation["responses"]["202"] = {
        "description": "begun",
        "content": {"application/json": {"schema": _ref("Job")}},
    }
    return operation


def _figures(**more: Schema) -> Schema:
    """What came of many records."""
    count: Schema = {"type": "integer"}
    reason = _object(type=_TEXT, detail=_TEXT, count=count, examples=_list(RECORD_ID))
    warned = _object(rule=_TEXT, detail=_TEXT, count=count)
    made = _object(
        records=count,
        changed=count,
        same=count,
        refused=count,
        reasons=_list(reason),
        warnings=_list(warned),
    )
    return {**made, "properties": made["properties"] | more, "required": [*made["required"], *more]}


def _file_paths(found: EntityAccess, all_: str, one: str, label: str) -> dict[str, Any]:
    """Where files are handed in and out."""
    name = found.entity.name
    fields = [view for view in found.fields if is_file(view.field)]
    filled = [view.field.name for view in fields if view.create or view.update]
    shown = [view.field.name for view in fields if view.shown != "masked"]
    paths: dict[str, Any] = {}
    if filled:
        form = {"type": "object", "properties": {"file": _CONTENT}, "required": ["file"]}
        asked = [{"name": "field", "in": "query", "required": True, "schema": {"enum": filled}}]
        operation = _op(f"hand_in_{name}_file", label, {"type": "object"}, "201", parameters=asked)
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
        paths[f"{all_}/files"] = {"post": operation}
    if shown and "read" in found.actions:
        field: Schema = {"name": "field", "in": "path", "required": True, "schema": {"enum": shown}}
        asked = [_whole("n", 0, 1000, least=0), _query("file"), _query("size"), _query("save")]
        operation = _op(f"get_{name}_file", label, None, parameters=asked)
        operation["responses"]["200"]["content"] = {"*/*": {"schema": {}}}
        paths[f"{one}/files/{{field}}"] = {"parameters": [_id(), field], "get": operation}
    return paths


def _import(name: str, label: str) -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {
            "file": _CONTENT,
            "key": _TEXT,
            "dry_run": {"type": "boolean"},
            "keep_good": {"type": "boolean"},
        },
        "required": ["file"],
    }
    operation = _op(f"import_{name}", label, _ref("Job"), "202")
    operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return operation


def _common_paths(prefix: str) -> dict[str, Any]:
    values: Schema = {"type": "object", "additionalProperties": True}
    return {
        f"{prefix}/settings": {
            "get": _op("get_settings", "settings", values),
            "patch": _op("change_settings", "settings", values, body=values),
        },
        f"{V1}/me": {"get": _op("get_me", "me", {"type": "object"})},
        f"{V1}/search": {
            "get": _op(
                "search",
                "search",
                _items({"type": "object"}),
                parameters=[_query("q", True), _query("app"), _whole("limit", 5, 50)],
            )
        },
        **_notice_paths(),
        **form_paths(_op),
        **personal_paths(_op),
        **studio_paths(_op),
        **entities_paths(_op),
        **studio_formula_paths(_op),
        **studio_role_paths(_op),
        **publish_paths(_op),
        **labels_paths(_op),
        **relations_paths(_op),
        **sheets_paths(_op),
        **starts_paths(_op),
        f"{V1}/files/{{id}}": {
            "parameters": [_id()],
            "get": _op("get_waiting_file", "files", None, parameters=[_query("size"), _query("save")]),
        },
        f"{V1}/jobs": {"get": _op("list_jobs", "jobs", _items(_ref("Job")))},
        f"{V1}/jobs/{{id}}": {"parameters": [_id()], "get": _op("get_job", "jobs", _ref("Job"))},
        f"{V1}/jobs/{{id}}/cancel": {
            "parameters": [_id()],
            "post": _op("cancel_job", "jobs", _ref("Job"), "202"),
        },
        f"{V1}/jobs/{{id}}/undo": {
            "parameters": [_id()],
            "post": _op("undo_job", "jobs", {"anyOf": [_figures(job=RECORD_ID), _ref("Job")]}),
        },
    }


# --- parts ------------------------------------------------------------------------------------------------------
def _op(
    operation: str,
    tag: str,
    answer: Schema | None,
    status: str = "200",
    *,
    body: Schema | None = None,
    parameters: list[Schema] | None = None,
) -> dict[str, Any]:
    """An operation; every one may answer a problem."""
    good: dict[str, Any] = {"description": "done"}
    if answer is not None:
        good["content"] = {"application/json": {"schema": answer}}
    made: dict[str, Any] = {
        "operationId": operation,
        "tags": [tag],
        "responses": {status: good, "4XX": _ref("Problem", "responses"), "5XX": _ref("Problem", "responses")},
    }
    if parameters:
        made["parameters"] = parameters
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


def _ref(name: str, where: str = "schemas") -> Schema:
    return {"$ref": f"#/components/{where}/{name}"}


def _object(optional: bool = False, **properties: Schema) -> Schema:
    made: Schema = {"type": "object", "properties": properties}
    return made if optional else {**made, "required": list(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _items(items: Schema) -> Schema:
    return _object(items=_list(items))


def _page(record: Schema) -> Schema:
    following: Schema = {"type": ["string", "null"]}
    return _object(
        items=_list(record), next=following, count={"type": "integer"}, count_is_exact={"type": "boolean"}
    )


def _aggregate() -> Schema:
    measure = _object(name=_TEXT, formula=_TEXT)
    names = _list(_TEXT)
    limit: Schema = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX}
    return _object(
        optional=True,
        rows=names,
        columns=names,
        measures=_list(measure),
        filter=_TEXT,
        sort=names,
        limit=limit,
        search=_TEXT,
        listed={"type": "boolean", "default": False},
    )


def _job() -> Schema:
    whole: Schema = {"type": "integer"}
    maybe: Schema = {"type": ["object", "null"]}
    return _object(
        id=RECORD_ID,
        kind={"enum": ["import", "export", "act", "undo", "publish"]},
        app=_TEXT,
        entity=_TEXT,
        state={"enum": ["queued", "running", "done", "failed", "cancelled"]},
        attempts=whole,
        cancelling={"type": "boolean"},
        done=whole,
        total={"type": ["integer", "null"]},
        stage=_TEXT,
        order=maybe,
        outcome=maybe,
        problem=maybe,
        result_url={"type": ["string", "null"]},
    )


def _problem_response() -> dict[str, Any]:
    return {"description": "refused", "content": {"application/problem+json": {"schema": _ref("Problem")}}}


def _id() -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": RECORD_ID}


def _if_match() -> Schema:
    return {"name": "If-Match", "in": "header", "schema": _TEXT, "description": "the version last read"}


def _query(name: str, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": _TEXT}


def _whole(name: str, default: int, most: int, least: int = 1) -> Schema:
    schema: Schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return {"name": name, "in": "query", "schema": schema}


def _list_parameters() -> list[Schema]:
    texts = [_query(name) for name in ("filter", "sort", "fields", "expand", "cursor", "search")]
    count: Schema = {"name": "count", "in": "query", "schema": {"type": "boolean", "default": True}}
    return [*texts, _whole("limit", LIMIT_DEFAULT, LIMIT_MAX), count]
