"""What a file is, by its content. Neither its name nor what its sender says of it is believed; a name only tells texts
and old office files apart, which look alike inside."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

HEAD_BYTES = 65_536
"""How much of a file is looked at."""
UNKNOWN = "application/octet-stream"
PROGRAM = "application/x-executable"
"""Whatever a machine runs: programs of any system, scripts that name their interpreter."""
HTML, SVG, XML, PLAIN = "text/html", "image/svg+xml", "application/xml", "text/plain"

RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
"""Images that are looked into and made small."""
INLINE = frozenset(
    {
        *RASTER,
        PLAIN,
        "application/pdf",
        "audio/mpeg",
        "audio/wav",
        "audio/ogg",
        "audio/mp4",
        "audio/flac",
        "audio/webm",
        "video/mp4",
        "video/webm",
        "video/ogg",
        "video/quicktime",
    }
)
"""Types that a browser may show; all else is handed out to be saved."""

_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x7fELF", PROGRAM),
    (0, b"MZ", PROGRAM),
    (0, b"\xfe\xed\xfa\xce", PROGRAM),
    (0, b"\xfe\xed\xfa\xcf", PROGRAM),
    (0, b"\xce\xfa\xed\xfe", PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", PROGRAM),
    (0, b"\xca\xfe\xba\xbe", PROGRAM),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", PROGRAM),
    (0, b"#!", PROGRAM),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    "image/heic": (b"heic", b"heix", b"mif1", b"msf1", b"hevc"),
    "image/avif": (b"avif", b"avis"),
    "audio/mp4": (b"M4A ", b"M4B "),
    "video/quicktime": (b"qt  ",),
}
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_WITH_MACROS = {
    "word/": "application/vnd.ms-word.document.macroenabled.12",
    "xl/": "application/vnd.ms-excel.sheet.macroenabled.12",
    "ppt/": "application/vnd.ms-powerpoint.presentation.macroenabled.12",
}
_OLD_OFFICE = {
    ".doc": "application/msword",
    ".wps": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".et": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".dps": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXTS = {
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".json": "application/json",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".eml": "message/rfc822",
    ".htm": HTML,
    ".html": HTML,
    ".xhtml": HTML,
    ".svg": SVG,
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".xml": XML,
}
_MARKUP = re.compile(
    rb"<(?:!doctype html|html|head|body|script|iframe|meta|object|embed|form|img|a\s|style)", re.I
)
_UNPRINTED = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ENDINGS: dict[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp", ".dib"),
    "image/tiff": (".tif", ".tiff"),
    "image/heic": (".heic", ".heif"),
    "image/avif": (".avif",),
    SVG: (".svg",),
    "application/pdf": (".pdf",),
    HTML: (".html", ".htm", ".xhtml"),
    "audio/mpeg": (".mp3",),
    "audio/wav": (".wav",),
    "audio/mp4": (".m4a", ".m4b", ".mp4", ".aac"),
    "video/mp4": (".mp4", ".m4v"),
}
_ZIP_ENTRIES_MAX = 20_000


def endings(media_type: str) -> tuple[str, ...]:
    """Endings that names of such files have; () where any will do."""
    return _ENDINGS.get(media_type, ())


def kind_of(path: Path, name: str) -> str:
    """The media type of a file's content; `name` is what its sender calls it. Two bytes alone mark no text as else."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
        return _marked(head) or _zipped(file, head) or _by_ending(head, ending)


def _marked(head: bytes) -> str | None:
    for place, mark, found in _MARKS:
        if head[place : place + len(mark)] == mark and (len(mark) > 2 or mark == b"#!" or not _is_text(head)):
            return found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return next((found for found, brands in _BRANDS.items() if brand in brands), "video/mp4")
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] == b"OggS":
        return "video/ogg" if b"theora" in head[:256] else "audio/ogg"
    if len(head) > 1 and head[0] == 0xFF and head[1] in (0xFB, 0xFA, 0xF3, 0xF2):
        return "audio/mpeg"
    return None


def _zipped(file: BinaryIO, head: bytes) -> str | None:
    if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()[:_ZIP_ENTRIES_MAX]
            if names[:1] == ["mimetype"] and archive.getinfo("mimetype").file_size < 100:
                stated = archive.read("mimetype").decode("ascii", "replace").strip()
                if stated.startswith(("application/vnd.oasis.opendocument.", "application/epub+zip")):
                    return stated
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        return "application/zip"
    if "[Content_Types].xml" in names:
        for folder, found in _OFFICE.items():
            if any(n.startswith(folder) for n in names):
                macros = any(n.lower().endswith("vbaproject.bin") for n in names)
                return _WITH_MACROS[folder] if macros else found
    if "META-INF/MANIFEST.MF" in names or "AndroidManifest.xml" in names:
        return PROGRAM
    return "application/zip"


def _by_ending(head: bytes, ending: str) -> str:
    if head[:8] == _OLE:
        return _OLD_OFFICE.get(ending, "application/x-ole-storage")
    if not _is_text(head):
        return UNKNOWN
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:4096].lower()
    if start.startswith(b"<svg") or (
        start.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in start
    ):
        return SVG
    if ending in _TEXTS:
        return _TEXTS[ending]
    if start.startswith(b"<") and _MARKUP.search(head):
        return HTML
    return XML if start.startswith(b"<?xml") else PLAIN


def encoding_of(head: bytes) -> str:
    """The encoding of a text, from its beginning."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return "utf-8" if _decodes(head, "utf-8") else "gb18030"


def _is_text(head: bytes) -> bool:
    """Whether it is text in UTF-8, UTF-16 with its mark, or GB 18030; it may be cut within a character."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _decodes(head, "utf-16")
    return _UNPRINTED.search(head) is None and (_decodes(head, "utf-8") or _decodes(head, "gb18030"))


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
