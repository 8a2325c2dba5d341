"""What stands around every page: who reads, in which app, with what preferences."""

from __future__ import annotations

from dataclasses import dataclass

from dougong_runtime.pages.home import AppCard
from dougong_runtime.pages.menu import Group, Item
from dougong_runtime.pages.personal import Star

DOCK_ITEMS = 3


@dataclass(frozen=True, slots=True)
class Brand:
    """How the site shows itself: its name, the address of its logo, its colour."""

    name: str = ""
    logo: str = ""
    accent: str = "ink"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person likes pages: kept for the browser, in force before signing in too."""

    theme: str = "auto"
    density: str = "standard"
    nav: str = "full"
    keys: str = "on"
    brand: Brand = Brand()
    """The site's; it is in force wherever a person's choices are."""


@dataclass(frozen=True, slots=True)
class Person:
    """The reader as the sidebar shows them."""

    name: str
    subtitle: str
    initial: str
    color: str


NOBODY = Person("", "", "", "gray")


@dataclass(frozen=True, slots=True)
class Toast:
    """What was done, and the address that undoes it."""

    text: str
    undo: str = ""
    icon: str = "check"
    values: tuple[tuple[str, str], ...] = ()
    """What the undo's form sends."""
    in_place: bool = False
    """Whether undoing leaves the page where it is: its answer is another toast, not another page."""
    href: str = ""
    """Where more about it is to be read."""
    link: str = ""
    """Words of that link."""


@dataclass(frozen=True)
class Shell:
    """The frame of a page."""

    title: str
    path: str
    csrf: str
    preferences: Preferences
    person: Person = NOBODY
    app: AppCard | None = None
    apps: tuple[AppCard, ...] = ()
    groups: tuple[Group, ...] = ()
    current: str = ""
    is_admin: bool = False
    in_admin: bool = False
    acting_for: str | None = None
    toast: Toast | None = None
    star: Star | None = None
    """Of the record that the page is about."""
    unread: int = 0
    """Notices that the reader has not read."""
    studio: str = ""
    """Where the app is built, for who may."""
    trial: str = ""
    """The version that is tried out on a copy of the data; empty on the real data."""

    @property
    def brand(self) -> Brand:
        """The site's name, logo and colour."""
        return self.preferences.brand

    @property
    def theme(self) -> str:
        """light, dark, or auto."""
        return self.preferences.theme

    @property
    def density(self) -> str:
        """compact, standard or roomy."""
        return self.preferences.density

    @property
    def nav(self) -> str:
        """full or rail."""
        return self.preferences.nav

    @property
    def keys(self) -> str:
        """Whether single letters act."""
        return self.preferences.keys

    @property
    def dock(self) -> tuple[Item, ...]:
        """The first places, for a phone's bar."""
        return tuple(i for g in self.groups for i in g.items)[:DOCK_ITEMS]


def current_place(groups: tuple[Group, ...], path: str, entity: str | None) -> str:
    """Which place of the sidebar a page belongs to: its own, else the first of its entity."""
    items = [i for g in groups for i in g.items]
    if any(i.href == path for i in items):
        return path
    of_entity = [i.href for i in items if entity is not None and i.entity == entity]
    return of_entity[0] if of_entity else path
