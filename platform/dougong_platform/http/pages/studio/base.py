"""What every page of the studio shares: the draft before its builder, and the frame around a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong_designer import abilities, presence, remarks
from dougong_designer.draft import Standing
from dougong_platform.http.pages.studio import tree
from dougong_platform.http.pages.studio.tree import ICONS, ToolItem, TreeGroup, TreeItem
from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_runtime.labels import Label
from dougong_runtime.lazily import cached_property
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.shell import Toast


@dataclass(frozen=True, slots=True)
class Builder:
    """Somebody else who is in the studio."""

    name: str
    initial: str
    color: str
    where: str
    """What they have open, in words; "" for the overview."""


@dataclass
class Frame:
    """What stands around a document in the studio. Each piece is found out when a template asks for it: most answers
    draw one piece."""

    here: Here
    studio: Studio
    key: str = ""

    @property
    def app(self) -> str:
        """Name of the app."""
        return self.studio.name

    @property
    def address(self) -> str:
        """The beginning of its addresses."""
        return f"/studio/{self.studio.name}"

    @property
    def label(self) -> str:
        """What the app is called."""
        return label_of(self.here, self.studio, f"app/{self.app}")

    @property
    def title(self) -> str:
        """What the document that is open is called."""
        return label_of(self.here, self.studio, self.key)

    @property
    def base(self) -> int:
        """Number of the version that the draft stands on."""
        return self.studio.draft.base

    @property
    def version(self) -> str:
        """That version's own, `1.4.0`."""
        return str(self.studio.draft.original[f"app/{self.app}"].get("version", self.base))

    @property
    def revision(self) -> int:
        """Number of the last step."""
        return self.studio.draft.revision

    @property
    def is_behind(self) -> bool:
        """Whether another version has been published since the draft was begun."""
        return self.studio.draft.is_behind

    @property
    def changes(self) -> int:
        """How many documents differ from the base."""
        return len([key for key in self.studio.draft.changed if tree.is_document(key)])

    @cached_property
    def standing(self) -> Standing:
        """What undo and redo would do."""
        return self.studio.standing

    @property
    def undo(self) -> str:
        """What the next undo takes back; "" for nothing."""
        return self.here.reader.label(self.standing.undo) if self.standing.undo else ""

    @property
    def redo(self) -> str:
        """What the next redo does again; "" for nothing."""
        return self.here.reader.label(self.standing.redo) if self.standing.redo else ""

    @property
    def saved(self) -> str:
        """When the last step was made."""
        at = self.studio.draft.updated_at
        return self.here.reader.moment(at) if at else ""

    @property
    def may_publish(self) -> bool:
        """Whether the builder may publish."""
        return abilities.may_publish(self.here.viewer, self.studio.running)

    @cached_property
    def remarks(self) -> int:
        """Open remarks on the document that is open; without one, on all."""
        counts = remarks.open_counts(self.here.connection, self.app)
        data = self.studio.draft.documents.get(self.key)
        return counts.get(str(data.get("id", self.key)), 0) if data is not None else sum(counts.values())

    @cached_property
    def _all_groups(self) -> tuple[TreeGroup, ...]:
        here = self.here
        return tree.groups(self.studio.draft, here.reader, self.key, here.visit.request)

    @property
    def home(self) -> TreeItem:
        """The app's own document in the tree."""
        return self._all_groups[0].items[0]

    @property
    def groups(self) -> tuple[TreeGroup, ...]:
        """The other documents, by kind."""
        return self._all_groups[1:]

    @property
    def tools(self) -> tuple[ToolItem, ...]:
        """Pages about the app as a whole."""
        return tree.tools(self.studio.draft, self.here.reader)

    @cached_property
    def builders(self) -> tuple[Builder, ...]:
        """Who else is there."""
        return builders_of(self.here, self.studio)


def open_studio(here: Here, *, writes: bool = False, seen: int | None = None) -> Studio:
    """The draft of the app that the address names; `seen`: the revision that the builder had before them. Raises
    Refused for who may not build it."""
    return Studio(here.site, here.connection, here.viewer, here.visit.path("app"), writes, seen)


def frame_of(here: Here, studio: Studio, key: str = "") -> Frame:
    """The frame around the document at `key`."""
    return Frame(here, studio, key)


def builders_of(here: Here, studio: Studio) -> tuple[Builder, ...]:
    """Who else is there."""
    found = presence.others(here.connection, studio.name, here.viewer, here.site.clock.now())
    return tuple(
        Builder(one.name, initial(one.name), hue(one.user), label_of(here, studio, one.document))
        for one in found
    )


def label_of(here: Here, studio: Studio, key: str) -> str:
    """What a document is called; "" where there is none at the key."""
    data = studio.draft.documents.get(key)
    if data is None or not tree.is_document(key):
        return ""
    return here.reader.label(Label.of(data.get("label"), key.partition("/")[2]))


def page(here: Here, studio: Studio, template: str, key: str, title: str, **values: Any) -> Response:
    """A whole page of the studio."""
    shell = here.shell(title, toast=_done(here, studio))
    return here.page(template, shell, studio=frame_of(here, studio, key), **values)


def part(here: Here, studio: Studio, template: str, block: str, key: str = "", **values: Any) -> Response:
    """A block of such a page, for a part that fetches itself again."""
    return here.block(template, block, studio=frame_of(here, studio, key), **values)


def _done(here: Here, studio: Studio) -> Toast | None:
    """What the address says was just done: words from a list, and the name of a document that there is or was."""
    done, about = here.visit.query("done"), here.visit.query("about")
    if done in ("begun", "merged") and about.isascii() and about.isdecimal():
        words = {"begun": "versions.begun", "merged": "merge.done"}[done]
        return Toast(here.reader.t(words, n=about), f"/studio/{studio.name}/undo", in_place=True)
    if done not in ("removed", "gone", "made"):
        return None
    data = studio.draft.documents.get(about) or studio.draft.original.get(about)
    name = about.partition("/")[2]
    what = here.reader.label(Label.of(data.get("label"), name)) if data and tree.is_document(about) else ""
    text = here.reader.t(f"studio.done.{done}", what=here.reader.quoted(what) if what else "")
    return Toast(text, f"/studio/{studio.name}/undo" if done == "removed" else "", in_place=True)


__all__ = [
    "ICONS",
    "Builder",
    "Frame",
    "TreeGroup",
    "TreeItem",
    "builders_of",
    "frame_of",
    "label_of",
    "open_studio",
    "page",
    "part",
]
