"""The site's own face: its name, colour and logo. The logo lies in the database, drawn anew from its pixels."""

from __future__ import annotations

import base64
import hashlib

import sqlalchemy as sa

from dougong_platform import live_settings
from dougong_platform.files import images
from dougong_platform.settings import Settings
from dougong_platform.tables import SITE
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.pages.shell import Brand

LOGO_TYPE = images.PREVIEW_TYPE
LOGO_PIXELS = 320
LOGO_BYTES_MAX = 2 * 1024 * 1024
_KEY = "logo"
_MARK_LENGTH = 16

BAD_LOGO = problem_type(
    "bad-logo",
    422,
    "这个文件不能用作标志：{zh}",
    "This file cannot be the logo: {en}",
    remedy=("选一张不超过 2 MB 的 PNG、JPEG 或 WebP 图片。", "Choose a PNG, JPEG or WebP of up to 2 MB."),
)


def brand_of(settings: Settings) -> Brand:
    """How the site shows itself."""
    address = f"/brand/{settings.logo}" if settings.logo else ""
    return Brand(settings.site_name, address, settings.accent)


def set_logo(
    connection: sa.Connection, actor: Viewer, clock: Clock, settings: Settings, content: bytes
) -> None:
    """Take an image as the logo; nothing takes it away. Audited. Raises Refused (BAD_LOGO)."""
    mark = ""
    connection.execute(sa.delete(SITE).where(SITE.c.name == _KEY))
    if content:
        drawn = _drawn(content)
        mark = hashlib.sha256(drawn).hexdigest()[:_MARK_LENGTH]
        connection.execute(sa.insert(SITE).values(name=_KEY, value=base64.b64encode(drawn).decode()))
    live_settings.change(connection, actor, clock, settings, {_KEY: mark})


def logo(connection: sa.Connection, mark: str) -> bytes | None:
    """The logo of that fingerprint, as WebP."""
    value = connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == _KEY))
    content = base64.b64decode(value) if value else b""
    return content if content and hashlib.sha256(content).hexdigest()[:_MARK_LENGTH] == mark else None


def _drawn(content: bytes) -> bytes:
    if len(content) > LOGO_BYTES_MAX:
        raise refuse(BAD_LOGO, zh="超过 2 MB。", en="it is larger than 2 MB.")
    try:
        return images.small(content, LOGO_PIXELS)
    except images.BadImage as wrong:
        raise refuse(BAD_LOGO, zh=wrong.zh, en=f"it {wrong.en}") from None
