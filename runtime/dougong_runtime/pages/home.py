"""Homes: of a person across apps, and of an app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import urlencode

from dougong_runtime.errors import Refused
from dougong_runtime.model.app import App, Document, Entity
from dougong_runtime.pages.blocks import Block, Standing, blocks_of
from dougong_runtime.pages.conditions import join
from dougong_runtime.pages.desk import Desk, Row, count_text
from dougong_runtime.pages.faces import hue
from dougong_runtime.pages.menu import Group, menu_of
from dougong_runtime.pages.personal import Kept, Personal
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.views import default_columns, main_view, views_of
from dougong_runtime.records.query import Query

MINE_ROWS = 5
MINE_LISTS = 3
FIGURES = 4
STRIP_MAX = 6
WIDE, NARROW = (7, 8), (4, 5)
RECENT = 8
MY_OWN = "owner = USER()"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with where it leads."""

    label: str
    text: str
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class Mine:
    """The records of one entity that are the reader's own, as its first view lists them."""

    name: str
    label: str
    count_text: str
    href: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class AppCard:
    """An app to switch to."""

    name: str
    label: str
    icon: str
    color: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """A place of the app's menu."""

    label: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Places:
    """A menu group on the app's home."""

    label: str
    links: tuple[PlaceLink, ...]


@dataclass(frozen=True)
class Home:
    """What a home shows."""

    title: str
    lead: str
    figures: tuple[Figure, ...] = ()
    mine: tuple[Mine, ...] = ()
    blocks: tuple[Block, ...] = ()
    apps: tuple[AppCard, ...] = ()
    places: tuple[Places, ...] = ()
    recent: Sequence[Kept] = ()
    starred: Sequence[Kept] = ()
    mentions: Sequence[Kept] = ()
    strip: tuple[Block, ...] = ()
    """The figures that a page begins with, side by side."""

    @property
    def columns(self) -> tuple[tuple[Block, ...], ...]:
        """The blocks as a wide and a narrow column, each as high as it is, where they have just these two widths;
        none where they stand on a grid."""
        wide = tuple(b for b in self.blocks if b.width in WIDE)
        narrow = tuple(b for b in self.blocks if b.width in NARROW)
        fits = wide and narrow and len(wide) + len(narrow) == len(self.blocks)
        return (wide, narrow) if fits else ()


def greeting(reader: Reader, name: str) -> str:
    """By the hour where the person is."""
    hour = reader.local(reader.now).hour
    key = "hello.morning" if 5 <= hour < 12 else "hello.afternoon" if 12 <= hour < 18 else "hello.evening"
    return reader.t(key, name=name)


def day_line(reader: Reader, facts: Sequence[str]) -> str:
    """The day, and a sentence of facts."""
    return " · ".join([reader.named_day(reader.today), *facts])


def owned_entities(desk: Desk) -> list[Entity]:
    """Entities with an owner that the reader may read, those of the menu first and in its order."""
    listed = [i.entity for g in menu_of(desk.app, desk.records.can) for i in g.items]
    place = {name: n for n, name in reversed(list(enumerate(listed)))}
    found = [
        e
        for e in desk.app.own_entities
        if e.owner_field == "owner" and "owner" in desk.views(e.name) and desk.records.can(e.name, "read")
    ]
    return sorted(found, key=lambda e: place.get(e.name, len(listed)))


def mine(desk: Desk, limit: int = MINE_LISTS) -> tuple[Mine, ...]:
    """The reader's own records, a list an entity; entities without any are left out."""
    if desk.records.viewer.user is None:
        return ()
    lists = (_own(desk, entity) for entity in owned_entities(desk))
    return tuple(m for m in lists if m is not None)[:limit]


def _own(desk: Desk, entity: Entity) -> Mine | None:
    views = [v for v in views_of(desk.app, entity.name) if v.document and desk.may_see(v.document.data)]
    view = views[0] if views else None
    columns = desk.columns(view.columns if view else default_columns(desk.app, entity))
    names = tuple(dict.fromkeys([*(c.path for c in columns), entity.title]))
    seen = desk.views(entity.name)
    asked = tuple(n for n in names if n.split(".")[0] in seen)
    latest = ("-updated_at",) if "updated_at" in seen else ()
    condition = join([view.filter if view else "", "" if view and MY_OWN in view.filter else MY_OWN])
    try:
        page = desk.records.list(
            Query(entity.name, condition, view.sort if view else latest, asked, limit=MINE_ROWS, titles=True)
        )
    except Refused:
        return None
    if not page.items:
        return None
    rest = [c for c in columns if c.path != "owner"]
    where = f"{desk.address}/views/{view.name if view else main_view(desk.app, entity.name)}"
    is_own = view is not None and MY_OWN in view.filter
    href = where if is_own else f"{where}?{urlencode({'filter': MY_OWN})}"
    rows = tuple(desk.short_row(entity, item, rest) for item in page.items)
    label = desk.reader.t("home.mine", entity=desk.word(entity, many=True))
    return Mine(entity.name, label, count_text(page.count, page.count_is_exact), href, rows)


def figures(desk: Desk, lists: Sequence[Mine]) -> tuple[Figure, ...]:
    """How many of the reader's own there are, and of all they may read."""
    made = []
    for one in lists:
        entity = desk.app.entities[one.name]
        total = desk.records.list(Query(entity.name, fields=("id",), limit=1))
        note = desk.reader.t("home.of", n=count_text(total.count, total.count_is_exact))
        made.append(Figure(one.label, one.count_text, note, one.href))
    return tuple(made[:FIGURES]) if len(made) > 1 else ()


def app_card(app: App, reader: Reader, note: str = "") -> AppCard:
    """An app as a card: the icon of its first entity or menu group."""
    icon = next((str(g.get("icon")) for g in app.menu if g.get("icon")), "")
    if not icon:
        icon = app.own_entities[0].icon if app.own_entities else "box"
    return AppCard(app.name, reader.label(app.label), icon, hue(app.name), note)


def places(groups: Sequence[Group], reader: Reader, app_label: str) -> tuple[Places, ...]:
    """The menu as cards."""
    return tuple(
        Places(
            reader.label(g.label) if g.label else app_label,
            tuple(PlaceLink(reader.label(i.label), i.href, i.icon) for i in g.items),
        )
        for g in groups
    )


def home_page(desk: Desk) -> Document | None:
    """The page that the reader's role starts on, else the first that belongs to no entity and that they may see."""
    pages = desk.app.of("page")
    for role in sorted(desk.records.viewer.roles_in(desk.app.name)):
        found = desk.app.roles.get(role)
        if (
            found is not None
            and found.home
            and found.home in pages
            and not pages[found.home].data.get("entity")
        ):
            return pages[found.home]
    return next((d for d in pages.values() if not d.data.get("entity") and desk.may_see(d.data)), None)


def app_home(desk: Desk, groups: Sequence[Group], name: str, personal: Personal) -> Home:
    """The home of an app: its page for the reader's role, or their own records and its places."""
    document = home_page(desk)
    blocks = blocks_of(Standing(desk, personal=personal), document) if document is not None else ()
    reader = desk.reader
    label = reader.label(desk.app.label)
    title = greeting(reader, name)
    if document is not None and blocks:
        strip = tuple(takewhile(lambda b: b.kind == "metric", blocks))[:STRIP_MAX]
        lead = day_line(reader, [reader.label(document.label)])
        return Home(title, lead, blocks=blocks[len(strip) :], strip=strip)
    own = mine(desk)
    return Home(
        title,
        day_line(reader, [label]),
        figures(desk, own),
        own,
        places=places(groups, reader, label),
        recent=personal.recent(RECENT),
        starred=personal.starred(RECENT),
        mentions=personal.mentions(RECENT),
    )
