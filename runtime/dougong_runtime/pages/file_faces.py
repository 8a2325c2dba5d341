"""Files as pages show them: their addresses, sizes, small images and marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_runtime.fields.base import Field, Json

SHOWN_SMALL = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
"""Media types of which the host makes small images."""
THUMB, PREVIEW, LARGE = 96, 320, 1600
"""Pixels of the longer side: in a row, in a form or on a record's page, on the whole screen."""
_MARKS = (
    ("image/", "photo"),
    ("audio/", "microphone"),
    ("video/", "movie"),
    ("application/pdf", "file-type-pdf"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml", "file-spreadsheet"),
    ("application/vnd.ms-excel", "file-spreadsheet"),
    ("text/csv", "file-spreadsheet"),
    ("application/zip", "file-zip"),
)
_IN_BROWSER = ("application/pdf", "text/plain")


@dataclass(frozen=True, slots=True)
class FileFace:
    """One file as drawn."""

    id: str
    name: str
    size: str
    media_type: str
    icon: str
    href: str
    """Its address; empty where it is not known here."""
    thumb: str = ""
    """Address of its small image; empty where it has none."""
    preview: str = ""
    large: str = ""
    width: int = 0
    height: int = 0
    opens: str = ""
    """What happens with a click: `look` for an image, `play` for sound and film, `read` in a page of its own, or
    nothing, where it is saved."""


def file_face(facts: Mapping[str, Any], field: Field, link: str) -> FileFace:
    """A file from its facts. `link` is the address of its app's records (`/apps/x`)."""
    media, id_ = str(facts.get("media_type") or ""), str(facts.get("id") or "")
    href = file_address(link, id_)
    has_small = bool(href) and media in SHOWN_SMALL and not field.sensitive
    return FileFace(
        id_,
        str(facts.get("name") or id_),
        size_text(facts.get("size")),
        media,
        next((icon for head, icon in _MARKS if media.startswith(head)), "file"),
        href,
        f"{href}?size={THUMB}" if has_small else "",
        f"{href}?size={PREVIEW}" if has_small else "",
        f"{href}?size={LARGE}" if has_small else "",
        int(facts.get("width") or 0),
        int(facts.get("height") or 0),
        _opens(media, has_small) if href else "",
    )


def _opens(media: str, has_small: bool) -> str:
    if has_small:
        return "look"
    if media.startswith(("audio/", "video/")):
        return "play"
    return "read" if media in _IN_BROWSER or media in SHOWN_SMALL else ""


def file_address(link: str, id_: str) -> str:
    """The address of a file; empty where the app's is not known.

    >>> file_address("/apps/clinic", "0190")
    '/files/clinic/0190'
    """
    app = link.removeprefix("/apps/")
    return f"/files/{app}/{id_}" if link and id_ else ""


def files_in(value: Json) -> list[Mapping[str, Any]]:
    """The files that a value names, as facts."""
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, Mapping)]


def size_text(size: object) -> str:
    """Bytes as people read them; empty where there are none.

    >>> size_text(900), size_text(1_500_000), size_text(None)
    ('900 B', '1.4 MB', '')
    """
    if not isinstance(size, int) or isinstance(size, bool):
        return ""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"
