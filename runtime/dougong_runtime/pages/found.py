"""Search across apps: a few records of each entity, under the reader's rights, and places by name."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from dougong_runtime.errors import Refused
from dougong_runtime.pages.desk import Desk, Mark, Row, count_text
from dougong_runtime.pages.menu import Group
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


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Lines under a word."""

    entity: str
    label: str
    rows: tuple[Hit, ...]


def find(desk: Desk, text: str) -> list[FoundGroup]:
    """Matches in every entity of an app that can be searched."""
    groups = []
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
        groups.append(
            FoundGroup(
                entity.name,
                desk.label(entity, many=True),
                entity.icon,
                count_text(page.count, page.count_is_exact),
                more,
                rows,
            )
        )
    return groups


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


def places_hits(desk: Desk, groups: tuple[Group, ...], text: str) -> list[HitGroup]:
    """Places of the menu, and what can be created, whose words match: by letters or by pinyin's initials."""
    reader = desk.reader
    wanted = text.casefold().strip()

    def matches(words: str) -> bool:
        return not wanted or wanted in words.casefold() or any(t.startswith(wanted) for t in tokens(words))

    places = [
        Hit(reader.label(i.label), "", i.href, i.icon)
        for g in groups
        for i in g.items
        if matches(reader.label(i.label))
    ]
    creating = [
        Hit(words, "", f"{desk.address}/{e.name}/new", "plus")
        for e in desk.app.own_entities
        if desk.records.can(e.name, "create")
        for words in [reader.t("record.new", entity=desk.word(e))]
        if wanted and matches(words)
    ]
    made = [HitGroup("places", reader.t("search.places"), tuple(places[:ROWS]))]
    made.append(HitGroup("actions", reader.t("search.actions"), tuple(creating[:ROWS])))
    return [g for g in made if g.rows]
