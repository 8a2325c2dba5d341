"""Links to public forms: made, copied and closed."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people, public_forms
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.public_forms import Link
from dougong_runtime.errors import NOT_FOUND, Refused, refuse


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/links`."""
    return [
        pages.get("/admin/links", show),
        pages.post("/admin/links", add),
        pages.post("/admin/links/{id}/close", close),
    ]


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link as a row."""

    id: str
    name: str
    form: str
    address: str
    role: str
    state: str
    color: str
    is_open: bool
    until: str
    received: str
    refused: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A form that may be given a link, or a role for its pickers."""

    value: str
    label: str


def show(visit: Visit) -> Response:
    """All links."""
    with visit.reading() as here:
        return _page(here)


def _page(here: Here, problem: str = "") -> Response:
    people.require_admin(here.viewer)
    reader, visit = here.reader, here.visit
    links = [_line(here, link) for link in public_forms.all_links(here.connection, here.viewer)]
    forms, roles = [], []
    for app in here.apps():
        label = reader.label(app.label)
        for document in app.of("form").values():
            if document.data.get("public") is True:
                title = public_forms.title_of(document, reader.language)
                forms.append(Offered(f"{app.name}/{document.name}", f"{label} · {title}"))
        roles += [
            Offered(f"{app.name}.{r.name}", f"{label} · {reader.label(r.label)}") for r in app.roles.values()
        ]
    given = {k: visit.text(k) for k in ("form", "name", "role", "days", "per_hour")}
    given["per_hour"] = given["per_hour"] or str(public_forms.PER_HOUR_DEFAULT)
    shell = here.shell(reader.t("admin.links"), in_admin=True, current="/admin/links")
    admin = {"links": links, "forms": forms, "roles": roles, "problem": problem, "given": given}
    return here.page("admin/links.html", shell, status=422 if problem else 200, admin=admin)


def _line(here: Here, link: Link) -> LinkLine:
    reader, now = here.reader, here.site.clock.now()
    base = str(here.visit.request.base_url).rstrip("/")
    over = link.closed_at is None and not link.is_open(now)
    word = "links.closed" if link.closed_at else "links.over" if over else "links.open"
    return LinkLine(
        link.id,
        link.name,
        f"{link.app} · {link.form}",
        f"{base}/f/{public_forms.token_of(here.site, link.id)}",
        link.role or "—",
        reader.t(word),
        "gray" if link.closed_at or over else "green",
        link.is_open(now),
        reader.moment(link.expires_at) if link.expires_at else reader.t("links.endless"),
        f"{link.received:,}",
        f"{link.refused:,}",
    )


def add(visit: Visit) -> Response:
    """Make a link."""
    try:
        with visit.writing() as here:
            people.require_admin(here.viewer)
            app, _, form = visit.text("form").partition("/")
            role = visit.text("role")
            if role and role.partition(".")[0] != app:
                raise refuse(NOT_FOUND)
            public_forms.make(
                here.site,
                here.connection,
                here.viewer,
                app,
                form,
                name=visit.text("name"),
                role=role.partition(".")[2] or None,
                days=visit.whole("days"),
                per_hour=visit.whole("per_hour") or public_forms.PER_HOUR_DEFAULT,
            )
    except Refused as refused:
        if refused.problems[0].type in (NOT_SIGNED_IN, CSRF) or refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            return _page(here, here.said(refused))
    return go("/admin/links")


def close(visit: Visit) -> Response:
    """Let a link take nothing more."""
    with visit.writing() as here:
        public_forms.close(here.site, here.connection, here.viewer, visit.path("id").lower())
    return go("/admin/links")
