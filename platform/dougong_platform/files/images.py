"""Images: their measure when they are handed in, and small ones for pages, made once and kept beside the data.

A small image is drawn anew from the pixels: nothing else of the file comes along, no place where it was taken and
nothing hidden behind its end.
"""

from __future__ import annotations

import tempfile
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from dougong_platform.files.kinds import RASTER, kind_of

SIZES = (96, 320, 800, 1600)
"""Pixels of the longer side that an image can be asked for in."""
PIXELS_MAX = 60_000_000
SIDE_MAX = 20_000
PREVIEW_TYPE = "image/webp"
_QUALITY = 82
_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
}
_AT_ONCE = threading.Semaphore(2)
"""Images unfolded at the same time: one of the largest takes 240 MB."""


class BadImage(ValueError):
    """An image that cannot be read, or is too large to be unfolded; both sentences say which."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def measure(path: Path, media_type: str) -> tuple[int, int] | None:
    """Width and height of an image, from its head and without unfolding it; None for what is no image of those looked
    into. Raises BadImage."""
    if media_type not in RASTER:
        return None
    with _opened(path, media_type) as image:
        width, height = image.size
        if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # turned by a quarter
            width, height = height, width
    return width, height


def _opened(path: Path, media_type: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path, formats=[_FORMATS[media_type]])
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as wrong:
        raise BadImage("不是完整的图片。", "is not a whole image.") from wrong
    width, height = image.size
    if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX or min(width, height) < 1:
        image.close()
        raise BadImage(
            f"图片太大：{width} × {height} 像素，最多 {PIXELS_MAX // 10**6} 百万像素。",
            f"is too large an image: {width} × {height} pixels; the most is {PIXELS_MAX // 10**6} megapixels.",
        )
    return image


class Previews:
    """Small images, in a folder that may be emptied at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str, size: int, pieces: Iterable[bytes], media_type: str) -> Path:
        """The small image of a content, of at most `size` pixels a side; made where it is not there, from `pieces`.
        Raises BadImage."""
        path = self._folder / sha256[:2] / f"{sha256}-{size}.webp"
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="making-") as room, _AT_ONCE:
            whole, draft = Path(room) / "whole", Path(room) / "draft"
            with whole.open("wb") as out:
                out.writelines(pieces)
            _draw(whole, media_type, size, draft)
            draft.replace(path)
        return path

    def remove(self, sha256: str) -> None:
        """Remove the small images of a content."""
        for path in (self._folder / sha256[:2]).glob(f"{sha256}-*.webp"):
            path.unlink(missing_ok=True)


def small(content: bytes, size: int) -> bytes:
    """A small WebP of an image in memory, of at most `size` pixels a side, drawn anew. Raises BadImage."""
    with tempfile.TemporaryDirectory(prefix="dougong-image-") as room, _AT_ONCE:
        whole, drawn = Path(room) / "whole", Path(room) / "drawn"
        whole.write_bytes(content)
        media_type = kind_of(whole, "")
        if media_type not in RASTER:
            raise BadImage("不是图片。", "is no image.")
        _draw(whole, media_type, size, drawn)
        return drawn.read_bytes()


def _draw(source: Path, media_type: str, size: int, out: Path) -> None:
    with _opened(source, media_type) as image:
        image.draft("RGB", (size * 2, size * 2))
        try:
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
            has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            plain = upright.convert("RGBA" if has_alpha else "RGB")
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as wrong:
            raise BadImage("不是完整的图片。", "is not a whole image.") from wrong
        fresh = Image.new(plain.mode, plain.size)
        fresh.paste(plain)
        fresh.save(out, "WEBP", quality=_QUALITY, method=3)


ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = PIXELS_MAX
