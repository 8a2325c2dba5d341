"""Search across apps: a few records of each entity, under the reader's rights, and places by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from dougong_runtime.errors import Refused
from dougong_runtime.pages.desk import Desk, Mark, Row, count_text
from dougong_runtime.pages.menu import Group
from dougong_runtime.pages.personal import Kept
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.views import default_columns, main_view, views_of
from dougong_runtime.records.query import Query
from dougong_runtime.storage.search import closeness, tokens

ROWS = 5
LOOKED_AT = 50
"""Matches of an entity among which the nearest are looked for."""


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """Records of one entity that match."""

    entity: str
    label: str
    icon: str
    count_text: str
    more_href: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the command palette."""

    title: str
    note: str
    href: str
    icon: str = ""
    mark: Mark | None = None
    presses: str = ""
    """The selector of what is pressed instead of going somewhere."""
    key: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Lines under a word."""

    entity: str
    label: str
    rows: tuple[Hit, ...]


def find(desk: Desk, text: str) -> list[FoundGroup]:
    """Matches in every entity of an app that can be searched, the entity with the nearest match first."""
    groups: list[tuple[int, FoundGroup]] = []
    for entity in desk.app.own_entities:
        if not any(f.search for f in entity.own_fields) or not desk.records.can(entity.name, "read"):
            continue
        views = views_of(desk.app, entity.name)
        columns = desk.columns(views[0].columns if views else default_columns(desk.app, entity))
        names = [c.path for c in columns]
        if entity.title in desk.views(entity.name):
            names.append(entity.title)
        try:
            page = desk.records.list(
                Query(
                    entity.name, search=text, fields=tuple(dict.fromkeys(names)), limit=LOOKED_AT, titles=True
                )
            )
        except Refused:
            continue
        if not page.items:
            continue
        more = ""
        if page.count > ROWS:
            more = f"{desk.address}/views/{main_view(desk.app, entity.name)}?{urlencode({'all': '1', 'search': text})}"
        nearest = sorted(page.items, key=lambda item: closeness(desk.title(entity, item), text))
        rows = tuple(desk.short_row(entity, item, columns) for item in nearest[:ROWS])
        made = FoundGroup(
            entity.name,
            desk.label(entity, many=True),
            entity.icon,
            count_text(page.count, page.count_is_exact),
            more,
            rows,
        )
        groups.append((closeness(desk.title(entity, nearest[0]), text), made))
    return [g for _, g in sorted(groups, key=lambda one: one[0])]


def records_hits(groups: list[FoundGroup]) -> list[HitGroup]:
    """Matching records as lines of the palette."""
    return [
        HitGroup(
            g.entity,
            g.label,
            tuple(
                Hit(r.title, " · ".join(f.text for f in r.facts if f.text), r.href, mark=r.mark)
                for r in g.rows
            ),
        )
        for g in groups
    ]


def matches(text: str, words: str) -> bool:
    """Whether words answer to what was typed: by letters, or by the initials of their pinyin."""
    wanted = text.casefold().strip()
    return not wanted or wanted in words.casefold() or any(t.startswith(wanted) for t in tokens(words))


def places_hits(desk: Desk, groups: tuple[Group, ...], text: str) -> list[HitGroup]:
    """Places of the menu whose words match."""
    reader = desk.reader
    places = [
        Hit(reader.label(i.label), "", i.href, i.icon)
        for g in groups
        for i in g.items
        if matches(text, reader.label(i.label))
    ]
    return [HitGroup("places", reader.t("search.places"), tuple(places[:ROWS]))] if places else []


def acts_hits(desk: Desk, text: str, limit: int = ROWS) -> list[HitGroup]:
    """What can be created, as far as its words match."""
    creating = [
        Hit(words, "", f"{desk.address}/{e.name}/new", "plus")
        for e in desk.app.own_entities
        if desk.records.can(e.name, "create")
        for words in [desk.reader.t("record.new", entity=desk.word(e))]
        if matches(text, words)
    ]
    return [HitGroup("create", desk.reader.t("search.actions"), tuple(creating[:limit]))] if creating else []


def own_hits(reader: Reader, text: str, theme: str) -> list[HitGroup]:
    """What one does with the frame: looks, language, account, keys, leaving."""
    dark = "theme.light" if theme == "dark" else "theme.dark"
    all_of = (
        Hit(reader.t("nav.me"), "", "/me", "user"),
        Hit(reader.t(dark), "", "", "sun" if theme == "dark" else "moon", presses="#me-menu [name=theme]"),
        Hit(reader.t("language.other"), "", "", "language", presses="#me-menu [name=language]"),
        Hit(reader.t("keys.title"), "", "", "keyboard", presses="#me-menu [data-opens=keys]", key="?"),
        Hit(reader.t("nav.sign_out"), "", "", "logout", presses="#me-menu [action='/logout'] button"),
    )
    found = tuple(h for h in all_of if matches(text, h.title))
    return [HitGroup("own", reader.t("search.own"), found)] if found else []


def kept_hits(name: str, label: str, records: Sequence[Kept]) -> list[HitGroup]:
    """Records opened lately or starred."""
    rows = tuple(Hit(k.title, k.note, k.href, mark=k.mark) for k in records)
    return [HitGroup(name, label, rows)] if rows else []
