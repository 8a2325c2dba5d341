"""What is said about a record: its line of time, comments, who is named in them, and who follows it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import talking
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import Refused
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.record_page import RecordBuilder
from dougong_runtime.pages.record_page.parts import SHOWS, Show
from dougong_runtime.pages.record_page.people import people_to_name
from dougong_runtime.pages.record_page.story import said
from dougong_runtime.talk import followers

REFUSED_HERE = (409, 422)
"""Refusals that are told beside the words that were sent; others are a page's."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a record's address."""
    base = "/apps/{app}/{entity}/{id}"
    return [
        pages.get(base + "/timeline", timeline),
        pages.post(base + "/comments", add),
        pages.get(base + "/comments/{comment}", show),
        pages.post(base + "/comments/{comment}", change),
        pages.post(base + "/comments/{comment}/delete", delete),
        pages.get(base + "/mentionable", mentionable),
        pages.post(base + "/follow", follow),
    ]


def _place(here: Here) -> tuple[Desk, Entity, str]:
    desk = here.desk()
    entity = here.entity(desk)
    return desk, entity, here.visit.path("id").lower()


def _story(
    here: Here, *, draft: str = "", problem: str = "", cursor: str = "", status: int = 200
) -> Response:
    desk, entity, record = _place(here)
    asked = here.visit.query("show", "all")
    shown: Show = next((s for s in SHOWS if s == asked), "all")
    builder = RecordBuilder(desk, entity, record, talk=talking.comments(here.site, desk.records))
    found = builder.story(shown, cursor, draft=draft, problem=problem)
    return here.block("talk.html", "rows" if cursor else "story", status=status, story=found)


def timeline(visit: Visit) -> Response:
    """Its line of time: all of it, comments or changes; or what follows a page of it."""
    with visit.reading() as here:
        return _story(here, cursor=visit.query("before"))


def add(visit: Visit) -> Response:
    """A comment: the line of time with it on top, or with the words and why they were not taken."""
    text = visit.text("text")
    try:
        with visit.writing() as here:
            desk, entity, record = _place(here)
            made = talking.comments(here.site, desk.records).add(entity.name, record, text)
            if visit.is_fragment:
                return _story(here)
            return go(f"{desk.href(entity.name, record)}?tab=overview#comment-{made.id}")
    except Refused as refused:
        if not visit.is_fragment or refused.status not in REFUSED_HERE:
            raise
        with visit.reading() as here:
            return _story(here, draft=text, problem=here.said(refused), status=refused.status)


def show(visit: Visit) -> Response:
    """A comment in its place; with `edit`, to be changed there."""
    with visit.reading() as here:
        desk, entity, record = _place(here)
        found = talking.comments(here.site, desk.records).get(entity.name, record, visit.path("comment"))
        drawn, href = said(found, here.reader), desk.href(entity.name, record)
        if visit.query("edit") and found.may_edit:
            return here.block("talk.html", "editing", editing=drawn, href=href, text=found.text, problem="")
        return here.block("talk.html", "comment", said=drawn, href=href)


def change(visit: Visit) -> Response:
    """One's own comment, changed; or the words and why they were not taken."""
    text, comment = visit.text("text"), visit.path("comment")
    try:
        with visit.writing() as here:
            desk, entity, record = _place(here)
            kept = talking.comments(here.site, desk.records)
            made = said(kept.edit(entity.name, record, comment, text), here.reader)
            href = desk.href(entity.name, record)
            if not visit.is_fragment:
                return go(f"{href}?tab=overview#comment-{made.id}")
            return here.block("talk.html", "comment", said=made, href=href)
    except Refused as refused:
        if not visit.is_fragment or refused.status not in REFUSED_HERE:
            raise
        with visit.reading() as here:
            desk, entity, record = _place(here)
            found = talking.comments(here.site, desk.records).get(entity.name, record, comment)
            return here.block(
                "talk.html",
                "editing",
                status=refused.status,
                editing=said(found, here.reader),
                href=desk.href(entity.name, record),
                text=text,
                problem=here.said(refused),
            )


def delete(visit: Visit) -> Response:
    """One's own comment, taken away."""
    with visit.writing() as here:
        desk, entity, record = _place(here)
        talking.comments(here.site, desk.records).delete(entity.name, record, visit.path("comment"))
        if visit.is_fragment:
            return Response("", media_type="text/html")
        return go(desk.href(entity.name, record) + "?tab=overview")


def mentionable(visit: Visit) -> Response:
    """Colleagues to be named, by the letters behind the `@`."""
    with visit.reading() as here:
        desk, entity, record = _place(here)
        desk.records.get(entity.name, record, fields=("id",))
        kept = talking.comments(here.site, desk.records)
        found = people_to_name(desk, kept, entity.name, record, visit.query("q")[:40])
        return here.block("talk.html", "people", people=found)


def follow(visit: Visit) -> Response:
    """Follow the record, or no longer; gives the button as it stands then."""
    wanted = visit.text("on") == "1"
    with visit.writing() as here:
        desk, entity, record = _place(here)
        followers.follow(desk.records, entity.name, record, wanted)
        href = desk.href(entity.name, record)
        if visit.is_fragment:
            return here.block("talk.html", "follow", href=href, follows=wanted)
        return go(href)
