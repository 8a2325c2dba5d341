"""A person's notices as a page: a sentence each, by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from dougong_runtime.model.app import App
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.sentences import day_label
from dougong_runtime.pages.views import main_view
from dougong_runtime.talk.inbox import Notice, Which
from dougong_runtime.talk.mentions import Piece, pieces
from dougong_runtime.talk.notify import MANY, OWNER, STAGE

WHICH: tuple[Which, ...] = ("all", "unread", "mentions")
QUOTED = 240
"""Characters of a comment that its notice shows."""


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as drawn."""

    id: str
    sentence: Markup
    quote: tuple[Piece, ...]
    href: str
    initial: str
    color: str
    time: str
    exact: str
    at: str
    is_read: bool


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """Notices of one day under its name."""

    label: str
    notices: tuple[ShownNotice, ...]


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """A page of them. `next` is what the following is asked with."""

    which: Which
    days: tuple[NoticeDay, ...]
    next: str
    unread: int

    @property
    def tabs(self) -> tuple[Which, ...]:
        """What may be chosen."""
        return WHICH


def notices_page(
    found: Sequence[Notice],
    following: str | None,
    which: Which,
    unread: int,
    reader: Reader,
    apps: dict[str, App],
) -> NoticesPage:
    """Notices, the newest first, told by day."""
    days: dict[date, list[ShownNotice]] = {}
    for notice in found:
        days.setdefault(reader.local(notice.at).date(), []).append(_shown(notice, reader, apps))
    told = tuple(NoticeDay(day_label(day, reader), tuple(of_day)) for day, of_day in days.items())
    return NoticesPage(which, told, following or "", unread)


def _shown(notice: Notice, reader: Reader, apps: dict[str, App]) -> ShownNotice:
    local = reader.local(notice.at)
    who = notice.actor_name or reader.t("history.system")
    text = notice.text if len(notice.text) <= QUOTED else notice.text[:QUOTED].rstrip() + "…"
    return ShownNotice(
        notice.id,
        _sentence(notice, who, reader),
        pieces(text, notice.mentions),
        _href(notice, apps),
        initial(who),
        hue(who),
        f"{local:%H:%M}",
        reader.exact_moment(notice.at),
        notice.at.isoformat(),
        notice.is_read,
    )


def _sentence(notice: Notice, who: str, reader: Reader) -> Markup:
    """The words as markup: names are escaped where they are put in."""
    bold = Markup("<b>{}</b>").format
    label = reader.label(notice.entity.label)
    if notice.kind == MANY:
        plural = reader.label(notice.entity.plural or notice.entity.label)
        many = {"who": bold(who), "n": notice.count, "what": Markup("{}").format(plural)}
        return Markup(reader.t("notice.many", **many))
    title = notice.title or f"{label} {(notice.record or '')[-6:]}"
    facts = {"who": bold(who), "what": bold(reader.quoted(title))}
    if notice.kind == STAGE:
        facts["after"] = bold(_stage(notice, reader))
    elif notice.kind == OWNER:
        facts["after"] = bold(notice.after_name or "—")
    return Markup(reader.t(f"notice.{notice.kind}", **facts))


def _stage(notice: Notice, reader: Reader) -> str:
    option = notice.field.option(notice.after) if notice.field is not None else None
    return reader.label(option.label) if option is not None else str(notice.after)


def _href(notice: Notice, apps: dict[str, App]) -> str:
    """The record, at the comment; for many records, their list."""
    base = f"/apps/{notice.app}"
    if notice.record is None:
        return f"{base}/views/{main_view(apps[notice.app], notice.entity.name)}"
    place = f"?tab=overview#comment-{notice.comment}" if notice.comment else ""
    return f"{base}/{notice.entity.name}/{notice.record}{place}"
