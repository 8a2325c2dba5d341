"""What a setting's text may say: one function a kind, which gives the value or says what it should have been."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dougong_platform import addresses
from dougong_platform.networks import networks as networks_in
from dougong_runtime.labels import Label


class Wrong(ValueError):
    """A text that is none of its kind, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.label = Label(zh, en)
        super().__init__(en)


def text(raw: object) -> str:
    """Any text, without blanks around."""
    return str(raw).strip()


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number between two bounds."""

    def read(raw: object) -> int:
        try:
            value = int(str(raw))
        except ValueError:
            raise Wrong(f"应为整数，现在是 {raw}", f"it needs a whole number; this is {raw}") from None
        if not least <= value <= most:
            raise Wrong(f"应在 {least} 与 {most} 之间", f"it must lie between {least} and {most}")
        return value

    return read


def optional(read: Callable[[object], int]) -> Callable[[object], int | None]:
    """A whole number, or none."""
    return lambda raw: None if str(raw).strip().lower() in ("", "none", "off") else read(raw)


def flag(raw: object) -> bool:
    """Yes or no."""
    text = str(raw).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off", ""):
        return False
    raise Wrong("应为 true 或 false", "it needs true or false")


def one_of(*words: str) -> Callable[[object], str]:
    """One of some words."""

    def read(raw: object) -> str:
        text = str(raw).strip().lower()
        if text not in words:
            listed = ", ".join(words)
            raise Wrong(f"应为其中之一：{listed}", f"it must be one of {listed}")
        return text

    return read


def zone(raw: object) -> str:
    """A time zone by its IANA name."""
    text = str(raw).strip()
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise Wrong(
            f"没有时区 {text}；应类似 Asia/Shanghai", f"there is no zone {text}; an example is Asia/Shanghai"
        ) from None
    return text


def database(raw: object) -> str:
    """A database's address, as SQLAlchemy writes it; empty: none."""
    text = str(raw).strip()
    for short in ("postgres://", "postgresql://"):
        if text.startswith(short):
            return "postgresql+psycopg://" + text[len(short) :]
    if text == "" or text.startswith(("sqlite:///", "postgresql+psycopg://")):
        return text
    raise Wrong("应以 sqlite:/// 或 postgresql:// 开头", "it must begin with sqlite:/// or postgresql://")


def file_store(raw: object) -> str:
    """The address of a store that speaks S3; empty: none."""
    text = str(raw).strip()
    parts = urlsplit(text)
    if text and not (
        parts.scheme in ("s3+https", "s3+http") and parts.hostname and len(parts.path.strip("/")) > 0
    ):
        raise Wrong(
            "应类似 s3+https://minio.example.com:9000/bucket/prefix",
            "it must be like s3+https://minio.example.com:9000/bucket/prefix",
        )
    return text


def short(most: int) -> Callable[[object], str]:
    """One line of so many characters at most."""

    def read(raw: object) -> str:
        text = str(raw).strip()
        if len(text) > most or not text.isprintable():
            raise Wrong(
                f"最多 {most} 个字符，不能有换行", f"it may have {most} characters, and no line breaks"
            )
        return text

    return read


def mail_host(raw: object) -> str:
    """A mail server's host; empty: none."""
    text = str(raw).strip().lower()
    if text and not addresses.is_host(text):
        raise Wrong("应是主机名或地址，如 mail.example.com", "it needs a host, e.g. mail.example.com")
    return text


def servers(raw: object) -> str:
    """Servers of the firm's own network, separated by commas."""
    text = str(raw).strip()
    try:
        addresses.internal_servers(text)
    except ValueError as wrong:
        raise Wrong(
            f"「{wrong}」不是主机、地址或网段；应类似 files.example.com, 10.2.0.0/16, 10.2.0.9:8443",
            f"“{wrong}” is no host, address or network; an example is files.example.com, 10.2.0.0/16, 10.2.0.9:8443",
        ) from None
    return text


def networks(raw: object) -> str:
    """Addresses and networks, separated by commas."""
    text = str(raw).strip()
    try:
        networks_in(text)
    except ValueError as wrong:
        raise Wrong(
            f"「{wrong}」不是地址或网段；应类似 127.0.0.1, 10.2.0.0/16, fd00::/8",
            f"“{wrong}” is no address or network; an example is 127.0.0.1, 10.2.0.0/16, fd00::/8",
        ) from None
    return text


def replica(raw: object) -> str:
    """A replica's address; empty: none."""
    url = database(raw)
    if url.startswith("sqlite"):
        raise Wrong("只有 PostgreSQL 有只读副本", "only PostgreSQL has replicas")
    return url
