"""Refusals as answers: RFC 9457 problem details for programs, a page for people.

Every answer that is not a success leaves through here, so that none has another form and none tells more than the
catalogue of problem types says. `type` is a path of this site, `/problems/<name>`, and never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dougong_platform.http.languages import language_of
from dougong_platform.http.problem_page import problem_page
from dougong_platform.http.problem_types import (
    BAD_REQUEST,
    INTERNAL,
    METHOD_NOT_ALLOWED,
    NO_SUCH_ADDRESS,
)
from dougong_runtime.errors import Place, Problem, Refused, refuse
from dougong_runtime.labels import Label, Language

MEDIA_TYPE = "application/problem+json"
_ENCODE = msgspec.json.Encoder(decimal_format="string", enc_hook=str).encode
_RESERVED = frozenset({"type", "field", "detail", "remedy", "place", "zh", "en"})
"""Facts that are not told: they would hide a member, or are words that `detail` says already."""
_log = structlog.get_logger("dougong.http")


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal in one language: the status and the members of a problem-details object."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


def describe(refused: Refused, language: Language, request_id: str) -> Answer:
    """Problem details of a refusal. `Retry-After` and `WWW-Authenticate` follow from its facts and status."""
    first = (refused.problems or refused.warnings)[0]
    problems = [_member(p, language) for p in refused.problems]
    warnings = [_member(p, language) for p in refused.warnings]
    body: dict[str, Any] = {
        "type": f"/problems/{first.type.name}",
        "title": first.type.title.in_(language),
        "status": refused.status,
        "detail": "\n".join(p.text(language) for p in (*refused.problems, *refused.warnings)),
        "instance": request_id,
        "problems": problems,
        "warnings": warnings,
    }
    headers: dict[str, str] = {"Content-Language": language}
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="dougong"'
    if "retry_after" in first.facts:
        headers["Retry-After"] = str(first.facts["retry_after"])
    if "allow" in first.facts:
        headers["Allow"] = str(first.facts["allow"])
    return Answer(refused.status, body, headers)


def _member(problem: Problem, language: Language) -> dict[str, Any]:
    """One problem as an object: its facts beside the five members that every problem has."""
    member: dict[str, Any] = {
        "type": problem.type.name,
        "field": problem.field,
        "detail": problem.text(language),
        "remedy": problem.remedy(language),
    }
    if problem.place is not None:
        member["place"] = _place(problem.place)
    for name, fact in problem.facts.items():
        if name not in _RESERVED:
            member[name] = fact.in_(language) if isinstance(fact, Label) else _json(fact, language)
    return member


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "path": place.path}


def _json(fact: Any, language: Language) -> Any:
    if isinstance(fact, Label):
        return fact.in_(language)
    if isinstance(fact, Mapping):
        return {str(name): _json(value, language) for name, value in fact.items()}
    if isinstance(fact, (list, tuple, set, frozenset)):
        return [_json(value, language) for value in fact]
    return fact


def answer(request: Request, refused: Refused) -> Response:
    """The answer to a refused request: a page where a person asked for one, else JSON."""
    if refused.status == 401 and request.method == "GET" and wants_page(request):
        return _to_sign_in(request)
    language = language_of(request)
    said = describe(refused, language, str(request.state.request_id))
    if wants_page(request):
        return problem_page(request, said.status, said.body, language, said.headers)
    return Response(_ENCODE(said.body), said.status, said.headers, MEDIA_TYPE)


def _to_sign_in(request: Request) -> Response:
    """A person who has not signed in is led there, and back afterwards; htmx follows by a header of its own."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/login?next=" + quote(target, safe="")
    if "hx-request" in request.headers:
        return Response(status_code=200, headers={"HX-Redirect": where})
    return RedirectResponse(where, 303)


def wants_page(request: Request) -> bool:
    """Whether a person in a browser asks: not under `/api/`, and a page is acceptable."""
    path = request.url.path
    if path.startswith(("/api/", "/static/", "/healthz", "/readyz", "/metrics")):
        return False
    accept = request.headers.get("accept", "")
    return "text/html" in accept or "hx-request" in request.headers


async def on_refused(request: Request, error: Exception) -> Response:
    """Starlette's handler for `Refused`."""
    assert isinstance(error, Refused)
    return answer(request, error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's handler for what its own router and parsers raise: 404, 405, 400."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(request, refuse(NO_SUCH_ADDRESS, path=request.url.path))
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        return answer(request, refuse(METHOD_NOT_ALLOWED, method=request.method, allow=allow))
    return answer(request, refuse(BAD_REQUEST, zh="请求的格式无法读取。", en="The request cannot be read."))


def on_fault(request: Request, error: BaseException) -> Response:
    """A fault of ours: the whole story to the log, the request id to the client, nothing else."""
    _log.error("request failed", path=request.url.path, method=request.method, exc_info=error)
    return answer(request, refuse(INTERNAL, request=str(request.state.request_id)))
