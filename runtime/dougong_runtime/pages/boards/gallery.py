"""Records as pictures with a few facts below; further ones come as one scrolls."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dougong_runtime.pages.boards.cards import Card, CardMaker
from dougong_runtime.pages.boards.fitting import image_field
from dougong_runtime.pages.desk import count_text
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.views import Column

PICTURES = 48


@dataclass(frozen=True, slots=True)
class Picture:
    """A record's card, and the address of its picture; empty where it has none that can be shown small."""

    card: Card
    src: str
    alt: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures in rows."""

    pictures: tuple[Picture, ...]
    more_href: str
    count_text: str
    template: str = "parts/gallery.html"
    is_ordered: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.pictures


def gallery(frame: Frame) -> Gallery | None:
    """The first pictures, or those after the address's cursor; None where this reader sees no image."""
    image = image_field(frame)
    if image is None:
        return None
    maker = CardMaker.of(frame, (image.path,))
    fields = tuple(dict.fromkeys([*maker.asked, image.path]))
    found = frame.desk.records.list(frame.query(fields=fields, limit=PICTURES, count=not frame.state.cursor))
    more = replace(frame.state, cursor=found.next).address(f"{frame.base}/pictures") if found.next else ""
    pictures = tuple(
        _picture(maker.card(item), image, frame.desk.face(image.field, item.get(image.path)))
        for item in found.items
    )
    return Gallery(pictures, more, count_text(found.count, found.count_is_exact))


def _picture(card: Card, image: Column, shown: Face) -> Picture:
    if shown.draw != "images" or not shown.raw:
        return Picture(card, "", "")
    first = shown.raw[0]
    return Picture(card, first.preview, first.name, first.width, first.height)
