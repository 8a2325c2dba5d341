"""Tokens of programs: issued for a password, or by who is signed in; listed and ended by their owner."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import signin, tokens, totp, viewers
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer, nothing
from dougong_platform.http.endpoint import Call, in_thread, read_json, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST, FACTOR_NEEDED
from dougong_platform.http.viewer import asker_of, authorise, check_csrf, door_of, session_of
from dougong_platform.site import Site
from dougong_runtime.errors import FORBIDDEN, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.names import is_record_id

MEMBERS = ("username", "password", "code", "name", "scopes", "days")


async def issue_token(request: Request) -> Response:
    """`POST /api/v1/tokens` `{username, password}`: a token for a password, or for who is signed in by a session.

    Also taken: `code` of the second factor, `name`, `scopes`, `days`. A token cannot issue another: it would outlive
    its own end and scope.
    """
    content = await read_json(request)
    return await in_thread(request, lambda: _issue(request, content))


def _issue(request: Request, content: bytes) -> Response:
    body = json_body.parse_object(content)
    json_body.only(body, MEMBERS)
    parameters.parameters(request)
    site: Site = request.app.state.site
    actor = _by_password(site, request, body) if "username" in body else _by_session(site, request)
    days = json_body.number_member(body, "days", tokens.DAYS_DEFAULT, 1, tokens.DAYS_MAX)
    scopes = json_body.texts_member(body, "scopes") if "scopes" in body else (tokens.READ, tokens.WRITE)
    name = json_body.text_member(body, "name", length_max=80) or ""
    with site.database.write() as connection:
        made = tokens.issue(site, connection, actor, actor.user or "", name=name, scopes=scopes, days=days)
    answer = {"id": made.id, "token": made.token, "scopes": sorted(scopes), "expires_at": made.expires_at}
    return json_answer(answer, 201)


def _by_password(site: Site, request: Request, body: dict[str, Any]) -> Viewer:
    door = door_of(request)
    person = signin.prove(
        site,
        json_body.needed_text(body, "username", length_max=200),
        json_body.needed_text(body, "password", length_max=1_000),
        code=json_body.text_member(body, "code", length_max=40),
        address=door.address,
        request=door.request,
        via=door.via,
    )
    with site.database.read() as connection:
        viewer = viewers.viewer(connection, person.id, site.clock, site.settings, door)
        has_factor = totp.is_enrolled(connection, person.id)
    if viewer is None:
        raise refuse(signin.WRONG_PASSWORD)
    if not has_factor and totp.is_demanded(site.settings, viewer):
        raise refuse(FACTOR_NEEDED)
    request.state.viewer = viewer
    return viewer


def _by_session(site: Site, request: Request) -> Viewer:
    if not session_of(request) and "authorization" not in request.headers:
        raise refuse(
            BAD_REQUEST, "username", zh="填写 username 和 password。", en="Send username and password."
        )
    with site.database.read() as connection:
        asker = asker_of(site, request, connection)
    authorise(asker, writes=True)
    check_csrf(site, asker, request)
    if asker.session is None:
        raise refuse(FORBIDDEN, entity="token", action="create")
    return asker.viewer


def list_tokens(call: Call) -> Response:
    """`GET /api/v1/tokens`: the caller's; never the tokens themselves."""
    parameters.parameters(call.request)
    kept = tokens.tokens(call.connection, call.viewer.user or "")
    return json_answer({"items": kept})


def revoke_token(call: Call) -> Response:
    """`DELETE /api/v1/tokens/{id}`: end one now."""
    parameters.parameters(call.request)
    token = call.path("id").lower()
    if not is_record_id(token):
        raise refuse(tokens.NO_TOKEN)
    tokens.revoke(call.site, call.connection, call.viewer, token)
    return nothing()


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/tokens", issue_token, methods=["POST"]),
        Route(prefix + "/tokens", reads(list_tokens), methods=["GET"]),
        Route(prefix + "/tokens/{id}", writes(revoke_token, body="none"), methods=["DELETE"]),
    ]
