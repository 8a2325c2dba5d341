"""Views of an entity: the app's own, those that people saved, and what the caller keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import saved_views
from dougong_platform.http import description, json_body, parameters
from dougong_platform.http.answers import json_answer, nothing
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.model.app import App
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.layout import Layout
from dougong_runtime.pages.saved import NAME_LENGTH_MAX, STATE_NAMES, SavedView
from dougong_runtime.pages.views import find_view, main_view, views_of

_LAYOUT = ("columns", "freeze", "totals")


def list_views(call: Call) -> Response:
    """`GET /{entity}/views`: the app's views and the saved ones that the caller sees, in the order of their tabs."""
    parameters.parameters(call.request)
    app, entity = _entity(call)
    mine = saved_views.mine(call.connection, app, call.viewer, entity)
    held = call.viewer.roles_in(app.name)
    items: list[dict[str, Any]] = []
    for view in views_of(app, entity):
        named = view.document.data.get("roles") if view.document is not None else None
        if not named or call.viewer.is_system or held & set(named):
            items.append(
                {"id": view.name, "name": view.label.in_(call.language), "type": view.type, "saved": False}
            )
    items += [_saved(view) for view in mine.views]
    place = {name: n for n, name in enumerate(mine.order)}
    items.sort(key=lambda item: place.get(item["id"], len(place)))
    kept = {n: {k: getattr(v, k) for k in _LAYOUT if getattr(v, k)} for n, v in mine.kept.items()}
    return json_answer({"items": items, "default": mine.default or None, "layouts": kept})


def get_view(call: Call) -> Response:
    """`GET /{entity}/views/{view}`: a saved view."""
    parameters.parameters(call.request)
    return json_answer(_saved(_view(call)[1]))


def create_view(call: Call) -> Response:
    """`POST /{entity}/views` `{name, state, base, shared, roles}`: save a view; `state` is what a list's address says."""
    parameters.parameters(call.request)
    app, entity = _entity(call)
    body = call.json("name", "state", "base", "shared", "roles")
    base = json_body.text_member(body, "base", length_max=100) or main_view(app, entity)
    found = find_view(app, base)
    if found is None or found.entity.name != entity:
        raise refuse(NOT_FOUND, "base")
    made = saved_views.create(
        call.connection,
        app,
        call.viewer,
        call.site.clock.now(),
        entity=entity,
        base=base,
        name=json_body.needed_text(body, "name", length_max=NAME_LENGTH_MAX),
        state=_state(body) or {},
        roles=_roles(body),
    )
    return json_answer(_saved(made), 201)


def change_view(call: Call) -> Response:
    """`PATCH /{entity}/views/{view}` `{name, state, shared, roles, version}`: what is given changes."""
    parameters.parameters(call.request)
    app, view = _view(call)
    body = call.json("name", "state", "shared", "roles", "version")
    version = body.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise json_body.wrong_member("version", "应为整数", "a whole number")
    changed = saved_views.change(
        call.connection,
        app,
        call.viewer,
        call.site.clock.now(),
        view,
        name=json_body.text_member(body, "name", length_max=NAME_LENGTH_MAX),
        state=_state(body),
        sharing="shared" in body or "roles" in body,
        roles=_roles(body),
        version=version,
    )
    return json_answer(_saved(changed))


def delete_view(call: Call) -> Response:
    """`DELETE /{entity}/views/{view}`: delete a saved view."""
    parameters.parameters(call.request)
    app, view = _view(call)
    saved_views.delete(call.connection, app, call.viewer, call.site.clock.now(), view)
    return nothing()


def put_default(call: Call) -> Response:
    """`PUT /{entity}/views/default` `{view}`: the view that opens first for the caller; null for none. 204."""
    parameters.parameters(call.request)
    app, entity = _entity(call)
    view = json_body.text_member(call.json("view"), "view", length_max=100)
    if view is not None:
        _known(call, app, entity, view)
    saved_views.choose_default(call.connection, call.viewer, app.name, entity, view or "")
    return nothing()


def put_order(call: Call) -> Response:
    """`PUT /{entity}/views/order` `{views}`: the order of the caller's tabs. 204."""
    parameters.parameters(call.request)
    app, entity = _entity(call)
    views = json_body.texts_member(call.json("views"), "views")
    for view in views:
        _known(call, app, entity, view)
    saved_views.choose_order(call.connection, call.viewer, app.name, entity, views)
    return nothing()


def put_layout(call: Call) -> Response:
    """`PUT /{entity}/views/{view}/layout` `{columns, freeze, totals}`: how the caller's columns stand, as in an
    address; nothing given forgets it. 204."""
    parameters.parameters(call.request)
    app, entity = _entity(call)
    view = call.path("view")
    _known(call, app, entity, view)
    body = call.json(*_LAYOUT)
    layout = Layout(*(json_body.text_member(body, name) or "" for name in _LAYOUT))
    saved_views.keep_layout(call.connection, call.viewer, app.name, entity, view, layout)
    return nothing()


def _entity(call: Call) -> tuple[App, str]:
    description.require_app(call.viewer, call.path("app"))
    records = call.records()
    entity = call.path("entity")
    if not records.can(entity, "read"):
        raise refuse(NOT_FOUND)
    return records.running.app, entity


def _view(call: Call) -> tuple[App, SavedView]:
    app, entity = _entity(call)
    view = saved_views.find(call.connection, app, call.viewer, call.path("view"))
    if view.entity != entity:
        raise refuse(NOT_FOUND)
    return app, view


def _known(call: Call, app: App, entity: str, name: str) -> None:
    """Raises Refused (NOT_FOUND) for what is no view of the entity that the caller sees."""
    if is_record_id(name):
        if saved_views.find(call.connection, app, call.viewer, name).entity != entity:
            raise refuse(NOT_FOUND)
        return
    view = find_view(app, name)
    if view is None or view.entity.name != entity:
        raise refuse(NOT_FOUND)


def _state(body: dict[str, Any]) -> dict[str, str] | None:
    given = body.get("state")
    if given is None:
        return None
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise json_body.wrong_member("state", "应为文本的对象", "an object of texts")
    json_body.only(given, STATE_NAMES)
    return given


def _roles(body: dict[str, Any]) -> Sequence[str] | None:
    """Whom a body shares with: `roles`, everybody where `shared` stands alone, else nobody."""
    roles = json_body.texts_member(body, "roles")
    shared = json_body.flag_member(body, "shared")
    if roles and "shared" in body and not shared:
        raise refuse(BAD_REQUEST, "shared", zh="roles 与 shared 不一致。", en="roles and shared contradict.")
    return roles or ([] if shared else None)


def _saved(view: SavedView) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "type": view.state.get("as", "table"),
        "saved": True,
        "base": view.base,
        "by": view.by,
        "shared": view.is_shared,
        "roles": list(view.roles or ()),
        "state": dict(view.state),
        "version": view.version,
        "may_change": view.may_change,
    }


def routes(prefix: str) -> list[Route]:
    """Its routes; they stand before those of records, whose ids `views` would be taken for."""
    all_ = prefix + "/{entity}/views"
    one = all_ + "/{view}"
    return [
        Route(all_, reads(list_views), methods=["GET"]),
        Route(all_, writes(create_view), methods=["POST"]),
        Route(all_ + "/default", writes(put_default), methods=["PUT"]),
        Route(all_ + "/order", writes(put_order), methods=["PUT"]),
        Route(one, reads(get_view), methods=["GET"]),
        Route(one, writes(change_view), methods=["PATCH"]),
        Route(one, writes(delete_view, body="none"), methods=["DELETE"]),
        Route(one + "/layout", writes(put_layout), methods=["PUT"]),
    ]
